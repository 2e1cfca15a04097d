"""A stereo chain before its filters: where the formulation's own weights place each side's source, how loud, and which limits bind.

The weights are solved anew, on the frequencies that `listening` judges the realised filters at: of a matched chain by the convex
problem, of a combined one by the combination of the realised ear channels. What they miss no filters mend: then the angle or the level is
infeasible within the drivers' limits, and the chain is the best compromise.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from designer.arrays import Complex, Real
from designer.measures import amplitude_db
from designer.problem.messages import enumeration, shown
from designer.requirements.curves import in_band
from designer.result import Result, analysis
from designer.stereo.interaural import phase_delay_s
from designer.stereo.listening import listening, pointed_deg
from designer.stereo.matched import VIRTUAL, matched_sides
from designer.stereo.virtualisation import centre_of_cloud, virtual_sides

BINDING_DB = 0.05
"""A driver that is fed within this of its limit binds."""


@dataclass(frozen=True)
class OnPaper:
    """Outcome of the weights of both sides, the worse of them.

    Attributes
    ----------
    angle_error_deg : float, over the angle asked for: negative where a source stands nearer to the middle
    lost_level_db : float, at most, of what priority = "level" keeps, in the ear designs' band
    balance_db : float, mean of the left side's level at the left ear over the right's at the right
    binding : tuple of str, drivers whose gain limit binds where the interaural time places a source

    """

    angle_error_deg: float
    lost_level_db: float
    balance_db: float
    binding: tuple[str, ...]

    @property
    def limits(self) -> str:
        """The limits that bind, as a phrase; "the drivers" where it is none of their gains."""
        if not self.binding:
            return "what these drivers reach"
        noun = "the gain limit" if len(self.binding) == 1 else "the gain limits"
        return f"{noun} of {enumeration(list(map(shown, self.binding)))}"


@analysis
def on_paper(design: Result) -> OnPaper | None:
    """Outcome of the weights of a design's chain; None without one."""
    heard, settings = listening(design), design.problem.virtualizer
    if heard is None or settings is None:
        return None
    f, model, scene = heard.frequency_hz, heard.crosstalk, design.fine_scene.at(heard.frequency_hz)
    weights: dict[str, Complex]
    if settings.chain == "matched":
        tables = {side: design.channels[side].table for side in VIRTUAL}
        plains = {side: design.channels[side].plain for side in VIRTUAL}
        sides = matched_sides(scene, tables, plains, model.near(f), model.far(f))
        weights, level = {side: matched.weights for side, matched in sides.items()}, [s.level for s in sides.values()]
    else:
        combined = virtual_sides(scene, {side: design.taps[side] for side in VIRTUAL}, design.bulk_delay_samples)
        weights, level = {side: channel.weights for side, channel in combined.items()}, []
    bands_hz = [design.channels[side].table.band_hz for side in VIRTUAL]
    inside = np.all([in_band(f, band_hz) for band_hz in bands_hz], axis=0)
    timed = in_band(f, list(heard.pointed_band_hz))
    ears = centre_of_cloud(scene).ears()[:, :2]
    time_s: dict[str, Real] = {}
    played_db = []
    for near, (side, w) in enumerate(weights.items()):
        at_ears = np.einsum("fel,fl->fe", ears, w)
        played_db.append(amplitude_db(at_ears[inside, near]))
        time_s[side] = phase_delay_s(at_ears[:, near], at_ears[:, 1 - near], f)[timed]
    pointed = pointed_deg(scene.heads[0], time_s, f[timed], design.problem.speed_of_sound_m_s)
    off_deg = max((pointed[side] - settings.angle_deg for side in VIRTUAL), key=abs)
    lost_db = 0.0
    if settings.priority == "level":
        lost_db = max((-float(amplitude_db(s[inside]).min()) for s in level), default=0.0)
    loudest_db = amplitude_db(np.max([np.abs(w[timed]) for w in weights.values()], axis=(0, 1)))
    binding = tuple(
        driver.name
        for driver, gain_db in zip(design.problem.drivers, loudest_db, strict=True)
        if driver.max_gain_db is not None and gain_db >= driver.max_gain_db - BINDING_DB
    )
    balance_db = float(np.mean(played_db[0] - played_db[1]))
    return OnPaper(off_deg, max(lost_db, 0.0), balance_db, binding)
