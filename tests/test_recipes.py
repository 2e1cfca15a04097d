"""CONTRIBUTING's recipes are complete: each is written into a copy of the package, and used there by another process."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
RECIPES = re.findall(
    r"^```python file=(\S+)\n(.*?)^```$",
    (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8"),
    re.MULTILINE | re.DOTALL,
)


@pytest.fixture(scope="session")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The package with the files of all recipes, each of them new."""
    folder = tmp_path_factory.mktemp("recipes")
    shutil.copytree(ROOT / "designer", folder / "designer", ignore=shutil.ignore_patterns("__pycache__"))
    for name, text in RECIPES:
        assert not (ROOT / name).exists()
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def run(copy: Path, code: str) -> str:
    """What a program prints that imports the copy."""
    environment = {**os.environ, "PYTHONPATH": str(copy), "OPENBLAS_NUM_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=copy, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


PAIR = """
title = "pair"
sample_rate_hz = 16000
[[drivers]]
name = "left"
position_m = [0.0, -0.08, 0.0]
[[drivers]]
name = "right"
position_m = [0.0, 0.08, 0.0]
[listener]
position_m = [0.7, 0.0, 0.0]
[grid]
frequencies = 65
[realization]
taps = 32
[[designs]]
name = "left"
kind = "ctc"
ear = "left"
band_hz = [500.0, 4000.0]
cancellation_gain_db = [[500, 10], [4000, 8]]
max_effort_db = 9.0
"""


def test_a_firmware_target(copy: Path) -> None:
    """It is in the help and the schema, and what it writes comes back."""
    (copy / "pair.toml").write_text(PAIR + '[export]\ntargets = ["faust"]\n', encoding="utf-8")
    code = """
import numpy as np
import designer
from designer.export.of_design import filter_set
from designer.export.targets import TARGETS
from designer.importing import import_coefficients
from pathlib import Path
problem = designer.load("pair.toml")
design = designer.design(problem)
made = TARGETS["faust"].write(filter_set(design))
Path("filters.lib").write_bytes(made.files["filters.lib"])
back = import_coefficients(Path("filters.lib"), problem)
np.testing.assert_allclose(back.taps["left"], design.taps["left"], atol=1e-15)
print(made.files["filters.lib"].decode()[:20])
"""
    assert run(copy, code).startswith('import("stdfaust.lib')
