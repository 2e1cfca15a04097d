"""`jconvolver`: a configuration for jconvolver and fconvolver, with a WAV a channel beside it.

After README.CONFIG of jconvolver: inputs, outputs and tracks count from 1; `/convolver/new <inputs> <outputs> ...`; `/impulse/read
<input> <output> <gain> <delay> <offset> <length> <channel> <file>` adds a response behind `delay` zeros, `/impulse/dirac
<input> <output> <gain> <delay>` a pure delay; at most 64 inputs and 64 outputs. File names are relative to where the program is
started; `/cd <folder>` changes that.
"""

from __future__ import annotations

from dataclasses import replace

from designer.export.coefficients import Coefficients, shown
from designer.export.filter_set import FilterSet
from designer.export.names import changed, file_names, identifiers
from designer.export.program_paths import Program, Signal, Way
from designer.export.provenance import provenance, text_file
from designer.export.runners.convolvers import run_jconvolver
from designer.export.target import Export, Target, at_most_ports, whole_rate
from designer.export.wave import Responses, channel_waves, filter_notes
from designer.problem.schema import MAX_TAPS

SCALING = "none; 32-bit float, 24 bits of mantissa"
MAX_PORTS = 64
PARTITION = 256
MAX_BYTES = 10_000_000
WORDS = {"/convolver/new": 2, "/impulse/read": 8, "/impulse/dirac": 4, "/cd": 1, "/input/name": 1, "/output/name": 1}
"""Command -> words that it has at least."""


def write_jconvolver(filters: FilterSet) -> Export:
    """`jconvolver.conf` and a WAV a channel, a track a driver.

    Raises UsageError: the sample rate is no whole number, or there are more than 64 channels or drivers.
    """
    whole_rate(filters, "jconvolver")
    at_most_ports("jconvolver", filters, MAX_PORTS, "export brutefir or camilladsp")
    stems, room_db = file_names(filters.channels), filters.headroom.tones_db
    undelayed, comments = replace(filters, delays={}), provenance(filters, "jconvolver", SCALING)
    convolved = dict.fromkeys(filter_.channel for filter_ in filters.filters if filter_.delay_samples is None)
    waves = channel_waves(undelayed, stems, convolved, "\n".join(comments))
    density = len(filters.filters) / (len(filters.channels) * len(filters.drivers))
    length = max(filters.delayed_taps(filter_).size for filter_ in filters.filters)
    inputs, outputs = identifiers(filters.channels), identifiers(filters.drivers)
    lines = [
        *(f"# {line}" for line in comments),
        "# Start it in this folder: jconvolver jconvolver.conf, or fconvolver jconvolver.conf IN.wav OUT.wav",
        f"/convolver/new {len(filters.channels)} {len(filters.drivers)} {PARTITION} {length} {density:.3f}",
        *(f"/input/name {n} {inputs[name]}" for n, name in enumerate(filters.channels, 1)),
        *(f"/output/name {n} {outputs[name]}" for n, name in enumerate(filters.drivers, 1)),
        f"# A preamp of {-room_db:z.2f} dB, which steady tones of full scale need, is a gain of"
        f" {10 ** (-room_db / 20):.4f} for 1.0 in each line below.",
    ]
    for filter_ in filters.filters:
        track, delay = filters.drivers.index(filter_.driver) + 1, filters.delays.get(filter_.channel, 0)
        place = f"{filters.channels.index(filter_.channel) + 1} {track} 1.0"
        if filter_.delay_samples is not None:
            lines.append(f"/impulse/dirac {place} {delay + filter_.delay_samples}")
        else:
            lines.append(f"/impulse/read {place} {delay} 0 0 {track} {stems[filter_.channel]}.wav")
    return Export.of_words(
        {"jconvolver.conf": text_file(lines), **waves},
        filters.memory(sections=False),
        4,
        SCALING,
        notes=filter_notes(filters, waves),
        names=changed(stems),
        preamp="the gain, 1.0, of each /impulse line of jconvolver.conf",
    )


def read_jconvolver(coefficients: Coefficients) -> None:
    """The filters of a configuration, inputs in the order of the problem's channels, outputs in that of its drivers.

    Raises DataError: it is no such configuration, does something else, or does not fit the problem.
    """
    text = coefficients.text(MAX_BYTES)
    comments = coefficients.comments(text)
    coefficients.check_stated_rate(comments)  # the configuration has no rate; that of its sound files is looked at
    channels, drivers = coefficients.order(comments)
    program, responses, folder = Program(coefficients), Responses(coefficients), ""
    outputs: list[Signal] | None = None
    for line in text.splitlines():
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        command, *words = line.split()
        if command not in WORDS:
            command_text = f"the command {shown(command)}"
            raise coefficients.refusal(command_text, ", ".join(WORDS), "take it out of the configuration")
        if len(words) < WORDS[command]:
            raise coefficients.refusal(f"the line {shown(line)}", f"{WORDS[command]} words behind {command}")
        if command == "/cd":
            folder = f"{words[0]}/"
        elif command == "/convolver/new":
            counts = tuple(coefficients.whole(word, command, most=MAX_PORTS) for word in words[:2])
            if counts != (len(channels), len(drivers)):
                expected = f"the problem's {len(channels)} and {len(drivers)}"
                raise coefficients.refusal(f"{counts[0]} inputs and {counts[1]} outputs", expected, "name its problem")
            outputs = [()] * len(drivers)
        elif command.startswith("/impulse/"):
            if outputs is None:
                raise coefficients.refusal(f"{command} ahead of /convolver/new", "it behind that")
            source = coefficients.whole(words[0], "an input", most=len(channels), least=1) - 1
            to = coefficients.whole(words[1], "an output", most=len(drivers), least=1) - 1
            signal: Signal = (Way(source, coefficients.number(words[2], "a gain")),)
            signal = program.delayed(signal, coefficients.whole(words[3], "a delay"))
            if command == "/impulse/read":
                offset, length = (
                    coefficients.whole(word, "an offset or a length", most=MAX_TAPS) for word in words[4:6]
                )
                track = coefficients.whole(words[6], "a channel", most=MAX_TAPS, least=1) - 1
                taps = responses.track(folder + " ".join(words[7:]).strip('"'), track)[offset:]
                taps = taps[:length] if length else taps
                signal = program.convolved(signal, taps) if taps.size else ()
            outputs[to] = program.added(outputs[to], signal)
    if outputs is None:
        raise coefficients.refusal("no /convolver/new", "a configuration of jconvolver", "name its .conf file")
    program.collect(outputs, channels, drivers)


JCONVOLVER = Target(
    place=110,
    name="jconvolver",
    summary="jconvolver and fconvolver: configuration and WAVs",
    write=write_jconvolver,
    files="jconvolver",
    read=read_jconvolver,
    endings=(".conf",),
    is_own=lambda text: any(line.lstrip().startswith("/") for line in text.splitlines()),  # BruteFIR has no commands
    in_folders=("jconvolver.conf",),
    block_samples=PARTITION,
    run=run_jconvolver,
)
