"""Makes this folder's tables, figures and page: what it is worth to design against the box that a device is in.

    python reports/box/make.py

writes gains.csv, levels.csv, nulls.csv, gains.svg, levels.svg and README.md beside it. A test computes a part of the tables again.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from dataclasses import astuple, dataclass, fields
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
from designer.report.canvas import svg
from designer.report.figure_data import Curves, axis, figure, frequency_axis, line
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
FRONT, ENDS = ["front 1", "front 2", "front 3", "front 4"], ["left end", "right end"]
CASES = {
    "beam, front drivers": ("beam", FRONT),
    "beam, front and ends": ("beam", [*FRONT, *ENDS]),
    "canceller, front drivers": ("canceller", FRONT),
    "canceller, ends": ("canceller", ENDS),
    "canceller, front and ends": ("canceller", [*FRONT, *ENDS]),
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
TABLE_HZ = (500.0, 1000.0, 2000.0, 4000.0)
LEVELS_HZ = np.unique(np.concatenate([np.geomspace(100.0, 5000.0, 80), TABLE_HZ]))
PAIRS = {
    "a front driver by its neighbour": ("front 2", "front 3"),
    "an end driver by the nearest on the front": ("right end", "front 4"),
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
    """A row, and its gains over frequency (F,)."""

    row: Row
    frequency_hz: Real
    promised_db: Real
    true_db: Real


@dataclass(frozen=True)
class Level:
    """Level of a driver in free field and on a baffle over that in the box, in dB; NaN where a baffle has it not."""

    driver: str
    azimuth_deg: float
    frequency_hz: float
    free_db: float
    baffle_db: float


@dataclass(frozen=True)
class Null:
    """Level in the box of what is left at the listener of one of PAIRS, cancelled as an enclosure says, over the driver's own, in dB."""

    pair: str
    designed_in: str
    frequency_hz: float
    left_db: float


def problem_of(case: str, enclosure: str) -> Problem:
    """A case as it is designed in an enclosure."""
    design, drivers = CASES[case]
    return _changed(drivers, enclosure, design)


def _changed(drivers: list[str], enclosure: str, design: str) -> Problem:
    data = BAR.model_dump(exclude_unset=True)
    table = next(table for table in data["designs"] if table["name"] == design)
    if len(drivers) == 2:
        table["kind"] = "ctc"
    places = [driver for driver in data["drivers"] if driver["name"] in drivers]
    return changed(BAR, data | {"enclosure": ENCLOSURES[enclosure], "drivers": places, "designs": [table]})


def enclosures_of(drivers: Iterable[str]) -> list[str]:
    """What drivers can be designed in: a baffle has them in its plane alone."""
    return [name for name in ENCLOSURES if name != BAFFLE or not set(drivers) & set(ENDS)]


def measured(cases: Iterable[str] = tuple(CASES)) -> list[Gains]:
    """All designs of some cases, judged in the box."""
    out = []
    for case in cases:
        inside = designer.scene(problem_of(case, BOX))
        for enclosure in enclosures_of(CASES[case][1]):
            design = designer.design(problem_of(case, enclosure))
            (name,) = design.channels
            promised = design.evaluation.metrics_of(name)
            f = promised["frequency_hz"]
            true = designer.evaluate(design, inside.at(f)).metrics_of(name)
            band = (f >= BAND_HZ[0]) & (f <= BAND_HZ[1])
            own_db, true_db = (numbers["cancellation_gain_db"][band] for numbers in (promised, true))
            numbers = float(own_db.mean()), float(true_db.mean()), float(true_db.min()), line_db(design, inside)
            out.append(Gains(Row(case, enclosure, *numbers), f[band], own_db, true_db))
    return out


def line_db(design: Any, inside: Scene) -> float:
    """Mean over frequency of the median gain of a product line in the box."""
    draws = draw(Tolerance(draws=DRAWS), len(inside.drivers), inside.problem.listener.head_radius_m)
    even = inside.at(design.even_scene.frequency_hz)
    (spread,) = tolerance(design.problem.designs, design.taps, even, draws).values()
    return float(np.median(spread.gain_db, axis=0).mean())


def pressures(places_m: Real | None) -> dict[str, Complex]:
    """H (F, A or M, L) of all drivers by enclosure at LEVELS_HZ, at AROUND_DEG or at places (M, 3); NaN for a baffle's ends."""
    out = {}
    for enclosure in ENCLOSURES:
        drivers = FRONT if enclosure == BAFFLE else list(BAR.driver_names)
        scene = designer.scene(_changed(drivers, enclosure, "beam")).at(LEVELS_HZ)
        found = scene.on_circle(np.array(AROUND_DEG)) if places_m is None else scene.field(places_m)
        out[enclosure] = np.full((*found.shape[:2], len(BAR.drivers)), np.nan, dtype=complex)
        out[enclosure][..., [BAR.driver_names.index(name) for name in drivers]] = found
    return out


def _index(frequency_hz: float) -> int:
    return int(np.searchsorted(LEVELS_HZ, frequency_hz))


def levels(around: dict[str, Complex]) -> list[Level]:
    """How far free field and a baffle are off, from pressures at AROUND_DEG."""
    rows = []
    for words, name in DRIVERS.items():
        l = BAR.driver_names.index(name)
        for a, azimuth_deg in enumerate(AROUND_DEG):
            for hz in TABLE_HZ:
                f = _index(hz)
                with np.errstate(divide="ignore"):  # silence behind a baffle
                    off = [amplitude_db(np.abs(around[e][f, a, l] / around[BOX][f, a, l])) for e in (FREE, BAFFLE)]
                rows.append(Level(words, azimuth_deg, hz, *(float(value) for value in off)))
    return rows


def nulls_db(there: dict[str, Complex]) -> dict[str, dict[str, Real]]:
    """By pair and enclosure: level (F,) in the box that a driver leaves at the listener, cancelled as the enclosure says, over its own."""
    out: dict[str, dict[str, Real]] = {}
    for words, names in PAIRS.items():
        a, b = (BAR.driver_names.index(name) for name in names)
        true = there[BOX][:, 0]
        out[words] = {
            enclosure: amplitude_db(
                np.abs(1 - there[enclosure][:, 0, a] / there[enclosure][:, 0, b] * true[:, b] / true[:, a])
            )
            for enclosure in enclosures_of(names)
            if enclosure != BOX
        }
    return out


def nulls(left: dict[str, dict[str, Real]]) -> list[Null]:
    """What is left at TABLE_HZ."""
    return [
        Null(pair, enclosure, hz, float(values[_index(hz)]))
        for pair, by_enclosure in left.items()
        for enclosure, values in by_enclosure.items()
        for hz in TABLE_HZ
    ]


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
        y = axis("Gain in the box in dB", "dB", -5.0, 70.0)
        panels.append(panel(_frequencies(BAND_HZ), y, lines, title=case.capitalize(), place=divmod(n, 2)))
    return svg(drawn(figure(panels, 4.8, legend_columns=4)))


def _article(enclosure: str) -> str:
    return {FREE: "free field", BAFFLE: "a baffle", BOX: "the box"}[enclosure]


def _frequencies(ends_hz: Iterable[float]) -> Any:
    low, high = ends_hz
    x = frequency_axis((low, high))
    x["ticks"] = [(float(hz), f"{hz:g}") for hz in (100, 200, 300, 500, 1000, 2000, 4000) if low <= hz <= high]
    return x


def levels_picture(around: dict[str, Complex], nulls: dict[str, dict[str, Real]]) -> str:
    """Free field's error of a front driver in three directions, and what is left where a driver is cancelled."""
    x = _frequencies((100.0, 5000.0))
    l = BAR.driver_names.index(DRIVERS["on the front"])
    off = amplitude_db(np.abs(around[FREE][..., l] / around[BOX][..., l]))
    looks = ({"color": 0}, {"color": 1, "dash": "dash"}, {"color": 2, "dash": "dashdot"})
    lines = [
        line(LEVELS_HZ, off[:, a], f"at {azimuth_deg:g}°", width=1.8, **look)
        for a, (azimuth_deg, look) in enumerate(zip(AROUND_DEG, looks, strict=True))
    ]
    left: Curves = panel(
        x,
        axis("Free field over the box in dB", "dB", -10, 30),
        lines,
        title="A front driver's level",
        place=(0, 0),
        legend="upper left",
    )
    dashes = {FREE: "dash", BAFFLE: "dot"}
    lines = [
        line(LEVELS_HZ, values, f"{words}, {_article(enclosure)}", color=n, dash=dashes[enclosure], width=1.8)
        for n, (words, by_enclosure) in zip((3, 5), nulls.items(), strict=True)
        for enclosure, values in by_enclosure.items()
    ]
    low = 10 * np.floor(min(float(line_["y"].min()) for line_ in lines) / 10)
    right: Curves = panel(
        x, axis("Level that is left in dB", "dB", low, 10), lines, title="Cancelled at the listener", place=(0, 1)
    )
    return svg(drawn(figure([left, right], 3.2, legend_columns=1)))


BEGINNING = f"""# What it is worth to design against the true box

A bar of 60 x 8 x 8 cm, six drivers of 4 cm ([bar.toml](bar.toml)), heard at 2 m. Its filters are designed as if the drivers
were in free field, as if those on the front were in a baffle without end, and in the box; all are realised with
{BAR.realization.taps} taps, within the same effort, and judged in the box, from {BAND_HZ[0]:g} Hz to {BAND_HZ[1] / 1000:g} kHz:

- *beam*: on axis over the arcs of 10 degrees around +/-90 degrees, with {BAR.designs[0].max_effort_db:g} dB of effort;
- *canceller*: the left ear over the right, over places of +/-3 cm, with {BAR.designs[1].max_effort_db:g} dB.

Each is asked for more than it reaches, so that all of them spend the whole effort. In dB: the mean gain where it was designed,
the mean and the least in the box, and the mean over frequency of the median of {DRAWS} devices of a product line in the box
(gain, phase and place of every driver, temperature and head, by the defaults of `[tolerance]`).

"""
LEVELS = """
![Gain over frequency of each design, judged in the box](gains.svg)

Why: the level of a driver in free field, and on a baffle, over its level in the box, in dB. The front's own driver is nearly right ahead
of the box and far too loud behind it; one at an end is the other way round.

"""
NULLS = """
![Level of a front driver in free field over the box, and what is left of a driver that another cancels](levels.svg)

{first} cancelled at the listener, by weights of free field, leaves {same_1:.0f} dB at 1 kHz and {same_4:.0f} dB at 4 kHz
in the box: both drivers are alike in what the box makes of them. {second} leaves {other_1:.0f} dB and
{other_4:.0f} dB: free field has the wrong ratio of the two.
"""
ENDING = """
What is lost is what the ends have to do with the front. Front drivers alone lose {beam_front:.1f} dB of the beam's gain and
{canceller_front:.1f} dB of the canceller's by free field, {beam_baffle:.1f} and {canceller_baffle:.1f} dB by a baffle; two ends
alone, each the mirror of the other, {ends:.1f} dB. Front and ends together lose {beam_both:.1f} and {canceller_both:.1f} dB:
free field promises {promised:.1f} dB of cancellation, and the box gives {true:.1f} dB, where its own design gives {own:.1f} dB.
In a product line, whose drivers differ, {line_free:.1f} against {line_box:.1f} dB are left.
"""


def page(rows: list[Row], off: list[Level], left: list[Null]) -> str:
    """The page, in Markdown, with what the numbers say."""
    lines = [
        BEGINNING + "| case | designed in | promised | mean in the box | least | product line |",
        "|---|---|---|---|---|---|",
    ]
    for row in rows:
        numbers = (row.promised_db, row.mean_db, row.least_db, row.line_db)
        lines.append(
            f"| {row.case} | {_article(row.designed_in)} | " + " | ".join(f"{value:.1f}" for value in numbers) + " |"
        )
    text = "\n".join(lines) + "\n" + ENDING.format(**_ending(rows)) + LEVELS
    text += (
        "| driver | direction | "
        + " | ".join(f"{hz:g} Hz" for hz in TABLE_HZ)
        + " |\n"
        + "|---" * (2 + len(TABLE_HZ))
        + "|\n"
    )
    for words in DRIVERS:
        for azimuth_deg in AROUND_DEG:
            cells = [_off(level) for level in off if (level.driver, level.azimuth_deg) == (words, azimuth_deg)]
            text += f"| {words} | {azimuth_deg:g}° | " + " | ".join(cells) + " |\n"
    first, second = PAIRS
    of = {(null.pair, null.designed_in, null.frequency_hz): null.left_db for null in left}
    levels_left = {
        f"{name}_{khz}": of[words, FREE, 1000.0 * khz]
        for name, words in (("same", first), ("other", second))
        for khz in (1, 4)
    }
    return text + NULLS.format(first=first.capitalize(), second=second.capitalize(), **levels_left)


def _off(level: Level) -> str:
    if np.isnan(level.baffle_db):
        return f"{level.free_db:+.1f}"
    return (
        f"{level.free_db:+.1f}, {level.baffle_db:+.1f}"
        if np.isfinite(level.baffle_db)
        else f"{level.free_db:+.1f}, silent"
    )


def _ending(rows: list[Row]) -> dict[str, float]:
    of = {(row.case, row.designed_in): row for row in rows}

    def lost(case: str, enclosure: str = FREE) -> float:
        return of[case, BOX].mean_db - of[case, enclosure].mean_db

    both = "canceller, front and ends"
    return {
        "beam_front": lost("beam, front drivers"),
        "beam_baffle": lost("beam, front drivers", BAFFLE),
        "canceller_front": lost("canceller, front drivers"),
        "canceller_baffle": lost("canceller, front drivers", BAFFLE),
        "ends": lost("canceller, ends"),
        "beam_both": lost("beam, front and ends"),
        "canceller_both": lost(both),
        "promised": of[both, FREE].promised_db,
        "true": of[both, FREE].mean_db,
        "own": of[both, BOX].mean_db,
        "line_free": of[both, FREE].line_db,
        "line_box": of[both, BOX].line_db,
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
        "levels.svg": levels_picture(around, left),
    }
    for name, content in files.items():
        (HERE / name).write_text(content, encoding="utf-8")
    rows, off, nulled = (
        read(kind, files[name]) for kind, name in ((Row, "gains.csv"), (Level, "levels.csv"), (Null, "nulls.csv"))
    )
    (HERE / "README.md").write_text(page(rows, off, nulled), encoding="utf-8")
