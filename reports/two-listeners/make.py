"""Makes this folder's tables, figure and page: two listeners 0.7 m apart at 2.5 m, by eight drivers and by 24.

    python reports/two-listeners/make.py

writes isolation.csv, isolation.svg, places.csv and README.md beside it.
A test computes a part of the table again.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from dataclasses import astuple, dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np

import designer
from designer.evaluation.isolation_in_room import isolation_in_room
from designer.evaluation.tolerance import draw_of
from designer.problem.library import library
from designer.problem.read import changed
from designer.problem.schema import Problem, Room
from designer.report.canvas import svg
from designer.report.figure_data import axis, curves, figure, frequency_axis, line
from designer.report.printed import draw
from designer.result import Result

HERE = Path(__file__).parent
SEATS = ("left seat", "right seat")
EIGHT, MANY, ROWS = "eight drivers on 0.8 m", "24 drivers on 1.15 m", "24 drivers on 0.9 m, in two rows"
EAR, ZONE = "each ear", "both ears"
SMALL_ROOM = Room(size_m=[5.0, 4.0, 2.5], rt60_s=0.3, device_m=[0.6, 2.0, 1.0])
LIVING_ROOM = Room(size_m=[6.0, 5.0, 2.6], rt60_s=0.3, device_m=[0.6, 2.5, 1.0])
LARGE_ROOM = Room(size_m=[8.0, 5.0, 2.7], rt60_s=0.3, device_m=[0.6, 2.5, 1.0])
REFERENCE_ROOM = Room(size_m=[8.6, 6.9, 2.9], rt60_s=0.3, device_m=[0.6, 3.45, 1.0])
"""Listening room whose prescribed reverberation time is 0.3 s: 0.25 (V / 100 m³)^(1/3) s, of 172 m³ (ITU-R BS.1116-3)."""
BEFORE_WALL_M = (0.2, 0.3, 0.4, 0.6, 0.9)
"""Places of the device in the living room that are tried."""
ASKED_DB = 11.0
"""Isolation between listeners that is asked for in a room of 0.3 s, as a 5th percentile over drawn devices."""
DRAWS = 300
GAINS: dict[str, dict[str, list[list[float]]]] = {
    EIGHT: {"ear": [[1000, 5], [2000, 12], [4000, 15]], "dark": [[1000, 15], [2000, 20], [4000, 20]]},
    MANY: {"ear": [[1000, 10], [2000, 16], [4000, 18]], "dark": [[1000, 20], [2000, 25], [4000, 27]]},
    ROWS: {"ear": [[1000, 5], [2000, 12], [4000, 15]], "dark": [[1000, 18], [2000, 22], [4000, 22]]},
}
DIFFUSE = {
    EAR: [[1000, 9], [1250, 10], [2000, 12], [4000, 11]],
    ZONE: [[1000, 13], [1250, 14], [3150, 14.5], [4000, 13.5]],
}
LOOKS: dict[str, dict[str, Any]] = {
    EIGHT: {"color": 0},
    MANY: {"color": 1, "dash": "dash"},
    ROWS: {"color": 2, "dash": "dot"},
}


@dataclass(frozen=True)
class Row:
    """The left seat's programme beside the right seat's, by one device, numbers in dB; of two channels the worse."""

    device: str
    channels: str
    other_ear_db: float | None
    other_ear_moved_5th_percentile_db: float | None
    isolation_db: float
    isolation_moved_5th_percentile_db: float
    isolation_drawn_5th_percentile_db: float
    inter_zone_isolation_db: float
    inter_programme_isolation_db: float
    inter_programme_isolation_moved_5th_percentile_db: float
    inter_programme_isolation_drawn_5th_percentile_db: float
    reproduction_error_db: float
    small_room_isolation_db: float
    small_room_isolation_drawn_5th_percentile_db: float
    living_room_isolation_db: float
    living_room_isolation_drawn_5th_percentile_db: float
    living_room_inter_programme_isolation_drawn_5th_percentile_db: float
    large_room_isolation_db: float
    large_room_isolation_drawn_5th_percentile_db: float
    reference_room_isolation_db: float
    reference_room_isolation_drawn_5th_percentile_db: float
    largest_effort_db: float
    status: int


def places_m(device: str) -> list[list[float]]:
    """Places of a device's drivers: in a line, or in two lines of which one is 4 cm behind the other."""
    if device == ROWS:
        return [[x, round(y, 6), 0.0] for x in (0.0, -0.04) for y in np.linspace(-0.45, 0.45, 12).tolist()]
    half_m, count = (0.4, 8) if device == EIGHT else (0.575, 24)
    return [[0.0, round(y, 6), 0.0] for y in np.linspace(-half_m, half_m, count).tolist()]


def problem(device: str, channels: str) -> Problem:
    """The library's two listeners by one of the devices, each with a programme in two channels or in one."""
    base = designer.load(library()["two-listeners"][0])
    data = base.model_dump(exclude_unset=True)
    data["drivers"] = [{"name": f"d{n + 1}", "position_m": place} for n, place in enumerate(places_m(device))]
    gains = GAINS[device]
    more = {"diffuse_gain_db": DIFFUSE[channels]} if device == ROWS else {}
    if channels == EAR:
        more |= {"cancellation_gain_db": gains["ear"], "dark_gain_db": gains["dark"]}
        data["designs"] = [table | more for table in data["designs"]]
    else:
        common = {key: data["designs"][0][key] for key in ("band_hz", "max_effort_db")} | {"kind": "zone"}
        data["designs"] = [
            common | more | {"name": seat, "bright": [seat], "dark": [other], "cancellation_gain_db": gains["dark"]}
            for seat, other in (SEATS, SEATS[::-1])
        ]
    data |= {
        "title": f"A programme for {channels} of each seat by {device}",
        "room": LIVING_ROOM,
        "tolerance": {"draws": DRAWS},
    }
    return changed(base, data)


def row(device: str, channels: str, design: Result) -> Row:
    """Numbers of the left seat's channels, as the page has them, the worse of two."""
    names = [name for name in design.channels if name.startswith(SEATS[0])]
    numbers = [design.scalars[name].values | design.robustness(name) for name in names]
    draws = draw_of(design.problem)
    small, large, reference = (
        isolation_in_room(design.problem.designs, design.taps, design.fine_scene, room, draws, design.playback)
        for room in (SMALL_ROOM, LARGE_ROOM, REFERENCE_ROOM)
    )

    def least(key: str) -> float:
        return min(values[key] for values in numbers)

    ears = channels == EAR
    return Row(
        device,
        channels,
        least("mean_cancellation_gain_db") if ears else None,
        least("moved_head_5th_percentile_db") if ears else None,
        least("mean_isolation_db"),
        least("moved_isolation_5th_percentile_db"),
        least("tolerance_isolation_5th_percentile_db"),
        least("mean_inter_zone_isolation_db"),
        least("mean_inter_programme_isolation_db"),
        least("moved_inter_programme_isolation_5th_percentile_db"),
        least("tolerance_inter_programme_isolation_5th_percentile_db"),
        max(values["mean_reproduction_error_db"] for values in numbers),
        min(small[name].mean_db for name in names),
        min(small[name].drawn_percentile_db(5.0) for name in names),
        least("room_isolation_db"),
        least("room_isolation_5th_percentile_db"),
        least("room_inter_programme_isolation_5th_percentile_db"),
        min(large[name].mean_db for name in names),
        min(large[name].drawn_percentile_db(5.0) for name in names),
        min(reference[name].mean_db for name in names),
        min(reference[name].drawn_percentile_db(5.0) for name in names),
        max(values["largest_effort_db"] for values in numbers),
        design.status,
    )


def by_place(design: Result) -> list[tuple[float, float]]:
    """How far the device is before the living room's wall, and the 5th percentile over drawn devices of the left seat's isolation there."""
    found = []
    for away_m in BEFORE_WALL_M:
        room = LIVING_ROOM.model_copy(update={"device_m": [away_m, *LIVING_ROOM.device_m[1:]]})
        tables = [table for table in design.problem.designs if table.name == SEATS[0]]
        draws = draw_of(design.problem)
        judged = isolation_in_room(tables, design.taps, design.fine_scene, room, draws, design.playback)
        found.append((away_m, judged[SEATS[0]].drawn_percentile_db(5.0)))
    return found


def places_table(places: list[tuple[float, float]]) -> str:
    """Content of places.csv."""
    lines = ["distance_from_wall_m,isolation_drawn_5th_percentile_db"]
    return "\n".join([*lines, *(f"{away_m:g},{value_db:.2f}" for away_m, value_db in places)]) + "\n"


def rows(designs: Mapping[tuple[str, str], Result]) -> list[Row]:
    """Every device by every kind of programme."""
    return [row(device, channels, design) for (device, channels), design in designs.items()]


def table(numbers: list[Row]) -> str:
    """Rows as CSV."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(field.name for field in fields(Row))
    for entry in numbers:
        values = (
            "" if value is None else f"{value:.2f}" if isinstance(value, float) else value for value in astuple(entry)
        )
        writer.writerow(values)
    return out.getvalue()


def picture(designs: Mapping[tuple[str, str], Result]) -> str:
    """Isolation of the left seat's last channel over frequency, a panel a programme, with the living room's by third octave."""
    panels = []
    for n, channels in enumerate((EAR, ZONE)):
        lines = []
        for device, look in LOOKS.items():
            design = designs[device, channels]
            name = [name for name in design.channels if name.startswith(SEATS[0])][-1]
            numbers, room = design.evaluation.metrics_of(name), design.room_isolation[name]
            low_hz, high_hz = design.channels[name].table.band_hz
            band = (numbers["frequency_hz"] >= low_hz) & (numbers["frequency_hz"] <= high_hz)
            f, isolation_db = numbers["frequency_hz"][band], numbers["isolation_db"][band]
            lines.append(line(f, isolation_db, device, width=1.8, **look))
            in_room = f"{device}, in the living room"
            lines.append(line(room.middle_hz, room.isolation_db, in_room, marker="circle", width=1.0, **look))
        x, y = frequency_axis((900.0, 4500.0)), axis("Isolation in dB", "dB", 0.0, 35.0)
        panels.append(curves(x, y, lines, title=f"A programme for {channels}", place=(0, n)))
    return svg(draw(figure(panels, 3.6, legend_columns=2)))


HEADINGS = (
    "device",
    "channel for",
    "own other ear",
    "heads moved",
    "other listener",
    "heads moved",
    "devices",
    "between programmes",
    "heads moved",
    "devices",
    "error",
)
ROOM_HEADINGS = (
    "device",
    "channel for",
    "small room",
    "devices",
    "living room",
    "devices",
    "between programmes, devices",
    "large room",
    "devices",
    "reference room",
    "devices",
)


def rows_of(numbers: list[Row], headings: tuple[str, ...], keys: tuple[str, ...]) -> list[str]:
    """A table of some of the numbers."""
    lines = [f"| {' | '.join(headings)} |", f"|{len(headings) * '---|'}"]
    for entry in numbers:
        values = [getattr(entry, key) for key in keys]
        shown = " | ".join("" if value is None else f"{round(value, 2):.1f}" for value in values)
        lines.append(f"| {entry.device} | {entry.channels} | {shown} |")
    return lines


def in_rooms(numbers: list[Row], places: list[tuple[float, float]]) -> list[str]:
    """Where the isolation that is asked for is reached over drawn devices, and the best elsewhere, at several places of the device."""
    reached, short = list[str](), list[str]()
    for room in ("reference", "large", "living", "small"):
        key = f"{room}_room_isolation_drawn_5th_percentile_db"
        there = sorted(numbers, key=lambda entry: -getattr(entry, key))
        able = [entry for entry in there if round(getattr(entry, key), 2) >= ASKED_DB]
        reached += [
            f"{e.device}, for {e.channels}, in the {room} room ({round(getattr(e, key), 2):.1f} dB)" for e in able
        ]
        if not able:
            short.append(f"{round(getattr(there[0], key), 2):.1f} dB in the {room} room")
    values_db = [round(value_db, 2) for _, value_db in places]
    return [
        f"**{ASKED_DB:g} dB between listeners over drawn devices** are reached by {'; by '.join(reached) or 'none'}.",
        f"The best elsewhere: {', '.join(short) or 'none'}.",
        "What binds there is the room: its critical distance grows with √(V/T), and with the directivity towards the bright seat, which is",
        "least where the bar is short beside the wave, at 1 kHz. The place of the device moves the best in the living room by some tenths:",
        f"{min(values_db):.1f} to {max(values_db):.1f} dB with it {places[0][0]:g} to {places[-1][0]:g} m before the wall"
        " ([places.csv](places.csv)).",
    ]


def page(numbers: list[Row], places: list[tuple[float, float]]) -> str:
    """README.md."""
    names = [field.name for field in fields(Row) if field.name.endswith("_db")]
    rooms = ("small_room_isolation_db", "small_room_isolation_drawn_5th_percentile_db", "living_room_isolation_db",
             "living_room_isolation_drawn_5th_percentile_db",
             "living_room_inter_programme_isolation_drawn_5th_percentile_db", "large_room_isolation_db",
             "large_room_isolation_drawn_5th_percentile_db", "reference_room_isolation_db",
             "reference_room_isolation_drawn_5th_percentile_db")  # fmt: skip
    free = tuple(
        name for name in names if "room" not in name and name not in ("inter_zone_isolation_db", "largest_effort_db")
    )
    lines = [
        "# Two listeners, each with a programme of their own",
        "",
        "Two heads 0.7 m apart at 2.5 m; each hears a programme, in a channel for each ear (the other ear and both of the other listener's",
        "are dark) or in one for both. Realised taps; the left seat's channels, of two the worse. Moved heads (anywhere within 3 cm) and",
        "300 drawn devices are 5th percentiles. Made by `python reports/two-listeners/make.py`.",
        "",
        "**Free field**, dB, means over the band, 1 to 4 kHz:",
        "",
        *rows_of(numbers, HEADINGS, free),
        "",
        "Other listener: a channel at its bright points over both ears of the other listener. Between programmes: at the left seat all",
        "its channels over all of the other programme's, equally loud; with one channel a seat, and seats that mirror each other, the two",
        "are the same. Error: reproduction error against plain playback at the bright points. All numbers: [isolation.csv](isolation.csv).",
        "",
        "![Isolation over frequency](isolation.svg)",
        "",
        "**Rooms** with a reverberation time of 0.3 s, the device 0.6 m before the wall, direct and reflected sound together: a small",
        "room of 5 x 4 x 2.5 m (50 m³), a living room of 6 x 5 x 2.6 m (78 m³), a large room of 8 x 5 x 2.7 m (108 m³), and a reference",
        "listening room of 8.6 x 6.9 x 2.9 m (172 m³): ITU-R BS.1116-3 has 0.25 (V / 100 m³)^(1/3) s, which is 0.3 s there:",
        "",
        *rows_of(numbers, ROOM_HEADINGS, rooms),
        "",
        *in_rooms(numbers, places),
        "",
        "What the walls send back reaches both listeners nearly alike, so that more cancellation at the other listener gains little",
        "there. What helps is directivity: how far the direct sound is above the mean over all directions, which the late sound follows.",
        "The two rows are designed with `diffuse_gain_db` for that, and asked for less at the other listener. A line radiates alike to its",
        "front, to its back, up and down, whatever its weights; a second row behind it takes the back away.",
        "",
        "Beside it, measured by others in a real room with tracked heads, from 100 Hz to 20 kHz (BSANN, arXiv 2601.06621): 10.2 dB between",
        "zones, 11.1 dB between programmes, 10.6 dB of crosstalk cancellation. Room and layout differ, so these numbers rank nothing.",
        "",
        "The isolation metrics are those of Y. Qiao, L. Guadagnin and E. Choueiri (JASA Express Letters 2, 104801, 2022).",
    ]
    return "\n".join(lines) + "\n"


def main() -> None:
    """Write the folder."""
    designs = {
        (device, channels): designer.design(problem(device, channels))
        for device in (EIGHT, MANY, ROWS)
        for channels in (EAR, ZONE)
    }
    numbers = rows(designs)
    (HERE / "isolation.csv").write_text(table(numbers), encoding="utf-8")
    (HERE / "isolation.svg").write_text(picture(designs), encoding="utf-8")
    places = by_place(designs[ROWS, ZONE])
    (HERE / "places.csv").write_text(places_table(places), encoding="utf-8")
    (HERE / "README.md").write_text(page(numbers, places), encoding="utf-8")


if __name__ == "__main__":
    main()
