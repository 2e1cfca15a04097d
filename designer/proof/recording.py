"""A recording of a device's feeds: read, brought to the design's rate, and laid under the stimulus.

**Place.** Against the design's own feeds p the correlations of all drivers, each over its energies, are squared and added: the
largest is where the recording begins, to the sample. One that a fault keeps apart from its design by less than a response's length
is still inside of the windows. Where the design's filters then fit no driver, drivers may have changed places: of a pair whose channels
mirror each other, the one plays in the other's time, and this sum has its largest there. The correlations of every feed with
every driver's are added instead, which do not ask whose feed is whose, and that place is taken if any driver's filters fit any feed in it.

**Rate.** A device whose clock is another plays the whole signal faster or slower. Where the design's filters fit no driver, the
recording is brought from each usual rate to the design's, and the rate at which they fit the best of the drivers is that of the
device's clock, if they leave at most FITS_DB there.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from designer.arrays import Real
from designer.errors import DataError
from designer.export.filter_set import FilterSet
from designer.proof.reference import exact_feeds
from designer.proof.responses import Deconvolution
from designer.proof.shapes import USUAL_HZ, Shapes
from designer.proof.stimulus import Stimulus

MOST_OFF = 4.0
"""Largest ratio of rates that is looked for."""
FITS_DB = -10.0


@dataclass(frozen=True)
class Recording:
    """Feeds (N, drivers) under the stimulus.

    Attributes
    ----------
    late : int, samples by which the file's first sample of the stimulus is late; negative where the lead was cut
    clock_hz : float, at which the device played; the design's rate, or the one that was found
    notes : tuple of str, what was changed on the way

    """

    feeds: Real
    late: int
    clock_hz: float
    notes: tuple[str, ...] = ()


def read_feeds(path: Path, filters: FilterSet) -> tuple[Real, tuple[str, ...]]:
    """Feeds (N, drivers) of a sound file at the design's rate, and notes. Raises DataError: no such file, or other columns."""
    import soundfile

    expected = f"a WAV or FLAC file of {len(filters.drivers)} columns ({', '.join(filters.drivers)})"
    if not path.is_file():
        raise DataError(f"{path}: got no such file; expected {expected}")
    try:
        feeds, rate = soundfile.read(path, always_2d=True, dtype="float64")
    except (soundfile.LibsndfileError, RuntimeError) as error:
        raise DataError(f"{path}: cannot be read: {str(error).rstrip('.')}; expected {expected}") from None
    if feeds.shape[1] != len(filters.drivers):
        remedy = "record every driver's feed, in this order"
        raise DataError(f"{path}: got {feeds.shape[1]} columns; expected {expected}; {remedy}")
    if not np.isfinite(feeds).all():
        raise DataError(f"{path}: got samples that are no finite numbers; expected {expected}; record it again")
    if not feeds.any():
        raise DataError(f"{path}: got silence; expected what the drivers play of the stimulus; record it again")
    if rate == filters.sample_rate_hz:
        return feeds, ()
    return _resampled(feeds, rate, filters.sample_rate_hz), (
        f"{path.name} has {rate} Hz, and was resampled to the design's {filters.sample_rate_hz:g} Hz",
    )


def laid_under(feeds: Real, filters: FilterSet, stimulus: Stimulus, source: str = "the recording") -> Recording:
    """A recording of any beginning and of any usual rate under the stimulus. Raises DataError: it ends before the stimulus does.

    Parameters
    ----------
    feeds : (N, drivers) float array
    source : str, file of the recording, for the message

    """
    exact, rate = exact_feeds(filters, stimulus.samples), filters.sample_rate_hz
    placed, late = _placed(feeds, exact, stimulus)
    best_db, clock_hz = _best_db(placed, filters, stimulus), rate
    if best_db > FITS_DB:
        swapped = _placed(feeds, exact, stimulus, of_any_driver=True)
        if (swapped_db := _best_db(swapped[0], filters, stimulus, of_any_driver=True)) < min(best_db, FITS_DB):
            best_db, (placed, late) = swapped_db, swapped
    if best_db > FITS_DB:
        for usual_hz in USUAL_HZ:
            if usual_hz == rate or not 1 / MOST_OFF <= usual_hz / rate <= MOST_OFF:
                continue
            other = _placed(_resampled(feeds, rate, usual_hz), exact, stimulus)
            if (other_db := _best_db(other[0], filters, stimulus, rate / usual_hz)) < min(best_db, FITS_DB):
                best_db, clock_hz, (placed, late) = other_db, usual_hz, other
    missing = stimulus.silence.stop - (len(feeds) * clock_hz / rate - late)
    if missing > stimulus.part / 2:
        raise DataError(
            f"{source}: ends {missing / clock_hz:.2f} s before the stimulus does; expected a recording of the whole stimulus; record longer"
        )
    return Recording(placed, late, clock_hz)


def _placed(feeds: Real, exact: Real, stimulus: Stimulus, *, of_any_driver: bool = False) -> tuple[Real, int]:
    """The feeds (N, drivers) whose beginning is the stimulus', to a sample, zeros where nothing was recorded, and how late they are."""
    size = 1 << (len(feeds) + len(exact)).bit_length()
    total = np.zeros(size)
    pairs = itertools.product(feeds.T, exact.T) if of_any_driver else zip(feeds.T, exact.T, strict=True)
    for y, p in pairs:
        energy = float(np.sum(y**2) * np.sum(p**2))
        if energy > 0:
            total += np.fft.irfft(np.fft.rfft(y, size) * np.conj(np.fft.rfft(p, size)), size) ** 2 / energy
    late = int(np.argmax(total))
    late -= size if late >= len(feeds) else 0
    count, out = len(stimulus.samples), np.zeros_like(exact)
    taken = feeds[max(late, 0) : max(late + count, 0)]
    out[max(-late, 0) : max(-late, 0) + len(taken)] = taken
    return out, late


def _best_db(
    feeds: Real, filters: FilterSet, stimulus: Stimulus, top: float = 1.0, *, of_any_driver: bool = False
) -> float:
    """Remainder of the driver that the design's filters, its own or any driver's, fit best."""
    deconvolution = Deconvolution(stimulus, min(1.0, top))
    shapes, fits = Shapes(filters, deconvolution), [0.0]
    for driver, feed in enumerate(feeds.T):
        if feed.any():
            measured = deconvolution.spectrum(deconvolution.responses(feed))
            drivers = range(feeds.shape[1]) if of_any_driver else (driver,)
            fits.extend(deconvolution.fit(measured, shapes.designed(of).spectrum).residual_db for of in drivers)
    return min(fits)


def _resampled(feeds: Real, from_hz: float, to_hz: float) -> Real:
    import soxr

    return np.asarray(soxr.resample(feeds, from_hz, to_hz, quality="VHQ"))
