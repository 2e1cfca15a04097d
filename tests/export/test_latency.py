"""The limit on the latency of the whole path, by counts that stand in the exported files: blocks, the upmix's frame, a chain's wait."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from designs.small_problems import pair
from stereo.small_designs import RATE_HZ, trio
from toml_text import toml

import designer
from designer.errors import ProblemError
from designer.export.of_design import filter_set
from designer.export.write import export_of
from designer.stereo.chain import chain_of

PROBLEMS = Path(__file__).parents[2] / "problems"
FRAME = 512
"""Of the upmix at 16 kHz."""


def chain(**realization: Any) -> designer.Problem:
    """The stereo chain of three drivers at 16 kHz."""
    table = trio("left", "right", "centre") | {"virtualizer": {"angle_deg": 30.0}}
    return designer.loads(toml(table | {"realization": {"taps": 64} | realization}), source="chain.toml")


def small(targets: list[str], **realization: Any) -> designer.Problem:
    """One ear at 16 kHz."""
    return designer.loads(
        toml(pair() | {"realization": realization, "export": {"targets": targets}}), source="pair.toml"
    )


@pytest.mark.parametrize(
    ("problem", "message"),
    [
        (
            small(["brutefir", "jconvolver"], max_latency_ms=3.0),
            r"max_latency_ms: got 3, and 1,024 samples pass in the block of brutefir; expected at least 64; raise it or leave",
        ),
        (
            small(["jconvolver"], max_latency_ms=16.5, bulk_delay_samples=16),
            r"got 16\.5, and 272 samples pass: 256 in the block of jconvolver and 16 in the bulk delay; expected at least 17;",
        ),
        (
            chain(max_latency_ms=20.0),
            r"got 20, and 511 samples pass in the upmix; expected at least 31\.94; raise it or set \[virtualizer\] upmix = false",
        ),
    ],
)
def test_what_no_bulk_delay_can_keep_is_refused(
    problem: designer.Problem, message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before anything is designed: the block that a target gathers, the upmix's frame less a sample, and both with a stated delay."""
    monkeypatch.setattr("designer.designs.all_channels.design_channel", lambda *_: pytest.fail("designed"))
    with pytest.raises(ProblemError, match=message):
        designer.design(problem)


def test_the_bulk_delay_leaves_room_for_the_block() -> None:
    """30 ms at 16 kHz are 480 samples; jconvolver's configuration names a partition of 256."""
    design = designer.design(small(["jconvolver"], max_latency_ms=30.0))
    export = export_of(filter_set(design), "jconvolver")
    partition = re.search(rb"/convolver/new \d+ \d+ (\d+) ", export.files["jconvolver.conf"])
    assert partition is not None
    assert design.bulk_delay_samples + int(partition[1]) == 480 == export.facts["latency_samples"]


def test_the_chain_keeps_the_latency() -> None:
    """Upmix, wait and bulk delay of the export in C are no later than the limit; header and manifest state the same number."""
    room = 20
    design = designer.design(chain(max_latency_ms=1e3 * (FRAME - 1 + room) / RATE_HZ))
    wait = max(chain_of(design).delay_samples.values())
    assert wait > 0 and design.bulk_delay_samples + wait == room
    export = export_of(filter_set(design), "c")
    frame = re.search(r"_FRAME (\d+)U", export.files["chain.h"].decode())
    stated = re.search(r"_STEREO_LATENCY_MS (\S+)", export.files["chain.h"].decode())
    assert frame is not None and stated is not None and int(frame[1]) == FRAME
    assert export.facts["latency_samples"] == FRAME - 1 + room
    assert export.facts["latency_ms"] == pytest.approx(float(stated[1]), abs=1e-6)
    assert export.facts["latency_parts_samples"] == {
        "bulk_delay": room - wait, "wait": wait, "upmix": FRAME - 1, "block": 0,
    }  # fmt: skip


def test_a_latency_below_a_sample_is_told_as_latency() -> None:
    """0.01 ms at 48 kHz is no sample: the remedy is a latency, by which the filters hold, and no number of taps."""
    speaker = designer.load(PROBLEMS / "smart-speaker.toml")
    left = [table for table in speaker.model_dump(exclude_unset=True)["designs"] if table["name"] == "left"]
    problem = speaker.replace(
        {
            "designs": left,
            "virtualizer": None,
            "grid.frequencies": 65,
            "export.targets": [],
            "realization.taps": 128,
            "realization.max_latency_ms": 0.01,
        }
    )
    short = designer.design(problem)
    assert short.bulk_delay_samples == 0 and short.status == 7
    remedy = re.fullmatch(r"remedy: \[realization\] max_latency_ms = (\S+)", short.remedies["left"])
    assert remedy is not None and not any("taps =" in warning for warning in short.warnings)
    assert designer.design(problem.replace({"realization.max_latency_ms": float(remedy[1])})).status == 0


def test_filters_short_of_their_weights_ask_for_more_latency() -> None:
    """Where the limit leaves less delay than half of the taps, what brings filters nearer to their weights is latency, not taps."""
    warnings = designer.design(small([], max_latency_ms=0.01, taps=64)).warnings
    assert any(text.endswith("remedy: more than [realization] max_latency_ms = 0.01") for text in warnings)
