"""`camilladsp`: a configuration for CamillaDSP 3 and 4, with the responses in WAV files beside it.

After its README and `src/config.rs` of those versions (5 renames the delay's `unit`): a mixer takes the channels to one
way for each filter, the filters run way by way, and a second mixer sums the ways into the drivers. `Free` biquads have
the signs of H(z) = (b0 + b1 z^-1 + b2 z^-2) / (1 + a1 z^-1 + a2 z^-2). File names are relative to the configuration.
A gain named `preamp` on the captured channels is bypassed: taken out of the bypass it makes room for steady tones of full scale.
The devices are a stub: ALSA's default without a sample format, which those versions choose themselves.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace

from designer.export.filter_set import Filter, FilterSet
from designer.export.memory import memory
from designer.export.names import changed, file_names, filter_files
from designer.export.provenance import one_line, provenance
from designer.export.refusals import whole_rate
from designer.export.target import Export, Target
from designer.export.wav import channel_responses
from designer.export.wave import loud_note, wave_float

SCALING = "none; responses in 32-bit float, 24 bits of mantissa; sections in double precision"
CHUNK_SIZE = 1024


def write_camilladsp(filters: FilterSet) -> Export:
    """`camilladsp.yml` and a WAV a channel that has taps, a track a driver.

    Raises
    ------
    UsageError : the sample rate is no whole number

    """
    rate = whole_rate(filters, "camilladsp")
    stems, ways = file_names(filters.channels), filter_files(filters)
    undelayed = replace(filters, delays={})
    comments = provenance(filters, "camilladsp", SCALING)
    with_taps = [
        name for name in filters.channels if any(_has_taps(one) for one in filters.filters if one.channel == name)
    ]
    waves = {
        f"{stems[name]}.wav": wave_float(channel_responses(undelayed, name), rate, "\n".join(comments))
        for name in with_taps
    }
    lines = [
        *(f"# {line}" for line in comments),
        "# Set the devices to yours. The first mixer's channels and the second's drivers are in the order above.",
        f"title: {_quoted(filters.title)}",
        *_devices(rate, len(filters.channels), len(filters.drivers)),
        *_mixers(filters),
        "filters:",
        *_preamp(filters),
        *(line for one in filters.filters for line in _filter(filters, one, ways, stems)),
        *(line for name, delay in _delays(filters) for line in _delay(f"{stems[name]} channel", delay)),
        *_pipeline(filters, ways, stems),
    ]
    used = memory(filters)
    return Export(
        {"camilladsp.yml": ("\n".join(lines) + "\n").encode(), **waves},
        4 * used.coefficients if waves else 8 * used.coefficients,
        8 * used.state,
        used.multiply_adds,
        SCALING,
        notes=("the devices in camilladsp.yml are a stub: set them to yours", *loud_note(waves, filters)),
        names=changed(stems) | changed({f"{c}\n{d}": stem for (c, d), stem in ways.items()}),
        preamp="the pipeline's first step, preamp, in camilladsp.yml: set bypassed to false",
    )


def _preamp(filters: FilterSet) -> Iterable[str]:
    yield from ("  preamp:", "    type: Gain", "    parameters:", f"      gain: {-filters.headroom.tones_db:.2f}")
    yield from ("      inverted: false", "      mute: false", "      scale: dB")


def _has_taps(one: Filter) -> bool:
    return one.cascade is None and one.delay_samples is None


def _delays(filters: FilterSet) -> list[tuple[str, int]]:
    return [(name, filters.delays[name]) for name in filters.channels if filters.delays.get(name, 0)]


def _devices(rate: int, channels: int, drivers: int) -> Iterable[str]:
    yield from ("devices:", f"  samplerate: {rate}", f"  chunksize: {CHUNK_SIZE}")
    for side, count in (("capture", channels), ("playback", drivers)):
        yield from (f"  {side}:", "    type: Alsa", f"    channels: {count}", '    device: "default"')


def _mixers(filters: FilterSet) -> Iterable[str]:
    ways = len(filters.filters)
    yield from (
        "mixers:",
        "  channels to ways:",
        "    channels:",
        f"      in: {len(filters.channels)}",
        f"      out: {ways}",
    )
    yield "    mapping:"
    for way, one in enumerate(filters.filters):
        yield from _mapping(way, [filters.channels.index(one.channel)])
    yield from ("  ways to drivers:", "    channels:", f"      in: {ways}", f"      out: {len(filters.drivers)}")
    yield "    mapping:"
    for d, driver in enumerate(filters.drivers):
        yield from _mapping(d, [way for way, one in enumerate(filters.filters) if one.driver == driver])


def _mapping(destination: int, sources: list[int]) -> Iterable[str]:
    yield f"      - dest: {destination}"
    yield "        sources:" if sources else "        sources: []"
    for source in sources:
        yield from (f"          - channel: {source}", "            gain: 0", "            scale: dB")


def _filter(filters: FilterSet, one: Filter, ways: dict[tuple[str, str], str], stems: dict[str, str]) -> Iterable[str]:
    name = ways[one.channel, one.driver]
    if one.cascade is not None:
        yield from _delay(name, one.cascade.delay_samples) if one.cascade.delay_samples else ()
        for s, (b, a) in enumerate(zip(one.cascade.b.tolist(), one.cascade.a.tolist(), strict=True)):
            yield from (
                f"  {_quoted(f'{name} section {s + 1}')}:",
                "    type: Biquad",
                "    parameters:",
                "      type: Free",
            )
            numbers = zip(("b0", "b1", "b2", "a1", "a2"), (*b, *a), strict=True)
            yield from (f"      {key}: {_real(value)}" for key, value in numbers)
    elif one.delay_samples is not None:
        yield from _delay(name, one.delay_samples) if one.delay_samples else ()
    else:
        yield from (f"  {_quoted(name)}:", "    type: Conv", "    parameters:", "      type: Wav")
        yield from (
            f'      filename: "{stems[one.channel]}.wav"',
            f"      channel: {filters.drivers.index(one.driver)}",
        )


def _delay(name: str, samples: int) -> Iterable[str]:
    yield from (f"  {_quoted(f'{name} delay')}:", "    type: Delay", "    parameters:")
    yield from (f"      delay: {samples}", "      unit: samples", "      subsample: false")


def _pipeline(filters: FilterSet, ways: dict[tuple[str, str], str], stems: dict[str, str]) -> Iterable[str]:
    yield from ("pipeline:", "  - type: Filter", f"    channels: [{', '.join(map(str, range(len(filters.channels))))}]")
    yield from ('    names: ["preamp"]', "    bypassed: true # false applies the headroom's preamp")
    for name, _ in _delays(filters):
        yield from _step(filters.channels.index(name), [f"{stems[name]} channel delay"])
    yield from ("  - type: Mixer", '    name: "channels to ways"')
    for way, one in enumerate(filters.filters):
        name = ways[one.channel, one.driver]
        if one.cascade is not None:
            names = [f"{name} delay"] if one.cascade.delay_samples else []
            names += [f"{name} section {s + 1}" for s in range(len(one.cascade.b))]
        elif one.delay_samples is not None:
            names = [f"{name} delay"] if one.delay_samples else []
        else:
            names = [name]
        if names:
            yield from _step(way, names)
    yield from ("  - type: Mixer", '    name: "ways to drivers"')


def _step(channel: int, names: list[str]) -> Iterable[str]:
    yield from ("  - type: Filter", f"    channels: [{channel}]", f"    names: [{', '.join(map(_quoted, names))}]")


def _quoted(text: str) -> str:
    """A YAML double-quoted scalar: JSON's escapes are among YAML's."""
    return json.dumps(one_line(text), ensure_ascii=False)


def _real(value: float) -> str:
    """17 digits, with the point that YAML 1.1 wants in a float: 1.0e-05."""
    text = repr(value)
    return text.replace("e", ".0e") if "e" in text and "." not in text else text


CAMILLADSP = Target("camilladsp", "CamillaDSP 3 and 4: configuration and WAVs", write_camilladsp)
