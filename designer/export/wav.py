"""`wav`: the filters as impulse responses, in 32-bit float and in 24 bits, all in one file and one file a channel."""

from __future__ import annotations

import numpy as np

from designer.arrays import Real
from designer.export.filter_set import FilterSet
from designer.export.memory import memory
from designer.export.names import changed, file_names
from designer.export.provenance import provenance
from designer.export.refusals import at_most, whole_rate
from designer.export.responses import cut_note, delayed_taps, response_length
from designer.export.target import Export, Target
from designer.export.wave import MAX_TRACKS, loud_note, shift_24, wave_24, wave_float


def write_wav(filters: FilterSet) -> Export:
    """`filters.wav`, a track a channel and driver, silent ones included; NAME.wav of each channel, a track a driver.

    Each also in 24 bits, all by the same power of two, so that levels between files stay what they are.

    Raises
    ------
    UsageError : the sample rate is no whole number, or there are more tracks than libsndfile reads

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
    used = memory(filters, sections=False, delays=False)
    floats = {f"{stem}.wav": wave_float(samples, rate, comment) for stem, samples in files.items()}
    return Export(
        {
            **floats,
            **{f"{stem}-24bit.wav": wave_24(samples / 2.0**shift, rate, comment) for stem, samples in files.items()},
        },
        4 * used.coefficients,
        4 * used.state,
        used.multiply_adds,
        scaling,
        notes=(*cut_note(filters), *loud_note(floats, filters)),
        names=changed(stems),
        facts={"scale_of_24_bit": 2**shift, "tracks": [[c, d] for c in filters.channels for d in filters.drivers]},
    )


def channel_responses(filters: FilterSet, channel: str) -> Real:
    """The responses of one channel (N, drivers), silent drivers and the channel's delay included."""
    samples = np.zeros((response_length(filters), len(filters.drivers)))
    for one in filters.filters:
        if one.channel == channel:
            taps = delayed_taps(filters, one)
            samples[: taps.size, filters.drivers.index(one.driver)] = taps
    return samples


WAV = Target("wav", "impulse responses, 32-bit float and 24-bit", write_wav)
