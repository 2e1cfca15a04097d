"""Makes this folder's table, figure and page: virtual loudspeakers by matching both ears, beside combined channels and the convex best.

    python reports/virtual/make.py

writes virtual.csv, virtual.svg and README.md beside it. A test computes a part of the table again.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import Any

import cvxpy as cp
import numpy as np

import designer
from designer.arrays import Complex, Real
from designer.measures import amplitude_db
from designer.problem.library import library
from designer.problem.read import changed
from designer.problem.schema import Problem
from designer.realization import response
from designer.report.canvas import svg
from designer.report.figure_data import axis, figure, frequency_axis, line
from designer.report.figure_data import curves as panel
from designer.report.printed import draw
from designer.stereo.crosstalk import crosstalk_of
from designer.stereo.listening import listening
from designer.stereo.virtualisation import centre_of_cloud

HERE = Path(__file__).parent
ANGLE_DEG = 30.0
PROBLEMS = ("smart-speaker", "cylinder-speaker", "stereo-speaker")
FREQUENCY_HZ = np.geomspace(470.0, 1500.0, 24)
"""Where the time between the ears places a source, from just below the smart speaker's band."""
COMBINED, TIME, LEVEL, TONE = "combined", "matched, time", "matched, level", "matched, tone"
BEST, PLAIN = "convex best, both ears exact", "plain playback"
KEYS = {
    COMBINED: {"chain": "combined"},
    **{f"matched, {word}": {"priority": word} for word in ("time", "level", "tone")},
}
COLUMNS = (
    "problem",
    "chain",
    "least_time_us",
    "most_time_us",
    "least_time_share",
    "angle_deg",
    "level_error_db",
    "least_level_db",
    "max_gain_db",
)

BEGINNING = f"""# Virtual loudspeakers: both ears matched, or both channels combined

A pair at +/-{ANGLE_DEG:g} degrees from devices that are narrower. `chain = "combined"` mixes the two cancelling channels with the crosstalk
model; `chain = "matched"` lets all drivers give both ears what the model asks for, within their limits, and `priority` says what gives
where these bind. The convex best is the loudest playback that gives both ears exactly their share within `max_gain_db`, by cvxpy on
each frequency alone, at one place of the head: weights that no taps have to follow.

All at the middle of the ear cloud, left input, realised filters, {FREQUENCY_HZ[0]:g} to {FREQUENCY_HZ[-1]:g} Hz: the interaural time,
its smallest share of the model's, the angle where a real loudspeaker gives the same mean time, the largest error of the interaural
level, the least level at the near ear over plain playback's, and the largest gain of a driver.

![Interaural time and level over frequency on the smart speaker](virtual.svg)

"""
ENDING = """
On the smart speaker, whose drivers take at most 12 dB, the combined channels fall to {combined} of the interaural time: where a driver
would pass its limit they hold back the whole mixture. Matching keeps {time} of it at up to {lost} dB less level, within {beside} dB of
the convex best. With the level kept {level} is left. Where no limit binds, as on the wide bar, the two chains place the source alike.
"""


@dataclass(frozen=True)
class Row:
    """One chain of one problem; NaN where a number is not of that chain."""

    problem: str
    chain: str
    least_time_us: float
    most_time_us: float
    least_time_share: float
    angle_deg: float
    level_error_db: float
    least_level_db: float
    max_gain_db: float


@dataclass(frozen=True)
class Curves:
    """One chain over FREQUENCY_HZ (F,)."""

    row: Row
    time_us: Real
    level_db: Real


def problem_of(name: str, **keys: str) -> Problem:
    """The library's problem with its chain at ANGLE_DEG."""
    problem = designer.load(library()[name][0])
    data = problem.model_dump(exclude_unset=True, exclude={"export"})
    upmix = {} if problem.virtualizer is None else data["virtualizer"]
    return changed(problem, data | {"virtualizer": {"upmix": False, **upmix, "angle_deg": ANGLE_DEG, **keys}})


def curves(
    problem: str, chain: str, ears: Complex, wanted: Complex, plain: Complex, angle: float, gain: Real
) -> Curves:
    """Numbers of the near and the far ear (F, 2), for the wanted ratio and plain playback at the near ear (F,)."""
    ratio = ears[:, 1] / ears[:, 0]
    turn = np.unwrap(np.angle(wanted))
    time_us = -(turn + np.angle(ratio / wanted)) / (2 * np.pi * FREQUENCY_HZ) * 1e6
    share = time_us / (-turn / (2 * np.pi * FREQUENCY_HZ) * 1e6)
    level_db = amplitude_db(ears[:, 0] / plain)
    error_db = float(np.abs(amplitude_db(ratio / wanted)).max())
    numbers = (
        float(time_us.min()),
        float(time_us.max()),
        float(share.min()),
        angle,
        error_db,
        float(level_db.min()),
        float(gain.max()),
    )
    return Curves(Row(problem, chain, *numbers), time_us, level_db)


def best_weights(H: Complex, wanted: Complex, plain: Complex, max_gain: Real) -> Complex:
    """The loudest weights (F, L) with both ears (F, 2, L) exact and |w_l| <= max_gain (L,)."""
    found = []
    for h, ratio, own in zip(H, wanted, plain, strict=True):
        w, level = cp.Variable(h.shape[1], complex=True), cp.Variable()
        limits = [cp.abs(w[l]) <= gain for l, gain in enumerate(max_gain) if np.isfinite(gain)]
        effort = cp.sum_squares(w) * 1e-6  # decides among weights of one level
        exact = [h[0] @ w == level * own, h[1] @ w == level * (ratio * own), level <= 1]
        cp.Problem(cp.Maximize(level - effort), [*exact, *limits]).solve(solver="CLARABEL")
        found.append(w.value)
    return np.array(found)


def measured(names: Iterable[str] = PROBLEMS, chains: Iterable[str] = tuple(KEYS)) -> list[Curves]:
    """Every chain of some problems, and the convex best and plain playback of each."""
    made: list[Curves] = []
    for name in names:
        for chain in chains:
            design = designer.design(problem_of(name, **KEYS[chain]))
            model, heard = crosstalk_of(design.problem), listening(design)
            assert model is not None and heard is not None
            wanted = model.far(FREQUENCY_HZ) / model.near(FREQUENCY_HZ)
            there = centre_of_cloud(design.fine_scene).at(FREQUENCY_HZ)
            H, own = there.ears()[:, :2], design.plain_weights("left", there)
            plain = np.einsum("fel,fl->fe", H, own)
            w = response(design.taps["virtual-left"], FREQUENCY_HZ, design.problem.sample_rate_hz)
            angle = heard.heads[0].pointed_deg["left"]
            ears = np.einsum("fel,fl->fe", H, w)
            made.append(curves(name, chain, ears, wanted, plain[:, 0], angle, amplitude_db(w)))
        gains_db = [np.inf if driver.max_gain_db is None else driver.max_gain_db for driver in design.problem.drivers]
        w = best_weights(H, wanted, plain[:, 0], 10 ** (np.array(gains_db) / 20))
        made.append(curves(name, BEST, np.einsum("fel,fl->fe", H, w), wanted, plain[:, 0], np.nan, amplitude_db(w)))
        made.append(curves(name, PLAIN, plain, wanted, plain[:, 0], np.nan, amplitude_db(own)))
    return made


def table(rows: list[Row]) -> str:
    """The table as CSV."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    for row in rows:
        name, chain, *numbers = astuple(row)
        writer.writerow(
            [name, chain, *("" if np.isnan(number) else f"{round(number, 3) + 0.0:.3f}" for number in numbers)]
        )
    return out.getvalue()


def read(text: str) -> list[Row]:
    """The table back."""
    lines = list(csv.reader(io.StringIO(text)))[1:]
    return [Row(name, chain, *(float(number or "nan") for number in numbers)) for name, chain, *numbers in lines]


def picture(found: list[Curves]) -> str:
    """Interaural time and level of the smart speaker's chains."""
    looks: dict[str, dict[str, Any]] = {
        BEST: {"color": "ink", "dash": "dot"}, COMBINED: {"color": 1}, TIME: {"color": 0},
        LEVEL: {"color": 2, "dash": "dash"}, TONE: {"color": 3, "dash": "dashdot"}, PLAIN: {"color": 7, "dash": "dot"},
    }  # fmt: skip
    shown = [one for one in found if one.row.problem == PROBLEMS[0]]
    x = frequency_axis((FREQUENCY_HZ[0], FREQUENCY_HZ[-1]))
    x["ticks"] = [(float(hz), f"{hz}") for hz in (500, 700, 1000, 1500)]
    panels = []
    for column, label in enumerate(("interaural time in µs", "level at the near ear in dB")):
        values = [one.level_db if column else one.time_us for one in shown]
        low, high = min(float(np.min(y)) for y in values), max(float(np.max(y)) for y in values)
        margin = 0.05 * (high - low)
        lines = [
            line(FREQUENCY_HZ, y, one.row.chain, width=1.8, **looks[one.row.chain])
            for one, y in zip(shown, values, strict=True)
        ]
        y_axis = axis(label, label.split()[-1], low - margin, high + margin)
        panels.append(panel(x, y_axis, lines, place=(0, column)))
    return svg(draw(figure(panels, 3.0, legend_columns=3)))


def page(rows: list[Row]) -> str:
    """The page, in Markdown, with what the numbers say."""
    head = "| problem | chain | time | least share | angle | level error | least level | driver gain |"
    lines = [BEGINNING + head, "|---|---|---|---|---|---|---|---|"]
    for row in rows:
        angle = "" if np.isnan(row.angle_deg) else f"{row.angle_deg:.1f}°"
        cells = [
            *(row.problem, row.chain, f"{round(row.least_time_us)} to {round(row.most_time_us)} µs"),
            *(f"{round(100 * row.least_time_share)} %", angle, f"{row.level_error_db:.1f} dB"),
            *(f"{round(row.least_level_db, 1) + 0.0:.1f} dB", f"{row.max_gain_db:.1f} dB"),
        ]
        lines.append("| " + " | ".join(cells) + " |")
    of = {row.chain: row for row in rows if row.problem == PROBLEMS[0]}
    share = {chain: f"{round(100 * row.least_time_share) + 0:d} %" for chain, row in of.items()}
    beside = abs(of[TIME].least_level_db - of[BEST].least_level_db)
    ending = ENDING.format(
        combined=share[COMBINED],
        time=share[TIME],
        level=share[LEVEL],
        lost=f"{-of[TIME].least_level_db:.1f}",
        beside=f"{beside:.1f}",
    )
    return "\n".join(lines) + "\n" + ending


if __name__ == "__main__":
    everything = measured()
    text = table([one.row for one in everything])
    (HERE / "virtual.csv").write_text(text, encoding="utf-8")
    (HERE / "virtual.svg").write_text(picture(everything), encoding="utf-8")
    (HERE / "README.md").write_text(page(read(text)), encoding="utf-8")
