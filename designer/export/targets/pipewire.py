"""`pipewire`: a configuration for PipeWire's filter-chain, a sink of a device's channels, with a WAV a channel beside it.

After the page of module-filter-chain, and its source for what the page leaves out: `mixer` sums `In 1` to `In 8` times `Gain 1` to
`Gain 8`; an input takes one link, an output any number; `convolver` plays one track of a WAV that libsndfile reads, without
latency; `null` as an output is a silent one. `delay` truncates `Delay (s)` to whole samples, so half a sample more is written.
The `delay` of a convolver is not used, because later versions convert it to seconds and back in single precision, and
may lose a sample. Some versions hold 512 parameters of a stream, one a control, without a check; version 0.3.65 plays 497.
File names are relative to the folder in which the program is started.

The reader follows the graph, whatever order of nodes a user has given it (see `ways.py`), and refuses by name nodes that are computed
from a frequency or loaded from elsewhere.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from graphlib import CycleError, TopologicalSorter
from typing import Any

import numpy as np

from designer.export.coefficients import Coefficients, shown
from designer.export.filter_set import Filter, FilterSet
from designer.export.names import changed, file_names, filter_files
from designer.export.provenance import README, one_line, provenance, readme, text_file
from designer.export.runners.pipewire import run_pipewire
from designer.export.spa_json import parsed_spa_json, spa_text
from designer.export.target import Export, Target, at_most, whole_rate
from designer.export.wave import Responses, channel_responses, loud_note, wave_float
from designer.export.ways import Program, Signal, Way
from designer.problem.schema import MAX_TAPS

SCALING = "none; 32-bit float, 24 bits of mantissa"
FILE = "filter-chain.conf"
MAX_PORTS = 64
MIXER_INPUTS = 8
MIXER_PORTS = tuple(f"In {number}" for number in range(1, MIXER_INPUTS + 1))
LABELS = ("copy", "mixer", "delay", "convolver")
IN, OUT = "In", "Out"
LED = {IN: "is fed", OUT: "feeds"}
MAX_CONTROLS = 500
MAX_NODES = 10_000
MAX_BYTES = 10_000_000
EXPECTED = "a configuration of PipeWire's filter-chain"
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
Pro Audio. If its graph runs at another rate, PipeWire converts to {rate} Hz and back; set default.clock.rate = {rate} in
pipewire.conf to avoid that.

To start it with the session, copy this folder to ~/.config/pipewire/{stem}, and write
~/.config/systemd/user/{stem}.service, then systemctl --user enable --now {stem}:

    [Unit]
    After=pipewire.service
    [Service]
    WorkingDirectory=%h/.config/pipewire/{stem}
    ExecStart=/usr/bin/pipewire -c %h/.config/pipewire/{stem}/{file}
    [Install]
    WantedBy=default.target

Steady tones of full scale need a preamp of {preamp:.2f} dB: set "Gain 1" of each node whose name starts with "in " to {factor:.4f}.
"Gain n" of a node whose name starts with "driver " is the gain of a channel into a driver. Both may be changed during playback, with
pw-cli set-param.
"""


def write_pipewire(filters: FilterSet) -> Export:
    """`filter-chain.conf`, a WAV a channel, a track a driver, and `README.txt`.

    Raises UsageError: the sample rate is no whole number, there are more than 64 channels or drivers, or more controls than
    a graph has.
    """
    rate = whole_rate(filters, "pipewire")
    for count, kind in ((len(filters.channels), "channels"), (len(filters.drivers), "drivers")):
        at_most("pipewire", count, MAX_PORTS, kind, "export brutefir or camilladsp")
    stems, comments = file_names(filters.channels), provenance(filters, "pipewire", SCALING)
    nodes = list(_nodes(filters, stems))
    controls = sum(MIXER_INPUTS if label == "mixer" else 1 for _, label, _, _ in nodes if label != "convolver")
    fewer = f"design with fewer drivers or channels ({MIXER_INPUTS} controls a mixer), or export jconvolver"
    at_most("pipewire", controls, MAX_CONTROLS, "controls of mixers and delays", fewer)
    undelayed = replace(filters, delays={})
    convolved = [
        name for name in filters.channels if any(_is_convolved(f) and f.channel == name for f in filters.filters)
    ]
    waves = {
        f"{stems[name]}.wav": wave_float(channel_responses(undelayed, name), rate, "\n".join(comments))
        for name in convolved
    }
    stem = file_names([filters.name or "filters"])[filters.name or "filters"]
    room_db = filters.headroom.tones_db
    usage = USAGE.format(
        file=FILE,
        sink=f"{stem}.sink",
        output=f"{stem}.drivers",
        rate=rate,
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
        f"        node.description = {spa_text(one_line(filters.title))}",
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
        {FILE: text_file(lines), README: readme(filters, "pipewire", SCALING, usage, rows), **waves},
        filters.memory(sections=False),
        4,
        SCALING,
        notes=(*filters.cut_note(), *loud_note(waves, (filter_.taps for filter_ in filters.filters))),
        names=changed(stems),
        preamp=f'"Gain 1" of each mixer of {FILE} whose name starts with "in "',
    )


Node = tuple[str, str, list[str], list[str]]
"""Name, label, lines of its config and control, and for each of its inputs in order the output that it is linked to."""


def _is_convolved(filter_: Filter) -> bool:
    return filter_.delay_samples is None


def _nodes(filters: FilterSet, stems: dict[str, str]) -> Iterator[Node]:
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
            file = f'filename = "{stems[filter_.channel]}.wav" channel = {track} gain = 1.0'
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


def _end(name: str, node: str, rate: int, positions: list[str], *lines: str) -> Iterable[str]:
    yield f"        {name} = {{"
    yield f'          node.name = "{node}"'
    yield from (
        f"          {key} = {value}" for key, value in (("audio.rate", rate), ("audio.channels", len(positions)))
    )
    yield f"          audio.position = [ {' '.join(positions)} ]"
    yield from (f"          {line}" for line in lines)
    yield "        }"


def read_pipewire(coefficients: Coefficients) -> None:
    """The filters of a graph, inputs in the order of the problem's channels, outputs in that of its drivers.

    Raises DataError: it is no such configuration, does something else, or does not fit the problem.
    """
    text = coefficients.text(MAX_BYTES)
    comments = coefficients.comments(text)
    coefficients.check_stated_rate(comments)
    channels, drivers = coefficients.order(comments)
    try:
        content = parsed_spa_json(text)
    except ValueError as error:
        raise coefficients.refusal(f"no SPA-JSON ({str(error)[:100]})", EXPECTED) from None
    modules = content.get("context.modules")
    chains = [
        module.get("args")
        for module in (modules if isinstance(modules, list) else [])
        if isinstance(module, dict) and module.get("name") == "libpipewire-module-filter-chain"
    ]
    if len(chains) != 1 or not isinstance(chains[0], dict):
        raise coefficients.refusal(f"{len(chains)} modules filter-chain", "one, with args")
    graph = _Graph(coefficients, chains[0])
    coefficients.check_ports("inputs", len(graph.inputs), channels)
    coefficients.check_ports("outputs", len(graph.outputs), drivers)
    graph.program.collect(graph.run(), channels, drivers)


class _Graph:
    """Nodes and links of a `filter.graph`, and each node's output as a sum of ways."""

    def __init__(self, coefficients: Coefficients, args: dict[str, Any]) -> None:
        self.coefficients, self.program, self.responses = coefficients, Program(coefficients), Responses(coefficients)
        table = self._table(args.get("filter.graph"), "filter.graph")
        for end in ("capture.props", "playback.props"):
            if "audio.rate" in (props := self._table(args.get(end, {}), end)):
                coefficients.check_rate(coefficients.number(props["audio.rate"], f"{end} audio.rate"))
        self.nodes: dict[str, dict[str, Any]] = {}
        for node in self._list(table.get("nodes"), "nodes"):
            node_table = self._table(node, "a node")
            name = node_table.get("name")
            if not isinstance(name, str) or name in self.nodes:
                raise coefficients.refusal(f"the node {shown(name)}", "a name that no other node has")
            self.nodes[name] = node_table
        self.links: dict[str, str] = {}
        for link in self._list(table.get("links", []), "links"):
            ends = self._table(link, "a link")
            self._take(self._port(ends.get("input"), IN), self._port(ends.get("output"), OUT))
        self.inputs = [self._port(port, IN) for port in self._list(table.get("inputs"), "inputs")]
        self.outputs = [self._port(port, OUT) for port in self._list(table.get("outputs"), "outputs")]
        for number, port in enumerate(self.inputs):
            if port != "null":
                self._take(port, f"{number}")
        self.signals: dict[str, Signal] = {}

    def _take(self, port: str, source: str) -> None:
        if port in self.links:
            raise self.coefficients.refusal(f"two links to {shown(port)}", "one; a mixer sums")
        self.links[port] = source

    def _table(self, value: object, location: str) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise self.coefficients.refusal(f"{shown(value)} for {location}", "a table in braces")
        return value

    def _list(self, value: object, location: str) -> list[Any]:
        if not isinstance(value, list) or len(value) > MAX_NODES:
            raise self.coefficients.refusal(
                f"{shown(value)} for {location}", f"a list of up to {MAX_NODES:,} in brackets"
            )
        return value

    def _port(self, value: object, way: str) -> str:
        """A port's name, node and colon included; an unknown node's ports are left to what refuses the node."""
        name, colon, port = value.partition(":") if isinstance(value, str) else ("", "", "")
        if value != "null" and (not colon or name not in self.nodes):
            raise self.coefficients.refusal(f"the port {shown(value)}", '"node:port", of a node of the graph')
        label = self.nodes[name].get("label") if colon else None
        ports = MIXER_PORTS if way == IN and label == "mixer" else (way,)
        if label in LABELS and port not in ports:
            actual, expected = f"the port {shown(value)} as one that {LED[way]}", f"{', '.join(ports)} of a {label}"
            raise self.coefficients.refusal(actual, expected)
        return str(value)

    def run(self) -> list[Signal]:
        """Signal of each output; nodes are run once what feeds them has run."""
        feeding = {name: list(self._feeding(name)) for name in self.nodes}
        try:
            for name in TopologicalSorter(feeding).static_order():
                self.signals[name] = self._node(name)
        except CycleError as error:
            raise self.coefficients.refusal(
                f"a loop through the node {shown(error.args[1][0])}", "links that go forward"
            ) from None
        return [() if port == "null" else self.signals[port.partition(":")[0]] for port in self.outputs]

    def _feeding(self, name: str) -> Iterable[str]:
        sources = (self.links.get(f"{name}:{port}", "0") for port in (IN, *MIXER_PORTS))
        return (source.partition(":")[0] for source in sources if not source.isdecimal())

    def _fed(self, name: str, port: str) -> Signal:
        source = self.links.get(f"{name}:{port}")
        if source is None:
            return ()
        if source.isdecimal():
            return (Way(int(source)),)
        return self.signals[source.partition(":")[0]]

    def _node(self, name: str) -> Signal:
        node, number = self.nodes[name], self.coefficients.number
        config, control = (self._table(node.get(key, {}), f"{key} of {shown(name)}") for key in ("config", "control"))
        label, signal = node.get("label"), self._fed(name, "In")
        if node.get("type") != "builtin" or label not in LABELS:
            labels = f"builtin {', '.join(LABELS)}"
            raise self.coefficients.refusal(f"the node {shown(name)}: {shown(node.get('type'))} {shown(label)}", labels)
        if label == "mixer":
            terms: Signal = ()
            for n in range(1, MIXER_INPUTS + 1):
                gain = number(control.get(f"Gain {n}", 1.0), f"Gain {n} of {shown(name)}")
                terms = self.program.added(terms, self._fed(name, f"In {n}"), gain)
            return terms
        if label == "delay":
            seconds = number(control.get("Delay (s)", 0.0), f"Delay (s) of {shown(name)}")
            samples = np.float32(seconds) * np.float32(self.coefficients.problem.sample_rate_hz)  # as PipeWire has them
            wait = self.coefficients.whole(float(np.floor(samples)), f"the samples of Delay (s) of {shown(name)}")
            return self.program.delayed(signal, wait)
        if label == "convolver":
            return self._convolved(signal, config)
        return signal

    def _convolved(self, signal: Signal, config: dict[str, Any]) -> Signal:
        gain = self.coefficients.number(config.get("gain", 1.0), "gain")
        wait, offset, length, track = (
            self.coefficients.whole(config.get(key, 0), key, most=MAX_TAPS)
            for key in ("delay", "offset", "length", "channel")
        )
        signal = self.program.gained(self.program.delayed(signal, wait), gain)
        if config.get("filename") == "/dirac":
            return signal
        taps = self.responses.track(config.get("filename"), track)[offset : offset + length if length else None]
        return self.program.convolved(signal, taps) if taps.size else ()


PIPEWIRE = Target(
    place=115,
    name="pipewire",
    summary="PipeWire filter-chain: configuration of a sink, and WAVs",
    write=write_pipewire,
    files="PipeWire",
    read=read_pipewire,
    endings=(".conf",),
    is_own=lambda text: re.search(r"^[^#\n]*\bfilter\.graph\b", text, re.MULTILINE) is not None,
    in_folders=(FILE,),
    run=run_pipewire,
)
