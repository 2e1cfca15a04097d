"""`minidsp`: biquads as the plug-ins' advanced mode takes them, FIR taps as their file and manual modes do.

After miniDSP's manuals (2x4 HD, Flex, DDRC-24, miniSHARC): `biquad1,` then b0, b1, b2, a1, a2, each `=` its value and a
comma, the last without; a1 and a2 with their signs turned, because the processor adds what it feeds back; at most ten
sections a block. FIR files hold single-precision floats and nothing else, manual mode takes `b0 = 1,` a line; a block has
6 to 2048 taps, 6144 on the OpenDRC. The plug-ins run at 48 or at 96 kHz.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from designer.export.filter_set import FilterSet
from designer.export.memory import memory
from designer.export.names import changed, filter_files
from designer.export.readme import README, readme
from designer.export.refusals import at_most, refuse
from designer.export.responses import delayed_taps, response_length
from designer.export.target import Export, Target
from designer.realization.cascade import Cascade

RATES_HZ = (48000, 96000)
MAX_SECTIONS = 10
MIN_TAPS = 6
USUAL_TAPS = 2048
MAX_TAPS = 6144
SCALING = "none; single precision, 24 bits of mantissa, in the FIR files, 17 digits in the biquads"
HOW = """NAME.bin goes to an FIR block in file mode, NAME-fir.txt into its manual mode, NAME-biquads.txt into a block of
parametric equalisers or a crossover in advanced mode (import). a1 and a2 have the signs that the processor wants, which
are the opposite of those of sections.csv.

A block sits on one output and has one input: a driver that several channels feed needs an output block for each, summed
behind them. The table says which filter is which file, and the delay in samples that its output has to be set to.
"""


def write_minidsp(filters: FilterSet) -> Export:
    """NAME.bin and NAME-fir.txt of each filter in taps, NAME-biquads.txt of each in sections.

    Delays are zeros among the taps; behind biquads they stand in README.txt, to be set at the output.

    Raises
    ------
    UsageError : another sample rate, or more taps or sections than a block holds

    """
    if filters.sample_rate_hz not in RATES_HZ:
        raise refuse(
            "minidsp",
            f"a sample rate of {filters.sample_rate_hz:.17g} Hz",
            "48000 or 96000, which its plug-ins run at",
            "design at one of these",
        )
    in_taps = [one for one in filters.filters if one.cascade is None]
    if in_taps:
        length = response_length(filters)
        at_most("minidsp", length, MAX_TAPS, "taps with their delays", "design with fewer ([realization] taps)")
    stems = filter_files(filters)
    files, rows, notes = {}, [("channel", "driver", "file", "delay to set in samples")], []
    for one in filters.filters:
        stem = stems[one.channel, one.driver]
        delay = 0
        if one.cascade is not None:
            count = len(one.cascade.b)
            at_most("minidsp", count, MAX_SECTIONS, "sections", "design with fewer ([realization] sections)")
            files[f"{stem}-biquads.txt"] = biquad_text(one.cascade).encode()
            delay = one.cascade.delay_samples + filters.delays.get(one.channel, 0)
        else:
            taps = delayed_taps(filters, one)
            taps = np.concatenate([taps, np.zeros(max(MIN_TAPS - taps.size, 0))])
            files[f"{stem}.bin"] = taps.astype("<f4").tobytes()
            files[f"{stem}-fir.txt"] = "".join(f"b{n} = {tap!r},\n" for n, tap in enumerate(taps.tolist())).encode()
        rows.append((one.channel, one.driver, f"{stem}{'-biquads.txt' if one.cascade else '.bin'}", str(delay)))
    if in_taps and length > USUAL_TAPS:
        notes.append(f"{length} taps a filter: an OpenDRC holds {MAX_TAPS}, the other processors {USUAL_TAPS}")
    used = memory(filters, delays=not in_taps)
    return Export(
        {**files, README: readme(filters, "minidsp", SCALING, HOW, rows)},
        4 * used.coefficients,
        4 * used.state,
        used.multiply_adds,
        SCALING,
        notes=tuple(notes),
        names=changed({f"{c}\n{d}": stem for (c, d), stem in stems.items()}),
        facts={"output_delays_samples": [list(row) for row in rows[1:] if row[3] != "0"]},
    )


def biquad_text(cascade: Cascade) -> str:
    """The sections of a filter, feedback signs turned."""

    def lines() -> Iterable[str]:
        for s, (b, a) in enumerate(zip(cascade.b.tolist(), cascade.a.tolist(), strict=True), 1):
            yield f"biquad{s}"
            yield from (f"{key}={value!r}" for key, value in zip(("b0", "b1", "b2"), b, strict=True))
            yield from (f"{key}={-value!r}" for key, value in zip(("a1", "a2"), a, strict=True))

    return ",\n".join(lines()) + "\n"


MINIDSP = Target("minidsp", "miniDSP: biquad text, FIR files", write_minidsp)
