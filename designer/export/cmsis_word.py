"""The three words that CMSIS-DSP computes in, and what a C file must know of each."""

from __future__ import annotations

from dataclasses import dataclass

from designer.problem.word_format import Word


@dataclass(frozen=True)
class CmsisWord:
    """One word.

    Attributes
    ----------
    suffix : of CMSIS-DSP's functions: f32, q31 or q15
    c_type : of a sample and a coefficient
    bytes : that one takes
    word : its fixed point; None for f32
    section_numbers : coefficients that a biquad section is stored in

    """

    suffix: str
    c_type: str
    bytes: int
    word: Word | None
    section_numbers: int

    @property
    def target(self) -> str:
        """Name of the export target."""
        return f"cmsis-{self.suffix}"


F32 = CmsisWord("f32", "float32_t", 4, None, 5)
Q31 = CmsisWord("q31", "q31_t", 4, Word.of("q31"), 5)
Q15 = CmsisWord("q15", "q15_t", 2, Word.of("q15"), 6)
WORDS = (F32, Q31, Q15)
