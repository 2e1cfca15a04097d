"""CONTRIBUTING's recipes are complete: each is written into a copy of the package, and used there by another process."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from designs.small_problems import pair, text

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
    for name, content in RECIPES:
        assert not (ROOT / name).exists()
        (folder / name).write_text(content, encoding="utf-8")
    return folder


def run(copy: Path, code: str) -> str:
    """Output of a program that imports the copy."""
    environment = {**os.environ, "PYTHONPATH": str(copy), "OPENBLAS_NUM_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=copy, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


PAIR = text(
    pair(listener={"position_m": [0.7, 0.0, 0.0]}, cancellation_gain_db=[[500, 10], [4000, 8]])
    | {"realization": {"taps": 32}}
)


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


def test_an_enclosure(copy: Path) -> None:
    """A far point on the table hears twice the free field, the power is the far field's mean over the sphere, and a problem designs."""
    table = '[enclosure]\nmodel = "tabletop"\nheight_m = 0.2\n'
    (copy / "table.toml").write_text(PAIR.replace("[listener]", f"{table}[listener]"), encoding="utf-8")
    code = """
import numpy as np
import designer
from designer.acoustics.scene import device_of
problem = designer.load("table.toml")
device = device_of(problem)
k = np.array([1.0, 30.0])
on = np.array([[50.0, 0.0, -0.2]])
distance = np.linalg.norm(on - device.places_m[0])
np.testing.assert_allclose(np.abs(device.field(k, on)[:, 0, 0]), 2 / distance, rtol=1e-9)
z, weight = np.polynomial.legendre.leggauss(200)
turn = np.linspace(0, 2 * np.pi, 128, endpoint=False)
up = (z + 1) / 2
flat = np.sqrt(1 - up**2)[:, None]
n = np.stack([flat * np.cos(turn), flat * np.sin(turn), np.broadcast_to(up[:, None], (200, 128))], axis=-1).reshape(-1, 3)
far = device.far_field(k, n)
mean = np.einsum("fmi,m,fmj->fij", far.conj(), np.repeat(weight / 4 / 128, 128), far)
np.testing.assert_allclose(mean, device.radiated_power(k), atol=1e-9)
design = designer.design(problem)
print(design.status, problem.body.described())
"""
    assert run(copy, code).endswith("tabletop, 0.2 m below the origin\n")


def test_a_formulation(copy: Path) -> None:
    """It is a method of a problem file; with one bright point its weights are in phase there, and its value is that of its statement."""
    one = PAIR.replace("[grid]", "ear_cloud_m = [[0, 0, 0]]\n[grid]").replace(
        'ear = "left"', 'ear = "left"\nmethod = "brightness"'
    )
    (copy / "bright.toml").write_text(one, encoding="utf-8")
    code = """
import numpy as np
import designer
from designer.formulations import FORMULATIONS
problem = designer.load("bright.toml")
design = designer.design(problem)
scene = designer.scene(problem)
h = scene.ears()[:, 0]
at = 20
w = design.weights["left"][at]
cosine = abs(h[at] @ w) / np.linalg.norm(h[at]) / np.linalg.norm(w)
np.testing.assert_allclose(cosine, 1.0, atol=1e-9)
A = np.outer(h[at].conj(), h[at])
np.testing.assert_allclose(FORMULATIONS["brightness"].statement(A).solve(), np.linalg.norm(h[at]) ** 2, rtol=1e-5)
print("done")
"""
    assert run(copy, code) == "done\n"
