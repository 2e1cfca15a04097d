"""The functions of the exported C, which stand in `engine/`: the same in every export but for the prefix. An export holds what it needs.

Names begin with `prefix_` and `PREFIX_` there, and with the prefix of the export in its source. Other words in capitals, such as SAMPLE,
stand for what differs between words of samples and between targets. A piece begins with its mark, `//: NAME`; what is different in floats
and in fixed point is two pieces, whose names end so.

The source has no recursion, no allocation, no object that changes outside the caller's state, types of fixed width, explicit
conversions, and one exit a function. Of the rules of MISRA C:2012 the checker of cppcheck reports 10.1 (shifts of signed numbers, which
the source asserts keep the sign), in q15 10.7 (products of 32 bits that are added to 64 bits, which cannot overflow), and
advisory rules 2 and 8 (unused or local objects).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from designer.export.c_plan import CWord

MARK = re.compile(r"^//: (.+)\n", re.MULTILINE)


@cache
def _pieces() -> dict[str, str]:
    """Name -> text."""
    pieces: dict[str, str] = {}
    for path in Path(__file__).with_name("engine").glob("*.c"):
        _, *parts = MARK.split(path.read_text(encoding="utf-8"))
        pieces |= {name: f"{text.rstrip()}\n" for name, text in zip(parts[::2], parts[1::2], strict=True)}
    return pieces


def piece(name: str, kind: str = "", **words: str) -> str:
    """The text of a piece, or of its kind, where words in capitals are replaced."""
    return worded(_pieces()[f"{name}, {kind}" if kind else name], words)


def worded(text: str, words: Mapping[str, str]) -> str:
    """A text in which words are replaced, one after the other."""
    for word, replacement in words.items():
        text = re.sub(rf"\b{word}\b", lambda _, new=replacement: new, text)  # type: ignore[misc]
    return text


def named(text: str, prefix: str, words: Mapping[str, str]) -> list[str]:
    """Lines of a text with words replaced and an export's prefix, without those that a word has left empty."""
    text = worded(text, words)
    text = re.sub(r"\bprefix_", f"{prefix}_", re.sub(r"\bPREFIX_", f"{prefix.upper()}_", text))
    return [line for line in text.rstrip("\n").split("\n") if line == "" or line.strip()]


def sample_words(word: CWord) -> dict[str, str]:
    """Words of a text that depend on the samples; the factors of a product of q15 fit 32 bits, which is one instruction."""
    words = {"SAMPLE": word.c_type}
    if word.word is None:
        return words
    bits = 8 * word.bytes
    return words | {
        "MOST": f"INT{bits}_MAX",
        "LEAST": f"INT{bits}_MIN",
        "PRODUCT": "int64_t" if bits == 32 else "int32_t",
    }
