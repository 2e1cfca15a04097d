"""No public function of the middle rooms changes an array that it is given: one test over all of them, found by walking the rooms."""

from __future__ import annotations

import dataclasses
import importlib
import inspect
import pkgutil
import re
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import numpy as np
import pytest
from acoustics.model_calls import calls as model_calls
from designs.design_calls import calls as design_calls
from designs.small_problems import line, load, pair, speaker
from evaluation.room_calls import calls as room_calls
from evaluation.zone_calls import calls as zone_calls
from formulations.cone_calls import calls as cone_calls
from formulations.formulation_calls import calls as formulation_calls
from formulations.random_targets import Wanted, gaussian, random_target
from realization.realization_calls import calls as realization_calls
from realization.section_calls import calls as section_calls
from solvers.search_calls import calls as search_calls
from targets.region_calls import calls as region_calls
from virtualizer.chain_calls import calls as chain_calls
from virtualizer.render_calls import calls as render_calls

import designer
from designer import measures
from designer.acoustics import (
    disc_waves,
    free_field,
    head_directions,
    head_faults,
    head_file,
    head_in_field,
    heads,
    interaural_time,
    measured_head,
    radial_interpolation,
    rigid_sphere,
    sphere_interpolation,
)
from designer.arrays import Complex, Real
from designer.designs import channel, reach
from designer.evaluation import each_head, left_out_directions, moved_head, reach_words, scalars, tables, words
from designer.formulations import constrained, delay_and_sum, matrix_mixing, power_ratio, pressure_matching
from designer.problem import geometry
from designer.realization import fir
from designer.solvers import cones, constrained_data
from designer.targets import channel_target, curves, wishes, worst_case

ROOMS = (
    "problem",
    "acoustics",
    "measures",
    "targets",
    "solvers",
    "formulations",
    "designs",
    "realization",
    "evaluation",
    "virtualizer",
)
HOLDS_ARRAYS = re.compile(
    r"\b(Real|Complex|Bool|Index|Array|ndarray|ChannelTarget|ConeProgram|ConstrainedData|Scene|ChannelDesign|Judged|Held|Heard|Fitted|NormalEquations)\b"
)
Call = tuple[Callable[..., Any], tuple[Any, ...]]
rng = np.random.default_rng(0)


def array_functions() -> Iterator[str]:
    """`module.function` and `module.Class.method` of everything public that takes arrays, or what holds them."""
    for found in pkgutil.walk_packages(designer.__path__, "designer."):
        name = found.name.removeprefix("designer.")
        if name.split(".")[0] not in ROOMS or name.startswith("problem.enclosures"):  # these hold no array
            continue
        module = importlib.import_module(found.name)
        for member, value in vars(module).items():
            if getattr(value, "__module__", None) != found.name or member.startswith("_"):
                continue
            inside = vars(value).items() if inspect.isclass(value) and not getattr(value, "_is_protocol", False) else ()
            candidates = [(member, value), *((f"{member}.{key}", entry) for key, entry in inside if key[0] != "_")]
            for path, function in candidates:
                if inspect.isfunction(function):
                    kinds = [str(kind) for key, kind in function.__annotations__.items() if key != "return"]
                    if any(HOLDS_ARRAYS.search(kind) for kind in kinds):
                        yield f"{name}.{path}"


def arrays_in(value: object, seen: set[int] | None = None) -> Iterator[np.ndarray]:
    """Every array inside a value: in tuples, lists, dictionaries and dataclasses, what they have cached included."""
    seen = set() if seen is None else seen
    if id(value) in seen:
        return
    seen.add(id(value))
    if isinstance(value, np.ndarray):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from arrays_in(item, seen)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from arrays_in(item, seen)
    elif dataclasses.is_dataclass(value) and not isinstance(value, type):
        yield from arrays_in(dict(vars(value)), seen)


@cache
def scene(kind: str) -> designer.Scene:
    made = designer.scene(load({"pair": pair, "speaker": speaker, "line": beam}[kind]()))
    made.ears(), made.circle(), made.head_centre(), made.radiated_power
    return made


def beam() -> dict[str, Any]:
    return line(
        window_deg=[-30.0, 30.0],
        mask=[{"azimuth_deg": [60.0, 120.0], "max_db": -6.0}],
        cancellation_gain_db=[[800, 6]],
        max_effort_db=6.0,
    )


@cache
def found(kind: str) -> channel.ChannelDesign:
    return channel.design_channel(scene(kind).problem.designs[0], scene(kind))


@cache
def judged() -> tables.Judged:
    (taps,), _ = fir.realize([found("pair")], scene("pair"), 32)
    own = found("pair")
    return tables.Judged(own.design, taps, own.plain)


def positive(*shape: int) -> Real:
    return np.asarray(rng.uniform(0.1, 1.0, shape))


def hermitian(count: int, size: int) -> Complex:
    h = gaussian(rng, count, size + 1, size)
    return np.asarray(np.einsum("fml,fmk->flk", h.conj(), h))


def filled() -> cones.ConeRows:
    rows = cones.ConeRows(2, 3)
    rows.add("nonnegative", np.tile(np.eye(3)[2:], (2, 1, 1)), np.zeros(1))
    linear = np.zeros((2, 3, 3))
    linear[:, 0, 2], linear[:, 1:, :2] = 1.0, np.eye(2)
    rows.add("second-order", linear, np.array([0.1, -0.5, 0.2]))
    return rows


def program() -> cones.ConeProgram:
    P = np.zeros((2, 3, 3))
    P[:, :2, :2] = np.eye(2)
    return cones.assemble(P, np.tile([0.0, 0.0, 5.0], (2, 1)), filled())


WANTED = Wanted(
    reach=2,
    gain_db=6.0,
    masks_db=(-3.0,),
    ripple_db=3.0,
    max_effort_db=6.0,
    max_gain_db=6.0,
    white_noise_loss_db=6.0,
)
F = np.linspace(0.0, 8000.0, 65)


@cache
def calls() -> dict[str, Call]:
    """A call of every function, with arrays wherever it takes them."""
    target = random_target(1, WANTED)
    H, w, g = gaussian(rng, 4, 5, 3), gaussian(rng, 4, 3), gaussian(rng, 4, 2, 3)
    A, B = hermitian(4, 3), hermitian(4, 3)
    k, points = 2 * np.pi * F / 343.0, positive(4, 3) + 1.0
    ka = k * 0.09
    unit = points / np.linalg.norm(points, axis=1, keepdims=True)
    disc = free_field.FreeField([free_field.Disc(positive(3), (10.0, 0.0), 0.02)], baffle=True)
    ball = rigid_sphere.SphereEnclosure(0.09, unit[:2], [0.0, 0.02])
    sources, times = free_field.direction(np.arange(0.0, 360.0, 20.0)), interaural_time.FREQUENCY_HZ
    responses, late = rng.normal(size=(18, 2, 16)).astype(np.float32), np.zeros((18, 2))
    low = gaussian(rng, 18, 2, times.size)
    recording = head_file.HeadRecording(sources, responses, late, low, 1.0, 16_000.0, 1.4)
    head = measured_head.MeasuredHead("head", recording, 0.09, 343.0)
    placement = head_directions.Placement((("as the file says", sources),), np.full(18, 1.4), True, ())
    ring = sphere_interpolation.SphereInterpolation(sources)
    axes = np.diag([-1.0, -1.0, 1.0])
    afar = np.array([1.5, 2.0]), np.stack([sources[:3], sources[3:6]])
    own, there = found("pair"), scene("pair")
    table, ears = own.design, channel_target.channel_target(own.design, scene("pair"))
    inside = own.in_band
    slacks, limits = {"cancellation_gain_db": positive(4)}, {"max_effort_db": positive(4)}
    listener = there.problem.listener
    moves = positive(2, 3)
    taps = judged().taps
    elsewhere = [
        design_calls,
        model_calls,
        cone_calls,
        search_calls,
        formulation_calls,
        region_calls,
        realization_calls,
        render_calls,
        chain_calls,
    ]
    others = {name: call for some in elsewhere for name, call in some().items()}
    others |= zone_calls(table, taps, own.plain.weights(F, 2), there) | room_calls(taps, own.plain, there, head)
    return others | section_calls(own, there) | {
        "measures.db": (measures.db, (positive(4) - 0.5,)),
        "measures.amplitude_db": (measures.amplitude_db, (w,)),
        "measures.point_ratios": (measures.point_ratios, (H, H, w)),
        "measures.pressure": (measures.pressure, (H, w)),
        "measures.mean_power_matrix": (measures.mean_power_matrix, (H,)),
        "measures.mean_power_rows": (measures.mean_power_rows, (H, 0.1)),
        "measures.few_rows": (measures.few_rows, (H,)),
        "measures.quadratic": (measures.quadratic, (A, w)),
        "measures.mean_power": (measures.mean_power, (H, w)),
        "measures.ratio": (measures.ratio, (positive(4), np.zeros(4))),
        "measures.cancellation_gain": (measures.cancellation_gain, (H, g, w)),
        "measures.worst_cancellation_gain": (measures.worst_cancellation_gain, (H[:, :2], g, w)),
        "measures.effort": (measures.effort, (H, w)),
        "measures.white_noise_gain": (measures.white_noise_gain, (H[:, 0], w, 2.0)),
        "measures.directivity_index": (measures.directivity_index, (H[:, 0], A, w, 2.0)),
        "problem.geometry.head_centres_m": (geometry.head_centres_m, (listener, moves)),
        "problem.geometry.ears_m": (geometry.ears_m, (listener, 0.09, moves)),
        "problem.geometry.in_arc": (geometry.in_arc, (F, (10.0, -10.0))),
        "acoustics.disc_waves.disc_pattern": (disc_waves.disc_pattern, (k, np.abs(unit[:, 0]))),
        "acoustics.disc_waves.mean_product": (
            disc_waves.mean_product,
            (k, unit[0] / 5, (unit[1], unit[2]), (0.02, 0.03)),
        ),
        "acoustics.disc_waves.octaves": (lambda k: list(disc_waves.octaves(k)), (k,)),
        "acoustics.free_field.direction": (free_field.direction, (F, F / 100)),
        "acoustics.free_field.FreeField.field": (disc.field, (k, points)),
        "acoustics.free_field.FreeField.far_field": (disc.far_field, (k, unit)),
        "acoustics.free_field.FreeField.radiated_power": (disc.radiated_power, (k,)),
        "acoustics.rigid_sphere.radial_terms": (rigid_sphere.radial_terms, (ka, np.array([2.0, np.inf]))),
        "acoustics.rigid_sphere.legendre_table": (rigid_sphere.legendre_table, (unit, 6)),
        "acoustics.rigid_sphere.cap_weights": (rigid_sphere.cap_weights, (np.array([0.9, 1.0]), 6)),
        "acoustics.rigid_sphere.sphere_pressure": (rigid_sphere.sphere_pressure, (ka, np.array([2.0]), unit[:1])),
        "acoustics.rigid_sphere.SphereEnclosure.field": (ball.field, (k, points)),
        "acoustics.rigid_sphere.SphereEnclosure.far_field": (ball.far_field, (k, unit)),
        "acoustics.rigid_sphere.SphereEnclosure.radiated_power": (ball.radiated_power, (k,)),
        "acoustics.rigid_sphere.head_pressure": (
            rigid_sphere.head_pressure, (k, 0.09, np.linalg.norm(points, axis=1), unit[:, :1])
        ),
        "acoustics.measured_head.MeasuredHead.transfer": (head.transfer, (F, sources[3:7])),
        "acoustics.measured_head.MeasuredHead.of": (head.of, (np.arange(0, 18, 2),)),
        "acoustics.measured_head.MeasuredHead.pressure": (head.pressure, (k, *afar)),
        "acoustics.heads.Points.pressure": (heads.Points("points", 0.09).pressure, (k, *afar)),
        "acoustics.heads.Sphere.pressure": (heads.Sphere("sphere", 0.09).pressure, (k, *afar)),
        "acoustics.head_in_field.ears_in_field": (
            lambda *a: head_in_field.ears_in_field(heads.Sphere("sphere", 0.09), ball, *a), (k, 3 * unit, axes)
        ),
        "acoustics.radial_interpolation.few_points": (
            lambda q: radial_interpolation.few_points(lambda x: np.ones((2, 3, x.size), dtype=complex), q, most=q.size),
            (np.linspace(1.0, 1.1, 30),),
        ),
        "acoustics.radial_interpolation.at_few_frequencies": (
            lambda q: radial_interpolation.at_few_frequencies(lambda x: np.ones((x.size, 2), dtype=complex), q, 0.1), (k,)
        ),
        "acoustics.radial_interpolation.few_distances": (
            lambda r: radial_interpolation.few_distances(lambda q: np.ones((2, 3, q.size), dtype=complex), r), (np.linspace(1.0, 1.1, 30),)
        ),
        "acoustics.scene.Scene.ears_of": (lambda *a: there.ears_of(there.heads[0], *a), (3 * unit, axes)),
        "acoustics.head_file.HeadRecording.of": (recording.of, (np.arange(0, 18, 2),)),
        "acoustics.head_directions.Placement.of": (placement.of, (np.arange(18) % 2 == 0,)),
        "acoustics.head_directions.heard": (
            head_directions.heard, (placement, interaural_time.geometric_time_s(sources[:, 1]), "head")
        ),
        "acoustics.head_faults.left_out": (head_faults.left_out, (0.01 * np.sort(np.abs(responses)), late, sources, "head")),
        "acoustics.interaural_time.geometric_time_s": (interaural_time.geometric_time_s, (sources[:, 1],)),
        "acoustics.interaural_time.interaural_time_s": (interaural_time.interaural_time_s, (low,)),
        "acoustics.interaural_time.kernel": (interaural_time.kernel, (F, 16, 16_000.0)),
        "acoustics.interaural_time.spectra": (interaural_time.spectra, (responses, F, 16_000.0)),
        "acoustics.interaural_time.centred_spectra": (
            interaural_time.centred_spectra, (responses, interaural_time.kernel(F, 16, 16_000.0))
        ),
        "acoustics.interaural_time.delays": (interaural_time.delays, (F, positive(5))),
        "acoustics.sphere_interpolation.SphereInterpolation.weights": (ring.weights, (sources[3:7],)),
        "acoustics.sphere_interpolation.SphereInterpolation.gap_name": (ring.gap_name, (np.array([0.0, 0.0, 1.0]),)),
        "acoustics.sphere_interpolation.polygons_of": (
            sphere_interpolation.polygons_of, (np.concatenate([np.eye(3), -np.eye(3)]),)
        ),
        "acoustics.sphere_interpolation.said_direction": (sphere_interpolation.said_direction, (unit[0],)),
        "acoustics.scene.Scene.at": (lambda f: there.at(f).ears(), (F[3:7],)),
        "acoustics.scene.Scene.moved": (lambda m: there.moved(m).ears(), (moves,)),
        "targets.curves.curve_db": (curves.curve_db, ([[100.0, 1.0], [200.0, 2.0]], F)),
        "targets.curves.in_band": (curves.in_band, (F, [500.0, 4000.0])),
        "targets.curves.band_share": (curves.band_share, (F, [500.0, 4000.0], 0.5)),
        "targets.curves.driver_cost": (curves.driver_cost, (F, [500.0, 4000.0])),
        "targets.channel_target.channel_target": (channel_target.channel_target, (scene("line").problem.designs[0], scene("line"))),
        "targets.channel_target.cancelled_azimuths": (
            channel_target.cancelled_azimuths, (scene("line").problem.designs[0], scene("line").azimuth_deg)
        ),
        "targets.channel_target.quiet_azimuths": (
            channel_target.quiet_azimuths, (scene("line").problem.designs[0], scene("line").azimuth_deg)
        ),
        "targets.target.ChannelTarget.at": (lambda t, i: t.at(i), (ears, inside)),
        "targets.channel_target.choose_plain": (
            channel_target.choose_plain, (table, ["left", "right"], F, inside, ears.reach, ears.cancel, ears.centre)
        ),
        "targets.channel_target.Plain.weights": (own.plain.weights, (F, 2)),
        "targets.wishes.slacks_db": (wishes.slacks_db, (target, target.plain)),
        "targets.wishes.excesses_db": (wishes.excesses_db, (target, target.plain, ("a", "b", "c"))),
        "solvers.cones.ConeProgram.at": (lambda p, i: p.at(i), (program(), np.array([1]))),
        "solvers.cones.assemble": (cones.assemble, (positive(2, 3, 3), positive(2, 3), filled())),
        "solvers.cones.solve": (cones.solve, (program(),)),
        "solvers.cones.certify": (cones.certify, (program(), positive(2, 3), -positive(2, 4))),
        "solvers.cones.real_rows": (cones.real_rows, (H, 2)),
        "solvers.cones.real_quadratic": (cones.real_quadratic, (A, 2)),
        "formulations.power_ratio.solve": (power_ratio.solve, (target,)),
        "formulations.power_ratio.most_efficient_weights": (
            power_ratio.most_efficient_weights, (A, B, 1 + positive(4, 3), positive(4))
        ),
        "formulations.power_ratio.statement": (power_ratio.statement, (A[0], B[0], positive(3), 2.0)),
        "formulations.pressure_matching.solve": (pressure_matching.solve, (target,)),
        "formulations.pressure_matching.statement": (pressure_matching.statement, (H[0], H[0, :, 0], positive(3), 0.1)),
        "formulations.constrained.solve": (constrained.solve, (target,)),
        "solvers.constrained_data.share_of_level": (
            constrained_data.share_of_level, (positive(4, 3), positive(4, 3), 5 + positive(4))
        ),
        "solvers.constrained_data.reachable_level": (
            constrained_data.reachable_level, (positive(4, 3), positive(4, 3), positive(4))
        ),
        "formulations.delay_and_sum.solve": (delay_and_sum.solve, (target,)),
        "formulations.matrix_mixing.solve": (matrix_mixing.solve, (target,)),
        "formulations.matrix_mixing.best_gains": (matrix_mixing.best_gains, (target,)),
        "acoustics.scene.Scene.parts": (lambda index: list(there.parts(index)), (np.arange(4),)),
        "acoustics.scene.Scene.part": (there.part, (np.arange(4),)),
        "targets.channel_target.plain_in": (channel_target.plain_in, (table, there)),
        "targets.worst_case.norms": (worst_case.norms, (target.cancel, 0.1, target.plain)),
        "targets.worst_case.shares": (worst_case.shares, (np.ones(3), np.zeros(3))),
        "targets.worst_case.worst_gain": (worst_case.worst_gain, (target, target.plain)),
        "targets.worst_case.hardened": (worst_case.hardened, (target, target.plain)),
        "targets.wishes.expected_gain": (wishes.expected_gain, (target, target.plain)),
        "targets.wishes.worst_azimuths_deg": (wishes.worst_azimuths_deg, (target, target.plain)),
        "designs.reach.worst_case_weights": (
            reach.worst_case_weights, (dataclasses.replace(target, spread=0.01, worst_case=True),)
        ),
        "designs.reach.reachable_gain": (reach.reachable_gain, (target,)),
        "designs.reach.reach": (reach.reach, (table, there.at(F[8:12]))),
        "evaluation.reach_words.spread_out": (reach_words.spread_out, (F[4:],)),
        "evaluation.reach_words.explain_reach": (
            lambda problem, some: list(reach_words.explain_reach(problem, some)), (there.problem, there)
        ),
        "designs.channel.design_channel": (channel.design_channel, (scene("line").problem.designs[0], scene("line"))),
        "designs.channel.solve": (channel.solve, (constrained.METHOD, table, ears.at(inside))),
        "evaluation.each_head.head_gains_db": (each_head.head_gains_db, (table, own.weights, there)),
        "evaluation.each_head.head_numbers": (
            each_head.head_numbers, (table, taps, there, moved_head.moved_head(table, taps, there))
        ),
        "evaluation.left_out_directions.left_out_directions": (left_out_directions.left_out_directions, (there, there.problem.realization)),
        "evaluation.moved_head.displaced_heads_m": (moved_head.displaced_heads_m, (moves,)),
        "evaluation.moved_head.possible_heads_m": (moved_head.possible_heads_m, (there.problem, moves)),
        "evaluation.moved_head.shifted_heads_m": (moved_head.shifted_heads_m, (moves,)),
        "evaluation.moved_head.unseen_points": (moved_head.unseen_points, (table, there, moves)),
        "evaluation.moved_head.moved_head": (moved_head.moved_head, (table, taps, there)),
        "evaluation.scalars.scalars": (
            scalars.scalars, (table, taps, own.plain, dict(own.slacks_db), there, None)
        ),
        "evaluation.tables.evaluate_taps": (tables.evaluate_taps, ([judged()], there)),
        "evaluation.tables.channel_metrics": (tables.channel_metrics, (judged(), there, own.weights)),
        "evaluation.tables.circle_response": (tables.circle_response, ("left", there, own.weights)),
        "evaluation.words.spans": (words.spans, (F, inside)),
        "evaluation.words.verdict": (
            words.verdict, (table, F[:4] + 500, slacks, limits, {"max_effort_db": np.array([True, False, True, True])})
        ),
    }  # fmt: skip


def test_every_public_array_function_has_a_call_here() -> None:
    """A new one has to be watched too."""
    assert set(calls()) == set(array_functions())


@pytest.mark.parametrize("name", sorted(array_functions()))
def test_inputs_are_not_modified(name: str) -> None:
    """Every array among a function's arguments, at any depth, is bit for bit what it was; and a second call gives the same."""
    known = calls()
    if name not in known:
        pytest.skip("the test above names it")
    function, arguments = known[name]
    watched = list(arrays_in(arguments))
    assert watched
    before = [array.copy() for array in watched]
    first = function(*arguments)
    for array, copy in zip(watched, before, strict=True):
        np.testing.assert_array_equal(array, copy)
    again = function(*arguments)
    for one, other in zip(arrays_in(first), arrays_in(again), strict=True):
        np.testing.assert_array_equal(one, other)
