"""Figures as files, to print: into a design folder, beside those that it has, or into a folder of the user's choice."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from designer.report import figures
from designer.report.figures import Format as Format
from designer.result import Result
from designer.writing import DESIGN, FIGURES, check_ground, check_update, lay, reserve, update_folder

DPI = 160.0


def contents(
    result: Result, *, only: Collection[str] | None = None, form: Format = "svg", dpi: float = DPI
) -> dict[str, bytes]:
    """File's name -> content of a design's figures; errors and parameters as `write`."""
    chosen = figures.pictures(result) if only is None else figures.pictures_of(result, only)
    return {f"{name}.{form}": picture.file(form, dpi) for name, picture in chosen.items()}


def write(
    result: Result, folder: Path, *, only: Collection[str] | None = None, form: Format = "svg", dpi: float = DPI,
    in_design: bool = False, force: bool = False,
) -> list[Path]:  # fmt: skip
    """Draw a design's figures; the files' paths.

    Parameters
    ----------
    folder : Path, where they are written
    only : collection of str, kinds of figures; by default all that the design has
    form : str, "svg", "pdf" or "png"
    dpi : float, dots per inch of a PNG
    in_design : bool, the folder is the design's, whose `figures/` gets them
    force : bool, replace figures that were edited since they were written

    Raises
    ------
    UsageError : a kind of which the design has no figure, files that are in the way, or the working folder
    OutputError : the folder cannot be written; what was there is as it was

    """
    kind, within = (DESIGN, "figures/") if in_design else (FIGURES, "")
    if not in_design:
        check_ground(folder)
    check_update(folder, kind, [], force=force)
    reserve(folder)
    files = {f"{within}{name}": data for name, data in contents(result, only=only, form=form, dpi=dpi).items()}
    update_folder(folder, kind, lay(files), force=force)
    return [folder / name for name in files]
