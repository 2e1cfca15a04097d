"""A measured head's speed against sofar, which has to read the file in any case, and its memory."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from acoustics.measured.head_files import KEMAR

ROOT = Path(__file__).parents[2]
MOST_MEGABYTES = 500


def test_loaded_and_interpolated_to_2000_directions() -> None:
    """Reading the KEMAR and interpolating it to 2,000 directions at 257 frequencies takes at most 3 x what sofar takes to read it.

    In processor time of one thread, because the machine is shared.
    """
    code = (
        "import time, numpy as np, sofar\n"
        "from pathlib import Path\n"
        "from designer.acoustics.measured.head import read_head\n"
        "towards = np.random.default_rng(1).normal(size=(4000, 3))\n"
        "towards /= np.linalg.norm(towards, axis=1, keepdims=True)\n"
        "towards = towards[towards[:, 2] > -0.64][:2000]\n"
        f"path, f = Path({str(KEMAR)!r}), np.linspace(0.0, 24000.0, 257)\n"
        "ours, rival = [], []\n"
        "for _ in range(12):\n"
        "    begin = time.process_time()\n"
        "    sofar.read_sofa(str(path), verbose=False)\n"
        "    between = time.process_time()\n"
        "    found = read_head(path, 0.0875, 343.0).transfer(f, towards)\n"
        "    rival.append(between - begin)\n"
        "    ours.append(time.process_time() - between)\n"
        "assert found.shape == (257, 2000, 2)\n"
        "print(min(ours), min(rival))\n"
    )
    threads = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, "-c", code],
        check=True,
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={**os.environ, **threads},
    )
    ours, rival = (float(word) for word in done.stdout.split())
    print(f"KEMAR to 2,000 directions: {ours * 1e3:.0f} ms, {ours / rival:.1f} x sofar")
    assert ours < 3 * rival


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the peak of a process is read from /proc")
def test_memory() -> None:
    """A process that loads the KEMAR and interpolates it to 2,000 directions stays under 500 MB, libraries included."""
    code = (
        "import numpy as np\n"
        "from pathlib import Path\n"
        "from designer.acoustics.measured.head import read_head\n"
        "towards = np.random.default_rng(1).normal(size=(4000, 3))\n"
        "towards /= np.linalg.norm(towards, axis=1, keepdims=True)\n"
        "towards = towards[towards[:, 2] > -0.64][:2000]\n"
        f"head = read_head(Path({str(KEMAR)!r}), 0.0875, 343.0)\n"
        "head.transfer(np.linspace(0.0, 24000.0, 257), towards)\n"
        # getrusage would count what the parent held when it forked.
        "print(*[line.split()[1] for line in open('/proc/self/status') if line.startswith('VmHWM')])\n"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True, cwd=ROOT)
    megabytes = int(done.stdout) / 1024
    print(f"largest memory {megabytes:.0f} MB")
    assert megabytes < MOST_MEGABYTES
