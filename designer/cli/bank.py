"""`designer bank`: its options, and what it says."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from designer.cli.application import Force, NoCache, ProblemFile, Set, app, arguments, with_set
from designer.cli.terminal import Stages, say, say_all, warn
from designer.errors import UsageError
from designer.problem.messages import enumeration

if TYPE_CHECKING:
    from designer.search.bank_keys import Followed

LENGTHS = {"mm": 1e-3, "cm": 1e-2, "m": 1.0, "deg": 1.0, "": 1.0}
OF_KEY = {"m": ("mm", "cm", "m"), "°": ("deg",)}
"""Unit of a key -> units that its tracker's error may have; a key without a unit has an error without one."""
TIMES = {"ms": 1e-3, "s": 1.0}
RATES = {"Hz": 1.0, "": 1.0}


def quantity(option: str, text: str, units: dict[str, float]) -> float:
    """A number with a unit, in the first power of ten of its key.

    Raises
    ------
    UsageError : no number, another unit, or none where a unit is needed

    """
    match = re.fullmatch(r"([-+.\deE]+?)\s*([A-Za-z]*)", text.strip())
    try:
        if match is None or match[2] not in units:
            raise ValueError
        return float(match[1]) * units[match[2]]
    except ValueError:
        named = enumeration([*filter(None, units), *(["no unit"] if "" in units else [])], "or")
        example = next((f", as 1{unit}" for unit in units if unit), "")
        raise UsageError(f"{option}: got {text}; expected a number with {named}{example}") from None


def check_units(jitter: list[str], keys: Sequence[Followed]) -> None:
    """Hold the tracker's errors against the units of their keys; a UsageError names the first that does not fit."""
    for key, text in zip(keys, jitter * len(keys) if len(jitter) == 1 else jitter, strict=False):
        unit, units = text.strip().lstrip("+-.0123456789eE").strip(), OF_KEY.get(key.unit, ())
        if unit not in (units or ("",)):
            expected = f"a number with {enumeration(units, 'or')}, as 1{units[0]}" if units else "a number with no unit"
            raise UsageError(f"--jitter: got {text} for {key.key}; expected {expected}")


@app.command()
def bank(
    problem_file: ProblemFile,
    over: Annotated[
        list[str],
        typer.Option(
            metavar="KEY=FROM:TO",
            help="Follow a key that takes any number over a range, as 'listener.position_m[1]=-0.4:0.4', listener.turn_deg or"
            " designs.centre.look_deg; once or twice. Keys are those of sweep --vary.",
        ),
    ],
    out: Annotated[Path, typer.Option("-o", metavar="BANK", help="The folder of the bank.")],
    loss: Annotated[
        float,
        typer.Option(
            metavar="DB",
            help="Largest loss of cancellation gain in dB anywhere in the range: the gain of filters designed for a place less that of the"
            " bank's filters there, mean over the band, for the worst channel.",
        ),
    ] = 1.0,
    jitter: Annotated[
        list[str] | None,
        typer.Option(
            metavar="LENGTH|ANGLE",
            help="Standard deviation of the tracker's error, with its unit (mm, cm, m or deg), as 1cm or 2deg; once, or for each key; by"
            " default 1 cm, 1 degree or a hundredth of the range.",
        ),
    ] = None,
    rate: Annotated[str, typer.Option(metavar="HZ", help="Rate of the tracker's positions, as 30Hz.")] = "30Hz",
    delay: Annotated[
        str, typer.Option(metavar="TIME", help="Delay of the tracker's positions, with its unit (ms or s), as 50ms.")
    ] = "50ms",
    processes: Annotated[
        int | None,
        typer.Option(min=1, metavar="N", help="Number of processes on this machine; by default one a processor."),
    ] = None,
    changes: Set = None,
    force: Force = False,
    no_cache: NoCache = False,
) -> None:
    """Design filters for a listener or beam that moves.

    Finds the fewest sets of filters, and interpolates between them.

    Every place of the proof has a design of its own to be compared with, so that a bank takes some hundred times as long as a
    design of the problem without its page.
    """
    from designer.problem import load
    from designer.search.bank_keys import followed_keys

    told = [quantity("--jitter", text, LENGTHS) for text in jitter or ()]
    rate_hz, delay_s = quantity("--rate", rate, RATES), quantity("--delay", delay, TIMES)
    problem = with_set(load(problem_file), changes)
    check_units(jitter or [], followed_keys(problem, over))
    warn(problem)
    with Stages("starting") as shown:
        from designer.commands.bank import bank as make
        from designer.search.bank_folder import PAGE
        from designer.workers import cores

        design = make(
            problem,
            over,
            out,
            loss_db=loss,
            jitter=told,
            rate_hz=rate_hz,
            delay_s=delay_s,
            processes=processes or cores(),
            command=shlex.join(["designer", *arguments()]),
            progress=shown.update,
            force=force,
        )
    say_all(f"{text}." for text in design.sentences())
    say_all(design.shortfalls(), "warning")
    say_all((f"[export] {text}" for text in design.refusals.values()), "warning")
    used = os.times()
    seconds = used.user + used.system + used.children_user + used.children_system
    say(f"{design.designs} designs, {seconds:.0f} s of CPU")
    say(f"wrote {out} (open {out / PAGE})")
    if design.status:
        raise typer.Exit(design.status)
