"""Sets of filters that meet every part of the exported C: small, with awkward names, loud taps, delays, silence and sections."""

from __future__ import annotations

import numpy as np

from designer.arrays import Real
from designer.export.filter_set import Filter, FilterSet, filters_of
from designer.realization.cascade import Cascade

CHANNELS = ("Front, left", "front left", "für */")
DRIVERS = ("2nd", "left", "*/ end", "silent")


def awkward(taps: int = 37) -> FilterSet:
    """FIR filters of an odd number of taps, some above 1; a pure delay; a channel that waits; a driver that no filter feeds."""
    rng = np.random.default_rng(7)
    values = rng.standard_normal((3, 4, taps)) * np.exp(-np.arange(taps) / 9)
    values[:, 3] = 0
    values[1, 0] = np.arange(taps) == 11
    values[2, 1] = 0
    values[2] /= 50
    found = filters_of({name: values[c] for c, name in enumerate(CHANNELS)}, DRIVERS, {})
    return FilterSet(
        "An \\ awkward */ set ??/",
        48000.0,
        CHANNELS,
        DRIVERS,
        found,
        "fir",
        5,
        delays={"für */": 70},
        problem_file="2.toml",
    )


def random_cascade(
    rng: np.random.Generator, sections: int, radius: float, *, delay: int = 0, level: float = 1.0
) -> Cascade:
    """Stable sections with poles and zeros at random angles."""
    angle, r = rng.uniform(0.05, 3.0, (2, sections)), rng.uniform(0.3, radius, (2, sections))
    a = np.stack([-2 * r[0] * np.cos(angle[0]), r[0] ** 2], axis=1)
    b = np.stack([np.ones(sections), -2 * r[1] * np.cos(angle[1]), r[1] ** 2], axis=1)
    b[0] *= level
    return Cascade(np.asfortranarray(b), np.asfortranarray(a), delay)  # as a fit may leave them


def sectioned() -> FilterSet:
    """Cascades behind delays, one of them beyond full scale, beside a pure delay."""
    rng = np.random.default_rng(3)
    found = []
    for channel, level in (("a", 1.0), ("a_b", 6.0)):
        for driver, delay in (("b_c", 9), ("c", 0)):
            cascade = random_cascade(rng, 4, 0.97, delay=delay, level=level)
            found.append(Filter(channel, driver, impulse(cascade), cascade))
    found.append(Filter("a", "d", np.eye(1, 600, 30)[0], None, 30))
    return FilterSet(
        "Sections", 44100.0, ("a", "a_b"), ("b_c", "c", "d"), tuple(found), "biquad", 30, problem_file="sections.toml"
    )


def impulse(cascade: Cascade) -> Real:
    return cascade.impulse_response(600)
