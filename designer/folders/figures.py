"""Figures as files, to print: into a design folder, beside those that it has, or into a folder of the user's choice."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from designer.report import figures
from designer.report.figures import Format
from designer.result import Result
from designer.writing import DESIGN, FIGURES, check_update, lay, reserve, update_folder

DPI = 160.0


def write(
    result: Result, folder: Path, *, only: Collection[str] | None = None, form: Format = "svg", dpi: float = DPI,
    out: Path | None = None, force: bool = False,
) -> list[Path]:  # fmt: skip
    """Draw a design's figures; the files' paths.

    Parameters
    ----------
    folder : Path, the design folder, whose `figures/` gets them
    only : collection of str, kinds of figures; by default all that the design has
    form : str, "svg", "pdf" or "png"
    dpi : float, dots per inch of a PNG
    out : Path, optional, the folder to write instead
    force : bool, replace figures that were edited since they were written

    Raises
    ------
    UsageError : a kind of which the design has no figure, or files that are in the way
    OutputError : the folder cannot be written; what was there is as it was

    """
    place, kind, within = (folder, DESIGN, "figures/") if out is None else (out, FIGURES, "")
    check_update(place, kind, [], force=force)
    reserve(place)
    chosen = figures.pictures(result) if only is None else figures.pictures_of(result, only)
    files = {f"{within}{name}.{form}": picture.file(form, dpi) for name, picture in chosen.items()}
    update_folder(place, kind, lay(files), force=force)
    return [place / name for name in files]
