"""Every channel of a problem designed, on one scene: what all jobs do before filters are realised and judged."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace

from designer.acoustics.scene import Scene
from designer.acoustics.scene_of_problem import scene
from designer.designs.channel import ChannelDesign, design_channel
from designer.errors import ProblemError, SolverError
from designer.problem import loads
from designer.problem.frequency_grid import with_half_steps
from designer.problem.schema import DesignTable, Problem
from designer.problem.toml_text import toml_text

Designer = Callable[[DesignTable, Scene], ChannelDesign]
Stage = Callable[[str], AbstractContextManager[None]]
"""Surrounds a stage of the work, by its name."""


def all_channels(
    problem: Problem,
    *,
    stage: Stage = lambda _: nullcontext(),
    keep_going: bool = False,
    by: Designer | None = None,
    family: Scene | None = None,
) -> tuple[Scene, list[ChannelDesign], dict[str, str]]:
    """The scene on the design's frequencies and those half way between, the channels designed there, and messages of those that are not.

    Parameters
    ----------
    stage : callable, surrounds each stage
    keep_going : bool, go on with the other channels where the solver stops at one, and leave it out of the scene's problem
    by : callable or None, designs a channel; None for `design_channel`
    family : Scene or None, of the same device, as `family_of` makes it: its models are taken, and tensors are not kept on disk, where those
        of many places would only push others out

    Raises
    ------
    SolverError : a solver ended without a certified answer; with `keep_going` only where it did for every channel
    DataError : a data file that the problem names cannot be used

    """
    with stage("scene"):
        fine = fine_scene(problem, family)
        fine.prepare()
        if fine.is_small and any(not table.is_beam for table in problem.designs):
            fine.ears()
        if fine.is_small and any(table.is_beam for table in problem.designs):
            fine.circle()
    with stage("designs"):
        channels, failures = _designed(fine.problem, fine, by or design_channel, keep_going=keep_going)
        if failures:
            fine = fine_scene(_without(fine.problem, failures), family)
    return fine, channels, failures


def fine_scene(problem: Problem, family: Scene | None = None) -> Scene:
    """The scene on the design's frequencies and those half way between, with what the device's family has solved."""
    whole = scene(problem)
    if family is not None:
        whole = replace(whole, cache=family.cache.heir(same_device=True))
    return whole.at(with_half_steps(whole.frequency_hz))


def family_of(problem: Problem) -> Scene:
    """A scene that has solved and read what all places of a problem's listener share."""
    whole = scene(problem)
    whole.prepare()
    if not whole.is_measured:
        _ = whole.device
    _ = whole.heads
    return whole


def _designed(
    problem: Problem, fine: Scene, by: Designer, *, keep_going: bool
) -> tuple[list[ChannelDesign], dict[str, str]]:
    """Each channel's design, and the message of each channel that has none."""
    channels, failures = [], {}
    for table in problem.designs:
        try:
            channels.append(by(table, fine))
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
        return loads(**{**problem.context, "text": toml_text(data)})

    try:
        return read()
    except ProblemError:
        data.pop("virtualizer", None)
    try:
        return read()
    except ProblemError:  # what is left cannot stand alone
        raise SolverError("; ".join(failures.values())) from None
