"""Files that a session hands over: the folder that `designer design` makes again, exports, figures, the page, a comparison of states.

Everything is made by the functions that the commands call, and written below the problem's folder and nowhere else.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, get_args

from designer.errors import UsageError
from designer.problem.schema import Problem
from designer.studio.allowed_paths import OUT, for_pages, inside
from designer.studio.design_store import stored_design

Over = Literal["export", "figures", "page", "comparison", "folder"]
CURRENT = "current"


@dataclass(frozen=True)
class Order:
    """Something to be handed over.

    Attributes
    ----------
    over : str, the kind
    states : mapping of str to Problem, "current", or those to be compared by their names
    commands : mapping of str to str, name of a state -> the command that designs it
    folder : Path, of the problem file
    stem : str, the problem file's name
    target : str, of an export
    options : mapping of str to object, "place": a path below the folder; of an export the target's own, by their keys in [export]; of
        figures "only", "format" and "dpi"
    force : bool, replace files that were edited since they were written

    """

    over: Over
    states: Mapping[str, Problem]
    commands: Mapping[str, str]
    folder: Path
    stem: str
    target: str = ""
    options: Mapping[str, Any] = field(default_factory=dict)
    force: bool = False


@dataclass(frozen=True)
class Handed:
    """Outcome of an order.

    Attributes
    ----------
    message : str
    path : str, of what was written; empty where `message` says why it would be written only with force

    """

    message: str
    path: str


def hand_over(order: Order) -> Handed:
    """Write it.

    Raises
    ------
    UsageError : an unknown kind or target, a place outside of the problem's folder, or one that holds other files
    DataError, SolverError, ProblemError : as `designer.design`
    OutputError : it cannot be written; what was there is as it was

    """
    if order.over not in get_args(Over):
        raise UsageError(f"hand over: got {order.over!r}; expected {', '.join(get_args(Over))}")
    try:
        write, default = WRITERS[order.over](order)
        return write(inside(order.folder, order.options.get("place") or f"{OUT}/{default}"), order.force)
    except UsageError as error:
        if not order.force and "--force" in str(error):
            return Handed(for_pages(str(error)), "")
        raise UsageError(for_pages(str(error))) from None


Write = Callable[[Path, bool], Handed]
"""Writes at a place, with force or without."""


def _folder(order: Order) -> tuple[Write, str]:
    def write(place: Path, force: bool) -> Handed:
        from designer.folders.summary import read_summary
        from designer.folders.write import check_free, data_files

        problem = order.states[CURRENT]
        check_free(place, force=force, inputs=[Path(problem.source), *data_files(problem)])
        stored_design(problem).save(place, force=force)
        return Handed(f"wrote {place}; to write it again: {read_summary(place)['command']}", str(place))

    return write, order.stem


def _page(order: Order) -> tuple[Write, str]:
    def write(place: Path, force: bool) -> Handed:
        from designer.folders.write import page_of
        from designer.writing import check_file, write_file

        if place.suffix != ".html":
            place = place / f"{order.stem}.html"
        check_file(place, expected="a new file", force=force)
        text = page_of(stored_design(order.states[CURRENT]), place.with_suffix(""))
        write_file(place, lambda path: _write_text(path, text))
        return Handed(f"wrote {place}, which any browser opens", str(place))

    return write, f"{order.stem}.html"


def _write_text(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")


def _export(order: Order) -> tuple[Write, str]:
    from designer.export.targets import checked_options, target_named

    target = target_named(order.target)
    flags = {option.key: option.flag for option in target.options}
    options = {flags.get(key, key): str(value) for key, value in order.options.items() if key != "place" and value}
    checked_options(target.name, options)

    def write(place: Path, force: bool) -> Handed:
        from designer.commands.export import filters_for
        from designer.export.write import check_elsewhere, write_elsewhere

        check_elsewhere(place, force=force)
        filters = filters_for(stored_design(order.states[CURRENT]), target.name, options)
        written = write_elsewhere(filters, place, target.name, force=force)
        notes = "".join(f"; {note}" for note in written.notes)
        return Handed(f"wrote {place}: {', '.join(written.files)}{notes}", str(place))

    return write, f"{order.stem}-{target.name}"


def _figures(order: Order) -> tuple[Write, str]:
    from designer.commands import figures

    only, form = order.options.get("only"), order.options.get("format", "svg")
    dpi = order.options.get("dpi", figures.DPI)
    if only is not None and not (isinstance(only, list) and all(isinstance(kind, str) for kind in only)):
        raise UsageError(f"only: got {only!r}; expected a list of kinds of figures")
    if form not in get_args(figures.Format):
        raise UsageError(f"format: got {form!r}; expected {', '.join(get_args(figures.Format))}")
    if not isinstance(dpi, int | float) or not 30 <= dpi <= 1200:
        raise UsageError(f"dpi: got {dpi!r}; expected 30 to 1200")

    def write(place: Path, force: bool) -> Handed:
        design = stored_design(order.states[CURRENT])
        files = figures.write(design, place, only=only, form=form, dpi=float(dpi), force=force)
        return Handed(f"wrote {len(files)} figures into {place}", str(place))

    return write, f"{order.stem}-figures"


def _comparison(order: Order) -> tuple[Write, str]:
    def write(place: Path, force: bool) -> Handed:
        from designer.search.compare import check_free, compare

        check_free(place, force=force)
        designs = {name: stored_design(problem) for name, problem in order.states.items()}
        designed = [f"{order.commands[name]} -o {OUT}/{name}" for name in designs]
        compared = shlex.join(["designer", "compare", *(f"{OUT}/{name}" for name in designs), "-o", str(place)])
        notes = "".join(
            f"; {note}" for note in compare(designs, place, command="\n".join([*designed, compared]), force=force).notes
        )
        return Handed(f"wrote {place}: {', '.join(designs)} side by side{notes}", str(place))

    return write, f"{order.stem}-comparison"


WRITERS: Mapping[str, Callable[[Order], tuple[Write, str]]] = {
    "folder": _folder,
    "page": _page,
    "export": _export,
    "figures": _figures,
    "comparison": _comparison,
}
"""Kind -> what writes it, and the name of its place below OUT."""
