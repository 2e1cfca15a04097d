"""Makes this folder's table and page: the joint fit and refined taps against three other ways to make as many taps.

    python reports/rivals/make.py

writes rivals.csv and README.md beside it, with the rivals of tests/bench/test_realisation_rivals.py. A test computes a part of
the table again.
"""

from __future__ import annotations

import csv
import importlib.util
import io
import sys
from collections.abc import Iterable
from dataclasses import astuple, dataclass, replace
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from designer.evaluation.moved_head import displaced_heads_m, heard_heads_m
from designer.evaluation.refinement import FLOOR_WEIGHTS, channel_problem
from designer.evaluation.short_look import FreeResponses
from designer.measures import db, point_ratios
from designer.problem.schema import Realization
from designer.realization import response
from designer.realization.forms import fit_form
from designer.realization.realized import TapsFit
from designer.realization.robust_taps import robust_taps

HERE = Path(__file__).parent
BENCH = HERE.parents[1] / "tests" / "bench" / "test_realisation_rivals.py"
COLUMNS = (
    "rival",
    "asked",
    "problem",
    "median_db",
    "rival_median_db",
    "fifth_percentile_db",
    "rival_fifth_percentile_db",
    "first_percentile_db",
    "rival_first_percentile_db",
)
ALL = "all"
WINDOW, TIME, RAKE, FIT = (
    "frequency sampling, Hamming window",
    "least squares in time",
    "rake max SINR",
    "the joint fit",
)
CURVE, DEEPEST, CHEAP = "the curve", "the most at that effort", "the curve, and more where it is cheap"
REFINED = "the curve, taps refined"
FREE = "responses free at each frequency"
FREE_FREQUENCIES, FREE_ROUNDS, FREE_ITERATIONS = 48, 16, 100

WHY = f"""# Realised filters against other ways to make them

Every ear channel of the library that reaches the left ear, 128 taps a driver, judged with the head moved where no design looked
and between the design's frequencies; all gains in dB. Rivals that choose their own weights have the joint fit's mean effort in the
band, to 0.01 dB. `{ALL}` pools every head, place and frequency.

"""
ENDING = f"""
## What the asking decides

*{TIME}* knows no curve: it spends its effort where a decibel is cheapest. Four ways to ask show what follows from that.

- Asked for **{CURVE}**, the weights spend no more than it needs. The rival goes deeper than was asked where that is cheap,
  and has the higher median; where gain is dear it stays short of the curve, and has the lower 5th percentile.
- Asked for **{DEEPEST}** (40 dB, with the curve's mean effort as limit at every frequency), it is the other way
  round: the median is higher, and the low frequencies, where the curve costs more than the mean, are cut short. More spread
  of the drivers in the design does not change that; more effort there does.
- Asked for **{CHEAP}** (the most that 1 dB less than that mean effort reaches, where that is
  more than the curve), the joint fit has the higher median over the library. The 5th percentile is the rival's over the
  library, here and asked for the curve, by the cylinder speaker: its playback begins at 150 Hz, 128 taps cannot follow that slope, the
  joint fit spends 1.5 dB of effort more than its weights did, and the rival is let spend as much.
- Asked for **{REFINED}** (`[realization] refine = true`), the taps go on from the joint fit to the most gain over drawn heads, places and
  devices, and miss the curve no more than the fit does, at most and in the mean square. At the fit's mean effort to 0.01 dB they are
  above the joint fit in all three numbers over the library, and above the rival too; no problem loses 0.1 dB in any of them. Where too
  much is asked the fit is kept. With two and three drivers, and on the cylinder, the rival's median stays the higher.

*{FREE}* ({FREE_FREQUENCIES} frequencies in the band) are no filters. Their search starts from the joint fit, as that of the refined taps
does, for the same places and devices, under the same limits and at the same mean effort in the band; it requires nothing between these
frequencies or outside the band. The rows judge them, and the taps beside them, at these frequencies. The search trades the three numbers
against each other, so it estimates what taps of any length could add, and is no bound of any single number. On the soundbar it reaches
{{median}} dB more than the joint fit in the median and {{fifth}} dB more in the 5th percentile; the refined taps reach
{{median_left}} dB and {{fifth_left}} dB less than the search.

The curve is what the file asks for, so the first is what ships; `designer check --reach` says what a frequency could give.
"""


@dataclass(frozen=True)
class Row:
    """One problem, or all of them pooled, against one rival."""

    rival: str
    asked: str
    problem: str
    median_db: float
    rival_median_db: float
    fifth_percentile_db: float
    rival_fifth_percentile_db: float
    first_percentile_db: float
    rival_first_percentile_db: float


def bench() -> ModuleType:
    """The module with the rivals."""
    if BENCH.stem in sys.modules:
        return sys.modules[BENCH.stem]
    spec = importlib.util.spec_from_file_location(BENCH.stem, BENCH)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[BENCH.stem] = module
    spec.loader.exec_module(module)
    return module


def measured(problems: Iterable[str] | None = None) -> list[Row]:
    """Rows of some problems of the library, or of all and what they pool to."""
    b = bench()
    names = list(b.LIBRARY if problems is None else problems)
    plans = [
        (WINDOW, CURVE, names, b.case, b.frequency_sampling),
        (TIME, CURVE, names, b.case, b.time_domain_least_squares),
        (TIME, DEEPEST, names, b.deep, b.time_domain_least_squares),
        (TIME, CHEAP, names, b.cheap, b.time_domain_least_squares),
        (FIT, REFINED, names, b.refined, b.joint_fit),
        (TIME, REFINED, names, b.refined, b.time_domain_least_squares),
        (
            RAKE,
            CURVE,
            [name for name in b.FREE_FIELD if problems is None or name in names],
            lambda name: b.case(name, "points"),
            b.rake_max_sinr,
        ),
    ]
    rows = []
    if problems is not None and importlib.util.find_spec("pyroomacoustics") is None:  # which the whole table needs
        plans = [plan for plan in plans if plan[0] != RAKE]
    for rival, asked, own_names, case, rival_taps in plans:
        pooled: list[tuple[np.ndarray, np.ndarray]] = []
        for name in own_names:
            problem_case = case(name)
            pooled.append((problem_case.gains_db(problem_case.own), problem_case.gains_db(rival_taps(problem_case))))
            rows.append(_row(rival, asked, name, *pooled[-1]))
        if problems is None:
            rows.append(_row(rival, asked, ALL, *(np.concatenate(gains) for gains in zip(*pooled, strict=True))))
    return rows


def free_rows(problems: Iterable[str] | None = None) -> list[Row]:
    """The joint fit and the refined taps beside responses that are free at each frequency."""
    b, rows = bench(), []
    names = list(b.LIBRARY if problems is None else problems)
    gains = {name: _free_gains_db(b.refined(name), b.joint_fit, b.TAPS) for name in names}
    for place, asked in enumerate((CURVE, REFINED)):
        pairs = {name: (of[place], of[2]) for name, of in gains.items()}
        rows += [_row(FREE, asked, name, *pair) for name, pair in pairs.items()]
        if problems is None:
            rows.append(_row(FREE, asked, ALL, *(np.concatenate(side) for side in zip(*pairs.values(), strict=True))))
    return rows


def _free_gains_db(case: Any, joint_fit: Any, taps: int) -> list[np.ndarray]:
    """Gains of the joint fit, the refined taps and free responses, with the head moved, at FREE_FREQUENCIES in the band."""
    channel, scene, rate = case.channel, case.scene, case.rate
    table = Realization(taps=taps, refine=True)
    fitted = fit_form([channel], scene, table)
    low_hz, high_hz = channel.design.band_hz
    fit, f = fitted.fits[0], np.linspace(low_hz, high_hz, FREE_FREQUENCIES)
    assert isinstance(fit, TapsFit)
    at_f = [response(filters, f, rate)[:, fit.drivers] for filters in (joint_fit(case), case.own)]
    symbol = fit.symbol[np.rint(f / rate * 2 * (len(fit.symbol) - 1)).astype(int)]
    problem = channel_problem(channel, scene, fitted, 0, table, f, at_f[0], symbol)
    moves = heard_heads_m(scene, displaced_heads_m(np.asarray(scene.problem.listener.ear_cloud_m, dtype=float)))
    ears = scene.at(f).moved(moves).ears()[:, :, fit.drivers]

    def gains_db(w: np.ndarray) -> np.ndarray:
        return db(point_ratios(ears[:, 0::2], ears[:, 1::2], w)).ravel()

    def free_db(floor_weight: float) -> np.ndarray:
        weighed = replace(problem, floor_weight=floor_weight)
        freed = robust_taps(weighed, rounds=FREE_ROUNDS, iterations=FREE_ITERATIONS, unknowns=FreeResponses)
        return gains_db(freed.taps)

    best_db = max(map(free_db, FLOOR_WEIGHTS), key=lambda gain_db: float(np.percentile(gain_db, [50, 5, 1]).sum()))
    return [*map(gains_db, at_f), best_db]


def _row(rival: str, asked: str, problem: str, ours: np.ndarray, theirs: np.ndarray) -> Row:
    pairs = np.percentile([ours, theirs], [50, 5, 1], axis=1)
    return Row(rival, asked, problem, *(float(number) for number in pairs.ravel()))


def table(rows: list[Row]) -> str:
    """The table as CSV, to a hundredth of a dB."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    for row in rows:
        names, numbers = astuple(row)[:3], astuple(row)[3:]
        writer.writerow([*names, *(f"{number:.2f}" for number in numbers)])
    return out.getvalue()


def read(text: str) -> list[Row]:
    """The table back."""
    lines = list(csv.reader(io.StringIO(text)))[1:]
    return [Row(rival, asked, problem, *map(float, numbers)) for rival, asked, problem, *numbers in lines]


def page(rows: list[Row]) -> str:
    """The page, in Markdown: the better one of two in bold."""
    lines = [
        WHY
        + "| rival | asked for | problem | median | rival's | 5th percentile | rival's | 1st percentile | rival's |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for row in rows:
        cells = []
        numbers = astuple(row)[3:]
        for ours, theirs in zip(numbers[::2], numbers[1::2], strict=True):
            cells += [
                f"**{ours:.1f}**" if ours > theirs else f"{ours:.1f}",
                f"**{theirs:.1f}**" if theirs > ours else f"{theirs:.1f}",
            ]
        lines.append(f"| {row.rival} | {row.asked} | {row.problem} | " + " | ".join(cells) + " |")
    of = {row.asked: row for row in rows if (row.rival, row.problem) == (FREE, "soundbar-kemar")}
    beyond = {
        f"{number}{suffix}": getattr(of[asked], f"rival_{key}") - getattr(of[asked], key)
        for number, key in (("median", "median_db"), ("fifth", "fifth_percentile_db"))
        for suffix, asked in (("", CURVE), ("_left", REFINED))
    }
    return "\n".join(lines) + "\n" + ENDING.format(**{name: f"{value:.1f}" for name, value in beyond.items()})


if __name__ == "__main__":
    text = table([*measured(), *free_rows()])
    (HERE / "rivals.csv").write_text(text, encoding="utf-8")
    (HERE / "README.md").write_text(page(read(text)), encoding="utf-8")
