"""`equalizerapo`: an Equalizer APO configuration to be included by its config.txt, with a WAV a filter beside it.

After its configuration reference: `Copy` fills channels from others, by number from 1 or by name, and a name that is none
of the device's makes a virtual channel; `Convolution` takes a file relative to the configuration, whose rate must be the
device's; `Delay: <n> samples`; `Filter: ON IIR Order 2 Coefficients b0 b1 b2 a0 a1 a2` with the signs of
H(z) = Σ b z^-n / Σ a z^-n; `If`/`EndIf` around rate-dependent lines.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from designer.export.filter_set import Filter, FilterSet
from designer.export.memory import memory
from designer.export.names import changed, filter_files
from designer.export.provenance import provenance
from designer.export.refusals import at_most, whole_rate
from designer.export.target import Export, Target
from designer.export.wave import loud_note, wave_float

SCALING = "none; responses in 32-bit float, 24 bits of mantissa"
MAX_WAYS = 99
"""A channel's name has up to three signs."""


def write_equalizer_apo(filters: FilterSet) -> Export:
    """`equalizerapo.txt` and NAME.wav of each filter that has taps.

    Raises
    ------
    UsageError : the sample rate is no whole number, or there are more filters than names of channels

    """
    rate = whole_rate(filters, "equalizerapo")
    at_most("equalizerapo", len(filters.filters), MAX_WAYS, "filters", "export camilladsp or brutefir")
    stems = filter_files(filters)
    comments = provenance(filters, "equalizerapo", SCALING)
    waves = {
        f"{stems[one.channel, one.driver]}.wav": wave_float(one.taps[:, None], rate, "\n".join(comments))
        for one in filters.filters
        if one.cascade is None and one.delay_samples is None
    }
    lines = [
        *(f"# {line}" for line in comments),
        "# Add to config.txt: Include: equalizerapo.txt",
        "# Channels come in as the device's first ones, drivers go out as its first ones, in the orders above.",
        "# The next line without its # applies the preamp that steady tones of full scale need:",
        f"# Preamp: {-filters.headroom.tones_db:.2f} dB",
        f"If: sampleRate == {rate}",
        *(line for way, one in enumerate(filters.filters, 1) for line in _way(filters, way, one, stems)),
        "Channel: all",
        f"Copy: {' '.join(_sums(filters))}",
        "EndIf:",
    ]
    used = memory(filters)
    outputs = max(len(filters.channels), len(filters.drivers))
    return Export(
        {"equalizerapo.txt": ("\n".join(lines) + "\n").encode(), **waves},
        4 * used.coefficients,
        4 * used.state,
        used.multiply_adds,
        SCALING,
        notes=(
            f"the sound device needs {outputs} channels and a rate of {rate} Hz; at another rate nothing is filtered",
            *loud_note(waves, filters),
        ),
        names=changed({f"{c}\n{d}": stem for (c, d), stem in stems.items()}),
        preamp="the line Preamp of equalizerapo.txt: take its # out",
    )


def _way(filters: FilterSet, way: int, one: Filter, stems: dict[tuple[str, str], str]) -> Iterable[str]:
    """One filter on a virtual channel of its own."""
    yield f"Copy: W{way}={filters.channels.index(one.channel) + 1}"
    yield f"Channel: W{way}"
    own = one.delay_samples if one.cascade is None else one.cascade.delay_samples
    delay = filters.delays.get(one.channel, 0) + (own or 0)
    if delay:
        yield f"Delay: {delay} samples"
    if one.cascade is not None:
        for b, a in zip(one.cascade.b.tolist(), one.cascade.a.tolist(), strict=True):
            yield f"Filter: ON IIR Order 2 Coefficients {' '.join(map(_decimal, (*b, 1.0, *a)))}"
    elif one.delay_samples is None:
        yield f"Convolution: {stems[one.channel, one.driver]}.wav"


def _sums(filters: FilterSet) -> Iterable[str]:
    """Each driver from its ways, and silence on the device's channels that were inputs and are no driver."""
    for d in range(max(len(filters.channels), len(filters.drivers))):
        driver = filters.drivers[d] if d < len(filters.drivers) else None
        ways = [f"W{way}" for way, one in enumerate(filters.filters, 1) if one.driver == driver]
        yield f"{d + 1}={'+'.join(ways) if ways else '0.0'}"


def _decimal(value: float) -> str:
    """17 digits without an exponent, which the program's documentation does not name."""
    return np.format_float_positional(value, unique=True, trim="0")


EQUALIZER_APO = Target("equalizerapo", "Equalizer APO: configuration and WAVs", write_equalizer_apo)
