"""`mif`: coefficients as memory initialization files of Intel's (Altera's) Quartus, one a filter, for its RAM and ROM blocks.

After Quartus's definition of the format: `WIDTH`, `DEPTH`, `ADDRESS_RADIX` and `DATA_RADIX` (BIN, OCT, HEX, UNS or signed DEC),
then `CONTENT BEGIN`, lines `address : word;`, and `END;`. `--` starts a comment, and % encloses one. `[first..last] : word` fills
addresses, and several words behind an address go to those that follow. Words are two's complement, written in HEX.
"""

from __future__ import annotations

import re

import numpy as np

from designer.arrays import Real
from designer.export.coefficients import MAX_SECTIONS, Coefficients, shown
from designer.export.filter_set import Filter, FilterSet
from designer.export.integers import MAX_BYTES, Words, hex_word, word_export, words_of
from designer.export.provenance import one_line
from designer.export.target import BareFile, Export, Target
from designer.problem.schema import MAX_TAPS

RADIXES = {"BIN": 2, "OCT": 8, "DEC": 10, "UNS": 10, "HEX": 16}
SETTING = re.compile(r"\b(WIDTH|DEPTH|ADDRESS_RADIX|DATA_RADIX)\s*=\s*(\w{1,9})\s*;", re.IGNORECASE)
CONTENT = re.compile(r"\bCONTENT\s+BEGIN\b", re.IGNORECASE)
END = re.compile(r"\bEND\s*;$", re.IGNORECASE)
LINE = re.compile(r"(?:\[\s*(\w{1,64})\s*\.\.\s*(\w{1,64})\s*\]|(\w{1,64}))\s*:\s*([-\w\s]+)")
USAGE = """NAME.mif fills a memory block of DEPTH words. Of taps, the first is at address 0. Of sections, it holds b0, b1, b2, a1, a2 of
each, with the signs of H(z) = (b0 + b1 z^-1 + b2 z^-2) / (1 + a1 z^-1 + a2 z^-2); multiply the section's output by its gain, a power
of two that a comment states. A filter that is a pure delay has no file: the table states the delay.

    altsyncram: init_file = "NAME.mif", width_a = the file's WIDTH, numwords_a = its DEPTH
"""


def write_mif(filters: FilterSet) -> Export:
    """NAME.mif of each filter that multiplies, README.txt and filters.csv.

    Raises UsageError: a coefficient does not fit, and no shift or gain is left.
    """
    words = words_of(filters, "mif")
    return word_export(words, _comment, ".mif", USAGE, lambda filter_: _body(words, filter_))


def _comment(line: str) -> str:
    return f"-- {line.replace('%', ' ')}"


def _body(words: Words, filter_: Filter) -> list[str]:
    bits, title = words.word.bits, _comment(f"{one_line(filter_.channel)} to {one_line(filter_.driver)}")
    if filter_.cascade is None:
        values, notes = words.taps(filter_).tolist(), {}
    else:
        b, a, gains = words.sections(filter_)
        values = np.hstack([b, a]).ravel().tolist()
        notes = {5 * s: f"-- section {s + 1}, gain 2^{gain}" for s, gain in enumerate(gains.tolist())}
    lines = [
        title,
        f"WIDTH = {bits};",
        f"DEPTH = {len(values)};",
        "ADDRESS_RADIX = UNS;",
        "DATA_RADIX = HEX;",
        "CONTENT BEGIN",
    ]
    for address, value in enumerate(values):
        if address in notes:
            lines.append(notes[address])
        lines.append(f"{address} : {hex_word(value % 2**bits, bits)};")
    return [*lines, "END;"]


def decode(coefficients: Coefficients, file: BareFile) -> tuple[Real, Real | None]:
    """Words of a memory; `-- section 1, gain 2^k` ahead of each section's five."""
    text = coefficients.text(MAX_BYTES, file.path)
    gains = re.findall(r"^-- section \d{1,9}, gain 2\^(-?\d{1,3})$", text, re.MULTILINE)
    plain = re.sub(r"--[^\n]*|%[^%]*%", "", text)
    settings = {key.upper(): value.upper() for key, value in SETTING.findall(plain)}
    _, *content = CONTENT.split(plain.rstrip(), maxsplit=1)
    if not content or not END.search(content[0]) or len(settings) < 4:
        actual = "no WIDTH, DEPTH, radixes and CONTENT"
        raise coefficients.refusal(actual, "a memory initialization file of Quartus's", path=file.path)
    width = coefficients.whole(settings["WIDTH"], "WIDTH", 64, 1)
    depth = coefficients.whole(settings["DEPTH"], "DEPTH", max(MAX_TAPS, 5 * MAX_SECTIONS), 1)
    if width != file.bits:
        raise coefficients.refusal(f"WIDTH {width}", f"{file.bits}, as filters.csv states", path=file.path)
    memory = _Memory(coefficients, file, settings, depth)
    for line in END.sub("", content[0]).split(";"):
        if line.strip():
            memory.fill(line.strip())
    missing = [address for address, word in enumerate(memory.words) if word is None]
    if missing:
        raise coefficients.refusal(f"no word at address {missing[0]}", f"{depth} words", path=file.path)
    values = np.array(memory.words, dtype=float) * file.step
    return values, None if file.row.kind == "taps" else np.array([2.0 ** int(gain) for gain in gains])


class _Memory:
    """Words of a memory block, each None until a line fills it."""

    def __init__(self, coefficients: Coefficients, file: BareFile, settings: dict[str, str], depth: int) -> None:
        self.coefficients, self.file = coefficients, file
        self.words: list[int | None] = [None] * depth
        radixes = [settings[key] for key in ("ADDRESS_RADIX", "DATA_RADIX")]
        if not set(radixes) <= set(RADIXES):
            raise self.refused(f"the radixes {', '.join(radixes)}", ", ".join(RADIXES))
        self.addresses, self.data = (RADIXES[name] for name in radixes)
        self.is_signed = radixes[1] == "DEC"

    def fill(self, line: str) -> None:
        """Put the words of one line to its addresses."""
        match = LINE.fullmatch(line)
        if match is None:
            raise self.refused(f"the line {shown(line)}", "address : word")
        words = [self.word(text) for text in match[4].split()]
        if match[3]:
            first = self.whole(match[3], self.addresses)
            addresses = range(first, first + len(words))
        else:
            addresses = range(self.whole(match[1], self.addresses), self.whole(match[2], self.addresses) + 1)
        if not addresses or addresses[-1] >= len(self.words):
            raise self.refused(f"the addresses of {shown(line)}", f"0 to {len(self.words) - 1}")
        for number, address in enumerate(addresses):
            self.words[address] = words[number % len(words)]

    def word(self, text: str) -> int:
        """A word's value; what is not signed decimal is two's complement."""
        bits, value = self.file.bits, self.whole(text, self.data)
        if not (-(1 << bits - 1) <= value < 1 << bits - 1 if self.is_signed else 0 <= value < 1 << bits):
            raise self.refused(f"the word {shown(text)}", f"words of {bits} bits")
        return value - (1 << bits) if value >> (bits - 1) == 1 else value

    def whole(self, text: str, radix: int) -> int:
        """A number in a radix."""
        try:
            return int(text, radix)
        except ValueError:
            raise self.refused(f"the number {shown(text)}", f"digits of base {radix}") from None

    def refused(self, actual: str, expected: str) -> Exception:
        """Error of a memory file that cannot be used."""
        return self.coefficients.refusal(actual, expected, path=self.file.path)


MIF = Target(
    place=155,
    name="mif",
    summary="Intel (Altera) Quartus: memory initialization files",
    write=write_mif,
    arithmetics=lambda filters: {"mif": words_of(filters, "mif").model()},
    decode=decode,
    bare=((".mif", ""),),
)
