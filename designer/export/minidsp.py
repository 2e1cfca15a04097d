"""`minidsp`: biquads as the plug-ins' advanced mode takes them, FIR taps as their file and manual modes do.

After miniDSP's manuals: `biquad1,` then b0, b1, b2, a1, a2, each `=` its value and a comma, the last without; a1 and a2 with
their signs turned, because the processor adds what it feeds back. FIR files hold single-precision floats and nothing else,
manual mode takes `b0 = 1,` a line. What a processor holds is in `minidsp_models.py`.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from designer.errors import UsageError
from designer.export.filter_set import FilterSet
from designer.export.filter_table import NAME, Row, filter_table
from designer.export.memory import memory
from designer.export.minidsp_models import MIN_TAPS, MODELS, Model, check_model
from designer.export.names import changed, filter_files
from designer.export.provenance import one_line
from designer.export.readme import README, readme
from designer.export.refusals import at_most, refuse
from designer.export.responses import delayed_taps
from designer.export.target import Export, Target
from designer.realization.cascade import Cascade

MAX_SECTIONS = max(model.sections for model in MODELS.values())
TAPS = ("taps with their delays", "design with fewer ([realization] taps)")
SCALING = "none; single precision, 24 bits of mantissa, in the FIR files, 17 digits in the biquads"
HOW = """NAME.bin goes to an FIR block in file mode, NAME-fir.txt into its manual mode, NAME-biquads.txt into the parametric
equalisers of an output in advanced mode (import). a1 and a2 have the signs that the processor wants, which are the opposite
of those of sections.csv.

The matrix mixer lies ahead of the outputs' blocks, and nothing sums behind them: each filter takes an output of its own,
fed from its channel alone. Where several outputs play one driver, they are summed outside, by a mixer or a summing
amplifier. The table says which filter is which file, its output, and the delay in samples that the output has to be set to.
"""


def write_minidsp(filters: FilterSet) -> Export:
    """NAME.bin and NAME-fir.txt of each filter in taps, NAME-biquads.txt of each in sections, filters.csv and README.txt.

    Delays are zeros among the taps; behind biquads they stand in README.txt, to be set at the output.

    Raises
    ------
    UsageError : the model (`[export] minidsp_model`, `--model`) runs at another rate, or holds fewer taps, sections, inputs or
        outputs; without a model, every one does

    """
    check_model(filters.model)
    stems = filter_files(filters)
    files, rows, table = {}, [("channel", "driver", "output", "file", "delay to set in samples")], []
    taps: list[int] = []
    for output, one in enumerate(filters.filters, 1):
        stem, delay = stems[one.channel, one.driver], 0
        if one.cascade is not None:
            count = len(one.cascade.b)
            at_most("minidsp", count, MAX_SECTIONS, "sections", "design with fewer ([realization] sections)")
            files[file := f"{stem}-biquads.txt"] = biquad_text(one.cascade).encode()
            delay = one.cascade.delay_samples + filters.delays.get(one.channel, 0)
            table.append(Row(one.channel, one.driver, file, "sections", delay, layout="biquads"))
        else:
            values = delayed_taps(filters, one)
            values = np.concatenate([values, np.zeros(max(MIN_TAPS - values.size, 0))])
            files[file := f"{stem}.bin"] = values.astype("<f4").tobytes()
            files[f"{stem}-fir.txt"] = "".join(f"b{n} = {tap!r},\n" for n, tap in enumerate(values.tolist())).encode()
            taps.append(values.size)
            table.append(Row(one.channel, one.driver, file, "taps", 0))
        rows.append((one.channel, one.driver, str(output), file, str(delay)))
    notes = _model_notes(filters, taps)
    used = memory(filters, delays=not taps)
    return Export(
        {
            **files,
            README: readme(filters, "minidsp", SCALING, HOW, rows),
            NAME: filter_table(filters, "minidsp", SCALING, table),
        },
        4 * used.coefficients,
        4 * used.state,
        used.multiply_adds,
        SCALING,
        notes=notes,
        names=changed({f"{c}\n{d}": stem for (c, d), stem in stems.items()}),
        facts={
            "output_delays_samples": [list(row) for row in rows[1:] if row[-1] != "0"],
            "model": filters.model or None,
        },
    )


def _model_notes(filters: FilterSet, taps: list[int]) -> tuple[str, ...]:
    """Refuse what the model does not hold, or without one what none of its makers' does; else what is to be said."""
    models = [MODELS[filters.model]] if filters.model else list(MODELS.values())
    rates = sorted({model.rate_hz for model in models})
    if filters.sample_rate_hz not in rates:
        raise refuse(
            "minidsp",
            f"a sample rate of {filters.sample_rate_hz:.17g} Hz",
            f"{' or '.join(map(str, rates))}, which {f'the {filters.model} runs' if filters.model else 'its plug-ins run'} at",
            "design at that rate" if len(rates) == 1 else "design at one of these",
        )
    at_most("minidsp", max(taps, default=0), max(model.taps for model in MODELS.values()), *TAPS)
    refusals = {
        model.name: _refusal(filters, taps, model) for model in models if model.rate_hz == filters.sample_rate_hz
    }
    if filters.model and (refusal := refusals[filters.model]):
        raise refusal
    notes = []
    if not filters.model:
        holding = ", ".join(name for name, refusal in refusals.items() if refusal is None)
        said = (
            f"{holding} can hold these filters"
            if holding
            else f"none of {', '.join(refusals)} can hold these filters; --model NAME tells why that one cannot"
        )
        notes.append(f"no model is named ([export] minidsp_model, or --model): {said}")
    shared = [driver for driver in filters.drivers if sum(one.driver == driver for one in filters.filters) > 1]
    if shared:
        names = ", ".join(map(one_line, shared))
        notes.append(f"a miniDSP sums nothing behind its filters: sum the outputs of {names} outside the device")
    return tuple(notes)


def _refusal(filters: FilterSet, taps: list[int], model: Model) -> UsageError | None:
    """Why a model does not hold the filters."""
    of, (what, fewer) = f"of the {model.name}", TAPS
    for found, most, named, remedy in (
        (len(filters.channels), model.inputs, f"channels for the inputs {of}", "export camilladsp or brutefir"),
        (len(filters.filters), model.outputs, f"filters for the outputs {of}", "export camilladsp or brutefir"),
        (max(taps, default=0), model.taps, f"{what}, in one FIR block {of}", fewer),
        (sum(taps), model.all_taps, f"{what}, in all FIR blocks {of}", fewer),
    ):
        if found > most:
            return refuse("minidsp", f"{found:,} {named}", f"at most {most:,}", remedy)
    return None


def biquad_text(cascade: Cascade) -> str:
    """The sections of a filter, feedback signs turned."""

    def lines() -> Iterable[str]:
        for s, (b, a) in enumerate(zip(cascade.b.tolist(), cascade.a.tolist(), strict=True), 1):
            yield f"biquad{s}"
            yield from (f"{key}={value!r}" for key, value in zip(("b0", "b1", "b2"), b, strict=True))
            yield from (f"{key}={-value!r}" for key, value in zip(("a1", "a2"), a, strict=True))

    return ",\n".join(lines()) + "\n"


MINIDSP = Target("minidsp", "miniDSP: biquad text, FIR files", write_minidsp, options=("model",))
