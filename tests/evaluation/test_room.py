"""A design in its room: what is compared, what the folder holds, what is played through it, and what is said where something is missing."""

from __future__ import annotations

import functools
import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import soundfile
from command import run
from scipy.io import wavfile
from stereo.small_designs import trio
from toml_text import toml

import designer
from designer import job
from designer.errors import DataError
from designer.evaluation.room import STEREO
from designer.writing import MANIFEST

ROOT = Path(__file__).parents[2]
ROOM = {"size_m": [4.0, 3.0, 2.5], "absorption": 0.5, "device_m": [0.6, 1.2, 1.0]}


def tables(*names: str, **changes: Any) -> dict[str, Any]:
    """Three points in a row; the designs of these names, in a small room."""
    return trio(*names) | {"room": ROOM} | changes


@pytest.fixture(scope="module")
def design() -> designer.Design:
    return designer.design(designer.loads(toml(tables("left", "right", "centre"))))


@pytest.fixture(scope="module")
def folder(design: designer.Design, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return design.save(tmp_path_factory.mktemp("room") / "out")


def test_what_is_compared(design: designer.Design) -> None:
    """Each channel stands beside its plain driver and the middle of plain stereo; without [room] there is nothing."""
    assert design.room is not None
    assert [one.name for one in design.room.compared("centre")] == ["centre", "centre: plain driver", STEREO]
    assert len(design.room.played) == 7
    none = designer.design(designer.loads(toml(trio("centre"))))
    assert none.room is None and none.room_ears is None


def test_a_plain_driver_alone_is_the_rooms_own_response(design: designer.Design) -> None:
    """Plain stereo's middle is the mean of the outermost drivers' responses, as late as the bulk delay."""
    assert design.room is not None
    (stereo,) = (one for one in design.room.played if one.name == STEREO)
    own = design.room.responses.both[:, [0, 2]].mean(axis=1)
    delay = design.bulk_delay_samples
    np.testing.assert_allclose(stereo.response[:, delay : delay + own.shape[1]], own, atol=1e-9 * np.abs(own).max())


def test_the_folder(design: designer.Design, folder: Path) -> None:
    """WAV files of the drivers and of each channel as they were computed, a table by octave, and the band's means in the summary."""
    assert design.room is not None
    assert {path.name for path in (folder / "room").iterdir()} == {
        "drivers.wav", "left-at-ears.wav", "right-at-ears.wav", "centre-at-ears.wav", "measures.csv",
    }  # fmt: skip
    rate, samples = wavfile.read(folder / "room" / "drivers.wav")
    assert (rate, str(samples.dtype), samples.shape[1]) == (16_000, "float32", 6)
    np.testing.assert_array_equal(samples[:, 2:4].T, design.room.responses.both[:2, 1].astype(np.float32))
    centre = next(one for one in design.room.played if one.name == "centre")
    _, samples = wavfile.read(folder / "room" / "centre-at-ears.wav")
    np.testing.assert_array_equal(samples.T, centre.response[:2].astype(np.float32))
    table = pd.read_csv(folder / "room" / "measures.csv")
    rows = table[table.played == "centre"]
    np.testing.assert_allclose(rows.critical_distance_m, centre.measures.critical_distance_m, rtol=1e-6)
    summary = json.loads((folder / "summary.json").read_text(encoding="utf-8"))["room"]
    assert summary["channels"]["centre"]["centre"] == pytest.approx(centre.measures.mean([500.0, 3000.0]))
    assert summary["images"] == design.room.responses.images


def test_channels_are_the_drivers_responses_through_their_filters(design: designer.Design, folder: Path) -> None:
    """What is in `centre-at-ears.wav` is Σ_l taps_l * drivers.wav_l, by a plain convolution."""
    _, drivers = wavfile.read(folder / "room" / "drivers.wav")
    _, ears = wavfile.read(folder / "room" / "centre-at-ears.wav")
    for ear in (0, 1):
        expected = sum(np.convolve(drivers[:, 2 * l + ear], design.taps["centre"][l]) for l in range(3))
        np.testing.assert_allclose(ears[:, ear], expected, atol=1e-6 * np.abs(expected).max())


def test_opened_again(design: designer.Design, folder: Path) -> None:
    """The responses at the ears come back from the file, and a folder that lost them says so."""
    again = designer.open(folder)
    assert again.room_ears is not None and design.room_ears is not None
    np.testing.assert_allclose(again.room_ears, design.room_ears, atol=1e-7 * np.abs(design.room_ears).max())


def test_a_broken_folder(folder: Path, tmp_path: Path) -> None:
    """Responses that are gone, or of other drivers, are refused with what is allowed, also where no manifest tells."""
    out = Path(shutil.copytree(folder, tmp_path / "out"))
    (out / MANIFEST).unlink()
    wavfile.write(out / "room" / "drivers.wav", 16_000, np.zeros((10, 4), np.float32))
    with pytest.raises(DataError, match=r"drivers\.wav: got 4 channels; expected 6, two a driver"):
        _ = designer.open(out).room_ears
    (out / "room" / "drivers.wav").unlink()
    with pytest.raises(DataError, match=r"drivers\.wav: cannot be read"):
        _ = designer.open(out).room_ears


def test_render(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """`render --at-ears --room` of an impulse on the left is the left channel's response, where no centre waits and no gain is set."""
    sides = designer.design(designer.loads(toml(tables("left", "right"))))
    assert sides.room is not None
    monkeypatch.setattr(job, "open_folder", lambda folder: sides)
    sound = np.zeros((800, 2))
    sound[100, 0] = 0.02
    soundfile.write(tmp_path / "in.wav", sound, 16_000, subtype="DOUBLE")
    monkeypatch.chdir(tmp_path)
    render = functools.partial(run, capsys, monkeypatch, "render")
    done = render("sides", "in.wav", "-o", "out.wav", "--at-ears", "--room", "--gain", "0")
    assert done.code == 0, done.err
    assert "plays the design at the ears, in the room" in done.out
    played = soundfile.read("out.wav")[0]
    expected = 0.02 * next(one.response[:2].T for one in sides.room.played if one.name == "left")
    length = min(len(played) - 100, len(expected))
    np.testing.assert_allclose(played[100 : 100 + length], expected[:length], atol=2.0**-22)
    assert np.abs(expected).max() > 1e-3


def test_render_without_a_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """`--room` alone, or of a design without [room], is refused with the remedy."""
    free = designer.design(designer.loads(toml(trio("left", "right"))))
    monkeypatch.setattr(job, "open_folder", lambda folder: free)
    soundfile.write(tmp_path / "in.wav", np.full((800, 2), 0.01), 16_000)
    monkeypatch.chdir(tmp_path)
    render = functools.partial(run, capsys, monkeypatch, "render")
    done = render("free", "in.wav", "-o", "out.wav", "--room")
    assert done.code == 2 and "--room: got no --at-ears with it" in done.err
    done = render("free", "in.wav", "-o", "out.wav", "--at-ears", "--room")
    assert done.code == 2 and "--room: got no [room] in" in done.err
    assert not (tmp_path / "out.wav").exists()


def test_another_listener() -> None:
    """`listener_m` and `listener_heading_deg` put a listener elsewhere: where [listener] is, facing the device, nothing changes."""
    same = tables("centre") | {"room": ROOM | {"listener_m": [1.2, 1.2, 1.0], "listener_heading_deg": 180.0}}
    turned = tables("centre") | {"room": ROOM | {"listener_m": [1.2, 1.2, 1.0], "listener_heading_deg": 0.0}}
    one, other, back = (
        designer.design(designer.loads(toml(problem))).room_ears for problem in (tables("centre"), same, turned)
    )
    assert one is not None and other is not None and back is not None
    np.testing.assert_allclose(other, one, atol=1e-5 * np.abs(one).max())
    # Two points without a head: who turns around has the ears exchanged.
    np.testing.assert_allclose(back[::-1], one, atol=1e-5 * np.abs(one).max())


def test_the_seeds_claim() -> None:
    """In the library's living room the beam brings the sound forward: its critical distance is over 2 dB beyond its plain driver's, and
    beyond plain stereo's; ears are more coherent than with the plain driver.
    """
    design = designer.design(
        designer.load(ROOT / "problems" / "living-room.toml").replace({"sample_rate_hz": 24000, "grid.frequencies": 65})
    )
    assert design.room is not None
    beam, plain, stereo = (one.measures.mean([250.0, 1200.0]) for one in design.room.compared("centre"))
    assert 20 * np.log10(beam["critical_distance_m"] / plain["critical_distance_m"]) > 2
    assert 20 * np.log10(beam["critical_distance_m"] / stereo["critical_distance_m"]) > 2
    assert beam["interaural_coherence"] > plain["interaural_coherence"] + 0.05
    assert beam["clarity_db"] > plain["clarity_db"] + 1 > stereo["clarity_db"]
