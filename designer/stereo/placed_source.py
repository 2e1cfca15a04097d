"""Where a realised stereo chain places each side's source, and how loud: the numbers that a verdict on the chain stands on.

The angle is where a real loudspeaker would give the head the chain's own mean interaural time (`listening`). Level is what the ipsilateral
ear gets over what plain playback of the side's ear design gives it, at the cloud's centre; its mean is of dB over even ratios of
frequency in the ear designs' band. The balance is the mean of the left side's level at the left ear over the right's at the right ear.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from designer.arrays import Complex
from designer.evaluation.outcomes import MAX_MISSED_DB, Outcome, bands_outcome, hz
from designer.measures import amplitude_db
from designer.metrics import Realised
from designer.realization import response as filter_response
from designer.requirements.curves import in_band
from designer.requirements.plain import driver_index, plain_in
from designer.result import Result, analysis
from designer.stereo.listening import Listening, listening
from designer.stereo.matched import LOST_LEVEL_DB, VIRTUAL, plain_among, virtual_table
from designer.stereo.on_paper import OnPaper, on_paper
from designer.stereo.virtualisation import centre_of_cloud


@dataclass(frozen=True)
class PlacedSource:
    """One side's source, at the first head."""

    angle_deg: float
    angle_error_deg: float  # over the angle asked for: negative where it stands nearer to the middle
    time_reached: (
        float  # interaural time over the loudspeaker's, where it is furthest from it within `Listening.pointed_band_hz`
    )
    level_db: float  # mean over plain playback
    least_level_db: float
    least_level_hz: float


@dataclass(frozen=True)
class PlacedSources:
    """Both sides, and the balance between them."""

    sides: dict[str, PlacedSource]
    balance_db: float  # positive where the left side is louder

    @property
    def angle_error_deg(self) -> float:
        """The larger error of both sides."""
        return max((side.angle_error_deg for side in self.sides.values()), key=abs)


MAX_ANGLE_ERROR_DEG = 5.0
"""Largest error of a side's angle before exit code 7."""


@analysis
def placed_sources(design: Result) -> PlacedSources | None:
    """Angles, levels and balance of a design's realised chain; None without one, a DataError as `listening`."""
    heard = listening(design)
    if heard is None:
        return None
    f, head = heard.frequency_hz, heard.heads[0]
    bands_hz = [table.band_hz for table in design.problem.designs if table.name in VIRTUAL]
    inside = np.all([in_band(f, band_hz) for band_hz in bands_hz], axis=0)
    timed = in_band(f, list(heard.pointed_band_hz))
    sides, played_db = {}, []
    for ear, side in enumerate(VIRTUAL):
        chain, plain = _at_ear(design, heard, side, ear)
        level_db = amplitude_db(chain / plain)[inside]
        played_db.append(amplitude_db(chain)[inside])
        reached = (head.chain[side].time_s / heard.model.time_s)[timed]
        angle_deg = head.pointed_deg[side]
        sides[side] = PlacedSource(
            angle_deg=angle_deg,
            angle_error_deg=angle_deg - heard.crosstalk.angle_deg,
            time_reached=float(reached[np.abs(reached - 1).argmax()]),
            level_db=float(level_db.mean()),
            least_level_db=float(level_db.min()),
            least_level_hz=float(f[inside][level_db.argmin()]),
        )
    return PlacedSources(sides, float(np.mean(played_db[0] - played_db[1])))


def _at_ear(design: Result, heard: Listening, side: str, ear: int) -> tuple[Complex, Complex]:
    """The chain's pressure and that of plain playback (F,) at the side's own ear of the first head."""
    f, rate = heard.frequency_hz, design.problem.sample_rate_hz
    scene = centre_of_cloud(design.fine_scene).at(f)
    h = scene.ears()[:, ear]
    table = next(table for table in design.problem.designs if table.name == side)
    index = driver_index(table, scene.drivers)
    # Imported filters may be those of the chain alone.
    plain = design.channels[side].plain if side in design.channels else plain_in(table, design.fine_scene)
    chain = np.sum(h * filter_response(heard.chain.taps[VIRTUAL[side]], f, rate), axis=1)
    return chain, np.sum(h[:, index] * plain.weights(f, index.size), axis=1)


def sources_summary(design: Result) -> dict[str, Any] | None:
    """The placed sources in `summary.json`; None without a chain."""
    placed = placed_sources(design)
    if placed is None:
        return None
    sides = {
        side: {name: round(value, 3) for name, value in asdict(source).items()} for side, source in placed.sides.items()
    }
    return {**sides, "balance_db": round(placed.balance_db, 3)}


def _decibels(value: float) -> str:
    """One decimal, and no sign on nothing."""
    return f"{value:z.1f}"


def lost_level_db(design: Result) -> float:
    """Level in dB that the louder-held side loses where its requirement is most missed: below plain playback's with priority = "level",
    below the side's own mean with "tone"; 0 with "time", which lets it go, and without [virtualizer] chain = "matched".
    """
    settings, placed = design.problem.virtualizer, placed_sources(design)
    if placed is None or settings is None or settings.chain != "matched" or settings.priority == "time":
        return 0.0
    tone = settings.priority == "tone"
    return max(side.level_db * tone - side.least_level_db for side in placed.sides.values())


@analysis
def virtual_bands(design: Result) -> dict[str, Outcome]:
    """The drivers' bands in each virtual channel that feeds a driver too much outside its band."""
    tables = [table for table in design.problem.designs if table.name in VIRTUAL]
    missed = {}
    for table in tables:
        name = VIRTUAL[table.name]
        if name not in design.taps or table.name not in design.channels:
            continue
        virtual = virtual_table(table, tables, design.drivers)
        plain = plain_among(design.channels[table.name].plain, table, virtual, design.drivers)
        for outcome in bands_outcome(Realised(virtual, design.taps[name], plain, design.fine_scene)):
            if outcome.missed_db > MAX_MISSED_DB:
                missed[name] = outcome
    return missed


@dataclass(frozen=True)
class ChainOutcome:
    """Requirements that a designed chain misses: those that its weights miss within the limits, and those that its filters alone do."""

    paper: OnPaper | None = None  # where the angle or the level is missed
    infeasible_deg: float = 0.0
    infeasible_db: float = 0.0
    missed_deg: float = 0.0
    missed_db: float = 0.0
    misses_bands: bool = False

    @property
    def infeasible(self) -> bool:
        """Whether the weights miss the angle by more than MAX_ANGLE_ERROR_DEG, or the level by MAX_MISSED_DB."""
        return self.infeasible_deg > 0 or self.infeasible_db > 0

    @property
    def missed(self) -> bool:
        """Whether the filters miss what the weights meet, or a driver's band by MAX_MISSED_DB."""
        return self.missed_deg > 0 or self.missed_db > 0 or self.misses_bands


@analysis
def chain_outcome(design: Result) -> ChainOutcome:
    """The outcome of a chain; nothing missed without one. Imported filters have no weights: what they miss is theirs."""
    lost_db, bands = lost_level_db(design), bool(virtual_bands(design))
    placed = placed_sources(design)
    off_deg = 0.0 if placed is None else abs(placed.angle_error_deg)
    if off_deg <= MAX_ANGLE_ERROR_DEG and lost_db <= MAX_MISSED_DB:
        return ChainOutcome(misses_bands=bands)
    if design.imported_from:
        missed_deg, missed_db = off_deg * (off_deg > MAX_ANGLE_ERROR_DEG), lost_db * (lost_db > MAX_MISSED_DB)
        return ChainOutcome(missed_deg=missed_deg, missed_db=missed_db, misses_bands=bands)
    paper = on_paper(design)
    assert paper is not None
    paper_deg, beyond_db = abs(paper.angle_error_deg), lost_db - paper.lost_level_db
    angle_infeasible = off_deg > MAX_ANGLE_ERROR_DEG and paper_deg > MAX_ANGLE_ERROR_DEG
    return ChainOutcome(
        paper,
        infeasible_deg=paper_deg * angle_infeasible,
        infeasible_db=paper.lost_level_db * (lost_db > MAX_MISSED_DB and paper.lost_level_db > MAX_MISSED_DB),
        missed_deg=off_deg * (off_deg > MAX_ANGLE_ERROR_DEG and not angle_infeasible),
        missed_db=beyond_db * (beyond_db > MAX_MISSED_DB),
        misses_bands=bands,
    )


def _least(*sides: PlacedSource) -> str:
    """Clause on the frequency at which a side is quietest, where that is more than LOST_LEVEL_DB below plain playback."""
    least = min(sides, key=lambda side: side.least_level_db)
    if least.least_level_db >= -LOST_LEVEL_DB:
        return ""
    return f" (least {_decibels(least.least_level_db)} dB at {hz(least.least_level_hz)})"


def chain_sentence(design: Result) -> str:
    """The verdict on the stereo chain: its angles, their error, level and balance; empty without one."""
    placed = placed_sources(design)
    if placed is None:
        return ""
    left, right = (placed.sides[side] for side in VIRTUAL)
    off_deg, chain = abs(placed.angle_error_deg), chain_outcome(design)
    outcome = f"{'met within' if off_deg <= MAX_ANGLE_ERROR_DEG else 'missed by'} {off_deg:.1f} degrees"
    if chain.missed_deg and not design.imported_from:
        outcome = f"met on paper, and these filters miss it by {off_deg:.1f} degrees"
    if chain.paper and chain.infeasible_deg:
        outcome = f"infeasible by {chain.infeasible_deg:.1f} degrees within {chain.paper.limits}"
    sentence = (
        f"stereo chain: {left.angle_deg - left.angle_error_deg:g} degrees asked; {outcome}, the sources at"
        f" {left.angle_deg:.1f} degrees to the left and {right.angle_deg:.1f} to the right; level {_decibels(left.level_db)} and"
        f" {_decibels(right.level_db)} dB re plain playback{_least(left, right)}, balance {_decibels(placed.balance_db)} dB"
    )
    longer = "sections" if design.sections else "taps"
    remedy = "" if design.imported_from else f"; remedy: more [realization] {longer}"
    if design.choice is not None:
        remedy = f"; {design.choice.remedy}"
    if chain.paper and chain.infeasible_db:
        sentence += f"; the level infeasible by {_decibels(chain.infeasible_db)} dB within {chain.paper.limits}"
    if chain.missed_db:
        more = " more" if chain.infeasible_db else ""
        sentence += f"; these filters miss the level by {_decibels(chain.missed_db)} dB{more}{remedy}"
    for name, bands in virtual_bands(design).items():
        sentence += f"; {name} misses the drivers' bands {bands.by()}{remedy}"
    if chain.missed_deg:
        sentence += remedy
    if chain.infeasible_deg:
        within_deg = int(min(left.angle_deg, right.angle_deg))
        sentence += f"; these drivers and limits reach [virtualizer] angle_deg = {within_deg}"
    return sentence
