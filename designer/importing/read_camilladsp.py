"""A CamillaDSP configuration and its files: what its pipeline does to each of its channels.

The pipeline is linear as long as it is made of mixers and of Conv, Biquad (Free), Delay and Gain filters; `ways.py` then
has the filter from each capture channel to each output, through whatever order of steps a user has made of it. After the
README of versions 3 and 4; version 5's `delay_unit` is understood too. Filters that are computed from a frequency or that
are not linear are refused by name.
"""

from __future__ import annotations

import re
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
from designer.importing.files import read_text, refusal, shown
from designer.importing.responses import Responses
from designer.importing.ways import Program, Signal, Way, mixed
from designer.problem.schema import Problem

UNITS = {"samples": None, "ms": 1e-3, "s": 1.0, "us": 1e-6, "mm": 1e-3 / 343.0}
MAX_YAML_BYTES = 2_000_000
"""A configuration is short; long filters are files of their own."""
MAX_PORTS = 1024
MAX_DEPTH = 100


def read_camilladsp(path: Path, problem: Problem) -> Coefficients:
    """The filters of a configuration, capture channels in the order of the problem's channels, outputs in that of its drivers.

    Raises
    ------
    DataError : it is no such configuration, does something that is no filter's, or does not fit the problem

    """
    text = read_text(path, MAX_YAML_BYTES)
    pipeline = _Pipeline(path, _parsed(path, text), problem)
    comments = "\n".join(line for line in text.splitlines() if line.startswith("#"))
    channels = stated_order(path, comments, "channels", channel_names(problem))
    drivers = stated_order(path, comments, "drivers", problem.driver_names)
    devices = pipeline.table(pipeline.whole, "devices")
    check_rate(path, pipeline.number(devices.get("samplerate"), "devices.samplerate"), problem)
    inputs = pipeline.count(
        pipeline.table(devices, "capture").get("channels", len(channels)), "devices.capture.channels"
    )
    if inputs != len(channels):
        raise refusal(path, f"{inputs} capture channels", f"the problem's {len(channels)} channels", "name its problem")
    outputs = pipeline.run(inputs)
    if len(outputs) != len(drivers):
        raise refusal(path, f"{len(outputs)} outputs", f"the problem's {len(drivers)} drivers", "name its problem")
    found = Collected(path, problem)
    pipeline.program.collect(outputs, channels, drivers, found)
    return found.coefficients(stated_bulk_delay(comments))


def _parsed(path: Path, text: str) -> Any:
    import yaml

    depth = 0
    for sign in re.finditer(r"[][{}]", text):  # deep brackets cost the parser the square of their number
        depth += 1 if sign[0] in "[{" else -1
        if depth > MAX_DEPTH:
            break
    if depth > MAX_DEPTH or re.search(rf"^[ -]{{{2 * MAX_DEPTH}}}", text, re.MULTILINE):
        raise refusal(path, "a deeply nested file", "a CamillaDSP configuration", "save it again")
    try:
        return yaml.safe_load(text)
    except (yaml.YAMLError, ValueError, OverflowError, TypeError, AttributeError) as error:
        first = (str(error).splitlines() or [""])[0]
        raise refusal(path, f"no YAML ({first[:100]})", "a CamillaDSP configuration", "save it again") from None
    except RecursionError:
        raise refusal(path, "a deeply nested file", "a CamillaDSP configuration", "save it again") from None


class _Pipeline:
    """A configuration's mixers and filters, as functions of signals."""

    def __init__(self, path: Path, content: Any, problem: Problem) -> None:
        if not isinstance(content, dict) or not {"devices", "pipeline"} <= set(content):
            raise refusal(path, "no devices and pipeline", "a CamillaDSP configuration", "name its .yml file")
        self.path, self.whole = path, content
        self.rate = problem.sample_rate_hz
        self.program = Program(path)
        self.responses = Responses(path, problem)

    def run(self, inputs: int) -> list[Signal]:
        """What each output of the pipeline is."""
        signals: list[Signal] = [(Way(channel),) for channel in range(inputs)]
        for number_, step in enumerate(self.items(self.whole, "pipeline")):
            where = f"pipeline[{number_}]"
            if not isinstance(step, dict):
                raise self.broken(where, step, "a table")
            if step.get("bypassed"):
                continue
            if step.get("type") == "Mixer":
                mixer = self.table(self.table(self.whole, "mixers"), step.get("name"))
                signals = self._mixed(mixer, signals, f"mixers.{step.get('name')}")
            elif step.get("type") == "Filter":
                chosen = step.get("channels", [step["channel"]] if "channel" in step else list(range(len(signals))))
                if not isinstance(chosen, list):
                    raise self.broken(f"{where}.channels", chosen, "a list")
                for entry in chosen:
                    channel = self.index(entry, len(signals), f"{where}.channels")
                    for name in self.items(step, "names"):
                        signals[channel] = self._filtered(name, signals[channel])
            else:
                raise self.refused(f"a step of type {shown(step.get('type'))}")
        return signals

    def _mixed(self, mixer: dict[str, Any], signals: list[Signal], where: str) -> list[Signal]:
        ports = self.table(mixer, "channels")
        if self.count(ports.get("in", len(signals)), f"{where}.channels.in") != len(signals):
            raise self.broken(f"{where}.channels.in", ports.get("in"), f"{len(signals)}, what the step before it has")
        out: list[Signal] = [()] * self.count(ports.get("out"), f"{where}.channels.out")
        for mapping in self.items(mixer, "mapping"):
            if not isinstance(mapping, dict):
                raise self.broken(f"{where}.mapping", mapping, "tables")
            to = self.index(mapping.get("dest"), len(out), f"{where}.mapping.dest")
            terms = [(1.0, out[to])]
            for source in [] if mapping.get("mute") else self.items(mapping, "sources"):
                if not isinstance(source, dict):
                    raise self.broken(f"{where}.mapping.sources", source, "tables")
                if not source.get("mute"):
                    at = self.index(source.get("channel"), len(signals), f"{where}.mapping.sources.channel")
                    terms.append((self._gain(source, where), signals[at]))
            out[to] = mixed(self.program, terms)
        return out

    def _filtered(self, name: object, signal: Signal) -> Signal:
        one = self.table(self.table(self.whole, "filters"), name)
        kind, p, where = one.get("type"), self.table(one, "parameters"), f"filters.{name}"
        if kind == "Conv":
            return self.program.convolved(signal, self._taps(p, where))
        if kind == "Biquad" and p.get("type") == "Free":
            keys = ("b0", "b1", "b2", "a1", "a2")
            return self.program.filtered(signal, tuple(self.number(p.get(key), f"{where}.{key}") for key in keys))
        if kind == "Delay":
            return self.program.delayed(signal, self._delay(p, where))
        if kind == "Gain":
            return self.program.gained(signal, 0.0 if p.get("mute") else self._gain(p, where))
        more = f" {shown(p.get('type'))}" if kind == "Biquad" else ""
        raise self.refused(f"filter {shown(name)} of type {shown(kind)}{more}")

    def _delay(self, p: dict[str, Any], where: str) -> int:
        if p.get("subsample"):
            raise self.refused("a delay of less than a sample")
        unit = p.get("unit") or p.get("delay_unit") or "ms"
        if not isinstance(unit, str) or unit not in UNITS:
            raise self.broken(f"{where}.unit", unit, ", ".join(UNITS))
        seconds = UNITS[unit]
        delay = self.number(p.get("delay"), f"{where}.delay") * (1.0 if seconds is None else seconds * self.rate)
        return whole(self.path, float(np.rint(delay)), f"{where}.delay in samples")

    def _taps(self, p: dict[str, Any], where: str) -> Real:
        if p.get("type") == "Values":
            values = [self.number(value, f"{where}.values") for value in self.items(p, "values")]
            return check_values(self.path, np.array(values), f"{where}.values")
        if p.get("type") != "Wav":
            raise refusal(
                self.path,
                f"filter {shown(where.removeprefix('filters.'))} of type 'Conv' {shown(p.get('type'))}",
                "'Wav' or 'Values'",
                "store it as WAV",
            )
        track = 0 if p.get("channel") is None else self.count(p["channel"], f"{where}.channel", least=0)
        return self.responses.track(p.get("filename"), track)

    def _gain(self, table: dict[str, Any], where: str) -> float:
        """A linear gain; in dB where no scale is given."""
        gain = 0.0 if table.get("gain") is None else self.number(table["gain"], f"{where}.gain")
        linear = gain if table.get("scale") == "linear" else 10 ** (min(gain, 1000.0) / 20)
        return -linear if table.get("inverted") else linear

    def table(self, parent: dict[str, Any], key: object) -> dict[str, Any]:
        """A table within a table."""
        entries: dict[Any, Any] = parent  # a YAML key need not be text
        found = entries.get(key) if isinstance(key, (str, int, float)) else None
        if not isinstance(found, dict):
            raise self.broken(str(key)[:100], found, "a table")
        return found

    def items(self, parent: dict[str, Any], key: str) -> list[Any]:
        """A list within a table."""
        found = parent.get(key)
        if not isinstance(found, list):
            raise self.broken(key, found, "a list")
        return found

    def number(self, value: object, where: str) -> float:
        """A finite number of the file."""
        return number(self.path, value, where)

    def count(self, value: object, where: str, *, least: int = 1) -> int:
        """How many channels, or which one of a file's."""
        return whole(self.path, value, where, most=MAX_PORTS, least=least)

    def index(self, value: object, count: int, where: str) -> int:
        """One of so many channels."""
        return whole(self.path, value, where, most=count - 1)

    def broken(self, where: str, value: object, allowed: str) -> Exception:
        """The error of a configuration that is not whole."""
        return refusal(
            self.path, f"{shown(value)} for {where}", allowed, "check the configuration with camilladsp --check"
        )

    def refused(self, found: str) -> Exception:
        """The error of a step that is no filter's."""
        return refusal(
            self.path,
            found,
            "mixers, and filters Conv, Biquad of type Free, Delay and Gain",
            "take it out of the pipeline",
        )
