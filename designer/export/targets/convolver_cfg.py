"""`convolver-cfg`: the configuration that Convolver, Roon and CamillaDSP's interface read, with a WAV a channel.

After Convolver's page on its config file (version 3.0 and later), Roon's on convolution, and the import of CamillaDSP's
interface: the first line holds sample rate, inputs, outputs and a mask of speakers (0: none); the second and the third hold
delays of inputs and outputs in milliseconds; then come four lines a path: file, its track, inputs, outputs. One number holds the
channel and the weight of an input or output: the digits after the point are the weight (0 means 1), and a minus sign inverts. All
files have one length, and there are no comments. A delay in milliseconds is not always a whole number of samples, and some readers take
whole milliseconds alone: so the WAVs hold the channels' delays as zeros.

The reader takes delays to the nearest sample, and paths from several inputs to several outputs.
"""

from __future__ import annotations

import re

from designer.export.coefficients import Coefficients, shown
from designer.export.filter_set import FilterSet
from designer.export.names import changed, file_names
from designer.export.program_paths import Program, Signal, Way
from designer.export.provenance import README, provenance, readme, text_file
from designer.export.runners.convolvers import run_convolver_cfg
from designer.export.target import Export, Target, whole_rate
from designer.export.wave import MAX_TRACKS, Responses, channel_waves, filter_notes

SCALING = "none; 32-bit float, 24 bits of mantissa"
FILE = "convolver.cfg"
MAX_BYTES = 10_000_000
TOKEN = re.compile(r"(-?)(\d{1,4})(?:\.(\d{0,20}))?")
PATH_LINES = 4
USAGE = """{file} names the WAVs beside it. The {inputs} inputs are the channels, and the {outputs} outputs the drivers, in the order
above. The player's device needs as many outputs.

Roon takes a .zip of this folder (DSP, Convolution, Browse). Convolver takes {file} itself, and CamillaDSP's interface imports it.

Steady tones of full scale need {room:z.2f} dB of headroom: set it as Roon's headroom adjustment, Convolver's attenuation or the volume.
"""


def write_convolver_cfg(filters: FilterSet) -> Export:
    """`convolver.cfg`, a WAV a channel, a track a driver, and `README.txt`.

    Raises UsageError: the sample rate is no whole number.
    """
    rate = whole_rate(filters, "convolver-cfg")
    stems, comment = file_names(filters.channels), "\n".join(provenance(filters, "convolver-cfg", SCALING))
    waves = channel_waves(filters, stems, filters.channels, comment)
    counts = (len(filters.channels), len(filters.drivers))
    lines = [f"{rate} {counts[0]} {counts[1]} 0", *(" ".join(["0"] * count) for count in counts)]
    for filter_ in filters.filters:
        track = filters.drivers.index(filter_.driver)
        channel = filters.channels.index(filter_.channel)
        lines += [f"{stems[filter_.channel]}.wav", str(track), f"{channel}.0", f"{track}.0"]
    room_db = filters.headroom.tones_db
    usage = USAGE.format(file=FILE, inputs=counts[0], outputs=counts[1], room=room_db)
    return Export.of_words(
        {FILE: text_file(lines), README: readme(filters, "convolver-cfg", SCALING, usage), **waves},
        filters.memory(sections=False, delays=False),
        4,
        SCALING,
        notes=filter_notes(filters, waves),
        names=changed(stems),
        preamp="the player's own headroom or volume",
    )


def read_convolver_cfg(coefficients: Coefficients) -> None:
    """The filters of a configuration, inputs and outputs in the order that its first WAV states, else in the problem's.

    Raises DataError: it is no such configuration, or does not fit the problem.
    """
    lines = [line.strip() for line in coefficients.text(MAX_BYTES).splitlines() if line.strip()]
    head = lines[0].split() if lines else []
    if len(head) != PATH_LINES:
        actual = f"the first line {shown(lines[0] if lines else '')}"
        raise coefficients.refusal(
            actual, "sample rate, inputs, outputs and mask", "name a file of paths, not of other files"
        )
    coefficients.check_rate(coefficients.number(head[0], "the sample rate"))
    inputs, outputs = (coefficients.whole(text, "a number of channels", most=MAX_TRACKS, least=1) for text in head[1:3])
    delays, at = list[int](), 1
    while len(delays) < inputs + outputs and at < len(lines):
        for text in lines[at].split():
            milliseconds = coefficients.number(text, "a delay")
            delays.append(coefficients.whole(round(milliseconds * 1e-3 * float(head[0])), "a delay in samples"))
        at += 1
    if len(delays) != inputs + outputs or (len(lines) - at) % PATH_LINES or at == len(lines):
        expected = "a delay for each input and output, then four lines a path"
        raise coefficients.refusal(f"{len(delays)} delays and {len(lines) - at} lines after them", expected)
    paths = [lines[start : start + PATH_LINES] for start in range(at, len(lines), PATH_LINES)]
    program, responses = Program(coefficients), Responses(coefficients)
    signals: list[Signal] = [()] * outputs
    for file, track, sources, destinations in paths:
        taps = responses.track(file.replace("\\", "/"), coefficients.whole(track, "a track", most=MAX_TRACKS))
        signal: Signal = ()
        for source, weight in _weighted(coefficients, sources, inputs):
            signal = program.added(signal, program.delayed((Way(source),), delays[source]), weight)
        signal = program.convolved(signal, taps)
        for destination, weight in _weighted(coefficients, destinations, outputs):
            delayed = program.delayed(signal, delays[inputs + destination])
            signals[destination] = program.added(signals[destination], delayed, weight)
    comment = next(iter(responses.sounds.values())).comment
    channels, drivers = coefficients.order(comment)
    coefficients.check_ports("inputs", inputs, channels)
    coefficients.check_ports("outputs", outputs, drivers)
    program.collect(signals, channels, drivers)
    coefficients.heed(comment)


def _weighted(coefficients: Coefficients, line: str, count: int) -> list[tuple[int, float]]:
    """Channels of a line, from 0, and their weights."""
    channels = []
    for text in line.split():
        token = TOKEN.fullmatch(text)
        if token is None or int(token[2]) >= count:
            raise coefficients.refusal(
                f"the channel {shown(text)}", f"0.0 to {count - 1}.0, with a weight after the point"
            )
        weight = float(f"0.{token[3] or 0}") or 1.0
        channels.append((int(token[2]), -weight if token[1] else weight))
    return channels


CONVOLVER_CFG = Target(
    place=117,
    name="convolver-cfg",
    summary="Convolver and Roon: configuration and WAVs",
    write=write_convolver_cfg,
    files="Convolver",
    read=read_convolver_cfg,
    endings=(".cfg",),
    in_folders=(FILE,),
    run=run_convolver_cfg,
)
