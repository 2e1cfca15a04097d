"""`designer.export`: coefficients for a firmware, as bytes or as files."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import overload

from designer import job
from designer.arguments import checked_arguments
from designer.export.filter_set import FilterSet
from designer.export.of_design import filter_set
from designer.export.targets import checked_options
from designer.export.write import export_of, write_elsewhere


@overload
def export(
    design: job.Design | str | Path, target: str, folder: None = None, *, force: bool = ..., **options: str | None
) -> dict[str, bytes]: ...
@overload
def export(
    design: job.Design | str | Path, target: str, folder: str | Path, *, force: bool = ..., **options: str | None
) -> Path: ...
@checked_arguments()
def export(
    design: job.Design | str | Path,
    target: str,
    folder: str | Path | None = None,
    *,
    force: bool = False,
    **options: str | None,
) -> dict[str, bytes] | Path:
    """A design's coefficients for a firmware, a convolver or another program.

    Parameters
    ----------
    design : Design, str or Path, a design or its folder
    target : str, as `designer export --help` lists them ("wav", "cmsis-q31", "camilladsp")
    folder : str, Path or None, where the files are written; None for nowhere
    force : bool, replace files that were edited since, or are of another export
    options : str, of the target, by the names of its flags

    Returns
    -------
    dict of str to bytes : path in the folder -> content; or, with `folder`, its Path

    Raises
    ------
    UsageError : no such target, one that cannot hold these filters, an option that it does not heed, or files in the way
    OutputError : the folder cannot be written

    Examples
    --------
    >>> import designer
    >>> design = designer.design(designer.load("problems/laptop-pair.toml"))
    >>> sorted(designer.export(design, "camilladsp"))
    ['camilladsp.yml', 'left.wav', 'right.wav']

    """
    filters = filters_for(job.design_of(design), target, **options)
    if folder is None:
        return export_of(filters, target).files
    write_elsewhere(filters, Path(folder), target, force=force)
    return Path(folder)


def filters_for(design: job.Design, target: str, **options: str | None) -> FilterSet:
    """Filters of a design with what the user says of a target's options; errors as `export`."""
    checked = checked_options(target, options)
    filters = filter_set(design)
    return replace(filters, options={**filters.options, **checked})
