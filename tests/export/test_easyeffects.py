"""EasyEffects' impulse responses, played path by path as its convolver does: left to left, left to right, right to left, right to right."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
from importing.test_round_trip import problem
from programs import need
from stereo.small_designs import trio
from toml_text import toml

import designer
from designer.arrays import Real
from designer.commands.import_coefficients import read_coefficients
from designer.errors import DataError, UsageError
from designer.export import FilterSet, target_named
from designer.export.runners.bench import Bench
from designer.export.write import export_of
from export import filter_cases
from export.test_convolvers import by_scipy

SIDES = ("left", "right")
DRIVERS = ("driver l", "driver r")


def crossed(taps: int = 60) -> FilterSet:
    """Two channels to both drivers: a pure delay, a silent path, and a channel that waits."""
    draw = np.random.default_rng(4)
    channels = {side: filter_cases.decaying(draw, taps)[:2] for side in SIDES}
    channels["left"][1] = np.eye(1, taps, 7)[0]
    return filter_cases.made(channels, DRIVERS, {}, "fir", delays={"right": 11})


def straight() -> FilterSet:
    """Each channel to its own driver alone."""
    base = crossed()
    return replace(
        base, filters=tuple(one for one in base.filters if SIDES.index(one.channel) == DRIVERS.index(one.driver))
    )


def single() -> FilterSet:
    """One channel to both drivers."""
    base = crossed()
    return replace(
        base, channels=SIDES[:1], filters=tuple(one for one in base.filters if one.channel == "left"), delays={}
    )


CASES = {"true stereo": (crossed(), 4), "stereo": (straight(), 2), "one channel": (single(), 4)}


def written(filters: FilterSet, folder: Path) -> Path:
    for path, content in export_of(filters, "easyeffects").files.items():
        (folder / path).write_bytes(content)
    return folder / "case.irs"


def played(path: Path, x: Real) -> Real:
    """Outputs (N, 2) of inputs (N, 2), by libsndfile, which EasyEffects reads with."""
    samples, _ = soundfile.read(path, always_2d=True)
    tracks = (
        samples.T
        if samples.shape[1] == 4
        else np.array([samples[:, 0], 0 * samples[:, 0], 0 * samples[:, 1], samples[:, 1]])
    )
    y = np.zeros((len(x), 2))
    for track, (source, output) in zip(tracks, ((0, 0), (0, 1), (1, 0), (1, 1)), strict=True):
        y[:, output] += np.convolve(x[:, source], track)[: len(x)]
    return y


@pytest.mark.parametrize("case", CASES)
def test_the_tracks_are_the_filters(case: str, tmp_path: Path) -> None:
    """Noise through the paths is what scipy gives, to the 24 bits of the file; two tracks where nothing crosses."""
    filters, tracks = CASES[case]
    path = written(filters, tmp_path)
    assert (soundfile.info(path).channels, soundfile.info(path).samplerate, soundfile.info(path).subtype) == (
        tracks,
        48000,
        "FLOAT",
    )
    x = np.random.default_rng(9).uniform(-0.5, 0.5, (900, 2))
    y = by_scipy(filters, x[:, : len(filters.channels)])
    assert np.abs(played(path, x) - y).max() <= 2.0**-24 * filters.headroom.worst_output


@pytest.mark.parametrize("case", CASES)
def test_zita_convolver_plays_the_filters(case: str, tmp_path: Path) -> None:
    """The library that EasyEffects convolves with, by fconvolver, which is what `designer proof` runs: within 1e-6 of scipy."""
    need("fconvolver", "jconvolver")
    filters, _ = CASES[case]
    written(filters, tmp_path)
    x = np.random.default_rng(3).uniform(-0.5, 0.5, (2000, len(filters.channels)))
    run = target_named("easyeffects").run
    assert run is not None
    feeds = run(tmp_path, x, filters, Bench())
    assert np.abs(feeds[:1500] - by_scipy(filters, x)[:1500]).max() <= 1e-6 * filters.headroom.worst_output


@pytest.mark.parametrize("case", CASES)
def test_the_filters_return(case: str, tmp_path: Path) -> None:
    """From the folder, with the bulk delay that the file's comment states."""
    filters, _ = CASES[case]
    read = read_coefficients(written(filters, tmp_path).parent, problem(filters.channels, DRIVERS))
    assert {c: set(each) for c, each in read.taps.items()} == {
        c: {one.driver for one in filters.filters if one.channel == c} for c in filters.channels
    }
    for one in filters.filters:
        taps, expected = read.taps[one.channel][one.driver], filters.delayed_taps(one)
        assert np.abs(taps[: expected.size] - expected).max() <= 2.0**-24 * 4 and not taps[expected.size :].any()
    assert read.bulk_delay_samples == filters.bulk_delay_samples


def test_a_users_own_response_is_read(tmp_path: Path) -> None:
    """One track serves both sides; of four the second is left to right."""
    soundfile.write(tmp_path / "one.irs", np.array([0.5, 0.25]), 48000, subtype="FLOAT", format="WAV")
    read = read_coefficients(tmp_path / "one.irs", problem(SIDES, DRIVERS))
    assert all(
        read.taps[SIDES[k]][DRIVERS[k]].tolist() == [0.5, 0.25] and len(read.taps[SIDES[k]]) == 1 for k in range(2)
    )
    soundfile.write(tmp_path / "four.irs", np.array([[0.0, 0.5, 0.0, 1.0]]), 48000, subtype="FLOAT", format="WAV")
    read = read_coefficients(tmp_path / "four.irs", problem(SIDES, DRIVERS))
    assert read.taps["left"][DRIVERS[1]].tolist() == [0.5] and read.taps["right"][DRIVERS[1]].tolist() == [1.0]


def test_the_notes_say_what_changes_the_response(tmp_path: Path) -> None:
    """Four tracks need a version; autogain, width and input gain are stated."""
    export = export_of(crossed(), "easyeffects")
    text = " ".join(export.files["README.txt"].decode().split())
    assert any("four tracks" in note and "EasyEffects 8" in note for note in export.notes)
    assert "Turn Autogain off and leave Stereo Width at 100 %" in text
    assert f"set the convolver's input gain to {-crossed().headroom.tones_db:.2f} dB" in text
    assert not any("four tracks" in note for note in export_of(straight(), "easyeffects").notes)


@pytest.mark.parametrize(
    ("filters", "message"),
    [
        (
            filter_cases.fir(),
            "got 3 drivers; expected 2, because its convolver is stereo in and stereo out; export pipewire",
        ),
        (filter_cases.odd_names(), "got 1 drivers; expected 2, .*; export pipewire"),
        (
            replace(crossed(), channels=("left", "right", "centre")),
            "got 3 channels; expected at most 2, .*; export pipewire",
        ),
        (
            replace(crossed(), sample_rate_hz=44100.5),
            "got a sample rate of 44100.5 Hz; expected a whole number of hertz",
        ),
    ],
)
def test_what_its_convolver_cannot_hold_is_refused(filters: FilterSet, message: str) -> None:
    """The number that fits, and the target that holds the others."""
    with pytest.raises(UsageError, match=f"^target easyeffects: {message}"):
        target_named("easyeffects").write(filters)


@pytest.mark.parametrize(
    ("tracks", "channels", "message"),
    [
        (3, SIDES, "got 3 tracks; expected 1, 2 or 4"),
        (2, SIDES[:1], "got track 2 of a right input; expected a left input alone"),
        (4, SIDES[:1], "got track 3 of a right input; expected a left input alone"),
    ],
)
def test_what_is_no_such_response_is_refused(
    tracks: int, channels: tuple[str, ...], message: str, tmp_path: Path
) -> None:
    """Another number of tracks, and a right input where the problem has a left one alone."""
    soundfile.write(tmp_path / "a.irs", np.ones((4, tracks)), 48000, subtype="FLOAT", format="WAV")
    with pytest.raises(DataError, match=message):
        read_coefficients(tmp_path / "a.irs", problem(channels, DRIVERS))


def test_a_third_driver_is_refused_before_the_design() -> None:
    """The problem tells how many drivers there are: no progress is made before it is said."""
    table, stages = trio("left", "right"), list[str]()
    table["export"] = {"targets": ["easyeffects"]}
    with pytest.raises(UsageError, match="target easyeffects: got 3 drivers; expected 2"):
        designer.design(designer.loads(toml(table)), progress=stages.append)
    assert stages == []
