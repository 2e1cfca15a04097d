"""A scale for each driver (`word_scale = "driver"`): kept where a target holds one a filter, refused ahead of the design elsewhere."""

from __future__ import annotations

from pathlib import Path

import pytest
from toml_text import pair, toml

import designer
from designer.commands.import_coefficients import read_coefficients
from designer.errors import UsageError
from designer.export.of_design import filter_set
from designer.export.write import export_of


def text(word: str, targets: list[str]) -> str:
    table = pair()
    table["realization"] = {"taps": 32, "word": word, "word_scale": "driver"}
    table["export"] = {"targets": targets}
    table["drivers"][1]["max_gain_db"] = -20.0
    return toml(table)


@pytest.fixture(scope="module")
def design() -> designer.Design:
    """A driver 20 dB below the other: its taps have finer steps."""
    return designer.design(designer.loads(text("q7", []), source="pair.toml"))


@pytest.mark.parametrize("target", ["hex", "mif", "xilinx-coe", "c-q15", "c-q31"])
def test_each_filters_own_integers_are_written(design: designer.Design, target: str, tmp_path: Path) -> None:
    """No tap is rounded again: what is read back is what the design was judged from, at scales that differ."""
    filters = filter_set(design)
    assert filters.own_shifts and len(set(filters.own_shifts.values())) > 1
    for name, content in export_of(filters, target).files.items():
        (tmp_path / name).write_bytes(content)
    found = read_coefficients(tmp_path, design.problem)
    for one in filters.filters:
        assert found.taps[one.channel][one.driver].tolist() == one.taps.tolist()


@pytest.mark.parametrize(
    ("target", "word"), [("cmsis-q15", "q15"), ("cmsis-q31", "q31"), ("cmsis-test", "q15"), ("sigmadsp", "5.23")]
)
def test_one_scale_a_channel_is_refused_before_the_design(target: str, word: str) -> None:
    """The message says what would be rounded, and what holds it; no stage has begun."""
    stages: list[str] = []
    with pytest.raises(
        UsageError,
        match=rf"target {target}: got a scale for each driver .*or export c-q31, c-q15, hex, mif or xilinx-coe",
    ):
        designer.design(designer.loads(text(word, ["csv", target])), progress=stages.append)
    assert stages == []


def test_a_finer_word_takes_the_integers_as_they_are(design: designer.Design) -> None:
    """q31 has 24 bits more than q7: nothing is lost, and nothing refused."""
    export = export_of(filter_set(design), "cmsis-q31")
    assert export.facts["largest_coefficient_error"] == 0.0
