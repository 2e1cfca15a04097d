"""`wav`: the filters as impulse responses, in 32-bit float and in 24 bits, all in one file and one file a channel."""

from __future__ import annotations

import re

import numpy as np

from designer.export.coefficients import Coefficients
from designer.export.filter_set import FilterSet
from designer.export.names import changed, file_names
from designer.export.provenance import provenance
from designer.export.runners.convolvers import run_wav
from designer.export.target import Export, Target, at_most, whole_rate
from designer.export.wave import MAX_TRACKS, channel_responses, filter_notes, read_sound, shift_24, wave_24, wave_float


def write_wav(filters: FilterSet) -> Export:
    """`filters.wav`, a track a channel and driver, silent ones included; NAME.wav of each channel, a track a driver.

    Each also in 24 bits, all by the same power of two, so that levels between files stay what they are.

    Raises UsageError: the sample rate is no whole number, or there are more tracks than libsndfile reads.
    """
    rate = whole_rate(filters, "wav")
    tracks = len(filters.channels) * len(filters.drivers)
    at_most("wav", tracks, MAX_TRACKS, "tracks, one a channel and driver", "export npz, or fewer channels a problem")
    stacked = {name: channel_responses(filters, name) for name in filters.channels}
    shift = max(shift_24(samples) for samples in stacked.values())
    scaling = f"32-bit float: none, 24 bits of mantissa; 24-bit: a tap is the sample times {2**shift}, steps of 2^{shift - 23}"
    comment = "\n".join(provenance(filters, "wav", scaling))
    stems = file_names(filters.channels)
    files = {"filters": np.concatenate(list(stacked.values()), axis=1)}
    files |= {stems[name]: samples for name, samples in stacked.items()}
    floats = {f"{stem}.wav": wave_float(samples, rate, comment) for stem, samples in files.items()}
    whole = {f"{stem}-24bit.wav": wave_24(samples / 2.0**shift, rate, comment) for stem, samples in files.items()}
    return Export.of_words(
        {**floats, **whole},
        filters.memory(sections=False, delays=False),
        4,
        scaling,
        notes=filter_notes(filters, floats),
        names=changed(stems),
        facts={"scale_of_24_bit": 2**shift, "tracks": [[c, d] for c in filters.channels for d in filters.drivers]},
    )


def read_wav(coefficients: Coefficients) -> None:
    """Tracks in the order of channels, then drivers; the file's comment, where an export wrote one, states both and the scale.

    Raises DataError: it is no sound file, its rate is another, or it has another number of tracks.
    """
    sound = read_sound(coefficients, coefficients.path)
    channels, drivers = coefficients.order(sound.comment)
    count, tracks = sound.samples.shape[1], len(channels) * len(drivers)
    if count != tracks:
        expected = f"{tracks}, one for each of {len(channels)} channels and {len(drivers)} drivers"
        raise coefficients.refusal(f"{count} tracks", expected, "name filters.wav, which holds all channels")
    scale = re.search(r"24-bit: a tap is the sample times (\d{1,9})", sound.comment)
    if sound.subtype == "PCM_24" and scale is None:
        coefficients.notes = ("the file does not state its scale: full scale is taken for 1",)
    samples = sound.samples * (float(scale[1]) if sound.subtype == "PCM_24" and scale else 1.0)
    for track in range(tracks):
        if samples[:, track].any():
            place = coefficients.place(channels[track // len(drivers)], drivers[track % len(drivers)])
            coefficients.add_taps(place, samples[:, track])
    coefficients.heed(sound.comment)


WAV = Target(
    place=40,
    name="wav",
    summary="impulse responses, 32-bit float and 24-bit",
    write=write_wav,
    files="wav",
    read=read_wav,
    endings=(".wav",),
    in_folders=("filters.wav",),
    run=run_wav,
)
