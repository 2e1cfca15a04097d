"""Faults of [realization] (keys of another form, what the taps have no room for) and of [virtualizer] (what its chain plays through)."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from designer.errors import Fault
from designer.problem import geometry
from designer.problem.enclosures.enclosure import MIN_MILLIMETRES_M, in_metres
from designer.problem.message_codes import coded
from designer.problem.messages import number, shown
from designer.problem.methods import method_of
from designer.problem.rules import among, below_nyquist, only_with, unless
from designer.problem.schema import DesignTable, Problem, Realization, Virtualizer
from designer.problem.table import MAX_DISTANCE_M, entries, if_known

HOMES = {
    "taps": ("fir", "rtf", "auto"),
    "pre_ringing_weight": ("fir", "rtf", "auto"),
    "tail_weight": ("fir", "rtf", "auto"),
    "hold_requirements": ("fir", "rtf", "auto"),
    "refine": ("fir", "rtf"),
    "floor_weight": ("fir", "rtf"),
    "zero_at_dc": ("fir",),
    "exact_at_hz": ("fir",),
    "max_ratio_db": ("rtf", "auto"),
    "equaliser_taps": ("rtf",),
    "sections": ("biquad", "auto"),
    "max_pole_radius": ("biquad", "auto"),
    "word_scale": ("fir", "rtf", "auto"),
    "max_loss_db": ("auto",),
    "max_level_change_db": ("auto",),
}
"""Forms that a key belongs to, where it does not belong to all."""
CHAINS = {"priority": ("matched",), "max_effort_db": ("matched",)}
"""Chains that a key of [virtualizer] belongs to, where it does not belong to all."""
MIN_BITS = {"fir": 4, "rtf": 4, "biquad": 8, "auto": 8}
"""With fewer bits a filter is hardly one; sections need two of them for |a1| < 2, and some for where the poles are."""
MAX_POLE_RADIUS = 0.9997
"""Its impulse response has fallen by 140 dB in 53,700 samples, which `coefficients.csv` holds."""
MAX_BITS = 48
"""A float holds every such integer."""
MIN_TAPS = 8
"""Fewest taps of a filter beside its equaliser."""
SIDES = ("left", "right")
CENTRE = "centre"
VIRTUAL_CHANNELS = ("virtual-left", "virtual-right")
MIN_ANGLE_DEG = 1.0


def realization_checks(problem: Problem) -> Iterator[Iterator[Fault]]:
    """Every check of how the filters are realised, each to be run as far as its keys are known."""
    yield from (check(problem) for check in (_foreign_keys, _word, _pole_radius, _equaliser, _delay, _exact, _refined))
    for i, design in enumerate(entries(problem, "designs")):
        yield _reference(f"designs[{i}].reference", design, problem)
        yield _room_for_delays(i, design, problem)


def filter_taps(table: Realization) -> int:
    """Taps of a filter beside the common equaliser, so that both together have `taps`."""
    return table.taps - max(table.equaliser_taps - 1, 0)


def _foreign_keys(problem: Problem) -> Iterator[Fault]:
    yield from only_with(problem.realization, "realization", HOMES, "form")


@coded("bad-word")
def _word(problem: Problem) -> Iterator[Fault]:
    table = problem.realization
    least, remedy = MIN_BITS[table.form], 'name a longer word: "q15" has 16 bits, "5.23" 28'
    try:
        word = table.fixed_point
    except ValueError as error:
        yield Fault(
            "realization.word", f"got {shown(table.word)}", str(error), 'write "q15" (16 bits) or "5.23" (28 bits)'
        )
        return
    if word is None:
        value, remedy = "word_scale" in table.model_fields_set, 'leave it out, or name a word: word = "q15"'
        suffix = " without a word"
        yield from unless(
            not value,
            "realization.word_scale",
            table.word_scale,
            "only beside a word",
            remedy,
            suffix=suffix,
            code="key-out-of-place",
        )
        return
    bits = ", 1 bit" if word.bits == 1 else f", {word.bits} bits"
    expected = f"{least} to {MAX_BITS} bits with form = {shown(table.form)}, the sign included"
    remedy = remedy if word.bits < least else "name a shorter word"
    yield from unless(least <= word.bits <= MAX_BITS, "realization.word", table.word, expected, remedy, suffix=bits)


@coded("pole-radius")
def _pole_radius(problem: Problem) -> Iterator[Fault]:
    radius = problem.realization.max_pole_radius
    remedy = "sections with poles at 1 or beyond cannot be stable; 0.998 rings for 10 ms at 48 kHz"
    expected = f"above 0, at most {number(MAX_POLE_RADIUS)}"
    if radius > MAX_POLE_RADIUS:
        yield Fault("realization.max_pole_radius", f"got {number(radius)}", expected, remedy)


@coded("equaliser-taps")
def _equaliser(problem: Problem) -> Iterator[Fault]:
    table = problem.realization
    most = table.taps - MIN_TAPS + 1
    remedy = "the filters and the equaliser share the taps: lower equaliser_taps, or raise taps"
    path, suffix = "realization.equaliser_taps", f" of {table.taps} taps"
    yield from unless(
        table.equaliser_taps <= most, path, table.equaliser_taps, f"at most {most}", remedy, suffix=suffix
    )


@coded("bulk-delay")
def _delay(problem: Problem) -> Iterator[Fault]:
    table = problem.realization
    room, delay = filter_taps(table), table.bulk_delay_samples
    limit_ms = table.max_latency_ms
    if isinstance(delay, int) and limit_ms is not None:
        late_ms = 1e3 * delay / problem.sample_rate_hz
        most = math.floor(limit_ms * problem.sample_rate_hz / 1e3)
        expected = f"at most {most}, for max_latency_ms = {number(limit_ms)}"
        suffix = f", {number(round(late_ms, 3))} ms"
        remedy = "lower it or leave it out, or raise max_latency_ms"
        yield from unless(late_ms <= limit_ms, "realization.bulk_delay_samples", delay, expected, remedy, suffix=suffix)
    if table.form != "biquad" and isinstance(delay, int) and room > 0:
        path, remedy, suffix = "realization.bulk_delay_samples", "lower the delay, or raise taps", f" with {room} taps"
        yield from unless(delay < room, path, delay, f"0 to {room - 1}", remedy, suffix=suffix)


@coded("exact-frequencies")
def _exact(problem: Problem) -> Iterator[Fault]:
    table, path = problem.realization, "realization.exact_at_hz"
    exact_hz = table.exact_at_hz
    for f in exact_hz:
        yield from below_nyquist(path, f, problem.sample_rate_hz, "the unit is hertz")
    differ = len({*exact_hz}) == len(exact_hz) and not (table.zero_at_dc and 0.0 in exact_hz)
    suffix = " beside zero_at_dc" if table.zero_at_dc else ""
    yield from unless(differ, path, exact_hz, "frequencies that differ", "name each once", suffix=suffix)
    needed = 2 * len(exact_hz) + table.zero_at_dc
    if needed > table.taps // 2:
        actual = f"got {len(exact_hz)} frequencies, {needed} equations, with {table.taps} taps"
        yield Fault(path, actual, f"at most {table.taps // 2} equations", "name fewer frequencies, or raise taps")
    if table.hold_requirements and needed:
        key = "zero_at_dc" if table.zero_at_dc else "exact_at_hz"
        remedy = f"leave out hold_requirements or {key}"
        yield Fault(
            "realization.hold_requirements", f"got true beside {key}", "one of the two", remedy, "conflicting-keys"
        )


@coded("refined-taps")
def _refined(problem: Problem) -> Iterator[Fault]:
    """Faults of refined taps: nothing to refine, and what their refinement does not hold."""
    table, designs = problem.realization, entries(problem, "designs")
    ears = [design for design in designs if not design.is_beam]
    methods = [method_of(design) for design in ears]
    requested = table.refine or any(method is not None and method.refined for method in methods)
    if table.refine and designs and not ears:
        yield Fault("realization.refine", "got true without an ear channel", "an ear channel", "leave it out")
    if table.floor_weight is not None and not requested:
        remedy = "add refine = true, or leave it out"
        yield Fault(
            "realization.floor_weight",
            f"got {number(table.floor_weight)}",
            "only with refined taps",
            remedy,
            "key-out-of-place",
        )
    if not requested:
        return
    cause = "refine = true" if table.refine else 'method = "robust-taps"'
    for key in ("pre_ringing_weight", "tail_weight", "zero_at_dc", "exact_at_hz", "equaliser_taps"):
        if getattr(table, key):
            actual = f"got {shown(getattr(table, key))} beside {cause}"
            yield Fault(f"realization.{key}", actual, "one of the two", "leave one out")
    if table.form == "biquad" and not table.refine:
        yield Fault(
            "realization.form",
            f'got "biquad" with {cause}',
            '"fir" or "rtf"',
            'set form = "fir": only taps are refined',
        )


@coded("key-out-of-place")
def _reference(path: str, design: DesignTable, problem: Problem) -> Iterator[Fault]:
    if design.reference is None:
        return
    form, name = problem.realization.form, design.reference
    suffix = f" with realization.form = {shown(form)}"
    yield from unless(form == "rtf", path, name, 'only with form = "rtf"', "leave it out", suffix=suffix)
    yield from among(path, name, design.drivers or problem.driver_names, "one of the design's drivers: ")


@coded("too-few-taps")
def _taps(problem: Problem, needed: int, purpose: str, suffix: str = "") -> Iterator[Fault]:
    """Too few taps beside the equaliser."""
    taps, room = problem.realization.taps, filter_taps(problem.realization)
    suffix_room = f", {room} beside the equaliser" if room < taps else ""
    expected = f"at least {needed + taps - room}, for {purpose}"
    yield from unless(room >= needed, "realization.taps", taps, expected, "raise taps", suffix=suffix_room + suffix)


@coded("too-few-taps")
def _room_for_delays(i: int, design: DesignTable, problem: Problem) -> Iterator[Fault]:
    """The drivers' sound must be able to arrive together: the taps span the longest way less the shortest."""
    if problem.realization.form == "biquad":  # its delays cost nothing
        return
    names, room = design.drivers or problem.driver_names, filter_taps(problem.realization)
    members = {l: driver for l, driver in enumerate(problem.drivers) if driver.name in names}
    places = np.array([driver.position_m for driver in members.values()], dtype=float)
    if len(places) and room >= MIN_TAPS:
        spread_m = _spread_m(design, problem, places)
        needed = math.ceil(spread_m / problem.speed_of_sound_m_s * problem.sample_rate_hz) + 1
        far = [l for l, driver in members.items() if math.hypot(*driver.position_m) > MIN_MILLIMETRES_M]
        if far and room < needed:  # more taps would not mend that
            place_m = members[far[0]].position_m
            actual = f"got {shown(place_m)}, {number(math.hypot(*place_m))} m from the device's origin"
            expected = "a device whose delays the taps have room for"
            yield Fault(f"drivers[{far[0]}].position_m", actual, expected, in_metres(place_m))
            return
        suffix = (
            f", and the paths from the drivers of designs[{i}] to its points differ by {number(round(spread_m, 4))} m"
        )
        yield from _taps(problem, needed, "the delays between the drivers alone", suffix)


def _spread_m(design: DesignTable, problem: Problem, places_m: np.ndarray) -> float:
    if design.is_beam:
        azimuth, distance_m = np.radians(float(design.look_deg)), float(problem.azimuth_distance_m)
        direction = np.array([np.cos(azimuth), np.sin(azimuth), 0.0])
        if distance_m > MAX_DISTANCE_M:  # the far field; a whole number of the file may have any size
            return float(np.ptp(places_m @ direction))
        return float(np.ptp(np.linalg.norm(distance_m * direction - places_m, axis=1)))
    ears_m = geometry.ears_m(problem.listener, problem.listener.head_radius_m).reshape(-1, 3)
    ways_m = np.linalg.norm(ears_m[:, None, :] - places_m, axis=2)
    return float(np.ptp(ways_m, axis=1).max())


def virtualizer_checks(problem: Problem) -> Iterator[Iterator[Fault]]:
    """Every check of the stereo chain, each to be run as far as its keys are known."""
    table = if_known(problem, "virtualizer")
    if table is not None:
        yield only_with(table, "virtualizer", CHAINS, "chain")
        yield _angle(table)
        yield _sides(problem)
        yield _centre(table, problem)
        yield _own_names(problem)
        yield _measured(table, problem)
        yield _room_for_contralateral_ear(table, problem)


def _designs(problem: Problem) -> dict[str, tuple[int, DesignTable]]:
    numbered = ((if_known(design, "name"), i, design) for i, design in enumerate(entries(problem, "designs")))
    return {name: (i, design) for name, i, design in numbered if name is not None}


@coded("virtual-angle")
def _angle(table: Virtualizer) -> Iterator[Fault]:
    remedy = "the unit is degrees; a stereo pair stands at 30"
    yield from unless(table.angle_deg >= MIN_ANGLE_DEG, "virtualizer.angle_deg", table.angle_deg, "1 to 90", remedy)


@coded("virtualizer-designs")
def _sides(problem: Problem) -> Iterator[Fault]:
    designs = _designs(problem)
    if None in (if_known(design, "name") for design in entries(problem, "designs")):
        return  # a name at fault may be the one that is missing
    missing = [side for side in SIDES if side not in designs]
    if missing:
        actual = f"got the designs {', '.join(shown(name) for name in designs)}"
        remedy = (
            f"add the design {' and the design '.join(shown(side) for side in missing)}, or leave [virtualizer] out"
        )
        yield Fault("virtualizer", actual, 'designs named "left" and "right", one for each ear', remedy)
    for side in SIDES:
        if side not in designs:
            continue
        i, design = designs[side]
        first = next(iter(entries(problem, "listeners")), None)
        listener = None if first is None else if_known(first, "name")
        if design.is_beam or design.kind == "zone":
            remedy = f'set an ear channel\'s kind and ear = "{side}", or rename the design'
            actual = f'got {shown(design.kind)} for the design "{side}" of [virtualizer]'
            yield Fault(f"designs[{i}].kind", actual, '"ctc" or "null-steering"', remedy)
        elif design.ear not in (None, side):
            remedy = f'set ear = "{side}", or rename the design'
            actual = f'got {shown(design.ear)} for the design "{side}" of [virtualizer]'
            yield Fault(f"designs[{i}].ear", actual, f'"{side}"', remedy)
        if listener is not None and design.listener not in (None, listener):
            actual = f'got {shown(design.listener)} for the design "{side}" of [virtualizer]'
            expected = f"{shown(listener)}, the first of [[listeners]], for whom the chain plays"
            remedy = f"write {shown(design.listener)} first of [[listeners]], or rename the design"
            yield Fault(f"designs[{i}].listener", actual, expected, remedy)


@coded("virtualizer-designs")
def _centre(table: Virtualizer, problem: Problem) -> Iterator[Fault]:
    designs = _designs(problem)
    if not table.upmix or None in (if_known(design, "name") for design in entries(problem, "designs")):
        return
    if CENTRE not in designs:
        actual = f"got {'true, the default' if 'upmix' not in table.model_fields_set else 'true'}, and no design named"
        yield Fault(
            "virtualizer.upmix",
            f'{actual} "{CENTRE}"',
            f'true with a design named "{CENTRE}", or false',
            "add that beam, or set upmix = false",
        )
    elif not designs[CENTRE][1].is_beam:
        i, design = designs[CENTRE]
        actual = f'got {shown(design.kind)} for the design "{CENTRE}", which the upmix plays through'
        yield Fault(f"designs[{i}].kind", actual, '"beamformer"', "make it a beam, or set [virtualizer] upmix = false")


@coded("name-taken")
def _own_names(problem: Problem) -> Iterator[Fault]:
    for name, (i, _) in _designs(problem).items():
        if name in VIRTUAL_CHANNELS:
            actual = f"got {shown(name)}, which is a channel of [virtualizer]"
            yield Fault(f"designs[{i}].name", actual, "a name of no channel", "rename the design")


@coded("virtualizer-head")
def _measured(table: Virtualizer, problem: Problem) -> Iterator[Fault]:
    heads = problem.heads
    if table.crosstalk_model == "measured" and not any(head.lower().endswith(".sofa") for head in heads):
        actual = f'got "measured" with listener.head = {shown(problem.listener.head)}'
        remedy = 'name a SOFA file as listener.head, or leave crosstalk_model at "sphere"'
        yield Fault("virtualizer.crosstalk_model", actual, '"measured" with a measured head', remedy)


def _room_for_contralateral_ear(table: Virtualizer, problem: Problem) -> Iterator[Fault]:
    """Half of the taps lie behind the bulk delay: they must hold the contralateral ear's delay, 3 (a/c) sin θ at low frequencies."""
    if problem.realization.form == "biquad":
        return
    angle = math.radians(table.angle_deg)
    late_s = 3 * problem.listener.head_radius_m / problem.speed_of_sound_m_s * math.sin(angle)
    needed = 2 * math.ceil(late_s * problem.sample_rate_hz) + 8
    yield from _taps(problem, needed, "the delay between the ears of [virtualizer]")
