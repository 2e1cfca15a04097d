"""No public function of the middle rooms changes an array that it is given: whole designs run while the calls are watched."""

from __future__ import annotations

import dataclasses
import importlib
import inspect
import pkgutil
import re
import sys
import threading
import tomllib
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType, ModuleType
from typing import Any

import meshes
import numpy as np
import pytest
import soundfile
from acoustics.measured.made_sets import write_frd_set
from acoustics.measured.test_measured_device import PAIR, measured
from designs.small_problems import limited, line, load, pair, speaker

import designer
from designer.acoustics.moving_ears import SlopeScene
from designer.designs.reach import reach
from designer.evaluation import listening_zone
from designer.problem import Problem
from designer.problem.explain import explain
from designer.realization import held_sections
from designer.stereo import listening
from designer.stereo.render import RenderOptions, render

ROOMS = (
    "problem",
    "acoustics",
    "measures",
    "requirements",
    "solvers",
    "formulations",
    "designs",
    "realization",
    "evaluation",
    "virtualizer",
    "stereo",
)
HOLDS_ARRAYS = re.compile(
    r"\b(Real|Complex|Bool|Index|Array|ndarray|ChannelTarget|ConeProgram|ConstrainedData|Scene|ChannelDesign|Judged|Held|Heard|Fitted|NormalEquations)\b"
)
CALLS = 3
"""Calls watched of each function in each problem: some are made thousands of times."""
LEAST_SHARE = 0.8
"""Share of the functions that take arrays which the designs below call."""
SAVED = (0, 4)
"""Problems whose whole folder is made: the room's and the chain's, and a measured head's."""
FEWER: tuple[tuple[ModuleType, str, object], ...] = (
    (listening_zone, "STEP_M", 0.1),
    (listening, "FITTED_DEG", (30.0,)),
    (held_sections, "STAGES", 3),
    (held_sections, "STEPS", 3),
)
"""A coarse map, an angle and a few steps call the same functions."""
KEMAR = Path(__file__).parents[1] / "problems/data/mit_kemar_normal.sofa"


def array_functions() -> Iterator[tuple[str, Callable[..., Any]]]:
    """Name and function of everything public that takes arrays, or what holds them."""
    for found in pkgutil.walk_packages(designer.__path__, "designer."):
        name = found.name.removeprefix("designer.")
        if name.split(".")[0] not in ROOMS:
            continue
        for member, value in vars(importlib.import_module(found.name)).items():
            if getattr(value, "__module__", None) != found.name or member.startswith("_"):
                continue
            inside = vars(value).items() if inspect.isclass(value) and not getattr(value, "_is_protocol", False) else ()
            for path, function in [
                (member, value),
                *((f"{member}.{key}", entry) for key, entry in inside if key[0] != "_"),
            ]:
                if inspect.isfunction(function):
                    kinds = [str(kind) for key, kind in function.__annotations__.items() if key != "return"]
                    if any(HOLDS_ARRAYS.search(kind) for kind in kinds):
                        yield f"{name}.{path}", function


def arrays_in(value: object, depth: int = 5) -> Iterator[np.ndarray]:
    """Every array inside a value: in tuples, lists, dictionaries and dataclasses, what they have cached included."""
    if isinstance(value, np.ndarray):
        yield value
    elif depth and isinstance(value, dict):
        for item in value.values():
            yield from arrays_in(item, depth - 1)
    elif depth and isinstance(value, list | tuple):
        for item in value:
            yield from arrays_in(item, depth - 1)
    elif depth and dataclasses.is_dataclass(value) and not isinstance(value, type):
        yield from arrays_in(list(getattr(value, "__dict__", {}).values()), depth - 1)


class Watch:
    """Hook of Python's tracer: compares the arrays among the arguments of each array function before and after a call."""

    def __init__(self) -> None:
        self.names = {
            id(function.__code__): name for name, function in array_functions()
        }  # the hash of code takes long
        self.called: set[str] = set()
        self.changed: set[str] = set()
        self.watched: Counter[str] = Counter()

    def __call__(self, frame: FrameType, event: str, _: object) -> Callable[..., Any] | None:
        """A call begins: its arrays are copied where it is one of those to look at, and its end is waited for."""
        name = self.names.get(id(frame.f_code))
        if name is None or self.watched[name] >= CALLS:
            return None
        self.watched[name] += 1
        self.called.add(name)
        before = [(array, array.tobytes()) for array in arrays_in(dict(frame.f_locals)) if array.dtype != object]
        frame.f_trace_lines = False

        def ended(frame: FrameType, event: str, _: object) -> None:
            if event == "return" and any(array.tobytes() != content for array, content in before):
                self.changed.add(name)

        return ended

    @contextmanager
    def problem(self) -> Iterator[None]:
        """Within, calls are watched; of each function the first few."""
        self.watched.clear()
        before = sys.gettrace()
        threading.settrace(self)  # of threads to come
        sys.settrace(self)  # of this one
        try:
            yield
        finally:
            sys.settrace(before)
            threading.settrace(None)


def of(tables: dict[str, Any], *designs: dict[str, Any], **realization: Any) -> dict[str, Any]:
    """The problem with its first design changed in several ways, a channel each, on a coarser grid."""
    first = tables["designs"][0]
    channels = [{**first, "name": f"c{n}", **changes} for n, changes in enumerate(designs)]
    return tables | {
        "designs": channels or tables["designs"],
        "grid": {"frequencies": 17, "azimuth_step_deg": 30.0},
        "realization": realization if "sections" in realization else {"taps": 32, **realization},
        "tolerance": {"draws": 2, "seed": 1, "gain_db": 1.0, "phase_deg": 5.0, "position_m": 0.005},
    }


def problems(folder: Path) -> Iterator[dict[str, Any]]:
    """Each method, form, enclosure and kind of data at least once, as small as it goes."""
    curve: dict[str, Any] = {"cancellation_gain_db": [[800, 6], [3000, 6]], "nulls_deg": [180.0]}
    centre = line(**curve)["designs"][0]
    room = {"size_m": [4.0, 3.0, 2.5], "device_m": [1.0, 1.5, 1.0], "rt60_s": 0.2}
    stereo = of(pair(both=True))
    yield stereo | {"designs": [*stereo["designs"], centre], "virtualizer": {"upmix": True}, "room": room}
    ears: list[dict[str, Any]] = [
        {"method": method} for method in ("power-ratio", "least-squares", "max-sensitivity", "acoustic-contrast", "choueiri", "matrix")
    ]  # fmt: skip
    spread = {"gain_db": 1.0, "phase_deg": 5.0}
    ears += [
        {"driver_spread": spread, "hold": 5.0},
        {"driver_spread": True, "hold": "every"},
        {"min_white_noise_gain_db": -6.0},
    ]
    yield of(pair(), *ears)
    yield of(pair(), {"method": "least-squares"}, hold_requirements=True)
    easy = pair(
        cancellation_gain_db=[[500, 3], [4000, 3]]
    )  # what sections miss is looked for in more of them, for seconds
    yield of(limited(easy, max_gain_db=6.0, band_hz=[300.0, 6000.0]), form="biquad", sections=2, word="5.23")
    kemar = of(pair(both=True), form="rtf", taps=48, equaliser_taps=16)
    kemar["listener"] |= {"head": [str(KEMAR), "sphere"], "position_m": [1.4, 0.0, 0.0]}
    yield kemar
    mask = [{"azimuth_deg": [60.0, 120.0], "max_db": -6.0}]
    beams: list[dict[str, Any]] = [
        {"mask": mask, "window_deg": [-30.0, 30.0], "window_phase_passes": 1, "max_effort_db": 6.0, **curve},
        {"mask": mask, "driver_spread": spread, "min_white_noise_gain_db": -6.0},
        {"dark_regions": [{"around_deg": [180.0, 0.0], "radius_deg": 40.0}], "method": "spherical-harmonic"},
        {"dark_regions": [{"azimuth_deg": [60.0, 300.0], "elevation_deg": [-30.0, 30.0]}]},
    ]
    beams += [
        {"method": method, **curve}
        for method in ("power-ratio", "minimax", "superdirective", "delay-and-sum", "matrix")
    ]
    broadside = line()
    del broadside["designs"][0]["mask"]
    yield of(broadside, *beams, word="q15", word_scale="driver", exact_at_hz=[1000.0])
    yield of(speaker(), form="rtf", word="q15", max_ratio_db=6.0)
    write_frd_set(folder, angles_deg=tuple(range(-150, 181, 30)))
    round_body = limited(of(speaker(), word="q15", word_scale="channel"), 0, response=f"{folder}/woofer hor *.frd")
    yield round_body | {"enclosure": {"model": "cylinder", "radius_m": 0.08}, "scene": {"air_absorption": True}}
    box = {"model": "box", "size_m": [0.1, 0.4, 0.2], "centre_m": [-0.05, 0.0, 0.0], "highest_hz": 500.0}
    yield of(pair()) | {"enclosure": box}
    meshes.write(folder / "ball.stl", meshes.sphere(5, 0.08))
    yield of(pair()) | {"enclosure": {"model": "mesh", "file": f"{folder}/ball.stl", "highest_hz": 500.0}}
    measured(folder, circle=False)
    device = of(tomllib.loads(PAIR))
    device["listener"]["head"] = "points"
    device["scene"] = {"transfer": f"{folder}/device.sofa"}
    yield device
    front = of(line(2, spacing_m=0.1, **curve)) | {"enclosure": {"model": "baffle"}}
    front["drivers"] = [driver | {"radius_m": 0.02} for driver in front["drivers"]]
    front["designs"][0] |= {"nulls_deg": [60.0]}
    yield front
    two = of(pair(both=True))
    first = two.pop("listener") | {"name": "one"}
    two["listeners"] = [first, first | {"name": "other", "position_m": [1.2, 0.8, 0.0]}]
    two["designs"] = [design | {"dark": ["other"]} for design in two["designs"]]
    yield two | {"grid": two["grid"] | {"refine": True}}


def move(problem: Problem) -> None:
    """Slopes of H as the drivers move, where they are known, and a place on the body's surface."""
    along_m = np.tile([0.0, 0.6, 0.8], (len(problem.drivers), 1))
    slopes = SlopeScene(problem, np.array([500.0, 2000.0]), np.zeros((1, 3)), along_m=along_m)
    if slopes.is_known:
        _ = slopes.ears(), slopes.circle()
    _ = problem.body.at_surface_m(30.0, 0.0)


@pytest.mark.usefixtures("judged")
def test_whole_designs_leave_their_inputs_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every array among the arguments of the first calls, at any depth, is bit for bit what it was; most functions are called."""
    watch = Watch()
    for module, name, value in FEWER:
        monkeypatch.setattr(module, name, value)
    soundfile.write(tmp_path / "in.wav", 0.1 * np.random.default_rng(0).standard_normal((2000, 2)), 16_000)
    for number, tables in enumerate(problems(tmp_path)):
        with watch.problem():
            design = designer.design(load(tables))
            if number in SAVED:
                design.save(tmp_path / f"{number}")
            list(explain(design.problem))
            move(design.problem)
            if number == 0:
                _ = reach(design.problem.designs[0], design.fine_scene.at(design.frequency_hz[8:11]))
                for options in (RenderOptions(), RenderOptions(at_ears=True), RenderOptions(headphones=True)):
                    render(design, tmp_path / "in.wav", tmp_path / "out.wav", options=options, force=True)
    assert not watch.changed
    every = set(watch.names.values())
    not_called = sorted(every - watch.called)
    print(f"{len(not_called)} of {len(every)} array functions were not called:", *not_called, sep="\n")  # `pytest -rP`
    assert len(not_called) < (1 - LEAST_SHARE) * len(every)
