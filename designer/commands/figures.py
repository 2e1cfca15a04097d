"""`designer.figures`: a design's figures as files, to print."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import overload

from designer import job
from designer.arguments import checked_arguments
from designer.report.figures import Format as Format
from designer.report.figures import pictures, pictures_of
from designer.result import Result
from designer.writing import DESIGN, FIGURES, check_ground, check_update, lay, reserve, update_folder

DPI = 160.0


def contents(
    result: Result, *, only: Collection[str] | None = None, form: Format = "svg", dpi: float = DPI
) -> dict[str, bytes]:
    """File's name -> content of a design's figures; errors and parameters as `write`."""
    chosen = pictures(result) if only is None else pictures_of(result, only)
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


@overload
def figures(
    design: job.Design | str | Path, folder: None = None, *, only: Collection[str] | None = ..., form: Format = ...,
    dpi: float = ..., force: bool = ...,
) -> dict[str, bytes]: ...  # fmt: skip
@overload
def figures(
    design: job.Design | str | Path, folder: str | Path, *, only: Collection[str] | None = ..., form: Format = ...,
    dpi: float = ..., force: bool = ...,
) -> list[Path]: ...  # fmt: skip
@checked_arguments()
def figures(
    design: job.Design | str | Path,
    folder: str | Path | None = None,
    *,
    only: Collection[str] | None = None,
    form: Format = "svg",
    dpi: float = DPI,
    force: bool = False,
) -> dict[str, bytes] | list[Path]:
    """A design's figures, drawn by matplotlib.

    Parameters
    ----------
    design : Design, str or Path, a design or its folder
    folder : str, Path or None, where the files are written; None for nowhere
    only : collection of str, kinds of figures ("gain", "polar"); by default all that the design has
    form : str, "svg", "pdf" or "png"
    dpi : float, dots per inch of a PNG
    force : bool, replace figures that were edited since they were written

    Returns
    -------
    dict of str to bytes : file's name -> content; or, with `folder`, a list of Path

    Raises
    ------
    UsageError : a kind of which the design has no figure, or files in the way
    OutputError : the folder cannot be written

    Examples
    --------
    >>> import designer
    >>> design = designer.design(designer.load("problems/laptop-pair.toml"))
    >>> sorted(designer.figures(design, only=["gain"]))
    ['left-gain.svg', 'right-gain.svg']

    """
    judged = job.design_of(design)
    if folder is None:
        return contents(judged, only=only, form=form, dpi=dpi)
    return write(judged, Path(folder), only=only, form=form, dpi=dpi, force=force)
