"""`easyeffects`: an impulse response `.irs` for the convolver of EasyEffects, for two drivers and at most two channels.

After the sources of EasyEffects 8 (`convolver_kernel_manager.cpp`, `convolver_zita.cpp`): an `.irs` is a sound file that libsndfile
reads, here a WAV in 32-bit float. Two tracks are left to left and right to right. Four are a true stereo response, in the order left to
left, left to right, right to left, right to right, input first. One track is both. Autogain and a stereo width other than 100 % change
the response. Earlier versions read two tracks alone. The channels' delays are zeros in the response.
"""

from __future__ import annotations

import numpy as np

from designer.export.coefficients import Coefficients
from designer.export.filter_set import FilterSet
from designer.export.names import file_names
from designer.export.provenance import README, one_line, provenance, readme
from designer.export.runners.convolvers import run_easyeffects
from designer.export.target import Export, Target, refuse, whole_rate
from designer.export.wave import channel_responses, filter_notes, read_sound, wave_float

SCALING = "none; 32-bit float, 24 bits of mantissa"
SIDES = 2
TRACKS = {1: ((0, 0), (1, 1)), 2: ((0, 0), (1, 1)), 4: ((0, 0), (0, 1), (1, 0), (1, 1))}
"""Number of tracks -> input and output of each path; a single track serves both paths."""
USAGE = """The left input is the channel {left!r}, {right}. The left output is the driver {first!r}, the right output {second!r}.

Add the effect Convolver to the output pipeline, import {file} under Impulses, and load it. The import copies it to
~/.local/share/easyeffects/irs, before version 8 to ~/.config/easyeffects/irs.

Turn Autogain off and leave Stereo Width at 100 %: both change the response. EasyEffects resamples where the device runs at another rate
than {rate} Hz: set the device to that rate.

Steady tones of full scale need {room:z.2f} dB of headroom: set the convolver's input gain to {gain:z.2f} dB.
"""


def write_easyeffects(filters: FilterSet) -> Export:
    """`NAME.irs`, of two tracks where no channel crosses to the other driver, else of four, and `README.txt`.

    Raises UsageError: there are not two drivers, more than two channels, or the sample rate is no whole number.
    """
    rate, counts = whole_rate(filters, "easyeffects"), (len(filters.drivers), len(filters.channels))
    for count, noun, expected in ((counts[0], "drivers", "2"), (counts[1], "channels", "at most 2")):
        if count > SIDES or (noun == "drivers" and count < SIDES):
            stereo = f"{expected}, because its convolver is stereo in and stereo out"
            raise refuse("easyeffects", f"{count} {noun}", stereo, "export pipewire")
    responses = [channel_responses(filters, name) for name in filters.channels]
    responses += [np.zeros_like(responses[0])] * (SIDES - len(responses))
    is_crossed = any(responses[side][:, 1 - side].any() for side in range(SIDES))
    tracks = [responses[source][:, output] for source, output in TRACKS[4 if is_crossed else 2]]
    stem = next(iter(file_names([(filters.name or "filters") + filters.suffix]).values()))
    file = f"{stem}.irs"
    comment = "\n".join(provenance(filters, "easyeffects", SCALING))
    waves = {file: wave_float(np.column_stack(tracks), rate, comment)}
    names = [one_line(name) for name in filters.channels]
    usage = USAGE.format(
        left=names[0],
        right=f"the right input {names[1]!r}" if len(names) > 1 else "the right input is not heard",
        first=one_line(filters.drivers[0]),
        second=one_line(filters.drivers[1]),
        file=file,
        rate=rate,
        room=filters.headroom.tones_db,
        gain=-filters.headroom.tones_db + 0.0,
    )
    return Export.of_words(
        {**waves, README: readme(filters, "easyeffects", SCALING, usage)},
        filters.memory(sections=False, delays=False),
        4,
        SCALING,
        notes=(
            *filter_notes(filters, waves),
            *(("four tracks, a true stereo response, need EasyEffects 8 or later",) if is_crossed else ()),
        ),
        names={filters.name: stem} if filters.name + filters.suffix not in (filters.suffix, stem) else {},
        facts={"tracks": len(tracks)},
        preamp="the convolver's input gain",
    )


def read_easyeffects(coefficients: Coefficients) -> None:
    """The paths of one, two or four tracks; the file's comment, where an export wrote one, states channels and drivers.

    Raises DataError: it is no sound file, its rate is another, it has another number of tracks, or a track of a channel that is not there.
    """
    sound = read_sound(coefficients, coefficients.path)
    channels, drivers = coefficients.order(sound.comment)
    count = sound.samples.shape[1]
    if count not in TRACKS:
        raise coefficients.refusal(f"{count} tracks", "1, 2 or 4", "export it as easyeffects")
    coefficients.check_ports("outputs", SIDES, drivers, " drivers")
    for track, (source, output) in enumerate(TRACKS[count]):
        samples = sound.samples[:, track % count]
        if not samples.any():
            continue
        if source >= len(channels):
            raise coefficients.refusal(f"track {track + 1} of a right input", "a left input alone", "name its problem")
        coefficients.add_taps(coefficients.place(channels[source], drivers[output]), samples)
    coefficients.heed(sound.comment)


EASYEFFECTS = Target(
    place=116,
    name="easyeffects",
    summary="EasyEffects: an impulse response for its convolver, two drivers",
    write=write_easyeffects,
    files="EasyEffects",
    read=read_easyeffects,
    endings=(".irs",),
    in_folders=("*.irs",),
    run=run_easyeffects,
)
