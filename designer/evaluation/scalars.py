"""One number a line: what the summary table and `summary.json` say of a channel, from its realised taps."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from designer import measures
from designer.acoustics.scene import Scene
from designer.arrays import Complex, Real
from designer.evaluation.moved_head import MovedHead
from designer.evaluation.region_order import order_warnings
from designer.evaluation.words import hz
from designer.problem.schema import DesignTable, Realization
from designer.realization import response as filter_response
from designer.targets.channel_target import Plain, channel_target, driver_index
from designer.targets.target import ChannelTarget
from designer.targets.wishes import SLACK_TOLERANCE_DB, excesses_db, slacks_db


@dataclass(frozen=True)
class Scalars:
    """Numbers of one channel, each over the band unless its name says otherwise."""

    values: dict[str, float]
    realisation_losses: tuple[str, ...]
    """Warnings: what the taps lose against the formulation, each with its dB."""
    order_warnings: tuple[str, ...] = ()
    """Where the order of the spherical harmonics does not suffice for a beam's regions."""

    @property
    def but(self) -> str:
        """What follows the verdict, which is the weights', of the realised filters: nothing where they keep it."""
        return "".join(
            f"{', ' if i else '; but '}{loss.split(';')[0]}" for i, loss in enumerate(self.realisation_losses)
        )


DEARER_DB = 0.5
"""Effort or gain that filters take beyond the weights' largest is said above this."""
TONE_BAND_HZ = (100.0, 16_000.0)


def scalars(
    design: DesignTable,
    taps: Real,
    plain: Plain,
    given_slacks_db: dict[str, Real],
    scene: Scene,
    moved: MovedHead | None,
    weights: Complex | None = None,
) -> Scalars:
    """Judge one channel's taps (L, T) in a scene.

    Parameters
    ----------
    given_slacks_db : wish or limit -> slack that the formulation already left (in-band frequencies of the scene,)
    scene : on the design's frequencies and those half way between
    moved : the channel with the head moved; None for a beam
    weights : (F, drivers of the scene) that the taps stand for, on the design's frequencies; None where there are none

    """
    index = driver_index(design, scene.drivers)
    full = filter_response(taps, scene.frequency_hz, scene.problem.sample_rate_hz)
    w = full[:, index]
    target = channel_target(design, scene, plain)
    band = target.in_band
    inside, w_inside = target.at(band), w[band]
    gain = measures.db(measures.cancellation_gain(inside.reach, inside.cancel, w_inside))
    worst = measures.db(measures.worst_cancellation_gain(inside.reach, inside.cancel, w_inside))
    spent = measures.db(measures.effort(inside.reach, w_inside))
    level = np.maximum(measures.mean_power(target.reach, w), 1e-300)
    tone = measures.db(level) - measures.amplitude_db(target.plain_level)
    heard = (scene.frequency_hz >= TONE_BAND_HZ[0]) & (scene.frequency_hz <= TONE_BAND_HZ[1])
    values = {
        "mean_cancellation_gain_db": float(np.mean(gain)),
        "least_cancellation_gain_db": float(gain.min()),
        "least_worst_cancellation_gain_db": float(worst.min()),
        "largest_effort_db": float(spent.max()),
        "least_white_noise_gain_db": float(
            measures.db(measures.white_noise_gain(inside.look, w_inside, inside.look_distance_m)).min()
        ),
        "largest_driver_gain_db": float(measures.amplitude_db(full).max()),
        "largest_tone_deviation_db": float(np.abs(tone[heard]).max(initial=0.0)),
    }
    if inside.gamma is not None:
        margin = measures.db(inside.power_ratio(w_inside)) - measures.db(inside.gamma)
        values["least_margin_to_target_db"] = float(margin.min())
    if moved is not None:
        values["moved_head_median_db"] = moved.median_db
        values["moved_head_5th_percentile_db"] = moved.fifth_percentile_db
    names = tuple(scene.drivers[i] for i in index)
    realised = {**slacks_db(inside, w_inside), **excesses_db(inside, w_inside, names)}
    remedy = _remedy(scene.problem.realization, taps.shape[1])
    losses = []
    for wish, slack in realised.items():
        lost = slack - given_slacks_db.get(wish, np.zeros(slack.size))
        at = int(np.argmax(lost))
        if lost[at] > SLACK_TOLERANCE_DB:
            losses.append(
                f"realisation loses {lost[at]:.2f} dB of {wish} at {hz(float(inside.frequency_hz[at]))}; {remedy}"
            )
    if weights is not None:
        losses += _dearer(target, w, weights[:, index], remedy)
    said: tuple[str, ...] = ()
    if inside.regions is not None:
        values["least_region_power_ratio_db"] = float(measures.db(inside.power_ratio(w_inside)).min())
        values["largest_region_order_error_db"] = float(np.abs(inside.regions.order_error_db(w_inside)).max())
        said = order_warnings(inside.regions, w_inside, inside.frequency_hz)
    return Scalars(values, tuple(losses), said)


def _dearer(target: ChannelTarget, w: Complex, weights: Complex, remedy: str) -> Iterator[str]:
    """Where realised filters w spend more effort in the band, or feed a driver more, than the weights at every second frequency do.

    Up to 0 dB nothing is dear: no more than one driver alone would spend, or than the channel itself fed to it.
    """
    band, own_band = target.in_band, target.in_band[::2]
    efforts = measures.db(measures.effort(target.reach[band], w[band]))
    asked = float(measures.db(measures.effort(target.reach[::2][own_band], weights[own_band])).max())
    at = int(np.argmax(efforts))
    if efforts[at] > max(asked, 0.0) + DEARER_DB:
        yield (
            f"realisation spends {efforts[at]:.1f} dB of effort at {hz(float(target.frequency_hz[band][at]))}, and the weights"
            f" at most {asked:.1f} dB; {remedy}"
        )
    gains, asked = measures.amplitude_db(w), float(measures.amplitude_db(weights).max())
    loudest = gains.max(axis=1)
    at = int(np.argmax(loudest))
    if loudest[at] > max(asked, 0.0) + DEARER_DB:
        yield (
            f"realisation feeds a driver {loudest[at]:.1f} dB at {hz(float(target.frequency_hz[at]))}, and the weights feed"
            f" none more than {asked:.1f} dB; {remedy}"
        )


def _remedy(table: Realization, taps: int) -> str:
    """What brings back what realisation loses."""
    if table.form == "biquad":
        return f"more sections ([realization] sections = {table.sections}) or [grid] frequencies bring it back"
    ways = [f"more taps ([realization] taps = {taps})"]
    if not (table.hold_wishes or table.zero_at_dc or table.exact_at_hz):
        ways.append("hold_wishes = true (which takes longer)")
    ways.append('form = "fir" (which keeps the level)' if table.form == "rtf" else "more [grid] frequencies")
    return f"{', '.join(ways[:-1])} or {ways[-1]} bring it back"
