"""Graph of a PipeWire filter-chain, read as sums of ways from its inputs to its outputs.

The reader follows the graph, in any order of nodes (see `program_paths.py`), and refuses by name nodes that are computed
from a frequency or loaded from elsewhere.
Of a convolver's list of files the one at the problem's rate is read.

**SPA-JSON** is JSON in which `=`, `:` and `,` are blanks, and names need no quotes. After spa/utils/json.h of PipeWire: `#` starts a
comment wherever a word could; a word ends at a blank, a bracket or `#`; a configuration's outermost braces may be left out. A bare
word is kept as its text, also where it is a number.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from graphlib import CycleError, TopologicalSorter
from typing import Any

import numpy as np

from designer.export.coefficients import Coefficients, shown
from designer.export.program_paths import Program, Signal, Way
from designer.export.wave import Responses
from designer.problem.schema import MAX_TAPS

MIXER_INPUTS = 8
MIXER_PORTS = tuple(f"In {number}" for number in range(1, MIXER_INPUTS + 1))
LABELS = ("copy", "mixer", "delay", "convolver")
IN, OUT = "In", "Out"
LED = {IN: "is fed", OUT: "feeds"}
TOKEN = re.compile(r'[\s,:=]+|\#[^\n]*|("(?:[^"\\]|\\.)*")|([][{}])|([^\s,:=#"{}\[\]]+)')
MAX_DEPTH = 50

MAX_NODES = 10_000
MAX_BYTES = 10_000_000
EXPECTED = "a configuration of PipeWire's filter-chain"


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
        names = config.get("filename")
        name = self.responses.at_rate(names) if isinstance(names, list) else names
        taps = self.responses.track(name, track)[offset : offset + length if length else None]
        return self.program.convolved(signal, taps) if taps.size else ()


def parsed_spa_json(text: str) -> dict[str, Any]:
    """A configuration: tables, lists and texts.

    Raises ValueError: with the fault and its line.
    """
    tokens, position = list[str](), 0
    while position < len(text):
        match = TOKEN.match(text, position)
        if match is None:
            raise ValueError(f"line {text.count(chr(10), 0, position) + 1}: {text[position : position + 20]!r}")
        tokens += [part for part in match.groups() if part]
        position = match.end()
    tokens.append("}")
    table, after = _braces(tokens, 0, 0)
    if after != len(tokens):
        raise ValueError("one closing brace too many")
    return table


def _braces(tokens: list[str], at: int, depth: int) -> tuple[dict[str, Any], int]:
    table: dict[str, Any] = {}
    while at < len(tokens) and tokens[at] != "}":
        key, at = _token(tokens, at, depth)
        if not isinstance(key, str):
            raise ValueError("a bracket where a name stands")
        if at >= len(tokens) or tokens[at] in "]}":
            raise ValueError(f"no value of {key[:40]!r}")
        table[key], at = _token(tokens, at, depth)
    if at >= len(tokens):
        raise ValueError("a bracket that is never closed")
    return table, at + 1


def _token(tokens: list[str], at: int, depth: int) -> tuple[Any, int]:
    token = tokens[at]
    if depth > MAX_DEPTH:
        raise ValueError(f"brackets deeper than {MAX_DEPTH}")
    if token == "{":
        return _braces(tokens, at + 1, depth + 1)
    if token == "[":
        values, at = [], at + 1
        while at < len(tokens) and tokens[at] != "]":
            value, at = _token(tokens, at, depth + 1)
            values.append(value)
        if at >= len(tokens):
            raise ValueError("a bracket that is never closed")
        return values, at + 1
    if token in "]}":
        raise ValueError(f"a {token} that closes nothing")
    return (json.loads(token, strict=False) if token.startswith('"') else token), at + 1
