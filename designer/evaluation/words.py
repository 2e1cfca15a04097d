"""Requirements and their outcome in a sentence or two a channel: on the command line, in `summary.json` and on top of a report.

The outcome of the formulation (met, or infeasible by x dB, and what binds) and that of the realised filters (met, or missed by x dB) make
the first sentence together, so that each is told once. Plain playback has words too: who plays what of a channel.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from designer.acoustics.scene import Scene
from designer.arrays import Bool, Real
from designer.evaluation.channel import Verdict
from designer.evaluation.outcomes import PRODUCT_LINE, REQUIRED, WORST, Outcome, decibels, hz
from designer.problem.designs import by_name
from designer.problem.driver_ways import ways_of
from designer.problem.explain import hold_phrase
from designer.problem.frequency_grid import curve_points_hz
from designer.problem.messages import enumeration, number
from designer.problem.methods import ignores, method_of
from designer.problem.schema import DesignTable, Problem
from designer.requirements.curves import curve_db
from designer.requirements.plain import Plain, driver_index, plain_in
from designer.requirements.slacks import BANDS, SLACK_TOLERANCE_DB


def _decibels(values: list[float]) -> str:
    low, high = min(values), max(values)
    return f"{low:g} dB" if low == high else f"{low:g} to {high:g} dB"


def _in_band(design: DesignTable, curve: Sequence[Sequence[float]]) -> list[float]:
    """Values of a curve at the band's ends and where it bends between them."""
    at_hz = np.array([*design.band_hz, *curve_points_hz(design, curve)])
    return [round(float(value), 2) for value in curve_db([list(point) for point in curve], at_hz)]


def requirement_phrase(design: DesignTable, places: int) -> str:
    """Requirements of a design, as a noun phrase; an ear channel has so many places of the head."""
    band = f"from {hz(design.band_hz[0])} to {hz(design.band_hz[1])}"
    requirements = []
    without_curve = [name for name in design.dark or () if by_name(design.dark_gain_db, name) is None]
    if design.cancellation_gain_db:
        gain = _decibels(_in_band(design, design.cancellation_gain_db))
        over = [*(["the contralateral ear"] if design.is_ear and design.dark else []), *without_curve]
        gain += f" over {enumeration(over)}" if over else ""
        requirements.append(gain if design.dark_regions is None else f"{gain} between regions of the sphere")
    curves = {name: by_name(design.dark_gain_db, name) for name in design.dark or ()}
    requirements += [f"{_decibels(_in_band(design, curve))} over {name}" for name, curve in curves.items() if curve]
    if design.diffuse_gain_db:
        requirements.append(f"{_decibels(_in_band(design, design.diffuse_gain_db))} over all directions")
    if without_curve and not design.cancellation_gain_db:
        requirements.append(f"as little as that leaves over {enumeration(without_curve)}")
    if design.mask:
        requirements.append(f"a mask of {_decibels([line.max_db for line in design.mask])}")
    if design.window_deg:
        requirements.append(
            f"a window of {design.window_deg[0]:g} to {design.window_deg[1]:g} degrees within {design.window_ripple_db:g} dB"
        )
    if design.dark_regions and not design.cancellation_gain_db:
        requirements.append("the largest ratio between regions of the sphere, up to 40 dB,")
    elif design.nulls_deg and not (design.cancellation_gain_db or design.mask):
        requirements.append(
            "nulls as deep as the rest allows at "
            + enumeration([f"{null:g}" for null in design.nulls_deg])
            + " degrees"
        )
    held = f", {hold_phrase(design, places)}" if design.cancellation_gain_db or design.dark_gain_db else ""
    return f"{enumeration(requirements)} asked {band}{held}"


MET = "met at every frequency"
BEAM_PLACES = {WORST: "worst azimuth", PRODUCT_LINE: "5th percentile of the product line"}
"""Places where a beam's curve is judged, which has no head."""


def requirement_words(design: DesignTable, requirement: str) -> str:
    """A requirement or limit of a design, by its label, as a noun."""
    if requirement.startswith("mask["):
        low, high = (design.mask or [])[int(requirement[5:-1])].azimuth_deg
        return f"the mask from {low:g} to {high:g} degrees"
    if requirement.startswith("dark_gain_db"):
        return f"the curve over {requirement.split(' of ', 1)[1].strip(chr(34))}"
    words = {
        "cancellation_gain_db": "the curve",
        "diffuse_gain_db": "the curve over all directions",
        "window": "the window",
        "level": "the level",
        BANDS: "the drivers' bands",
        "max_effort_db": f"the effort limit of {design.max_effort_db or 0:g} dB",
        "min_white_noise_gain_db": f"the white-noise gain's floor of {design.min_white_noise_gain_db or 0:g} dB",
    }
    return words.get(requirement) or requirement.replace("max_gain_db of", "the gain limit of")


def verdict(
    design: DesignTable,
    places: int,
    frequency_hz: Real,
    slacks_db: dict[str, Real],
    excesses_db: dict[str, Real],
    binding: dict[str, Bool],
    azimuths_deg: dict[str, Real] | None = None,
    reachable_gain_db: Real | None = None,
    out_of_reach: Bool | None = None,
) -> Verdict:
    """The formulation's outcome of one channel in words.

    Parameters
    ----------
    places : int, of the head
    frequency_hz : (N,) float array, the design's frequencies in the band
    slacks_db, excesses_db, binding : dict of str to float array, requirement or limit -> (N,)
    azimuths_deg : dict of str to float array, optional, requirement over azimuth -> (N,) where it is missed most
    reachable_gain_db : (N,) float array, optional, the most that any weights reach within the effort limit; not finite where detail is
        no bound
    out_of_reach : (N,) bool array, optional, where no weights within the limits meet what is missed: only a bound on all weights says so

    """
    shortfalls_db = {**slacks_db, **excesses_db}
    slack = np.max([*shortfalls_db.values(), np.zeros(frequency_hz.size)], axis=0)
    short = slack > SLACK_TOLERANCE_DB
    if not short.any():
        return Verdict(f"{requirement_phrase(design, places)}; {MET}", ())
    clauses = []
    for requirement, shortfall in shortfalls_db.items():
        outcome = Outcome.of(requirement, REQUIRED, shortfall, frequency_hz)
        if outcome.is_met:
            continue
        at = int(np.argmax(shortfall))
        detail = ""
        if azimuths_deg and requirement in azimuths_deg:
            detail = f" and {azimuths_deg[requirement][at]:g} degrees"
        if (
            requirement == "cancellation_gain_db"
            and reachable_gain_db is not None
            and reachable_gain_db[at] < _curve_db(design, frequency_hz[at]) - SLACK_TOLERANCE_DB
        ):
            detail = f", where no weights reach more than {reachable_gain_db[at]:z.1f} dB"
            is_bound = any(binds[at] for binds in binding.values())
            detail += " within the effort limit" if design.max_effort_db is not None and is_bound else ""
        clause = f"{requirement_words(design, requirement)} infeasible {outcome.by(detail)}"
        clauses.append(clause)
    reason = _reason(design, shortfalls_db, short, binding, out_of_reach)
    return Verdict(f"{requirement_phrase(design, places)}; {'; '.join(clauses)}; {reason}", tuple(clauses))


def _curve_db(design: DesignTable, frequency_hz: Real) -> float:
    return float(curve_db(design.cancellation_gain_db or [], frequency_hz))


def _reason(
    design: DesignTable,
    shortfalls_db: dict[str, Real],
    short: Bool,
    binding: dict[str, Bool],
    out_of_reach: Bool | None,
) -> str:
    """Why a channel is infeasible as asked where it is (N,)."""
    why = [
        requirement_words(design, limit)
        for limit, binds in binding.items()
        if (binds & short).sum() > 0.5 * short.sum()
    ]
    named = f'the method "{design.method}"'
    ignored = [
        requirement_words(design, requirement)
        for requirement, shortfall in shortfalls_db.items()
        if (shortfall > SLACK_TOLERANCE_DB).any() and ignores(design, requirement)
    ]
    if (method := method_of(design)) is not None and method.baseline:
        return f"{named} does not reach it"
    if ignored:
        return f"{named} does not look at {enumeration(ignored)}"
    if why:
        return f"{enumeration(why)} {'bind' if len(why) > 1 or why[0].endswith('bands') else 'binds'}"
    if out_of_reach is not None and out_of_reach[short].all():
        return "no weights of these drivers reach it"
    return "no weights that reach it were found" if design.method == "auto" else f"{named} reaches no more"


def whole_sentence(
    design: DesignTable, formulation: Verdict, outcomes: Sequence[Outcome], *, remedy: str = "", imported: bool = False
) -> str:
    """The verdict on a channel: what is asked, and what came of it on paper and in the filters; and in a second sentence, by how much the
    gain falls below the curve under judgements that are stricter than asked: at the worst place, over the product line, over moved heads.
    """
    required, phrase = [outcome for outcome in outcomes if outcome.place == REQUIRED], formulation.requirements
    missed = [f"{requirement_words(design, o.requirement)} {o.by()}" for o in required if not o.is_met]
    if formulation.shortfalls:
        beyond = [_beyond(design, formulation, o) for o in required if o.beyond_db > SLACK_TOLERANCE_DB]
        parts = [formulation.sentence] + ([f"these filters miss {enumeration(beyond)}"] if beyond else [])
    elif not missed:
        parts = [f"{phrase}; {MET}"]
    elif imported:
        parts = [f"{phrase}; these filters miss {enumeration(missed)}"]
    else:
        parts = [f"{phrase}; met on paper, and these filters miss {enumeration(missed)}"]
    parts += [remedy] if remedy else []
    names = BEAM_PLACES if design.is_beam else {}
    below: dict[str, list[str]] = {}
    for o in outcomes:
        if o.place != REQUIRED and not o.is_met:
            text = f"{decibels(o.missed_db)} dB at the {names.get(o.place, o.place)} ({hz(o.at_hz)})"
            below.setdefault(requirement_words(design, o.requirement), []).append(text)
    verb = iter([" is missed"])
    curves = [f"{curve}{next(verb, '')} by up to {', '.join(texts)}" for curve, texts in below.items()]
    stricter = f". Judged more strictly, {'; '.join(curves)}" if curves else ""
    return "; ".join(parts) + stricter


def _beyond(design: DesignTable, formulation: Verdict, outcome: Outcome) -> str:
    """By how much filters miss a requirement or limit beyond its formulation; "more" where that misses it too, its value named once."""
    words = requirement_words(design, outcome.requirement)
    if words in formulation.sentence:
        words = re.sub(r" of -?[\d.]+ dB$", "", words)
    more = " more" if outcome.missed_db - outcome.beyond_db > SLACK_TOLERANCE_DB else ""
    return f"{words} by {decibels(outcome.beyond_db)} dB{more}"


def players(problem: Problem, scene: Scene) -> dict[str, str]:
    """Channel whose plain playback has several ways -> who plays them."""
    words = {}
    for design in problem.designs:
        if len(ways_of(design, problem).ways) > 1:
            plain = plain_in(design, scene)
            names = [scene.drivers[l] for l in driver_index(design, scene.drivers)]
            words[design.name] = who_plays(plain, [names[l] for l in plain.drivers])
    return words


def who_plays(plain: Plain, names: Sequence[str]) -> str:
    """Each way's band, its drivers, and how far it is turned down and delayed.

    names : of the plain drivers
    """
    parts = []
    for way, (low_hz, high_hz) in enumerate(plain.crossover.spans_hz):
        members = [n for n, number_of_way in enumerate(plain.way) if number_of_way == way]
        gain_db = 20 * np.log10(sum(plain.gain[n] for n in members))
        delay_s = min(plain.delay_s[n] for n in members)
        trim = [f"{number(round(float(gain_db), 1))} dB"] if gain_db < -0.05 else []
        trim += [f"{number(round(delay_s * 1e6))} µs later"] if delay_s > 5e-7 else []
        band = f"from {hz(low_hz)}" if np.isinf(high_hz) else f"{hz(low_hz)} to {hz(high_hz)}"
        parts.append(f"{band} by {', '.join(names[n] for n in members)}" + (f" ({', '.join(trim)})" if trim else ""))
    return "; ".join(parts)
