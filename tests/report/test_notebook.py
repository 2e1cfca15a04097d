"""What a notebook shows of a design, a problem and a scene."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from dataclasses import replace

import pytest
from toml_text import pair, toml

import designer
from designer.report import notebook


@pytest.fixture(scope="module")
def design() -> designer.Design:
    return designer.design(designer.loads(toml(pair() | {"title": "A <b>pair</b>"}), source="pair.toml"))


def test_a_design_in_a_few_lines(design: designer.Design) -> None:
    """Title, status, the channel's numbers as its table has them, form and latency; of 30 channels at most 12 lines."""
    lines = repr(design).splitlines()
    table = design.metrics[design.metrics.status == "met"]
    assert lines[0] == "A <b>pair</b>"
    assert lines[1] == "done: every requirement met as asked, by these filters to 0.5 dB"
    worst_db, effort_db = table.worst_cancellation_gain_db.min(), table.effort_db.max()
    assert f"worst {worst_db:.1f} dB, effort {effort_db:.1f} dB" in lines[2]
    assert lines[3] == "fir, 64 taps, 2 drivers, latency 32 samples (2.00 ms) at 16000 Hz"
    names = [f"channel {n}" for n in range(30)]
    wide = replace(design, channels=dict.fromkeys(names, design.channels["left"]))
    wide.analyses[designer.Design.scalars.fget.__wrapped__,] = dict.fromkeys(names, design.scalars["left"])  # type: ignore[attr-defined]
    text = notebook.text(wide)
    assert len(text.splitlines()) <= 12
    assert "  and 23 channels more" in text


def test_a_status_in_words() -> None:
    """An infeasible channel is marked, and so is the design."""
    tables = pair()
    tables["designs"][0] |= {"cancellation_gain_db": [[500, 60]], "max_effort_db": 3.0}
    lines = repr(designer.design(designer.loads(toml(tables)))).splitlines()
    assert lines[1] == "infeasible as asked: the best compromise"
    assert lines[2].endswith("(infeasible)")


def test_problems_and_scenes_in_a_line(design: designer.Design) -> None:
    """The file, what was changed since, and the designs; the scene's drivers and frequencies."""
    text = repr(design.problem.replace("realization.taps", 32))
    assert text == str(design.problem.replace("realization.taps", 32))
    assert text.startswith(
        '<Problem "A <b>pair</b>" of pair.toml with realization.taps changed: 2 drivers, free-field; left'
    )
    assert re.match(r'<Scene of "A <b>pair</b>": 2 drivers, \d+ frequencies to 8000 Hz, \d places of the head>$',
                    repr(designer.scene(design.problem)))  # fmt: skip


def test_html(design: designer.Design) -> None:
    """Well formed, with the verdict as the summary has it, the title as text, and a figure whose ids no other channel's has."""
    page = ET.fromstring(design._repr_html_())
    texts = "".join(page.itertext())
    assert "A <b>pair</b>" in texts
    assert design.sentence("left") in texts
    (figure,) = page.iter("{http://www.w3.org/2000/svg}svg")
    ids = [element.get("id") for element in figure.iter() if element.get("id")]
    assert ids and all(re.match(r"[0-9a-f]{8}-left-", str(id_)) for id_ in ids)
    assert "Cancellation gain" in "".join(figure.itertext())
