"""The command: a thin shell over `designer.load`, `designer.design` and `Design.save`."""

from __future__ import annotations

import os
import sys
import threading
from pathlib import Path
from typing import Annotated, cast

import typer

from designer.cli_firmware import EXPORT_TARGETS, export, import_coefficients
from designer.cli_sweep import sweep
from designer.errors import DesignerError, UsageError
from designer.render_command import render
from designer.terminal import STOPPED, Stopped, buffer_output, flush, say, stoppable, warn

app = typer.Typer(
    help="Turns a loudspeaker geometry into filters that run in its firmware.\n\n"
    "Exit codes: 0 done, 2 usage, 3 bad problem file or data, 4 infeasible as asked (the best compromise is written), 5 a solver"
    " stopped, 6 the output could not be written.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

Force = Annotated[bool, typer.Option("--force", help="Replace this tool's files even where they were edited since.")]
ProblemFile = Annotated[Path, typer.Argument(metavar="PROBLEM.toml", help="The problem file.", show_default=False)]


@app.command()
def check(
    problem_file: ProblemFile,
    out: Annotated[
        Path | None,
        typer.Option("-o", help="Draw the layout and each measured set into this folder.", show_default=False),
    ] = None,
    reach: Annotated[
        bool,
        typer.Option("--reach", help="Say what each design's layout could reach at best, over effort and frequency."),
    ] = False,
    force: Force = False,
) -> None:
    """Read and explain a problem file."""
    from designer.explain import explain
    from designer.problem import load

    if out is not None:
        from designer.writing import CHECK, check_folder, reserve

        check_folder(out, CHECK, force=force, inputs=[problem_file])
        reserve(out)
    problem = load(problem_file)
    for line in explain(problem):
        say(line)
    warn(problem)
    if problem.data_files:
        from designer.acoustics.head_facts import explain_heads
        from designer.acoustics.measured_drivers import explain_drivers
        from designer.acoustics.scene import scene

        made = scene(problem)
        for line in [*explain_heads(made), *explain_drivers(problem, made.responses)]:
            say(line)
        for warning in made.warnings:
            say(f"warning: {warning}", error=True)
    if reach:
        from designer.acoustics.scene import scene
        from designer.evaluation.reach_words import explain_reach

        for line in explain_reach(problem, scene(problem)):
            say(line)
    if out is not None:
        from designer.report.figures import write_problem

        for path in write_problem(problem, out, with_reach=reach, force=force):
            say(f"wrote {path}")


@app.command()
def design(
    problem_file: ProblemFile,
    out: Annotated[
        Path | None,
        typer.Option("-o", help="The design folder; by default out/<problem's file name>.", show_default=False),
    ] = None,
    force: Force = False,
) -> None:
    """Design the filters of a problem file and write the design folder."""
    import time

    from rich.console import Console

    from designer.problem import load

    begin = time.perf_counter()
    problem = load(problem_file)
    warn(problem)
    folder = out if out is not None else Path("out") / problem_file.stem
    console = Console(stderr=True)
    with console.status("starting") as status:  # shows nothing where the output is not a terminal
        from designer import folder as folders
        from designer import job
        from designer.export.write import export_notes, refused, superseded

        folders.check_free(folder, force=force, inputs=[problem_file, *folders.data_files(problem)])
        ready = time.perf_counter()
        made = job.design(problem, progress=status.update, keep_going=True)
        status.update("report")
        report_begin = time.perf_counter()
        gone = superseded(folder, problem.export.targets)
        made.save(folder, force=force)
    end = time.perf_counter()
    for name, channel in made.channels.items():
        say(f"{name}: {channel.verdict.sentence}{made.scalars[name].but}.")
    said = made.warnings[len(made.failures) :]  # those of the missing channels are errors below
    for warning in [*said, *(f"export left out: {text}" for text in refused(folder).values())]:
        say(f"warning: {warning}", error=True)
    for note in [*folders.notes(made), *export_notes(folder), *gone]:
        say(f"note: {note}", error=True)
    stages = {"start": ready - begin, **made.seconds, "report": end - report_begin}
    say(
        "time: "
        + ", ".join(f"{stage} {seconds:.2f} s" for stage, seconds in stages.items())
        + f"; total {end - begin:.2f} s"
    )
    say(f"wrote {folder} (open {folder / 'report.html'})")
    if made.status:
        places = {table.name: i for i, table in enumerate(problem.designs)}
        for message in made.failures.values():
            say(f"error: {message}; the other channels are written", error=True)
        for name, channel in made.channels.items():
            for shortfall in channel.verdict.shortfalls:
                say(
                    f'designs[{places[name]}] "{name}" is infeasible as asked: {shortfall}; the best compromise is written',
                    error=True,
                )
        raise typer.Exit(made.status)


@app.command()
def convert(
    files: Annotated[
        list[str],
        typer.Argument(
            metavar="FILE...",
            help='Measured files, or a pattern in quotes; "device.sofa#tweeter" picks one driver.',
            show_default=False,
        ),
    ],
    out: Annotated[Path, typer.Option("-o", metavar="OUT.sofa", help="The file to write.", show_default=False)],
    name: Annotated[
        str | None,
        typer.Option(
            help="Take all files as one driver of this name; by default a driver is what stands before plane and angle.",
            show_default=False,
        ),
    ] = None,
    gate_ms: Annotated[
        float | None, typer.Option(min=0.01, help="Window against reflections, as gate_ms.", show_default=False)
    ] = None,
    distance: Annotated[
        float | None,
        typer.Option(
            min=0.001,
            metavar="M",
            help="Where it was measured, if its file does not say, as response_distance_m.",
            show_default=False,
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
            metavar="PATTERN",
            help='Where the angles stand in the names, as response_angles: "woofer_{azimuth}_*".',
            show_default=False,
        ),
    ] = None,
    channel: Annotated[
        int | None,
        typer.Option(min=1, metavar="N", help="Which channel of sound files, as response_channel.", show_default=False),
    ] = None,
    turned_about: Annotated[
        tuple[float, float, float] | None,
        typer.Option(
            metavar="X Y Z",
            help="Position of the driver relative to the point that its set was turned about, in metres along the device's"
            " axes; for one driver at a time. A problem file says it by position_m and response_turned_about.",
            show_default=False,
        ),
    ] = None,
    time: Annotated[
        str, typer.Option(metavar="auto|shared|own", help="Whether drivers share a time reference, as response_time.")
    ] = "auto",
    speed_of_sound: Annotated[float, typer.Option(min=100.0, max=2000.0, metavar="M/S", help="In the air.")] = 343.0,
    force: Annotated[bool, typer.Option("--force", help="Replace a file that is there.")] = False,
) -> None:
    """Write measured data as SOFA, for use elsewhere.

    Drivers (FRD and REW sets, spinorama tables, impulse responses, complex tables, SOFA directivities) become
    FreeFieldDirectivityTF: one measurement a driver, on the level and time that a design uses (stated in the file's
    comment), at the distance of the microphones or 1 m. Drivers of one file share directions and frequencies and face
    the front. A measured head becomes SimpleFreeFieldHRIR, a whole measured device GeneralTF-E or GeneralFIR-E; for
    these no option but -o applies.
    """
    from rich.console import Console

    from designer.acoustics.driver_sets import TimeKey
    from designer.convert import DriverOptions, check_writable
    from designer.convert import convert as write

    check_writable(out, force=force)
    if time not in ("auto", "shared", "own"):
        raise UsageError(f"--time: found {time!r}; allowed: auto, shared, own")
    options = DriverOptions(
        name, gate_ms, distance, clockwise, facing, angles, channel, turned_about, cast(TimeKey, time)
    )
    with Console(stderr=True).status("converting"):  # shows nothing where the output is not a terminal
        made = write(files, out, options=options, speed_of_sound_m_s=speed_of_sound, force=force)
    for line in made.lines:
        say(line)
    for warning in made.warnings:
        say(f"warning: {warning}", error=True)


@app.command()
def compare(
    items: Annotated[
        list[str],
        typer.Argument(metavar="OUT_OR_PROBLEM...", help="Design folders and problem files.", show_default=False),
    ],
    out: Annotated[Path, typer.Option("-o", metavar="DIR", help="The folder to write.", show_default=False)],
    methods: Annotated[
        str | None,
        typer.Option(metavar="A,B,...", help="Design one problem by each of these methods.", show_default=False),
    ] = None,
    measured: Annotated[
        list[str] | None,
        typer.Option(
            metavar="FILE",
            help="Lay a measurement over its prediction: a SOFA file of the whole device driver by driver, DRIVER=FILES, or"
            " channel:NAME=FILES of a channel as it plays, filters running; repeatable.",
            show_default=False,
        ),
    ] = None,
    show: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME",
            help="Draw this design as a curve of its own; of more than six, the first, the best and the worst are; repeatable.",
            show_default=False,
        ),
    ] = None,
    points_per_octave: Annotated[
        int, typer.Option(min=1, max=96, metavar="N", help="Frequencies of comparison.csv.")
    ] = 12,
    force: Force = False,
) -> None:
    """Lay designs side by side: a page, its figures, and one tidy table."""
    import shlex

    from rich.console import Console

    from designer.compare import check_free
    from designer.compare import compare as lay_side_by_side

    check_free(out, force=force)
    with Console(stderr=True).status("starting") as status:  # shows nothing where the output is not a terminal
        made = lay_side_by_side(
            items,
            methods=[method.strip() for method in methods.split(",")] if methods else (),
            measured=measured or (),
            show=show or (),
            points_per_octave=points_per_octave,
            command=shlex.join(["designer", *sys.argv[1:]]),
            progress=status.update,
        )
        status.update("report")
        made.save(out, force=force)
    for note in made.notes:
        say(f"note: {note}", error=True)
    say(f"wrote {out} (open {out / 'comparison.html'})")


app.command(epilog=EXPORT_TARGETS)(export)
app.command("import-coefficients")(import_coefficients)


app.command()(render)
app.command()(sweep)


@app.command()
def problems() -> None:
    """List the library of problem files."""
    from designer.problem.library import library, library_folder

    found = library()
    width = max(len(name) for name in found)
    for name, (_, title) in found.items():
        say(f"{name:{width}}  {title}")
    say(f"\nThe files are in {library_folder()}")


@app.command()
def new(
    path: Annotated[Path, typer.Argument(metavar="NAME.toml", help="The file to write.", show_default=False)],
    shape: Annotated[str, typer.Option(metavar="bar|sphere|box|pair", help="What the drivers sit on.")] = "bar",
    drivers: Annotated[int | None, typer.Option(help="How many; by default 3 in a box and 2 elsewhere.")] = None,
    width: Annotated[float, typer.Option(metavar="M", help="From side to side; of a sphere its diameter.")] = 0.6,
    distance: Annotated[float, typer.Option(metavar="M", help="From the device to the listener's head.")] = 2.5,
    force: Annotated[bool, typer.Option("--force", help="Replace a file that is there.")] = False,
) -> None:
    """Write a commented first problem file for a new geometry, with wishes that it can meet."""
    from rich.console import Console

    from designer.starter import Geometry, least_drivers, write_new

    with Console(stderr=True).status("finding what the layout can reach"):
        lines = write_new(
            path, Geometry(shape, least_drivers(shape) if drivers is None else drivers, width, distance), force=force
        )
    for line in lines:
        say(line)


@app.command()
def schema() -> None:
    """Print the JSON schema of the problem file, for editors."""
    from designer.problem.library import schema_text

    say(schema_text(), line=False)


def main() -> None:
    """Run the command; a known error ends with its message and its exit code, and so does a signal that asks for an end."""
    buffer_output()
    try:
        with stoppable():
            try:
                app()
            finally:
                flush()
    except DesignerError as error:
        say(f"error: {error}", error=True)
        sys.exit(error.exit_code)
    except Stopped as stopped:
        say(STOPPED, error=True)
        if threading.active_count() > 1:  # compiled code that cannot be interrupted, and that Python would wait for
            os._exit(stopped.exit_code)
        sys.exit(stopped.exit_code)


if __name__ == "__main__":
    main()
