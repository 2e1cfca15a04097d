"""Requirement by requirement, what realised filters come to: met, or missed by x dB, in which part of the band.

Each requirement and limit is judged as the file asks for it (a curve by mean powers over the ear cloud or the arcs). The curve is also
judged where a product has to keep it: at the worst place of the cloud (the worst azimuth of a beam's arcs), and by 5th percentiles, taken
at each frequency: over the product line and heads that `[tolerance]` draws, and over heads moved to where no design looked.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from designer import measures
from designer.arrays import Bool, Real
from designer.evaluation.moved_head import MovedHead
from designer.evaluation.tolerance import ChannelTolerance
from designer.metrics import Realised
from designer.problem.listeners import NamedListener
from designer.problem.messages import enumeration
from designer.requirements.curves import curve_db
from designer.requirements.dark_points import LABEL, dark_curve
from designer.requirements.slacks import BANDS, SLACK_TOLERANCE_DB
from designer.requirements.target import CURVE_LABEL

REQUIRED = "required"
WORST, PRODUCT_LINE, MOVED = "worst place", "5th percentile of product line and heads", "5th percentile of moved heads"
MAX_MISSED_DB = 0.5
"""Largest miss of a requirement that the weights meet, or that imported filters are judged by, before exit code 7."""
MAX_RUNS = 3
"""Parts of a band that are told one by one."""


def hz(frequency_hz: float) -> str:
    """A frequency as a person says it: 516 Hz, 1.8 kHz."""
    if frequency_hz >= 999.5:
        return f"{round(frequency_hz / 1000, 1 if frequency_hz < 9950 else 0):g} kHz"
    return f"{frequency_hz:.0f} Hz"


def decibels(value: float) -> str:
    """One decimal, or two where that would hide how little is missing."""
    return f"{value:.1f}" if value >= 1 else f"{value:.2f}"


def spans(frequency_hz: Real, where: Bool) -> str:
    """The runs of frequencies where something holds: "from 200 Hz to 1.8 kHz and at 6 kHz"."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], where, [False]]).astype(int)))
    parts = []
    for first, last in zip(edges[::2], edges[1::2] - 1, strict=True):
        low, high = hz(float(frequency_hz[first])), hz(float(frequency_hz[last]))
        parts.append(f"at {low}" if low == high else f"from {low} to {high}")
    return enumeration(parts)


@dataclass(frozen=True)
class Outcome:
    """One requirement at one place, over the band.

    Attributes
    ----------
    requirement : str, its label: cancellation_gain_db, mask[0], window, or a limit's
    place : str, REQUIRED, or where else the curve is judged
    missed_db : float, at most; 0 where it is met
    at_hz : float, where it is missed most
    where : str, the frequencies at which it is missed; empty where it is met
    share : float, of the band's octaves
    beyond_db : float, at most beyond what the formulation fell short by
    detail : str, what follows the frequency at which it is missed most

    """

    requirement: str
    place: str
    missed_db: float
    at_hz: float
    where: str
    share: float
    beyond_db: float
    detail: str = ""

    @property
    def is_met(self) -> bool:
        """Whether it is, to 0.1 dB."""
        return self.missed_db <= SLACK_TOLERANCE_DB

    def by(self, detail: str = "") -> str:
        """By how much it is missed, and where; `detail` follows the frequency at which it is missed most."""
        most, detail = hz(self.at_hz), detail or self.detail
        if self.where == f"at {most}":
            return f"by {decibels(self.missed_db)} dB at {most}{detail}"
        share = "" if self.requirement == BANDS else f", {100 * self.share:.0f} % of the band"
        alone = re.compile(rf"\bat {re.escape(most)}(?= and |, |$)")
        if alone.search(self.where):  # one of several runs, which is named once
            detail = re.sub("^ and", ", at", detail)
            where = alone.sub(f"at {most} (the most{detail})", self.where, count=1)
            return f"by up to {decibels(self.missed_db)} dB {where}{share}"
        return f"by up to {decibels(self.missed_db)} dB (at {most}{detail}) {self.where}{share}"

    def as_json(self) -> dict[str, Any]:
        """Its content for `summary.json`."""
        return {
            **asdict(self),
            **{key: round(getattr(self, key), 3) for key in ("missed_db", "at_hz", "share", "beyond_db")},
        }

    @classmethod
    def of(
        cls,
        requirement: str,
        place: str,
        shortfall_db: Real,
        frequency_hz: Real,
        allowed_db: Real | float = 0.0,
        detail: str = "",
    ) -> Outcome:
        """From shortfalls (N,), and what of them the formulation left."""
        short, at = shortfall_db > SLACK_TOLERANCE_DB, int(np.argmax(shortfall_db))
        runs = int(np.sum(np.diff(np.concatenate([[False], short])) & short))
        if runs > MAX_RUNS:
            first, last = (hz(float(frequency_hz[short][end])) for end in (0, -1))
            where = f"in {runs} parts from {first} to {last}"
        else:
            where = spans(frequency_hz, short)
        octaves = np.gradient(np.log2(np.maximum(frequency_hz, 1.0))) if frequency_hz.size > 1 else np.ones(1)
        return cls(
            requirement,
            place,
            max(float(shortfall_db[at]), 0.0),
            float(frequency_hz[at]),
            where,
            float(octaves[short].sum() / octaves.sum()),
            max(float((shortfall_db - allowed_db).max()), 0.0),
            detail,
        )


def required_outcomes(realised: Realised, allowed_db: dict[str, Real]) -> tuple[Outcome, ...]:
    """Every requirement and limit as the file asks for it, in the band; the drivers' bands at all frequencies.

    Parameters
    ----------
    allowed_db : dict of str to float array, requirement or limit -> what the formulation fell short by (in-band frequencies,)

    """
    parts = realised.judged
    solved_hz, inside_hz = realised.band[0].frequency_hz, np.concatenate([part.band[0].frequency_hz for part in parts])
    order = np.argsort(inside_hz)
    f = inside_hz[order]
    on_paper_db = {requirement: np.interp(f, solved_hz, slack_db) for requirement, slack_db in allowed_db.items()}
    outcomes = (
        Outcome.of(
            requirement,
            REQUIRED,
            np.concatenate([part.missed_db[requirement] for part in parts])[order],
            f,
            on_paper_db.get(requirement, 0.0),
        )
        for requirement in realised.missed_db
        if requirement != BANDS
    )
    return (*outcomes, *bands_outcome(realised, allowed_db.get(BANDS, 0.0)))


def bands_outcome(realised: Realised, allowed_db: Real | float = 0.0) -> Iterator[Outcome]:
    """The drivers' bands at all frequencies, and what of them the formulation missed in the band; nothing without a band."""
    target = realised.target
    if target.band_gain is None:
        return
    parts = realised.judged
    frequency_hz = np.concatenate([part.target.frequency_hz for part in parts])
    order = np.argsort(frequency_hz)
    f, on_paper_db = frequency_hz[order], np.zeros(target.frequency_hz.size)
    on_paper_db[target.in_band] = allowed_db
    excess_db = np.concatenate([measures.amplitude_db(part.w / part.target.band_feed) for part in parts])[order]
    loudest = realised.scene.drivers[realised.index[int(np.argmax(excess_db.max(axis=0)))]]
    excess_db = np.maximum(excess_db.max(axis=1), 0.0)
    on_paper_db = np.interp(f, target.frequency_hz, on_paper_db)
    yield Outcome.of(BANDS, REQUIRED, excess_db, f, on_paper_db, f', "{loudest}"')


def worse_outcomes(
    outcomes: Iterable[Outcome], *mirrored: Iterable[Outcome], listeners: Sequence[NamedListener] | None = None
) -> tuple[Outcome, ...]:
    """Requirements and places of a channel and of its mirror images, each at the one that misses it most.

    The curve of a mirror image over a listener is that of the channel over the listener on the other side, where one is.
    """
    worse = {(outcome.requirement, outcome.place): outcome for outcome in outcomes}
    opposite = _opposite(listeners or ())
    for outcome in (outcome for side in mirrored for outcome in side):
        requirement = opposite.get(outcome.requirement, outcome.requirement)
        known = worse.setdefault((requirement, outcome.place), replace(outcome, requirement=requirement))
        if outcome.missed_db > known.missed_db:
            worse[requirement, outcome.place] = replace(outcome, requirement=requirement)
    return tuple(worse.values())


def _opposite(listeners: Sequence[NamedListener]) -> dict[str, str]:
    """Label of the curve over each listener -> that over the listener at the mirror image of the place."""
    return {
        LABEL.format(listener.name): LABEL.format(other.name)
        for listener in listeners
        for other in listeners
        if np.allclose(np.multiply(listener.position_m, [1, -1, 1]), other.position_m, atol=1e-6)
    }


def product_outcomes(realised: Realised, draws: ChannelTolerance | None, moved: MovedHead | None) -> Iterator[Outcome]:
    """Each curve at the worst place, over the product line and heads, and with the head moved; nothing without one, or over regions."""
    design, (inside, w) = realised.design, realised.band
    if inside.regions is not None:
        return
    worst = inside.worst_gain(w) if inside.own_dark.shape[1] > 1 else None
    curves: list[tuple[Any, ...]] = [
        (CURVE_LABEL, design.cancellation_gain_db, worst, *(a and a.gain_db for a in (draws, moved)))
    ]
    for name, group in zip(design.dark or (), inside.dark_groups, strict=True):
        ratios = measures.point_ratios(inside.bright, group.places, w, paired=False).min(axis=1)
        over = (analysis and analysis.dark_db[name] for analysis in (draws, moved))
        curves.append((group.label, dark_curve(design, name), ratios if group.points.shape[1] > 1 else None, *over))
    for label, curve, least, drawn_db, moved_db in curves:
        gains: list[tuple[str, Real, Real]] = []
        if least is not None:
            gains.append((WORST, measures.db(least), inside.frequency_hz))
        if draws is not None:
            gains.append((PRODUCT_LINE, np.percentile(drawn_db, 5, axis=0), draws.frequency_hz))
        if moved is not None:
            gains.append((MOVED, np.percentile(moved_db, 5, axis=0), moved.frequency_hz))
        for place, gain_db, frequency_hz in gains if curve is not None else ():
            yield Outcome.of(label, place, curve_db(curve, frequency_hz) - gain_db, frequency_hz)
