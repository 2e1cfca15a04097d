"""`brutefir`: a configuration for BruteFIR, with each filter's taps as raw 64-bit floats beside it.

After BruteFIR's documentation: `filter_length: <block>,<blocks>` with a block of a power of two; a filter's own `delay`
counts in blocks, so a pure delay is written as taps; an input's `delay` counts in samples and carries the channel's.
Every setting stands in the file, so that `-nodefault` leaves nothing to a file in the user's home.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from designer.export.filter_set import FilterSet
from designer.export.memory import Memory, memory
from designer.export.names import changed, filter_files
from designer.export.provenance import provenance
from designer.export.refusals import at_most, whole_rate
from designer.export.responses import cut_note
from designer.export.target import Export, Target

SCALING = "none; double precision"
BLOCK = 1024
MAX_CHANNELS = 256


def write_brutefir(filters: FilterSet) -> Export:
    """`brutefir.conf`, which filters `input.raw` into `output.raw`, and NAME.f64 of each filter.

    Raises
    ------
    UsageError : the sample rate is no whole number, or there are more than 256 channels or drivers

    """
    rate = whole_rate(filters, "brutefir")
    for count, what in ((len(filters.channels), "channels"), (len(filters.drivers), "drivers")):
        at_most("brutefir", count, MAX_CHANNELS, what, "export camilladsp")
    stems = filter_files(filters)
    lines = [
        *(f"# {line}" for line in provenance(filters, "brutefir", SCALING)),
        "# Start it in this folder: brutefir -nodefault brutefir.conf",
        "# It filters input.raw into output.raw, both 64-bit floats, interleaved; set the devices to yours.",
        f"# A preamp of {-filters.headroom.tones_db:.2f} dB, which steady tones of full scale need, is an attenuation behind each input:",
        f'# from_inputs: "input 1"/{filters.headroom.tones_db:.2f};',
        "float_bits: 64;",
        f"sampling_rate: {rate};",
        f"filter_length: {BLOCK},{-(-filters.taps // BLOCK)};",
        *SETTINGS,
        *_end("input", filters.channels, [filters.delays.get(name, 0) for name in filters.channels]),
        *_end("output", filters.drivers, [0] * len(filters.drivers)),
        *_filters(filters, stems),
    ]
    files = {f"{stems[one.channel, one.driver]}.f64": one.taps.astype("<f8").tobytes() for one in filters.filters}
    delays = sum(filters.delays.values())
    used = memory(replace(filters, delays={}), sections=False, delays=False) + Memory(0, delays, 0)
    return Export(
        {"brutefir.conf": ("\n".join(lines) + "\n").encode(), **files},
        8 * used.coefficients,
        8 * used.state,
        used.multiply_adds,
        SCALING,
        notes=cut_note(filters),
        names=changed({f"{c}\n{d}": stem for (c, d), stem in stems.items()}),
        preamp="an attenuation behind the inputs of each filter of brutefir.conf",
    )


SETTINGS = (
    "overflow_warnings: true;",
    "show_progress: false;",
    "max_dither_table_size: 0;",
    "allow_poll_mode: false;",
    'modules_path: ".";',
    "powersave: false;",
    "monitor_rate: false;",
    "lock_memory: false;",
    "sdf_length: -1;",
    'convolver_config: ".brutefir_convolver";',
)


def _end(kind: str, names: tuple[str, ...], delays: list[int]) -> Iterable[str]:
    count = len(names)
    yield f"{kind} {', '.join(_label(kind, n) for n in range(count))} {{ # {', '.join(_comment(name) for name in names)}"
    yield f'  device: "file" {{ path: "{kind}.raw"; }};'
    yield '  sample: "FLOAT64_LE";'
    yield f"  channels: {count}/{','.join(map(str, range(count)))};"
    yield f"  delay: {','.join(map(str, delays))};"
    yield "  maxdelay: -1;"
    yield f"  mute: {','.join(['false'] * count)};"
    if kind == "output":
        yield from ("  dither: false;", "  merge: false;")
    yield "};"


def _filters(filters: FilterSet, stems: dict[tuple[str, str], str]) -> Iterable[str]:
    for one in filters.filters:
        stem = stems[one.channel, one.driver]
        yield f'coeff "{stem}" {{ filename: "{stem}.f64"; format: "FLOAT64_LE"; attenuation: 0.0; blocks: -1; skip: 0;'
        yield "  shared_mem: false; };"
    for one in filters.filters:
        stem = stems[one.channel, one.driver]
        yield f'filter "{stem}" {{ from_inputs: {_label("input", filters.channels.index(one.channel))};'
        yield f"  to_outputs: {_label('output', filters.drivers.index(one.driver))};"
        yield f'  process: -1; coeff: "{stem}"; delay: 0; crossfade: false; }};'


def _label(kind: str, number: int) -> str:
    return f'"{kind} {number + 1}"'


def _comment(name: str) -> str:
    return "".join(sign if sign.isprintable() else " " for sign in name)


BRUTEFIR = Target("brutefir", "BruteFIR: configuration and raw taps", write_brutefir)
