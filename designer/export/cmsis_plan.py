"""Plan of the exported C, before it is text: words, taps and sections as CMSIS-DSP stores them, and the ways to each driver.

A channel's samples wait in one line of D + block samples, D its longest delay: every filter reads it where its own delay
ends, so that delays cost no multiplication. FIR filters of a channel share its delay, its shift s and its guard g.

**Taps.** `arm_fir_q31` sums products of 1.31 words in 64 bits without saturation and returns the sum's bits 31 to 62. Integers q
and an input x of 32 bits give Σ q x >> 31: it leaves the word, and wraps to the other sign, where it passes 2^31 - 1. With
|x| <= 2^31 that is the l1 norm: Σ|q| <= 2^31 - 1 is safe for every input. Where the taps have more, the input is shifted right by
the smallest g >= 0 with

    Σ|q| <= (2^31 - 1) 2^g,

and the sum is shifted left again, together with the shift s of the coefficients (a tap is q 2^(s - 31)), into a 64-bit sum
that saturates once, at the driver. An input of 24 bits loses nothing while g <= 7. `arm_fir_q15` sums in 64 bits, which 65,535
products of 31 bits cannot fill, and saturates its output: g = 0. Its coefficients are padded with zeros to an even number, at
least 4. `arm_fir_f32` takes values as they are. Arrays are stored time-reversed: the last tap first.

**Sections.** {b0, b1, b2, a1, a2} each, the feedback negated, one postShift for all of a filter:

    y[n] = b0 x[n] + b1 x[n-1] + b2 x[n-2] + a1 y[n-1] + a2 y[n-2],     a1, a2 = minus those of scipy's sections

Direct form I keeps no other node than the sections' inputs and outputs. `arm_biquad_cascade_df1_q31` sums five products of
1.31 words in 64 bits and keeps 32 bits without saturation: a node beyond full scale wraps to the other sign, and stays wrong.
So section s is scaled by a power of two, 2^-e_s, until its output's l1 norm B_s is at most 1 for every input:

    e_s = ceil(log2(B_s / FULL)),   b'_s = b_s 2^(e_{s-1} - e_s),   e_{-1} = 0,

FULL leaves room for the rounding of coefficients and of nodes; the last section is lowered only, never raised (e >= 0), and
the sum at the driver restores its 2^e. Powers of two leave a designed coefficient's digits as they are. Every coefficient is
then stored as c' 2^-p, p = postShift the smallest that lets all of them fit: the firmware shifts each sum left by p. The sum
of products itself is within 2.62 if Σ|b'| + |a1| + |a2| <= 2^(p+1) in every section; p rises until that holds too.

Q15 stores {b0, 0, b1, b2, a1, a2}, sums in 34.30 and saturates. Both cut what is below the last bit. With 16 bits that is heard, and
saturation forgives a node beyond full scale: order, pairing and scale are those of `cmsis_arrangement.py`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from designer.arrays import Real
from designer.errors import UsageError
from designer.export.c_plan import CWord, Numbers
from designer.export.cmsis_arrangement import arranged, lowered_bits, post_shift, scaled_table
from designer.export.filter_set import Filter, FilterSet
from designer.export.names import FirmwareNames, firmware_names
from designer.problem.word_format import Word
from designer.realization.cascade import Cascade, pole_radii
from designer.realization.words import common_shift, rounded, scale

MAX_FIR_TAPS, MAX_SECTIONS = 65_535, 255
"""numTaps is a uint16_t, numStages a uint8_t."""
MAX_SHIFT = 24
"""The largest shift of an output: 2^8 channels of 31 bits, shifted by 24, fill 63 bits."""
QUIETER = "lower the filters (max_gain_db, max_effort_db), or export cmsis-f32"


F32 = CWord("cmsis-f32", "float32_t", 4, None)
Q31 = CWord("cmsis-q31", "q31_t", 4, Word.of("q31"))
Q15 = CWord("cmsis-q15", "q15_t", 2, Word.of("q15"))
WORDS = (F32, Q31, Q15)


@dataclass(frozen=True)
class StoredTaps:
    """One FIR filter in the firmware's memory: values (T,) in time order, s, g, and the largest |stored - designed| tap."""

    values: Numbers
    shift: int
    guard: int
    error: float


@dataclass(frozen=True)
class StoredSections:
    """One cascade in the firmware's memory: values (S, 5) of b0, b1, b2, a1, a2, the last two negated against scipy's; p; e of the last.

    `error` is the largest |stored - designed| coefficient, on the scale of the stored ones.
    """

    values: Numbers
    post_shift: int
    shift: int
    error: float


def stored_taps(taps: Real, word: CWord, shift: int, location: str) -> StoredTaps:
    """One filter's taps (T,), with the shift s of its channel.

    Raises UsageError: more taps than numTaps counts, or no shift is left for the output.
    """
    count = max(4, taps.size + taps.size % 2) if word is Q15 else taps.size
    padded = np.concatenate([taps, np.zeros(count - taps.size)])
    if count > MAX_FIR_TAPS:
        limit = f"at most {MAX_FIR_TAPS}, a uint16_t"
        raise _refusal(word, location, f"{count} taps", limit, "choose fewer [realization] taps")
    if word.word is None:
        single = padded.astype(np.float32)
        return StoredTaps(single, 0, 0, float(np.abs(single - padded).max()))
    whole = rounded(padded, word.word, shift).astype(np.int64)
    error = float(np.abs(whole * scale(word.word, shift) - padded).max())
    guard = 0
    while word is Q31 and int(np.abs(whole).sum()) > (2**31 - 1) << guard:
        guard += 1
    if shift + guard > MAX_SHIFT:
        norms = f"taps up to {np.abs(taps).max():.3g} with an l1 norm of {np.abs(taps).sum():.3g}"
        raise _refusal(
            word, location, f"{norms}, an output shift of {shift + guard} bits", f"at most {MAX_SHIFT}", QUIETER
        )
    return StoredTaps(whole, shift, guard, error)


def stored_sections(cascade: Cascade, word: CWord, location: str, limit: float = 1.0) -> StoredSections:
    """One filter's sections.

    Parameters
    ----------
    limit : float, the largest magnitude of inputs that drive no feed beyond full scale, at most 1

    Raises UsageError: more sections than numStages counts, a section that rounding makes unstable, or no shift left.
    """
    if (count := len(cascade.b)) > MAX_SECTIONS:
        most = f"at most {MAX_SECTIONS}, a uint8_t"
        raise _refusal(word, location, f"{count} sections", most, "choose fewer [realization] sections")
    if word.word is None:
        plain = np.ascontiguousarray(np.concatenate([cascade.b, -cascade.a], axis=1))
        single = plain.astype(np.float32)
        _hold_stable(np.asarray(-single[:, 3:], dtype=float), word, location)
        return StoredSections(single, 0, 0, float(np.abs(single - plain).max()))
    if word is Q15:
        cascade, lowered = arranged(cascade, word.word, limit)
    else:
        lowered = lowered_bits(cascade)
    scaled, bits = scaled_table(cascade, lowered), word.word.fraction_bits
    shift = post_shift(scaled, word.word)
    if lowered[-1] > MAX_SHIFT or shift >= bits:
        size = f"coefficients up to {np.abs(scaled).max():.3g}, postShift {shift}, and an output shift of {lowered[-1]} bits"
        raise _refusal(word, location, size, f"at most {bits - 1} and {MAX_SHIFT}", QUIETER)
    step = 2.0 ** (shift - bits)
    whole = np.ascontiguousarray(np.rint(scaled / step).astype(np.int64))
    _hold_stable(-whole[:, 3:] * step, word, location)
    return StoredSections(whole, shift, int(lowered[-1]), float(np.abs(whole * step - scaled).max()))


def _refusal(word: CWord, location: str, actual: str, expected: str, remedy: str) -> UsageError:
    """The error of what the word or the library cannot hold."""
    return UsageError(f"--target {word.target}: {location}: got {actual}; expected {expected}; {remedy}")


def _hold_stable(a: Real, word: CWord, location: str) -> None:
    radius = pole_radii(a)
    worst = int(np.argmax(radius))
    if radius[worst] >= 1.0:
        remedy = "export cmsis-q31 or cmsis-f32" if word is Q15 else "choose a smaller [realization] pole radius"
        pole = f"a pole of magnitude {radius[worst]:.6f} once rounded to {word.name}"
        raise _refusal(word, f"{location}, section {worst}", pole, "below 1", remedy)


@dataclass(frozen=True)
class Route:
    """Path from a channel to a driver: the filter as designed, the driver's index, and an identifier, unique among the pairs.

    Its input is `delay` samples late, its output is raised by `restore` bits at the driver's sum; of a pure delay nothing is stored.
    """

    source: Filter
    driver: int
    name: str
    delay: int
    stored: StoredTaps | StoredSections | None
    restore: int


@dataclass(frozen=True)
class Path:
    """A channel, the `index`th input, and its routes in the order of the drivers.

    Its FIR filters wait `delay` samples; `history` is D, the longest delay of its routes, `shift` and `guard` are s and g.
    """

    channel: str
    index: int
    name: str
    delay: int
    history: int
    shift: int
    guard: int
    routes: tuple[Route, ...]


@dataclass(frozen=True)
class Plan:
    """The whole set in one word: names in C, and the channels' paths."""

    filters: FilterSet
    word: CWord
    names: FirmwareNames
    paths: tuple[Path, ...]

    @property
    def drivers(self) -> tuple[str, ...]:
        """Identifiers of the drivers."""
        return tuple(self.names.identifiers[driver] for driver in self.filters.drivers)

    @property
    def routes(self) -> list[tuple[Path, Route]]:
        """Everything that leads to a driver."""
        return [(path, route) for path in self.paths for route in path.routes]

    @property
    def multiply_adds(self) -> int:
        """Products a sample."""
        return sum(int(route.stored.values.size) for _, route in self.routes if route.stored is not None)

    @property
    def largest_error(self) -> float:
        """Largest rounding error of any stored coefficient."""
        return max((route.stored.error for _, route in self.routes if route.stored), default=0.0)


def plan_of(filters: FilterSet, word: CWord) -> Plan:
    """The plan of a set of filters. Raises UsageError: the word or the library cannot hold them."""
    if not filters.filters:
        raise UsageError(f"--target {word.target}: got no filter in the design; expected at least one; design it again")
    names = firmware_names(filters, "CMSIS-DSP's")
    paths = tuple(_path(filters, word, index, names) for index in range(len(filters.channels)))
    return Plan(filters, word, names, paths)


def _path(filters: FilterSet, word: CWord, index: int, names: FirmwareNames) -> Path:
    channel = filters.channels[index]
    wait = filters.delays.get(channel, 0)
    channel_filters = [filter_ for filter_ in filters.filters if filter_.channel == channel]
    shift = _shift(filters, word, [filter_.taps for filter_ in channel_filters if filter_.has_taps], channel)
    routes = []
    for filter_ in channel_filters:
        name, location = names.pairs[filter_.channel, filter_.driver], f"{channel} to {filter_.driver}"
        driver = filters.drivers.index(filter_.driver)
        stored: StoredTaps | StoredSections | None = None
        if filter_.cascade is not None:
            stored = stored_sections(filter_.cascade, word, location, 10 ** (-filters.headroom.any_input_db / 20))
        elif filter_.has_taps:
            stored = stored_taps(filter_.taps, word, shift, location)
        routes.append(Route(filter_, driver, name, wait + filter_.wait, stored, stored.shift if stored else 0))
    guard = max((route.stored.guard for route in routes if isinstance(route.stored, StoredTaps)), default=0)
    raised = [replace(r, restore=shift + guard) if isinstance(r.stored, StoredTaps) else r for r in routes]
    history = max((route.delay for route in routes), default=0)
    return Path(channel, index, names.identifiers[channel], wait, history, shift, guard, tuple(raised))


def _shift(filters: FilterSet, word: CWord, taps: list[Real], channel: str) -> int:
    """The design's own shift where its integers are this word's, so that they stay; else the smallest that lets all taps fit."""
    if word.word is None or not taps:
        return 0
    shift = filters.designed_shift(word.word, channel)
    return common_shift(np.concatenate(taps), word.word) if shift is None else shift
