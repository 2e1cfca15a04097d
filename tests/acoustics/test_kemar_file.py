"""The head-related impulse responses that the problems use: what the file holds, and that it sounds right."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.signal
import sofar
from numpy.typing import NDArray

ROOT = Path(__file__).parents[2]
FILE = ROOT / "problems/data/mit_kemar_normal.sofa"
PUBLISHED = ROOT.parent / "shared/data/mit_kemar_normal_pinna.sofa"
OVERSAMPLING = 64


@pytest.fixture(scope="module")
def kemar() -> Any:
    return sofar.read_sofa(str(FILE), verify=True, verbose=False)


def pair(kemar: Any, azimuth: float) -> NDArray[np.float64]:
    """The oversampled responses (ear, sample) of the source at this azimuth in the horizontal plane."""
    (index,) = np.flatnonzero((kemar.SourcePosition[:, :2] == [azimuth % 360, 0]).all(axis=1))
    responses: NDArray[np.float64] = kemar.Data_IR[index]
    oversampled = scipy.signal.resample(responses, OVERSAMPLING * responses.shape[1], axis=1)
    return np.asarray(oversampled, dtype=np.float64)


@pytest.mark.parametrize(("azimuth", "near"), [(90, 0), (-90, 1)])
def test_time_between_the_ears(kemar: Any, azimuth: float, near: int) -> None:
    """A source at azimuth +90 degrees reaches the left ear 0.60 to 0.80 ms before the right, at -90 the reverse."""
    ears = pair(kemar, azimuth)
    correlation = scipy.signal.correlate(ears[1 - near], ears[near], method="fft")
    lag = int(np.argmax(correlation)) - (ears.shape[1] - 1)
    seconds = lag / (OVERSAMPLING * float(kemar.Data_SamplingRate))
    assert 0.60e-3 < seconds < 0.80e-3


@pytest.mark.parametrize(("azimuth", "near"), [(90, 0), (-90, 1)])
def test_level_between_the_ears(kemar: Any, azimuth: float, near: int) -> None:
    """A source at azimuth +90 degrees is at least 6 dB louder in the left ear than in the right, at -90 the reverse."""
    energy = np.sum(pair(kemar, azimuth) ** 2, axis=1)
    assert 10 * np.log10(energy[near] / energy[1 - near]) > 6


def test_contents(kemar: Any) -> None:
    """The file holds 710 different directions at 1.4 m, 2 ears, 512 samples at 44.1 kHz, receiver 0 the left ear."""
    assert kemar.GLOBAL_SOFAConventions == "SimpleFreeFieldHRIR"
    assert kemar.Data_IR.shape == (710, 2, 512)
    assert float(kemar.Data_SamplingRate) == 44100
    assert kemar.SourcePosition_Type == "spherical"
    assert kemar.SourcePosition_Units == "degree, degree, metre"
    assert len(np.unique(kemar.SourcePosition, axis=0)) == 710
    assert (kemar.SourcePosition[:, 2] == 1.4).all()
    assert np.ravel(kemar.ReceiverPosition).tolist() == [0, 0.09, 0, 0, -0.09, 0]


def test_authors_are_cited(kemar: Any) -> None:
    """The file names its authors and their licence, which asks for that."""
    assert "Gardner" in kemar.GLOBAL_References
    assert "Martin" in kemar.GLOBAL_References
    assert "free with no restrictions on use, provided the authors are cited" in kemar.GLOBAL_License


def test_size() -> None:
    """The file is under 2 MB."""
    assert FILE.stat().st_size < 2_000_000


def test_nothing_is_lost(kemar: Any) -> None:
    """Every sample is exactly one of the original's 16-bit numbers, and the largest uses most of their range."""
    steps = kemar.Data_IR * 2**15
    assert np.array_equal(steps, steps.astype(np.int16))
    assert np.abs(steps).max() > 2**14


@pytest.mark.skipif(not PUBLISHED.exists(), reason="the file as others published it is not beside this repository")
def test_agrees_with_the_published_file(kemar: Any) -> None:
    """Directions and impulse responses equal those of the file that others published, sample for sample."""
    published = sofar.read_sofa(str(PUBLISHED), verify=False, verbose=False)
    assert float(kemar.Data_SamplingRate) == float(published.Data_SamplingRate)
    assert np.array_equal(kemar.SourcePosition, published.SourcePosition)
    assert np.array_equal(kemar.Data_IR, published.Data_IR)
    assert np.array_equal(np.ravel(kemar.ReceiverPosition), np.ravel(published.ReceiverPosition))
    assert not np.any(kemar.Data_Delay)
    assert not np.any(published.Data_Delay)
