"""Loss of a channel's realised filters against the weights that they stand for, as it is heard and judged at the points.

- requirements: by how much a requirement or a limit is missed at any solved frequency of the band, beyond what the formulation fell
  short by: for an ear, the power ratio of both ears against the curve;
- bands: by how much a driver is fed beyond what its band allows, at any frequency;
- level: the largest change of the level at the bright points, from 100 Hz to 16 kHz, in the band and outside it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from designer.acoustics.scene import Scene
from designer.arrays import Index, Real
from designer.designs.channel import ChannelDesign
from designer.measures import amplitude_db
from designer.realization.mended_fit import Judge
from designer.realization.response import response
from designer.requirements.channel_target import channel_target, driver_index
from designer.requirements.target import ChannelTarget


class Losses(NamedTuple):
    """Losses of one channel in dB."""

    requirements_db: float
    bands_db: float
    level_change_db: float


@dataclass(frozen=True)
class LossJudge:
    """One channel's judge: at its solved frequencies, and everywhere for the drivers' bands."""

    drivers: Index
    scene: Scene
    inside: Judge
    everywhere: ChannelTarget

    @classmethod
    def of(cls, channel: ChannelDesign, scene: Scene) -> LossJudge:
        """The judge of a channel in a scene on the frequencies that were solved."""
        drivers = driver_index(channel.design, scene.drivers)
        judge = Judge.of(channel, scene, drivers)
        return cls(drivers, scene, judge, channel_target(channel.design, scene, channel.plain))

    def losses(self, taps: Real, bulk_delay_samples: int) -> Losses:
        """Losses of the filters (L, T) of all the scene's drivers."""
        taps, bands_db = taps[self.drivers], 0.0
        if self.everywhere.band_gain is not None:
            w = response(taps, self.scene.frequency_hz, self.scene.problem.sample_rate_hz)
            bands_db = float(amplitude_db(w / self.everywhere.band_feed).max())
        missed_db = self.inside.worst_db(taps, bulk_delay_samples)
        return Losses(missed_db, bands_db, self.inside.level_change_db(taps, bulk_delay_samples))
