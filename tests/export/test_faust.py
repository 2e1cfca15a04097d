"""The Faust compiler's C of the exported program, compiled here, plays the filters; and what its reader refuses."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from importing.test_round_trip import problem

from designer.commands.import_coefficients import read_coefficients
from designer.errors import DataError
from designer.export import FilterSet, target_named
from designer.export.runners.bench import Bench
from designer.export.targets.faust import run_faust
from export import filter_cases
from export.test_convolvers import by_scipy

CASES = {
    "taps with a pure delay, a silent driver and a waiting channel": filter_cases.fir(),
    "sections behind delays": filter_cases.biquads(),
}
LONG = {
    "two lengths": filter_cases.two_lengths(),
    "names that nothing takes": filter_cases.odd_names(),
    "a driver that is silent for all channels": filter_cases.made(
        {"a": np.array([[0.5, 0.25], [0.0, 0.0], [1.0, 0.0]])}, filter_cases.DRIVERS, {}, "fir"
    ),
    "as many taps as are written": filter_cases.made(
        {"a": np.random.default_rng(3).uniform(-1, 1, (1, 1024))}, ("d",), {}, "fir"
    ),
}


@pytest.mark.parametrize(
    ("case", "filters"),
    [*CASES.items(), *(pytest.param(*item, marks=pytest.mark.long) for item in LONG.items())],
)
def test_the_compiled_program_plays_the_filters(case: str, filters: FilterSet, tmp_path: Path) -> None:
    """In double precision noise through it is what scipy gives, to 1e-12 of the loudest feed."""
    x = np.random.default_rng(5).uniform(-0.5, 0.5, (2000, len(filters.channels)))
    written(filters, tmp_path)
    y = run_faust(tmp_path, x, filters, Bench())
    assert np.abs(y - by_scipy(filters, x)).max() <= 1e-12 * filters.headroom.worst_output, case


def written(filters: FilterSet, folder: Path) -> Path:
    for path, content in target_named("faust").write(filters).files.items():
        (folder / path).write_bytes(content)
    return folder


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("fi.tf2(", "fi.iir(", r"got the step 'fi.iir\(.*; expected @\(d\), fi.fir"),
        ('// ["left", "woofer"]', '// ["left" "woofer"]', "got the comment .*; expected"),
        ('// ["left", "woofer"]', '// ["left", "nobody"]', "got driver 'nobody'"),
        ("@(9)", "@(999999999)", "got 1,000,000,000 taps"),
        (" : fi.tf2(", " : fi.tf2(1, ", "expected one fi.fir, and five numbers of a section"),
        ("@(9)", "fi.fir(())", r"got the step 'fi.fir\(\(\)\)'; expected @"),
        ("@(9)", "fi.fir((1.0))", "got taps and sections in a filter; expected one or the other"),
        ("filter_", "f_", "got no filter; expected a file of `designer export --target faust`"),
    ],
)
def test_what_is_no_such_program_is_refused(old: str, new: str, message: str, tmp_path: Path) -> None:
    """The message states the step or the comment, and what an export has there."""
    filters = filter_cases.biquads()
    path = written(filters, tmp_path) / "filters.dsp"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(DataError, match=message):
        read_coefficients(path, problem(filters.channels, filters.drivers, "biquad"))


def test_many_taps_are_noted() -> None:
    """Two filters of 600 taps are more than 1,024 together, which the compiler is slow for; two of 500 are not."""
    for taps, notes in ((600, 1), (500, 0)):
        filters = filter_cases.made({"a": np.ones((2, taps))}, ("d", "e"), {}, "fir")
        assert len(target_named("faust").write(filters).notes) == notes
