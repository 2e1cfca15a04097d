"""Makes this folder's table, figure and page: over what area each part of a stereo playback holds, with and without the upmix.

    python reports/listening-area/make.py

writes areas.csv, areas.svg and README.md beside it. A test computes the table again.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

import designer
from designer import measures
from designer.acoustics.head_places import ears_at
from designer.arrays import Complex, Real
from designer.evaluation.listening_zone import ZONE_DB, listening_zone
from designer.problem.library import library
from designer.problem.read import changed
from designer.realization import response
from designer.report.canvas import DASHES, in_style, svg
from designer.report.schemes import COLOURS, INK, SOFT
from designer.requirements.curves import in_band

HERE = Path(__file__).parent
X_M, Y_M = np.arange(-10, 16) * 0.1, np.arange(-30, 31) * 0.1
"""Places of the head from the listener's own: 1 m nearer to 1.5 m further, and 3 m to either side."""
NEAR_X_M, NEAR_Y_M = np.arange(-20, 31) * 0.05, np.arange(-30, 31) * 0.02
"""The same depth, and 0.6 m to either side: what cancellation is judged over."""
BAND_HZ = [200.0, 6000.0]
TONE_DB = 3.0
IMAGE_DB, IMAGE_S = 3.0, 133e-6
"""Ten degrees at low frequency: 3 (a/c) sin 10° of a head of 87.5 mm."""
ASIDE_M = 0.6
FRONT = "stereo-speaker, centre plain from the front driver"
CASES = ("smart-speaker", "stereo-speaker", FRONT)
SIDES, WITHOUT, WITH = "left and right, by cancellation", "the middle, without the upmix", "the middle, with the upmix"
COLUMNS = ("case", "plays", "holds_m2", "image_m2", "60_cm_aside_db")


@dataclass(frozen=True)
class Row:
    """One part of a playback.

    Attributes
    ----------
    holds_m2 : where the gain stays within ZONE_DB of the target's mean (sides), or the tone within TONE_DB of a single driver's (middle)
    image_m2 : where the middle is heard in the device, as a single driver's sound would be; NaN for the sides
    aside_db : the gain, or the deviation of the tone, ASIDE_M to the listener's right

    """

    case: str
    plays: str
    holds_m2: float
    image_m2: float
    aside_db: float


@dataclass(frozen=True)
class Map:
    """A part of a playback over the places (X, Y): it holds where the margin is positive."""

    row: Row
    x_m: Real
    y_m: Real
    margin_db: Real


def design_of(case: str) -> Any:
    """The library's problem, or the one whose beam plays outside its band from the driver in the middle."""
    problem = designer.load(library()[case.partition(",")[0]][0])
    if case == FRONT:
        data = problem.model_dump(exclude_unset=True)
        next(table for table in data["designs"] if table["name"] == "centre")["plain"] = ["front"]
        problem = changed(problem, data)
    return designer.design(problem)


def maps(case: str) -> list[Map]:
    """The three parts of one playback."""
    result = design_of(case)
    ears = [table for table in result.problem.designs if not table.is_beam]
    places, near = places_m(X_M, Y_M), places_m(NEAR_X_M, NEAR_Y_M)
    plain = {name: result.plain_weights(name, result.even_scene) for name in result.channels}
    pair = {side: result.taps.get(f"virtual-{side}", result.taps[side]) for side in ("left", "right")}
    single = np.zeros_like(result.taps["centre"])
    single[result.drivers.index("front"), 0] = 1.0
    beam = [table for table in result.problem.designs if table.name == "centre"]
    heard = {
        WITH: listening_zone(beam, result.taps, plain, result.even_scene, places),
        WITHOUT: listening_zone(ears, pair, plain, result.even_scene, places),
        "": listening_zone(beam, {"centre": single}, plain, result.even_scene, places),
    }
    sides = {table.name: result.taps[table.name] for table in ears}
    zones = listening_zone(ears, sides, plain, result.even_scene, near).channels.values()
    worst = np.min([zone.gain_db - zone.target_db for zone in zones], axis=0)
    gains = np.min([zone.gain_db for zone in zones], axis=0)
    parts = [_map(case, SIDES, (NEAR_X_M, NEAR_Y_M), worst + ZONE_DB, np.full(worst.size, np.nan), gains)]
    fed = {WITHOUT: pair["left"] + pair["right"], WITH: result.taps["centre"]}
    for plays, tone in zip(fed, tones_db(list(fed.values()), single, result.even_scene, places), strict=True):
        level = np.abs(heard[plays].level_db - heard[""].level_db) <= IMAGE_DB
        image = level & (np.abs(heard[plays].delay_s - heard[""].delay_s) <= IMAGE_S)
        parts.append(_map(case, plays, (X_M, Y_M), TONE_DB - tone, image.astype(float), tone))
    return parts


def places_m(x_m: Real, y_m: Real) -> Real:
    """Displacements (P, 3) on a grid, x outermost."""
    x, y = np.meshgrid(x_m, y_m, indexing="ij")
    return np.stack([x.ravel(), y.ravel(), np.zeros(x.size)], axis=1)


def _map(case: str, plays: str, grid_m: tuple[Real, Real], margin_db: Real, image: Real, values_db: Real) -> Map:
    x_m, y_m = grid_m
    shape, cell_m2 = (x_m.size, y_m.size), (x_m[1] - x_m[0]) * (y_m[1] - y_m[0])
    centre, aside = int(np.argmin(np.abs(x_m))), int(np.argmin(np.abs(y_m - ASIDE_M)))
    row = Row(
        case,
        plays,
        cell_m2 * int((margin_db >= 0).sum()),
        cell_m2 * float(image.sum()),
        float(values_db.reshape(shape)[centre, aside]),
    )
    return Map(row, x_m, y_m, margin_db.reshape(shape))


def tones_db(fed: list[Real], single: Real, scene: Any, places: Real) -> list[Real]:
    """How far the mean power at both ears, in third octaves, leaves that of a single driver, once what it does at the listener's own place
    and its change of level are taken out: (P,) a list of taps (L, T).
    """
    inside = in_band(scene.frequency_hz, BAND_HZ)
    f, rate = scene.frequency_hz[inside], scene.problem.sample_rate_hz
    weights = [response(taps, f, rate) for taps in (*fed, single)]
    octaves = np.log2(f)
    near = np.abs(octaves[:, None] - octaves) <= 1 / 6
    *levels, reference = (level @ (near / near.sum(axis=0)) for level in _levels_db(weights, scene.at(f), places))
    centre = int(np.argmin(np.abs(places).max(axis=1)))
    tones = []
    for level in levels:
        change = level - reference - (level - reference)[centre]
        tones.append(np.abs(change - (change @ measures.octave_shares(f, (f[0], f[-1])))[:, None]).max(axis=1))
    return tones


def _levels_db(weights: list[Complex], scene: Any, places: Real) -> Iterator[Real]:
    """Mean power at both ears in dB (P, F), of each of some weights (F, L)."""
    parts: list[list[Real]] = [[] for _ in weights]
    for H in ears_at(scene, places, np.zeros(len(places))):
        for part, w in zip(parts, weights, strict=True):
            part.append(measures.db(np.mean(np.abs(np.einsum("pelf,fl->pef", H, w)) ** 2, axis=1)))
    return (np.concatenate(part) for part in parts)


def measured(cases: tuple[str, ...] = CASES) -> list[Map]:
    """All parts of some cases."""
    return [part for case in cases for part in maps(case)]


def table(rows: list[Row]) -> str:
    """The table as CSV."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    for row in rows:
        image = "" if row.plays == SIDES else f"{row.image_m2:.2f}"
        writer.writerow([row.case, row.plays, f"{row.holds_m2:.2f}", image, f"{row.aside_db:.2f}"])
    return out.getvalue()


def read(text: str) -> list[Row]:
    """The table back."""
    lines = list(csv.reader(io.StringIO(text)))[1:]
    return [Row(case, plays, *(float(number or "nan") for number in numbers)) for case, plays, *numbers in lines]


def picture(parts: list[Map]) -> str:
    """A panel a case, seen from above, the device at the top: the outlines within which each part holds."""
    dashes = (DASHES["solid"], DASHES["dash"], DASHES["dot"])
    looks = dict(zip((SIDES, WITHOUT, WITH), zip(COLOURS, dashes, strict=False), strict=True))
    with in_style():
        fig = Figure(figsize=(7.2, 2.7), layout="constrained")
        for axes, case in zip(fig.subplots(1, len(CASES), sharey=True), CASES, strict=True):
            distance_m = 2.0
            for part in (part for part in parts if part.row.case == case):
                colour, dash = looks[part.row.plays]
                at = (part.y_m, part.x_m + distance_m, part.margin_db)
                axes.contourf(*at, levels=[0, 1e9], colors=[colour], alpha=0.18)
                axes.contour(*at, levels=[0], colors=[colour], linestyles=[dash], linewidths=1.8)
            axes.plot(0, distance_m, marker="+", color=INK, markersize=9, markeredgewidth=1.6)
            axes.plot(0, 0, marker="s", color=SOFT, markersize=6)
            axes.set(xlim=(-3, 3), ylim=(3.5, -0.2), aspect="equal", xlabel="y in m")
            axes.set_title(
                case.replace(", centre plain from", ",\nplain from") if case == FRONT else f"{case}\n", fontsize=9
            )
            axes.grid(visible=False)
        fig.axes[0].set_ylabel("x in m, from the device")
        handles = [
            Line2D([], [], color=colour, linestyle=dash, linewidth=1.8, label=plays)
            for plays, (colour, dash) in looks.items()
        ]
        fig.legend(handles=handles, loc="outside lower center", ncols=3)
        return svg(fig)


def page(rows: list[Row]) -> str:
    """The page, in Markdown, with what the numbers say."""
    of = {(row.case, row.plays): row for row in rows}
    lines = [WHY + "| case | what plays | holds over | image right over | 60 cm aside |", "|---|---|---|---|---|"]
    for row in rows:
        image = "" if row.plays == SIDES else f"{row.image_m2:.2f} m²"
        lines.append(f"| {row.case} | {row.plays} | {row.holds_m2:.2f} m² | {image} | {row.aside_db:.1f} dB |")
    return (
        "\n".join(lines)
        + "\n"
        + ENDING.format(
            **{
                name: f"{of[case, plays].holds_m2:.1f}"
                for name, case, plays in (
                    ("sides", CASES[0], SIDES),
                    ("without", CASES[0], WITHOUT),
                    ("with_", CASES[0], WITH),
                    ("bar_without", CASES[1], WITHOUT),
                    ("bar_with", CASES[1], WITH),
                    ("front", CASES[2], WITH),
                )
            }
        )
    )


WHY = f"""# Listening area: crosstalk cancellation against the beam, with and without the upmix

A stereo track's sides want cancellation, which holds in a small area. Its middle plays either through both cancelling channels alike
(without the upmix) or from the centre beam (with it). Both are judged over the head's place, on a field 2.5 m deep and 6 m wide, which is
15.86 m² of places, with the head facing straight on:

- the sides hold where the mean cancellation gain is at least the target's mean less {ZONE_DB:g} dB; 60 cm aside, the gain that is left;
- the middle holds where its tone, from {BAND_HZ[0]:g} Hz to {BAND_HZ[1] / 1000:g} kHz in third octaves, stays within {TONE_DB:g} dB of
  what a single driver in the middle does there, once level and the listener's own place are taken out; 60 cm aside, the deviation;
- its image is right where level and time between the ears are within {IMAGE_DB:g} dB and {IMAGE_S * 1e6:.0f} µs (10°) of a single driver's.

![Outlines of the areas, seen from above](areas.svg)

"""
ENDING = """
The compromise: what cancellation gives to the sides holds over {sides} m² around the smart speaker's listener, and no wider. The middle
does not need it: through both cancelling channels its tone holds over {without} m², from the beam over {with_} m². So the upmix gives
everybody the middle, and one listener the width. Its image stays in the device either way: drivers this near to each other cannot put it
elsewhere.

It is not so by itself. The bar's beam has a band of 250 to 500 Hz, and outside it plays plain from all three drivers, 60 cm wide together:
with the upmix the tone holds over {bar_with} m² only, against {bar_without} m² without. With `plain = ["front"]` for the centre it holds
over {front} m².
"""


if __name__ == "__main__":
    everything = measured()
    text = table([part.row for part in everything])
    (HERE / "areas.csv").write_text(text, encoding="utf-8")
    (HERE / "areas.svg").write_text(picture(everything), encoding="utf-8")
    (HERE / "README.md").write_text(page(read(text)), encoding="utf-8")
