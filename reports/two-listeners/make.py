"""Makes this folder's tables, figure and page: two listeners 0.7 m apart at 2.5 m, by eight drivers and by 24.

    python reports/two-listeners/make.py

writes isolation.csv, isolation.svg and README.md beside it.
A test computes a part of the table again.
"""

from __future__ import annotations

import csv
import io
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
SEAT, OTHER = "left seat", "right seat"
EIGHT, MANY = "eight drivers on 0.8 m", "24 drivers on 1.15 m"
EAR, ZONE = "one ear", "both ears"
ROOM = Room(size_m=[5.0, 4.0, 2.5], rt60_s=0.3, device_m=[0.6, 2.0, 1.0])
LARGE_ROOM = Room(size_m=[8.0, 5.0, 2.7], rt60_s=0.3, device_m=[0.6, 2.5, 1.0])
DRAWS = 300
LOOKS: dict[str, dict[str, Any]] = {EIGHT: {"color": 0}, MANY: {"color": 1, "dash": "dash"}}


@dataclass(frozen=True)
class Row:
    """One programme by one device, numbers in dB."""

    device: str
    programme: str
    other_ear_db: float | None
    other_ear_moved_5th_percentile_db: float | None
    isolation_db: float
    isolation_moved_5th_percentile_db: float
    isolation_drawn_5th_percentile_db: float
    room_isolation_db: float
    room_isolation_drawn_5th_percentile_db: float
    large_room_isolation_db: float
    large_room_isolation_drawn_5th_percentile_db: float
    largest_effort_db: float
    status: int


def problem(device: str, programme: str) -> Problem:
    """The library's two listeners by one of the devices, one of the programmes for the left seat."""
    base = designer.load(library()["two-listeners"][0])
    data = base.model_dump(exclude_unset=True)
    if device == MANY:
        places = np.linspace(-0.575, 0.575, 24).tolist()
        data["drivers"] = [{"name": f"d{n + 1}", "position_m": [0.0, round(y, 6), 0.0]} for n, y in enumerate(places)]
    ear = next(table for table in data["designs"] if table["name"] == f"{SEAT}, right")
    if device == MANY:
        ear |= {
            "cancellation_gain_db": [[1000, 10], [2000, 16], [4000, 18]],
            "dark_gain_db": [[1000, 20], [2000, 25], [4000, 27]],
        }
    if programme == ZONE:
        zone = {
            key: value
            for key, value in ear.items()
            if key not in ("listener", "ear", "dark_gain_db", "cancellation_gain_db")
        }
        ear = zone | {"name": SEAT, "kind": "zone", "bright": [SEAT], "cancellation_gain_db": ear["dark_gain_db"]}
    data |= {
        "title": f"{programme} of the {SEAT} by {device}",
        "designs": [ear],
        "room": ROOM,
        "tolerance": {"draws": DRAWS},
    }
    return changed(base, data)


def row(device: str, programme: str, design: Result) -> Row:
    """Numbers of a design, as its page has them."""
    (name,) = design.channels
    numbers = design.scalars[name].values | design.robustness(name)
    scene, draws = design.fine_scene, draw_of(design.problem)
    large = isolation_in_room(design.problem.designs, design.taps, scene, LARGE_ROOM, draws)[name]
    ears = programme == EAR
    return Row(
        device,
        programme,
        numbers["mean_cancellation_gain_db"] if ears else None,
        numbers["moved_head_5th_percentile_db"] if ears else None,
        numbers["mean_isolation_db"],
        numbers["moved_isolation_5th_percentile_db"],
        numbers["tolerance_isolation_5th_percentile_db"],
        numbers["room_isolation_db"],
        numbers["room_isolation_5th_percentile_db"],
        large.mean_db,
        large.drawn_percentile_db(5.0),
        numbers["largest_effort_db"],
        design.status,
    )


def rows(designs: dict[tuple[str, str], Result]) -> list[Row]:
    """Every device by every programme."""
    return [row(device, programme, design) for (device, programme), design in designs.items()]


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


def picture(designs: dict[tuple[str, str], Result]) -> str:
    """Isolation over frequency, a panel a programme, with the room's by third octave."""
    panels = []
    for n, programme in enumerate((EAR, ZONE)):
        lines = []
        for device in (EIGHT, MANY):
            design = designs[device, programme]
            (name,) = design.channels
            numbers, room = design.evaluation.metrics_of(name), design.room_isolation[name]
            low_hz, high_hz = design.channels[name].table.band_hz
            band = (numbers["frequency_hz"] >= low_hz) & (numbers["frequency_hz"] <= high_hz)
            lines.append(
                line(numbers["frequency_hz"][band], numbers["isolation_db"][band], device, width=1.8, **LOOKS[device])
            )
            lines.append(
                line(
                    room.middle_hz,
                    room.isolation_db,
                    f"{device}, in the room",
                    marker="circle",
                    width=1.0,
                    **LOOKS[device],
                )
            )
        x, y = frequency_axis((900.0, 4500.0)), axis("Isolation in dB", "dB", 0.0, 35.0)
        panels.append(curves(x, y, lines, title=f"A programme for {programme}", place=(0, n)))
    return svg(draw(figure(panels, 3.4, legend_columns=2)))


def page(numbers: list[Row]) -> str:
    """README.md."""
    lines = [
        "# Two listeners, each with a programme of their own",
        "",
        "Two heads 0.7 m apart at 2.5 m; one hears a programme at one ear (the other ear and both of the other listener's are dark), or at",
        "both. Realised taps. Columns of moved heads (anywhere within 3 cm) and of 300 drawn devices are 5th percentiles; the rooms have",
        "5 x 4 x 2.5 m and 8 x 5 x 2.7 m, and a reverberation time of 0.3 s.",
        "Made by `python reports/two-listeners/make.py`.",
        "",
        "| device | for | own other ear | heads moved | other listener | heads moved | devices, free field | room | devices, room"
        " | large room | devices, large room |",
        f"|{11 * '---|'}",
    ]
    for entry in numbers:
        _, _, *values = astuple(entry)
        shown = " | ".join("" if value is None else f"{round(value, 2):.1f}" for value in values[:9])
        lines.append(f"| {entry.device} | {entry.programme} | {shown} |")
    lines += [
        "",
        "dB; means over the band, 1 to 4 kHz. Free field: [isolation.svg](isolation.svg), numbers in [isolation.csv](isolation.csv).",
        "",
        "![Isolation over frequency](isolation.svg)",
        "",
        "Beside it, measured by others in a real room with tracked heads (BSANN, arXiv 2601.06621): 10.2 dB between zones, 11.1 dB between",
        "programmes, 10.6 dB of crosstalk cancellation. Room and layout differ, so these numbers rank nothing.",
        "In the simulated room all sound counts, early and late: what the walls send back reaches both listeners alike, and is what limits",
        "the isolation there, whatever the filters do to the direct sound.",
    ]
    return "\n".join(lines) + "\n"


def main() -> None:
    """Write the folder."""
    designs = {
        (device, programme): designer.design(problem(device, programme))
        for device in (EIGHT, MANY)
        for programme in (EAR, ZONE)
    }
    numbers = rows(designs)
    (HERE / "isolation.csv").write_text(table(numbers), encoding="utf-8")
    (HERE / "isolation.svg").write_text(picture(designs), encoding="utf-8")
    (HERE / "README.md").write_text(page(numbers), encoding="utf-8")


if __name__ == "__main__":
    main()
