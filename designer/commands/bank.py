"""`designer.bank`: filters for a listener who moves, or a beam that turns."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from designer import job
from designer.arguments import checked_arguments
from designer.commands.export import bank_filters_for
from designer.errors import UsageError
from designer.export.write import write_in_design
from designer.problem.schema import Problem
from designer.search.bank import BankDesign, design_bank
from designer.search.bank_folder import check_free, save
from designer.search.bank_keys import Followed, followed_keys
from designer.search.bank_listening import AtEars, Listening, at_points, ear_bank, ear_places
from designer.search.bank_walk import Tracker, Walked, default_jitter, walk_through

RATE_HZ, DELAY_S = 30.0, 0.05
"""Tracker of a walk, where nothing else is named: a camera's pictures a second, and what it takes to work through them."""

MAX_RATE_HZ = 10_000.0
"""A tracker that tells more often tells nothing more: filters follow from block to block, less often than that."""
MAX_DELAY_S = 1.0
"""Largest delay of a tracker's positions: a head has moved on by the time a later one comes."""


@checked_arguments(loss="loss_db", jitter="jitter", rate="rate_hz", delay="delay_s")
def bank(
    problem: Problem | job.Design | str | Path,
    over: Sequence[str],
    folder: str | Path | None = None,
    *,
    loss_db: float = 1.0,
    jitter: Sequence[float] = (),
    rate_hz: float = RATE_HZ,
    delay_s: float = DELAY_S,
    processes: int = 1,
    command: str = "",
    progress: Callable[[str], None] | None = None,
    force: bool = False,
) -> BankDesign:
    """Find the fewest sets of filters, and the interpolation between them, that lose little at any value of one or two keys.

    The loss at a place is the cancellation gain of the filters designed, realised and rounded for it, less that of the filters that play
    there, each the mean in dB over the grid's frequencies in the band, of the worst channel. It is proven on a grid ten times as fine.

    Parameters
    ----------
    problem : Problem, Design, str or Path, a problem, its file, a design or its folder
    over : sequence of str, one or two ranges of keys that take any number, "listener.position_m[1]=-0.4:0.4"; keys as `Problem.replace`
        takes them
    folder : str, Path or None, where the bank is written, with its page and the targets of [export]; None for nowhere
    loss_db : float, the most that may be lost anywhere
    jitter : sequence of float, standard deviation of a tracker's error of each key, in its unit; empty for 1 cm, 1 degree or a hundredth of
        the range
    rate_hz, delay_s : float, how often the tracker tells the keys' values, and how late
    processes : int, of this machine, for designs that do not wait for each other
    command : str, what regenerates the folder
    progress : callable or None, called with the stage and how many designs are made
    force : bool, replace files of an older bank that were edited since

    Returns
    -------
    BankDesign : `bank` (its filters at any values: `bank.at(channel, values)`), `proof`, `uniform_sets`, `sentences()`, `status`,
        `refusals` (targets of [export] that were not written, and why)

    Raises
    ------
    UsageError : a key that names nothing or is no number, a loss that cannot be reached, a folder that holds something else, or no process
    ProblemError, DataError, SolverError : a place that cannot be designed, by the values of the keys
    OutputError : the folder cannot be written; what was there is as it was

    Examples
    --------
    >>> import designer
    >>> problem = designer.load("problems/laptop-pair.toml").replace("realization.taps", 64)
    >>> moving = designer.bank(problem, ["listener.position_m[1]=0:0.1"])
    >>> moving.bank.sets
    2
    >>> bool(moving.proof.largest_db["interpolated"] <= 1.0 < moving.proof.largest_db["nearest"])
    True

    """
    base = job.problem_of(problem)
    if processes < 1:
        raise UsageError(f"processes: got {processes}; expected 1 or more")
    tracker = _tracker(followed_keys(base, over), jitter, rate_hz, delay_s)
    if folder is not None:
        check_free(Path(folder), base, force=force)
    design = design_bank(base, over, loss_db, processes=processes, progress=progress)
    if folder is not None:
        if progress:
            progress("walk")
        save(design, Path(folder), walk_of(design, tracker), command=command or _call(base, over, loss_db), force=force)
        design = replace(design, refusals=_export(Path(folder), base.export.targets, progress, force=force))
    return design


def _export(
    folder: Path, targets: Sequence[str], progress: Callable[[str], None] | None, *, force: bool
) -> dict[str, str]:
    """Write the targets of [export] into a bank's folder; why some were not, by name."""
    refusals = dict[str, str]()
    for name in dict.fromkeys(targets):
        try:
            filters = bank_filters_for(folder, name, progress=progress)
            write_in_design(filters, folder, [name], force=force)
        except UsageError as error:
            refusals[name] = str(error)
    return refusals


def _tracker(keys: Sequence[Followed], jitter: Sequence[float], rate_hz: float, delay_s: float) -> Tracker:
    count = len(keys)
    if len(jitter) not in (0, 1, count):
        raise UsageError(f"--jitter: got {len(jitter)} values; expected one, or one for each of {count} keys")
    errors = tuple(float(value) for value in jitter) or default_jitter(keys)
    errors = errors * count if len(errors) == 1 else errors
    for key, error in zip(keys, errors, strict=True):
        if not 0 <= error < np.inf:
            raise UsageError(f"--jitter: got {error:g}; expected a standard deviation of 0 or more")
        if len(jitter) and error > key.high - key.low:
            unit = f" {key.unit}" if key.unit else ""
            raise UsageError(
                f"--jitter: got {error:g}{unit} for {key.key}; expected at most its range, {key.high - key.low:g}{unit}; take"
                " a smaller error, or a longer range"
            )
    if not 0 < rate_hz <= MAX_RATE_HZ:
        raise UsageError(f"--rate: got {rate_hz:g}; expected above 0 and up to {MAX_RATE_HZ:g} Hz")
    if not 0 <= delay_s <= MAX_DELAY_S:
        raise UsageError(
            f"--delay: got {delay_s:g} s; expected a time from 0 to {MAX_DELAY_S:g} s; write 50 milliseconds as 50ms or 0.05s"
        )
    return Tracker(errors, rate_hz, delay_s)


def walk_of(design: BankDesign, tracker: Tracker) -> Walked:
    """The channel of a bank that loses most, along a walk: at the ears, or at the points of a beam or a zone."""
    proof, tables = design.proof, {table.name: table for table in design.problem.designs}
    channel = max(
        proof.designed_db, key=lambda name: float(np.max(proof.designed_db[name] - proof.interpolated_db[name]))
    )
    table = tables[channel]
    listening: Listening = at_points(design.problem, design.keys, channel)
    if table.is_ear:
        ears = ear_bank(design.problem, design.keys, ear_places(design.keys), table.listener)
        listening = AtEars(ears, int(table.ear == "right"), table.band_hz)
    fixed = design.fixed.taps[channel]
    return walk_through(design.bank, design.keys, channel, fixed, table.band_hz, tracker, listening)


def _call(problem: Problem, over: Sequence[str], loss_db: float) -> str:
    return f"designer.bank({json.dumps(problem.source)}, {json.dumps(list(over))}, loss_db={loss_db:g})"
