"""Makes this folder's table and page: what an ear cloud and a drivers' spread are worth, at equal effort, over the library.

    python reports/robust/make.py

writes robust.csv and README.md beside it. A test computes a part of the table again.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from dataclasses import astuple, dataclass
from pathlib import Path

import numpy as np

import designer
from designer.arrays import Real
from designer.evaluation.moved_head import displaced_heads_m, possible_heads_m
from designer.evaluation.tolerance import draw, tolerance
from designer.problem import Problem
from designer.problem.library import library
from designer.problem.schema import DesignTable, Spread, Tolerance

HERE = Path(__file__).parent
COLUMNS = ("problem", "effort_db", "design", "median_db", "fifth_percentile_db")
PLAIN, CLOUD, ROBUST = "one place", "the ear cloud", "the ear cloud and a drivers' spread"
SPREAD = Spread(gain_db=1.0, phase_deg=6.0)
PLACES, DRAWS = 8, 40
"""Places of each head that no design looked at, and devices drawn at each."""
DEEPER_DB = 60.0
"""More than any design reaches: all of them then spend the whole effort limit, at every frequency of the band."""

BEGINNING = f"""# What robust designs are worth

The left ear's channel of every problem of the library that has one is asked for {DEEPER_DB:g} dB within the file's own limit of
effort, so that all three designs spend the same effort at every frequency:

- *{PLAIN}*: over the cloud's middle and the first head alone;
- *{CLOUD}*: over the file's heads and ear cloud;
- *{ROBUST}*: over these, with a `driver_spread` of {SPREAD.gain_db:g} dB and
  {SPREAD.phase_deg:g} degrees.

Their realised filters are judged together: {PLACES} places of each head that no design looked at, and {DRAWS} devices drawn at each
by the defaults of `[tolerance]` (gain, phase and place of every driver, temperature, size of the head). All in dB, over heads,
places, devices and the band's frequencies.

"""
ENDING = """
An ear cloud alone can cost what it was meant to save: what is deep at many places takes finer differences between drivers,
which drivers that differ do not play. With a spread of about what gain, phase and place of real drivers do together, the 5th
percentile is above that of the design for one place {where}.
"""


@dataclass(frozen=True)
class Row:
    """One design of one problem."""

    problem: str
    effort_db: float
    design: str
    median_db: float
    fifth_percentile_db: float


def left_ear(problem: Problem) -> DesignTable | None:
    """The left ear's channel, where there is one; none where there are several listeners, with channels for each."""
    return next((table for table in problem.designs if table.ear == "left" and problem.listeners is None), None)


def variants(problem: Problem, table: DesignTable) -> dict[str, Problem]:
    """The three problems to design, from the left ear's channel."""
    deep = table.model_copy(
        update={
            "cancellation_gain_db": [[1000.0, DEEPER_DB]],
            "max_effort_db": 12.0 if table.max_effort_db is None else table.max_effort_db,
            "method": "power-ratio",
            "driver_spread": None,
        }
    )
    ears_problem = problem.model_copy(update={"designs": [deep], "virtualizer": None, "tolerance": None, "room": None})
    alone = ears_problem.listener.model_copy(update={"ear_cloud_m": [[0.0, 0.0, 0.0]], "head": ears_problem.heads[0]})
    spread = deep.model_copy(update={"driver_spread": SPREAD})
    return {
        PLAIN: ears_problem.model_copy(update={"listener": alone}),
        CLOUD: ears_problem,
        ROBUST: ears_problem.model_copy(update={"designs": [spread]}),
    }


def judged(problem: Problem, taps: dict[str, Real], frequency_hz: Real) -> dict[str, Real]:
    """Cancellation gain in dB of each design's taps (L, T), over heads, places, draws and frequencies."""
    table = left_ear(problem)
    assert table is not None
    cloud_m = np.array(problem.listener.ear_cloud_m, dtype=float)
    moves_m = possible_heads_m(problem, displaced_heads_m(cloud_m))
    gains: dict[str, list[Real]] = {name: [] for name in taps}
    for n, move_m in enumerate(moves_m[:: max(1, len(moves_m) // PLACES)][:PLACES]):
        place_m = [float(x) for x in np.array(problem.listener.position_m) + move_m]
        for head in problem.heads:
            place = {"position_m": place_m, "ear_cloud_m": [[0.0, 0.0, 0.0]], "head": head}
            listener = problem.listener.model_copy(update=place)
            scene = designer.scene(problem.model_copy(update={"listener": listener})).at(frequency_hz)
            draws = draw(Tolerance(draws=DRAWS, seed=n), len(problem.drivers), problem.listener.head_radius_m)
            for name, channel_taps in taps.items():
                gains[name].append(
                    tolerance([table], {table.name: channel_taps}, scene, draws)[table.name].gain_db.ravel()
                )
    return {name: np.concatenate(parts) for name, parts in gains.items()}


def measured(names: Iterable[str] | None = None) -> list[Row]:
    """Rows of some problems of the library, or of all."""
    rows = []
    for path, _ in library().values():
        if names is not None and path.stem not in names:
            continue
        problem = designer.load(path)
        channel = left_ear(problem)
        if channel is None:
            continue
        every = variants(problem, channel)
        results = {name: designer.design(variant) for name, variant in every.items()}
        taps = {name: design.taps[design.problem.designs[0].name] for name, design in results.items()}
        effort_db = every[CLOUD].designs[0].max_effort_db
        assert effort_db is not None
        for name, gains in judged(problem, taps, results[CLOUD].even_scene.frequency_hz).items():
            median, low = np.percentile(gains, [50, 5])
            rows.append(Row(path.stem, effort_db, name, float(median), float(low)))
    return rows


def table(rows: list[Row]) -> str:
    """The table as CSV, to a hundredth of a dB."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    for row in rows:
        problem, effort_db, design, *numbers = astuple(row)
        writer.writerow([problem, f"{effort_db:g}", design, *(f"{number:.2f}" for number in numbers)])
    return out.getvalue()


def read(text: str) -> list[Row]:
    """The table back."""
    lines = list(csv.reader(io.StringIO(text)))[1:]
    return [Row(line[0], float(line[1]), line[2], float(line[3]), float(line[4])) for line in lines]


def page(rows: list[Row]) -> str:
    """The page, in Markdown: the best 5th percentile of each problem in bold."""
    lines = [
        BEGINNING
        + f"| problem | effort | median, {PLAIN} | {CLOUD} | and a spread | 5th percentile, {PLAIN} | {CLOUD} | and a spread |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for name in dict.fromkeys(row.problem for row in rows):
        by_design = {row.design: row for row in rows if row.problem == name}
        best = max(row.fifth_percentile_db for row in by_design.values())
        cells = [f"{by_design[design].median_db:.1f}" for design in (PLAIN, CLOUD, ROBUST)]
        for design in (PLAIN, CLOUD, ROBUST):
            low = by_design[design].fifth_percentile_db
            cells.append(f"**{low:.1f}**" if low == best else f"{low:.1f}")
        lines.append(f"| {name} | {by_design[PLAIN].effort_db:g} dB | " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n" + ENDING.format(where=where(rows))


def where(rows: list[Row]) -> str:
    """On which problems the spread is worth its place in the design."""
    low = {(row.problem, row.design): row.fifth_percentile_db for row in rows}
    lost = {
        name: f"`{name}` ({low[name, ROBUST]:.1f} against {low[name, PLAIN]:.1f} dB)"
        for name, design in low
        if design == PLAIN and low[name, ROBUST] <= low[name, PLAIN]
    }
    return "on every problem" + (f" but {', '.join(lost.values())}" if lost else "")


if __name__ == "__main__":
    text = table(measured())
    (HERE / "robust.csv").write_text(text, encoding="utf-8")
    (HERE / "README.md").write_text(page(read(text)), encoding="utf-8")
