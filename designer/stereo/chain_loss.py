"""Loss of a stereo chain's filters, by the numbers that its verdict stands on: what `form = "auto"` judges beside the channels.

The angle, the level and the drivers' bands are met where `chain_outcome` misses none of them: what the limits forbid on paper is no form's
loss. The balance is that of the filters over that of the weights.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import replace
from typing import Any

from designer.acoustics.scene import Scene
from designer.problem.schema import Realization
from designer.realization.choice import ChainJudge, ChainLoss
from designer.realization.realized import Realized
from designer.result import Result
from designer.stereo.chain import chain_of
from designer.stereo.on_paper import on_paper
from designer.stereo.placed_source import chain_outcome, placed_sources


def chain_judge(scene: Scene, run: Callable[[Scene, Realized], Result]) -> ChainJudge:
    """The judge of the chain of a scene's problem in any form; `run` makes the design of channels that are realised."""
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
