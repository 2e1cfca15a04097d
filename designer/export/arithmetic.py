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

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.fft import irfft, next_fast_len, rfft

from designer.arrays import Real
from designer.export.filter_set import Filter
from designer.problem.word_format import Word
from designer.realization.cascade import Cascade, pole_radii, settled_length
from designer.realization.response import fft_convolved

Whole = NDArray[np.int64]
Integers = NDArray[Any]
"""Integers of 64 bits, or Python's."""
Fit = Callable[[Integers], Integers]

DIGIT_BITS = 11
DIRECT_PRODUCTS = 1 << 23
MAX_SUM = 1 << 62
RESONANT = 0.5
"""Poles within this radius ring for no more than a few samples."""
USUAL_TONE = np.pi / 32
"""In radians a sample: 750 Hz at 48 kHz."""
ERROR_FEEDBACK = "error feedback (what a section's sum loses is added to its next)"


def convolved(taps: Whole, x: Whole, *, wrap: bool = False) -> Integers:
    """First N sums Σ taps[k] x[n - k] of taps (T,) and x (N,): of 64 bits that wrap, or exact, where need be as Python's integers."""
    taps = taps[: x.size]
    bound = sum(abs(q) for q in taps.tolist()) * int(np.abs(x).max(initial=0))
    whole = not wrap and bound >= MAX_SUM
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
    """Outputs (R, N) of R filters of S sections (R, S, 5), b0, b1, b2, a1, a2, the feedback added, for x (R, N), from rest.

    Each sum is lowered by `lower` (R,) bits and brought into the word by `fit`; with `feedback` the bits cut off are added to the
    next; `wide` sums take Python's integers.
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
    remainder, digits = values.copy(), []
    for _ in range(count - 1):
        digits.append(remainder & ((1 << DIGIT_BITS) - 1))
        remainder = remainder >> DIGIT_BITS
    return np.array([*digits, remainder], dtype=float)


@dataclass(frozen=True)
class ModelRoute:
    """One filter as integers, and how its sums are cut.

    Attributes
    ----------
    channel, driver : str, names
    delay : int, samples behind the channel's own delay
    taps : (T,) int array or None
    sections : (S, 5) int array or None, b0, b1, b2, a1, a2, the feedback added; a pure delay has neither
    lower : int, bits that each sum is lowered by
    guard : int, bits that the input of taps is lowered by
    raised : int, bits that the output is raised by

    """

    channel: str
    driver: str
    delay: int
    taps: Whole | None = None
    sections: Integers | None = None
    lower: int = 0
    guard: int = 0
    raised: int = 0

    def exact(self, x: Real) -> Real:
        """Outputs (K, N) without any rounding, of inputs (K, N), the delay left out."""
        if self.taps is not None:
            taps = self.taps * 2.0 ** (self.raised - self.guard - self.lower)
            return np.asarray(fft_convolved(x, taps)[:, : x.shape[1]])
        if self.sections is None:
            return x
        from scipy.signal import sosfilt  # slow to import

        return np.asarray(2.0**self.raised * sosfilt(self._cascade.sos, x, axis=1))

    @property
    def _cascade(self) -> Cascade:
        assert self.sections is not None
        values = self.sections.astype(float) * 2.0**-self.lower
        return Cascade(values[:, :3], -values[:, 3:])

    @property
    def settling(self) -> int:
        """Samples after which its response is over."""
        if self.sections is None:
            return 1 if self.taps is None else int(self.taps.size)
        return settled_length(self._cascade.pole_radius)

    @property
    def tone(self) -> float:
        """The angle of its most resonant pole, in radians a sample, where it keeps what was played longest."""
        if self.sections is None:
            return USUAL_TONE
        a = self._cascade.a
        pole = np.roots([1.0, *a[int(np.argmax(pole_radii(a)))]])[0]
        return float(abs(np.angle(pole))) if abs(pole) > RESONANT else USUAL_TONE


@dataclass(frozen=True)
class ArithmeticModel:
    """A target's arithmetic.

    Attributes
    ----------
    words : str, in words
    sample : Word, the word of samples and feeds
    routes : tuple of ModelRoute, all filters, pure delays too
    fit : Fit, brings lowered sums into the word of a sample
    wrap : bool, sums are of 64 bits and wrap; otherwise they are exact
    feedback : bool, what a section's sum loses is added to its next
    alternatives : dict, in words -> what else might hold where this does not

    """

    words: str
    sample: Word
    routes: tuple[ModelRoute, ...]
    fit: Fit
    wrap: bool = False
    feedback: bool = False
    alternatives: Mapping[str, Callable[[], ArithmeticModel]] = field(default_factory=dict)

    @property
    def full_scale(self) -> float:
        """Steps of a sample of 1."""
        return 2.0**self.sample.fraction_bits

    def play(self, indices: Sequence[int], x: Whole) -> Whole:
        """Outputs (R, K, N) in the feed's steps, for the indices of R routes and their inputs (R, K, N), from rest."""
        return saturated(self.raised(indices, x), self.sample.bits).astype(np.int64)

    def raised(self, indices: Sequence[int], x: Whole) -> Whole:
        """Feed as the driver's sum takes it, ahead of its saturation."""
        out, by_length = np.empty_like(x), dict[int, list[int]]()
        for n, route in enumerate(routes := [self.routes[index] for index in indices]):
            if route.sections is not None:
                by_length.setdefault(len(route.sections), []).append(n)
            elif route.taps is None:
                out[n] = x[n]
            else:
                for k, signal in enumerate(x[n] >> route.guard):
                    sums = convolved(route.taps, signal, wrap=self.wrap)
                    out[n, k] = self.fit(sums >> route.lower if route.lower >= 0 else sums << -route.lower)
        for rows in by_length.values():
            out[rows] = self._cascades([routes[n] for n in rows], x[rows])
        return np.asarray(out << np.array([route.raised for route in routes])[:, None, None])

    def _cascades(self, routes: list[ModelRoute], x: Whole) -> Whole:
        tables = np.stack([route.sections for route in routes if route.sections is not None])
        largest = int(np.abs(tables).sum(axis=2).max())
        wide = not self.wrap and largest << (self.sample.bits - 1) >= MAX_SUM
        ways = x.shape[1]
        tables = np.repeat(tables if wide else tables.astype(np.int64), ways, axis=0)
        lower = np.repeat(np.array([route.lower for route in routes]), ways)
        signals = x.reshape(len(routes) * ways, -1)
        return cascades(tables, lower, signals, self.fit, feedback=self.feedback, wide=wide).reshape(x.shape)


def word_route(source: Filter, word: Word) -> ModelRoute:
    """A filter that is a pure delay, or the beginning of another's."""
    return ModelRoute(source.channel, source.driver, source.wait, lower=word.fraction_bits)


def section_route(source: Filter, word: Word, b: Whole, a: Whole, log2_gain: Whole) -> ModelRoute:
    """A cascade in words: b (S, 3) times 2^log2_gain (S,), and a (S, 2) with the signs of H(z)."""
    raised = max(0, -int(log2_gain.min()))  # for negative gains to be whole
    wide = b.astype(object) << (log2_gain + raised).astype(object)[:, None]
    table = np.concatenate([wide, -a.astype(object) << raised], axis=1)
    return replace(word_route(source, word), sections=table, lower=word.fraction_bits + raised)


def word_model(word: Word, sample: Word, routes: Sequence[ModelRoute], *, feedback: bool = False) -> ArithmeticModel:
    """Filters of a word's integers, run on samples of another word; for sections error feedback is the alternative."""
    sections = any(route.sections is not None for route in routes)
    others = (
        {ERROR_FEEDBACK: partial(word_model, word, sample, routes, feedback=True)} if sections and not feedback else {}
    )
    return ArithmeticModel(
        f"coefficients of {word.integer_bits}.{word.fraction_bits}, samples of {sample.integer_bits}.{sample.fraction_bits},"
        f" exact sums cut to a sample and saturated{', sections in direct form I' if sections else ''}",
        sample,
        tuple(routes),
        partial(saturated, bits=sample.bits),
        feedback=feedback,
        alternatives=others,
    )
