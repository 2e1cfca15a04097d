"""The RTF form: a pure delay for one driver, ratios for the others, judged at the ears."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from designs.small_problems import Tables, limited, load, pair, small, speaker

import designer
from designer.arrays import Real
from designer.designs import ChannelDesign, design_channel
from designer.errors import ProblemError
from designer.measures import db
from designer.problem.schema import Realization
from designer.realization import Realized, mended_fit, realize_form
from designer.requirements.channel_target import channel_target
from realization.test_realized_channels import eight_drivers, gains_db, spectra

PROBLEMS = Path(__file__).parents[2] / "problems"


@pytest.fixture
def plain_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    """The least sum of squares as it is, without the rounds that mend it."""
    monkeypatch.setattr(mended_fit, "ROUNDS", 0)


def designed(problem: Tables, count: int = 257) -> tuple[list[ChannelDesign], designer.Scene]:
    checked = load(problem)
    scene = designer.scene(checked).at(np.linspace(0.0, checked.sample_rate_hz / 2, count))
    return [design_channel(table, scene) for table in checked.designs], scene


def rtf(problem: Tables, **keys: object) -> tuple[list[ChannelDesign], designer.Scene, Realized]:
    problem = {**problem, "realization": {"form": "rtf", "taps": 128, **keys}}
    actual, scene = designed(problem)
    return actual, scene, realize_form(actual, scene, scene.problem.realization)


def free_pair(**keys: Any) -> Tables:
    """Two point drivers 16 cm apart, two ear points: mirror-symmetric."""
    tables = pair(both=True, **keys)
    tables["listener"] |= {"head": "points"}
    return tables


def test_a_mirror_symmetric_pair_is_a_delayed_low_pass_of_opposite_sign() -> None:
    """In the pair's far driver: one main tap, negative, later than the reference's, with less level at the top of the band.

    Perfect cancellation with ears at r and r + Δ asks of the far driver -(r / (r + Δ)) e^{-jωΔ/c}: here 20 mm, 0.95 samples
    late. A limit on effort takes away at low frequencies only what the ratio's sign leaves.
    """
    _, _, result = rtf(free_pair(cancellation_gain_db=[[500, 25], [4000, 25]], max_effort_db=None))
    assert result.references == ("left", "right")
    for channel, own, far in ((0, 0, 1), (1, 1, 0)):
        reference, ratio = result.taps[channel][own], result.taps[channel][far]
        np.testing.assert_array_equal(reference, np.arange(128) == result.bulk_delay_samples)
        assert np.argmax(np.abs(ratio)) - result.bulk_delay_samples in (1, 2)
        assert ratio[np.argmax(np.abs(ratio))] < 0
        low, high, outside = (
            np.abs(spectra(result.taps[channel], np.array([f]), 16_000.0)[0, far]) for f in (1000.0, 4000.0, 7000.0)
        )
        assert low > high > 3 * outside
        ears = [np.linalg.norm(np.array([0.7, y, 0.0]) - [0.0, 0.08, 0.0]) for y in (0.0875, -0.0875)]
        late = (max(ears) - min(ears)) / 343.0
        w = spectra(result.taps[channel], np.array([1500.0]), 16_000.0)[0, far]
        turned = w * np.exp(2j * np.pi * 1500.0 * (result.bulk_delay_samples / 16_000.0 + late))
        assert np.angle(-turned) == pytest.approx(0.0, abs=0.15)
    np.testing.assert_allclose(result.taps[0], result.taps[1][::-1], atol=1e-5)


@pytest.mark.parametrize("problem", [pair, speaker], ids=["pair", "speaker"])
@pytest.mark.usefixtures("plain_fit")
def test_the_gain_is_that_of_the_formulation(problem: object) -> None:
    """Dividing by one response changes no ratio: the mean gain in the band is the formulation's within 0.15 dB, off its grid."""
    actual, scene, result = rtf(problem(), bulk_delay_samples=64)  # type: ignore[operator] # a function from the list above
    low_hz, high_hz = actual[0].design.band_hz
    f = np.linspace(low_hz, high_hz, 190)
    at = scene.at(f)
    ideal = design_channel(actual[0].design, at)
    p, q = (
        np.abs(np.einsum("fml,fl->fm", at.ears(), w)) ** 2
        for w in (spectra(result.taps[0], f, 16_000.0), ideal.weights)
    )
    realised, expected = (db(x[:, 0::2].mean(axis=1) / x[:, 1::2].mean(axis=1)) for x in (p, q))
    assert abs(np.mean(realised - expected)) < 0.15


def test_eight_drivers_keep_their_gain_off_the_grid_and_with_the_head_moved() -> None:
    """128 taps, heads 1 and 3 cm aside that the design did not see: each 5th percentile within 0.5 dB of the joint FIR fit's."""
    actual, scene = designed(eight_drivers(), 513)
    result = {
        form: realize_form(actual, scene, Realization(form=form, taps=128, bulk_delay_samples=64))
        for form in ("fir", "rtf")
    }
    for move in (0.01, -0.01, 0.03, -0.03):
        moves = np.array([[0.0, move, 0.0], [move, 0.0, 0.0], [move, move, 0.0]])
        off_grid = scene.at(np.linspace(1260.0, 4890.0, 100)).moved(moves)
        fir, ratios = (np.percentile(gains_db(result[form].taps[0], off_grid, 48_000.0), 5) for form in ("fir", "rtf"))
        assert ratios > fir - 0.5


def test_ratios_are_bounded() -> None:
    """With `max_ratio_db = 3` and the front driver as reference, where the speaker wants up to 16 dB, no ratio of the taps passes 4 dB.

    The loss at the ears is said with its dB, the frequency and the remedy.
    """
    actual, _, result = rtf(speaker(reference="front"), max_ratio_db=3.0)
    w = np.abs(spectra(result.taps[0], np.linspace(0.0, 8000.0, 801), 16_000.0))
    assert w.max() < 10 ** (4.0 / 20)
    expected = np.abs(actual[0].weights[actual[0].in_band])
    assert (expected / expected[:, 1:2]).max() > 10 ** (10 / 20)
    warning, _ = result.warnings  # the other is of the tone
    assert warning.startswith('left: holding the ratios to "front" below 3 dB costs up to ')
    assert warning.endswith("remedy: another reference, or a larger [realization] max_ratio_db")


def test_the_chosen_reference_is_not_the_one_with_a_dip() -> None:
    """The smallest of the largest ratios, by counting: no driver that would do as well has ratios half as large."""
    actual, scene, result = rtf(speaker(max_effort_db=13.0), max_ratio_db=6.0)
    chosen = result.references[0]
    assert not any("holding the ratios" in warning for warning in result.warnings)
    inside = np.abs(actual[0].weights[actual[0].in_band])
    largest = {name: float((inside / inside[:, [l]]).max()) for l, name in enumerate(scene.drivers)}
    assert largest[chosen] < 2 * min(largest.values())


def third_octave_deviation_db(level: Real, plain: Real, f: Real) -> Real:
    """The deviation of a level from the plain one, each the mean power over a third of an octave, frequency by frequency."""
    out = []
    for centre in np.geomspace(120.0, 6500.0, 60):
        near = (f >= centre * 2 ** (-1 / 6)) & (f <= centre * 2 ** (1 / 6))
        out.append(db(np.mean(level[near] ** 2) / np.mean(plain[near] ** 2)))
    return np.array(out)


def test_the_equaliser_restores_the_tone() -> None:
    """Third-octave level at the ipsilateral ear: more than 3 dB off without, which is said with its dB and the remedy; within
    1 dB of the plain driver's with 128 taps of equaliser.

    The gain in the band is what it was, because all drivers share the equaliser.
    """
    f = np.linspace(0.0, 8000.0, 1601)
    levels, gains, message = [], [], []
    for keys in ({"taps": 256}, {"taps": 383, "equaliser_taps": 128}):
        _, scene, result = rtf(pair(), bulk_delay_samples=128, **keys)
        at = scene.at(f)
        p = np.abs(np.einsum("fml,fl->fm", at.ears(), spectra(result.taps[0], f, 16_000.0)))
        plain = np.sqrt(np.mean(np.abs(at.ears()[:, 0::2, 0]) ** 2, axis=1))
        levels.append(third_octave_deviation_db(np.sqrt(np.mean(p[:, 0::2] ** 2, axis=1)), plain, f))
        gains.append(db(np.mean(p[:, 0::2] ** 2, axis=1) / np.mean(p[:, 1::2] ** 2, axis=1)))
        assert result.taps[0].shape == (2, keys["taps"])
        message.append(result.warnings)
    (warning,) = message[0]
    worst = float(levels[0][np.argmax(np.abs(levels[0]))])
    actual = re.match(
        r"left: the reference's pure delay leaves the level ([+-][\d.]+) dB off the plain driver's at (\d+) Hz", warning
    )
    assert actual is not None
    assert float(actual[1]) == pytest.approx(worst, abs=0.15)
    assert warning.endswith('remedy: [realization] equaliser_taps = 256, or form = "fir"')
    assert message[1] == ()
    assert np.abs(levels[0]).max() > 3.0
    assert np.abs(levels[1]).max() < 1.0
    band = (f >= 500) & (f <= 4000)
    np.testing.assert_allclose(gains[1][band], gains[0][band], atol=1e-6)


def test_a_silent_reference_is_refused() -> None:
    """A driver whose band lies elsewhere is no reference: exit code 3, the key, how far it is below, and a name that does."""
    tables = limited(speaker(reference="front"), 1, band_hz=[6000.0, 8000.0])
    with pytest.raises(
        ProblemError,
        match=r'designs\[0\]\.reference: got "front", which is silent in the band: \d+ dB below the loudest;'
        r' expected a driver less than 40 dB below it; name "(left|right)", or leave reference out$',
    ) as refused:
        rtf(tables)
    assert refused.value.exit_code == 3


def test_one_driver_is_its_own_reference() -> None:
    """A beam of one driver is a pure delay."""
    tables = small(
        {"only": [0.0, 0.0, 0.0]},
        {"position_m": [2.0, 0.0, 0.0]},
        {
            "name": "centre",
            "kind": "beamformer",
            "look_deg": 0.0,
            "band_hz": [800.0, 3000.0],
            "window_deg": [-30.0, 30.0],
        },
    )
    _, _, result = rtf(tables, bulk_delay_samples=5)
    np.testing.assert_array_equal(result.taps[0], [np.arange(128) == 5])
    assert result.references == ("only",)


@pytest.mark.usefixtures("plain_fit")
def test_held_ratios_keep_the_curve() -> None:
    """With 48 taps held ratios miss the pair's curve by less than 0.05 dB off the grid, fitted ones by more than 0.2 dB."""
    short = []
    for hold_requirements in (False, True):
        actual, scene, result = rtf(pair(), taps=48, hold_requirements=hold_requirements)
        low_hz, high_hz = actual[0].design.band_hz
        f = np.linspace(low_hz, high_hz, 301)
        curve = np.array(actual[0].design.cancellation_gain_db)
        target_db = np.interp(np.log(f), np.log(curve[:, 0]), curve[:, 1])
        p = np.abs(np.einsum("fml,fl->fm", scene.at(f).ears(), spectra(result.taps[0], f, 16_000.0))) ** 2
        short.append(float((target_db - db(p[:, 0::2].mean(axis=1) / p[:, 1::2].mean(axis=1))).max()))
    assert short[0] > 0.2
    assert short[1] < 0.05


def test_the_command_writes_the_form(tmp_path: object) -> None:
    """Saved and opened again, the design keeps its references and taps, and the page names the reference."""
    tables = {**pair(both=True), "realization": {"form": "rtf", "taps": 96}}
    design = designer.design(load(tables))
    folder = design.save(f"{tmp_path}/out")
    again = designer.open(folder)
    assert again.references == design.references == {"left": "left", "right": "right"}
    assert again.realisation_warnings == design.realisation_warnings
    for name, taps in design.taps.items():
        np.testing.assert_array_equal(again.taps[name], taps)
        assert np.count_nonzero(taps[("left", "right").index(name)]) == 1
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert "Ratios to a reference driver (left for left, right for right) as FIR filters of 96 taps" in page


@pytest.mark.parametrize(
    "name",
    [
        "laptop-pair",
        "smart-speaker",
        *(pytest.param(name, marks=pytest.mark.long) for name in ("too-much-asked", "cylinder-speaker", "couch")),
    ],
)
def test_the_equaliser_restores_the_tone_of_the_library(name: str) -> None:
    """256 taps of equaliser: every channel within 1.2 dB of the plain driver's level, by third octaves from 120 Hz to 6.5 kHz."""
    problem = designer.load(PROBLEMS / f"{name}.toml")
    scene = designer.scene(problem).at(np.linspace(0.0, 24_000.0, 257))
    actual = [
        design_channel(table, scene) for table in problem.designs if table.name != "right"
    ]  # the left's mirror image
    result = realize_form(actual, scene, Realization(form="rtf", taps=768, equaliser_taps=256))
    assert not any("off the plain driver's" in warning for warning in result.warnings)
    f = np.concatenate([np.linspace(0.0, 1000.0, 201), np.linspace(1010.0, 8000.0, 700)])
    for channel, taps in zip(actual, result.taps, strict=True):
        target = channel_target(channel.design, scene.at(f), channel.plain)
        w = spectra(taps, f, 48_000.0)
        bright = target.bright
        level = np.sqrt(np.mean(np.abs(np.einsum("fml,fl->fm", bright, w)) ** 2, axis=1))
        plain = np.sqrt(np.mean(np.abs(np.einsum("fml,fl->fm", bright, target.plain)) ** 2, axis=1))
        assert np.abs(third_octave_deviation_db(level, plain, f)).max() < 1.2
