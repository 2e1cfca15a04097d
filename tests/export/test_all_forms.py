"""csv, json and npz: everything read back bit for bit by Python's and numpy's own readers."""

from __future__ import annotations

import csv
import io
import json

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from designer.arrays import Real
from designer.export import FilterSet, target_named
from export import filter_cases

CASES = {
    "two lengths": filter_cases.two_lengths(),
    "taps": filter_cases.fir(),
    "sections": filter_cases.biquads(),
    "words": filter_cases.words(),
    "odd names": filter_cases.odd_names(),
}


def content(target: str, filters: FilterSet, name: str) -> bytes:
    return target_named(target).write(filters).files[name]


@pytest.mark.parametrize("case", CASES)
def test_csv_holds_all(case: str) -> None:
    """Taps, sections with their gains and delays, and the channels' delays."""
    filters = CASES[case]
    files = {
        name: list(
            csv.DictReader(io.StringIO("\n".join(line for line in text.decode().split("\n") if line[:2] != "# ")))
        )
        for name, text in target_named("csv").write(filters).files.items()
    }
    for one in filters.filters:
        mine = [
            row for row in files["coefficients.csv"] if (row["channel"], row["driver"]) == (one.channel, one.driver)
        ]
        assert [float(row["value"]) for row in mine] == one.taps.tolist()
        assert [int(row["tap"]) for row in mine] == list(range(one.taps.size))
        if one.cascade is not None:
            rows = [
                row for row in files["sections.csv"] if (row["channel"], row["driver"]) == (one.channel, one.driver)
            ]
            for row, b, a in zip(rows, one.cascade.b.tolist(), one.cascade.a.tolist(), strict=True):
                assert [float(row[key]) * float(row["gain"]) for key in ("b0", "b1", "b2")] == b
                assert [float(row[key]) for key in ("a1", "a2")] == a
            assert sum(int(row["delay_samples"]) for row in rows) == one.cascade.delay_samples
    if any(filters.delays.values()):
        waits = {row["channel"]: int(row["delay_samples"]) for row in files["delays.csv"]}
        assert waits == {name: filters.delays.get(name, 0) for name in filters.channels}


@pytest.mark.parametrize("case", CASES)
def test_json_holds_all(case: str) -> None:
    """Strict JSON, with the same numbers."""
    filters = CASES[case]
    read = json.loads(content("json", filters, "filters.json"), parse_constant=pytest.fail)
    assert (read["channels"], read["drivers"]) == (list(filters.channels), list(filters.drivers))
    assert read["channel_delay_samples"] == {name: filters.delays.get(name, 0) for name in filters.channels}
    for one, entry in zip(filters.filters, read["filters"], strict=True):
        assert (entry["channel"], entry["driver"], entry["taps"]) == (one.channel, one.driver, one.taps.tolist())
        assert entry.get("pure_delay_samples") == one.delay_samples
        if one.cascade is not None:
            assert entry["sections"]["b"] == one.cascade.b.tolist()
            assert entry["sections"]["a"] == one.cascade.a.tolist()
            assert entry["sections"]["delay_samples"] == one.cascade.delay_samples


@pytest.mark.parametrize("case", CASES)
def test_npz_holds_all(case: str) -> None:
    """Arrays without pickles."""
    filters = CASES[case]
    read = np.load(io.BytesIO(content("npz", filters, "filters.npz")), allow_pickle=False)
    assert read["channel"].tolist() == [one.channel for one in filters.filters]
    assert read["driver"].tolist() == [one.driver for one in filters.filters]
    assert read["channel_delay_samples"].tolist() == [filters.delays.get(name, 0) for name in filters.channels]
    for n, one in enumerate(filters.filters):
        assert np.array_equal(read["taps"][n][: read["taps_length"][n]], one.taps)
        assert read["pure_delay_samples"][n] == (-1 if one.delay_samples is None else one.delay_samples)
        if one.cascade is not None:
            mine = read["section_filter"] == n
            assert np.array_equal(read["b"][mine], one.cascade.b)
            assert np.array_equal(read["a"][mine], one.cascade.a)
            assert read["section_delay_samples"][n] == one.cascade.delay_samples


@settings(max_examples=25)
@given(seed=st.integers(0, 10**6), gain=st.floats(1e-6, 1e3))
def test_wav_tracks_are_the_filters(seed: int, gain: float, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Libsndfile reads the tracks: 32-bit float to its rounding, 24 bits to half a step of the stated scale, in one order."""
    base = filter_cases.fir(taps=10, seed=seed)
    channels: dict[str, Real] = {name: np.zeros((3, 10)) for name in base.channels}
    for one in base.filters:
        channels[one.channel][base.drivers.index(one.driver)] = gain * one.taps
    filters = filter_cases.made(channels, base.drivers, {}, "fir", delays={"b": 2})
    export = target_named("wav").write(filters)
    scale = export.facts["scale_of_24_bit"]
    expected = np.zeros((12, 6))
    for c, name in enumerate(channels):
        start = 2 if name == "b" else 0
        expected[start : start + 10, 3 * c : 3 * c + 3] = channels[name].T
    for ending, factor, bound in (("", 1, np.abs(expected) * 2.0**-24 + 1e-45), ("-24bit", scale, scale * 2.0**-24)):
        for name, tracks in (("filters", slice(0, 6)), ("a", slice(0, 3)), ("b", slice(3, 6))):
            read, rate = soundfile.read(io.BytesIO(export.files[f"{name}{ending}.wav"]), always_2d=True)
            assert rate == 48000
            limit = bound[:, tracks] if isinstance(bound, np.ndarray) else bound
            assert (np.abs(read * factor - expected[:, tracks]) <= limit * (1 + 1e-9)).all()
    with soundfile.SoundFile(io.BytesIO(export.files["filters.wav"])) as file:
        assert file.comment.startswith("title: A title; with * / signs") and file.subtype == "FLOAT"
