"""`designer.export`: coefficients for a firmware, as bytes or as files."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import overload

from designer import job
from designer.arguments import checked_arguments
from designer.bank.section_bank import SectionBank
from designer.errors import ProblemError, UsageError
from designer.export.bank_set import BankSet
from designer.export.filter_set import FilterSet
from designer.export.limits import within_limits
from designer.export.of_design import check_target, filter_set, problem_options
from designer.export.rates import at_rate, checked_rates
from designer.export.targets import checked_options
from designer.export.write import check_bank_target, export_of, write_elsewhere
from designer.search.bank_firmware import bank_filters
from designer.search.bank_folder import is_bank, open_bank


@overload
def export(
    design: job.Design | str | Path,
    target: str,
    folder: None = None,
    *,
    force: bool = ...,
    rates: Sequence[int] = ...,
    **options: str | None,
) -> dict[str, bytes]: ...
@overload
def export(
    design: job.Design | str | Path,
    target: str,
    folder: str | Path,
    *,
    force: bool = ...,
    rates: Sequence[int] = ...,
    **options: str | None,
) -> Path: ...
@checked_arguments()
def export(
    design: job.Design | str | Path,
    target: str,
    folder: str | Path | None = None,
    *,
    force: bool = False,
    rates: Sequence[int] = (),
    **options: str | None,
) -> dict[str, bytes] | Path:
    """A design's coefficients for a firmware, a convolver or another program; or a bank's for one that interpolates.

    Parameters
    ----------
    design : Design, str or Path, a design or its folder, or the folder of a bank
    target : str, as `designer export --help` lists them ("wav", "cmsis-q31", "camilladsp")
    folder : str, Path or None, where the files are written; None for nowhere
    force : bool, replace files that were edited since, or are of another export
    rates : sequence of int, sample rates in hertz, at each of which the problem is designed; empty for the design's own
    options : str, of the target, by the names of its flags

    Returns
    -------
    dict of str to bytes : path in the folder -> content; or, with `folder`, its Path

    Raises
    ------
    UsageError : no such target, one that cannot hold these filters, an option that it does not heed, or files in the way
    ProblemError : the problem has a frequency beyond half of one of the rates, or a limit that filters at that rate break
    OutputError : the folder cannot be written

    Examples
    --------
    >>> import designer
    >>> design = designer.design(designer.load("problems/laptop-pair.toml"))
    >>> sorted(designer.export(design, "camilladsp"))
    ['camilladsp.yml', 'left.wav', 'right.wav']

    """
    filters: FilterSet
    if isinstance(design, str | Path) and is_bank(Path(design)):
        filters = bank_filters_for(Path(design), target, options, rates)
    else:
        filters = filters_for(job.design_of(design), target, options, rates)
    if folder is None:
        return export_of(filters, target).files
    write_elsewhere(filters, Path(folder), target, force=force)
    return Path(folder)


def bank_filters_for(
    folder: Path,
    target: str,
    options: Mapping[str, str | None] | None = None,
    rates: Sequence[int] = (),
    progress: Callable[[str], None] | None = None,
) -> BankSet:
    """Filters of a bank's folder, with what the user says of a target's options; parameters and errors as `filters_for`."""
    checked = checked_options(target, options or {})
    if rates:
        raise UsageError(f"--rates: got it for the bank {folder}; expected a design; make a bank at each rate")
    opened = open_bank(folder)
    check_bank_target(target, checked, of_sections=isinstance(opened.bank, SectionBank))
    stated = {flag: value for flag, value in problem_options(opened.problem).items() if flag != "library"}  # of designs
    return bank_filters(opened, folder, {**stated, **checked}, progress or (lambda _: None))


def filters_for(
    design: job.Design,
    target: str,
    options: Mapping[str, str | None] | None = None,
    rates: Sequence[int] = (),
    progress: Callable[[str], None] | None = None,
) -> FilterSet:
    """Filters of a design, with those of the same problem at other rates, and what the user says of a target's options.

    Every rate is checked before the first is designed; errors as `export`.

    Parameters
    ----------
    options : mapping of str to str or None, flag of the target -> value; None for none
    rates : sequence of int, in hertz; empty for the design's own
    progress : callable or None, called with the name of each stage

    """
    checked = checked_options(target, options or {})
    filters = filter_set(design)
    filters = replace(filters, options={**filters.options, **checked})
    if not rates:
        return filters
    if design.imported_from:
        raise UsageError(
            f"--rates: got filters that were read from {design.imported_from}; expected a design, which can be made at another rate;"
            " leave --rates out"
        )
    rates = checked_rates(",".join(map(str, rates)))
    problems = []
    for rate in rates:
        try:
            problems.append(within_limits(at_rate(design.problem, rate), [target], of_file=design.problem))
        except ProblemError as error:
            raise ProblemError(f"{error.file} at {rate} Hz", error.faults) from None
        check_target(problems[-1], target, filters.options)
    sets = []
    for rate, problem in zip(rates, problems, strict=True):
        if progress is not None:
            progress(f"{rate} Hz")
        is_own = rate == design.problem.sample_rate_hz
        sets.append(replace(filter_set(design if is_own else job.design(problem)), options=filters.options))
    return replace(filters, at_rates=tuple(sets))
