"""`sigmadsp`: tables of parameter words for Analog Devices' SigmaDSP, in 5.23 and in 8.24.

After the data sheets and "Numeric formats" of SigmaStudio's documentation. 5.23 (ADAU1701, ADAU144x): 28 bits, from -16 to
16, stored in 32 with four zeros ahead, 1.0 is 0x00800000, -1.0 is 0x0F800000; 1,024 words of parameter RAM on the ADAU1701,
4,096 on the ADAU144x. 8.24 (ADAU145x): 32 bits, from -128 to 128, 1.0 is 0x01000000; data memories of 20,480 words. A
section's a1 and a2 are stored with their signs turned; a dialogue of SigmaStudio that shows "true" values wants them turned back.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from designer.export.filter_set import Filter, FilterSet
from designer.export.memory import memory
from designer.export.names import changed, filter_files
from designer.export.provenance import one_line, provenance
from designer.export.refusals import at_most, refuse
from designer.export.target import Export, Target
from designer.problem.word_format import Word

FORMATS = {"5.23": (Word(5, 23), 4096), "8.24": (Word(8, 24), 20480)}
SMALL = 1024
COLUMNS = "# index  name  word  value"


def write_sigmadsp(filters: FilterSet) -> Export:
    """NAME-5.23.txt and NAME-8.24.txt of each filter: index, name, word in hexadecimal, and its exact value.

    5.23 is left out, and said to be, where a coefficient or the memory is too large for it.

    Raises
    ------
    UsageError : neither format holds the coefficients

    """
    used = memory(filters)
    largest = max(float(np.abs(_values(one)).max(initial=0.0)) for one in filters.filters)
    at_most("sigmadsp", used.coefficients, FORMATS["8.24"][1], "words of coefficients", "design with fewer taps")
    if not _holds("8.24", largest):
        raise refuse(
            "sigmadsp",
            f"a coefficient of {largest:g}",
            "-128 to 128 (8.24), with no scaling left in the cell",
            "limit the drivers' gains ([[drivers]] max_gain_db)",
        )
    notes, kept = [], ["8.24"]
    if used.coefficients > FORMATS["5.23"][1]:
        notes.append(f"no 5.23 tables: {used.coefficients:,} words of coefficients, and the ADAU144x has 4,096")
    elif not _holds("5.23", largest):
        notes.append(f"no 5.23 tables: a coefficient of {largest:g} is outside -16 to 16")
    else:
        kept.insert(0, "5.23")
        if used.coefficients > SMALL:
            notes.append(f"{used.coefficients:,} words of coefficients: more than the 1,024 of the ADAU1701")
    scaling = f"{' and '.join(kept)}, each coefficient to its nearest step; no shifts"
    stems = filter_files(filters)
    head = [f"# {line}" for line in provenance(filters, "sigmadsp", scaling)]
    files = {}
    for form in kept:
        for one in filters.filters:
            delay = filters.delays.get(one.channel, 0)
            own = one.delay_samples if one.cascade is None else one.cascade.delay_samples
            said = f"# {one_line(one.channel)} to {one_line(one.driver)}, behind {delay + (own or 0)} samples of delay"
            table = [*head, said, COLUMNS, *_table(one, FORMATS[form][0])]
            files[f"{stems[one.channel, one.driver]}-{form}.txt"] = ("\n".join(table) + "\n").encode()
    return Export(
        files,
        4 * used.coefficients,
        4 * used.state,
        used.multiply_adds,
        scaling,
        notes=tuple(notes),
        names=changed({f"{c}\n{d}": stem for (c, d), stem in stems.items()}),
        facts={"words_of_coefficients": used.coefficients},
    )


def _holds(form: str, largest: float) -> bool:
    word, _ = FORMATS[form]
    return largest / word.step + 0.5 <= word.greatest


def _values(one: Filter) -> np.ndarray:
    """The coefficients (K,), feedback signs turned; none where the filter is a pure delay."""
    if one.cascade is not None:
        return np.concatenate([one.cascade.b, -one.cascade.a], axis=1).ravel()
    return np.zeros(0) if one.delay_samples is not None else one.taps


def _names(one: Filter) -> Iterable[str]:
    if one.cascade is not None:
        return (f"{key}_{s + 1}" for s in range(len(one.cascade.b)) for key in ("b0", "b1", "b2", "-a1", "-a2"))
    return (f"h_{n}" for n in range(one.taps.size))


def _table(one: Filter, word: Word) -> Iterable[str]:
    steps = np.rint(_values(one) / word.step).astype(np.int64).tolist()
    for index, (name, q) in enumerate(zip(_names(one), steps, strict=False)):
        yield f"{index}  {name}  0x{q & ((1 << word.bits) - 1):08X}  {q * word.step!r}"


SIGMADSP = Target("sigmadsp", "SigmaDSP: parameter words in 5.23 and 8.24", write_sigmadsp)
