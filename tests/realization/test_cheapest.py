"""The cheapest form within limits, against losses that are computed here from the taps, and costs that are counted by hand."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from designs.small_problems import pair
from designs.small_problems import text as toml

import designer
from designer.arrays import Real
from designer.errors import ProblemError
from designer.export.of_design import filter_set
from designer.export.write import export_of
from designer.realization import biquad

RATE_HZ = 16000
FILTERS = 2


def problem(**realization: Any) -> designer.Problem:
    """One ear, two drivers, 16 kHz."""
    return designer.loads(toml(pair() | {"realization": realization}), source="small.toml")


def losses_db(design: designer.Design, reference: designer.Design) -> tuple[float, float]:
    """Largest miss of the curve in the band beyond the weights', and change of the level at the bright ear from 100 Hz on.

    By sums over the taps, at the design's frequencies and those half way between; the weights are those of a very long FIR.
    """
    scene, table = reference.fine_scene, reference.channels["left"].table
    f, ears = scene.frequency_hz, scene.ears()

    def powers(taps: Real) -> Real:
        w = np.exp(-2j * np.pi * np.outer(f / RATE_HZ, np.arange(taps.shape[1]))) @ taps.T
        return np.asarray(np.abs(np.einsum("fml,fl->fm", ears, w)) ** 2)

    made, exact = (powers(each.taps["left"]) for each in (design, reference))
    band = (f >= table.band_hz[0]) & (f <= table.band_hz[1])
    gain_db, exact_db = (10 * np.log10(p[:, 0::2].sum(axis=1) / p[:, 1::2].sum(axis=1))[band] for p in (made, exact))
    corners = np.array(table.cancellation_gain_db)
    asked_db = np.interp(np.log(f[band]), np.log(corners[:, 0]), corners[:, 1])
    missed_db = float(np.maximum(asked_db - gain_db - np.maximum(asked_db - exact_db, 0), 0).max())
    heard = f >= 100
    level_db = 10 * np.log10(made[:, 0::2].mean(axis=1) / exact[:, 0::2].mean(axis=1))[heard]
    return missed_db, float(np.abs(level_db).max())


@pytest.fixture(scope="module", autouse=True)
def few_frequencies() -> Iterator[None]:
    """Sections are fitted at 200 frequencies and for two leads; a band of three octaves has plenty, and losses are judged at others."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(biquad, "FREQUENCIES", 200)
        patch.setattr(biquad, "LEADS", (1.0, 1.75))
        yield


@pytest.fixture(scope="module")
def auto(few_frequencies: None) -> designer.Design:
    """`form = "auto"`, without limits: takes a second, of which the sections' fits are the most."""
    return designer.design(problem(form="auto"))


@pytest.fixture(scope="module")
def exact() -> designer.Design:
    """Design of 512 taps, whose filters come near to the weights."""
    return designer.design(problem(taps=512))


def test_the_winner_keeps_and_nothing_cheaper_does(
    auto: designer.Design, exact: designer.Design, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The losses of the winner are within the bounds here, too; every cheaper length of sections, and of taps, is beyond one of them."""
    monkeypatch.setattr(
        "designer.job.remedy", lambda *_: "more"
    )  # what would mend them is not looked at, and takes seconds
    assert auto.choice is not None
    winner = auto.choice.winner
    assert winner.form == "biquad" and auto.problem.realization.form == "biquad" and auto.status == 0
    missed_db, level_db = losses_db(auto, exact)
    assert missed_db <= 0.5 and level_db <= 1.0
    assert winner.loss_db == pytest.approx(missed_db, abs=0.1) and winner.level_change_db == pytest.approx(
        level_db, abs=0.1
    )
    assert winner.multiply_adds_per_s == 5 * winner.length * FILTERS * RATE_HZ
    assert winner.bytes == sum(
        4 * (5 + 2) * winner.length + 4 * f.delay_samples for f in auto.sections["left"].values()
    ) or (winner.bytes == 4 * 7 * winner.length * FILTERS)
    for sections in range(1, winner.length):
        fewer = designer.design(problem(form="biquad", sections=sections))
        assert not np.all(np.array(losses_db(fewer, exact)) <= (0.5, 1.0)), sections
    for taps in range(16, 5 * winner.length + 1, 4):  # as many products
        shorter = designer.design(problem(taps=taps))
        assert not np.all(np.array(losses_db(shorter, exact)) <= (0.5, 1.0)), taps


def test_few_of_the_lengths_are_realised(auto: designer.Design) -> None:
    """Of 64 lengths of taps and 16 numbers of sections at most 16 are judged, each once, and the sentence names winner and runner-up."""
    assert auto.choice is not None
    rows = [(row.form, row.length, row.word) for row in auto.choice.candidates]
    assert len(set(rows)) == len(rows) <= 16
    assert {form for form, *_ in rows} == {"fir", "rtf", "biquad"}
    winner = auto.choice.winner
    assert f'form = "auto" chose biquads of {winner.length} sections: at 0.' in auto.choice.reason
    assert "the next that keeps these bounds, FIR of" in auto.choice.reason


def test_the_candidates_are_in_the_folder(auto: designer.Design, tmp_path: Path) -> None:
    """summary.json holds them, the page shows them, the command names the form that was chosen, and a design that is opened has them."""
    folder = auto.save(tmp_path / "auto")
    assert auto.choice is not None
    saved = json.loads((folder / "summary.json").read_text(encoding="utf-8"))
    assert len(saved["realization"]["choice"]["candidates"]) == len(auto.choice.candidates)
    assert "realization.form=" in saved["command"] and auto.choice.reason in saved["notes"]
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert f"<strong>biquads of {auto.choice.winner.length} sections</strong>" in page and "Form judged" in page
    opened = designer.open(folder)
    assert opened.choice == auto.choice and opened.problem.realization.form == "biquad"


def test_taps_are_shortened_to_the_work_that_is_allowed() -> None:
    """Where the file names no taps; the least work that a length takes is its product for each of two filters and sample."""
    design = designer.design(problem(max_mac_per_s=1.3e6))
    assert design.problem.realization.taps == int(1.3e6 / FILTERS / RATE_HZ) == 40
    assert design.scalars["left"].values["multiply_adds_per_s"] == 40 * FILTERS * RATE_HZ


def test_the_bulk_delay_is_shortened_to_the_latency() -> None:
    """3 ms at 16 kHz are 48 samples, of the 256 of 512 taps."""
    design = designer.design(problem(max_latency_ms=3.0))
    assert design.bulk_delay_samples == 48 and design.problem.realization.taps == 512
    assert design.scalars["left"].values["latency_ms"] == 3.0


@pytest.mark.parametrize(
    ("realization", "message"),
    [
        (
            {"taps": 512, "max_mac_per_s": 1e6},
            r"realization\.taps: got 512, which take 16,384,000 multiply-adds a second; expected at most 31, for max_mac_per_s = 1000000;"
            r" lower it, or set max_mac_per_s = 16384000",
        ),
        (
            {"taps": 100, "max_bytes": 800},
            r"realization\.taps: got 100, which take 1,592 bytes; expected at most 50, for max_bytes = 800",
        ),
        (
            {"form": "biquad", "sections": 8, "max_bytes": 100},
            r"realization\.sections: got 8, which take 448 bytes; expected at most 1,",
        ),
        (
            {"taps": 512, "max_mac_per_s": 1e6, "max_bytes": 800},
            r"got 512, which take 16,384,000 multiply-adds a second and 8,184 bytes; expected at most 31, for max_mac_per_s = 1000000"
            r" and max_bytes = 800; lower it, or set max_mac_per_s = 16384000 and max_bytes = 8184",
        ),
        (
            {"form": "auto", "max_bytes": 10},
            r"realization\.form: got the least sections of any form, which take 56 bytes",
        ),
        (
            {"bulk_delay_samples": 64, "max_latency_ms": 2.0},
            r"realization\.bulk_delay_samples: got 64, 4 ms; expected at most 32, for max_latency_ms = 2; lower it",
        ),
        (
            {"form": "fir", "max_loss_db": 1.0},
            r'realization\.max_loss_db: got 1\.0 with form = "fir"; expected only with form = "auto"',
        ),
    ],
)
def test_what_the_file_states_beyond_its_limits_is_refused(
    realization: dict[str, Any], message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before anything is designed, with the number that would fit."""
    monkeypatch.setattr("designer.designs.all_channels.design_channel", lambda *_: pytest.fail("designed"))
    with pytest.raises(ProblemError, match=message):
        designer.design(problem(**realization))


def test_sections_that_need_more_delay_than_the_latency_are_refused() -> None:
    """Their delay is known once they are fitted; the message has the latency that would do."""
    with pytest.raises(
        ProblemError,
        match=r"realization\.max_latency_ms: got 0\.01, and \d+ samples pass in these biquad filters; expected at least 0\.",
    ):
        designer.design(problem(form="biquad", sections=1, max_latency_ms=0.01))


def test_the_limit_that_binds_is_named() -> None:
    """Where nothing within the limits keeps the losses, the least loss within them is written, with what would fit."""
    design = designer.design(problem(form="auto", sections=1, max_mac_per_s=6e5))
    assert design.choice is not None and design.choice.is_short and design.choice.binding == "max_mac_per_s"
    assert design.choice.winner.multiply_adds_per_s <= 6e5 and design.status == 7
    text = next(warning for warning in design.warnings if "no form keeps" in warning)
    fitting = min((row for row in design.choice.candidates if row.keeps), key=lambda row: row.order)
    assert fitting.length * FILTERS * RATE_HZ == fitting.multiply_adds_per_s > 6e5
    assert fitting.beyond == ("max_mac_per_s",)
    assert (
        f"max_mac_per_s binds: {fitting.text} would keep them, with max_mac_per_s = {fitting.multiply_adds_per_s:.0f}"
        in text
    )


def test_a_shorter_word_is_tried_where_bytes_bind() -> None:
    """36 taps in floats take 568 bytes, in q15 half of them."""
    design = designer.design(problem(form="auto", sections=1, max_bytes=400))
    assert design.choice is not None and not design.choice.is_short
    winner = design.choice.winner
    assert winner.word == design.problem.realization.word == "q15"
    assert winner.bytes == 2 * FILTERS * (2 * winner.length - 1) <= 400


def test_the_cost_is_that_of_the_targets() -> None:
    """With `c` among the targets, the candidate's work and bytes are those of its manifest."""
    table = pair() | {"realization": {"form": "auto", "sections": 1}, "export": {"targets": ["c"]}}
    design = designer.design(designer.loads(toml(table)))
    assert design.choice is not None and design.choice.winner.form == "fir"
    facts = export_of(filter_set(design), "c").facts
    assert design.choice.winner.multiply_adds_per_s == facts["multiply_adds_per_s"]
    assert design.choice.winner.bytes == facts["flash_bytes"] + facts["ram_bytes"]
