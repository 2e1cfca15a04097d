"""One channel's realised filters in a scene, which its numbers are computed from."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from designer import measures
from designer.acoustics.scene import Scene
from designer.arrays import Complex, Real
from designer.measures import amplitude_db, db
from designer.problem.schema import DesignTable
from designer.realization import response
from designer.realization.cost import ChannelCost
from designer.requirements.channel_target import channel_target, driver_index
from designer.requirements.plain import Plain
from designer.requirements.slacks import excesses_db, slacks_db
from designer.requirements.target import ChannelTarget


@dataclass(frozen=True)
class Realised:
    """One channel's realised filters in a scene, which its numbers are computed from.

    Attributes
    ----------
    taps : (L, T) float array, of all the scene's drivers
    lowered : bool, whether its limits left it less than the plain level
    moved : object, median_db, fifth_percentile_db and first_percentile_db with the head moved; None where there is no head
    draws : object, gain_db (D, F) of drawn devices and nominal_db (F,); None where they were not made
    zone_m2 : float or None, area of the listening zone; None where it was not made
    cost : ChannelCost or None, of the filters as a firmware runs them; None where it was not made
    room : object, mean_db and drawn_percentile_db of the isolation in the room; None where it was not made
    population : object, percentile_db and largest_loss_db of heads left out in turn; None where it was not made
    playback : object, kinds, isolations and desired of all channels that play together; None where no other listener is named
    between : Realised or None, the same filters at frequencies between the scene's, where requirements alone are judged

    """

    design: DesignTable
    taps: Real
    plain: Plain
    scene: Scene
    lowered: bool = False
    moved: Any = None
    draws: Any = None
    zone_m2: float | None = None
    cost: ChannelCost | None = None
    room: Any = None
    playback: Any = None
    population: Any = None
    between: Realised | None = None

    @property
    def judged(self) -> tuple[Realised, ...]:
        """Itself, and the same filters between its frequencies: where requirements are judged."""
        return (self,) if self.between is None else (self, self.between)

    @cached_property
    def full(self) -> Complex:
        """Responses of all drivers' filters (F, L)."""
        return response(self.taps, self.scene.frequency_hz, self.scene.problem.sample_rate_hz)

    @cached_property
    def index(self) -> Any:
        """Places of the channel's own drivers among all."""
        return driver_index(self.design, self.scene.drivers)

    @cached_property
    def w(self) -> Complex:
        """Responses of the channel's own drivers' filters."""
        return self.full[:, self.index]

    @cached_property
    def target(self) -> ChannelTarget:
        """Required ratio at every frequency of the scene."""
        return channel_target(self.design, self.scene, self.plain)

    @cached_property
    def band(self) -> tuple[ChannelTarget, Complex]:
        """Target and responses at the frequencies in the band."""
        return self.target.at(self.target.in_band), self.w[self.target.in_band]

    @cached_property
    def missed_db(self) -> dict[str, Real]:
        """Requirement or limit -> by how much it is missed, at the frequencies in the band."""
        inside, w = self.band
        names = tuple(self.scene.drivers[i] for i in self.index)
        return {**slacks_db(inside, w), **excesses_db(inside, w, names)}

    @cached_property
    def tone_db(self) -> Real:
        """Level at the bright points over the plain driver's (F,)."""
        level = np.maximum(measures.mean_power(self.target.bright, self.w), 1e-300)
        return np.asarray(db(level) - amplitude_db(self.target.plain_level))

    @cached_property
    def isolations(self) -> Any:
        """Inter-zone and inter-programme isolation of the channel's programme (F,), or None each, in dB."""
        return self.playback.isolations(self.design, self.scene)

    @property
    def has(self) -> frozenset[str]:
        """Which of the needs of metrics are met."""
        needs = {
            "target": self.target.gamma is not None,
            "regions": self.target.regions is not None,
            "dark": bool(self.target.dark_groups),
            "moved": self.moved is not None,
            "draws": self.draws is not None,
            "zone": self.zone_m2 is not None,
            "cost": self.cost is not None,
            "room": self.room is not None,
            "population": self.population is not None,
            "playback": self.playback is not None and bool(self.target.dark_groups),
        }
        of_programmes = frozenset() if self.playback is None else self.playback.kinds(self.design)
        return frozenset({"drivers", "directions", *(name for name, met in needs.items() if met)}) | of_programmes
