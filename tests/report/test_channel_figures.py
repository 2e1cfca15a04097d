"""What a figure says in words is what it shows, and what it draws of time and tone is what the taps do."""

from __future__ import annotations

import numpy as np
import pytest
from designs.small_problems import design, pair

import designer
from designer.report import channel_maps, channel_time
from designer.report.channel_curves import front_over_side_db, gain_figure, third_octaves_db
from designer.report.figure_data import steps
from designer.report.figures import declared_of
from designer.report.grids import drawn_circle


@pytest.fixture(scope="module", name="made")
def speaker(smart_speaker: designer.Design) -> designer.Design:
    return smart_speaker


def test_every_figure_states_its_message_with_a_number(made: designer.Design) -> None:
    """A text alternative without a number says nothing."""
    for figure in declared_of("channel"):
        for name in made.channels:
            if figure.shown(made, name):
                message = figure.says(made, name)
                assert any(sign.isdigit() for sign in message), figure.kind
                assert not message.endswith("."), figure.kind


def test_the_phantom_stands_with_the_centre_and_zones_with_the_ears(made: designer.Design) -> None:
    """A beam has no zone of its own, and an ear channel no phantom where there is a centre."""
    shown = {figure.kind: figure.shown for figure in declared_of("channel")}
    assert shown["phantom"](made, "centre") and not shown["phantom"](made, "left")
    assert shown["zone"](made, "left") and not shown["zone"](made, "centre")


def test_the_map_of_places_names_its_sides() -> None:
    """Up is nearer to the device, where x is less, and the label, read upwards, points there; left is the listener's, where y is less."""
    levels = steps(np.arange(0.0, 4.0), np.arange(0.0, 4.0), "gain", "dB")
    drawn = channel_maps.place_map(np.arange(9.0), 0.1, levels, title="", place=(0, 0))
    bottom, top = drawn["y"]["range"]
    assert bottom > top
    assert drawn["y"]["label"].endswith("→ to the device")
    left, right = drawn["x"]["range"]
    assert left < right
    assert drawn["x"]["label"].startswith("← left")


def test_group_delay_is_that_of_a_delay() -> None:
    """Of a pure delay it is the delay, however often its phase turns."""
    f = np.linspace(0.0, 24_000.0, 4097)
    np.testing.assert_allclose(channel_time.group_delay_s(np.exp(-2j * np.pi * f * 0.0051), f), 0.0051, rtol=1e-9)


def test_the_impulse_arrives_with_the_driver_that_stands_in_front(made: designer.Design) -> None:
    """The plain driver sits 8.75 cm nearer to the listener than the device's centre: the impulse is so much before the bulk
    delay, to within two samples, causal and with the right sign.
    """
    expected_s = made.bulk_delay_samples / 48_000 - 0.0875 / 343
    assert channel_time.arrival_s(made, "centre") == pytest.approx(expected_s, abs=2 / 48_000)
    _, _, impulse = channel_time.heard(made, "centre")
    assert impulse[np.abs(impulse).argmax()] > 0


def test_third_octaves_keep_a_level_and_smooth_a_comb() -> None:
    """A constant stays, and a fast comb becomes its mean power."""
    f = np.geomspace(50.0, 20_000.0, 600)
    np.testing.assert_allclose(third_octaves_db(f, np.full(600, -3.0)), -3.0)
    comb = 10 * np.log10(1 + 0.9 * np.cos(2 * np.pi * np.arange(600) / 4))
    assert np.abs(third_octaves_db(f, comb)[50:-50]).max() < 0.3


def test_front_over_side_is_the_sum_over_azimuths(made: designer.Design) -> None:
    """By a plain loop at one frequency."""
    ratio_db = front_over_side_db(made, "centre")
    scene = drawn_circle(made)
    row = 120
    w = np.array(
        [
            np.sum(t * np.exp(-2j * np.pi * scene.frequency_hz[row] / 48_000 * np.arange(512)))
            for t in made.taps["centre"]
        ]
    )
    front, side = [], []
    for a, degrees in enumerate(scene.azimuth_deg):
        power = abs(scene.circle()[row, a] @ w) ** 2
        if abs(degrees) <= 45:
            front.append(power)
        elif abs(degrees) < 135:
            side.append(power)
    assert ratio_db[row] == pytest.approx(10 * np.log10(np.mean(front) / np.mean(side)), abs=1e-6)


def test_every_missed_part_is_hatched() -> None:
    """A curve that is held at every place is hatched where a place misses it, though the mean is above it, by sums over ears and taps; and
    no other part is.
    """
    made = design(pair(hold="every", cancellation_gain_db=[[500, 12], [4000, 14]], max_effort_db=4.0))
    f, table = made.fine_scene.frequency_hz, made.channels["left"].table
    inside = (f >= table.band_hz[0]) & (f <= table.band_hz[1])
    n = np.arange(made.taps["left"].shape[1])
    w = np.exp(-2j * np.pi * np.outer(f / made.problem.sample_rate_hz, n)) @ made.taps["left"].T
    power = np.abs(np.einsum("fml,fl->fm", made.fine_scene.ears(), w)) ** 2
    worst_db = 10 * np.log10((power[:, 0::2] / power[:, 1::2]).min(axis=1))
    mean_db = 10 * np.log10(power[:, 0::2].mean(axis=1) / power[:, 1::2].mean(axis=1))
    target_db = np.interp(np.log(f[inside]), np.log([500, 4000]), [12, 14])
    missed = worst_db[inside] < target_db - 0.1
    assert missed.any() and not missed.all() and (missed & (mean_db[inside] > target_db)).any()
    (panel,) = gain_figure(made, "left")["panels"]
    (hatch,) = panel["shortfalls"]  # type: ignore[typeddict-item] # curves
    hatched = hatch["x"][np.isfinite(hatch["low"])]
    octaves = np.abs(np.log2(f[inside][:, None] / hatched))
    step = np.log2(hatch["x"][-1] / hatch["x"][-2])
    assert (octaves.min(axis=1)[missed] <= step).all()
    near = np.abs(np.log2(hatched[:, None] / f[inside][missed])).min(axis=1)
    assert near.max() <= 2 * step + np.log2(f[inside][1] / f[inside][0])


def test_an_impulse_response_is_drawn_as_long_as_it_is_seen() -> None:
    """All of a FIR filter; of a resonance that rings on for ten thousand samples, to 60 dB below its peak and a quarter more."""
    rng = np.random.default_rng(2)
    assert channel_time.shown_taps(rng.normal(size=(2, 512))) == 512
    decay = np.exp(-np.arange(10_000) / 100)  # 60 dB in 691 samples
    assert channel_time.shown_taps(np.stack([decay, 0.1 * decay])) == pytest.approx(1.25 * 691, abs=2)
    assert channel_time.shown_taps(np.zeros((1, 64))) == 64
