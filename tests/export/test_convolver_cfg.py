"""Convolver's config file: a reader written from its page plays it, and a user's own file has weights, signs and delays."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile
from importing.test_round_trip import problem

from designer.arrays import Real
from designer.commands.import_coefficients import read_coefficients
from designer.errors import DataError
from designer.export import FilterSet, target_named
from export import filter_cases
from export.test_convolvers import by_scipy

CASES = {
    "two lengths": filter_cases.two_lengths(),
    "taps with a pure delay, a silent driver and a waiting channel": filter_cases.fir(taps=300),
    "sections as responses": filter_cases.biquads(),
    "names that nothing takes": filter_cases.odd_names(),
}


def played(folder: Path, x: Real) -> Real:
    """The outputs (N, outputs) of `convolver.cfg` for inputs (N, inputs): path by path, as its page says."""
    lines = iter((folder / "convolver.cfg").read_text(encoding="ascii").split("\n"))
    rate, inputs, outputs, mask = next(lines).split()
    assert mask == "0" and int(inputs) == x.shape[1]
    assert next(lines).split() == ["0"] * int(inputs) and next(lines).split() == ["0"] * int(outputs)
    y, lengths = np.zeros((len(x), int(outputs))), set()
    while file := next(lines):
        samples, file_rate = soundfile.read(folder / file, always_2d=True)
        assert file_rate == int(rate)
        lengths.add(len(samples))
        taps = samples[:, int(next(lines))]
        (source, weight), (destination, factor) = next(lines).split("."), next(lines).split(".")
        assert (weight, factor) == ("0", "0")
        y[:, int(destination)] += np.convolve(x[:, int(source)], taps)[: len(x)]
    assert len(lengths) == 1 and not list(lines)
    return y


@pytest.mark.parametrize("case", CASES)
def test_the_paths_are_the_filters(case: str, tmp_path: Path) -> None:
    """Noise through the paths is what scipy gives, to the 24 bits of the files; all files are of one length."""
    filters = CASES[case]
    folder = written(filters, tmp_path)
    x = np.random.default_rng(9).uniform(-0.5, 0.5, (900, len(filters.channels)))
    expected = by_scipy(filters, x)
    tail = 1e-6 if filters.form == "biquad" else 0.0  # of sections, what the cut leaves out
    assert np.abs(played(folder, x) - expected).max() <= 2.0**-24 * filters.headroom.worst_output + tail


def written(filters: FilterSet, folder: Path) -> Path:
    for path, content in target_named("convolver-cfg").write(filters).files.items():
        (folder / path).write_bytes(content)
    return folder


OWN = """48000 2 3 0
0 1.0
0 0 0.5
H.wav
1
0.5 -1.25
0.0

H.wav
0
1.0
1.0 -2.99999
"""


def test_a_users_own_file_is_read(tmp_path: Path) -> None:
    """By hand: halves and quarters, a minus, a weight of 0 for 1, 48 samples at an input and 24 at an output."""
    soundfile.write(tmp_path / "H.wav", np.array([[1.0, 0.5], [0.0, 0.25]]), 48000, subtype="FLOAT")
    (tmp_path / "own.cfg").write_text(OWN, encoding="ascii")
    read = read_coefficients(tmp_path / "own.cfg", problem(("a", "b"), filter_cases.DRIVERS))
    assert set(read.taps["a"]) == {"woofer"}
    np.testing.assert_allclose(read.taps["a"]["woofer"], [0.25, 0.125], rtol=1e-15)
    for driver, wait, factor in (("woofer", 48, -0.25), ("front", 48, 1.0), ("tweeter", 72, -0.99999)):
        taps = read.taps["b"][driver]
        np.testing.assert_allclose(
            taps[wait:], np.array([0.5, 0.25] if driver == "woofer" else [1.0, 0.0]) * factor, rtol=1e-15
        )
        assert not taps[:wait].any()


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("48000 2 3 0", "a.cfg", "got the first line 'a.cfg'; expected sample rate, inputs, outputs and mask"),
        ("48000", "44100", "got a sample rate of 44100 Hz; expected the problem's 48000 Hz"),
        ("2 3 0", "2 2 0", "got 5 delays and 8 lines after them; expected a delay for each input and output"),
        ("-1.25", "-7.25", "got the channel '-7.25'; expected 0.0 to 1.0, with a weight after the point"),
        ("H.wav\n1", "H.wav\n2", "got track 2 of 'H.wav'; expected 0 to 1"),
        ("0 1.0\n", "0 99999999\n", "for a delay in samples; expected a whole number from 0 to 65,536"),
        ("-2.99999\n", "-2.99999\nH.wav\n", "got 5 delays and 9 lines after them"),
    ],
)
def test_what_is_no_such_file_is_refused(old: str, new: str, message: str, tmp_path: Path) -> None:
    """The message states the line's content and the content that Convolver expects."""
    soundfile.write(tmp_path / "H.wav", np.ones((2, 2)), 48000, subtype="FLOAT")
    assert old in OWN
    (tmp_path / "own.cfg").write_text(OWN.replace(old, new, 1), encoding="ascii")
    with pytest.raises(DataError, match=message):
        read_coefficients(tmp_path / "own.cfg", problem(("a", "b"), filter_cases.DRIVERS))
