"""Requirements and their outcome in sentences: the sentence on top of a report and in the message of exit code 4."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from designer.arrays import Bool, Real
from designer.problem.methods import ignores, method_of
from designer.problem.schema import DesignTable
from designer.requirements.slacks import SLACK_TOLERANCE_DB


def hz(frequency_hz: float) -> str:
    """A frequency as a person says it: 516 Hz, 1.8 kHz."""
    if frequency_hz >= 999.5:
        return f"{round(frequency_hz / 1000, 1 if frequency_hz < 9950 else 0):g} kHz"
    return f"{frequency_hz:.0f} Hz"


def spans(frequency_hz: Real, where: Bool) -> str:
    """The runs of frequencies where something holds: "from 200 Hz to 1.8 kHz and at 6 kHz"."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], where, [False]]).astype(int)))
    parts = []
    for first, last in zip(edges[::2], edges[1::2] - 1, strict=True):
        low, high = hz(float(frequency_hz[first])), hz(float(frequency_hz[last]))
        parts.append(f"at {low}" if low == high else f"from {low} to {high}")
    return _joined(parts)


def _joined(parts: list[str]) -> str:
    return parts[0] if len(parts) == 1 else ", ".join(parts[:-1]) + " and " + parts[-1] if parts else ""


def _decibels(values: list[float]) -> str:
    low, high = min(values), max(values)
    return f"{low:g} dB" if low == high else f"{low:g} to {high:g} dB"


def requirement_phrase(design: DesignTable) -> str:
    """Requirements of a design, as a noun phrase."""
    band = f"from {hz(design.band_hz[0])} to {hz(design.band_hz[1])}"
    requirements = []
    if design.cancellation_gain_db:
        gain = _decibels([point[1] for point in design.cancellation_gain_db])
        requirements.append(gain if design.dark_regions is None else f"{gain} between regions of the sphere")
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
            "nulls as deep as the rest allows at " + _joined([f"{null:g}" for null in design.nulls_deg]) + " degrees"
        )
    return f"{_joined(requirements)} asked {band}"


@dataclass(frozen=True)
class Verdict:
    """One channel's outcome: the sentence, and, where it is infeasible, which requirements are missed, where, and by how much."""

    sentence: str
    shortfalls: tuple[str, ...]


LIMIT_WORDS = {
    "max_effort_db": "the effort limit of {:g} dB",
    "min_white_noise_gain_db": "the white-noise gain's floor of {:g} dB",
}


def verdict(
    design: DesignTable,
    frequency_hz: Real,
    slacks_db: dict[str, Real],
    excesses_db: dict[str, Real],
    binding: dict[str, Bool],
    azimuths_deg: dict[str, Real] | None = None,
    reachable_gain_db: Real | None = None,
    out_of_reach: Bool | None = None,
    *,
    reason: str = "",
) -> Verdict:
    """The outcome of one channel in words.

    Parameters
    ----------
    frequency_hz : (N,) float array, the design's frequencies in the band
    slacks_db, excesses_db, binding : dict of str to float array, requirement or limit -> (N,)
    azimuths_deg : dict of str to float array, optional, requirement over azimuth -> (N,) where it is missed most
    reachable_gain_db : (N,) float array, optional, the most that any weights reach within the effort limit; not finite where there is
        no bound
    out_of_reach : (N,) bool array, optional, where no weights within the limits meet what is missed: only a bound on all weights says so
    reason : str, why a requirement is missed, where no formulation can tell

    """
    requirements = {**slacks_db, **excesses_db}
    slack = np.max([*requirements.values(), np.zeros(frequency_hz.size)], axis=0)
    short = slack > SLACK_TOLERANCE_DB
    if not short.any():
        return Verdict(f"{requirement_phrase(design)}; met at every frequency", ())
    outcome = f"met {spans(frequency_hz, ~short)}" if (~short).any() else "met nowhere"
    why = _joined(
        [_limit(design, name) for name, binds in binding.items() if (binds & short).sum() > 0.5 * short.sum()]
    )
    elsewhere = "elsewhere " if (~short).any() else ""
    named = f'the method "{design.method}"'
    missed = [name for name in requirements if (requirements[name] > SLACK_TOLERANCE_DB).any()]
    ignored = [name for name in missed if ignores(design, name)]
    if reason:
        pass
    elif (method := method_of(design)) is not None and method.baseline:
        reason = f"{named} does not reach it"
    elif ignored:
        reason = f"{named} does not look at {_joined(ignored)}"
    elif why:
        reason = why + (" bind" if " and " in why else " binds")
    elif out_of_reach is not None and out_of_reach[short].all():
        reason = "no weights of these drivers reach it"
    elif design.method == "auto":
        reason = "no weights that reach it were found"
    else:
        reason = f"{named} reaches no more"
    reason = elsewhere + reason
    worst = int(np.argmax(slack))
    shortfall = f"up to {_missing(slack[worst])} dB are missing (at {hz(float(frequency_hz[worst]))})"
    sentence = f"{requirement_phrase(design)}; {outcome}; {reason}, and {shortfall}"
    shortfalls = []
    for name, missing in requirements.items():
        lacking = missing > SLACK_TOLERANCE_DB
        if lacking.any():
            at = int(np.argmax(missing))
            where = hz(float(frequency_hz[at]))
            if azimuths_deg and name in azimuths_deg:
                where += f", {azimuths_deg[name][at]:g} degrees"
            words = f"{name} is missed by up to {_missing(missing[at])} dB (at {where}), {spans(frequency_hz, lacking)}"
            if name == "cancellation_gain_db" and reachable_gain_db is not None and np.isfinite(reachable_gain_db[at]):
                words += f"; at {hz(float(frequency_hz[at]))} no weights reach more than {reachable_gain_db[at]:.1f} dB"
                words += " within the effort limit" if design.max_effort_db is not None else ""
            shortfalls.append(words)
    return Verdict(sentence, tuple(shortfalls))


def _missing(decibels: float) -> str:
    """One decimal, or two where that would hide how little is missing."""
    return f"{decibels:.1f}" if decibels >= 1 else f"{decibels:.2f}"


def _limit(design: DesignTable, name: str) -> str:
    values = {"max_effort_db": design.max_effort_db, "min_white_noise_gain_db": design.min_white_noise_gain_db}
    return LIMIT_WORDS[name].format(values[name]) if name in LIMIT_WORDS else name
