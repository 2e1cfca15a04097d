"""An Equalizer APO configuration and its sound files: what it does to the device's first channels, preamp included.

After its configuration reference: `Channel` selects, `Copy` fills channels from sums of others and makes virtual ones, all from
what stood before the line; `Preamp`, `Delay`, `Convolution` and `Filter: ON IIR Order 2 Coefficients b0 b1 b2 a0 a1 a2` change the
selected ones; `If: sampleRate == N` to `EndIf:`. Commands that are computed from a frequency, and any other, are refused by name.
"""

from __future__ import annotations

import re
from pathlib import Path

from designer.importing.coefficients import (
    Coefficients,
    Collected,
    channel_names,
    check_rate,
    number,
    stated_bulk_delay,
    stated_order,
    whole,
)
from designer.importing.files import read_text, refusal, shown
from designer.importing.responses import Responses
from designer.importing.ways import Program, Signal, Way, mixed
from designer.problem.schema import Problem

MAX_CONF_BYTES = 10_000_000
MAX_CHANNELS = 1024
SECTION = re.compile(r"ON IIR Order 2 Coefficients((?: +[^ ]{1,60}){6}) *")
TERM = re.compile(r"(?:(?P<factor>[-+]?[\d.]+(?:e[-+]?\d+)?)(?P<db> ?dB)?\*)?(?P<name>[A-Za-z0-9_]+)")
COMMANDS = "Channel, Copy, Preamp, Delay, Convolution, Filter: ON IIR Order 2, If: sampleRate == N, EndIf"


def read_equalizer_apo(path: Path, problem: Problem) -> Coefficients:
    """The filters of a configuration, the device's first channels in the order of the problem's channels and of its drivers.

    Raises
    ------
    DataError : it is no such configuration, does something that is no filter's, or does not fit the problem

    """
    text = read_text(path, MAX_CONF_BYTES)
    comments = "\n".join(line for line in text.splitlines() if line.startswith("#"))
    channels = stated_order(path, comments, "channels", channel_names(problem))
    drivers = stated_order(path, comments, "drivers", problem.driver_names)
    player = _Player(path, problem, max(len(channels), len(drivers)), len(channels))
    for line in text.splitlines():
        if line.strip() and not line.lstrip().startswith("#"):
            player.do(line.strip())
    if not player.lines:
        raise refusal(path, "no command", COMMANDS, "name the configuration itself")
    found = Collected(path, problem)
    player.program.collect([player.signals[str(d + 1)] for d in range(len(drivers))], channels, drivers, found)
    return found.coefficients(stated_bulk_delay(comments))


class _Player:
    """The device's channels and the virtual ones, line by line."""

    def __init__(self, path: Path, problem: Problem, count: int, inputs: int) -> None:
        self.path, self.problem = path, problem
        self.program, self.responses = Program(path), Responses(path, problem)
        self.signals: dict[str, Signal] = {str(k + 1): (Way(k),) if k < inputs else () for k in range(count)}
        self.selected = list(self.signals)
        self.lines = 0

    def do(self, line: str) -> None:
        """One line."""
        command, colon, rest = line.partition(":")
        self.lines, rest = self.lines + 1, rest.strip()
        if command == "If" and (found := re.fullmatch(r"sampleRate *== *(\d{1,9})", rest)):
            check_rate(self.path, float(found[1]), self.problem)
        elif command == "Channel":
            self.selected = list(self.signals) if rest.lower() == "all" else rest.split()
            for name in self.selected:
                self._signal(name)
        elif command == "Copy":
            before = dict(self.signals)
            for assignment in rest.split():
                name, equals, terms = assignment.partition("=")
                if not equals or not re.fullmatch(r"\w{1,60}", name) or len(self.signals) >= MAX_CHANNELS:
                    raise self._refused(f"the assignment {shown(assignment)}")
                self.signals[name] = mixed(self.program, [self._term(term, before) for term in terms.split("+")])
        elif command == "Preamp" and (found := re.fullmatch(r"([-+]?[\d.]{1,20}) ?dB", rest)):
            gain = 10 ** (min(number(self.path, found[1], "Preamp"), 1000.0) / 20)
            self._each(lambda signal: self.program.gained(signal, gain))
        elif command == "Delay" and (found := re.fullmatch(r"([\d.]{1,20}) (samples|ms)", rest)):
            delay = number(self.path, found[1], "Delay") * (
                1 if found[2] == "samples" else self.problem.sample_rate_hz / 1e3
            )
            samples = whole(self.path, float(round(delay)), "Delay in samples")
            self._each(lambda signal: self.program.delayed(signal, samples))
        elif command == "Convolution" and rest:
            taps = self.responses.track(rest, 0)
            self._each(lambda signal: self.program.convolved(signal, taps))
        elif command.split(" ")[0] == "Filter" and (found := SECTION.fullmatch(rest)):
            b0, b1, b2, a0, a1, a2 = (number(self.path, word, "a coefficient") for word in found[1].split())
            if not a0:
                raise self._refused("a0 of 0")
            section = tuple(value / a0 for value in (b0, b1, b2, a1, a2)) if a0 != 1.0 else (b0, b1, b2, a1, a2)
            self._each(lambda signal: self.program.filtered(signal, section))
        elif not (command == "EndIf" and not rest and colon):
            raise self._refused(f"the line {shown(line)}")

    def _each(self, change: object) -> None:
        for name in self.selected:
            self.signals[name] = change(self.signals[name])  # type: ignore[operator]  # a function of a signal

    def _signal(self, name: str) -> Signal:
        if name not in self.signals:
            raise self._refused(f"the channel {shown(name)}")
        return self.signals[name]

    def _term(self, term: str, before: dict[str, Signal]) -> tuple[float, Signal]:
        if term == "0.0" or term == "0":
            return 0.0, ()
        found = TERM.fullmatch(term)
        if found is None or found["name"] not in before:
            raise self._refused(f"the term {shown(term)} of a Copy")
        factor = 1.0 if found["factor"] is None else number(self.path, found["factor"], "a factor")
        return (10 ** (min(factor, 1000.0) / 20) if found["db"] else factor), before[found["name"]]

    def _refused(self, found: str) -> Exception:
        return refusal(self.path, found, COMMANDS, "take it out of the configuration")
