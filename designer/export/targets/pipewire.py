"""`pipewire`: a configuration for PipeWire's filter-chain, a sink of a device's channels, with a WAV a channel beside it.

After the page of module-filter-chain, and its source for what the page leaves out: `mixer` sums `In 1` to `In 8` times `Gain 1` to
`Gain 8`; an input takes one link, an output any number; `convolver` plays one track of a WAV that libsndfile reads, without
latency; `null` as an output is a silent one. `delay` truncates `Delay (s)` to whole samples, so half a sample more is written.
The `delay` of a convolver is not used, because later versions convert it to seconds and back in single precision, and
may lose a sample. Some versions hold 512 parameters of a stream, one a control, without a check; version 0.3.65 plays 497.
File names are relative to the folder in which the program is started.

Several rates go into one configuration, without `audio.rate`: the graph runs at the rate of its streams, and of the files that a
`convolver` lists it takes the one whose rate is nearest to that. Delays are then among the taps, because a `delay` counts seconds.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from designer.export.filter_set import Filter, FilterSet
from designer.export.names import changed, file_names, filter_files
from designer.export.pipewire_graph import MIXER_INPUTS, read_pipewire
from designer.export.provenance import README, one_line, provenance, readme, text_file
from designer.export.rates import check_same
from designer.export.runners.pipewire import run_pipewire
from designer.export.target import Export, Target, at_most, at_most_ports, whole_rate
from designer.export.wave import channel_waves, filter_notes

SCALING = "none; 32-bit float, 24 bits of mantissa"
FILE = "filter-chain.conf"
MAX_PORTS = 64
MAX_CONTROLS = 500
POSITIONS = {"left": "FL", "right": "FR", "virtual-left": "FL", "virtual-right": "FR", "centre": "FC"}
MODULES = """context.properties = { log.level = 2 }
context.spa-libs = {
    audio.convert.* = audioconvert/libspa-audioconvert
    support.* = support/libspa-support
}
context.modules = [
    { name = libpipewire-module-rt flags = [ ifexists nofail ] }
    { name = libpipewire-module-protocol-native }
    { name = libpipewire-module-client-node }
    { name = libpipewire-module-adapter }"""
USAGE = """Start PipeWire in this folder, from where it reads {file}. It shows a sink for as long as it runs:

    pipewire -c "$PWD/{file}"

The sink's name is {sink}. Choose it as the output of a program or of the desktop. Connect its own output, {output}, to
the device that has the drivers: either write that device's name (pw-cli ls Node) as target.object in {file}, or connect both with
pw-link. The drivers are AUX0, AUX1 and so on, in the order above, which is also the order of a sound card in the profile
Pro Audio. {at_rate}

To start it with the session, copy this folder to ~/.config/pipewire/{stem}, and write
~/.config/systemd/user/{stem}.service, then systemctl --user enable --now {stem}:

    [Unit]
    After=pipewire.service
    [Service]
    WorkingDirectory=%h/.config/pipewire/{stem}
    ExecStart=/usr/bin/pipewire -c %h/.config/pipewire/{stem}/{file}
    [Install]
    WantedBy=default.target

Steady tones of full scale need a preamp of {preamp:z.2f} dB: set "Gain 1" of each node whose name starts with "in " to {factor:.4f}.
"Gain n" of a node whose name starts with "driver " is the gain of a channel into a driver. Both may be changed during playback, with
pw-cli set-param.
"""
ONE_RATE = """If its graph runs at another rate, PipeWire converts to {rate} Hz and back; set default.clock.rate = {rate} in
pipewire.conf to avoid that."""
ANY_RATE = """The graph runs at {rates} Hz without conversion: the filters of the rate that it is started at are loaded. List these
rates as default.clock.allowed-rates in pipewire.conf; at any other rate the nearest filters are resampled."""


def write_pipewire(filters: FilterSet) -> Export:
    """`filter-chain.conf`, a WAV a channel, a track a driver, and `README.txt`.

    Raises UsageError: the sample rate is no whole number, there are more than 64 channels or drivers, or more controls than
    a graph has.
    """
    return _written(filters)


def write_rates(filters: FilterSet) -> Export:
    """`filter-chain.conf` that runs at any of the rates, a WAV a channel and rate, and `README.txt`; errors as `write_pipewire`."""
    check_same("pipewire", filters)
    return _written(replace(filters, at_rates=tuple(map(_folded, filters.at_rates))))


def _folded(filters: FilterSet) -> FilterSet:
    """The filters with every delay among their taps."""
    taps = tuple(
        replace(filter_, taps=filters.delayed_taps(filter_), cascade=None, delay_samples=None)
        for filter_ in filters.filters
    )
    return replace(filters, filters=taps, delays={})


def _written(source: FilterSet) -> Export:
    sets = source.at_rates or (source,)
    filters = sets[0]
    rates = [whole_rate(member, "pipewire") for member in sets]
    rate = None if source.at_rates else rates[0]
    at_most_ports("pipewire", filters, MAX_PORTS, "export brutefir or camilladsp")
    stems, comments = file_names(filters.channels), provenance(source, "pipewire", SCALING)
    ends = [f"-{rate_hz}.wav" if rate is None else ".wav" for rate_hz in rates]
    nodes = list(_nodes(filters, stems, ends))
    controls = sum(MIXER_INPUTS if label == "mixer" else 1 for _, label, _, _ in nodes if label != "convolver")
    fewer = f"design with fewer drivers or channels ({MIXER_INPUTS} controls a mixer), or export jconvolver"
    at_most("pipewire", controls, MAX_CONTROLS, "controls of mixers and delays", fewer)
    convolved = dict.fromkeys(filter_.channel for filter_ in filters.filters if _is_convolved(filter_))
    waves: dict[str, bytes] = {}
    for member, end in zip(sets, ends, strict=True):
        waves |= channel_waves(replace(member, delays={}), stems, convolved, "\n".join(comments), end)
    stem = file_names([filters.name or "filters"])[filters.name or "filters"]
    room_db = filters.headroom.tones_db
    usage = USAGE.format(
        file=FILE,
        sink=f"{stem}.sink",
        output=f"{stem}.drivers",
        at_rate=ANY_RATE.format(rates=", ".join(map(str, rates))) if rate is None else ONE_RATE.format(rate=rate),
        stem=stem,
        preamp=-room_db + 0.0,
        factor=10 ** (-room_db / 20),
    )
    lines = [
        *(f"# {line}" for line in comments),
        f'# Start it in this folder: pipewire -c "$PWD/{FILE}"; see {README}.',
        MODULES,
        "    { name = libpipewire-module-filter-chain",
        "      args = {",
        f"        node.description = {json.dumps(one_line(filters.title), ensure_ascii=False)}",
        "        filter.graph = {",
        *_graph(filters, nodes),
        "        }",
        *_end("capture.props", f"{stem}.sink", rate, _positions(filters), "media.class = Audio/Sink"),
        *_end(
            "playback.props",
            f"{stem}.drivers",
            rate,
            [f"AUX{number}" for number in range(len(filters.drivers))],
            "stream.dont-remix = true",
            "node.passive = true",
            '# target.object = "the device that has the drivers"',
        ),
        "      }",
        "    }",
        "]",
    ]
    rows = [("driver", "output"), *((driver, f"AUX{number}") for number, driver in enumerate(filters.drivers))]
    return Export.of_words(
        {FILE: text_file(lines), README: readme(source, "pipewire", SCALING, usage, rows), **waves},
        filters.memory(sections=False),
        4,
        SCALING,
        notes=filter_notes(filters, waves),
        names=changed(stems),
        preamp=f'"Gain 1" of each mixer of {FILE} whose name starts with "in "',
    )


Node = tuple[str, str, list[str], list[str]]
"""Name, label, lines of its config and control, and for each of its inputs in order the output that it is linked to."""


def _is_convolved(filter_: Filter) -> bool:
    return filter_.delay_samples is None


def _nodes(filters: FilterSet, stems: dict[str, str], ends: Sequence[str]) -> Iterator[Node]:
    files, rate = filter_files(filters), filters.sample_rate_hz
    sources = {}
    for name in filters.channels:
        sources[name] = f"in {stems[name]}"
        yield sources[name], "mixer", ['control = { "Gain 1" = 1.0 }'], []
        if delay := filters.delays.get(name, 0):
            yield f"wait {stems[name]}", "delay", _delay(delay, rate), [sources[name]]
            sources[name] = f"wait {stems[name]}"
    feeds: dict[str, list[str]] = {driver: [] for driver in filters.drivers}
    for filter_ in filters.filters:
        source, name = sources[filter_.channel], f"filter {files[filter_.channel, filter_.driver]}"
        if _is_convolved(filter_):
            track = filters.drivers.index(filter_.driver)
            names = " ".join(f'"{stems[filter_.channel]}{end}"' for end in ends)
            file = f"filename = {names if len(ends) == 1 else f'[ {names} ]'} channel = {track} gain = 1.0"
            yield name, "convolver", [f"config = {{ {file} }}"], [source]
        elif filter_.delay_samples:
            yield name, "delay", _delay(filter_.delay_samples, rate), [source]
        feeds[filter_.driver].append(source if filter_.delay_samples == 0 else name)
    for driver, driver_stem in file_names(filters.drivers).items():
        terms, part = feeds[driver], 0
        while len(terms) > MIXER_INPUTS:
            part += 1
            yield from _mixer(f"part {part} of {driver_stem}", terms[:MIXER_INPUTS])
            terms = [*terms[MIXER_INPUTS:], f"part {part} of {driver_stem}"]
        if terms:
            yield from _mixer(f"driver {driver_stem}", terms)


def _mixer(name: str, terms: list[str]) -> Iterable[Node]:
    gains = " ".join(f'"Gain {number}" = 1.0' for number in range(1, len(terms) + 1))
    yield name, "mixer", [f"control = {{ {gains} }}"], terms


def _delay(samples: int, rate: float) -> list[str]:
    return [
        f"config = {{ max-delay = {(samples + 2) / rate:.9f} }}",
        f'control = {{ "Delay (s)" = {(samples + 0.5) / rate:.9f} }}',
    ]


def _graph(filters: FilterSet, nodes: list[Node]) -> Iterable[str]:
    yield "          nodes = ["
    for name, label, lines, _ in nodes:
        yield f'            {{ type = builtin label = {label} name = "{name}" {" ".join(lines)} }}'
    yield from ("          ]", "          links = [")
    for name, label, _, terms in nodes:
        for number, term in enumerate(terms, 1):
            port = f"In {number}" if label == "mixer" else "In"
            yield f'            {{ output = "{term}:Out" input = "{name}:{port}" }}'
    names = {name for name, *_ in nodes}
    inputs = [f'"{name}:In 1"' for name in _names("in", filters.channels)]
    outputs = [f'"{name}:Out"' if name in names else '"null"' for name in _names("driver", filters.drivers)]
    yield from (
        "          ]",
        f"          inputs = [ {' '.join(inputs)} ]",
        f"          outputs = [ {' '.join(outputs)} ]",
    )


def _names(kind: str, names: tuple[str, ...]) -> list[str]:
    return [f"{kind} {stem}" for stem in file_names(names).values()]


def _positions(filters: FilterSet) -> list[str]:
    """Speakers that the sink takes its channels for; of an upmix's channels none, so that stereo is not played into them."""
    positions = [POSITIONS.get(name, "") for name in filters.channels]
    if len(positions) == 1:
        return ["MONO"]
    if filters.fed_by_upmix or not all(positions) or len(set(positions)) < len(positions):
        return [f"AUX{number}" for number in range(len(positions))]
    return positions


def _end(name: str, node: str, rate: int | None, positions: list[str], *lines: str) -> Iterable[str]:
    yield f"        {name} = {{"
    yield f'          node.name = "{node}"'
    rates = () if rate is None else (("audio.rate", rate),)
    yield from (f"          {key} = {value}" for key, value in (*rates, ("audio.channels", len(positions))))
    yield f"          audio.position = [ {' '.join(positions)} ]"
    yield from (f"          {line}" for line in lines)
    yield "        }"


PIPEWIRE = Target(
    place=115,
    name="pipewire",
    summary="PipeWire filter-chain: configuration of a sink, and WAVs",
    write=write_pipewire,
    write_rates=write_rates,
    files="PipeWire",
    read=read_pipewire,
    endings=(".conf",),
    is_own=lambda text: re.search(r"^[^#\n]*\bfilter\.graph\b", text, re.MULTILINE) is not None,
    in_folders=(FILE,),
    run=run_pipewire,
)
