"""One channel's target on a frequency grid, as arrays: the bright and dark points, what is required there, and the limits."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from designer.arrays import Bool, Complex, Index, Real
from designer.measures import cancellation_gain, mean_power, mean_power_matrix, point_ratios
from designer.requirements.curves import LEAST_NOTICED

if TYPE_CHECKING:  # a formulation knows its target alone, and neither a scene nor a problem file
    from designer.requirements.region_power import RegionPower

CURVE_LABEL, DIFFUSE_LABEL, WINDOW_LABEL = "cancellation_gain_db", "diffuse_gain_db", "window"


@dataclass(frozen=True)
class Mask:
    """One mask line: |h w| at its points stays below `limit` times the on-axis response; inf where it does not hold."""

    label: str
    points: Complex  # (F, M, L)
    limit: Real  # (F,)
    azimuth_deg: Real  # (M,)


@dataclass(frozen=True)
class Window:
    """The listening window: the level's deviation ||h w| - |d|| at its points stays below `ripple` times |d|, d the on-axis response.

    phase_passes : the fewest passes that free its phase (see `designer.formulations.constrained`)
    """

    label: str
    points: Complex  # (F, M, L)
    ripple: float
    azimuth_deg: Real  # (M,)
    phase_passes: int = 0


@dataclass(frozen=True)
class DarkGroup:
    """Dark points of one listener or place, and the power ratio that is required there, if any is."""

    label: str  # of the requirement
    points: Complex  # (F, C, L)
    gamma: Real | None = None  # (F,)
    scale: Real | None = None  # (C, 1) factors of the points, the roots of their heads' weights
    heads: int = 1  # of the listener, outermost among the points

    @property
    def places(self) -> Complex:
        """The points (F, C, L) without the weights of their heads."""
        return self.points if self.scale is None else self.points / self.scale

    def at(self, index: Index | Bool | slice) -> DarkGroup:
        """The group on some of the frequencies."""
        return replace(self, points=self.points[index], gamma=None if self.gamma is None else self.gamma[index])


@dataclass(frozen=True)
class JointPlaces:
    """Places of several curves: bright and dark points (F, G, M, L), the dark ones scaled to the first curve, and which curve (G,)."""

    bright: Complex
    dark: Complex
    curve: Index

    def at(self, index: Index | Bool | slice) -> JointPlaces:
        """The places on some of the frequencies."""
        return replace(self, bright=self.bright[index], dark=self.dark[index])


@dataclass(frozen=True)
class ChannelTarget:
    """Everything that a formulation needs of a channel, on one frequency grid; drivers are the channel's own (L of them)."""

    name: str
    frequency_hz: Real  # (F,)
    in_band: Bool  # (F,)
    share: Real  # (F,) of the design against the plain driver
    bright: Complex  # (F, R, L)
    dark: Complex  # (F, C, L)
    centre: Complex  # (F, L): the point whose phase is kept: the ipsilateral ear of the cloud's centre, or the look direction
    look: Complex  # (F, L): the point of the white-noise gain and the directivity index
    look_distance_m: float
    quiet: Complex  # (F, Q, L): where nothing is wanted
    gamma: Real | None  # (F,) required power ratio
    deepest_nulls: bool  # the nulls are to be as deep as the rest allows
    masks: tuple[Mask, ...]
    window: Window | None
    max_effort: Real  # (F,) ratio of powers; inf without a limit; a beam's floor of white-noise gain is one too
    max_gain: Real  # (L,) amplitude; inf without a limit
    min_white_noise_gain: float  # ratio of powers; 0 without a limit
    cost: Real  # (F, L) diagonal of P
    plain: Complex  # (F, L) weights of the plain driver, the reference of level and phase
    file_max_effort: float | None = None  # the file's own limit where max_effort holds another one too; inf without one
    spread: float = 0.0  # ε², the variance of each driver's relative error
    worst_case: bool = False  # the curve is held for all errors with Σ|e_l|² <= ε², not in the mean over the spread
    percentile: float | None = None  # the curve is held by this percentile over drawn devices
    each_place: bool = (
        False  # the curve is held at every pair of a bright and a dark point, or by a percentile over them
    )
    point_deviations: float = 1.0  # how many standard deviations of a point's pressure masks and window are held at
    deviations: tuple[float, float] = (0.0, 0.0)  # of each driver's gain in dB and phase in degrees
    spread_in_powers: bool = True  # the mean powers are over the spread too
    diffuse: Complex | None = None  # (F, L, L): mean power over the sphere, for the methods that ask for it
    regions: RegionPower | None = None  # regions of the sphere that the curve is held over instead of the points
    dark_groups: tuple[DarkGroup, ...] = ()  # each other listener and place
    everywhere: DarkGroup | None = None  # all directions at the distance of the bright points
    joint_places: JointPlaces | None = None  # of several curves that hold at every place
    other_ear: Complex | None = None  # (F, D, L) dark points that the curve is held over, where there are others
    paired: bool = True  # whether each bright point has a dark one of its own, or one bright point stands against all
    band_gain: Real | None = (
        None  # (F, L) slope of each driver outside its band, inf inside; None where no driver has a band
    )

    @property
    def power_spread(self) -> float:
        """ε² as the mean powers take it: a diagonal."""
        return self.spread if self.spread_in_powers and not self.over_a_ball else 0.0

    @property
    def over_a_ball(self) -> bool:
        """Whether the curve is held for all errors in a ball (`designer.requirements.worst_case`), of one size or another."""
        return self.worst_case or self.percentile is not None

    @property
    def point_spread(self) -> float:
        """The variance of a point's relative error that masks and window are held at."""
        return self.spread * self.point_deviations**2

    @property
    def bright_power(self) -> Complex:
        """A (F, L, L): w^H A w is the mean power over the bright points, and over the drivers' spread."""
        return mean_power_matrix(self.bright, self.power_spread)

    @property
    def dark_power(self) -> Complex:
        """B (F, L, L): the same over the dark points."""
        return mean_power_matrix(self.dark, self.power_spread)

    def power_ratio(self, w: Complex) -> Real:
        """Value that the curve is compared with (F,): the ratio over the regions where there are any, else over the points."""
        return cancellation_gain(self.bright, self.own_dark, w) if self.regions is None else self.regions.power_ratio(w)

    @property
    def own_dark(self) -> Complex:
        """The dark points (F, C, L) that the curve is held over: an ear's other ear, or all of a beam or a zone."""
        return self.dark if self.other_ear is None else self.other_ear

    @property
    def dark_places(self) -> Complex:
        """These points one by one (F, C, L): of a zone without the weights that its mean has."""
        if self.paired or not self.dark_groups:
            return self.own_dark
        return np.concatenate([group.places for group in self.dark_groups], axis=1)

    @property
    def held_groups(self) -> tuple[DarkGroup, ...]:
        """Listeners, places and all directions that have a required power ratio of their own."""
        groups = self.dark_groups if self.everywhere is None else (*self.dark_groups, self.everywhere)
        return tuple(group for group in groups if group.gamma is not None)

    @property
    def dark_curves(self) -> tuple[tuple[str, Complex, Real], ...]:
        """Curves over one listener's or place's points, or over all directions: label, points (F, C, L), required power ratio (F,)."""
        return tuple((group.label, group.points, group.gamma) for group in self.held_groups if group.gamma is not None)

    @property
    def curves(self) -> tuple[tuple[str, Complex, Real], ...]:
        """All curves that are required: of the other ear or of a beam, and of each dark listener and place."""
        ear = () if self.gamma is None else ((CURVE_LABEL, self.own_dark, self.gamma),)
        return (*ear, *self.dark_curves)

    def point_ratios(self, w: Complex) -> Real:
        """The ratio at each displacement or dark azimuth; of a zone, mean power at its bright points over that at each dark one (F, M)."""
        return point_ratios(self.bright, self.dark_places, w, paired=self.paired)

    def worst_gain(self, w: Complex) -> Real:
        """The smallest of these ratios (F,)."""
        return np.asarray(self.point_ratios(w).min(axis=1))

    @property
    def in_mean(self) -> ChannelTarget:
        """The target whose curve is over the weighted mean of all dark points, as methods of mean powers begin with it."""
        return replace(self, dark_groups=(), everywhere=None, other_ear=None)

    @property
    def of_curve_alone(self) -> ChannelTarget:
        """The target of the cancellation gain's own curve, other listeners and places left aside."""
        return replace(self.in_mean, dark=self.own_dark)

    def of_dark_curve(self, group: DarkGroup) -> ChannelTarget:
        """The target of one of the other curves alone; its dark points are nobody's pairs.

        With a percentile over heads each head of the dark listener is a place, against the mean over all bright points.
        """
        alone = replace(self.in_mean, dark=group.points, gamma=group.gamma, paired=False)
        if self.joint_places is None:
            return alone
        shape = (len(group.points), group.heads, -1, group.points.shape[2])
        bright = np.broadcast_to(self.bright[:, None], (*shape[:2], *self.bright.shape[1:]))
        return replace(
            alone, joint_places=JointPlaces(bright, group.points.reshape(shape), np.zeros(group.heads, dtype=int))
        )

    def over_regions(self) -> ChannelTarget:
        """The target with points that stand for its regions: the same A and B, for any formulation of these matrices."""
        if self.regions is None:
            return self
        matrices = self.regions.matrices
        bright, dark = equivalent_points(matrices.bright), equivalent_points(matrices.dark)
        return replace(self, bright=bright, dark=dark, regions=None)

    @property
    def effort_limit(self) -> Real:
        """The limit on effort that the file sets (F,), as a ratio of powers; inf without one."""
        return self.max_effort if self.file_max_effort is None else np.full(self.max_effort.shape, self.file_max_effort)

    @property
    def plain_level(self) -> Real:
        """Root of the plain driver's mean power at the bright points (F,): every design's level."""
        return np.asarray(np.sqrt(mean_power(self.bright, self.plain)))

    @property
    def gain_limit(self) -> Real:
        """Amplitude that each driver may be fed with (F, L); inf without a limit."""
        limit = np.broadcast_to(self.max_gain, self.plain.shape)
        return limit if self.band_gain is None else np.minimum(limit, self.band_limit)

    @property
    def band_limit(self) -> Real:
        """Amplitude that each driver's band leaves it (F, L): its slope, below what it takes inside.

        That is what the file says of the driver: max_gain_db, or 0 dB, the channel itself. Effort limits a channel, and says of no driver
        what it takes.
        """
        assert self.band_gain is not None
        return np.asarray(self.band_gain * self._band_start)

    @property
    def band_feed(self) -> Real:
        """Amplitude below which a driver does not notice that its band is missed (F, L)."""
        return np.asarray(np.maximum(self.band_limit, LEAST_NOTICED * self._band_start))

    @property
    def _band_start(self) -> Real:
        return np.where(np.isfinite(self.max_gain), np.maximum(self.max_gain, 1.0), 1.0)

    @property
    def single_level(self) -> Real:
        """Level of the single best driver, fed with 1 (F,): the reference of effort."""
        return np.asarray(np.sqrt(np.mean(np.abs(self.bright) ** 2, axis=1).max(axis=1)))

    def at(self, index: Index | Bool | slice) -> ChannelTarget:
        """Target on some of the frequencies."""
        window = self.window
        return replace(
            self,
            frequency_hz=self.frequency_hz[index],
            in_band=self.in_band[index],
            share=self.share[index],
            bright=self.bright[index],
            dark=self.dark[index],
            centre=self.centre[index],
            look=self.look[index],
            quiet=self.quiet[index],
            gamma=None if self.gamma is None else self.gamma[index],
            masks=tuple(replace(m, points=m.points[index], limit=m.limit[index]) for m in self.masks),
            window=None if window is None else replace(window, points=window.points[index]),
            max_effort=self.max_effort[index],
            cost=self.cost[index],
            plain=self.plain[index],
            band_gain=None if self.band_gain is None else self.band_gain[index],
            diffuse=None if self.diffuse is None else self.diffuse[index],
            other_ear=None if self.other_ear is None else self.other_ear[index],
            dark_groups=tuple(group.at(index) for group in self.dark_groups),
            everywhere=None if self.everywhere is None else self.everywhere.at(index),
            joint_places=None if self.joint_places is None else self.joint_places.at(index),
            regions=None if self.regions is None else self.regions.at(index),
        )


def equivalent_points(A: Complex) -> Complex:
    """Rows H (F, L, L) with H^H H / L = A: L points whose mean power is that of a region, whatever the weights.

    A = V Λ V^H gives H = √L Λ^{1/2} V^H. Any formulation that knows points by their mean power alone takes regions so.
    """
    values, vectors = np.linalg.eigh(A)
    root = np.sqrt(A.shape[-1] * np.maximum(values, 0.0))
    return np.asarray(root[:, :, None] * vectors.conj().swapaxes(1, 2))
