"""Remedies for filters that miss what their weights meet: a longer word, more taps or sections, a fit that holds them, or less required."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from designer.acoustics.scene import Scene
from designer.designs.channel import ChannelDesign
from designer.errors import ProblemError
from designer.problem.schema import MAX_SECTIONS, MAX_TAPS, Realization
from designer.realization.forms import realize_form
from designer.realization.losses import LossJudge
from designer.realization.mended_fit import MAX_MENDED_NUMBERS
from designer.realization.toeplitz_fit import grid_size
from designer.requirements.slacks import SLACK_TOLERANCE_DB

DOUBLINGS = 4
ENOUGH_TAPS = 1024
"""A few taps are doubled further, until they are as many."""
MAX_HELD_NUMBERS = 4096
"""Taps of all drivers that are tried with requirements held: the fit takes seconds there, and minutes for four times as many."""
MENDED_SECTIONS = 2
"""Factor on the sections that is tried: their fit takes seconds."""


EQUALISER_TAPS = (256, 512)


def remedy(channel: ChannelDesign, scene: Scene, table: Realization) -> str:
    """A clause on the least change of [realization] that brings the channel's filters to within 0.1 dB of its requirements.

    Filters that miss nothing where the design was solved miss it between, which more frequencies mend. Every other change is realised
    and judged before it is named: the same filters without a word, or with the delay that a limit of the latency shortens, for a reference
    that plays beyond its band an equaliser or another form, then twice, four, eight and sixteen times as many taps, or up to ENOUGH_TAPS;
    and beside these as many taps by a fit that holds the requirements. Where none of them does, the last of them, and by how much the
    requirement would have to be lower.
    """
    judge = LossJudge.of(channel, scene)

    def missed_db(changed: Realization) -> tuple[float, float]:
        """Largest misses of the requirements and of the drivers' bands."""
        realised = realize_form([channel], scene, changed)
        losses = judge.losses(realised.taps[0], realised.bulk_delay_samples)
        return losses.requirements_db, losses.bands_db

    without, now_db, rate_hz = "", missed_db(table), scene.problem.sample_rate_hz
    if max(now_db) <= SLACK_TOLERANCE_DB:
        grid = scene.problem.grid
        refined = "" if grid.refine else "refine = true, which adds the curve's points, or "
        clause = f"[grid] {refined}more than frequencies = {grid.frequencies}"
        return f"all of it between the design's frequencies, where nothing was solved; remedy: {clause}"

    def suffices(change: dict[str, Any]) -> bool:
        try:
            return max(missed_db(table.model_copy(update=change))) <= SLACK_TOLERANCE_DB
        except ProblemError:  # a bulk delay of the file that longer filters do not fit
            return False

    may_hold = now_db[0] > SLACK_TOLERANCE_DB and _may_hold(table, judge.drivers.size)
    is_held = may_hold and suffices({"hold_requirements": True})
    for change, words in _changes(channel, judge.drivers.size, table, rate_hz, banded=now_db[1] > SLACK_TOLERANCE_DB):
        without = f"{_not_enough(change)}; "
        if suffices(change):
            return f"{words}, or hold_requirements = true" if is_held and "taps" in change else words
    if is_held:
        return "remedy: [realization] hold_requirements = true"
    if now_db[1] > now_db[0]:
        return f"{without}remedy: wider band_hz of the drivers"
    least_db = np.ceil(10 * now_db[0]) / 10
    return f"{without}remedy: requirements lower by {least_db:z.1f} dB, which these filters meet"


def _may_hold(table: Realization, drivers: int) -> bool:
    """Whether the fit of as many taps may hold the requirements, and takes seconds."""
    conflicts = table.hold_requirements or table.refine or table.zero_at_dc or table.exact_at_hz
    return table.form in ("fir", "rtf") and not conflicts and table.taps * drivers <= MAX_HELD_NUMBERS


def _not_enough(change: dict[str, Any]) -> str:
    """A clause on a change that does not mend the filters."""
    for key in ("taps", "sections"):
        if key in change:
            return f"[realization] {key} = {change[key]} do not suffice"
    return "a longer delay does not suffice" if "bulk_delay_samples" in change else "a longer word does not suffice"


def _changes(
    channel: ChannelDesign, drivers: int, table: Realization, rate_hz: float, *, banded: bool
) -> Iterator[tuple[dict[str, Any], str]]:
    """Changes of the table, and the clause that names each."""
    floating: dict[str, Any] = {"word": None} if table.word else {}
    if table.word:
        yield (
            floating,
            f'remedy: a longer word than [realization] word = "{table.word}"; in floating point these filters meet all requirements',
        )
    with_word = f", in a longer word than {table.word}" if table.word else ""
    delay, limit_ms = table.bulk_delay_samples, table.max_latency_ms
    is_late = table.form == "fir" and isinstance(delay, int) and limit_ms is not None and delay < table.taps // 2
    if is_late:
        floating["bulk_delay_samples"] = None

    def with_latency(taps: int) -> str:
        """The latency that taps with half of them ahead take, where the file's limit shortens that."""
        if not is_late or limit_ms is None or not isinstance(delay, int):
            return ""
        return f"max_latency_ms = {np.ceil(100 * limit_ms + 1e5 * (taps // 2 - delay) / rate_hz) / 100:g}"

    if is_late:
        yield dict(floating), f"remedy: [realization] {with_latency(table.taps)}{with_word}"
    if table.form == "biquad":
        sections = min(MENDED_SECTIONS * table.sections, MAX_SECTIONS)
        yield {"sections": sections, **floating}, f"remedy: [realization] sections = {sections}{with_word}"
        return
    for count in EQUALISER_TAPS if banded and table.form == "rtf" else ():
        if count > table.equaliser_taps:
            taps = table.taps - max(table.equaliser_taps - 1, 0) + count - 1  # the ratios keep theirs
            change = {"equaliser_taps": count, "taps": taps, **floating}
            yield change, f"remedy: [realization] equaliser_taps = {count} and taps = {taps}{with_word}"
    if banded and table.form == "rtf":
        yield {"form": "fir", "equaliser_taps": 0, **floating}, f'remedy: [realization] form = "fir"{with_word}'
    doublings = max(DOUBLINGS, int(np.log2(ENOUGH_TAPS / table.taps)))
    for n in range(1, doublings + 1):
        taps = table.taps * 2**n
        if taps > MAX_TAPS or grid_size(taps, channel.frequency_hz.size) * drivers**2 > 2 * MAX_MENDED_NUMBERS:
            return
        if table.hold_requirements and taps * drivers > MAX_HELD_NUMBERS:
            return
        late = f" and {with_latency(taps)}" if is_late else ""
        yield {"taps": taps, **floating}, f"remedy: [realization] taps = {taps}{late}{with_word}"
