"""Ears, beams and the circle in every enclosure, computed from `coefficients.csv` by naive loops, agree with the tables of a design."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import meshes
import numpy as np
import pytest
from designs.small_problems import Tables, load, small, text

import designer
from designer.folders.tables import coefficients
from designer.problem.enclosures import ENCLOSURES
from designer.writing.csv_text import csv_text
from oracles.far_ear import cancellation_gain_db
from oracles.naive_beam import Beam

FREQUENCIES = 2
WITHIN_DB = 2e-3
"""A naive rule over the sphere, and plane waves between two spheres, are as good as that."""
WITHIN = {"box": (0.04, 6e-3), "mesh": (0.25, 0.03)}
"""In dB, and of the loudest azimuth: a box is read between the frequencies at which it was solved, and a meshed sphere has facets."""


def problem(
    places: dict[str, list[float]], enclosure: Tables, *, head: str, circle_m: float, **driver: Any
) -> tuple[Tables, str]:
    """A left ear's channel and a beam with two nulls, on three drivers; the enclosure's name."""
    ear: Tables = {"name": "left", "kind": "null-steering", "ear": "left", "max_effort_db": 12.0}
    beam: Tables = {
        "name": "centre",
        "kind": "beamformer",
        "look_deg": 10.0,
        "nulls_deg": [75.0, -60.0],
        "null_width_deg": 30.0,
    }
    shared: Tables = {"band_hz": [500.0, 3000.0], "cancellation_gain_db": [[500, 6], [3000, 12]]}
    listener = {"position_m": [1.1, 0.2, 0.1], "head": head, "ear_cloud_m": [[0.0, 0.0, 0.0], [0.01, 0.02, 0.0]]}
    tables = small(places, listener, ear | shared, beam | shared, enclosure=enclosure)
    tables["grid"] |= {"frequencies": 33, "azimuth_distance_m": circle_m, "azimuth_step_deg": 30.0}
    for table in tables["drivers"]:
        table.update(driver)
    return tables, str(enclosure["model"])


ROW = {"left": [0.0, -0.09, 0.0], "front": [0.0, 0.02, 0.03], "right": [0.0, 0.08, 0.0]}
ROUND = {"left": [0.0, -0.08, 0.0], "front": [0.08, 0.0, 0.0], "right": [0.0, 0.08, 0.0]}
BOX = {"model": "box", "size_m": [0.12, 0.24, 0.14], "centre_m": [-0.06, 0.0, 0.0], "highest_hz": 700.0}
FAR = float("inf")
CASES = {
    "points": problem(ROW, {"model": "free-field"}, head="sphere", circle_m=FAR),
    "pistons": problem(ROW, {"model": "free-field"}, head="points", circle_m=0.8, radius_m=0.03, facing_deg=[20.0, 5.0]),
    "box": problem(ROW, BOX, head="points", circle_m=0.8, radius_m=0.02),
    "mesh": problem(ROUND, {"model": "mesh", "file": "ball.stl", "highest_hz": 700.0}, head="points", circle_m=0.8, radius_m=0.02),
    "baffle": problem(ROW, {"model": "baffle"}, head="points", circle_m=0.8, radius_m=0.03),
    "baffle, far": problem(ROW, {"model": "baffle"}, head="sphere", circle_m=FAR),
    "sphere": problem(ROUND, {"model": "sphere", "radius_m": 0.08}, head="points", circle_m=0.8, radius_m=0.02),
    "sphere, far": problem(ROUND, {"model": "sphere", "radius_m": 0.08}, head="sphere", circle_m=FAR),
    "cylinder": problem(ROUND, {"model": "cylinder", "radius_m": 0.08}, head="points", circle_m=0.8, radius_m=0.02),
    "cylinder, far": problem(ROUND, {"model": "cylinder", "radius_m": 0.08}, head="points", circle_m=FAR),
}  # fmt: skip


def test_every_enclosure_has_its_case() -> None:
    """A new enclosure owes a naive field."""
    assert {model for _, model in CASES.values()} == set(ENCLOSURES)


@pytest.mark.parametrize("name", CASES)
def test_every_table_agrees_with_naive_loops(name: str, tmp_path: Path) -> None:
    """Gain and worst gain at the ears and of the beam, its effort, white-noise gain and directivity index, and its response on the
    circle, level and phase: in the band and outside it, within 0.002 dB, and 1e-5 of the loudest azimuth, or as WITHIN has it.
    """
    tables, model = CASES[name]
    within_db, share = WITHIN.get(model, (WITHIN_DB, 1e-5))
    if model == "mesh":
        file = meshes.write(tmp_path / "ball.stl", meshes.sphere(7, 0.08))
        tables = tables | {"enclosure": tables["enclosure"] | {"file": str(file)}}
    (tmp_path / "problem.toml").write_text(text(tables), encoding="utf-8")
    design = designer.design(load(tables))
    files = tmp_path / "problem.toml", tmp_path / "coefficients.csv"
    files[1].write_text(csv_text(coefficients(design)), encoding="utf-8")
    metrics = design.metrics.set_index(["channel", "frequency_hz"])
    frequencies = design.frequency_hz[np.linspace(2, design.frequency_hz.size - 8, FREQUENCIES).astype(int)]
    mean, worst = cancellation_gain_db(*files, "left", frequencies)
    rows = metrics.loc["left"].loc[frequencies]
    np.testing.assert_allclose(rows.cancellation_gain_db, mean, rtol=0, atol=within_db)
    np.testing.assert_allclose(rows.worst_cancellation_gain_db, worst, rtol=0, atol=within_db)
    assert np.ptp(mean) > 1.0
    beam, response = Beam(*files, "centre"), design.response[design.response.channel == "centre"]
    for n, f in enumerate(frequencies):
        row = metrics.loc["centre", f]
        gain, least = beam.gains_db(f)
        effort, white_noise_gain = beam.effort_and_white_noise_gain_db(f)
        expected = {"cancellation_gain_db": gain, "worst_cancellation_gain_db": least, "effort_db": effort}
        expected["white_noise_gain_db"] = white_noise_gain
        if n == 0:  # the naive rule over the sphere holds waves that are long against the device
            expected["directivity_index_db"] = beam.directivity_index_db(f)
        np.testing.assert_allclose(row[list(expected)].astype(float), list(expected.values()), rtol=0, atol=within_db)
        on_circle, naive = response[response.frequency_hz == f], beam.circle(f)
        assert list(on_circle.azimuth_deg) == list(naive)
        found = 10 ** (on_circle.magnitude_db / 20) * np.exp(1j * on_circle.phase_rad)
        values = np.array(list(naive.values()))
        np.testing.assert_allclose(found, values, rtol=0, atol=share * np.abs(values).max())
