"""Fixed-point arithmetic, sample for sample: exact sums of integers, what a target's model is, and the model of bare words.

A sum in 64 bits wraps; where a processor's accumulator does the same, the bits that it keeps are right. Where it must not,
`convolved` and `cascades` take Python's integers, which have no end, as soon as a bound says that 64 bits may not suffice.

**Long convolutions** go through transforms. Operands are cut into digits of 11 bits; the products of digits sum up to less
than 2^22 T, and a transform of N points in double precision is wrong by about 2^-53 log2(N) of the product of the operands'
norms: below 1e-3 for T = N = 65,536, so that rounding gives the exact integer.

**Cascades** run as a systolic array: at tick t section s computes its sample t - s from what section s - 1 gave at tick
t - 1, so that all sections of all filters are one operation on arrays. A section's sum is cut by `lower` bits, towards
minus infinity, and brought into its word. With error feedback the bits cut off are added to the section's next sum: the
error is then (1 - z^-1) times white noise and has no mean (Thong and Liu, IEEE Trans. Circuits Syst. 24, 1977).

**Bare words**, of targets that state no arithmetic (hex, COE, SigmaDSP tables): samples have the coefficients' bits ahead of the
point, and behind it the coefficients' own or 23, whichever is more (of SigmaDSP the coefficients' own). A sum is exact, in an
accumulator as wide as it needs; it is cut to a sample, towards minus infinity, and saturates: once for a filter in taps, after
each section for sections in direct form I. Of a section in `hex` the products of the numerator are multiplied by the
section's gain ahead of the sum.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.fft import irfft, next_fast_len, rfft
from scipy.signal import fftconvolve, sosfilt

from designer.arrays import Real
from designer.export.filter_set import Filter
from designer.problem.word_format import Word
from designer.realization.cascade import pole_radii
from designer.realization.section_scaling import settled_length

Whole = NDArray[np.int64]
Integers = NDArray[Any]
"""Of 64 bits, or Python's."""
Fit = Callable[[Integers], Integers]

DIGIT_BITS = 11
DIRECT_PRODUCTS = 1 << 23
SAFE = 1 << 62
RESONANT = 0.5
"""Poles within this radius ring for no more than a few samples."""
USUAL_TONE = np.pi / 32
"""In radians a sample: 750 Hz at 48 kHz."""
ERROR_FEEDBACK = "error feedback (what a section's sum loses is added to its next)"
SAMPLE_BITS = 23
"""Bits behind the point of a 24-bit converter's samples."""


def convolved(taps: Whole, x: Whole, *, wrap: bool = False) -> Integers:
    """First N sums Σ taps[k] x[n - k] of taps (T,) and x (N,).

    Parameters
    ----------
    wrap : sums are of 64 bits and wrap; otherwise they are exact, as Python's integers where 64 bits do not hold them

    """
    taps = taps[: x.size]
    bound = sum(abs(q) for q in taps.tolist()) * int(np.abs(x).max(initial=0))
    whole = not wrap and bound >= SAFE
    if taps.size * x.size <= DIRECT_PRODUCTS and not whole:
        return np.asarray(np.convolve(taps, x)[: x.size])
    a, b = _digits(taps), _digits(x)
    count = next_fast_len(taps.size + x.size - 1, real=True)
    spectra_a, spectra_b = rfft(a, count), rfft(b, count)
    total: Integers = np.zeros(x.size, dtype=object if whole else np.int64)
    for place in range(len(a) + len(b) - 1):
        pairs = [(i, place - i) for i in range(len(a)) if 0 <= place - i < len(b)]
        product = irfft(sum(spectra_a[i] * spectra_b[j] for i, j in pairs), count)[: x.size]
        part: Integers = np.rint(product).astype(np.int64)
        total = total + ((part.astype(object) if whole else part) << (DIGIT_BITS * place))
    return total


def cascades(sections: Whole, lower: Whole, x: Whole, fit: Fit, *, feedback: bool = False, wide: bool = False) -> Whole:
    """Outputs (R, N) of R filters of S sections each, from rest.

    Parameters
    ----------
    sections : (R, S, 5), b0, b1, b2, a1, a2, the feedback added
    lower : (R,) bits that each sum is lowered by
    x : (R, N)
    fit : brings lowered sums into the word
    feedback : the bits cut off are added to the next sum
    wide : 64 bits may not hold a sum: Python's integers

    """
    rows, count = sections.shape[:2]
    length = x.shape[1]
    kind: Any = object if wide else np.int64
    table = np.ascontiguousarray(np.moveaxis(sections, 2, 0).astype(kind))
    shift = lower.astype(kind)[:, None]
    past: Integers = np.zeros((5, rows, count), dtype=kind)  # x[n], x[n-1], x[n-2], y[n-1], y[n-2] of each section
    cut: Integers = np.zeros((rows, count), dtype=kind)
    products: Integers = np.zeros_like(past)
    out = np.zeros((length + count - 1, rows), dtype=np.int64)
    signal = np.concatenate([x, np.zeros((rows, count - 1), dtype=np.int64)], axis=1).T.astype(kind)
    for tick in range(length + count - 1):
        past[2] = past[1]
        past[1] = past[0]
        past[0, :, 0] = signal[tick]
        past[0, :, 1:] = past[3, :, :-1]  # the section ahead, a tick ago
        np.multiply(table, past, out=products)
        sums = np.add.reduce(products)
        if feedback:
            sums += cut
        lowered = sums >> shift
        if feedback:
            cut = sums - (lowered << shift)
        past[4] = past[3]
        past[3] = fit(lowered)
        out[tick] = past[3, :, -1]
    return np.ascontiguousarray(out[count - 1 :].T)


def wrapped(values: Integers) -> Integers:
    """The lowest 32 bits as a signed number."""
    return ((values + 2**31) & 0xFFFFFFFF) - 2**31


def saturated(values: Integers, bits: int) -> Integers:
    """Values held within a signed word."""
    least, greatest = -(1 << (bits - 1)), (1 << (bits - 1)) - 1
    return np.asarray(np.minimum(np.maximum(values, least), greatest))


def _digits(values: Whole) -> NDArray[np.float64]:
    """Digits (D, N) to the base 2^11, the lowest first, all but the highest at least 0."""
    bits = int(np.abs(values).max(initial=1)).bit_length() + 1
    count = -(-bits // DIGIT_BITS)
    rest, digits = values.copy(), []
    for _ in range(count - 1):
        digits.append(rest & ((1 << DIGIT_BITS) - 1))
        rest = rest >> DIGIT_BITS
    return np.array([*digits, rest], dtype=float)


@dataclass(frozen=True)
class ModelRoute:
    """One filter, as its integers are.

    Attributes
    ----------
    channel, driver : names
    delay : samples behind the channel's own delay
    taps : (T,) what the integers are worth; of a pure delay [1.0]; None for sections
    sections : (S, 5) likewise, b0, b1, b2 and the negated a1, a2
    gain : of the output, ahead of the feed

    """

    channel: str
    driver: str
    delay: int
    taps: Real | None
    sections: Real | None = None
    gain: float = 1.0

    def exact(self, x: Real) -> Real:
        """Outputs (K, N) without any rounding, of inputs (K, N), the delay left out."""
        if self.taps is not None:
            return np.asarray(fftconvolve(x, self.gain * self.taps[None], axes=1)[:, : x.shape[1]])
        assert self.sections is not None
        b, a = self.sections[:, :3], -self.sections[:, 3:]
        sos = np.ascontiguousarray(np.concatenate([b, np.ones((len(b), 1)), a], axis=1))
        return np.asarray(self.gain * sosfilt(sos, x, axis=1))

    @property
    def settling(self) -> int:
        """Samples after which its response is over."""
        if self.taps is not None:
            return int(self.taps.size)
        assert self.sections is not None
        return settled_length(float(pole_radii(-self.sections[:, 3:]).max()))

    @property
    def tone(self) -> float:
        """The angle of its most resonant pole, in radians a sample, where it keeps what was played longest."""
        if self.sections is None:
            return USUAL_TONE
        a = -self.sections[:, 3:]
        worst = a[int(np.argmax(pole_radii(a)))]
        pole = np.roots([1.0, *worst])[0]
        return float(abs(np.angle(pole))) if abs(pole) > RESONANT else USUAL_TONE


@dataclass(frozen=True)
class ArithmeticModel:
    """A target's arithmetic.

    Attributes
    ----------
    words : in words
    full_scale : steps of a sample of 1
    routes : all filters, pure delays too
    play : outputs (R, K, N) in the feed's steps, for the indices of R routes and their inputs (R, K, N), from rest
    alternatives : in words -> what else might hold where this does not

    """

    words: str
    full_scale: float
    routes: tuple[ModelRoute, ...]
    play: Callable[[Sequence[int], Whole], Whole]
    alternatives: dict[str, Callable[[], ArithmeticModel]] = field(default_factory=dict)


@dataclass(frozen=True)
class WordRoute:
    """One filter's integers: a tap is q 2^(shift - f); of sections b0, b1, b2, a1, a2 with the signs of H(z), and log2 of the gains."""

    source: Filter
    taps: Whole | None = None
    shift: int = 0
    sections: Whole | None = None
    log2_gain: Whole | None = None


def sample_word(word: Word) -> Word:
    """The samples of a target whose files state none."""
    return Word(word.integer_bits, max(word.fraction_bits, SAMPLE_BITS))


def word_model(
    word: Word,
    sample: Word,
    routes: Sequence[WordRoute],
    *,
    feedback: bool = False,
    alternatives: dict[str, Callable[[], ArithmeticModel]] | None = None,
) -> ArithmeticModel:
    """Filters of a word's integers, run on samples of another word.

    Parameters
    ----------
    feedback : with error feedback in each section
    alternatives : what else might do for sections; error feedback where none is given

    """
    with_sections = any(route.sections is not None for route in routes)
    if alternatives is None:
        alternatives = {ERROR_FEEDBACK: lambda: word_model(word, sample, routes, feedback=True, alternatives={})}
    return ArithmeticModel(
        f"coefficients of {word.integer_bits}.{word.fraction_bits}, samples of {sample.integer_bits}.{sample.fraction_bits},"
        f" exact sums cut to a sample and saturated{', sections in direct form I' if with_sections else ''}",
        2.0**sample.fraction_bits,
        tuple(_route(route, word) for route in routes),
        _play(routes, word, sample, feedback=feedback),
        alternatives if with_sections else {},
    )


def _route(route: WordRoute, word: Word) -> ModelRoute:
    one = route.source
    if route.taps is not None:
        return ModelRoute(one.channel, one.driver, 0, route.taps * 2.0**route.shift * word.step)
    if route.sections is None or route.log2_gain is None:
        return ModelRoute(one.channel, one.driver, one.delay_samples or 0, np.ones(1))
    values = route.sections * word.step
    values[:, :3] *= 2.0 ** route.log2_gain[:, None]
    values[:, 3:] *= -1
    return ModelRoute(one.channel, one.driver, one.cascade.delay_samples if one.cascade else 0, None, values)


def _play(
    routes: Sequence[WordRoute], word: Word, sample: Word, *, feedback: bool
) -> Callable[[Sequence[int], Whole], Whole]:
    def play(chosen: Sequence[int], x: Whole) -> Whole:
        out = np.empty_like(x)
        for n, index in enumerate(chosen):
            route = routes[index]
            if route.taps is not None:
                for k, signal in enumerate(x[n]):
                    lowered = _lowered(convolved(route.taps, signal), word.fraction_bits - route.shift)
                    out[n, k] = saturated(lowered, sample.bits).astype(np.int64)
            elif route.sections is None:
                out[n] = x[n]
        with_sections = [n for n, index in enumerate(chosen) if routes[index].sections is not None]
        for count in sorted({len(_table(routes[chosen[n]])[0]) for n in with_sections}):
            members = [n for n in with_sections if len(_table(routes[chosen[n]])[0]) == count]
            out[members] = _sections([_table(routes[chosen[n]]) for n in members], x[members], word, sample, feedback)
        return out

    return play


def _table(route: WordRoute) -> tuple[Integers, int]:
    """B0, b1, b2 with the gain in, -a1, -a2 (S, 5), and the bits by which all are raised for negative gains to be whole."""
    assert route.sections is not None and route.log2_gain is not None
    raised = max(0, -int(route.log2_gain.min()))
    wide = route.sections.astype(object)
    b = wide[:, :3] << (route.log2_gain + raised).astype(object)[:, None]
    return np.concatenate([b, -wide[:, 3:] << raised], axis=1), raised


def _sections(tables: list[tuple[Integers, int]], x: Whole, word: Word, sample: Word, feedback: bool) -> Whole:
    ways = x.shape[1]
    largest = max(int(np.abs(table).sum(axis=1).max()) for table, _ in tables)
    wide = largest << (sample.bits - 1) >= SAFE
    whole = np.stack([table if wide else table.astype(np.int64) for table, _ in tables])
    lower = np.repeat(np.array([word.fraction_bits + raised for _, raised in tables]), ways)
    y = cascades(
        np.repeat(whole, ways, axis=0),
        lower,
        x.reshape(len(tables) * ways, -1),
        lambda values: saturated(values, sample.bits),
        feedback=feedback,
        wide=wide,
    )
    return y.reshape(x.shape)


def _lowered(values: Integers, bits: int) -> Integers:
    return values >> bits if bits >= 0 else values << -bits
