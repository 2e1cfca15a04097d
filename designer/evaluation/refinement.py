"""Taps refined over drawn places and devices, and kept where they win on draws that were used for neither them nor the fit.

A sample is one place of one head and one device: the head anywhere in the box of the file's ear cloud, at least +/-3 cm, and of the
device's and listener's errors those of `[tolerance]`. Temperature and size of the head, which every response depends on, take four values
of equal probability, each at its share of the places; gain, phase and place of every driver are drawn anew for each sample,

    H' = (1 + e_l) H e^{-jω δ_l/c'} r_l/(r_l + δ_l),

δ_l the path to the head's centre that a driver's displacement adds. The places of training and of judging are different runs of one
evenly spread sequence, their devices different seeds, and the judging frequencies lie half way between those of training. They are kept
where they lose by more than LOST_DB neither over these draws nor over the moved heads that every design is judged by. Where the filters
are integers of a word, both are rounded first and judged as they run. Several weights of the floor are tried until one wins. If none
wins the fit is kept. A file that names the method gets the best taps that hold, if median, 5th and 1st percentile gain in their sum.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from statistics import NormalDist
from typing import Any

import numpy as np

from designer import measures
from designer.acoustics.scene import Scene, driver_places_m
from designer.acoustics.several_listeners import heard_by
from designer.arrays import Complex, Real
from designer.designs import ChannelDesign
from designer.evaluation.moved_head import HEADS, heard_heads_m, moved_head, spread_heads_m
from designer.evaluation.tolerance import REFERENCE_C, changed_scene, draw
from designer.problem import geometry
from designer.problem.methods import method_of
from designer.problem.schema import Realization
from designer.realization import Realized, response
from designer.realization.dense_targets import dense_targets
from designer.realization.forms import as_run, fit_form
from designer.realization.held_requirements import TONE_BAND_HZ
from designer.realization.mended_fit import Judge
from designer.realization.realized import TapsFit
from designer.realization.robust_taps import (
    FLOOR_WEIGHT,
    MAX_UNKNOWNS,
    RobustTaps,
    TapsProblem,
    robust_taps,
)
from designer.requirements.channel_target import channel_target, driver_index
from designer.requirements.curves import in_band
from designer.requirements.slacks import SLACK_TOLERANCE_DB

PLACES, DEVICES, LEAST_PLACES = 24, 4, 6
"""Places over all heads (at least so many of each), and devices drawn at each."""
JUDGED_DEVICES = 8
DENSITY = 8
"""Length of the refinement's Fourier grid over the number of taps, where the fit's is longer."""
CORRECTIONS, EXCESS_DB = 3, 0.008
"""How often the refinement is repeated with less effort, and from what excess on."""
FLOOR_WEIGHTS = (FLOOR_WEIGHT, 0.6, 0.8)
"""Weights where a file has none: the next where one loses against the fit."""
PERCENTILES = (50.0, 5.0, 1.0)
LOST_DB = 0.1
"""Refined taps that lose more than this of any percentile are not kept."""
WARMTH = (2, 0, 3, 1)
"""Index of the quantile of temperature that goes with each of the head's radius."""
QUANTILES = tuple(NormalDist().inv_cdf((n + 0.5) / len(WARMTH)) for n in range(len(WARMTH)))


@dataclass(frozen=True)
class Refinement:
    """One channel's refined taps beside the fit's, judged on draws that neither saw: median, 5th and 1st percentile in dB.

    Attributes
    ----------
    fit_db, refined_db : tuple of 3 float, over drawn heads, places and devices
    fit_moved_db, refined_moved_db : tuple of 3 float, over moved heads alone, as `designer.evaluation.moved_head` judges every design

    """

    is_kept: bool
    fit_db: tuple[float, ...]
    refined_db: tuple[float, ...]
    fit_moved_db: tuple[float, ...]
    refined_moved_db: tuple[float, ...]
    effort_change_db: float
    violation_db: float
    stationarity: float
    holds: bool = False  # everything that the refined taps have to keep, each to its tolerance

    def sentence(self) -> str:
        """Sentence of what was kept, and the numbers of both."""
        refined, fit = (
            ", ".join(f"{value:.1f}" for value in values) + " dB" for values in (self.refined_db, self.fit_db)
        )
        first, then = (f"refined taps kept: {refined}", f"the fit's {fit}") if self.is_kept else (
            f"the fit's taps kept: {fit}", f"the refined taps' {refined}")  # fmt: skip
        quantiles = "(median, 5th and 1st percentile over drawn heads, places and devices)"
        return f"{first} of cancellation gain {quantiles}, against {then}{self._reason}"

    @property
    def _reason(self) -> str:
        """Clause on the reason for keeping these taps; empty where refined taps are kept and no number is worse."""
        statistics = (("", self.fit_db, self.refined_db), (" of moved heads", self.fit_moved_db, self.refined_moved_db))
        for of_heads, before_db, after_db in statistics:
            pairs = zip(("median", "5th percentile", "1st percentile"), before_db, after_db, strict=True)
            worse = [name for name, fit_db, refined_db in pairs if refined_db < fit_db - LOST_DB]
            numbers = f"worse at the {' and the '.join(worse)}{of_heads}"
            if worse and self.is_kept:
                return (
                    f"; they are {numbers}, and better in the sum of the three: kept because the file names the method"
                )
            if worse:
                return f", which are {numbers}"
        if self.is_kept:
            return ""
        if not self.holds:
            return f", which break a requirement or a limit by {self.violation_db:z.2f} dB"
        if sum(self.refined_db) <= sum(self.fit_db):
            return ", which are no better in their sum"
        return ", as another channel's refined taps are not kept"

    def as_json(self) -> dict[str, Any]:
        """For `summary.json`."""
        return asdict(self)


def realize_judged(
    channels: Sequence[ChannelDesign], scene: Scene, table: Realization
) -> tuple[Realized, dict[str, Refinement]]:
    """The filters of all channels, those of ear channels refined where the file asks for it, and what came of it.

    Raises
    ------
    ProblemError : a reference that the problem names is silent in the band, or a bulk delay is too short for sections

    """
    fitted = fit_form(channels, scene, table)
    requested = [n for n, channel in enumerate(channels) if is_refined(channel, table)]
    indices = [n for n in requested if refinable(channels[n], fitted, n)]
    fitted = replace(
        fitted,
        warnings=(
            *fitted.warnings,
            *(
                f"{channels[n].design.name}: its drivers have more than {MAX_UNKNOWNS} taps together, so they are not"
                " refined; lower [realization] taps"
                for n in requested
                if n not in indices
            ),
        ),
    )
    if not indices:
        return as_run(fitted, channels, scene, table), {}
    before, trials = as_run(fitted, channels, scene, table), []
    for weight in FLOOR_WEIGHTS if table.floor_weight is None else (table.floor_weight,):
        weighed = table.model_copy(update={"floor_weight": weight})
        solved = {n: _solved(channels[n], scene, fitted, n, weighed) for n in indices}
        refined = list(fitted.taps)
        for n, taps in solved.items():
            refined[n] = refined[n].copy()
            refined[n][_fit(fitted, n).drivers] = taps.taps
        after = as_run(replace(fitted, taps=refined), channels, scene, table)
        judged = {n: _judged(channels[n], scene, [before.taps[n], after.taps[n]]) for n in indices}
        trials.append(Trial(refined, solved, judged))
        if trials[-1].holds and trials[-1].wins:
            break
    best = max(trials, key=lambda trial: (trial.holds, trial.wins, trial.gain_db))
    is_kept = best.holds and (best.wins or (_are_named(channels, indices) and best.gain_db > 0))
    solved, judged = best.solved, best.judged
    chosen, refinements = list(best.taps if is_kept else fitted.taps), {}
    for n, taps in solved.items():
        numbers, efforts = judged[n]
        fit_db, refined_db, fit_moved_db, refined_moved_db = (
            tuple(percentiles[statistic].tolist()) for statistic in range(2) for percentiles in numbers
        )
        refinements[channels[n].design.name] = Refinement(
            is_kept,
            fit_db,
            refined_db,
            fit_moved_db,
            refined_moved_db,
            efforts[1] - efforts[0],
            taps.violation_db,
            taps.stationarity,
            taps.holds,
        )
    return as_run(replace(fitted, taps=chosen), channels, scene, table), refinements


@dataclass(frozen=True)
class Trial:
    """Taps of all channels for one floor weight, the solutions of the refined ones, and their gains and efforts beside the fit's.

    Both ears win or neither: a pair with one refined half would sound different from its two sides.
    """

    taps: list[Real]
    solved: dict[int, RobustTaps]
    judged: dict[int, tuple[list[Real], list[float]]]

    @property
    def holds(self) -> bool:
        """Whether each channel's taps keep everything that they have to."""
        return all(taps.holds for taps in self.solved.values())

    @property
    def wins(self) -> bool:
        """Whether each channel loses in no number, and gains in their sum."""
        return all(_wins(numbers) for numbers, _ in self.judged.values())

    @property
    def gain_db(self) -> float:
        """Sum over the channels of the gains of median, 5th and 1st percentile of the draws."""
        return float(sum((numbers[1] - numbers[0])[0].sum() for numbers, _ in self.judged.values()))


def _are_named(channels: Sequence[ChannelDesign], indices: Sequence[int]) -> bool:
    """Whether the file names refined taps as the method of all of these channels: then a gain of their sum is enough."""
    return all((method := method_of(channels[n].design)) is not None and method.refined for n in indices)


def _wins(numbers: Sequence[Real]) -> bool:
    return bool((numbers[1] >= numbers[0] - LOST_DB).all() and (numbers[1] - numbers[0])[0].sum() > 0)


def _solved(channel: ChannelDesign, scene: Scene, fitted: Realized, n: int, table: Realization) -> RobustTaps:
    """The refined taps, of the fit's mean effort over the design's own frequencies, which the band's ends join."""
    problem, drivers = taps_problem(channel, scene, fitted, n, table), _fit(fitted, n).drivers
    target = channel_target(channel.design, scene, channel.plain)
    target = target.at(target.in_band)

    def mean_effort_db(taps: Real) -> float:
        w = response(taps, target.frequency_hz, scene.problem.sample_rate_hz)
        return float(np.mean(measures.db(measures.effort(target.bright, w))))

    solved, less_db = robust_taps(problem), 0.0
    for _ in range(CORRECTIONS):
        excess_db = mean_effort_db(solved.taps) - mean_effort_db(fitted.taps[n][drivers])
        if excess_db <= EXCESS_DB:
            break
        less_db += excess_db
        solved = robust_taps(replace(problem, less_effort_db=less_db))
    return solved


def _reaches_one_ear(channel: ChannelDesign) -> bool:
    """Whether its taps can be the unknowns: those for one ear, which is dark for the other alone."""
    return channel.design.is_ear and channel.design.dark is None


def is_refined(channel: ChannelDesign, table: Realization) -> bool:
    """Whether the file asks for a channel's taps to be refined, and it can be: an ear channel of taps."""
    method = method_of(channel.design)
    requested = table.refine or (method is not None and method.refined)
    return requested and _reaches_one_ear(channel) and table.form != "biquad"


def refinable(channel: ChannelDesign, fitted: Realized, n: int) -> bool:
    """Whether a channel's taps are few enough."""
    return (
        _reaches_one_ear(channel)
        and not fitted.sections
        and fitted.taps[n][_fit(fitted, n).drivers].size <= MAX_UNKNOWNS
    )


def taps_problem(channel: ChannelDesign, scene: Scene, fitted: Realized, n: int, table: Realization) -> TapsProblem:
    """The arrays that the refinement of one channel takes."""
    fit = _fit(fitted, n)
    start, size = fitted.taps[n][fit.drivers], 2 * (len(fit.symbol) - 1)
    step = max(1, size // (DENSITY * start.shape[1]))
    frequency_hz = np.fft.rfftfreq(size // step, 1 / scene.problem.sample_rate_hz)
    return channel_problem(channel, scene, fitted, n, table, frequency_hz, start, fit.symbol[::step])


def channel_problem(
    channel: ChannelDesign,
    scene: Scene,
    fitted: Realized,
    n: int,
    table: Realization,
    frequency_hz: Real,
    start: Any,
    symbol: Complex,
    *,
    places: int = PLACES,
    devices: int = DEVICES,
) -> TapsProblem:
    """The arrays on some frequencies (K,), for a start and C (K, L, L) there."""
    fit = _fit(fitted, n)
    parts = [targets[0] for _, targets in dense_targets([channel], scene, frequency_hz)]

    def joined(name: str) -> Any:
        return np.concatenate([getattr(part, name) for part in parts])

    band = np.flatnonzero(joined("in_band"))
    drawn = drawn_ears(channel, scene, frequency_hz[band], places=places, devices=devices, run=0)
    free = np.arange(len(fit.drivers))
    gain_limit = np.concatenate([part.gain_limit for part in parts])
    if fitted.references:
        reference = scene.drivers.index(fitted.references[n])
        free = np.flatnonzero(fit.drivers != reference)
        gain_limit = np.full_like(gain_limit, 10 ** (table.max_ratio_db / 20))
    gamma = joined("gamma") if parts[0].gamma is not None else np.zeros(frequency_hz.size)
    heard = (frequency_hz >= TONE_BAND_HZ[0]) & (frequency_hz <= TONE_BAND_HZ[1])
    judge, delay = Judge.of(channel, scene, fit.drivers), fitted.bulk_delay_samples
    return TapsProblem(
        start=start,
        free=free,
        symbol=symbol,
        band=band,
        outside=1 - joined("share"),
        bright=joined("bright"),
        dark=joined("dark")[band],
        plain_level=joined("plain_level"),
        single_level=joined("single_level")[band],
        heard=np.flatnonzero(heard),
        curve_db=measures.db(gamma[band]),
        effort_limit_db=measures.db(joined("effort_limit")[band]),
        gain_limit=gain_limit,
        drawn_bright=drawn[0][:, :, fit.drivers],
        drawn_dark=drawn[1][:, :, fit.drivers],
        floor_weight=FLOOR_WEIGHTS[0] if table.floor_weight is None else table.floor_weight,
        keeps_curve=channel.feasible and judge.worst_db(fitted.taps[n][fit.drivers], delay) <= SLACK_TOLERANCE_DB,
    )


def _fit(fitted: Realized, n: int) -> TapsFit:
    fit = fitted.fits[n]
    assert isinstance(fit, TapsFit)
    return fit


def drawn_ears(
    channel: ChannelDesign, scene: Scene, frequency_hz: Real, *, places: int, devices: int, run: int
) -> tuple[Complex, Complex]:
    """Responses (F, S, L) of all drivers at the ipsilateral and the contralateral ear, of S drawn places and devices.

    Parameters
    ----------
    run : int, another number gives other places and other devices

    """
    scene = heard_by(scene, channel.design.listener)
    problem, table = scene.problem, scene.problem.tolerance
    drivers_m = driver_places_m(problem)
    cloud_m = np.asarray(problem.listener.ear_cloud_m, dtype=float)
    count = max(LEAST_PLACES, places // len(problem.heads))
    moves_m = heard_heads_m(scene, spread_heads_m(cloud_m, count, skipped=HEADS + run * count))
    towards_m = np.asarray(problem.listener.position_m) - drivers_m
    distance_m = np.linalg.norm(towards_m, axis=1)
    side = geometry.LEFT if channel.design.ear == "left" else geometry.RIGHT
    bright, dark = [], []
    for n, (radius, warmth) in enumerate(zip(QUANTILES, WARMTH, strict=True)):
        part_m = moves_m[n :: len(QUANTILES)]
        if not len(part_m):
            continue
        moved = scene.at(frequency_hz)
        if not scene.is_measured:
            speed = np.sqrt(1 + QUANTILES[warmth] * table.temperature_c / (273.15 + REFERENCE_C))
            size = max(1 + radius * table.head_radius_m / problem.listener.head_radius_m, 0.5)
            moved = changed_scene(moved, float(speed), size, problem.heads)
        ears = moved.moved(part_m).ears().reshape(frequency_hz.size, -1, 2, len(drivers_m))
        ears = np.repeat(ears, devices, axis=1)
        seed = (table.seed + 1 + len(QUANTILES) * run + n) % 2**63
        drawn = table.model_copy(update={"draws": ears.shape[1], "seed": seed})
        draws = draw(drawn, len(drivers_m), problem.listener.head_radius_m)
        added_m = -np.einsum("lx,nlx->nl", towards_m / distance_m[:, None], draws.displacement_m)
        factor = draws.factor * distance_m / (distance_m + added_m)
        ears = ears * (factor * np.exp(-1j * moved.k[:, None, None] * added_m))[:, :, None, :]
        bright.append(ears[:, :, side])
        dark.append(ears[:, :, 1 - side])
    return np.concatenate(bright, axis=1), np.concatenate(dark, axis=1)


def _judged(channel: ChannelDesign, scene: Scene, taps: Sequence[Real]) -> tuple[list[Real], list[float]]:
    """The percentiles (2, 3) of each set of taps on draws and on moved heads, at frequencies of their own, and its mean effort in dB."""
    f = channel.frequency_hz
    between_hz = np.sort(np.concatenate([f[:-1] + np.diff(f) / 4, f[:-1] + 3 * np.diff(f) / 4]))
    inside_hz = between_hz[in_band(between_hz, channel.design.band_hz)][::2]
    inside_hz = inside_hz if inside_hz.size else f[channel.in_band]
    bright, dark = drawn_ears(channel, scene, inside_hz, places=PLACES, devices=JUDGED_DEVICES, run=1)
    numbers, efforts, rate = [], [], scene.problem.sample_rate_hz
    target = channel_target(channel.design, scene.at(inside_hz), channel.plain)
    drivers = driver_index(channel.design, scene.drivers)
    for filters in taps:
        w = response(filters, inside_hz, rate)
        gains = measures.db(measures.point_ratios(bright, dark, w))
        moved_db = moved_head(channel.design, filters, scene).gain_db
        numbers.append(np.array([np.percentile(gain_db, PERCENTILES) for gain_db in (gains, moved_db)]))
        efforts.append(float(np.mean(measures.db(measures.effort(target.bright, w[:, drivers])))))
    return numbers, efforts
