"""Diagnosis of a driver's feed: each known fault is fitted to what came out, and the one that leaves least is named.

1. **Shape.** The design's own filters are fitted first (gain, sign, delay, by least squares over all channels): where they leave at
   most `accepted_db` of the response, nothing else is looked for. Otherwise every shape of `shapes.py` is fitted, and saturation
   and growth are. The one that leaves least is the fault if it leaves at most `accepted_db`, and the next, unless it predicts the
   same, leaves MARGIN_DB more. Else each channel's filter is looked at by itself in the same way; and where that names nothing
   either, none of the faults is it, and the nearest is told with what it leaves.
2. **Gain, sign and delay.** A recorder's gain and latency are all drivers' alike. So the common ones are those that most drivers
   share, within LEVEL_DB and DELAY samples; of several as frequent the louder and the earlier. What runs here has no recorder: gain
   1, delay 0. A driver apart from them is too quiet or loud, late or early; and inverted where its gain is below 0.
3. **Swaps.** Filters that differ in gain and delay alone fit each other's drivers as well as their own. Where two drivers
   that are swapped explain with fewer faults what came out, they are named instead.
4. **Saturation** is looked for in the loud noise, with the shape, gain and delay that the quieter sweeps gave.

`accepted_db` is ACCEPTED_DB, or NOISE_ROOM_DB above the noise of the recorder, as the silence shows it in the same way, where that
is more, and at most LOUDEST_NOISE_DB. Identical filters predict the same: drivers that are alike are swapped without
a trace, and no fault is named.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from itertools import combinations

import numpy as np

from designer.arrays import Complex, Real
from designer.export.filter_set import FilterSet
from designer.proof.faults import CLOCK, DELAY, LEVEL_DB, NONE, SILENT, Fault, apart_faults, saturation_fault, together
from designer.proof.feedback import beginning_fit, growing
from designer.proof.reference import exact_feeds
from designer.proof.responses import Deconvolution, Fit, decibels
from designer.proof.saturation import bound_of
from designer.proof.shapes import DESIGNED, FEEDBACK, RATE, SWAPPED, Shape, Shapes
from designer.proof.stimulus import Stimulus

ACCEPTED_DB = -40.0
NOISE_ROOM_DB, LOUDEST_NOISE_DB = 6.0, -15.0
MARGIN_DB = 6.0
SAME_DB = -50.0
"""Shapes whose predictions differ by less are one."""
GROWTH_ACCEPTED_DB = -12.0
"""Most that the beginning of a growing feed may leave: its last samples are its loudest, and the first ones to be held back."""
SATURATION_GAIN_DB = 10.0
"""How much less must be left with a bound than without."""


@dataclass(frozen=True)
class Explained:
    """A driver's feed, or one channel's part of it, by the shape that fits; `alike` are the words of shapes that predict the same."""

    shape: Shape
    fit: Fit
    next_db: float | None = None
    alike: tuple[str, ...] = ()


@dataclass(frozen=True)
class Diagnosis:
    """The faults of a device.

    Attributes
    ----------
    gain, delay : float, common to all drivers: the recorder's
    faults : tuple of Fault
    designed_fits : tuple of Fit, how the design's own filters fit each driver
    accepted_db : tuple of float, of each driver

    """

    gain: float
    delay: float
    faults: tuple[Fault, ...]
    designed_fits: tuple[Fit, ...]
    accepted_db: tuple[float, ...]


@dataclass
class _Driver:
    """One driver on the way."""

    index: int
    name: str
    measured: Complex
    designed: Shape
    designed_fit: Fit
    noise_db: float
    whole: Explained | None = None
    parts: dict[int, Explained] = field(default_factory=dict)
    nearest: tuple[Shape, Fit] | None = None

    @property
    def accepted_db(self) -> float:
        """Most that may be left."""
        return _accepted(self.noise_db)


def diagnose(
    feeds: Real, filters: FilterSet, stimulus: Stimulus, *, is_recorded: bool, clock_hz: float | None = None
) -> Diagnosis:
    """The faults of feeds (N, drivers) that lie under the stimulus to a sample, or, of what runs here, exactly.

    With `clock_hz` the device played at another rate than the design's, which is one of the faults.
    """
    rate_hz = filters.sample_rate_hz
    deconvolution = Deconvolution(stimulus, min(1.0, rate_hz / (clock_hz or rate_hz)))
    shapes, exact = Shapes(filters, deconvolution), exact_feeds(filters, stimulus.samples)
    faults, drivers = list[Fault](), list[_Driver]()
    if clock_hz is not None and clock_hz != rate_hz:
        words = f"all drivers play everything at {clock_hz:g} Hz, not at {rate_hz:g} Hz"
        faults.append(Fault(filters.drivers, CLOCK, words, clock_hz))
    for index, name in enumerate(filters.drivers):
        driver = _driver(index, name, feeds[:, index], shapes)
        loudness, expected = float(np.sum(np.abs(driver.measured) ** 2)), bool(exact[:, index].any())
        if loudness == 0 or not expected:
            if expected or driver.accepted_db < LOUDEST_NOISE_DB:
                words = "is silent" if expected else "plays, and no filter of the design feeds it"
                faults.append(Fault((name,), SILENT, f"{name} {words}"))
            continue
        _explain(driver, shapes)
        drivers.append(driver)
    explained = [part for driver in drivers for part in (driver.whole, *driver.parts.values()) if part is not None]
    gain, delay = _common([part.fit for part in explained]) if is_recorded else (1.0, 0.0)
    gain, delay = _with_swaps(drivers, shapes, gain, delay, fixed=not is_recorded)
    for driver in drivers:
        faults += _faults_of(driver, feeds, filters, deconvolution, exact, (gain, delay))
    designed_fits = {driver.index: driver.designed_fit for driver in drivers}
    accepted = {driver.index: driver.accepted_db for driver in drivers}
    indices = range(len(filters.drivers))
    return Diagnosis(
        gain,
        delay,
        tuple(together(faults, filters.drivers)),
        tuple(designed_fits.get(index, Fit(0.0, 0.0, 0.0)) for index in indices),
        tuple(accepted.get(index, ACCEPTED_DB) for index in indices),
    )


def _driver(index: int, name: str, feed: Real, shapes: Shapes) -> _Driver:
    deconvolution = shapes.deconvolution
    measured = deconvolution.spectrum(deconvolution.responses(feed))
    silent = deconvolution.spectrum(deconvolution.responses(feed, deconvolution.stimulus.silence))
    energy = float(np.sum(np.abs(measured) ** 2))
    noise_db = decibels(float(np.sum(np.abs(silent) ** 2)) / energy) if energy else 0.0
    designed = shapes.designed(index)
    fit = deconvolution.fit(measured, designed.spectrum)
    return _Driver(index, name, measured, designed, fit, noise_db)


def _accepted(noise_db: float) -> float:
    return max(ACCEPTED_DB, min(noise_db + NOISE_ROOM_DB, LOUDEST_NOISE_DB))


def _explain(driver: _Driver, shapes: Shapes) -> None:
    """Find the shape of a driver, of all channels together or else channel by channel."""
    deconvolution = shapes.deconvolution
    driver.whole = _as_designed(driver.measured, driver.designed, deconvolution, driver.accepted_db)
    if driver.whole is not None:
        return
    candidates = [driver.designed, *shapes.others(driver.index)]
    driver.whole, driver.nearest = _chosen(driver.measured, candidates, deconvolution, driver.accepted_db)
    if driver.whole is not None or len(driver.measured) < 2:
        return
    total = float(np.sum(np.abs(driver.measured) ** 2))
    for channel in range(len(driver.measured)):
        part = driver.measured[channel : channel + 1]
        share_db = decibels(float(np.sum(np.abs(part) ** 2)) / total)
        if share_db <= driver.accepted_db:
            continue
        accepted_db = _accepted(driver.noise_db - share_db)
        alone = [shape.of_channel(channel) for shape in candidates]
        explained = _as_designed(part, alone[0], deconvolution, accepted_db)
        explained = explained or _chosen(part, alone, deconvolution, accepted_db)[0]
        if explained is None:
            driver.parts.clear()
            return
        driver.parts[channel] = explained


def _as_designed(
    measured: Complex, designed: Shape, deconvolution: Deconvolution, accepted_db: float
) -> Explained | None:
    fit = deconvolution.fit(measured, designed.spectrum)
    return Explained(designed, fit) if fit.residual_db <= accepted_db else None


def _chosen(
    measured: Complex, candidates: Sequence[Shape], deconvolution: Deconvolution, accepted_db: float
) -> tuple[Explained | None, tuple[Shape, Fit]]:
    """The shape that is named, if there is one; and the nearest."""
    fits = [(shape, deconvolution.fit(measured, shape.spectrum, shape.band)) for shape in candidates]
    fits.sort(key=lambda pair: pair[1].residual_db)
    best, fit = fits[0]
    same = [shape for shape in candidates if shape is best or _are_same(best, shape, deconvolution)]
    rivals = [other.residual_db for shape, other in fits if shape not in same]
    next_db = min(rivals, default=None)
    if fit.residual_db > accepted_db or (next_db is not None and next_db - fit.residual_db < MARGIN_DB):
        return None, (best, fit)
    alike = tuple(shape.words for shape in same[1:])
    return Explained(same[0], dict(fits)[same[0]], next_db, alike), (best, fit)


def _are_same(first: Shape, second: Shape, deconvolution: Deconvolution) -> bool:
    return deconvolution.fit(first.spectrum, second.spectrum, first.band).residual_db <= SAME_DB


def _common(fits: Sequence[Fit]) -> tuple[float, float]:
    """Gain, above 0, and delay that most fits share; of several as frequent the larger gain and the smaller delay."""
    if not fits:
        return 1.0, 0.0
    levels = np.array([20 * np.log10(max(abs(fit.gain), 1e-300)) for fit in fits])
    delays = np.array([fit.delay for fit in fits])
    return 10 ** (_most(levels, LEVEL_DB, largest=True) / 20), _most(delays, DELAY, largest=False)


def _most(values: Real, width: float, *, largest: bool) -> float:
    near = np.abs(values[:, None] - values[None]) <= width
    counts = near.sum(axis=1)
    candidates = [float(np.median(values[near[n]])) for n in np.flatnonzero(counts == counts.max())]
    return max(candidates) if largest else min(candidates)


def _apart(fit: Fit, gain: float, delay: float) -> int:
    """How many of level, sign and delay are apart from the common ones."""
    level_db = 20 * np.log10(max(abs(fit.gain), 1e-300) / gain)
    return int(abs(level_db) > LEVEL_DB) + int(fit.gain < 0) + int(abs(fit.delay - delay) > DELAY)


def _with_swaps(
    drivers: list[_Driver], shapes: Shapes, gain: float, delay: float, *, fixed: bool
) -> tuple[float, float]:
    """Swap pairs of drivers where that explains the feeds with fewer faults; the common gain and delay then."""

    def cost(fits: Iterable[Fit], at: tuple[float, float]) -> int:
        return sum(_apart(fit, *at) for fit in fits)

    whole = {
        driver.index: driver for driver in drivers if driver.whole is not None and driver.whole.shape.kind == DESIGNED
    }
    for first, second in combinations(list(whole.values()), 2):
        fits = {n: d.whole.fit for n, d in whole.items() if d.whole is not None}
        if _apart(fits[first.index], gain, delay) + _apart(fits[second.index], gain, delay) < 2:
            continue
        changed = dict(fits)
        for driver, twin in ((first, second), (second, first)):
            changed[driver.index] = shapes.deconvolution.fit(driver.measured, twin.designed.spectrum)
        if any(changed[d.index].residual_db > d.accepted_db for d in (first, second)):
            continue
        at = (gain, delay) if fixed else _common(list(changed.values()))
        if cost(changed.values(), at) + 1 < cost(fits.values(), (gain, delay)):
            gain, delay = at
            for driver, twin in ((first, second), (second, first)):
                shape = Shape(SWAPPED, f"plays the filters of {twin.name}", twin.designed.spectrum, twin.index)
                driver.whole = Explained(shape, changed[driver.index])
    return gain, delay


def _faults_of(
    driver: _Driver, feeds: Real, filters: FilterSet, deconvolution: Deconvolution, exact: Real,
    common: tuple[float, float],
) -> Iterable[Fault]:  # fmt: skip
    """The faults of one driver, shape first."""
    name, y, stimulus = driver.name, feeds[:, driver.index], deconvolution.stimulus
    if driver.whole is None and not driver.parts:
        growth = growing(filters, driver.index, stimulus)
        fit = beginning_fit(deconvolution, y, growth, common) if growth is not None else Fit(0.0, 0.0, 0.0)
        if growth is not None and fit.residual_db <= GROWTH_ACCEPTED_DB:
            words = f"{name} has the other sign in the feedback of its sections, which grow without bound"
            yield Fault((name,), FEEDBACK, words, residual_db=fit.residual_db)
            return
        end = stimulus.noise.stop
        bound = bound_of(deconvolution, y[:end], exact[:end, driver.index], driver.designed_fit.delay, None)
        if bound.residual_db <= driver.accepted_db and bound.residual_db <= bound.without_db - SATURATION_GAIN_DB:
            yield saturation_fault(name, bound)
            yield from apart_faults(
                name, Fit(bound.gain, driver.designed_fit.delay, bound.residual_db), filters.sample_rate_hz, common
            )
            return
        assert driver.nearest is not None
        shape, nearest = driver.nearest
        words = f"{name} fits no known fault; the nearest, that it {shape.words}, leaves a residual of {nearest.residual_db:z.1f} dB"
        yield Fault((name,), NONE, words, nearest.residual_db, residual_db=nearest.residual_db)
        return
    if driver.whole is None:
        for channel, part in driver.parts.items():
            yield from _named(name, part, filters, common, filters.channels[channel])
        return
    yield from _named(name, driver.whole, filters, common)
    if driver.whole.shape.kind in (DESIGNED, SWAPPED):
        predicted = exact[:, driver.index if driver.whole.shape.other < 0 else driver.whole.shape.other]
        noise, fit = stimulus.noise, driver.whole.fit
        bound = bound_of(deconvolution, y[noise], predicted[noise], fit.delay, fit.gain)
        if bound.share > 0 and bound.residual_db <= bound.without_db - SATURATION_GAIN_DB:
            yield saturation_fault(name, bound)
            return
        noise_db = decibels(float(np.sum(y[stimulus.silence] ** 2) / np.sum(y[noise] ** 2)))
        if bound.without_db > _accepted(noise_db) and deconvolution.top == 1.0:
            words = f"{name} fits the design in the sweeps, and no known fault in the loud noise (residual {bound.without_db:z.1f} dB)"
            yield Fault((name,), NONE, words, bound.without_db, residual_db=bound.without_db)


def _named(
    name: str, part: Explained, filters: FilterSet, common: tuple[float, float], channel: str = ""
) -> Iterable[Fault]:
    subject = f"{name}, for {channel}," if channel else name
    if part.shape.kind != DESIGNED:
        value = part.shape.rate_hz if part.shape.kind == RATE else None
        twin = filters.drivers[part.shape.other] if part.shape.other >= 0 else ""
        words = f"{subject} {part.shape.words}"
        yield Fault(
            (name,), part.shape.kind, words, value, channel, part.fit.residual_db, part.next_db, twin, part.alike
        )
    yield from (
        replace(fault, channel=channel)
        for fault in apart_faults(subject, part.fit, filters.sample_rate_hz, common, name)
    )
