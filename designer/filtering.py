"""A problem to the weights and the realised filters of its channels, before anything is judged as a whole."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace

from designer.acoustics.scene import Scene, fine_frequencies_hz, scene
from designer.designs import ChannelDesign, design_channel
from designer.errors import ProblemError, SolverError
from designer.evaluation.refinement import Refinement, realize_judged
from designer.export.limits import check_latency, chosen_form, within_limits
from designer.export.of_design import check_targets
from designer.problem import loads
from designer.problem.frequency_grid import with_half_steps
from designer.problem.schema import DesignTable, Problem
from designer.problem.toml_text import toml_text
from designer.realization import Realized
from designer.realization.cheapest import Choice
from designer.stereo.virtualisation import virtual_channels

Designer = Callable[[DesignTable, Scene], ChannelDesign]
Stage = Callable[[str], AbstractContextManager[None]]
"""Surrounds a stage of the work, by its name."""


@dataclass(frozen=True)
class Filters:
    """Channels of a problem with their filters.

    Attributes
    ----------
    scene : Scene, on the design's frequencies and those half way between; its problem has what was left open chosen
    channels : list of ChannelDesign, in the problem's order
    realised : Realized, filters of the channels
    virtual : Realized or None, those of the stereo chain's own channels
    refinements : dict of str to Refinement, channel -> its refined taps beside the fit's
    choice : Choice or None, of a form that the problem leaves open
    failures : dict of str to str, channel that the problem is without -> why the solver stopped

    """

    scene: Scene
    channels: list[ChannelDesign]
    realised: Realized
    virtual: Realized | None = None
    refinements: dict[str, Refinement] = field(default_factory=dict)
    choice: Choice | None = None
    failures: dict[str, str] = field(default_factory=dict)


def filters_of(
    problem: Problem,
    *,
    stage: Stage = lambda _: nullcontext(),
    keep_going: bool = False,
    by: Designer | None = None,
    family: Scene | None = None,
) -> Filters:
    """Design and realise every channel; errors as `designer.design`.

    The formulation is solved on the design's frequencies and on those half way between, so that the taps have
    something to follow there.

    Parameters
    ----------
    stage : callable, surrounds each stage
    keep_going : bool, go on with the other channels where the solver stops at one
    by : callable or None, designs a channel; None for `design_channel`
    family : Scene or None, of the same device, as `family_of` makes it: its models are taken, and tensors are not kept on disk, where those
        of many places would only push others out

    """
    problem = within_limits(problem)
    check_targets(problem)
    with stage("scene"):
        base = scene(problem)
        if family is not None:
            base = replace(base, cache=family.cache.heir(same_device=True))
        fine = base.at(with_half_steps(base.frequency_hz))
        problem = fine.problem
        fine.prepare()
        if fine.is_small and any(not table.is_beam for table in problem.designs):
            fine.ears()
        if fine.is_small and any(table.is_beam for table in problem.designs):
            fine.circle()
    with stage("designs"):
        channels, failures = _designed(problem, fine, by or design_channel, keep_going=keep_going)
        if failures:
            problem = _without(problem, failures)
            fine = scene(problem).at(fine_frequencies_hz(problem))
    with stage("realisation"):
        choice, fine = chosen_form(channels, fine)
        problem = fine.problem
        realised, refinements = realize_judged(channels, fine, problem.realization)
        if choice is None:
            check_latency(problem, realised.bulk_delay_samples)
    virtual = None
    if problem.virtualizer is not None:
        with stage("virtualisation"):
            virtual = virtual_channels(channels, realised, fine)
    return Filters(fine, channels, realised, virtual, refinements, choice, failures)


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
