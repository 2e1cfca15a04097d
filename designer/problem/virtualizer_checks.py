"""Faults of [virtualizer]: the designs that the stereo chain plays through, the head that its model is fitted to, room for its delay."""

from __future__ import annotations

import math
from collections.abc import Iterator

from designer.errors import Fault
from designer.problem.half_known import entries
from designer.problem.messages import shown
from designer.problem.realization_checks import filter_taps
from designer.problem.schema import DesignTable, Problem, Virtualizer
from designer.problem.table import if_known

SIDES = ("left", "right")
CENTRE = "centre"
OWN_CHANNELS = ("virtual-left", "virtual-right")
LEAST_ANGLE_DEG = 1.0


def virtualizer_checks(problem: Problem) -> Iterator[Iterator[Fault]]:
    """Every check of the stereo chain, each to be run as far as its keys are known."""
    table = if_known(problem, "virtualizer")
    if table is None:
        return
    yield _angle(table)
    yield _sides(problem)
    yield _centre(table, problem)
    yield _own_names(problem)
    yield _measured(table, problem)
    yield _room_for_the_far_ear(table, problem)


def _designs(problem: Problem) -> dict[str, tuple[int, DesignTable]]:
    named = ((if_known(design, "name"), i, design) for i, design in enumerate(entries(problem, "designs")))
    return {name: (i, design) for name, i, design in named if name is not None}


def _angle(table: Virtualizer) -> Iterator[Fault]:
    if table.angle_deg < LEAST_ANGLE_DEG:
        remedy = "the unit is degrees; a stereo pair stands at 30"
        yield Fault("virtualizer.angle_deg", f"found {shown(table.angle_deg)}", "1 to 90", remedy)


def _sides(problem: Problem) -> Iterator[Fault]:
    designs = _designs(problem)
    if None in (if_known(design, "name") for design in entries(problem, "designs")):
        return  # a name at fault may be the one that is missing
    missing = [side for side in SIDES if side not in designs]
    if missing:
        found = f"found the designs {', '.join(shown(name) for name in designs)}"
        remedy = (
            f"add the design {' and the design '.join(shown(side) for side in missing)}, or leave [virtualizer] out"
        )
        yield Fault("virtualizer", found, 'designs named "left" and "right", one for each ear', remedy)
    for side in SIDES:
        if side not in designs:
            continue
        i, design = designs[side]
        if design.kind == "beamformer":
            remedy = f'give it ear = "{side}", or another name'
            found = f'found "beamformer" for the design "{side}" of [virtualizer]'
            yield Fault(f"designs[{i}].kind", found, '"ctc" or "null-steering"', remedy)
        elif design.ear not in (None, side):
            remedy = f'ear = "{side}", or another name'
            found = f'found {shown(design.ear)} for the design "{side}" of [virtualizer]'
            yield Fault(f"designs[{i}].ear", found, f'"{side}"', remedy)


def _centre(table: Virtualizer, problem: Problem) -> Iterator[Fault]:
    designs = _designs(problem)
    if not table.upmix or None in (if_known(design, "name") for design in entries(problem, "designs")):
        return
    if CENTRE not in designs:
        found = f"found {'true, the default' if 'upmix' not in table.model_fields_set else 'true'}, and no design named"
        yield Fault(
            "virtualizer.upmix",
            f'{found} "{CENTRE}"',
            f'true with a design named "{CENTRE}", or false',
            "add that beam, or set upmix = false",
        )
    elif designs[CENTRE][1].kind != "beamformer":
        i, design = designs[CENTRE]
        found = f'found {shown(design.kind)} for the design "{CENTRE}", which the upmix plays through'
        yield Fault(f"designs[{i}].kind", found, '"beamformer"', "make it a beam, or set [virtualizer] upmix = false")


def _own_names(problem: Problem) -> Iterator[Fault]:
    for name, (i, _) in _designs(problem).items():
        if name in OWN_CHANNELS:
            found = f"found {shown(name)}, which is a channel of [virtualizer]"
            yield Fault(f"designs[{i}].name", found, "another name", "give the design another name")


def _measured(table: Virtualizer, problem: Problem) -> Iterator[Fault]:
    heads = problem.heads
    if table.crosstalk_model == "measured" and not any(head.lower().endswith(".sofa") for head in heads):
        found = f'found "measured" with listener.head = {shown(problem.listener.head)}'
        remedy = 'name a SOFA file as listener.head, or leave crosstalk_model at "sphere"'
        yield Fault("virtualizer.crosstalk_model", found, '"measured" with a measured head', remedy)


def _room_for_the_far_ear(table: Virtualizer, problem: Problem) -> Iterator[Fault]:
    """Half of the taps lie behind the bulk delay: they must hold the far ear's delay, 3 (a/c) sin θ at low frequencies."""
    if problem.realization.form == "biquad":
        return
    angle = math.radians(table.angle_deg)
    late_s = 3 * problem.listener.head_radius_m / problem.speed_of_sound_m_s * math.sin(angle)
    needed = 2 * math.ceil(late_s * problem.sample_rate_hz) + 8
    room = filter_taps(problem.realization)
    if room < needed:
        found = f"found {problem.realization.taps}" + (
            f", {room} beside the equaliser" if room < problem.realization.taps else ""
        )
        may_be = f"at least {needed + problem.realization.taps - room}, for the delay between the ears of [virtualizer]"
        yield Fault("realization.taps", found, may_be, "more taps")
