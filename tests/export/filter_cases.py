"""Sets of filters as a design makes them: taps with a pure delay and a silent driver, words, sections, odd names."""

from __future__ import annotations

import numpy as np

from designer.arrays import Real
from designer.export.filter_set import FilterSet, filters_of
from designer.problem.word_format import Word
from designer.realization.cascade import Cascade

DRIVERS = ("woofer", "front", "tweeter")
ODD_CHANNELS = ('l "eft", #1: é', "l_eft--1 e", "*/ \\", "日本")


def is_held(target: str, filters: FilterSet) -> bool:
    """Whether a case is for a target: of two drivers alone, or of sections without a mix; the tests of these have cases of their own."""
    unmixed = sorted(one.driver for one in filters.filters) == sorted(filters.drivers)
    if target == "easyeffects":
        return len(filters.drivers) == 2 and len(filters.channels) <= 2
    if target == "sof":
        return filters.form != "biquad" or unmixed
    return target != "tas58xx" or (filters.form == "biquad" and unmixed)


def fir(taps: int = 40, seed: int = 1, rate: float = 48000.0, **keys: object) -> FilterSet:
    """Two channels and three drivers: `a` is a pure delay at the front and silent at the tweeter; `b` waits 11 samples."""
    draw = np.random.default_rng(seed)
    channels = {"a": decaying(draw, taps), "b": decaying(draw, taps)}
    channels["a"][1] = 0.0
    channels["a"][1, 7] = 1.0
    channels["a"][2] = 0.0
    return made(channels, DRIVERS, {}, "fir", rate, delays={"b": 11}, **keys)


def two_lengths() -> FilterSet:
    """A channel of 30 taps and one of 50, as a stereo chain has."""
    draw = np.random.default_rng(8)
    return made({"a": decaying(draw, 30), "b": decaying(draw, 50)}, DRIVERS, {}, "fir", delays={"a": 5})


def words(name: str = "q15", taps: int = 24, largest: float = 1.7) -> FilterSet:
    """Taps that are integers of a word, shifted by 1."""
    word = Word.of(name)
    draw = np.random.default_rng(5)
    integers = np.rint(draw.uniform(word.least / 2, word.greatest / 2, (2, taps)))
    integers[0, 3] = np.rint(largest / 2 / word.step)
    return made({"a": integers * 2 * word.step}, DRIVERS[:2], {}, "fir", word=word, shifts={"a": 1})


def biquads(sections: int = 4, rate: float = 48000.0, **keys: object) -> FilterSet:
    """Stable cascades behind delays of 9 and 0 samples; one channel waits 3 more."""
    draw = np.random.default_rng(3)
    cascades: dict[str, dict[str, Cascade]] = {}
    channels = {}
    for channel in ("left", "right"):
        cascades[channel] = {}
        responses = []
        for number, driver in enumerate(DRIVERS[:2]):
            cascade = stable(draw, sections, 9 if number == 0 else 0)
            cascades[channel][driver] = cascade
            responses.append(cascade.impulse_response(400))
        channels[channel] = np.array(responses)
    return made(channels, DRIVERS[:2], cascades, "biquad", rate, delays={"right": 3}, **keys)


def odd_names() -> FilterSet:
    """Names that no file system, no C and no configuration takes as they are, two of which look alike when mangled."""
    draw = np.random.default_rng(2)
    return made({name: decaying(draw, 8)[:1] for name in ODD_CHANNELS}, ("drïver; 1",), {}, "fir")


def decaying(draw: np.random.Generator, taps: int) -> Real:
    """Random taps (3, T) that fade out."""
    return np.asarray(draw.standard_normal((3, taps)) * 0.4 * np.exp(-np.arange(taps) / 9.0))


def stable(draw: np.random.Generator, sections: int, delay: int) -> Cascade:
    """Conjugate pole pairs within a radius of 0.9."""
    radius, angle = draw.uniform(0.2, 0.9, sections), draw.uniform(0.1, 3.0, sections)
    a = np.stack([-2 * radius * np.cos(angle), radius**2], axis=1)
    return Cascade(draw.uniform(-1.5, 1.5, (sections, 3)), a, delay)


def made(
    channels: dict[str, Real],
    drivers: tuple[str, ...],
    sections: dict[str, dict[str, Cascade]],
    form: str,
    rate: float = 48000.0,
    **keys: object,
) -> FilterSet:
    return FilterSet(
        "A title; with */ signs",
        rate,
        tuple(channels),
        drivers,
        filters_of(channels, drivers, sections),
        form,
        20,
        problem_file="case.toml",
        problem_sha256="0" * 64,
        versions={"designer": "0"},
        **keys,  # type: ignore[arg-type]  # whatever the case sets
    )


def feeds(filters: FilterSet, x: Real) -> Real:
    """What the filters do to channels (N, C): drivers (N, L), each tap a loop of its own."""
    out = np.zeros((len(x), len(filters.drivers)))
    for one in filters.filters:
        c, d = filters.channels.index(one.channel), filters.drivers.index(one.driver)
        wait = filters.delays.get(one.channel, 0)
        for n, tap in enumerate(one.taps.tolist()):
            if n + wait < len(x):
                out[n + wait :, d] += tap * x[: len(x) - n - wait, c]
    return out
