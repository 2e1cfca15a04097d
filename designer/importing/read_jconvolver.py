"""A configuration of jconvolver or fconvolver and its sound files: the sums of what its impulses lead from inputs to outputs.

After README.CONFIG of jconvolver: `/convolver/new <inputs> <outputs> ...`, `/impulse/read <input> <output> <gain> <delay>
<offset> <length> <channel> <file>`, `/impulse/dirac <input> <output> <gain> <delay>`, `/cd <folder>`; counts begin with 1.
"""

from __future__ import annotations

from pathlib import Path

from designer.importing.coefficients import (
    Coefficients,
    Collected,
    channel_names,
    check_stated_rate,
    number,
    stated_bulk_delay,
    stated_order,
    whole,
)
from designer.importing.files import read_text, refusal, shown
from designer.importing.responses import Responses
from designer.importing.ways import Program, Signal, Way
from designer.problem.schema import MAX_TAPS, Problem

MAX_CONF_BYTES = 10_000_000
MAX_PORTS = 64
CELLS = {"/convolver/new": 2, "/impulse/read": 8, "/impulse/dirac": 4, "/cd": 1, "/input/name": 1, "/output/name": 1}
"""Command -> words that it has at least."""


def read_jconvolver(path: Path, problem: Problem) -> Coefficients:
    """The filters of a configuration, inputs in the order of the problem's channels, outputs in that of its drivers.

    Raises
    ------
    DataError : it is no such configuration, does something else, or does not fit the problem

    """
    text = read_text(path, MAX_CONF_BYTES)
    comments = "\n".join(line for line in text.splitlines() if line.startswith("#"))
    check_stated_rate(path, comments, problem)  # the configuration has no rate; that of its sound files is looked at
    channels = stated_order(path, comments, "channels", channel_names(problem))
    drivers = stated_order(path, comments, "drivers", problem.driver_names)
    program, responses, folder = Program(path), Responses(path, problem), ""
    outputs: list[Signal] | None = None
    for line in text.splitlines():
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        command, *words = line.split()
        if command not in CELLS:
            raise refusal(path, f"the command {shown(command)}", ", ".join(CELLS), "take it out of the configuration")
        if len(words) < CELLS[command]:
            raise refusal(
                path, f"the line {shown(line)}", f"{CELLS[command]} words behind {command}", "export it again"
            )
        if command == "/cd":
            folder = f"{words[0]}/"
        elif command == "/convolver/new":
            counts = tuple(whole(path, word, command, most=MAX_PORTS) for word in words[:2])
            if counts != (len(channels), len(drivers)):
                found = f"{counts[0]} inputs and {counts[1]} outputs"
                raise refusal(path, found, f"the problem's {len(channels)} and {len(drivers)}", "name its problem")
            outputs = [()] * len(drivers)
        elif command.startswith("/impulse/"):
            if outputs is None:
                raise refusal(path, f"{command} ahead of /convolver/new", "it behind that", "export it again")
            source = whole(path, words[0], "an input", most=len(channels), least=1) - 1
            to = whole(path, words[1], "an output", most=len(drivers), least=1) - 1
            signal: Signal = (Way(source, number(path, words[2], "a gain")),)
            signal = program.delayed(signal, whole(path, words[3], "a delay"))
            if command == "/impulse/read":
                offset, length = (whole(path, word, "an offset or a length", most=MAX_TAPS) for word in words[4:6])
                track = whole(path, words[6], "a channel", most=MAX_TAPS, least=1) - 1
                taps = responses.track(folder + " ".join(words[7:]).strip('"'), track)[offset:]
                taps = taps[:length] if length else taps
                signal = program.convolved(signal, taps) if taps.size else ()
            outputs[to] = program.added(outputs[to], signal)
    if outputs is None:
        raise refusal(path, "no /convolver/new", "a configuration of jconvolver", "name its .conf file")
    found_filters = Collected(path, problem)
    program.collect(outputs, channels, drivers, found_filters)
    return found_filters.coefficients(stated_bulk_delay(comments))
