"""`sigmadsp`: tables of parameter words for Analog Devices' SigmaDSP, in the order of a part's memory.

The orders are those of the parameter addresses that SigmaStudio's own exports list for its second-order cells (B0, B1, B2, A1, A2
for the ADAU1701; B2, B1, B0, A2, A1 for the ADAU1452), and of Analog Devices' page on the FIR cell, whose code for the 32-bit core
writes the taps "in reverse order"; that the 28-bit core takes the first tap first is not in what could be read:

    5.23, ADAU14xx and ADAU17xx with a 28-bit core   b0, b1, b2, a1, a2;  first tap first
    8.24, ADAU145x and ADAU146x with a 32-bit core   b2, b1, b0, a2, a1;  last tap first

In both, a1 and a2 have the opposite of the signs of H(z) = (b0 + b1 z^-1 + b2 z^-2) / (1 + a1 z^-1 + a2 z^-2), because the
core adds what it feeds back; a dialogue of SigmaStudio that shows "true" values wants them turned back. 5.23 is 28 bits, from
-16 to 16, behind four zero bits of a 32-bit cell (1.0 is 0x00800000, -1.0 is 0x0F800000); 8.24 is 32 bits, from -128 to 128 (1.0 is
0x01000000). Words are those of the data sheets: parameter RAM (the ADAU1702 has half the ADAU1701's program, not half its
parameters), on the 32-bit core one of its two data memories: half the kilowords of data RAM that its data sheet counts. Cores that run
fast filters from registers of their own (ADAU1772, ADAU1787's FastDSP: 5.27, a bank a coefficient) are not among these.

The core of 5.23 multiplies 28 by 28 bits into 56 and cuts to 28 (ADAU1701, "Numeric formats"); that of 8.24 multiplies 32 by 32
bits into an accumulator of 80 and cuts to 32 (ADAU1452). The tables have no shifts and no gains, and samples the coefficients'
own format. SigmaStudio's double-precision cells keep twice the bits behind the point between samples.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from designer.arrays import Real
from designer.export.arithmetic import ArithmeticModel, ModelRoute, Whole, section_route, word_model, word_route
from designer.export.coefficients import Coefficients, shown
from designer.export.filter_set import Filter, FilterSet
from designer.export.integers import MAX_BYTES, signed
from designer.export.names import changed, filter_files
from designer.export.provenance import TABLE, Row, filter_table, one_line, provenance, text_file
from designer.export.target import BareFile, Export, Option, Target, at_most, refuse
from designer.problem.word_format import Word

PARTS = {
    "adau1401": ("5.23", 1024),
    "adau1442": ("5.23", 4096),
    "adau1445": ("5.23", 4096),
    "adau1446": ("5.23", 4096),
    "adau1461": ("5.23", 1024),
    "adau1701": ("5.23", 1024),
    "adau1702": ("5.23", 1024),
    "adau1761": ("5.23", 1024),
    "adau1450": ("8.24", 4096),
    "adau1451": ("8.24", 20480),
    "adau1452": ("8.24", 20480),
    "adau1462": ("8.24", 24576),
    "adau1463": ("8.24", 24576),
    "adau1466": ("8.24", 40960),
    "adau1467": ("8.24", 40960),
}
"""Part -> the family of its memory, and words of parameters."""
PART = Option(
    place=2,
    flag="part",
    key="sigmadsp_part",
    about="the SigmaDSP whose memory the words are laid out for",
    help="With sigmadsp: the part, such as adau1452, for the order and the size of its memory.",
    names=PARTS,
)
MAX_WORDS = max(words for _, words in PARTS.values())
COLUMNS = "# index  name  word  value"
DOUBLE = "SigmaStudio's double-precision cells"


@dataclass(frozen=True)
class Family:
    """Parts of one memory: the word of a parameter, the places of b0, b1, b2, a1, a2, and whether the last tap lies first."""

    name: str
    word: Word
    section: tuple[int, ...]
    reversed_taps: bool

    def taps(self, taps: Real) -> Real:
        """Taps (T,) in the order of the memory, or back."""
        return taps[::-1] if self.reversed_taps else taps

    def sections(self, b: Real, a: Real) -> Real:
        """Sections (S, 5) in the order of the memory, feedback signs turned."""
        return np.concatenate([b, -a], axis=1)[:, self.section]

    def sections_read(self, table: Real) -> Real:
        """b0, b1, b2, a1, a2 (S, 5) of a memory's sections (S, 5)."""
        ordered = table[:, np.argsort(self.section)]
        return np.concatenate([ordered[:, :3], -ordered[:, 3:]], axis=1)

    def names(self, sections: int, taps: int) -> list[str]:
        """Names of the parameters in the order of the memory."""
        if not sections:
            return [f"h_{n}" for n in (range(taps)[::-1] if self.reversed_taps else range(taps))]
        keys = ("b0", "b1", "b2", "-a1", "-a2")
        return [f"{keys[place]}_{s + 1}" for s in range(sections) for place in self.section]

    def holds(self, largest: float) -> bool:
        """Whether a coefficient fits the word."""
        return largest / self.word.step + 0.5 <= self.word.greatest


FAMILIES = {
    "5.23": Family("5.23", Word(5, 23), (0, 1, 2, 3, 4), False),
    "8.24": Family("8.24", Word(8, 24), (2, 1, 0, 4, 3), True),
}


def write_sigmadsp(filters: FilterSet) -> Export:
    """NAME-5.23.txt or NAME-8.24.txt of each filter: index, name, word in hexadecimal, and its exact value; and filters.csv.

    The part says which; without one both families are written that hold the filters.

    Raises UsageError: the part, or every part, is too small for the filters or a coefficient.
    """
    notes: list[str] = []
    memory, part = filters.memory(), filters.options.get("part", "")
    largest = max(float(np.abs(_values(filter_)).max(initial=0.0)) for filter_ in filters.filters)
    if part:
        name, most = PARTS[part]
        families = [FAMILIES[name]]
        remedy = f"design with fewer taps, or name a larger part ({', '.join(_holding(memory.coefficients)) or 'none has more'})"
        at_most("sigmadsp", memory.coefficients, most, f"words of coefficients for the {part}", remedy)
    else:
        at_most("sigmadsp", memory.coefficients, MAX_WORDS, "words of coefficients", "design with fewer taps")
        families, notes = _families(memory.coefficients, largest)
    if not families[-1].holds(largest):
        span = 2 ** (families[-1].word.integer_bits - 1)
        raise refuse(
            "sigmadsp",
            f"a coefficient of {largest:g}",
            f"-{span} to {span} ({families[-1].name}), with no scaling left in the cell",
            "limit the drivers' gains ([[drivers]] max_gain_db)",
        )
    scaling = f"{' and '.join(family.name for family in families)}, each coefficient to its nearest step; no shifts"
    stems = filter_files(filters)
    head = provenance(filters, "sigmadsp", scaling, "# ")
    files, rows = {}, []
    for family in families:
        for filter_ in filters.filters:
            delay = filters.delay(filter_)
            heading = f"# {one_line(filter_.channel)} to {one_line(filter_.driver)}, behind {delay} samples of delay"
            file = f"{stems[filter_.channel, filter_.driver]}-{family.name}.txt"
            files[file] = text_file([*head, heading, COLUMNS, *_table(filter_, family)])
            if family is families[-1]:
                rows.append(_row(filter_, family, file, delay))
    return Export.of_words(
        {**files, TABLE: filter_table(filters, "sigmadsp", scaling, rows)},
        memory,
        4,
        scaling,
        notes=tuple(notes),
        names=changed(stems),
        facts={"words_of_coefficients": memory.coefficients, "part": part or None},
    )


def _holding(words: int, family: str = "") -> list[str]:
    return [part for part, (name, most) in PARTS.items() if words <= most and family in ("", name)]


def _families(words: int, largest: float) -> tuple[list[Family], list[str]]:
    """The families that hold so many words and such a coefficient, 8.24 last; and what is said of them."""
    small, large = FAMILIES.values()
    parts = _holding(words, small.name) + _holding(words, large.name)
    notes = [
        f"no part is named ([export] sigmadsp_part, or --part): {words:,} words of coefficients fit {', '.join(parts)}"
    ]
    if not _holding(words, small.name):
        notes.append(f"no 5.23 tables: {words:,} words of coefficients, and the ADAU144x has 4,096")
    elif not small.holds(largest):
        notes.append(f"no 5.23 tables: a coefficient of {largest:g} is outside -16 to 16")
    else:
        return [small, large], notes
    return [large], notes


def _row(filter_: Filter, family: Family, file: str, delay: int) -> Row:
    if filter_.cascade is None and filter_.delay_samples is not None:
        return Row(filter_.channel, filter_.driver, "", "delay", delay)
    kind, word = "taps" if filter_.cascade is None else "sections", family.word
    return Row(filter_.channel, filter_.driver, file, kind, delay, word.bits, -word.fraction_bits, family.name)


def _values(filter_: Filter) -> Real:
    """The coefficients (K,); none where the filter is a pure delay."""
    if filter_.cascade is not None:
        return np.concatenate([filter_.cascade.b, filter_.cascade.a], axis=1).ravel()
    return np.zeros(0) if filter_.delay_samples is not None else filter_.taps


def _table(filter_: Filter, family: Family) -> Iterable[str]:
    values, word = _values(filter_), family.word
    sections = 0 if filter_.cascade is None else len(filter_.cascade.b)
    stored = (
        family.taps(values)
        if filter_.cascade is None
        else family.sections(filter_.cascade.b, filter_.cascade.a).ravel()
    )
    steps = np.rint(stored / word.step).astype(np.int64).tolist()
    for index, (name, q) in enumerate(zip(family.names(sections, values.size), steps, strict=True)):
        yield f"{index}  {name}  0x{q & ((1 << word.bits) - 1):08X}  {q * word.step!r}"


def arithmetics(filters: FilterSet) -> dict[str, ArithmeticModel]:
    """Arithmetic of the named part, or of both formats, as far as they hold the coefficients: the tables note what they leave out."""
    models: dict[str, ArithmeticModel] = {}
    part = filters.options.get("part", "")
    for family in [FAMILIES[PARTS[part][0]]] if part else FAMILIES.values():
        word = family.word
        largest = max((float(np.abs(_values(filter_)).max(initial=0.0)) for filter_ in filters.filters), default=0.0)
        if family.holds(largest):
            routes = [_route(filter_, word) for filter_ in filters.filters]
            double = partial(word_model, word, Word(word.integer_bits, 2 * word.fraction_bits), routes)
            model = word_model(word, word, routes)
            models[family.name] = replace(model, alternatives={DOUBLE: double} if model.alternatives else {})
    return models


def _route(filter_: Filter, word: Word) -> ModelRoute:
    def whole(values: Real) -> Whole:
        return np.asarray(np.rint(values / word.step).astype(np.int64))

    if filter_.cascade is not None:
        gains = np.zeros(len(filter_.cascade.b), dtype=np.int64)
        return section_route(filter_, word, whole(filter_.cascade.b), whole(filter_.cascade.a), gains)
    return (
        word_route(filter_, word)
        if filter_.delay_samples is not None
        else replace(word_route(filter_, word), taps=whole(filter_.taps))
    )


def decode(coefficients: Coefficients, file: BareFile) -> tuple[Real, Real | None]:
    """Index, name and word of each parameter, in the order of the part's memory."""
    family, words = FAMILIES[file.row.layout], list[int]()
    for line in coefficients.text(MAX_BYTES, file.path).splitlines():
        if line and not line.startswith("#"):
            cells = line.split()
            if len(cells) < 3 or cells[0] != str(len(words)):
                raise coefficients.refusal(
                    f"the line {shown(line)}", "index, name, word, value, in order", path=file.path
                )
            words.append(signed(coefficients, file, cells[2].removeprefix("0x")))
    values = np.array(words) * file.step
    if file.row.kind == "taps":
        return family.taps(values), None
    if values.size % 5:
        raise coefficients.refusal(f"{values.size} words", "five a section", path=file.path)
    return family.sections_read(values.reshape(-1, 5)).ravel(), None


SIGMADSP = Target(
    place=140,
    name="sigmadsp",
    summary="SigmaDSP: parameter words in 5.23 and 8.24, in the order of a part's memory",
    write=write_sigmadsp,
    channel_scale=tuple(family.word for family in FAMILIES.values()),
    options=(PART,),
    arithmetics=arithmetics,
    decode=decode,
    bare=tuple((".txt", name) for name in FAMILIES),
)
