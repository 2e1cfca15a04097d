"""The channels virtual-left and virtual-right, realised as one set: by matching both ears (`matched`), or, with chain = "combined", CTC
filters combined with the crosstalk model.

The side's own channel G and the other side's channel G' give the ipsilateral and the contralateral ear (E, q E) and (q' E', E'): q and q'
are what a *realised* channel still leaves at the ear that it cancels, and r = E'/E. The ipsilateral ear is to get X_i E, the level
and the tone of the own channel, the contralateral one T E. Of the input the own channel is fed a, the other b:

    a + q' r b = X_i              b = (T - q X_i) / (1 - q q') / r
    q a + r b = T          so     a = X_i - q' r b                                                              (1)

With T = X_c, q = q' and r = 1 these are (X_i - q X_c)/(1 - q²) and (X_c - q X_i)/(1 - q²). To add X_c to what is left would
give too much crosstalk. Where |1 - q q'| is small, two channels hardly differ at the ears and (1) would play them loudly
against each other; the divisor is held to LEAST_DIVISOR and keeps its phase, and the ipsilateral ear still gets X_i.

Outside the CTC band G and G' are the plain drivers, which give the contralateral ear more than a wide pair would already: there
T = q X_i and b = 0. On the way T goes with the share s of the design, 1 in the band and 0 beyond the fades,

    T = q X_i (X_c / (q X_i))^s                                                                                 (2)

so that level in dB and phase move evenly; a straight mixture would pass through a null, because X_c turns away from q.

A channel that leaves q in phase with what it gives the ipsilateral ear has little difference between the ears, and a wide source
needs much of it, up to 9 dB more where the head is small against the wave. Where a driver's max_gain_db would be passed, s
is the largest share that keeps it: the source then stands between the drivers and its angle, at its full tone.

Over several heads q, q' and r are those that fit best: Σ conj(near) far / Σ |near|² over the heads.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from designer.acoustics.scene import Scene
from designer.arrays import Bool, Complex, Real
from designer.designs.channel import ChannelDesign
from designer.evaluation.outcomes import spans
from designer.measures import FLOOR
from designer.problem import geometry
from designer.problem.messages import enumeration
from designer.realization import Realized, realize_form
from designer.realization import response as filter_response
from designer.requirements.plain import middle_place
from designer.stereo.crosstalk import crosstalk_of
from designer.stereo.matched import (
    VIRTUAL,
    at_least,
    faded_ratio,
    matched_sides,
    plain_among,
    share_of_design,
    shortfalls,
    virtual_table,
)

LIMIT_ROUNDS = 5
"""How often a matched chain is realised, each time with limits lower by what the filters before passed them."""
KEPT_LIMIT = 10 ** (0.05 / 20)
"""Factor on a driver's gain limit that filters may have."""
LEAST_DIVISOR = 0.5
TINY = 1e-12
STEPS, HALVINGS = 16, 12
HELD = 0.02  # a share that a driver's limit takes, from which on it is said
LEFT_FIRST, RIGHT_FIRST = [geometry.LEFT, geometry.RIGHT], [geometry.RIGHT, geometry.LEFT]


@dataclass(frozen=True)
class Heard:
    """Responses of two channels at the ears of one side, the ipsilateral ear first: q, q' and r of (1), each (F,)."""

    residual: Complex
    other_residual: Complex
    louder: Complex

    @classmethod
    def of(cls, ears: Complex, opposite: Complex) -> Heard:
        """From what both channels give to the ipsilateral and the contralateral ear at H heads (F, H, 2)."""
        near, across = ears[..., 0], opposite[..., 1]
        return cls(_ratio(near, ears[..., 1]), _ratio(across, opposite[..., 0]), _ratio(near, across))

    def target(self, near: Complex, far: Complex, share: Real) -> Complex:
        """T of (2) (F,), over its own frequencies in rising order: phases are unwrapped along them."""
        R = np.where(far == 0, TINY, far) / near
        return np.where(share < 1, near * faded_ratio(at_least(self.residual), R, share), far)

    def combination(self, near: Complex, target: Complex) -> tuple[Complex, Complex]:
        """Shares of the input that the side's own channel and the other are fed, a and b (F,) of (1), for T = `target`."""
        divisor = 1 - self.residual * self.other_residual
        divisor = np.where(np.abs(divisor) > TINY, divisor, TINY)
        divisor = divisor * np.maximum(1.0, LEAST_DIVISOR / np.abs(divisor))
        louder = np.where(np.abs(self.louder) > TINY, self.louder, 1.0)
        b = (target - self.residual * near) / divisor / louder
        return near - self.other_residual * louder * b, b


def largest_share(weights: Callable[[Real], Complex], limit: Real, most: Real) -> Real:
    """The largest share (F,), at most `most`, up to which weights(share) (F, L) keep |w| <= limit (L,) at each of STEPS shares.

    Halved down between the last that keeps it and the first that does not; 0 where none does.
    """
    share_within, ends = np.zeros_like(most), np.zeros(most.shape, dtype=bool)
    for step in range(1, STEPS + 1):
        within = np.all(np.abs(weights(most * step / STEPS)) <= limit, axis=1) & ~ends
        share_within, ends = np.where(within, most * step / STEPS, share_within), ~within
    passed = np.minimum(share_within + most / STEPS, most)
    for _ in range(HALVINGS):
        middle = (share_within + passed) / 2
        within = np.all(np.abs(weights(middle)) <= limit, axis=1)
        share_within, passed = np.where(within, middle, share_within), np.where(within, passed, middle)
    return np.asarray(np.where(ends, share_within, most))


def _ratio(under: Complex, over: Complex) -> Complex:
    power = np.sum(np.abs(under) ** 2, axis=1)
    return np.asarray(np.sum(under.conj() * over, axis=1) / np.maximum(power, FLOOR))


def centre_of_cloud(scene: Scene) -> Scene:
    """Scene with the head at the one displacement that is nearest to the middle of the ear cloud."""
    return scene.moved(scene.displacements_m[[middle_place(scene.displacements_m)]])


@dataclass(frozen=True)
class Side:
    """One virtual channel before it is realised."""

    weights: Complex  # (F, L) without the bulk delay
    share: Real  # (F,) of the combination
    held: Bool  # (F,) where a driver's max_gain_db holds the share down


def virtual_sides(scene: Scene, taps: Mapping[str, Real], bulk_delay_samples: int) -> dict[str, Side]:
    """Both virtual channels on the scene's frequencies, from the taps (L, T) of the realised designs "left" and "right"."""
    problem, f = scene.problem, scene.frequency_hz
    model = crosstalk_of(problem)
    assert model is not None
    tables = [table for table in problem.designs if table.name in VIRTUAL]
    band = share_of_design(tables, f)
    gains_db = [np.inf if driver.max_gain_db is None else driver.max_gain_db for driver in problem.drivers]
    limit = 10 ** (np.array(gains_db) / 20)
    ahead = np.exp(2j * np.pi * f * bulk_delay_samples / problem.sample_rate_hz)[:, None]
    w = {side: filter_response(taps[side], f, problem.sample_rate_hz) * ahead for side in VIRTUAL}
    H = centre_of_cloud(scene).ears().reshape(f.size, -1, 2, len(scene.drivers))
    ears = {side: np.einsum("fhel,fl->fhe", H, w[side]) for side in VIRTUAL}
    near, far = model.near(f), model.far(f)
    sides = {}
    for side, opposite, order in (("left", "right", LEFT_FIRST), ("right", "left", RIGHT_FIRST)):
        heard = Heard.of(ears[side][..., order], ears[opposite][..., order])

        def weights(
            share: Real, heard: Heard = heard, direct: Complex = w[side], across: Complex = w[opposite]
        ) -> Complex:
            a, b = heard.combination(near, heard.target(near, far, share))
            return np.asarray(a[:, None] * direct + b[:, None] * across)

        share = largest_share(weights, limit, band) if np.isfinite(limit).any() else band
        sides[side] = Side(weights(share), share, share < band - HELD)
    return sides


def virtual_channels(designs: Sequence[ChannelDesign], realised: Realized, scene: Scene) -> Realized:
    """The virtual channels, left and right, realised together in the problem's form.

    The fit hears an error at the ipsilateral ear as the side's own channel's does, and at the contralateral one relative to what the
    crosstalk model leaves there. They are held to no requirement; in the RTF form each has the reference that serves it best. A fit passes
    a driver's limit beside a corner of its weights: there a matched chain is solved again within a limit so much lower, and loses
    level or angle as `priority` has it. Sections, whose fit takes seconds, are fitted once.
    A DataError where the measured head's file cannot be used.
    """
    problem, frequency_hz = scene.problem, scene.frequency_hz
    settings, model = problem.virtualizer, crosstalk_of(problem)
    assert settings is not None
    assert model is not None
    number = {channel.design.name: n for n, channel in enumerate(designs)}
    sides = {side: designs[number[side]] for side in VIRTUAL}
    tables = {side: channel.design for side, channel in sides.items()}

    def realised_as(weights: Mapping[str, Complex]) -> Realized:
        channels = []
        for side, channel in sides.items():
            table = virtual_table(channel.design, list(tables.values()), scene.drivers)
            plain = plain_among(channel.plain, channel.design, table, scene.drivers)
            channels.append(replace(channel, design=table, plain=plain, weights=weights[side], slacks_db={}))
        return realize_form(channels, scene, problem.realization.model_copy(update={"hold_requirements": False}))

    if settings.chain == "matched":
        plains = {side: channel.plain for side, channel in sides.items()}
        near, far = model.near(frequency_hz), model.far(frequency_hz)
        lowered = {side: np.ones((frequency_hz.size, len(scene.drivers))) for side in VIRTUAL}
        for _ in range(1 if problem.realization.form == "biquad" else LIMIT_ROUNDS):
            matched = matched_sides(scene, tables, plains, near, far, lowered)
            virtual = realised_as({side: channel.weights for side, channel in matched.items()})
            over = {side: _over_limits(taps, scene) for side, taps in zip(VIRTUAL, virtual.taps, strict=True)}
            if max(float(factor.max()) for factor in over.values()) <= KEPT_LIMIT:
                break
            lowered = {side: lowered[side] / np.maximum(over[side], 1.0) for side in VIRTUAL}
        predicates = {VIRTUAL[side]: shortfalls(frequency_hz, channel, problem) for side, channel in matched.items()}
    else:
        taps = {side: realised.taps[number[side]] for side in VIRTUAL}
        combined = virtual_sides(scene, taps, realised.bulk_delay_samples)
        virtual = realised_as({side: channel.weights for side, channel in combined.items()})
        predicates = {
            VIRTUAL[side]: [_held(frequency_hz, channel)] if channel.held.any() else []
            for side, channel in combined.items()
        }
    return replace(virtual, warnings=(*virtual.warnings, *_told_once(predicates)))


def _over_limits(taps: Real, scene: Scene) -> Real:
    """By what factor taps (L, T) pass each driver's max_gain_db (F, L), at a frequency of the scene or one beside it."""
    limits_db = [np.inf if driver.max_gain_db is None else driver.max_gain_db for driver in scene.problem.drivers]
    w = filter_response(taps, scene.frequency_hz, scene.problem.sample_rate_hz)
    over = np.abs(w) / 10 ** (np.array(limits_db) / 20)
    beside = np.pad(over, ((1, 1), (0, 0)), mode="edge")
    return np.asarray(np.max([beside[:-2], over, beside[2:]], axis=0))


def _told_once(predicates: Mapping[str, Sequence[str]]) -> list[str]:
    """Sentences of channels and their predicates; what two channels share has one."""
    texts = dict.fromkeys(text for channel_texts in predicates.values() for text in channel_texts)
    return [
        f"{enumeration([name for name, channel_texts in predicates.items() if text in channel_texts])}: {text}"
        for text in texts
    ]


def _held(frequency_hz: Real, side: Side) -> str:
    """Predicate on what the drivers' limits take from a virtual channel."""
    share, where = 100 * float(side.share[side.held].min()), spans(frequency_hz, side.held)
    return (
        f"max_gain_db of the drivers holds the virtual loudspeaker to {share:.0f} % of what its angle needs, {where},"
        " where it sounds from between the drivers and that angle; remedy: a larger max_gain_db or a smaller [virtualizer] angle_deg"
    )
