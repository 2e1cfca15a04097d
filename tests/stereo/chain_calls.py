"""A call of every array function of the virtualiser, for the test that inputs are not modified."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
from designs.small_problems import load, pair

import designer
from designer.designs.channel import design_channel
from designer.realization import Realized, realize_form
from designer.stereo import chain, crosstalk_fit, crosstalk_model, interaural, listening
from designer.stereo import virtualisation as v

Call = tuple[Callable[..., Any], tuple[Any, ...]]
SPEED_M_S = 343.0


@cache
def parts() -> tuple[designer.Scene, list[Any], Realized]:
    problem = load(pair(both=True) | {"virtualizer": {"upmix": False}})
    scene = designer.scene(problem)
    found = [design_channel(table, scene) for table in problem.designs]
    return scene, found, realize_form(found, scene, problem.realization)


def fitted(near: np.ndarray, far: np.ndarray) -> crosstalk_model.CrosstalkModel:
    return crosstalk_fit.fit_crosstalk(30.0, near, far, sample_rate_hz=48_000.0)


def calls() -> dict[str, Call]:
    """A call of every function, with arrays wherever it takes them."""
    rng = np.random.default_rng(5)
    scene, found, realised = parts()
    f = np.geomspace(150.0, 9000.0, 300)
    middle_hz = np.array([500.0, 1000.0])
    near, far = (np.exp(1j * rng.uniform(-1, 1, f.size)) for _ in range(2))
    fit_hz = crosstalk_fit.fit_frequencies_hz(48_000.0)
    model = fitted(np.ones(fit_hz.size, dtype=complex), 0.7 * np.exp(-2j * np.pi * 3e-4 * fit_hz))
    ears, taps = rng.standard_normal((2, 3, 32)), rng.standard_normal((3, 16))
    side = rng.standard_normal((f.size, 1, 2)) + 1j
    heard = v.Heard.of(side, side[::-1])
    both = dict(zip(("left", "right"), realised.taps, strict=True))
    end = rng.standard_normal((f.size, 3)) + 1j

    def weights(share: np.ndarray) -> np.ndarray:
        return np.asarray(1 + share[:, None] * (end - 1))

    return {
        "stereo.chain.arrival_samples": (chain.arrival_samples, (ears[0], (100.0, 4000.0), 16_000.0)),
        "stereo.chain.at_the_ears": (chain.at_the_ears, (ears, taps)),
        "stereo.chain.waiting_samples": (
            chain.waiting_samples,
            (ears, (taps, taps[::-1]), taps, (100.0, 4000.0), 16_000.0),
        ),
        "stereo.crosstalk_fit.fit_crosstalk": (fitted, (near[: fit_hz.size].repeat(2)[: fit_hz.size], far[:1].repeat(fit_hz.size))),
        "stereo.crosstalk_model.CrosstalkModel.near": (crosstalk_model.CrosstalkModel.near, (model, f)),
        "stereo.crosstalk_model.CrosstalkModel.far": (crosstalk_model.CrosstalkModel.far, (model, f)),
        "stereo.interaural.band_means": (interaural.band_means, (near, f, middle_hz)),
        "stereo.interaural.coherence": (interaural.coherence, (np.stack([near, far], axis=1)[:, :, None], f, middle_hz)),
        "stereo.interaural.level_difference_db": (interaural.level_difference_db, (near, far, f, middle_hz)),
        "stereo.interaural.phase_delay_s": (interaural.phase_delay_s, (near, far, f)),
        "stereo.listening.differences": (listening.differences, (near, far, f, middle_hz)),
        "stereo.crosstalk_fit.far_ears": (crosstalk_fit.far_ears, (scene.heads[0], f, 30.0, SPEED_M_S)),
        "stereo.virtualisation.Heard.combination": (v.Heard.combination, (heard, near, far)),
        "stereo.virtualisation.Heard.wanted": (v.Heard.wanted, (heard, near, far, np.linspace(0, 1, f.size))),
        "stereo.virtualisation.centre_of_cloud": (v.centre_of_cloud, (scene,)),
        "stereo.virtualisation.largest_share": (
            v.largest_share,
            (weights, np.full(3, 1.5), np.linspace(0.1, 1.0, f.size)),
        ),
        "stereo.virtualisation.virtual_channels": (v.virtual_channels, (found, realised, scene)),
        "stereo.virtualisation.virtual_sides": (v.virtual_sides, (scene, both, realised.bulk_delay_samples)),
    }  # fmt: skip
