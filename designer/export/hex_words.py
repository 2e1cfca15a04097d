"""`hex`: coefficients as two's complement words, one a line, as Verilog's `$readmemh` and most loaders read them."""

from __future__ import annotations

from collections.abc import Iterable

from designer.export.filter_set import Filter, FilterSet
from designer.export.filter_table import NAME, Row, filter_table
from designer.export.integers import (
    channel_shifts,
    filter_shifts,
    hex_word,
    section_words,
    step_words,
    tap_words,
    word_of,
)
from designer.export.memory import memory
from designer.export.names import changed, filter_files
from designer.export.provenance import one_line, provenance
from designer.export.readme import README, delays_text, readme
from designer.export.target import Export, Target
from designer.problem.word_format import Word

TAPS_WORD = Word(1, 23)
SECTIONS_WORD = Word(5, 23)
HOW = """NAME.hex holds a filter's words, the first tap first; lines that start with // are comments. Of sections it holds b0,
b1, b2, a1, a2 of each, with the signs of H(z) = (b0 + b1 z^-1 + b2 z^-2) / (1 + a1 z^-1 + a2 z^-2); the section's output is
multiplied by its gain, a power of two. A filter that is a pure delay has no words: it stands in the table.
"""


def write_hex(filters: FilterSet) -> Export:
    """NAME.hex of each filter that multiplies, README.txt with the delays and shifts, and filters.csv with the same for programs.

    Raises
    ------
    UsageError : a coefficient does not fit, and no shift or gain is left

    """
    word, notes = word_of(filters, SECTIONS_WORD if filters.form == "biquad" else TAPS_WORD)
    shifts = filter_shifts(filters, word, "hex")
    scaling = step_words(word, shifts)
    stems = filter_files(filters)
    head = [f"// {line}" for line in provenance(filters, "hex", scaling)]
    files, table = {}, []
    rows = [("channel", "driver", "file", "delay in samples", "shift in bits")]
    for one in filters.filters:
        file = "-" if one.delay_samples is not None else f"{stems[one.channel, one.driver]}.hex"
        delay = one.delay_samples or (one.cascade.delay_samples if one.cascade else 0)
        shift = shifts[one.channel, one.driver]
        rows.append((one.channel, one.driver, file, str(delay), str(shift)))
        waits = delay + filters.delays.get(one.channel, 0)
        if one.delay_samples is not None:
            table.append(Row(one.channel, one.driver, "", "delay", waits))
        else:
            kind, exponent = ("sections", 0) if one.cascade else ("taps", shift)
            table.append(Row(one.channel, one.driver, file, kind, waits, word.bits, exponent - word.fraction_bits))
            body = _sections(filters, one, word) if one.cascade else _taps(one, word, shift)
            title = f"// {one_line(one.channel)} to {one_line(one.driver)}"
            files[file] = ("\n".join([*head, title, *body]) + "\n").encode()
    used, width = memory(filters), -(-word.bits // 8)
    text = HOW + "\n\n" + "\n\n".join(delays_text(filters))
    return Export(
        {
            **files,
            README: readme(filters, "hex", scaling, text, rows),
            NAME: filter_table(filters, "hex", scaling, table),
        },
        width * used.coefficients,
        width * used.state,
        used.multiply_adds,
        scaling,
        notes=notes,
        names=changed({f"{c}\n{d}": stem for (c, d), stem in stems.items()}),
        facts={
            "word": f"{word.integer_bits}.{word.fraction_bits}",
            "shifts": channel_shifts(shifts),
            "filters": [list(r) for r in rows],
        },
    )


def _taps(one: Filter, word: Word, shift: int) -> Iterable[str]:
    return (hex_word(q, word.bits) for q in tap_words(one, word, shift).tolist())


def _sections(filters: FilterSet, one: Filter, word: Word) -> Iterable[str]:
    words = section_words(filters, one, word, "hex")
    for s, (b, a, gain) in enumerate(zip(words.b.tolist(), words.a.tolist(), words.log2_gain.tolist(), strict=True), 1):
        yield f"// section {s}, gain 2^{gain}"
        yield from (hex_word(q, word.bits) for q in (*b, *a))


HEX = Target("hex", "words in hexadecimal, for $readmemh and loaders", write_hex)
