"""`sigmadsp`: tables of parameter words for Analog Devices' SigmaDSP, in the order of a part's memory; see `sigma_parts.py`.

A dialogue of SigmaStudio that shows "true" values wants the feedback signs of the tables turned back.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from designer.arrays import Real
from designer.export.filter_set import Filter, FilterSet
from designer.export.filter_table import NAME, Row, filter_table
from designer.export.memory import memory
from designer.export.names import changed, filter_files
from designer.export.provenance import one_line, provenance
from designer.export.refusals import at_most, refuse
from designer.export.sigma_parts import FAMILIES, PARTS, Family, check_part
from designer.export.target import Export, Target

MOST_WORDS = max(words for _, words in PARTS.values())
COLUMNS = "# index  name  word  value"


def write_sigmadsp(filters: FilterSet) -> Export:
    """NAME-5.23.txt or NAME-8.24.txt of each filter: index, name, word in hexadecimal, and its exact value; and filters.csv.

    The part (`[export] sigmadsp_part`, `--part`) says which; without one both families are written that hold the filters.

    Raises
    ------
    UsageError : the part, or every part, is too small for the filters or a coefficient

    """
    check_part(filters.part)
    notes: list[str] = []
    used = memory(filters)
    largest = max(float(np.abs(_values(one)).max(initial=0.0)) for one in filters.filters)
    if filters.part:
        name, most = PARTS[filters.part]
        kept = [FAMILIES[name]]
        remedy = f"design with fewer taps, or name a larger part ({', '.join(_holding(used.coefficients)) or 'none has more'})"
        at_most("sigmadsp", used.coefficients, most, f"words of coefficients for the {filters.part}", remedy)
    else:
        at_most("sigmadsp", used.coefficients, MOST_WORDS, "words of coefficients", "design with fewer taps")
        kept, notes = _families(used.coefficients, largest)
    if not _holds(kept[-1], largest):
        span = 2 ** (kept[-1].word.integer_bits - 1)
        raise refuse(
            "sigmadsp",
            f"a coefficient of {largest:g}",
            f"-{span} to {span} ({kept[-1].name}), with no scaling left in the cell",
            "limit the drivers' gains ([[drivers]] max_gain_db)",
        )
    scaling = f"{' and '.join(family.name for family in kept)}, each coefficient to its nearest step; no shifts"
    stems = filter_files(filters)
    head = [f"# {line}" for line in provenance(filters, "sigmadsp", scaling)]
    files, rows = {}, []
    for family in kept:
        for one in filters.filters:
            delay = filters.delays.get(one.channel, 0)
            delay += (one.delay_samples if one.cascade is None else one.cascade.delay_samples) or 0
            said = f"# {one_line(one.channel)} to {one_line(one.driver)}, behind {delay} samples of delay"
            file = f"{stems[one.channel, one.driver]}-{family.name}.txt"
            files[file] = ("\n".join([*head, said, COLUMNS, *_table(one, family)]) + "\n").encode()
            if family is kept[-1]:
                rows.append(_row(one, family, file, delay))
    return Export(
        {**files, NAME: filter_table(filters, "sigmadsp", scaling, rows)},
        4 * used.coefficients,
        4 * used.state,
        used.multiply_adds,
        scaling,
        notes=tuple(notes),
        names=changed({f"{c}\n{d}": stem for (c, d), stem in stems.items()}),
        facts={"words_of_coefficients": used.coefficients, "part": filters.part or None},
    )


def _holding(words: int, family: str = "") -> list[str]:
    return [part for part, (name, most) in PARTS.items() if words <= most and family in ("", name)]


def _families(words: int, largest: float) -> tuple[list[Family], list[str]]:
    """The families that hold so many words and such a coefficient, 8.24 last; and what is said of them."""
    small, large = FAMILIES["5.23"], FAMILIES["8.24"]
    parts = _holding(words, large.name)
    notes = [
        f"no part is named ([export] sigmadsp_part, or --part): {words:,} words of coefficients fit"
        f" {', '.join(_holding(words, small.name) + parts)}"
    ]
    if not _holding(words, small.name):
        notes.append(f"no 5.23 tables: {words:,} words of coefficients, and the ADAU144x has 4,096")
    elif not _holds(small, largest):
        notes.append(f"no 5.23 tables: a coefficient of {largest:g} is outside -16 to 16")
    else:
        return [small, large], notes
    return [large], notes


def _row(one: Filter, family: Family, file: str, delay: int) -> Row:
    if one.cascade is None and one.delay_samples is not None:
        return Row(one.channel, one.driver, "", "delay", delay)
    kind, word = "taps" if one.cascade is None else "sections", family.word
    return Row(one.channel, one.driver, file, kind, delay, word.bits, -word.fraction_bits, family.name)


def _holds(family: Family, largest: float) -> bool:
    return largest / family.word.step + 0.5 <= family.word.greatest


def _values(one: Filter) -> Real:
    """The coefficients (K,); none where the filter is a pure delay."""
    if one.cascade is not None:
        return np.concatenate([one.cascade.b, one.cascade.a], axis=1).ravel()
    return np.zeros(0) if one.delay_samples is not None else one.taps


def _table(one: Filter, family: Family) -> Iterable[str]:
    values = _values(one)
    sections = 0 if one.cascade is None else len(one.cascade.b)
    stored = family.taps(values) if one.cascade is None else family.sections(one.cascade.b, one.cascade.a).ravel()
    word = family.word
    steps = np.rint(stored / word.step).astype(np.int64).tolist()
    for index, (name, q) in enumerate(zip(family.parameter_names(sections, values.size), steps, strict=True)):
        yield f"{index}  {name}  0x{q & ((1 << word.bits) - 1):08X}  {q * word.step!r}"


SIGMADSP = Target(
    "sigmadsp",
    "SigmaDSP: parameter words in 5.23 and 8.24, in the order of a part's memory",
    write_sigmadsp,
    tuple(family.word for family in FAMILIES.values()),
    ("part",),
)
