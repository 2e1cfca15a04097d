"""CamillaDSP's configuration as pydantic models, and a small player of its pipeline.

Written from the README and from `src/config.rs` of versions 3 and 4, where every table refuses unknown keys. The program
itself is in no package registry, so that it cannot be run here.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import numpy as np
import soundfile
import yaml
from pydantic import BaseModel, ConfigDict, Field
from scipy.signal import lfilter

from designer.arrays import Real

Count = Annotated[int, Field(ge=1)]
Index = Annotated[int, Field(ge=0)]


class Table(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)


class Alsa(Table):
    type: Literal["Alsa"]
    channels: Count
    device: str
    format: Literal["S16LE", "S24LE", "S24LE3", "S32LE", "FLOAT32LE", "FLOAT64LE"] | None = None


class Devices(Table):
    samplerate: Count
    chunksize: Count
    capture: Alsa
    playback: Alsa


class Source(Table):
    channel: Index
    gain: float | None = None
    inverted: bool | None = None
    mute: bool | None = None
    scale: Literal["dB", "linear"] | None = None


class Mapping(Table):
    dest: Index
    sources: list[Source]
    mute: bool | None = None


class MixerChannels(Table):
    in_: Annotated[Count, Field(alias="in")]
    out: Count


class Mixer(Table):
    description: str | None = None
    channels: MixerChannels
    mapping: list[Mapping]


class Wav(Table):
    type: Literal["Wav"]
    filename: str
    channel: Index | None = None


class Values(Table):
    type: Literal["Values"]
    values: list[float]


class Conv(Table):
    type: Literal["Conv"]
    description: str | None = None
    parameters: Wav | Values


class GainParameters(Table):
    gain: float
    scale: Literal["dB", "linear"] | None = None
    inverted: bool | None = None
    mute: bool | None = None


class Gain(Table):
    type: Literal["Gain"]
    description: str | None = None
    parameters: GainParameters


class Free(Table):
    type: Literal["Free"]
    a1: float
    a2: float
    b0: float
    b1: float
    b2: float


class Biquad(Table):
    type: Literal["Biquad"]
    description: str | None = None
    parameters: Free


class DelayParameters(Table):
    delay: Annotated[float, Field(ge=0)]
    unit: Literal["ms", "us", "mm", "samples"] | None = None
    subsample: bool | None = None


class Delay(Table):
    type: Literal["Delay"]
    description: str | None = None
    parameters: DelayParameters


class MixerStep(Table):
    type: Literal["Mixer"]
    name: str
    description: str | None = None
    bypassed: bool | None = None


class FilterStep(Table):
    type: Literal["Filter"]
    channels: list[Index] | None = None
    names: list[str]
    description: str | None = None
    bypassed: bool | None = None


class Configuration(Table):
    title: str | None = None
    description: str | None = None
    devices: Devices
    mixers: dict[str, Mixer] = {}
    filters: dict[str, Conv | Biquad | Delay | Gain] = {}
    pipeline: list[MixerStep | FilterStep] = []


def read(path: Path) -> Configuration:
    """The configuration, read by PyYAML and checked."""
    return Configuration.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))


def play(path: Path, x: Real) -> Real:
    """What the pipeline makes of the captured channels (N, C); checks what the program checks of names and widths."""
    configuration = read(path)
    assert x.shape[1] == configuration.devices.capture.channels
    for step in configuration.pipeline:
        if step.bypassed:
            continue
        if isinstance(step, MixerStep):
            x = mixed(configuration.mixers[step.name], x)
        else:
            assert step.channels is not None
            for channel in step.channels:
                for name in step.names:
                    x[:, channel] = filtered(configuration.filters[name], x[:, channel], path.parent)
    assert x.shape[1] == configuration.devices.playback.channels
    return x


def mixed(mixer: Mixer, x: Real) -> Real:
    assert x.shape[1] == mixer.channels.in_
    out = np.zeros((len(x), mixer.channels.out))
    for mapping in mixer.mapping:
        for source in mapping.sources:
            assert source.scale != "linear" and not source.inverted and not source.mute and not mapping.mute
            out[:, mapping.dest] += 10 ** ((source.gain or 0.0) / 20) * x[:, source.channel]
    return out


def filtered(one: Conv | Biquad | Delay | Gain, x: Real, folder: Path) -> Real:
    if isinstance(one, Gain):
        assert one.parameters.scale == "dB" and not one.parameters.inverted and not one.parameters.mute
        return np.asarray(10 ** (one.parameters.gain / 20) * x)
    if isinstance(one, Delay):
        assert one.parameters.unit == "samples" and not one.parameters.subsample
        return np.concatenate([np.zeros(int(one.parameters.delay)), x])[: len(x)]
    if isinstance(one, Biquad):
        p = one.parameters
        return np.asarray(lfilter([p.b0, p.b1, p.b2], [1.0, p.a1, p.a2], x))
    if isinstance(one.parameters, Values):
        return np.convolve(x, one.parameters.values)[: len(x)]
    taps, _ = soundfile.read(folder / one.parameters.filename, always_2d=True)
    return np.convolve(x, taps[:, one.parameters.channel or 0])[: len(x)]
