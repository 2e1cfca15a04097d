"""The RTF form: one driver of a channel is the reference and gets a pure delay, every other the ratio of its filter to that.

    x_r = δ[n - D],     x_l fitted jointly for l ≠ r:   minimise Σ_f e^H C e,   e = x̂ - u e^{-jωD},   e_r = 0

u are the bounded ratios of `ratios.py`, and C hears an error relative to the level that the ratios reach: the ratios are
judged together at the points, as the FIR form is. The tone is what the reference makes of it; a common equaliser of
`equaliser_taps` restores it, and then the product of both is what the taps hold, `taps` long in all. The bulk delay is by
default the least that keeps the result: a ratio needs no more before its main arrival than the reference is late.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from designer.acoustics.scene import Scene
from designer.arrays import Bool, Complex, Real
from designer.designs.channel import ChannelDesign
from designer.errors import Fault, ProblemError
from designer.measures import amplitude_db, mean_power_matrix
from designer.problem.schema import Realization
from designer.realization.dense_targets import (
    audible,
    dense_frequencies_hz,
    dense_targets,
    slacks_between,
    weights_between,
)
from designer.realization.equaliser import TONE_DB, equaliser, reached_level, smoothed_deviation_db
from designer.realization.fir import common_delay
from designer.realization.held_requirements import TONE_BAND_HZ, Held, joined, requirements_of
from designer.realization.ratios import SILENT, Heard, choose_reference, silence
from designer.realization.realized import Realized, TapsFit
from designer.requirements.channel_target import driver_index

REPORTED_LOSS_DB = 0.1
"""A loss at the ears from which on the cap is reported."""


def realize_rtf(channels: Sequence[ChannelDesign], scene: Scene, table: Realization) -> Realized:
    """Taps of each channel in the RTF form.

    Raises
    ------
    ProblemError : a reference that the problem names is silent in the band

    """
    length = table.taps - max(table.equaliser_taps - 1, 0)
    cap = 10 ** (table.max_ratio_db / 20)
    frequency_hz = dense_frequencies_hz(channels, scene, length)
    heard = _heard(channels, scene, frequency_hz)
    chosen = [_reference(scene, fit_channel, length, cap) for fit_channel in heard]
    bounded = [fit_channel.bounded(reference, cap) for fit_channel, reference in zip(heard, chosen, strict=True)]
    held: list[tuple[Held, ...]] = (
        _requirements(scene, heard, chosen, bounded) if table.hold_requirements else [()] * len(heard)
    )
    problems = [
        fit_channel.fitted(r, u, requirements)
        for fit_channel, r, u, requirements in zip(heard, chosen, bounded, held, strict=True)
    ]
    delay_table = (
        table if table.bulk_delay_samples is not None else table.model_copy(update={"bulk_delay_samples": "least"})
    )
    delay = common_delay(problems, length, delay_table)
    tone_at = (frequency_hz >= TONE_BAND_HZ[0]) & (frequency_hz <= TONE_BAND_HZ[1])
    out: list[Real] = []
    warnings: list[str] = []
    for fit_channel, reference, u, problem in zip(heard, chosen, bounded, problems, strict=True):
        judge = fit_channel.judge(scene, reference, cap)
        taps = problem.taps(length, delay, table) if judge is None else problem.kept_taps(judge, length, delay, table)
        losses = problem.missed_requirements(taps, delay)
        losses += _cap_losses(fit_channel, u, cap, scene.drivers[fit_channel.drivers[reference]])
        filters = np.insert(taps, reference, np.arange(length) == delay, axis=0)
        if table.equaliser_taps:
            common = equaliser(_level(fit_channel, filters), fit_channel.plain_level, table.equaliser_taps, tone_at)
            filters = np.array([np.convolve(taps_l, common) for taps_l in filters])
        losses += _tone(fit_channel, filters, tone_at, table)
        warnings += [f"{fit_channel.channel.design.name}: {words}" for words in losses]
        out.append(np.zeros((len(scene.drivers), table.taps)))
        out[-1][fit_channel.drivers] = filters
    names = tuple(
        scene.drivers[fit_channel.drivers[reference]] for fit_channel, reference in zip(heard, chosen, strict=True)
    )
    fits = tuple(TapsFit(fit_channel.drivers, None, fit_channel.symbol) for fit_channel in heard)
    return Realized(out, delay, names, tuple(warnings), fits)


def _heard(channels: Sequence[ChannelDesign], scene: Scene, frequency_hz: Real) -> list[Heard]:
    fit_channels, count = [], frequency_hz.size
    for channel in channels:
        drivers = driver_index(channel.design, scene.drivers)
        weights = weights_between(channel, drivers, frequency_hz)
        in_band, share, level = np.empty(count, dtype=bool), np.empty(count), np.empty(count)
        matrices = (np.empty((count, drivers.size, drivers.size), dtype=complex) for _ in range(3))
        fit_channels.append(Heard(channel, drivers, frequency_hz, in_band, share, level, weights, *matrices))
    for part, targets in dense_targets(channels, scene, frequency_hz):
        for target, fit_channel in zip(targets, fit_channels, strict=True):
            fit_channel.in_band[part], fit_channel.share[part] = target.in_band, target.share
            fit_channel.plain_level[part] = target.plain_level
            fit_channel.symbol[part] = audible(target, fit_channel.weights[part])
            fit_channel.bright_power[part] = mean_power_matrix(target.bright)
            fit_channel.dark_power[part] = mean_power_matrix(target.dark)
    return fit_channels


def _reference(scene: Scene, heard: Heard, length: int, cap: float) -> int:
    """The reference that the design names, among its own drivers, or the best."""
    design = heard.channel.design
    if design.reference is None:
        return choose_reference(heard, length, cap)
    names = [scene.drivers[l] for l in heard.drivers]
    reference = names.index(design.reference)
    inside = heard.weights[heard.in_band]
    quiet = silence(inside, reference)
    if quiet < SILENT:
        loud = names[int(np.argmax(np.median(np.abs(inside), axis=0)))]
        below_db, least_db = (-float(amplitude_db(np.array(ratio))) for ratio in (quiet, SILENT))
        fault = Fault(
            f"designs[{scene.problem.designs.index(design)}].reference",
            f'got "{design.reference}", which is silent in the band: {below_db:z.0f} dB below the loudest',
            f"a driver less than {least_db:z.0f} dB below it",
            f'name "{loud}", or leave reference out',
            "silent-reference",
        )
        raise ProblemError(scene.problem.source, [fault])
    return reference


def _requirements(
    scene: Scene, heard: Sequence[Heard], chosen: Sequence[int], bounded: Sequence[Complex]
) -> list[tuple[Held, ...]]:
    """Each channel's requirements as sets of pressures of the ratios, which are known only now."""
    channels, frequency_hz = [fit_channel.channel for fit_channel in heard], heard[0].frequency_hz
    by_channel: list[list[tuple[slice, list[Held]]]] = [[] for _ in heard]
    for part, targets in dense_targets(channels, scene, frequency_hz):
        for channel, target, reference, u, requirements in zip(
            channels, targets, chosen, bounded, by_channel, strict=True
        ):
            fitted = np.flatnonzero(np.arange(u.shape[1]) != reference)
            slacks = slacks_between(channel, frequency_hz[part])
            requirements.append((part, requirements_of(target, u[part], slacks, fitted=fitted)))
    return [joined(requirements) for requirements in by_channel]


def _cap_losses(heard: Heard, u: Complex, cap: float, name: str) -> list[str]:
    """Cost of bounding the ratios, in dB of cancellation gain, where it is above REPORTED_LOSS_DB."""
    lost = heard.gain_db(heard.weights) - heard.gain_db(u)
    at = int(np.argmax(lost))
    if lost[at] <= REPORTED_LOSS_DB:
        return []
    f = heard.frequency_hz[heard.in_band][at]
    return [
        f'holding the ratios to "{name}" below {20 * np.log10(cap):g} dB costs up to {lost[at]:z.1f} dB of cancellation gain'
        f" (at {f:.0f} Hz), {lost.mean():z.2f} dB on average; remedy: another reference, or a larger"
        " [realization] max_ratio_db"
    ]


def _level(heard: Heard, filters: Real) -> Real:
    """Pressure of the filters at the bright points (K,)."""
    return reached_level(heard.bright_power, np.fft.rfft(filters, 2 * (heard.frequency_hz.size - 1), axis=1).T)


def _tone(heard: Heard, filters: Real, at: Bool, table: Realization) -> list[str]:
    """How far the level at the bright points is from the plain driver's, a third of an octave smoothed, and the remedy."""
    off_db = np.where(at, smoothed_deviation_db(_level(heard, filters), heard.plain_level), 0.0)
    worst = int(np.argmax(np.abs(off_db)))
    if abs(off_db[worst]) <= TONE_DB:
        return []
    remedy = "[realization] equaliser_taps = 256"
    if table.equaliser_taps:
        remedy = f"more than [realization] equaliser_taps = {table.equaliser_taps}"
    return [
        f"the reference's pure delay leaves the level {off_db[worst]:+z.1f} dB off the plain driver's at"
        f' {heard.frequency_hz[worst]:.0f} Hz (a third of an octave smoothed); remedy: {remedy}, or form = "fir"'
    ]
