"""`jconvolver`: a configuration for jconvolver and fconvolver, with a WAV a channel beside it.

After README.CONFIG of jconvolver: inputs, outputs and tracks count from 1; `/impulse/read <input> <output> <gain> <delay>
<offset> <length> <channel> <file>` adds a response behind `delay` zeros, `/impulse/dirac <input> <output> <gain> <delay>`
a pure delay; at most 64 inputs and 64 outputs. File names are relative to where the program is started.
"""

from __future__ import annotations

from dataclasses import replace

from designer.export.filter_set import FilterSet
from designer.export.memory import memory
from designer.export.names import changed, file_names, identifiers
from designer.export.provenance import provenance
from designer.export.refusals import at_most, whole_rate
from designer.export.responses import cut_note, response_length
from designer.export.target import Export, Target
from designer.export.wav import channel_responses
from designer.export.wave import loud_note, wave_float

SCALING = "none; 32-bit float, 24 bits of mantissa"
MAX_PORTS = 64
PARTITION = 256


def write_jconvolver(filters: FilterSet) -> Export:
    """`jconvolver.conf` and a WAV a channel, a track a driver.

    Raises
    ------
    UsageError : the sample rate is no whole number, or there are more than 64 channels or drivers

    """
    rate = whole_rate(filters, "jconvolver")
    for count, what in ((len(filters.channels), "channels"), (len(filters.drivers), "drivers")):
        at_most("jconvolver", count, MAX_PORTS, what, "export brutefir or camilladsp")
    stems = file_names(filters.channels)
    undelayed = replace(filters, delays={})
    comments = provenance(filters, "jconvolver", SCALING)
    used_paths = {one.channel for one in filters.filters if one.delay_samples is None}
    waves = {
        f"{stems[name]}.wav": wave_float(channel_responses(undelayed, name), rate, "\n".join(comments))
        for name in filters.channels
        if name in used_paths
    }
    density = len(filters.filters) / (len(filters.channels) * len(filters.drivers))
    inputs, outputs = identifiers(filters.channels), identifiers(filters.drivers)
    lines = [
        *(f"# {line}" for line in comments),
        "# Start it in this folder: jconvolver jconvolver.conf, or fconvolver jconvolver.conf IN.wav OUT.wav",
        f"/convolver/new {len(filters.channels)} {len(filters.drivers)} {PARTITION} {response_length(filters)} {density:.3f}",
        *(f"/input/name {n} {inputs[name]}" for n, name in enumerate(filters.channels, 1)),
        *(f"/output/name {n} {outputs[name]}" for n, name in enumerate(filters.drivers, 1)),
        f"# A preamp of {-filters.headroom.tones_db:.2f} dB, which steady tones of full scale need, is a gain of"
        f" {10 ** (-filters.headroom.tones_db / 20):.4f} for 1.0 in each line below.",
        *_impulses(filters, stems),
    ]
    used = memory(filters, sections=False)
    return Export(
        {"jconvolver.conf": ("\n".join(lines) + "\n").encode(), **waves},
        4 * used.coefficients,
        4 * used.state,
        used.multiply_adds,
        SCALING,
        notes=(*cut_note(filters), *loud_note(waves, filters)),
        names=changed(stems),
        preamp="the gain, 1.0, of each /impulse line of jconvolver.conf",
    )


def _impulses(filters: FilterSet, stems: dict[str, str]) -> list[str]:
    lines = []
    for one in filters.filters:
        place = f"{filters.channels.index(one.channel) + 1} {filters.drivers.index(one.driver) + 1} 1.0"
        delay = filters.delays.get(one.channel, 0)
        if one.delay_samples is not None:
            lines.append(f"/impulse/dirac {place} {delay + one.delay_samples}")
        else:
            track = filters.drivers.index(one.driver) + 1
            lines.append(f"/impulse/read {place} {delay} 0 0 {track} {stems[one.channel]}.wav")
    return lines


JCONVOLVER = Target("jconvolver", "jconvolver and fconvolver: configuration and WAVs", write_jconvolver)
