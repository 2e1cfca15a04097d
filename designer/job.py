"""The pipeline: a problem to a design, a design to a folder, a folder to a design, and any coefficients judged in any scene."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import numpy as np

from designer.acoustics.scene import Scene, scene
from designer.designs import ChannelDesign, design_channel
from designer.errors import EXIT_DONE, EXIT_MISSED, ProblemError, SolverError
from designer.evaluation.realisation_study import study
from designer.evaluation.refinement import realize_judged
from designer.evaluation.short_look import promises_db
from designer.evaluation.words import verdict
from designer.export.of_design import check_targets
from designer.folders.read import read
from designer.folders.write import write
from designer.problem import loads
from designer.problem.schema import DesignTable, Problem
from designer.problem.toml_text import toml_text
from designer.realization import Realized
from designer.realization.cascade import Cascade
from designer.realization.remedies import remedy
from designer.requirements.slacks import SLACK_TOLERANCE_DB
from designer.result import Channel, Result, evaluate, fine_frequencies_hz
from designer.stereo.matched import VIRTUAL
from designer.stereo.placed_source import chain_missed
from designer.stereo.virtualisation import virtual_channels
from designer.writing import sweep_stale

__all__ = ["Design", "design", "evaluate", "open_folder"]


class Design(Result):
    """A designed problem that can be saved; made by `designer.design` or `designer.open`."""

    @property
    def status(self) -> int:
        """The exit code; 7 also where the stereo chain misses its angle, its level or a driver's band."""
        code = super().status
        return EXIT_MISSED if code == EXIT_DONE and chain_missed(self) else code

    def save(self, folder: str | Path, *, force: bool = False) -> Path:
        """Write the whole design folder: it appears whole or not at all.

        Parameters
        ----------
        force : bool, replace files of an older design that were edited since

        Raises
        ------
        UsageError : the folder holds files that this tool did not write, or that were edited
        OutputError : it cannot be written; what was there is as it was

        Examples
        --------
        >>> import designer, tempfile, pathlib
        >>> design = designer.design(designer.load("problems/laptop-pair.toml"))
        >>> with tempfile.TemporaryDirectory() as parent:
        ...     folder = design.save(pathlib.Path(parent) / "laptop")
        ...     sorted(path.name for path in folder.iterdir())  # doctest: +NORMALIZE_WHITESPACE
        ['coefficients.csv', 'designer-manifest.json', 'figures', 'filters.wav', 'metrics.csv', 'report.html', 'response.csv',
         'summary.json', 'weights.csv']

        """
        return write(self, Path(folder), force=force)


def design(problem: Problem, *, progress: Callable[[str], None] | None = None, keep_going: bool = False) -> Design:
    """Design every channel of a problem and realise its filters.

    The formulation is solved on the design's frequencies and on those half way between, so that the taps have
    something to follow there; `weights` and the outcome are of the design's own frequencies.

    Parameters
    ----------
    problem : Problem, from `designer.load`
    progress : callable, optional, called with the name of each stage as it begins
    keep_going : bool, design the other channels where the solver stops at one; `failures` then says which and why, and `problem` is the
        problem without it

    Raises
    ------
    SolverError : a solver ended without a certified answer; with `keep_going` only where it did for every channel
    DataError : a data file that the problem names cannot be used
    UsageError : an export target that the problem names cannot hold its filters
    ProblemError : a reference driver that the problem names is silent in the band, or a room without pyroomacoustics

    Examples
    --------
    >>> import designer
    >>> design = designer.design(designer.load("problems/laptop-pair.toml"))
    >>> design.status, design.drivers, design.taps["left"].shape
    (0, ('left', 'right'), (2, 512))

    """
    check_targets(problem)
    seconds: dict[str, float] = {}

    @contextmanager
    def stage(name: str) -> Iterator[None]:
        if progress:
            progress(name)
        begin = time.perf_counter()
        yield
        seconds[name] = time.perf_counter() - begin

    with stage("scene"):
        fine = scene(problem).at(fine_frequencies_hz(problem))
        problem = fine.problem
        if fine.is_small and any(not table.is_beam for table in problem.designs):
            fine.ears()
        if fine.is_small and any(table.is_beam for table in problem.designs):
            fine.circle()
    with stage("designs"):
        channels, failures = _designed(problem, fine, keep_going=keep_going)
        if failures:
            problem = _without(problem, failures)
            fine = scene(problem).at(fine_frequencies_hz(problem))
    with stage("realisation"):
        realised, refinements = realize_judged(channels, fine, problem.realization)
    virtual = None
    if problem.virtualizer is not None:
        with stage("virtualisation"):
            virtual = virtual_channels(channels, realised, fine)
    names = [table.name for table in problem.designs]
    parts = [(names, realised)] if virtual is None else [(names, realised), (list(VIRTUAL.values()), virtual)]
    result = Design(
        problem,
        fine.frequency_hz[::2],
        fine.drivers,
        {name: channel.weights[::2] for name, channel in zip(names, channels, strict=True)},
        {name: taps for group, part in parts for name, taps in zip(group, part.taps, strict=True)},
        realised.bulk_delay_samples,
        {
            name: _channel(channel.design, channel, problem.head_places)
            for name, channel in zip(names, channels, strict=True)
        },
        seconds,
        references={
            name: driver for group, part in parts for name, driver in zip(group, part.references, strict=False)
        },
        realisation_warnings=tuple(warning for _, part in parts for warning in part.warnings),
        sections={
            name: cascades for group, part in parts for name, cascades in _sections(group, fine.drivers, part).items()
        },
        shifts={name: shift for group, part in parts for name, shift in zip(group, part.shifts, strict=False)},
        finer_bits={
            name: bits.tolist() for group, part in parts for name, bits in zip(group, part.finer_bits, strict=False)
        },
        study_source=lambda: study(channels, realised, fine),
        promises_source=cache(lambda: promises_db(channels, fine, realised, problem.realization)),
        failures=failures,
        refinements=refinements,
        scene=fine,
    )
    with stage("evaluation"):
        _ = result.evaluation, result.scalars
    missed = [n for n, name in enumerate(names) if channels[n].feasible and result.misses(name)]
    if missed:
        with stage("remedies"):
            result.remedies.update({names[n]: remedy(channels[n], fine, problem.realization) for n in missed})
    if problem.room is not None:
        with stage("room"):
            _ = result.room
    return result


def with_refined_taps(problem: Problem) -> Problem:
    """The problem with `[realization] refine = true`.

    Raises
    ------
    ProblemError : where it has no taps of an ear channel to refine

    """
    data = problem.model_dump(exclude_unset=True)
    data["realization"] = {**data.get("realization", {}), "refine": True}
    return loads(toml_text(data), folder=problem.folder, source=problem.source, files=problem.files)


def _designed(problem: Problem, fine: Scene, *, keep_going: bool) -> tuple[list[ChannelDesign], dict[str, str]]:
    """Each channel's design, and the message of each channel that has none."""
    channels, failures = [], {}
    for table in problem.designs:
        try:
            channels.append(design_channel(table, fine))
        except SolverError as error:
            if not keep_going:
                raise
            failures[table.name] = str(error)
    if not channels:
        raise SolverError("; ".join(failures.values()))
    return channels, failures


def _without(problem: Problem, failures: dict[str, str]) -> Problem:
    """The problem without the channels that failed, and without the stereo chain where it needs one of them."""
    data = problem.model_dump(exclude_unset=True)
    data["designs"] = [table for table in data["designs"] if table["name"] not in failures]

    def read() -> Problem:
        return loads(toml_text(data), folder=problem.folder, source=problem.source, files=problem.files)

    try:
        return read()
    except ProblemError:
        data.pop("virtualizer", None)
    try:
        return read()
    except ProblemError:  # what is left cannot stand alone
        raise SolverError("; ".join(failures.values())) from None


def _sections(names: list[str], drivers: tuple[str, ...], realised: Realized) -> dict[str, dict[str, Cascade]]:
    """Channel -> driver -> its cascade."""
    return {
        name: {drivers[l]: cascade for l, cascade in zip(fit.drivers, cascades, strict=True)}
        for name, fit, cascades in zip(names, realised.fits, realised.sections, strict=False)
    }


def _channel(table: DesignTable, solved: ChannelDesign, places: int) -> Channel:
    """A channel's record; the outcome is judged on the design's own frequencies, every second of those solved."""
    inside = np.flatnonzero(solved.in_band)
    on_grid = inside % 2 == 0
    requirements = {**solved.slacks_db, **solved.excesses_db}
    slack = np.max([*(values[on_grid] for values in requirements.values()), np.zeros(int(on_grid.sum()))], axis=0)
    return Channel(
        table=table,
        method=solved.method,
        plain=solved.plain,
        plain_names=solved.plain_names,
        frequency_hz=solved.frequency_hz[inside],
        slacks_db=requirements,
        certificate=solved.solution.certificate,
        feasible=bool(slack.max() <= SLACK_TOLERANCE_DB),
        verdict=verdict(
            table,
            places,
            solved.frequency_hz[inside][on_grid],
            {requirement: values[on_grid] for requirement, values in solved.slacks_db.items()},
            {limit: values[on_grid] for limit, values in solved.excesses_db.items()},
            {limit: values[on_grid] for limit, values in solved.binding.items()},
            {requirement: values[on_grid] for requirement, values in solved.azimuths_deg.items()},
            solved.reachable_gain_db[on_grid],
            solved.out_of_reach[on_grid],
        ),
    )


def open_folder(folder: str | Path) -> Design:
    """Read a design folder back.

    Raises
    ------
    DataError : the folder is not a design folder, or a file of it is missing or broken

    Examples
    --------
    >>> import designer, tempfile, pathlib
    >>> design = designer.design(designer.load("problems/laptop-pair.toml"))
    >>> with tempfile.TemporaryDirectory() as parent:
    ...     again = designer.open(design.save(pathlib.Path(parent) / "laptop"))
    >>> bool((again.taps["left"] == design.taps["left"]).all())
    True

    """
    place = Path(folder)
    if not place.exists():  # a kill between two moves may have left it beside its place
        sweep_stale(place.absolute().parent)
    return Design(**read(place))
