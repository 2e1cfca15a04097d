"""`designer export`: its options, and what it says of the size and the level."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from designer.cli.application import app
from designer.cli.terminal import Stages, say, say_all, warn_missing
from designer.declared import TARGETS, declared
from designer.errors import UsageError


def export(
    folder: Annotated[Path, typer.Argument(metavar="OUT", help="A design folder, or that of a bank.")],
    targets: Annotated[
        list[str],
        typer.Option("--target", metavar="NAME", help="Target to write for, from the list below: one a command."),
    ],
    out: Annotated[
        Path | None, typer.Option("-o", metavar="DIR", help="The folder to write; by default OUT/export/NAME.")
    ] = None,
    force: Annotated[
        bool,
        typer.Option(
            "--force",
            help="Replace this tool's files even where they were edited or are of another export; files of others stay.",
        ),
    ] = False,
    rates: Annotated[
        str | None,
        typer.Option(
            metavar="HZ,HZ",
            help="Sample rates, as 44100,48000,96000: the problem is designed at each, and all are in one export.",
        ),
    ] = None,
    **options: str | None,
) -> None:
    """Write coefficients for a firmware or a program.

    A design is exported for a firmware, a convolver or another program; a bank, for a firmware that interpolates.
    """
    from designer import job
    from designer.commands.export import bank_filters_for, filters_for
    from designer.export.bank_export import loss_between_text
    from designer.export.cost import loss_text
    from designer.export.filter_set import FilterSet
    from designer.export.rates import checked_rates
    from designer.export.targets import checked_options
    from designer.export.write import check_elsewhere, write_elsewhere, write_in_design
    from designer.search.bank_folder import is_bank

    target, *others = targets
    if others:
        raise UsageError(f"--target: got {', '.join(targets)}; expected one; run the command once a target")
    checked_options(target, options)
    whole_rates = checked_rates(rates) if rates is not None else ()
    if out is not None:
        check_elsewhere(out, force=force)
    with Stages("reading") as shown:
        filters: FilterSet
        if is_bank(folder):
            filters = bank_filters_for(folder, target, options, whole_rates, shown.update)
        else:
            design = job.open_folder(folder)
            warn_missing(design)
            shown.update("export")
            filters = filters_for(design, target, options, whole_rates, shown.update)
        if out is None:
            written, place = write_in_design(filters, folder, [target], force=force)[target], folder / "export" / target
        else:
            written, place = write_elsewhere(filters, out, target, force=force), out
    say_all(written.notes, "note")
    say_all(f"{target}: {line}" for line in written.cost.splitlines())
    say(f"scaling: {written.scaling}")
    if loss := loss_between_text(written.facts) or loss_text(written.facts):
        say(f"loss at the ears, from the words as they run: {loss}")
    say(f"headroom: {filters.headroom.text}")
    say(
        f"preamp: {-filters.headroom.tones_db:z.2f} dB would make that room and is not applied; it is set by {written.preamp}"
    )
    say(f"wrote {place}: {', '.join(written.files)}")


def add_flags(command: Callable[..., None]) -> None:
    """Give a command a flag in place of its **options for each option that a target declares."""
    signature = inspect.signature(command, eval_str=True)
    parameters = [
        parameter for parameter in signature.parameters.values() if parameter.kind is not inspect.Parameter.VAR_KEYWORD
    ]
    for option in declared(TARGETS, "Option"):
        flag = Annotated[str | None, typer.Option(metavar="NAME", help=option["help"])]
        parameters.append(
            inspect.Parameter(option["flag"], inspect.Parameter.KEYWORD_ONLY, default=None, annotation=flag)
        )
    vars(command)["__signature__"] = signature.replace(parameters=parameters)
    command.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}


EXPORT_TARGETS = "\b\nTargets:\n" + "\n".join(f"  {t['name']:<12}  {t['summary']}" for t in declared(TARGETS, "Target"))
add_flags(export)
app.command(epilog=EXPORT_TARGETS)(export)
