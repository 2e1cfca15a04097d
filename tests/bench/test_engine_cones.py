"""The constrained engine against its rivals, at a size that runs with the tests; `cone_engine.py` has the real one."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ENGINE = Path(__file__).parent / "cone_engine.py"
ROOT = Path(__file__).parents[2]
FREQUENCIES = 65
LIMITS = {  # rival, engine -> how many times faster the engine is to be at 513 frequencies
    ("cvxpy", "engine"): 15.0,
    ("cvxpy", "engine, half"): 50.0,
    ("parametrised", "engine"): 4.0,
    ("clarabel", "engine"): 1 / 1.3,
}
SMALL = 0.6
"""At 65 frequencies a solver is made for every few of them, and the machine is shared: so much of a limit is to hold here."""


def test_the_engine_is_faster_than_its_rivals() -> None:
    """One core, BLAS on one thread: against a loop of cvxpy problems, one parametrised problem, and Clarabel's own times."""
    alone = {**os.environ, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
    command = [sys.executable, str(ENGINE), str(FREQUENCIES)]
    runs = []
    for _ in range(2):  # the best of two: other work shares the machine
        done = subprocess.run(command, check=True, capture_output=True, text=True, cwd=ROOT, env=alone)
        runs.append(json.loads(done.stdout))
    seconds = {name: min(run[name] for run in runs) for name in runs[0]}
    for (rival, engine), limit in LIMITS.items():
        faster = seconds[rival] / seconds[engine]
        print(f"{engine}: {seconds[engine]:.3f} s, {rival} {seconds[rival]:.3f} s, {faster:.1f} x (limit {limit:.2g})")
        assert faster > SMALL * limit
    assert seconds["engine"] < 4 * 1.5 * seconds["a quarter of the frequencies"]
    assert seconds["engine"] < 4 * 1.5 * seconds["a quarter of the azimuths"]


@pytest.mark.long
def test_memory() -> None:
    """32 drivers, 513 frequencies, 180 azimuths under 500 MB; 64 drivers and 360 azimuths, 20 of 2049 frequencies, under 1 GB."""
    done = subprocess.run([sys.executable, str(ENGINE), "memory"], check=True, capture_output=True, text=True, cwd=ROOT)
    peaks = json.loads(done.stdout)
    print(peaks)
    assert peaks["32 drivers, MB"] < 500
    assert peaks["64 drivers, MB"] < 1000
