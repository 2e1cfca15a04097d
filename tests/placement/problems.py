"""Small problems of placement: a bar, a plane, a sphere, a cylinder, a box, and a listener who sits beside the middle."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np

from designer.arrays import Real
from designer.placement.candidates import Candidates, candidates_of
from designer.placement.coordinates import Coordinates
from designer.placement.exchange import Space
from designer.placement.free_coordinates import value_and_slopes
from designer.placement.layouts import Judge
from designer.placement.system import System, system_of
from designer.problem import Problem, loads

BAR = """
title = "Bar of five"
sample_rate_hz = 48000
[enclosure]
model = "free-field"
[[drivers]]
name = "a"
position_m = [0.0, 0.0, 0.0]
[[drivers]]
name = "b"
position_m = [0.0, 0.2, 0.0]
[[drivers]]
name = "c"
position_m = [0.0, -0.2, 0.0]
[listener]
position_m = [1.6, 0.0, 0.0]
[[designs]]
name = "left"
kind = "null-steering"
ear = "left"
band_hz = [300.0, 8000.0]
cancellation_gain_db = [[500, 12]]
max_effort_db = 6.0
[placement]
on = "bar"
width_m = 0.8
drivers = 5
"""
SPHERE = """
title = "Sphere"
sample_rate_hz = 48000
[enclosure]
model = "sphere"
radius_m = 0.0875
[[drivers]]
name = "a"
position_m = [0.0875, 0.0, 0.0]
radius_m = 0.015
[[drivers]]
name = "b"
position_m = [0.0, 0.0875, 0.0]
[[drivers]]
name = "c"
position_m = [0.0, -0.0875, 0.0]
[listener]
position_m = [2.0, 0.0, 0.0]
[[designs]]
name = "left"
kind = "null-steering"
ear = "left"
band_hz = [500.0, 6000.0]
cancellation_gain_db = [[500, 8]]
max_effort_db = 12.0
[[designs]]
name = "centre"
kind = "beamformer"
look_deg = 0.0
nulls_deg = [-90.0, 90.0]
band_hz = [250.0, 2000.0]
max_effort_db = 12.0
[placement]
on = "surface"
elevation_deg = [-20.0, 20.0]
drivers = 4
step_m = 0.03
"""
CYLINDER = """
title = "Cylinder"
sample_rate_hz = 48000
[enclosure]
model = "cylinder"
radius_m = 0.06
[[drivers]]
name = "a"
position_m = [0.06, 0.0, 0.0]
[[drivers]]
name = "b"
position_m = [0.0, 0.06, 0.0]
[[drivers]]
name = "c"
position_m = [0.0, -0.06, 0.0]
[listener]
position_m = [1.2, 0.0, 0.1]
[[designs]]
name = "left"
kind = "null-steering"
ear = "left"
band_hz = [500.0, 4000.0]
cancellation_gain_db = [[500, 8]]
max_effort_db = 9.0
[placement]
on = "surface"
azimuth_deg = [-120.0, 120.0]
height_m = 0.12
drivers = 3
step_m = 0.02
spacing_m = 0.03
"""
PLANE = (
    BAR.replace(
        'on = "bar"\nwidth_m = 0.8\ndrivers = 5',
        'on = "plane"\nwidth_m = 0.4\nheight_m = 0.2\nstep_m = 0.05\ndrivers = 4',
    )
    .replace("[300.0, 8000.0]", "[500.0, 4000.0]")
    .replace("Bar of five", "Plane")
)
BOX = """
title = "Box"
sample_rate_hz = 48000
[enclosure]
model = "box"
size_m = [0.1, 0.4, 0.1]
highest_hz = 1500
[[drivers]]
name = "a"
position_m = [0.05, 0.0, 0.0]
[[drivers]]
name = "b"
position_m = [0.05, 0.1, 0.0]
[[drivers]]
name = "c"
position_m = [0.05, -0.1, 0.0]
[listener]
position_m = [1.2, 0.2, 0.0]
[[designs]]
name = "left"
kind = "null-steering"
ear = "left"
band_hz = [300.0, 1500.0]
cancellation_gain_db = [[500, 8]]
max_effort_db = 9.0
[placement]
on = "bar"
width_m = 0.36
centre_m = [0.05, 0.0, 0.0]
step_m = 0.03
mirror = false
drivers = 3
"""
BESIDE = (
    BAR.replace("[1.6, 0.0, 0.0]", "[1.6, 0.5, 0.0]")
    .replace("drivers = 5", "drivers = 3\nmirror = false\nstep_m = 0.05\nspacing_m = 0.06")
    .replace("Bar of five", "Beside the middle")
)
TEXTS = {"bar": BAR, "sphere": SPHERE, "beside": BESIDE, "cylinder": CYLINDER, "plane": PLANE, "box": BOX}


@cache
def candidates(name: str) -> Candidates:
    """Candidates of one of the problems."""
    return candidates_of(loads(TEXTS[name]))


def of_text(text: str) -> tuple[Candidates, Judge]:
    """Candidates of a problem, and the judge of its layouts."""
    return judged(candidates_of(loads(text)))


def judged(choices: Candidates) -> tuple[Candidates, Judge]:
    """Candidates with the judge of their layouts."""
    problem: Problem = choices.problem
    drivers = [
        choices.like.model_copy(update={"name": f"place {n}", "position_m": [float(x) for x in place]})
        for n, place in enumerate(choices.places_m)
    ]
    fixed = len(choices.fixed)
    system = system_of(problem, [*choices.fixed, *drivers], fixed, fixed + max(choices.table.counts))
    return choices, Judge(system, choices.units)


@cache
def judge(name: str) -> Judge:
    """The judge of one of the problems; its memory is shared: take `Judge(judge.system, judge.units)` to count."""
    return judged(candidates(name))[1]


def space(choices: Candidates) -> Space:
    """All layouts of the first number of drivers."""
    return Space(choices, choices.table.counts[0], np.ones(len(choices.units), dtype=bool))


def value_of(coordinates: Coordinates, q: Real, system: System) -> float:
    """The value with the free coordinates at q; with none that is free there are no slopes to compute."""
    at = coordinates.start_m.copy()
    at[tuple(coordinates.varied.T)] = q
    fixed = replace(coordinates, start_m=at, varied=coordinates.varied[:0])
    return value_and_slopes(fixed, np.zeros(0), system)[0]
