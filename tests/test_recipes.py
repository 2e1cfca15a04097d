"""CONTRIBUTING's recipes are complete: each is written into a copy of the package, and used there by another process."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from designs.small_problems import pair, text

ROOT = Path(__file__).parents[1]
RECIPES = re.findall(
    r"^```python file=(\S+)\n(.*?)^```$",
    (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8"),
    re.MULTILINE | re.DOTALL,
)


PAIR = text(
    pair(listener={"position_m": [0.7, 0.0, 0.0]}, cancellation_gain_db=[[500, 10], [4000, 8]])
    | {"realization": {"taps": 32}}
)
FIRMWARE_TARGET = """
import numpy as np
import designer
from designer.export.of_design import filter_set
from designer.export.targets import TARGETS
from designer.commands.import_coefficients import import_coefficients
from pathlib import Path
problem = designer.load("pair.toml")
design = designer.design(problem)
made = TARGETS["julia"].write(filter_set(design))
Path("filters.jl").write_bytes(made.files["filters.jl"])
back = import_coefficients(Path("filters.jl"), problem)
np.testing.assert_allclose(back.taps["left"], design.taps["left"], atol=1e-15)
print(made.files["filters.jl"].decode()[:20])
"""
"""It is in the help and the schema, and what it writes comes back."""
ENCLOSURE = """
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
"""A far point on the table hears twice the free field, the power is the far field's mean over the sphere, and a problem designs."""
FORMULATION = """
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
"""It is a method of a problem file; with one bright point its weights are in phase there, and its value is that of its statement."""
FILES = {
    "pair.toml": PAIR + '[export]\ntargets = ["julia"]\n',
    "table.toml": PAIR.replace("[listener]", '[enclosure]\nmodel = "tabletop"\nheight_m = 0.2\n[listener]'),
    "bright.toml": PAIR.replace("[grid]", "ear_cloud_m = [[0, 0, 0]]\n[grid]").replace(
        'ear = "left"', 'ear = "left"\nmethod = "brightness"'
    ),
}
EACH = """
import contextlib, io, json, sys, traceback
outputs = []
for code in json.load(sys.stdin):
    with contextlib.redirect_stdout(io.StringIO()) as output:
        try:
            exec(code, {})
        except BaseException:
            traceback.print_exc(file=output)
    outputs.append(output.getvalue())
print(json.dumps(outputs))
"""
"""One process for all, because each spends most of its time on imports; what goes wrong in one is its output alone."""


def test_every_recipe(tmp_path: Path) -> None:
    """A firmware target, an enclosure and a formulation, written into a copy of the package, do what the constants above say."""
    shutil.copytree(ROOT / "designer", tmp_path / "designer")  # with what is compiled of it
    for name, content in RECIPES:
        assert not (ROOT / name).exists()
        (tmp_path / name).write_text(content, encoding="utf-8")
    for name, content in FILES.items():
        (tmp_path / name).write_text(content, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-c", EACH],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(tmp_path), "OPENBLAS_NUM_THREADS": "1"},
        input=json.dumps([FIRMWARE_TARGET, ENCLOSURE, FORMULATION]),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    target, enclosure, formulation = json.loads(done.stdout)
    assert target.startswith('# ["left", "left"]'), target
    assert enclosure.endswith("tabletop, 0.2 m below the origin\n"), enclosure
    assert formulation == "done\n", formulation


def test_the_commands_of_contributing_are_those_of_the_continuous_integration() -> None:
    """Its block of a shell sets up what README's does, editable; its linters are the integration's, its tests are there."""
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    (block,) = re.findall(r"^```sh\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    commands = [part.strip() for line in block.splitlines() for part in line.partition("#")[0].split("&&")]
    gate = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    set_up = {"python3 -m venv .venv", ".venv/bin/pip install -e '.[test]'", ". .venv/bin/activate"}
    assert set_up <= set(commands)
    assert "python3 -m venv .venv && .venv/bin/pip install '.[test]'" in readme
    for command in set(commands) - set_up:
        if command.startswith("pytest "):
            assert list((ROOT / command.removeprefix("pytest ")).glob("test_*.py")), command
        else:
            assert re.search(rf"^\.venv/bin/{re.escape(command)}$", gate, re.MULTILINE), command
