"""A result of realised channels and their stereo chain, before it is judged; and the loss by which their forms are chosen."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import replace
from typing import Any, TypeVar

from designer.acoustics.scene import Scene
from designer.designs.channel import ChannelDesign
from designer.problem.schema import Realization
from designer.realization import Realized
from designer.realization.cascade import Cascade
from designer.realization.choice import ChainJudge, ChainLoss
from designer.result import Channel, Result
from designer.stereo.chain import chain_of
from designer.stereo.matched import VIRTUAL
from designer.stereo.on_paper import on_paper
from designer.stereo.placed_source import chain_outcome, placed_sources
from designer.stereo.virtualisation import virtual_channels

R = TypeVar("R", bound=Result)


def result_of(
    kind: type[R], channels: Sequence[ChannelDesign], records: Sequence[Channel], fine: Scene, realised: Realized
) -> R:
    """A result of channels that are realised, with the stereo chain of the scene's problem; errors as `virtual_channels`.

    Parameters
    ----------
    kind : Result, the class that is made
    records : sequence of Channel, how the channels came about
    fine : Scene, on the solved frequencies: every second is the design's own

    """
    virtual = None if fine.problem.virtualizer is None else virtual_channels(channels, realised, fine)
    names = [channel.design.name for channel in channels]
    parts = [(names, realised)] if virtual is None else [(names, realised), (list(VIRTUAL.values()), virtual)]
    return kind(
        fine.problem,
        fine.frequency_hz[::2],
        fine.drivers,
        {name: channel.weights[::2] for name, channel in zip(names, channels, strict=True)},
        {name: taps for group, part in parts for name, taps in zip(group, part.taps, strict=True)},
        realised.bulk_delay_samples,
        dict(zip(names, records, strict=True)),
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
        scene=fine,
    )


def chain_judge(scene: Scene, run: Callable[[Scene, Realized], Result]) -> ChainJudge:
    """Loss of a stereo chain's filters in any form, by the numbers of its verdict: what `form = "auto"` judges beside the channels.

    The angle, the level and the drivers' bands are met where `chain_outcome` misses none of them: what the limits forbid on paper is no
    form's loss. The balance is that of the filters over that of the weights.

    Parameters
    ----------
    scene : Scene, whose problem has a stereo chain
    run : callable, makes the result of channels that are realised

    """
    problem = scene.problem
    settings = problem.virtualizer
    assert settings is not None
    of_weights: dict[Hashable, Any] = {}  # a matched chain's own, which depend on no filter

    def judged(realised: Realized, table: Realization) -> ChainLoss:
        result = run(replace(scene, problem=problem.model_copy(update={"realization": table})), realised)
        result.analyses.update(of_weights)
        placed, paper = placed_sources(result), on_paper(result)
        assert placed is not None
        assert paper is not None
        if settings.chain == "matched":
            of_weights.update({key: value for key, value in result.analyses.items() if value is paper})
        outcome = chain_outcome(result)
        wait = max(chain_of(result).delay_samples.values())
        balance_db = placed.balance_db - paper.balance_db
        return ChainLoss(placed.angle_error_deg, outcome.missed_db, balance_db, wait, not outcome.missed)

    return judged


def _sections(names: list[str], drivers: tuple[str, ...], realised: Realized) -> dict[str, dict[str, Cascade]]:
    """Channel -> driver -> its cascade."""
    return {
        name: {drivers[l]: cascade for l, cascade in zip(fit.drivers, cascades, strict=True)}
        for name, fit, cascades in zip(names, realised.fits, realised.sections, strict=False)
    }
