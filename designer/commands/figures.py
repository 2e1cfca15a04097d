"""`designer.figures`: a design's figures as files, to print."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import overload

from designer import job
from designer.arguments import checked_arguments
from designer.folders.figures import DPI, Format, contents, write


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
