"""The listening zone against as many exponentials."""

from __future__ import annotations

from pathlib import Path

import numpy as np

import designer
from bench.timing import best_of
from designer.acoustics.head_places import ears_at
from designer.evaluation.listening_zone import listening_zone, square_m

ROOT = Path(__file__).parents[2]


def test_a_map_of_places_takes_few_times_its_exponentials() -> None:
    """2,601 places, 257 frequencies up to Nyquist, 2 ears, 8 drivers: within 5 x of `np.exp` over an array of that size."""
    problem = designer.load(ROOT / "problems" / "couch.toml")
    design = designer.design(problem)
    scene = designer.scene(problem)
    moves = square_m()
    assert len(moves) == 2601 and scene.frequency_hz.size == 257
    phase = -1j * np.random.default_rng(1).uniform(size=(2601, 257, 2, 8))
    plain = {name: c.plain.weights(scene.frequency_hz, 8) for name, c in design.channels.items()}

    def responses() -> None:
        for _ in ears_at(scene, moves, np.zeros(len(moves))):
            pass

    exponentials = best_of(3, lambda: np.exp(phase))
    tensor = best_of(3, responses)
    zone = best_of(2, lambda: listening_zone(problem.designs, design.taps, plain, scene, moves))
    print(f"responses at all places {tensor / exponentials:.1f} x, the zone in its band {zone / exponentials:.1f} x")
    assert tensor < 5 * exponentials
    assert zone < 5 * exponentials
