"""A BruteFIR configuration and its coefficients: what its filters do, attenuations included.

After BruteFIR's documentation: `coeff` names a file of raw floats and an attenuation in dB; a `filter` takes inputs, each as
`"name"/attenuation/multiplier`, through a coeff, behind a delay of whole blocks, to outputs with attenuations of their own;
inputs and outputs have delays in samples. Filters that feed filters are refused by name.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from designer.arrays import Real
from designer.importing.coefficients import (
    Coefficients,
    Collected,
    channel_names,
    check_rate,
    check_values,
    number,
    stated_bulk_delay,
    stated_order,
    whole,
)
from designer.importing.files import beside, read_bytes, read_text, refusal, shown
from designer.importing.ways import Program, Signal, Way, mixed
from designer.problem.schema import MAX_TAPS, Problem

MAX_CONF_BYTES = 10_000_000
MAX_PORTS = 256
FORMATS = {"FLOAT64_LE": "<f8", "FLOAT_LE": "<f4", "FLOAT64_BE": ">f8", "FLOAT_BE": ">f4"}
TOKEN = re.compile(r'\s+|#[^\n]*|"([^"\n]*)"|([A-Za-z_][\w]*)|([-+]?[\d.]+(?:[eE][-+]?\d+)?)|([{}:;,/])')
Settings = dict[str, list[list[Any]]]
BLOCKS = ("input", "output", "coeff", "filter")


def read_brutefir(path: Path, problem: Problem) -> Coefficients:
    """The filters of a configuration, inputs in the order of the problem's channels, outputs in that of its drivers.

    Raises
    ------
    DataError : it is no such configuration, does something that is no filter's, or does not fit the problem

    """
    text = read_text(path, MAX_CONF_BYTES)
    conf = _Configuration(path, text)
    check_rate(path, number(path, conf.one(conf.settings, "sampling_rate"), "sampling_rate"), problem)
    comments = "\n".join(line for line in text.splitlines() if line.startswith("#"))
    channels = stated_order(path, comments, "channels", channel_names(problem))
    drivers = stated_order(path, comments, "drivers", problem.driver_names)
    for kind, names in (("input", channels), ("output", drivers)):
        if len(conf.ports[kind]) != len(names):
            found = f"{len(conf.ports[kind])} {kind}s"
            raise refusal(path, found, f"the problem's {len(names)}", "name its problem")
    collected = Collected(path, problem)
    conf.program.collect(conf.run(), channels, drivers, collected)
    return collected.coefficients(stated_bulk_delay(comments))


class _Configuration:
    """Settings, ports, coefficients and filters of a configuration."""

    def __init__(self, path: Path, text: str) -> None:
        self.path = path
        self.program = Program(path)
        self.settings: Settings = {}
        self.ports: dict[str, dict[str, int]] = {"input": {}, "output": {}}
        self.coeffs: dict[str, Settings] = {}
        self.filters: list[Settings] = []
        tokens = self._tokens(text)
        for key in tokens:
            if key in BLOCKS:
                names, inside = self._block(tokens)
                self._add(key, names, inside)
            else:
                self._expect(tokens, ":")
                self.settings[key] = self._values(tokens)
        block = self.settings.get("filter_length", [[0]])[0][0]
        self.block = whole(path, block, "filter_length", most=2**20)
        self.loaded: dict[str, Real] = {}

    def one(self, settings: Settings, key: str, default: object = None) -> Any:
        """The value of a setting that has one."""
        return settings[key][0][0] if settings.get(key) else default

    def run(self) -> list[Signal]:
        """What each output is."""
        outputs: dict[str, Signal] = dict.fromkeys(self.ports["output"], ())
        inputs = {
            name: self.program.delayed((Way(index),), delay)
            for index, (name, delay) in enumerate(self.ports["input"].items())
        }
        for one in self.filters:
            if {"from_filters", "to_filters"} & set(one):
                raise refusal(self.path, "a filter that feeds a filter", "filters from inputs to outputs", "join them")
            signal = mixed(
                self.program, [(gain, inputs[name]) for name, gain in self._ends(one, "from_inputs", inputs)]
            )
            signal = self.program.delayed(
                signal, self.block * whole(self.path, self.one(one, "delay", 0), "delay", most=MAX_TAPS)
            )
            coeff = self.one(one, "coeff", -1)
            if coeff != -1:
                signal = self.program.convolved(signal, self._taps(coeff))
            for name, gain in self._ends(one, "to_outputs", outputs):
                outputs[name] = self.program.added(outputs[name], signal, gain)
        return [self.program.delayed(outputs[name], delay) for name, delay in self.ports["output"].items()]

    def _ends(self, one: Settings, key: str, known: dict[str, Signal]) -> Iterator[tuple[str, float]]:
        for name, *scales in one.get(key, []):
            if name not in known:
                raise refusal(
                    self.path, f"{shown(name)} for {key}", ", ".join(map(repr, known)), "check the configuration"
                )
            decibels = number(self.path, scales[0], f"the attenuation of {name}") if scales else 0.0
            factor = number(self.path, scales[1], f"the multiplier of {name}") if len(scales) > 1 else 1.0
            yield name, factor * 10 ** (-max(decibels, -1000.0) / 20)

    def _taps(self, coeff: object) -> Real:
        names = list(self.coeffs)
        name = names[coeff] if isinstance(coeff, int) and 0 <= coeff < len(names) else coeff
        if not isinstance(name, str) or name not in self.coeffs:
            raise refusal(self.path, f"coeff {shown(coeff)}", "one that the file defines", "check the configuration")
        if name not in self.loaded:
            settings = self.coeffs[name]
            form = self.one(settings, "format")
            if form not in FORMATS:
                raise refusal(
                    self.path, f"format {shown(form)} of coeff {name!r}", ", ".join(FORMATS), "store it as one of these"
                )
            file = beside(self.path, self.one(settings, "filename"))
            skip = whole(self.path, self.one(settings, "skip", 0), "skip", most=10**6)
            content = read_bytes(file, 8 * MAX_TAPS + 10**6)[skip:]
            kind = np.dtype(FORMATS[form])
            if not content or len(content) % kind.itemsize:
                raise refusal(file, f"{len(content)} bytes", f"{kind.itemsize} a tap", "export it again")
            decibels = number(self.path, self.one(settings, "attenuation", 0.0), f"the attenuation of coeff {name!r}")
            values = np.frombuffer(content, kind).astype(float)
            taps = values * 10 ** (-max(decibels, -1000.0) / 20) if decibels else values
            self.loaded[name] = check_values(file, taps, f"coeff {name!r}")
        return self.loaded[name]

    def _add(self, kind: str, names: list[Any], inside: Settings) -> None:
        if not names or not all(isinstance(name, str) for name in names) or len(set(names)) != len(names):
            raise refusal(
                self.path, f"the names {shown(names)} of {kind}", "texts that differ", "check the configuration"
            )
        if kind == "filter":
            self.filters.append(inside)
        elif kind == "coeff":
            self.coeffs[names[0]] = inside
        else:
            delays = [value[0] for value in inside.get("delay", [])] or [0] * len(names)
            if len(delays) != len(names) or len(self.ports[kind]) + len(names) > MAX_PORTS:
                raise refusal(
                    self.path, f"{len(delays)} delays of {len(names)} {kind}s", "one each, at most 256", "check them"
                )
            self.ports[kind] |= {
                name: whole(self.path, delay, f"the delay of {kind} {name!r}")
                for name, delay in zip(names, delays, strict=True)
            }

    def _tokens(self, text: str) -> Iterator[Any]:
        """Texts, words and signs as they are, numbers as numbers."""
        at = 0
        while at < len(text):
            found = TOKEN.match(text, at)
            if found is None:
                raise refusal(
                    self.path, f"{shown(text[at : at + 20])}", "a BruteFIR configuration", "check it with brutefir"
                )
            at = found.end()
            quoted, word, digits, sign = found.groups()
            if digits is not None:
                value = number(self.path, digits, "a setting")
                yield int(value) if re.fullmatch(r"[-+]?\d{1,15}", digits) else value
            elif quoted is not None or word or sign:
                yield quoted if quoted is not None else word or sign

    def _expect(self, tokens: Iterator[Any], sign: str) -> None:
        got = next(tokens, None)
        if got != sign:
            raise refusal(self.path, f"{shown(got)}", f"{sign!r}", "check the configuration with brutefir")

    def _block(self, tokens: Iterator[Any]) -> tuple[list[Any], Settings]:
        """Names ahead of the braces, and the settings inside; those within a setting's own braces are left out."""
        names: list[Any] = []
        for token in tokens:
            if token == "{":
                break
            names += [] if token == "," else [token]
        inside: Settings = {}
        for key in tokens:
            if key == "}":
                self._expect(tokens, ";")
                return names, inside
            self._expect(tokens, ":")
            if isinstance(key, str):
                inside[key] = self._values(tokens)
        raise refusal(self.path, "a block without an end", "};", "check the configuration with brutefir")

    def _values(self, tokens: Iterator[Any]) -> list[list[Any]]:
        """Values up to the semicolon, by commas and then by slashes."""
        values: list[list[Any]] = [[]]
        depth = 0
        for token in tokens:
            if token == ";" and not depth:
                return values if values[0] else []
            depth += {"{": 1, "}": -1}.get(token, 0) if isinstance(token, str) else 0
            if depth or token == "}":
                continue
            if token == ",":
                values.append([])
            elif token != "/":
                values[-1].append(token)
            if not values[-1] and token == "/":
                break
        raise refusal(self.path, "a setting without an end", "a value and ;", "check the configuration with brutefir")
