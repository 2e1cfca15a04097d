"""The upmix in C: it makes the filters' channels from left and right.

It is the upmix of `designer.stereo.upmix`, frame by frame, in single precision with averages in double precision. Small differences of
large numbers would be lost in rounding: E|S|² and Re E[M S*] nearly cancel for hard-panned sound, and S = (L - R)/2 itself vanishes for
nearly mono sound. So each frame's S and Q, the quieter of L and R, are transformed as one complex signal a S + i Q. The power of two a
makes both equally loud, so that each is as exact as by itself. With M = R + S = L - S,

    Re E[S L*] = (1 + ρ) E|S|²,   Re E[S R*] = -(1 - ρ) E|S|²,   E|M'|² = E|R|² - Re E[S R*]² / E|S|²,   M' = R + (1 - ρ) S,

or the same with L and the other sign, if L is quieter in a band: these are sums without cancellation.

In fixed words the samples are not converted: the centre alone is computed in single precision, rounded to a sample, and subtracted from
left and right as a sample, so that L' + C is L bit for bit.

CMSIS-DSP has no part for such a transform that would not need its own tables for each length besides: its exports hold the same upmix,
sample for sample. There the filters run a block at a time, and so the chain takes blocks.

The result is within 4e-7 of the peak of the upmix in double precision; with E|M|², E|S|² and Re E[M S*] the error would be 3e-5. This was
measured at 16 and 48 kHz on mixed noise, on noise hard-panned with another 60 to 80 dB below on the other side, on noise that is mono
but for 80 dB, on a panned tone, and on sound out of phase.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from designer.export.c_engine import named, piece, sample_words
from designer.export.c_plan import CWord
from designer.export.c_text import Macro, Member, array, asserted_size, macros, size_of, struct
from designer.export.filter_set import FilterSet
from designer.problem.word_format import Word
from designer.stereo.upmix import SILENCE, Upmix, window

SUMS = 5
CHANNELS = 3
NEEDS = (
    "/* Stereo: the upmix makes the channels above from left and right, and the filters make the feeds. It computes in single",
    " * precision with averages in double, and calls sqrt, floorf, frexpf and ldexpf of the C library (-lm). */",
)
"""Lines of a header ahead of the upmix's macros."""


@dataclass(frozen=True)
class StereoC:
    """The upmix ahead of filters in C, whose state has so many bytes.

    Attributes
    ----------
    block : int, samples that a call takes; 0 where it takes any number of frames

    """

    filters: FilterSet
    prefix: str
    word: CWord
    stage: Upmix
    filters_bytes: int
    block: int = 0

    @property
    def members(self) -> list[Member]:
        """Members of the struct: the widest first, and a multiple of it together."""
        big, count, stage, width = self.prefix.upper(), self.stage.bands.count.size, self.stage, self.word.bytes
        c_type, channels = self.word.c_type, CHANNELS * self.block
        return [
            Member(f"double average[{big}_BANDS][{SUMS}][2]", 16 * SUMS * count),
            Member(f"{self.prefix}_state filters", self.filters_bytes),
            Member(f"{c_type} recent[2][{big}_FRAME]", 2 * width * stage.frame),
            *(Member(f"float {name}[{big}_FRAME]", 4 * stage.frame) for name in ("re", "im", "tail")),
            Member(f"{c_type} ready[3][{big}_HOP]", 3 * width * stage.hop),
            *(Member(f"uint32_t {name}", 4) for name in ("phase", "started")),
            *([Member(f"{c_type} channels[{CHANNELS}][{big}_BLOCK]", width * channels)] if self.block else []),
        ]

    @property
    def ram_bytes(self) -> int:
        """Size of the struct, whose widest member is a double."""
        return -(-size_of(self.members) // 8) * 8

    @property
    def flash_bytes(self) -> int:
        """Memory of the sines, the window and the bands."""
        return 4 * (self.stage.frame + self.stage.frame // 2 + len(bands(self.stage)))

    @property
    def latency_ms(self) -> float:
        """Latency of the upmix and the filters; a block's is the caller's."""
        return 1e3 * (self.stage.latency_samples + self.filters.latency_samples) / self.filters.sample_rate_hz

    def multiply_adds_per_s(self, of_filters: float) -> int:
        """Products a second, with the filters' products a sample; a frame whose side is not raised takes fewer.

        In single precision windows and energies, two transforms, and 18 of each bin.
        """
        frame = self.stage.frame
        whole = 8 * frame + 4 * frame * int(np.log2(frame)) + 18 * (frame // 2 + 1) + 2 * frame
        return round((of_filters + whole / self.stage.hop) * self.filters.sample_rate_hz)

    def facts(self, of_filters: float) -> dict[str, object]:
        """Cost of the chain, as a manifest holds it."""
        return {
            "multiply_adds_per_s": self.multiply_adds_per_s(of_filters),
            "ram_bytes": self.ram_bytes,
            "latency_ms": round(self.latency_ms, 6),
        }

    def header(self, costs: list[Macro], call: str, about: str = "", head: tuple[str, ...] = NEEDS) -> list[str]:
        """Lines of a header behind the filters' calls: `call` is ahead of the call, and `about` ahead of the struct."""
        prefix, big, kind = self.prefix, self.prefix.upper(), self.word.c_type
        stage = self.stage
        sizes: list[Macro] = [
            ("FRAME", f"{stage.frame}U", "samples that the upmix transforms at once"),
            ("HOP", f"{stage.hop}U", ""),
            ("BANDS", f"{stage.bands.count.size}U", ""),
            ("UPMIX_LATENCY_SAMPLES", f"{stage.latency_samples}U", ""),
            ("STEREO_LATENCY_MS", f"{self.latency_ms:.6f}", "with the filters'"),
        ]
        frames = "" if self.block else ", uint32_t frames"
        lines = [
            *(*head, *macros(prefix, [*sizes, *costs]), ""),
            *([about] if about else []),
            *(*struct(f"{prefix}_stereo_state", self.members), ""),
            *(f"void {prefix}_stereo_init({prefix}_stereo_state *state);", ""),
            call,
            f"void {prefix}_stereo({prefix}_stereo_state *state, const {kind} *const *in, {kind} *const *out{frames});",
            "",
        ]
        if not self.block:
            lines += [
                f"/* Processes interleaved frames: 2 input samples and {big}_DRIVERS output samples a frame. */",
                f"void {prefix}_stereo_interleaved({prefix}_stereo_state *state, const {kind} *in, {kind} *out, uint32_t frames);",
                "",
            ]
        return lines

    def source(self, feed: str = "") -> list[list[str]]:
        """The functions, each as lines; `feed` is a driver's sum as a sample."""
        words, calls = self._words(feed), "stereo blocks" if self.block else "stereo"
        texts = (piece("samples", self.word.kind), piece("upmix"), piece(calls))
        return [named(text, self.prefix, words) for text in texts]

    def _words(self, feed: str) -> dict[str, str]:
        """Words of the text: the channels of left, right and centre in the stereo chain's order, and SUMS."""
        channels = self.filters.channels
        centre = channels.index("centre")
        left, right = (index for index in range(len(channels)) if index != centre)
        places = {"LEFTU": f"{left}U", "RIGHTU": f"{right}U", "CENTREU": f"{centre}U"}
        feed = feed.replace("state->", "state->filters.")
        return {**places, "SUMSU": f"{SUMS}U", "SUMS": f"{SUMS}", "FEED": feed, **sample_words(self.word)}

    def tables_and_source(self, feed: str = "") -> list[str]:
        """All that stands behind the source of filters that have no transform of their own: constants, tables and functions."""
        prefix = self.prefix
        lines = [
            f"#define {prefix.upper()}_POINTS {self.stage.frame}U",
            *constants(prefix, self.word.word, self.stage),
            "",
        ]
        for head, note, values in [*sines(prefix, self.stage.frame), *frames_and_bands(prefix, self.stage)]:
            lines += [f"/* {note} */", *array(head, values), ""]
        for text in [named(piece("transforms"), prefix, {}), *self.source(feed)]:
            lines += [*text, ""]
        return lines[:-1]

    @property
    def asserted(self) -> str:
        """The assertion of the struct's size, which holds for blocks of the usual length."""
        unless = f"({self.prefix.upper()}_BLOCK != {self.block}U)" if self.block else ""
        return asserted_size(self.prefix, "stereo_state", "STEREO_RAM_BYTES", unless)


def constants(prefix: str, word: Word | None, stage: Upmix) -> list[str]:
    """Definitions that the source alone needs; `word` is that of the samples, None for floats."""
    pole = stage.pole
    scale = [] if word is None else [("FULL_SCALE", f"{2.0**word.fraction_bits!r}F", "")]
    values = {"ENTER": (1 - pole) ** 2, "STAY": 2 * pole, "FADE": pole**2, "SILENCE": SILENCE}
    overlap = ("OVERLAP", f"{np.float32(0.5 / stage.frame)!s}F", "")
    return macros(prefix, [*scale, *((name, f"{value!r}", "") for name, value in values.items()), overlap])


Tables = list[tuple[str, str, Any]]
"""Head of the definition, note and values of each table."""


def sines(prefix: str, points: int) -> Tables:
    """Tables that transforms of up to so many points read."""
    angle, note = 2 * np.pi * np.arange(points // 2) / points, "of 2 pi k / POINTS"
    waves = {"cosine": np.cos(angle), "sine": np.sin(angle)}
    return [(f"static const float {prefix}_{name}", note, values.astype(np.float32)) for name, values in waves.items()]


def frames_and_bands(prefix: str, stage: Upmix) -> Tables:
    """The window of analysis and synthesis, and the bands."""
    rising = window(stage.frame)[: stage.frame // 2].astype(np.float32)
    return [
        (f"static const float {prefix}_window", "the rising half of sin(pi (n + 1/2) / FRAME)", rising),
        (f"static const uint32_t {prefix}_bands", "first bins of the bands, and the end", np.array(bands(stage))),
    ]


def bands(stage: Upmix) -> list[int]:
    """First bin of each band, and the end of the last."""
    return [*stage.bands.first.tolist(), stage.frame // 2 + 1]
