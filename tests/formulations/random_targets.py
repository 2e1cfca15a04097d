"""Random targets, built array by array with no scene behind them: what the formulations are tried on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from designer.arrays import Complex, Real
from designer.requirements.target import ChannelTarget, Mask, Window


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """Properties of a random target; None and 0 leave a requirement or a limit out."""

    frequencies: int = 3
    drivers: int = 3
    bright: int = 1
    dark: int = 2
    gain_db: float | None = None
    masks_db: tuple[float, ...] = ()
    ripple_db: float | None = None
    max_effort_db: float | None = None
    max_gain_db: float | None = None
    white_noise_loss_db: float | None = None  # how far the floor lies below the largest white-noise gain there is
    deepest_nulls: bool = False
    bounded_drivers: bool = False
    spread: float = 0.0  # variance of each driver's relative error


def gaussian(rng: np.random.Generator, *shape: int) -> Complex:
    """Independent complex numbers of unit mean power."""
    return np.asarray((rng.normal(size=shape) + 1j * rng.normal(size=shape)) / np.sqrt(2))


def random_target(seed: int, wanted: Wanted) -> ChannelTarget:
    """A target of Gaussian responses: no geometry, no symmetry, nothing in phase."""
    rng = np.random.default_rng(seed)
    F, L = wanted.frequencies, wanted.drivers
    centre = gaussian(rng, F, L)
    # The points of a cloud resemble each other.
    bright = np.stack([centre, *(centre + 0.2 * gaussian(rng, F, L) for _ in range(wanted.bright - 1))], axis=1)
    dark = gaussian(rng, F, wanted.dark, L)
    plain = np.zeros((F, L), dtype=complex)
    plain[:, int(rng.integers(L))] = 1.0
    masks = tuple(
        Mask(f"mask[{i}]", gaussian(rng, F, 2, L), np.full(F, 10 ** (level / 20)), np.array([90.0, 100.0]))
        for i, level in enumerate(wanted.masks_db)
    )
    window = None
    if wanted.ripple_db is not None:
        near = centre[:, None] + 0.3 * gaussian(rng, F, 2, L)
        window = Window("window", near, 1 - 10 ** (-wanted.ripple_db / 20), np.array([-10.0, 10.0]))
    cost = 10 ** (2 * rng.random((F, L))) if wanted.bounded_drivers else np.ones((F, L))
    # The look point of an ear channel is the head's centre: it resembles the ear, in another phase.
    look, floor = centre, 0.0
    if wanted.white_noise_loss_db is not None:
        look = np.exp(2j * np.pi * rng.random()) * (centre + 0.2 * gaussian(rng, F, L))
        floor = float((np.abs(look) ** 2).sum(axis=1).min()) * 10 ** (-wanted.white_noise_loss_db / 10)
    return ChannelTarget(
        name="random",
        frequency_hz=np.linspace(500.0, 600.0, F),
        in_band=np.ones(F, dtype=bool),
        share=np.ones(F),
        bright=bright,
        dark=dark,
        centre=centre,
        look=look,
        look_distance_m=1.0,
        quiet=dark if not masks and window is None else gaussian(rng, F, 4, L),
        gamma=None if wanted.gain_db is None else np.full(F, 10 ** (wanted.gain_db / 10)),
        deepest_nulls=wanted.deepest_nulls,
        masks=masks,
        window=window,
        max_effort=_power(wanted.max_effort_db, F, np.inf),
        max_gain=np.full(L, np.inf if wanted.max_gain_db is None else 10 ** (wanted.max_gain_db / 20)),
        min_white_noise_gain=floor,
        cost=cost,
        plain=plain,
        spread=wanted.spread,
    )


def _power(db: float | None, count: int, without: float) -> Real:
    return np.full(count, without if db is None else 10 ** (db / 10))


def mapped(target: ChannelTarget, change: Callable[[Complex], Complex]) -> ChannelTarget:
    """The target with every response (..., L) changed in the same way."""
    return replace(
        target,
        bright=change(target.bright),
        dark=change(target.dark),
        centre=change(target.centre),
        look=change(target.look),
        quiet=change(target.quiet),
        masks=tuple(replace(mask, points=change(mask.points)) for mask in target.masks),
        window=None if target.window is None else replace(target.window, points=change(target.window.points)),
    )


def two_sided(target: ChannelTarget) -> ChannelTarget:
    """A target of one bright point made mirror-symmetric: the drivers in reverse order hear what the drivers hear.

    Every set of points is closed under the mirror, and every mask line has its image as another line.
    """

    def both(h: Complex) -> Complex:
        return np.concatenate([h, h[:, :, ::-1]], axis=1)

    centre = (target.centre + target.centre[:, ::-1]) / 2
    images = tuple(replace(mask, label=f"{mask.label}'", points=mask.points[:, :, ::-1]) for mask in target.masks)
    window = target.window
    return replace(
        target,
        bright=centre[:, None],
        centre=centre,
        look=centre,
        dark=both(target.dark),
        quiet=both(target.quiet),
        masks=target.masks + images,
        window=None if window is None else replace(window, points=both(window.points)),
    )
