"""Thousands of places from a few evaluations: the same as the scene's own ears, and smooth functions to what was asked."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import designer
from designer.acoustics.chebyshev import fitted
from designer.acoustics.head_models import Head
from designer.acoustics.head_places import MIN_PLACES, ears_at
from designer.acoustics.scene import Scene
from designer.arrays import Complex, Real

PROBLEMS = Path(__file__).parents[2] / "problems"
MOVES = np.random.default_rng(3).uniform(-0.4, 0.4, (MIN_PLACES + 20, 3)) * [1, 1, 0]


@pytest.mark.parametrize("name", ["couch", "smart-speaker", "cylinder-speaker"])
@pytest.mark.parametrize("turn_deg", [0.0, 25.0])
def test_places_are_those_of_the_scene(name: str, turn_deg: float) -> None:
    """Point sources, caps on a sphere, bent pistons on a cylinder in air that absorbs: within 1e-4 of the scene's ears."""
    problem = designer.load(PROBLEMS / f"{name}.toml")
    scene = designer.scene(problem).at(np.linspace(0.0, 16_000.0, 17))
    listener = problem.listener.model_copy(update={"turn_deg": turn_deg})
    turned = Scene(problem.model_copy(update={"listener": listener}), scene.frequency_hz, MOVES[::5])
    H = np.concatenate(list(ears_at(scene, MOVES, np.full(len(MOVES), turn_deg))))[::5]
    wanted = turned.ears().reshape(17, len(H), 2, -1).transpose(1, 2, 3, 0)
    error = np.abs(H - wanted).max(axis=(0, 1, 2)) / np.abs(wanted).max(axis=(0, 1, 2))
    assert error.max() < 1e-4


def test_two_points_in_free_field_are_exponentials() -> None:
    """No head and a point source: e^{-jkr}/r from plain distances, on frequencies in unequal steps as well."""
    text = (PROBLEMS / "laptop-pair.toml").read_text(encoding="utf-8").replace('head = "sphere"', 'head = "points"')
    problem = designer.loads(text)
    for f in (np.linspace(0.0, 8000.0, 33), np.geomspace(50.0, 8000.0, 20)):
        scene = designer.scene(problem).at(f)
        H = np.concatenate(list(ears_at(scene, MOVES, np.zeros(len(MOVES)))))
        for p, (x, y, _) in enumerate(MOVES[:5]):
            for ear, side in enumerate((-0.0875, 0.0875)):
                for l, driver_y in enumerate((-0.08, 0.08)):
                    r = np.hypot(0.6 + x, y + side - driver_y)
                    np.testing.assert_allclose(H[p, ear, l], np.exp(-2j * np.pi * f * r / 343.0) / r, rtol=1e-9)


def test_a_measured_device_is_refused() -> None:
    """It has no responses but at its receivers."""
    scene = designer.scene(designer.load(PROBLEMS / "laptop-pair.toml"))
    scene = scene.with_device(object())  # type: ignore[arg-type] # nothing of it is asked for
    with pytest.raises(ValueError, match="its own receivers"):
        next(ears_at(scene, MOVES, np.zeros(len(MOVES))))


def test_a_surface_says_what_it_misses() -> None:
    """An analytic function is met within the tolerance, a polynomial exactly and with few terms, a kink not at all."""
    rng = np.random.default_rng(1)
    x, y = rng.uniform(0.3, 2.0, 200), rng.uniform(-1.0, 0.5, 200)

    def wave(a: np.ndarray, b: np.ndarray) -> np.ndarray:
        return np.exp(1j * np.outer(np.hypot(a, b + 3.0), [1.0, 2.0, 4.0]))

    surface = fitted(wave, x, y, 1e-7)
    assert surface is not None and surface.error <= 1e-7
    assert np.abs(surface(x, y) - wave(x, y)).max() < 1e-6
    cubic = fitted(lambda a, b: (a**3 - 2j * a * b)[:, None], x, y)
    assert cubic is not None and cubic.coefficients.shape[:2] == (4, 2)
    assert fitted(lambda a, b: np.abs(a - 1.0)[:, None] + 0j, x, y) is None


@pytest.mark.parametrize(("turn_deg", "steps", "highest_hz", "most"), [(0.0, 51, 24e3, 500), (90.0, 15, 12e3, 300)])
def test_a_zone_is_few_places(
    monkeypatch: pytest.MonkeyPatch, turn_deg: float, steps: int, highest_hz: float, most: int
) -> None:
    """2,601 places before a sphere ask for the ears of 500 at most, as one smooth function, and 225 beside it of 300; a second."""
    scene = designer.scene(designer.load(PROBLEMS / "smart-speaker.toml")).at(
        np.linspace(0.0, highest_hz, 5 * steps // 2)
    )
    across, along = np.meshgrid(np.linspace(-0.3, 0.3, steps), np.linspace(-0.3, 0.3, steps))
    moves = np.column_stack([across.ravel(), along.ravel(), np.zeros(across.size)])
    asked: list[int] = []
    plain = Scene.ears_of

    def counted(self: Scene, head: Head, centres_m: Real, *arguments: Any, **named: Any) -> Complex:
        asked.append(len(centres_m))
        return plain(self, head, centres_m, *arguments, **named)

    monkeypatch.setattr(Scene, "ears_of", counted)
    assert sum(len(H) for H in ears_at(scene, moves, np.full(len(moves), turn_deg))) == len(moves)
    assert sum(asked) <= most


@pytest.mark.parametrize(("distance_m", "turn_deg"), [(0.7, 60.0), pytest.param(0.5, 90.0, marks=pytest.mark.long)])
def test_a_zone_near_a_device_is_few_places(
    monkeypatch: pytest.MonkeyPatch, distance_m: float, turn_deg: float
) -> None:
    """441 places within 10 cm, turned near a sphere at 4, 10 and 16 kHz: one smooth function, within 0.1 dB at each ear."""
    problem = designer.load(PROBLEMS / "smart-speaker.toml")
    listener = problem.listener.model_copy(update={"position_m": (distance_m, 0.0, 0.0)})
    problem = problem.model_copy(update={"listener": listener})
    scene = designer.scene(problem).at(np.array([4e3, 10e3, 16e3]))
    across, along = np.meshgrid(np.linspace(-0.1, 0.1, 21), np.linspace(-0.1, 0.1, 21))
    moves = np.column_stack([across.ravel(), along.ravel(), np.zeros(across.size)])
    asked: list[int] = []
    plain = Scene.ears_of

    def counted(self: Scene, head: Head, centres_m: Real, *arguments: Any, **named: Any) -> Complex:
        asked.append(len(centres_m))
        return plain(self, head, centres_m, *arguments, **named)

    with monkeypatch.context() as patch:
        patch.setattr(Scene, "ears_of", counted)
        H = np.concatenate(list(ears_at(scene, moves, np.full(len(moves), turn_deg))))[::40]
    assert len(moves) not in asked
    turned = listener.model_copy(update={"turn_deg": turn_deg})
    alone = Scene(problem.model_copy(update={"listener": turned}), scene.frequency_hz, moves[::40])
    wanted = alone.ears().reshape(3, len(H), 2, -1).transpose(1, 2, 3, 0)
    assert (np.abs(H - wanted).max(axis=(0, 1, 2)) < 1e-4 * np.abs(wanted).max(axis=(0, 1, 2))).all()
    assert (np.abs(20 * np.log10(np.abs(H / wanted))) < 0.1).all()
