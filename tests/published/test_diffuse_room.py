"""Rooms of little absorption against statistical room acoustics: Eyring's decay, the critical distance, and what directivity does to it.

Kuttruff, Room Acoustics, 5th ed., sections 4.1, 5.1 and 5.5. An image room of flat walls is diffuse in the mean over places, and only
as long as the decay has not sorted the directions: its energy falls as the mean over all directions of what each loses,

    E(t) = ∫ exp(ct ln(1 - α) Σ |u_i|/S_i) dΩ/4π,

whose slope at t = 0 is Eyring's, since the mean of |u_i| is 1/2 and Σ 1/(2 S_i) = S/(4V).
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from evaluation.room_cases import point_in_a_room, responses

from designer.arrays import Real
from designer.evaluation import room_responses
from designer.evaluation.image_sources import CENTRE
from designer.problem.schema import Problem

C_M_S = 343.0
SIZE_M = np.array([4.2, 3.4, 2.7])
PLACES = (([0.9, 0.8, 0.9], 30.0), ([3.1, 1.0, 1.6], 110.0), ([1.3, 2.3, 1.2], -40.0), ([2.9, 2.5, 0.8], -150.0))
LISTENERS = ([3.0, 2.4, 1.4], [1.0, 2.6, 1.1], [3.2, 0.9, 1.7], [0.8, 1.1, 1.5])


def eyring_s(absorption: float) -> float:
    length, width, height = SIZE_M
    surface = 2 * (length * width + width * height + height * length)
    return float(24 * np.log(10) / C_M_S * SIZE_M.prod() / (-surface * np.log(1 - absorption)))


def placed(absorption: float, place: int, *drivers_m: list[float]) -> Problem:
    device_m, _ = PLACES[place]
    listener_m = LISTENERS[place]
    towards = np.degrees(np.arctan2(listener_m[1] - device_m[1], listener_m[0] - device_m[0]))
    return point_in_a_room(
        *drivers_m, size_m=SIZE_M.tolist(), absorption=absorption, device_m=device_m, heading_deg=float(towards),
        listener_m=listener_m,
    )  # fmt: skip


def energy(responses_at_centre: Real) -> float:
    """From 0.5 to 6 kHz, where a sample rate of 16 kHz is whole and modes are many."""
    return float(np.sum(in_band(responses_at_centre) ** 2))


def in_band(response: Real) -> Real:
    """Less what is outside of that band."""
    size = 1 << int(np.ceil(np.log2(2 * response.size)))
    f = np.fft.rfftfreq(size, 1 / 16_000)
    return np.asarray(np.fft.irfft(np.fft.rfft(response, size) * ((f > 500) & (f < 6000)), size)[: response.size])


@pytest.fixture(scope="module", autouse=True)
def few_images() -> Iterator[None]:
    """Until the energy has fallen by some 25 dB: what is left out is less than 0.05 dB."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(room_responses, "WAVES", 60_000)
        yield


@pytest.fixture(scope="module")
def critical_distance_m(few_images: None) -> dict[str, float]:
    """Of one point, and of a hypercardioid of two (Q = 4 as their spacing vanishes), from the mean over four places."""
    ratios: dict[str, list[float]] = {"point": [], "hypercardioid": []}
    spacing_m = 0.004
    for place in range(len(PLACES)):
        found = responses(placed(0.1, place, [spacing_m / 2, 0.0, 0.0], [-spacing_m / 2, 0.0, 0.0]))
        direct, reflected = found.direct[CENTRE], found.reflected[CENTRE]
        ratios["point"].append(energy(reflected[0]) / energy(direct[0]) / found.distance_m**2)
        both = []
        for one in (direct, reflected):
            size = 1 << int(np.ceil(np.log2(one.shape[1])))
            f = np.fft.rfftfreq(size, 1 / 16_000)
            # The back one inverted and delayed by a third of the spacing: 1 - e^{-jkd(1/3 + cos γ)}, in the limit 1/4 + 3/4 cos γ.
            back = np.fft.rfft(one[1], size) * np.exp(-2j * np.pi * f * spacing_m / 3 / C_M_S)
            both.append(np.fft.irfft(np.fft.rfft(one[0], size) - back, size))
        ratios["hypercardioid"].append(energy(both[1]) / energy(both[0]) / found.distance_m**2)
    return {name: float(1 / np.sqrt(np.mean(some))) for name, some in ratios.items()}


def test_critical_distance_of_a_point(critical_distance_m: dict[str, float]) -> None:
    """0.057 √(V/T), with Eyring's T, within 0.5 dB in the mean over four places; α = 0.1."""
    expected = 0.057 * np.sqrt(SIZE_M.prod() / eyring_s(0.1))
    assert 20 * np.log10(critical_distance_m["point"] / expected) == pytest.approx(0.0, abs=0.5)


def test_directivity_moves_it_by_the_root_of_q(critical_distance_m: dict[str, float]) -> None:
    """A hypercardioid, Q = 4, that faces the listener doubles the critical distance: 6.0 dB, within 0.7 dB."""
    moved_db = 20 * np.log10(critical_distance_m["hypercardioid"] / critical_distance_m["point"])
    assert moved_db == pytest.approx(10 * np.log10(4), abs=0.7)


def test_energy_falls_as_the_mean_over_directions() -> None:
    """The backward integral of the mean over four places follows ∫∫ exp(...) dΩ dt within 1 dB from -1 to -25 dB; its rates' mean is
    Eyring's.
    """
    absorption = 0.15
    decays = [responses(placed(absorption, place)).reflected[CENTRE, 0] for place in range(len(PLACES))]
    length = min(decay.size for decay in decays)
    power = np.mean([in_band(decay[:length]) ** 2 for decay in decays], axis=0)
    t = np.arange(length) / 16_000
    height = (np.arange(200) + 0.5) / 200
    turn = (np.arange(200) + 0.5) * np.pi / 400
    across = np.sqrt(1 - height**2)
    per_m = (
        across[:, None] * np.cos(turn) / SIZE_M[0]
        + across[:, None] * np.sin(turn) / SIZE_M[1]
        + height[:, None] / SIZE_M[2]
    ).ravel()
    rate = -C_M_S * np.log(1 - absorption) * per_m
    assert rate.mean() == pytest.approx(6 * np.log(10) / eyring_s(absorption), rel=1e-3)
    begin, end = 0.025, 0.85 * t[-1]  # after the first reflections of any place, and before the fade-out
    inside = (t >= begin) & (t <= end)
    left = np.cumsum(power[inside][::-1])[::-1]
    some = np.linspace(begin, end, 60)
    predicted = np.array([np.mean((np.exp(-rate * one) - np.exp(-rate * end)) / rate) for one in some])
    found_db = 10 * np.log10(np.interp(some, t[inside], left) / left[0])
    predicted_db = 10 * np.log10(predicted / predicted[0] + 1e-12)
    shown = (predicted_db < -1) & (predicted_db > -25)
    assert shown.sum() > 20
    np.testing.assert_allclose(found_db[shown], predicted_db[shown], atol=1.0)
