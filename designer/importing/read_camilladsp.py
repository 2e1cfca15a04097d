"""A CamillaDSP configuration and its files: what its pipeline does to an impulse in each of its channels.

The pipeline is linear as long as it is made of mixers and of Conv, Biquad (Free), Delay and Gain filters: an impulse in
channel c then gives, at output d, the response of c to d, through whatever order of steps a user has made of it. After the
README of versions 3 and 4; version 5's `delay_unit` is understood too. Filters that are computed from a frequency or that
are not linear are refused by name.
"""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
from scipy.signal import fftconvolve, lfilter

from designer.arrays import Real
from designer.importing.coefficients import (
    Coefficients,
    channel_names,
    check_rate,
    check_values,
    read_bytes,
    read_text,
    refusal,
    stated_bulk_delay,
    stated_order,
)
from designer.problem.schema import MAX_TAPS, Problem

UNITS = {"samples": None, "ms": 1e-3, "s": 1.0, "us": 1e-6, "mm": 1e-3 / 343.0}


def read_camilladsp(path: Path, problem: Problem) -> Coefficients:
    """The responses of a configuration, capture channels in the order of the problem's channels, outputs in that of its drivers.

    Raises
    ------
    DataError : it is no such configuration, does something that is no filter's, or does not fit the problem

    """
    import yaml

    text = read_text(path)
    try:
        whole = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise refusal(
            path, f"no YAML ({str(error).splitlines()[0]})", "a CamillaDSP configuration", "save it again"
        ) from None
    pipeline = _Pipeline(path, whole, problem)
    try:
        check_rate(path, float(whole["devices"]["samplerate"]), problem)
        comments = "\n".join(line for line in text.splitlines() if line.startswith("#"))
        channels = stated_order(path, comments, "channels", channel_names(problem))
        drivers = stated_order(path, comments, "drivers", problem.driver_names)
        inputs = int(whole["devices"]["capture"].get("channels", len(channels)))
        if inputs != len(channels):
            raise refusal(
                path, f"{inputs} capture channels", f"the problem's {len(channels)} channels", "name its problem"
            )
        responses = [pipeline.response(c, inputs) for c in range(inputs)]
    except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
        raise refusal(
            path,
            f"a configuration that is not whole ({type(error).__name__}: {error})",
            "one that CamillaDSP takes",
            "check it with camilladsp --check",
        ) from None
    outputs = responses[0].shape[1]
    if outputs != len(drivers):
        raise refusal(path, f"{outputs} outputs", f"the problem's {len(drivers)} drivers", "name its problem")
    last = max(
        int(
            np.flatnonzero(np.abs(one).max(axis=1))[-1],
        )
        + 1
        if one.any()
        else 1
        for one in responses
    )
    taps = {
        channel: {driver: one[:last, d] for d, driver in enumerate(drivers) if one[:, d].any()}
        for channel, one in zip(channels, responses, strict=True)
    }
    return Coefficients(taps, bulk_delay_samples=stated_bulk_delay(text))


class _Pipeline:
    """A configuration's mixers and filters, as functions of signals (N, channels)."""

    def __init__(self, path: Path, whole: Any, problem: Problem) -> None:
        if not isinstance(whole, dict) or not {"devices", "pipeline"} <= set(whole):
            raise refusal(path, "no devices and pipeline", "a CamillaDSP configuration", "name its .yml file")
        self.path, self.whole = path, whole
        self.rate = problem.sample_rate_hz
        self.waves: dict[str, Real] = {}
        self.length = self._length(problem)

    def _length(self, problem: Problem) -> int:
        """Samples that hold the whole response: finite filters and delays in series, and for sections the problem's taps."""
        finite, recursive = 1, False
        for step in self.whole["pipeline"]:
            if step.get("type") != "Filter" or step.get("bypassed"):
                continue
            longest = 0
            for name in step["names"]:
                kind, p = self._filter(name)
                recursive |= kind == "Biquad"
                longest += self._delay(p) if kind == "Delay" else self._taps(p).size - 1 if kind == "Conv" else 0
            finite += longest  # steps that run side by side are counted one after the other: never too short
        return min(max(finite, problem.realization.taps if recursive else 1), MAX_TAPS)

    def response(self, channel: int, count: int) -> Real:
        """Of an impulse in one of `count` channels: (N, outputs)."""
        x: Real = np.zeros((self.length, count))
        x[0, channel] = 1.0
        for step in self.whole["pipeline"]:
            if step.get("bypassed"):
                continue
            if step["type"] == "Mixer":
                x = self._mixed(self.whole["mixers"][step["name"]], x)
            elif step["type"] == "Filter":
                wanted = step.get("channels", [step["channel"]] if "channel" in step else None)
                for c in range(x.shape[1]) if wanted is None else wanted:
                    for name in step["names"]:
                        x[:, c] = self._filtered(name, x[:, c])
            else:
                raise self._refused(f"a step of type {step['type']!r}")
        return x

    def _refused(self, found: str) -> Exception:
        return refusal(
            self.path,
            found,
            "mixers, and filters Conv, Biquad of type Free, Delay and Gain",
            "take it out of the pipeline",
        )

    def _mixed(self, mixer: dict[str, Any], x: Real) -> Real:
        out = np.zeros((len(x), int(mixer["channels"]["out"])))
        for mapping in mixer["mapping"]:
            for source in [] if mapping.get("mute") else mapping["sources"]:
                if not source.get("mute"):
                    out[:, mapping["dest"]] += _gain(source) * x[:, source["channel"]]
        return out

    def _filter(self, name: str) -> tuple[str, dict[str, Any]]:
        one = self.whole["filters"][name]
        kind, p = one["type"], one["parameters"]
        if kind not in ("Conv", "Biquad", "Delay", "Gain") or (kind == "Biquad" and p["type"] != "Free"):
            raise self._refused(
                f"filter {name!r} of type {kind!r}{' ' + repr(p.get('type')) if kind == 'Biquad' else ''}"
            )
        if kind == "Conv" and p["type"] not in ("Wav", "Values"):
            raise refusal(
                self.path, f"filter {name!r} of type 'Conv' {p['type']!r}", "'Wav' or 'Values'", "store it as WAV"
            )
        return kind, p

    def _filtered(self, name: str, x: Real) -> Real:
        kind, p = self._filter(name)
        if kind == "Conv":
            taps = self._taps(p)
            return np.asarray(fftconvolve(x, taps)[: x.size]) if np.count_nonzero(x) > 1 else _placed(x, taps)
        if kind == "Biquad":
            a = [1.0, float(p["a1"]), float(p["a2"])]
            if np.abs(np.roots(a)).max(initial=0.0) >= 1.0:
                raise refusal(
                    self.path, f"an unstable filter {name!r}", "poles within the unit circle", "check its signs"
                )
            return np.asarray(lfilter([float(p[key]) for key in ("b0", "b1", "b2")], a, x))
        if kind == "Delay":
            return np.concatenate([np.zeros(self._delay(p)), x])[: x.size]
        return (0.0 if p.get("mute") else _gain(p)) * x

    def _delay(self, p: dict[str, Any]) -> int:
        if p.get("subsample"):
            raise self._refused("a delay of less than a sample")
        unit = UNITS[p.get("unit") or p.get("delay_unit") or "ms"]
        return round(float(p["delay"]) * (1.0 if unit is None else unit * self.rate))

    def _taps(self, p: dict[str, Any]) -> Real:
        if p["type"] == "Values":
            return check_values(self.path, np.array(p["values"], dtype=float), "values")
        import soundfile

        file = str(p["filename"])
        if file not in self.waves:
            content = read_bytes(self.path.parent / file)
            try:
                self.waves[file] = soundfile.read(io.BytesIO(content), always_2d=True)[0]
            except soundfile.LibsndfileError as error:
                raise refusal(self.path.parent / file, f"no sound file ({error})", "WAV", "export it again") from None
        return check_values(self.path, self.waves[file][:, int(p.get("channel") or 0)], file)


def _gain(table: dict[str, Any]) -> float:
    """A linear gain; in dB where no scale is given."""
    gain = float(table.get("gain") or 0.0)
    linear = gain if table.get("scale") == "linear" else 10 ** (gain / 20)
    return -linear if table.get("inverted") else linear


def _placed(x: Real, taps: Real) -> Real:
    """Taps behind a single sample, without the rounding of a transform."""
    out = np.zeros_like(x)
    if x.any():
        at = int(np.flatnonzero(x)[0])
        part = taps[: x.size - at]
        out[at : at + part.size] = x[at] * part
    return out
