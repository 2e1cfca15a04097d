"""Source, room and receiver in one sum: a naive loop that mirrors the array, another program, reciprocity, left and right."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from oracles.naive_room import room_response
from programs import need_module

from designer.acoustics.scene_of_problem import scene
from designer.arrays import Complex, Real
from designer.evaluation import room_responses as module
from designer.evaluation.image_sources import CENTRE, LEFT_EAR, RIGHT_EAR, Images, gathered, images_within
from designer.problem.schema import SceneTable
from evaluation.room_cases import error_db, images_up_to, point_in_a_room, responses, room_of, sphere_in_a_room, summed

pra = need_module("pyroomacoustics", "pyroomacoustics")
AT_HZ = np.linspace(0.0, 8000.0, 5)


@pytest.mark.parametrize(("heading_deg", "listener_heading_deg"), [(0.0, 180.0), (35.0, 230.0), (-110.0, 20.0)])
def test_a_loop_that_mirrors_the_array(heading_deg: float, listener_heading_deg: float) -> None:
    """The direction un-mirrored is the array mirrored: within -60 dB of a loop that walks from wall to wall, for any headings."""
    size_m, device_m, head_m = [5.0, 4.1, 2.6], [1.2, 1.7, 0.9], [3.1, 2.4, 1.2]
    problem = sphere_in_a_room(
        size_m=size_m, absorption=0.3, device_m=device_m, heading_deg=heading_deg, listener_m=head_m,
        listener_heading_deg=listener_heading_deg,
    )  # fmt: skip
    actual = summed(problem, AT_HZ, images_up_to(problem, 2))[1:, :, :3]
    expected = [
        room_response(
            f, size_m=size_m, absorption=0.3, most_reflections=2, device_m=device_m, heading_deg=heading_deg,
            radius_m=0.0875, caps=[[0, -1, 0], [1, 0, 0], [0, 1, 0]], rim_m=0.025, head_m=head_m,
            head_heading_deg=listener_heading_deg, head_radius_m=0.0875,
        )
        for f in AT_HZ[1:]
    ]  # fmt: skip
    assert error_db(actual, np.array(expected)) < -60


def test_an_omnidirectional_pair_is_pyroomacoustics_own() -> None:
    """A point heard by a point: pyroomacoustics' own response, less its 40 samples of delay, within -40 dB in mid band."""
    rate, order, absorption = 16000, 10, 0.3
    problem = point_in_a_room(absorption=absorption, device_m=[0.7, 1.6, 1.0], size_m=[5.0, 4.0, 2.5])
    shoebox = pra.ShoeBox([5.0, 4.0, 2.5], fs=rate, materials=pra.Material(absorption), max_order=order)
    shoebox.add_source([0.7, 1.6, 1.0])
    shoebox.add_microphone([2.2, 1.6, 1.0])
    before = pra.constants.get("rir_hpf_enable")
    pra.constants.set("rir_hpf_enable", False)
    try:
        shoebox.compute_rir()
    finally:
        pra.constants.set("rir_hpf_enable", before)
    theirs = np.asarray(shoebox.rir[0][0], dtype=float)
    size = 1 << int(np.ceil(np.log2(theirs.size)))
    f = np.arange(size // 2 + 1) * rate / size
    ours = summed(problem, f, images_up_to(problem, order))[:, 0, CENTRE]
    ours = ours + np.exp(-2j * np.pi * f * 1.5 / 343.0) / 1.5  # the direct sound is theirs too
    delay = pra.constants.get("frac_delay_length") // 2
    spectrum = np.fft.rfft(theirs, size) * np.exp(2j * np.pi * f * delay / rate)
    middle = (f > 500) & (f < 0.35 * rate)
    assert error_db(ours[middle], spectrum[middle]) < -40


place = st.tuples(st.floats(0.5, 4.5), st.floats(0.5, 3.5), st.floats(0.5, 2.0))
heading = st.floats(-180, 180)


@settings(max_examples=15)
@given(place, place, heading, heading)
def test_reciprocity(one: tuple[float, ...], other: tuple[float, ...], first_deg: float, second_deg: float) -> None:
    """An ear on a rigid sphere and a point source on as large a sphere change places, headings and all, and nothing changes."""
    if np.linalg.norm(np.subtract(one, other)[:2]) < 0.5:
        return

    def there(device_m: tuple[float, ...], device_deg: float, head_m: tuple[float, ...], head_deg: float) -> Any:
        problem = sphere_in_a_room(
            absorption=0.2, device_m=list(device_m), heading_deg=device_deg, listener_m=list(head_m),
            listener_heading_deg=head_deg,
        )  # fmt: skip
        drivers = [driver.model_copy(update={"radius_m": None}) for driver in problem.drivers]
        return problem.model_copy(update={"drivers": drivers})

    forth = there(one, first_deg, other, second_deg)
    back = there(other, second_deg, one, first_deg)
    f = np.linspace(0.0, 8000.0, 9)
    to, fro = (summed(problem, f, images_up_to(problem, 3)) for problem in (forth, back))
    # Drivers 0 and 2 sit at -y and +y of the device, where a head that faces as it does has its right and its left ear.
    assert error_db(to[:, 0, LEFT_EAR], fro[:, 2, RIGHT_EAR]) < -60
    assert error_db(to[:, 2, LEFT_EAR], fro[:, 2, LEFT_EAR]) < -60
    assert error_db(to[:, 0, RIGHT_EAR], fro[:, 0, RIGHT_EAR]) < -60


def test_a_near_wall_on_the_listeners_left() -> None:
    """The listener's left is the device's -y: by way of a wall near at y = 0 the left ear gets more, and earlier, and of the drivers
    the one that faces the wall sends more than the one that faces away.
    """
    actual = responses(sphere_in_a_room(absorption=0.8, device_m=[1.0, 0.6, 1.2], size_m=[6.0, 9.0, 9.0]))
    arrival = round(np.hypot(2.0, 1.2) / 343.0 * 48000)
    first = actual.reflected[:, :, arrival - 60 : arrival + 60]
    energy = np.sum(first**2, axis=2)
    assert 10 * np.log10(energy[LEFT_EAR, 1] / energy[RIGHT_EAR, 1]) > 3
    assert np.argmax(np.abs(first[LEFT_EAR, 1])) < np.argmax(np.abs(first[RIGHT_EAR, 1]))
    assert 10 * np.log10(energy[CENTRE, 0] / energy[CENTRE, 2]) > 3


def test_the_mirrored_room_changes_the_sides() -> None:
    """Device and room mirrored at the device's own middle: left and right drivers and ears change places."""
    one = responses(sphere_in_a_room(absorption=0.8, size_m=[4.0, 3.0, 2.5], device_m=[0.7, 1.1, 1.0]))
    other = responses(sphere_in_a_room(absorption=0.8, size_m=[4.0, 3.0, 2.5], device_m=[0.7, 1.9, 1.0]))
    for part in ("direct", "reflected"):
        a, b = getattr(one, part), getattr(other, part)
        length = min(a.shape[2], b.shape[2])
        assert error_db(a[:2, :, :length], b[1::-1, ::-1, :length]) < -60


def test_the_direct_sound_is_the_scenes() -> None:
    """Without its walls the room is the anechoic scene: the direct responses' spectra are the scene's at the ears, near field and all."""
    problem = sphere_in_a_room(absorption=0.9)
    actual = responses(problem).direct
    f = np.array([300.0, 1000.0, 3000.0, 9000.0, 18000.0])
    spectra = actual[:2] @ np.exp(-2j * np.pi * np.outer(np.arange(actual.shape[2]), f) / 48000)
    expected = scene(problem).at(f).ears()[:, :2].transpose(1, 2, 0)
    assert error_db(spectra, expected) < -60


def test_blocks_of_any_length_give_one_response(monkeypatch: pytest.MonkeyPatch) -> None:
    """The response does not know how its images were taken together: transforms eight times as long give it within -60 dB."""
    problem = sphere_in_a_room(absorption=0.85, size_m=[4.0, 3.0, 2.5])
    short = responses(problem)
    assert module.transform_length(problem) == 512
    monkeypatch.setattr(module, "transform_length", lambda problem: 4096)
    long = responses(problem)
    remaining = int(0.8 * short.reflected.shape[2]) - 1024  # the fade-outs differ
    drivers = [0, 2]  # the front one sends nothing to the figure of eight
    assert error_db(long.reflected[:, drivers, :remaining], short.reflected[:, drivers, :remaining]) < -60
    assert error_db(long.direct[:3, :, :remaining], short.direct[:3, :, :remaining]) < -60


def test_a_high_sample_rate_costs_no_more_than_what_is_heard(monkeypatch: pytest.MonkeyPatch) -> None:
    """At 384 kHz waves are summed up to 48 kHz alone, and what is heard is what it is at 96 kHz."""
    highest_hz = []

    def spied(frequency_hz: Real, *rest: Any) -> Complex:
        highest_hz.append(frequency_hz[-1])
        return gathered(frequency_hz, *rest)

    monkeypatch.setattr(module, "gathered", spied)
    problem = point_in_a_room(absorption=0.9, device_m=[0.7, 1.6, 1.0], size_m=[3.0, 3.0, 2.5])
    spectra = []
    for rate in (96_000.0, 384_000.0):
        found = responses(problem.model_copy(update={"sample_rate_hz": rate})).both[:3, 0]
        t = np.arange(found.shape[1]) / rate
        spectra.append(found @ np.exp(-2j * np.pi * np.outer(t, np.geomspace(100.0, 16_000.0, 40))))
    assert max(highest_hz) <= 48_000.0 + 384_000.0 / 64
    assert error_db(spectra[1], spectra[0]) < -50.0


def test_walls_absorb_by_octave() -> None:
    """One reflection off walls of α(f) leaves √(1 - α) of the pressure; above the last octave its value is held."""
    places: dict[str, Any] = {"size_m": [3.0, 3.0, 3.0], "device_m": [0.7, 1.5, 1.5]}
    plain = point_in_a_room(absorption=0.19, **places)
    bands = point_in_a_room(absorption=[0.19, 0.36, 0.51, 0.64], **places)
    f = np.arange(129) * 62.5
    once = images_up_to(plain, 1)
    ratio = summed(bands, f, once)[:, 0, CENTRE] / summed(plain, f, once)[:, 0, CENTRE]
    for at_hz, reflected in {125: 0.9, 250: 0.8, 500: 0.7, 1000: 0.6, 4000: 0.6}.items():
        assert ratio[round(at_hz / 62.5)] == pytest.approx(reflected / 0.9, rel=1e-5)


def test_air_absorbs_on_the_whole_way() -> None:
    """Of one image 3.1 m away, air leaves what ISO 9613-1 says of that way; at 20 °C, 50 % and 4 kHz that is 29.7 dB/km."""
    still = point_in_a_room(absorption=0.19, size_m=[3.0, 3.0, 3.0], device_m=[0.7, 1.5, 1.5])
    air = still.model_copy(update={"scene": SceneTable(air_absorption=True)})
    f = np.arange(129) * 62.5
    once = images_up_to(still, 1)
    far = Images(
        once.size_m, once.rooms[(once.rooms == [1, 0, 0]).all(axis=1)], once.extent_m
    )  # at 2 · 3 - 0.7, from 2.2
    ratio = np.abs(summed(air, f, far)[64, 0, CENTRE] / summed(still, f, far)[64, 0, CENTRE])
    distance_m = 2 * 3.0 - 0.7 - 2.2
    assert -20 * np.log10(ratio) == pytest.approx(29.7e-3 * distance_m, rel=0.01)


def test_fewer_images_are_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where images would be too many, the response ends earlier and a warning says where and how far down."""
    monkeypatch.setattr(module, "WAVES", 300)
    actual = responses(point_in_a_room(rt60_s=0.6, device_m=[0.7, 1.6, 1.0]))
    assert actual.images < 400
    (message,) = actual.warnings
    assert "the response ends after" in message and f"{actual.decayed_db:.0f} dB down" in message


@pytest.mark.parametrize("device_m", [[0.7, 1.6, 1.0], [0.0, 1.6, 1.0], [0.7, 1.6, 0.0], [0.0, 4.0, 2.5]])
def test_images_are_those_within_reach(device_m: list[float]) -> None:
    """Every mirrored room whose image is within reach, once: counted one by one over the lattice; also where the device's
    origin lies on a wall, on the floor or in a corner, its driver 5 cm inside.
    """
    inside = [0.05, -0.05 if device_m[1] == 4.0 else 0.05, -0.05 if device_m[2] == 2.5 else 0.05]
    problem = point_in_a_room(
        inside, absorption=0.3, device_m=device_m, size_m=[5.0, 4.0, 2.5], listener_m=[2.2, 1.6, 1.0]
    )
    centre_m = np.array([2.2, 1.6, 1.0])
    actual = images_within(room_of(problem), centre_m, 20.0)
    size_m, rooms = np.array([5.0, 4.0, 2.5]), np.array(list(np.ndindex(21, 21, 21))) - 10
    places_m = size_m * rooms + np.where(rooms % 2 == 0, device_m, size_m - device_m)
    within = rooms.any(axis=1) & (np.linalg.norm(places_m - centre_m, axis=1) <= 20.0)
    expected = {tuple(room) for room in rooms[within].tolist()}
    assert {tuple(room) for room in actual.rooms.tolist()} == expected
    assert len(actual.rooms) == len(expected)
