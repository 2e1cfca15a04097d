"""`xilinx-coe`: a coefficient file for AMD's FIR Compiler of each filter.

After PG149 and the COE syntax: `radix=10;` and `coefdata=` with integers, parted by commas, closed by a semicolon, the last
keyword of the file; what follows a semicolon is a comment. The core takes 2 to 2048 taps of 2 to 49 bits. It has no
sections, so that a cascade is written as its impulse response.
"""

from __future__ import annotations

from dataclasses import replace

from designer.export.filter_set import FilterSet
from designer.export.filter_table import NAME, Row, filter_table
from designer.export.integers import channel_shifts, filter_shifts, step_words, tap_words, word_of
from designer.export.memory import memory
from designer.export.names import changed, filter_files
from designer.export.provenance import one_line, provenance
from designer.export.readme import README, delays_text, readme
from designer.export.refusals import at_most, refuse
from designer.export.responses import cut_note
from designer.export.target import Export, Target
from designer.problem.word_format import Word

DEFAULT = Word(1, 23)
MAX_TAPS = 2048
BITS = (2, 49)
HOW = """Each NAME.coe is one FIR Compiler's coefficient file: integers, signed, of the width stated in its comments. A filter
that is a pure delay has none: it is a delay line, and stands in the table.
"""


def write_coe(filters: FilterSet) -> Export:
    """NAME.coe of each filter that multiplies, README.txt with the delays and shifts, and filters.csv with the same for programs.

    Raises
    ------
    UsageError : more taps or wider words than the core takes, or a tap that no shift brings into the word

    """
    remedy = "design with fewer ([realization] taps)"
    if any(one.cascade is not None for one in filters.filters):
        remedy = (
            "its sections ring for so long; lower [realization] max_pole_radius, or export hex, which holds sections"
        )
    at_most("xilinx-coe", filters.taps, MAX_TAPS, "taps", remedy)
    notes = cut_note(filters)
    filters = replace(filters, filters=tuple(replace(one, cascade=None) for one in filters.filters))
    if notes and filters.word is not None:  # the word is the sections', and not that of their impulse response
        filters = replace(filters, word=None)
    word, said = word_of(filters, DEFAULT)
    if not BITS[0] <= word.bits <= BITS[1]:
        raise refuse("xilinx-coe", f"words of {word.bits} bits", "2 to 49 bits", "another [realization] word")
    shifts = filter_shifts(filters, word, "xilinx-coe")
    scaling = step_words(word, shifts)
    stems = filter_files(filters)
    head = [f"; {line.replace(';', ',')}" for line in provenance(filters, "xilinx-coe", scaling)]
    files, table = {}, []
    rows = [("channel", "driver", "file", "delay in samples", "shift in bits")]
    for one in filters.filters:
        file = "-" if one.delay_samples is not None else f"{stems[one.channel, one.driver]}.coe"
        shift, waits = shifts[one.channel, one.driver], filters.delays.get(one.channel, 0)
        rows.append((one.channel, one.driver, file, str(one.delay_samples or 0), str(shift)))
        if one.delay_samples is not None:
            table.append(Row(one.channel, one.driver, "", "delay", waits + one.delay_samples))
        else:
            table.append(Row(one.channel, one.driver, file, "taps", waits, word.bits, shift - word.fraction_bits))
            title = f"; {one_line(one.channel)} to {one_line(one.driver)}, {word.bits} bits".replace(";", ",").replace(
                ",", ";", 1
            )
            values = ",\n".join(str(q) for q in tap_words(one, word, shift).tolist())
            files[file] = ("\n".join([*head, title, "radix=10;", "coefdata=", values + ";"]) + "\n").encode()
    used, width = memory(filters), -(-word.bits // 8)
    text = HOW + "\n\n" + "\n\n".join(delays_text(filters))
    return Export(
        {
            **files,
            README: readme(filters, "xilinx-coe", scaling, text, rows),
            NAME: filter_table(filters, "xilinx-coe", scaling, table),
        },
        width * used.coefficients,
        width * used.state,
        used.multiply_adds,
        scaling,
        notes=(*said, *notes),
        names=changed({f"{c}\n{d}": stem for (c, d), stem in stems.items()}),
        facts={
            "word": f"{word.integer_bits}.{word.fraction_bits}",
            "shifts": channel_shifts(shifts),
            "filters": [list(r) for r in rows],
        },
    )


XILINX_COE = Target("xilinx-coe", "AMD (Xilinx) FIR Compiler: .coe files", write_coe)
