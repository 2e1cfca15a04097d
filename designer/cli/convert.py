"""`designer convert`: its options."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, cast

import typer

from designer.cli.application import ForceFile, NoCache, app
from designer.cli.terminal import Stages, say_all
from designer.errors import UsageError


@app.command()
def convert(
    files: Annotated[
        list[str],
        typer.Argument(
            metavar="FILE...",
            help='Measured files, a pattern in quotes ("device.sofa#tweeter" picks one driver), or one problem file.',
        ),
    ],
    out: Annotated[Path, typer.Option("-o", metavar="OUT.sofa", help="The file to write.")],
    name: Annotated[
        str | None,
        typer.Option(
            help="Take all files as one driver of this name; by default a driver is what stands before plane and angle."
        ),
    ] = None,
    gate_ms: Annotated[float | None, typer.Option(min=0.01, help="Window against reflections, as gate_ms.")] = None,
    distance: Annotated[
        float | None,
        typer.Option(
            min=0.001,
            metavar="M",
            help="Distance of the measurement, if its file does not state it (as response_distance_m). For a problem's device:"
            " radius of the sphere of directions; by default the circle's, or the listener's distance if the circle is far.",
        ),
    ] = None,
    clockwise: Annotated[
        bool,
        typer.Option("--clockwise", help="Horizontal angles count clockwise seen from above, as response_clockwise."),
    ] = False,
    facing: Annotated[
        tuple[float, float],
        typer.Option(
            metavar="AZIMUTH ELEVATION",
            help="Where the driver faces in a file that holds a whole device, in degrees, as facing_deg.",
        ),
    ] = (0.0, 0.0),
    angles: Annotated[
        str | None,
        typer.Option(
            metavar="PATTERN", help='Where the angles stand in the names, as response_angles: "woofer_{azimuth}_*".'
        ),
    ] = None,
    channel: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="Channel of the sound files, as response_channel.")
    ] = None,
    turned_about: Annotated[
        tuple[float, float, float] | None,
        typer.Option(
            metavar="X Y Z",
            help="Position of the driver relative to the point that its set was turned about, in metres along the device's"
            " axes; for one driver at a time. A problem file says it by position_m and response_turned_about.",
        ),
    ] = None,
    time: Annotated[
        str, typer.Option(metavar="auto|shared|own", help="Whether drivers share a time reference, as response_time.")
    ] = "auto",
    speed_of_sound: Annotated[
        float, typer.Option(min=100.0, max=2000.0, metavar="M/S", help="Speed of sound in the air.")
    ] = 343.0,
    convention: Annotated[
        str | None,
        typer.Option(
            metavar="FreeFieldDirectivityTF|GeneralTF|GeneralTF-E",
            help="What the file holds of a problem's device: its drivers on a sphere (FreeFieldDirectivityTF, the default),"
            " or at the ears and on the circle (GeneralTF and GeneralTF-E).",
        ),
    ] = None,
    force: ForceFile = False,
    no_cache: NoCache = False,
) -> None:
    """Write measured data or a problem's device as SOFA.

    Drivers (FRD and REW sets, spinorama tables, impulse responses, complex tables, SOFA directivities) become
    FreeFieldDirectivityTF: one measurement a driver, on the level and time that a design uses (stated in the file's
    comment), at the distance of the microphones or 1 m. Drivers of one file share directions and frequencies and face
    the front. A measured head becomes SimpleFreeFieldHRIR, a whole measured device GeneralTF-E or GeneralFIR-E; for
    these no option but -o applies.

    The device of a problem file, its body solved or in closed form, becomes FreeFieldDirectivityTF (one measurement a driver, on
    a sphere about the device), or GeneralTF or GeneralTF-E (at the ears with the head, and on the circle without it). A problem
    reads the first back as `response` of each driver, the others as `transfer` of [scene].
    """
    from designer.acoustics.device_file import CONVENTIONS
    from designer.acoustics.measured.convert import DriverOptions, check_writable
    from designer.acoustics.measured.convert import convert as write
    from designer.acoustics.measured.driver_sets import TimeKey

    check_writable(out, force=force)
    if time not in ("auto", "shared", "own"):
        raise UsageError(f"--time: got {time!r}; expected auto, shared, own")
    if convention not in (None, *CONVENTIONS):
        raise UsageError(f"--convention: got {convention!r}; expected {', '.join(CONVENTIONS)}")
    options = DriverOptions(
        name, gate_ms, distance, clockwise, facing, angles, channel, turned_about, cast(TimeKey, time)
    )
    with Stages("converting"):
        converted = write(
            files,
            out,
            options=options,
            speed_of_sound_m_s=speed_of_sound,
            convention=convention,
            force=force,
        )
    say_all(converted.lines)
    say_all(converted.warnings, "warning")
