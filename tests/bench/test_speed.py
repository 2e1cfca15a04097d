"""Speed, each as a ratio against a rival in the same run: the best of a few, because the machine is shared."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import cvxpy as cp
import numpy as np

import designer
from bench.timing import best_of
from designer.acoustics.scene_of_problem import fine_frequencies_hz
from designer.designs import design_channel
from designer.formulations import constrained
from designer.measures import mean_power_matrix
from designer.realization import realize
from designer.requirements.channel_target import channel_target
from designer.requirements.target import ChannelTarget
from designer.solvers.constrained_data import data_of

ROOT = Path(__file__).parents[2]
SMART_SPEAKER = ROOT / "problems" / "smart-speaker.toml"


def python(code: str) -> Callable[[], object]:
    return lambda: subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, cwd=ROOT)


def command(*arguments: str) -> Callable[[], object]:
    code = f"import sys; from designer.cli import main; sys.argv = ['designer', *{list(arguments)!r}]; main()"
    return python(code)


def test_check_and_help_start_fast() -> None:
    """`check` and `--help` take at most 4 times what importing numpy, pydantic and typer takes."""
    imports = python("import numpy, pydantic, typer")
    for arguments in (["check", str(SMART_SPEAKER)], ["--help"]):
        runs = [(best_of(1, imports), best_of(1, command(*arguments))) for _ in range(7)]
        rival, ours = (min(times) for times in zip(*runs, strict=True))
        print(f"{arguments[0]}: {ours:.2f} s, {ours / rival:.1f} x the imports")
        assert ours < 4 * rival


def test_designs_and_realisation_against_a_loop_in_cvxpy() -> None:
    """Designs and realisation are at least 10 times faster than building and solving the same requirements in cvxpy.

    The loop solves one problem a frequency of the design's grid in the band: for the ears a cone program with the same curve
    and limits, and the constrained statement for the beam. Both with BLAS on one thread, in a process of their own.
    """
    alone = {**os.environ, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
    done = subprocess.run([sys.executable, __file__], check=True, capture_output=True, text=True, cwd=ROOT, env=alone)
    fast, slow = map(float, done.stdout.split()[-2:])
    print(f"designs and realisation: {fast:.3f} s, the loop {slow:.2f} s, {slow / fast:.1f} x")
    assert slow > 10 * fast


def time_designs_and_loop() -> tuple[float, float]:
    """Seconds of the designs with their realisation, and of the loop, run in turns."""
    problem = designer.load(SMART_SPEAKER)
    scene = designer.scene(problem)
    fine = scene.at(fine_frequencies_hz(problem))
    scene.ears(), scene.circle(), fine.ears(), fine.circle()

    def ours() -> None:
        realize([design_channel(table, fine) for table in problem.designs], fine, problem.realization.taps)

    def loop() -> None:
        for table in problem.designs:
            target = channel_target(table, scene)
            band = target.at(target.in_band)
            if table.is_beam:
                data = data_of(band, np.ones(band.frequency_hz.size))
                for f in range(band.frequency_hz.size):
                    constrained.statement(data, f).solve(solver=cp.CLARABEL)
            else:
                for f in range(band.frequency_hz.size):
                    ear_problem(band, f).solve(solver=cp.CLARABEL)

    ours()  # imports what it needs
    turns = [(best_of(3, ours), best_of(1, loop)) for _ in range(3)]
    fast, slow = (min(times) for times in zip(*turns, strict=True))
    return fast, slow


def ear_problem(target: ChannelTarget, f: int) -> cp.Problem:
    """Least effort at a fixed pressure at the ear, with the curve as a cone and the effort's limit: the plain way to ask."""
    assert target.gamma is not None
    w = cp.Variable(target.centre.shape[1], complex=True)
    B = mean_power_matrix(target.dark[f : f + 1])[0]
    root = np.linalg.cholesky(B + 1e-12 * np.trace(B).real * np.eye(len(B))).conj().T
    level = target.plain_level[f]
    return cp.Problem(
        cp.Minimize(cp.sum_squares(w)),
        [
            target.centre[f] @ w == level,
            cp.norm(root @ w) <= level / np.sqrt(target.gamma[f]),
            cp.norm(w) <= np.sqrt(target.max_effort[f] * 1.2) * level / target.single_level[f],
        ],
    )


if __name__ == "__main__":
    print(*time_designs_and_loop())
