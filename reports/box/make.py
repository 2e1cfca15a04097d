"""Makes this folder's tables, figures and page: what designing against the box of a device is worth.

    python reports/box/make.py

writes gains.csv, levels.csv, nulls.csv, gains.svg, azimuth.svg, levels.svg and README.md beside it.
A test computes a part of the tables again.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from dataclasses import astuple, dataclass, fields
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

import designer
from designer.acoustics.scene import Scene
from designer.arrays import Complex, Real
from designer.evaluation.tolerance import draw, tolerance
from designer.measures import amplitude_db
from designer.problem.read import changed
from designer.problem.schema import Problem, Tolerance
from designer.realization import response
from designer.report.canvas import svg
from designer.report.figure_data import axis, figure, frequency_axis, line
from designer.report.figure_data import curves as panel
from designer.report.printed import draw as drawn

HERE = Path(__file__).parent
BAR = designer.load(HERE / "bar.toml")
BAND_HZ = tuple(BAR.designs[0].band_hz)
DRAWS = 100
"""Devices of the product line."""
FREE, BAFFLE, BOX = "free field", "baffle", "box"
ENCLOSURES: dict[str, dict[str, Any]] = {
    FREE: {"model": "free-field"},
    BAFFLE: {"model": "baffle"},
    BOX: BAR.body.model_dump(exclude_unset=True),
}
ALL = list(BAR.driver_names)
ENDS = [ALL[0], ALL[-1]]
FRONT = ALL[1:-1]
CASES = {
    "beam, front drivers": ("beam", FRONT),
    "beam, front and ends": ("beam", ALL),
    "canceller, front drivers": ("canceller", FRONT),
    "canceller, ends": ("canceller", ENDS),
    "canceller, front and ends": ("canceller", ALL),
}
"""Each with its design of bar.toml and its drivers."""
SHOWN = tuple(case for case in CASES if case != "canceller, ends")
LOOKS: dict[str, dict[str, Any]] = {
    FREE: {"color": 1, "dash": "dash"},
    BAFFLE: {"color": 2, "dash": "dot"},
    BOX: {"color": 0},
}
DRIVERS = {"on the front": "front 3", "at an end": "right end"}
AROUND_DEG = (0.0, 90.0, 180.0)
AZIMUTH_DEG = np.arange(-180.0, 181.0, 2.0)
AZIMUTH_HZ = (500.0, 1000.0, 2000.0)
"""Of the figure of the beam over azimuth."""
TABLE_HZ = (500.0, 1000.0, 2000.0, 4000.0)
LEVELS_HZ = np.unique(np.concatenate([np.geomspace(100.0, 5000.0, 80), TABLE_HZ]))
PAIRS = {
    "a front driver, by its neighbour": ("front 1", "front 2"),
    "an end driver, by the nearest front driver": ("right end", "front 4"),
}
"""The driver that is cancelled at the listener, and the one that does it."""
T = TypeVar("T")


@dataclass(frozen=True)
class Row:
    """One design, over its band.

    Attributes
    ----------
    promised_db : mean gain in the enclosure that it was designed in
    mean_db : mean gain in the box
    least_db : least gain in the box
    line_db : mean over frequency of the median gain of DRAWS devices in the box

    """

    case: str
    designed_in: str
    promised_db: float
    mean_db: float
    least_db: float
    line_db: float


@dataclass(frozen=True)
class Gains:
    """A row, its gains over frequency (F,), and its level in the box at AZIMUTH_HZ and AZIMUTH_DEG (3, A) over that ahead."""

    row: Row
    frequency_hz: Real
    promised_db: Real
    true_db: Real
    around_db: Real


@dataclass(frozen=True)
class Level:
    """A driver in free field over the same in the box, in dB."""

    driver: str
    azimuth_deg: float
    frequency_hz: float
    over_db: float


@dataclass(frozen=True)
class Null:
    """Level in dB of the residual of one of PAIRS at the listener, in the box with the weights of free field, over the driver alone."""

    pair: str
    frequency_hz: float
    left_db: float


def problem_of(case: str, enclosure: str) -> Problem:
    """A case as it is designed in an enclosure."""
    design, drivers = CASES[case]
    data = BAR.model_dump(exclude_unset=True)
    table = next(table for table in data["designs"] if table["name"] == design)
    if len(drivers) == 2:
        table["kind"] = "ctc"
    places = [driver for driver in data["drivers"] if driver["name"] in drivers]
    return changed(BAR, data | {"enclosure": ENCLOSURES[enclosure], "drivers": places, "designs": [table]})


def enclosures_of(drivers: Iterable[str]) -> list[str]:
    """Enclosures that drivers can be designed in: a baffle has drivers in its plane alone."""
    return [name for name in ENCLOSURES if name != BAFFLE or not set(drivers) & set(ENDS)]


def measured(cases: Iterable[str] = tuple(CASES)) -> list[Gains]:
    """All designs of some cases, judged in the box."""
    out = []
    for case in cases:
        designs = {name: designer.design(problem_of(case, name)) for name in enclosures_of(CASES[case][1])}
        inside = designs[BOX].fine_scene  # the box is solved once
        for enclosure, design in designs.items():
            (name,) = design.channels
            promised = design.evaluation.metrics_of(name)
            f = promised["frequency_hz"]
            true = designer.evaluate(design, inside.at(f)).metrics_of(name)
            band = (f >= BAND_HZ[0]) & (f <= BAND_HZ[1])
            own_db, true_db = (numbers["cancellation_gain_db"][band] for numbers in (promised, true))
            numbers = float(own_db.mean()), float(true_db.mean()), float(true_db.min()), line_db(design, inside)
            out.append(Gains(Row(case, enclosure, *numbers), f[band], own_db, true_db, _around_db(design, inside)))
    return out


def _around_db(design: Any, inside: Scene) -> Real:
    there = inside.at(np.array(AZIMUTH_HZ))
    (taps,) = design.taps.values()
    w = response(taps, there.frequency_hz, design.problem.sample_rate_hz)
    level_db = amplitude_db(np.einsum("fal,fl->fa", there.on_circle(AZIMUTH_DEG), w))
    return np.asarray(level_db - level_db[:, [int(np.argmin(np.abs(AZIMUTH_DEG)))]])


def line_db(design: Any, inside: Scene) -> float:
    """Mean over frequency of the median gain of a product line in the box."""
    draws = draw(Tolerance(draws=DRAWS), len(inside.drivers), inside.problem.listener.head_radius_m)
    even = inside.at(design.even_scene.frequency_hz)
    (spread,) = tolerance(design.problem.designs, design.taps, even, draws).values()
    return float(np.median(spread.gain_db, axis=0).mean())


@cache
def _at_levels() -> dict[str, Scene]:
    """Free field and the box at LEVELS_HZ."""
    return {e: designer.scene(problem_of("beam, front and ends", e)).at(LEVELS_HZ) for e in (FREE, BOX)}


def pressures(places_m: Real | None) -> dict[str, Complex]:
    """H (F, A or M, L) in free field and in the box at LEVELS_HZ, at AROUND_DEG or at places (M, 3)."""
    return {
        e: scene.on_circle(np.array(AROUND_DEG)) if places_m is None else scene.field(places_m)
        for e, scene in _at_levels().items()
    }


def over_db(around: dict[str, Complex], driver: str) -> Real:
    """Level of a driver in free field over that in the box (F, A)."""
    l = ALL.index(driver)
    return amplitude_db(np.abs(around[FREE][..., l] / around[BOX][..., l]))


def levels(around: dict[str, Complex]) -> list[Level]:
    """Errors of free field, from pressures at AROUND_DEG."""
    return [
        Level(words, azimuth_deg, hz, float(over_db(around, name)[_index(hz), a]))
        for words, name in DRIVERS.items()
        for a, azimuth_deg in enumerate(AROUND_DEG)
        for hz in TABLE_HZ
    ]


def _index(frequency_hz: float) -> int:
    return int(np.searchsorted(LEVELS_HZ, frequency_hz))


def nulls_db(there: dict[str, Complex]) -> dict[str, Real]:
    """Level (F,) of each pair's residual at the listener, in the box with the weights of free field, over the driver alone."""
    out = {}
    for words, names in PAIRS.items():
        a, b = (ALL.index(name) for name in names)
        free, true = there[FREE][:, 0], there[BOX][:, 0]
        out[words] = amplitude_db(np.abs(1 - free[:, a] / free[:, b] * true[:, b] / true[:, a]))
    return out


def nulls(left: dict[str, Real]) -> list[Null]:
    """Residuals at TABLE_HZ."""
    return [Null(pair, hz, float(values[_index(hz)])) for pair, values in left.items() for hz in TABLE_HZ]


def table(rows: list[Any]) -> str:
    """Rows as CSV."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(field.name for field in fields(rows[0]))
    for row in rows:
        writer.writerow(value if isinstance(value, str) else f"{round(value, 2) + 0.0:.2f}" for value in astuple(row))
    return out.getvalue()


def read(kind: type[T], text: str) -> list[T]:
    """The rows back."""
    out = []
    for line_ in csv.DictReader(io.StringIO(text)):
        values = {
            key: value if key in ("case", "designed_in", "driver", "pair") else float(value)
            for key, value in line_.items()
        }
        out.append(kind(**values))
    return out


def gains_picture(found: list[Gains]) -> str:
    """Gain in the box over frequency, a panel a case; dotted what free field promised."""
    panels = []
    for n, case in enumerate(SHOWN):
        part = [one for one in found if one.row.case == case]
        lines = [
            line(one.frequency_hz, one.promised_db, "promised by free field", color="soft", dash="dot", width=1.2)
            for one in part
            if one.row.designed_in == FREE
        ]
        lines += [
            line(
                one.frequency_hz,
                one.true_db,
                f"designed in {_article(one.row.designed_in)}",
                width=1.8,
                **LOOKS[one.row.designed_in],
            )
            for one in part
        ]
        y = axis("Gain in dB", "dB", 0.0, 75.0)
        panels.append(panel(_frequencies(BAND_HZ), y, lines, title=case.capitalize(), place=divmod(n, 2)))
    return svg(drawn(figure(panels, 4.8, legend_columns=4)))


def azimuth_picture(found: list[Gains]) -> str:
    """Level over azimuth of the beam of front and ends, a panel a frequency, its nulls' arcs shaded."""
    (table,) = (design for design in BAR.designs if design.name == "beam")
    half_deg = table.null_width_deg / 2
    part = [one for one in found if one.row.case == "beam, front and ends"]
    panels = []
    for n, hz in enumerate(AZIMUTH_HZ):
        x = axis("Azimuth in degrees", "°", -180, 180, [-90, 0, 90])
        lines = [
            line(
                AZIMUTH_DEG,
                one.around_db[n],
                f"designed in {_article(one.row.designed_in)}",
                width=1.6,
                **LOOKS[one.row.designed_in],
            )
            for one in part
        ]
        arcs = [[azimuth_deg - half_deg, azimuth_deg + half_deg] for azimuth_deg in table.nulls_deg or []]
        y = axis("Level over that ahead in dB", "dB", -70, 15)
        panels.append(panel(x, y, lines, title=f"{hz:g} Hz", place=(0, n), shaded=arcs))
    return svg(drawn(figure(panels, 2.8)))


def _article(enclosure: str) -> str:
    return {FREE: "free field", BAFFLE: "a baffle", BOX: "the box"}[enclosure]


def _frequencies(ends_hz: Iterable[float]) -> Any:
    low, high = ends_hz
    x = frequency_axis((low, high))
    x["ticks"] = [(float(hz), f"{hz:g}") for hz in (200, 500, 1000, 2000, 4000) if low <= hz <= high]
    return x


def levels_picture(around: dict[str, Complex], left: dict[str, Real]) -> str:
    """Error of free field for two drivers, and the residual of a driver that another cancels."""
    x = _frequencies((100.0, 5000.0))
    front, end = (over_db(around, name) for name in DRIVERS.values())
    looks: tuple[dict[str, Any], ...] = ({"color": 0}, {"color": 1, "dash": "dash"}, {"color": 2, "dash": "dashdot"})
    lines = [
        line(LEVELS_HZ, front[:, a], f"a front driver, at {azimuth_deg:g}°", width=1.8, **look)
        for a, (azimuth_deg, look) in enumerate(zip(AROUND_DEG, looks, strict=True))
    ]
    lines.append(line(LEVELS_HZ, end[:, 0], "an end driver, at 0°", color="ink", dash="dot", width=1.8))
    level = axis("Level in free field over the box in dB", "dB", -10, 15)
    looks = ({"color": 3}, {"color": 4, "dash": "dash"})
    pairs = [
        line(LEVELS_HZ, values, words, width=1.8, **look)
        for (words, values), look in zip(left.items(), looks, strict=True)
    ]
    low = 10 * np.floor(min(float(values.min()) for values in left.values()) / 10)
    rest = axis("Residual in dB", "dB", low, 10)
    panels = [
        panel(x, level, lines, title="Error of free field", place=(0, 0)),
        panel(x, rest, pairs, title="Residual of a driver that another cancels", place=(0, 1)),
    ]
    return svg(drawn(figure(panels, 3.2, legend_columns=2)))


BEGINNING = f"""# What designing against the true box is worth

A bar of 60 x 8 x 8 cm with six drivers of 4 cm diameter ([bar.toml](bar.toml)) is heard at 2 m. Its filters are designed in three
ways: as if the drivers were in free field, as if those on the front were in an infinite baffle, and in the box. All are realised with
{BAR.realization.taps} taps, within the same effort, and judged in the box, from {BAND_HZ[0]:g} Hz to {BAND_HZ[1] / 1000:g} kHz. The gain is

- of the *beam*: the level on axis over that in the arcs of 10 degrees around +/-90 degrees, with
  {BAR.designs[0].max_effort_db:g} dB of effort;
- of the *canceller*: the level at the left ear over that at the right ear, for heads displaced by up to +/-3 cm, with
  {BAR.designs[1].max_effort_db:g} dB of effort.

Each design is asked for 60 dB, which few frequencies reach within that effort. All numbers are in dB:

- *promised* is the mean gain over frequency in the enclosure that the filters were designed in;
- *mean* and *least* are the mean and the smallest gain over frequency in the box;
- *product line* is the median gain of {DRAWS} devices in the box, as a mean over frequency. Their errors (gain, phase and place of
  every driver, temperature and size of the head) have the defaults of `[tolerance]`; the head stays at its place.

"""
LEVELS = """
## Why

The table holds the level of a driver in free field over its level in the box, in dB, at 2 m. Free field has no baffle step: a driver
on the front is up to {front:.1f} dB too soft ahead, about right at the sides, and up to {behind:.1f} dB too loud behind; a driver at an
end is too soft at its own side, and about right ahead. An error that all drivers share would change the tone alone; the difference
between drivers spoils a null.

"""
NULLS = """
![Level in free field over the level in the box, of a front driver and an end driver; residual of a driver that another cancels](levels.svg)

With the weights of free field one driver cancels another at the listener. In the box a residual is left, relative to the cancelled
driver alone. A front driver that its neighbour cancels leaves {same_1:.0f} dB at 1 kHz and {same_4:.0f} dB at 4 kHz. An end driver that the
nearest front driver cancels leaves {other_1:.0f} dB and {other_4:+.0f} dB: about as much as there was.
"""
ENDING = """
![Gain over frequency of each design, judged in the box](gains.svg)

A design in free field loses gain where the box changes one driver otherwise than another. The two ends mirror each other: with them alone
the canceller loses {ends:.1f} dB. Of the front drivers two are near an end: the beam of the front drivers loses {beam_front:.1f} dB, and
their canceller {canceller_front:.1f} dB. With front and ends together the beam loses {beam_both:.1f} dB and the canceller
{canceller_both:.1f} dB: the design in free field promises {promised:.1f} dB of cancellation and reaches {true:.1f} dB in the box, where the
design in the box reaches {own:.1f} dB. A baffle is no better: in front of it a driver radiates as in free field.

Designed in the box, the beam gains by the end drivers: it reaches {with_ends:.1f} dB, and {without_ends:.1f} dB with the front drivers
alone. Designed in free field, it loses by them: it reaches {free_with:.1f} dB, and {free_without:.1f} dB without them.

![Level over azimuth of the beam of front and ends, in the box](azimuth.svg)

Differences between the drivers of a product line bound the gain as well. There the canceller of front and ends reaches
{line_free:.1f} dB if it was designed in free field and {line_box:.1f} dB if it was designed in the box. The beam reaches
{beam_line_free:.1f} dB and {beam_line_box:.1f} dB: no such line keeps its deep nulls.
"""


def page(rows: list[Row], off: list[Level], left: list[Null]) -> str:
    """The page, in Markdown, with what the numbers say."""
    text = BEGINNING + _markdown(["case", "designed in", "promised", "mean", "least", "product line"])
    for row in rows:
        numbers = (row.promised_db, row.mean_db, row.least_db, row.line_db)
        text += _markdown([row.case, _article(row.designed_in), *(f"{value:.1f}" for value in numbers)], head=False)
    over = {(level.driver, level.azimuth_deg, level.frequency_hz): level.over_db for level in off}
    front = next(iter(DRIVERS))
    errors = {
        "front": max(-over[front, 0.0, hz] for hz in TABLE_HZ),
        "behind": max(over[front, 180.0, hz] for hz in TABLE_HZ),
    }
    text += ENDING.format(**_ending(rows)) + LEVELS.format(**errors)
    text += _markdown(["driver", "direction", *(f"{hz:g} Hz" for hz in TABLE_HZ)])
    for words in DRIVERS:
        for azimuth_deg in AROUND_DEG:
            cells = (f"{round(over[words, azimuth_deg, hz], 1) + 0.0:+.1f}" for hz in TABLE_HZ)
            text += _markdown([words, f"{azimuth_deg:g}°", *cells], head=False)
    of = {(null.pair, null.frequency_hz): null.left_db for null in left}
    first, second = PAIRS
    levels_left = {
        f"{name}_{khz}": of[words, 1000.0 * khz]
        for name, words in (("same", first), ("other", second))
        for khz in (1, 4)
    }
    return text + NULLS.format(**levels_left)


def _markdown(cells: list[str], *, head: bool = True) -> str:
    """A row of a table, and the line below its head."""
    return f"| {' | '.join(cells)} |\n" + ("|---" * len(cells) + "|\n" if head else "")


def _ending(rows: list[Row]) -> dict[str, float]:
    of = {(row.case, row.designed_in): row for row in rows}
    front, both, canceller = "beam, front drivers", "beam, front and ends", "canceller, front and ends"

    def lost(case: str) -> float:
        return of[case, BOX].mean_db - of[case, FREE].mean_db

    return {
        "ends": lost("canceller, ends"),
        "beam_front": lost(front),
        "canceller_front": lost("canceller, front drivers"),
        "beam_both": lost(both),
        "canceller_both": lost(canceller),
        "promised": of[canceller, FREE].promised_db,
        "true": of[canceller, FREE].mean_db,
        "own": of[canceller, BOX].mean_db,
        "line_free": of[canceller, FREE].line_db,
        "line_box": of[canceller, BOX].line_db,
        "beam_line_free": of[both, FREE].line_db,
        "beam_line_box": of[both, BOX].line_db,
        "with_ends": of[both, BOX].mean_db,
        "without_ends": of[front, BOX].mean_db,
        "free_with": of[both, FREE].mean_db,
        "free_without": of[front, FREE].mean_db,
    }


if __name__ == "__main__":
    everything = measured()
    listener = np.array([BAR.listener.position_m], dtype=float)
    around, left = pressures(None), nulls_db(pressures(listener))
    files = {
        "gains.csv": table([one.row for one in everything]),
        "levels.csv": table(levels(around)),
        "nulls.csv": table(nulls(left)),
        "gains.svg": gains_picture(everything),
        "azimuth.svg": azimuth_picture(everything),
        "levels.svg": levels_picture(around, left),
    }
    for name, content in files.items():
        (HERE / name).write_text(content, encoding="utf-8")
    text = page(read(Row, files["gains.csv"]), read(Level, files["levels.csv"]), read(Null, files["nulls.csv"]))
    (HERE / "README.md").write_text(text, encoding="utf-8")
