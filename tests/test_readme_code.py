"""README's code runs: its Python in the gate, its commands with `--long`. Its first block is what the continuous integration runs; the
comparisons of `reports/` are made again by `test_reports.py`, and CONTRIBUTING's recipes by `test_recipes.py`.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

from designer.cli import registered

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
WORDS = {
    "OUT_OR_PROBLEM...": "out/mine problems/laptop-pair.toml",
    "FILE --problem PROBLEM.toml -o OUT": "out/mine/export/csv --problem mine.toml -o out/back",
    "FILE... -o X.sofa": "mine.toml -o device.sofa",
    "PROBLEM.toml": "mine.toml",
    "KEY=VALUES": "designs.left.max_effort_db=6,12",
    "OUT": "out/mine",
}
"""What stands in README for a reader's own file -> a file that the lines before have written."""
APART = {"studio": "it serves until it is stopped; tests/studio runs it", "docs": "tests/cli/test_docs.py runs it"}
ENDS = {"check": {0}, "design": {0, 7}, "import-coefficients": {0, 7}}
"""Exit codes of a design as `designer new` writes it: what taps miss by more than 0.5 dB is no fault of the line."""


def blocks(language: str) -> list[str]:
    """README's blocks of a language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)


def commands() -> list[str]:
    """Lines of README's list of commands, without what is optional and what is said of them."""
    listed = README[README.index("## Commands") :].split("```")[1].splitlines()[1:]
    lines = [re.sub(r"\s+#.*|\s+\[[^]]*\]", "", line).strip() for line in listed]
    for word, value in WORDS.items():
        lines = [re.sub(rf"(?<!\S){re.escape(word)}(?!\S)", value, line) for line in lines]
    return [line for line in lines if line]


def test_every_block_of_code_is_of_a_kind_that_a_test_runs() -> None:
    """README has blocks of a shell and of Python alone, and each line of a shell's begins a command that is run or named here."""
    assert set(re.findall(r"^```(\w+)", README, re.MULTILINE)) == {"sh", "python"}
    known = {entry.name or entry.callback.__name__ for entry in registered().registered_commands if entry.callback}
    for block in blocks("sh")[1:]:
        assert {line.split()[1] for line in block.splitlines() if line.strip()} <= known


def test_the_python_of_readme_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its block of Python runs as it stands in a checkout, and its comment tells the shape of the taps."""
    (tmp_path / "problems").symlink_to(ROOT / "problems", target_is_directory=True)
    monkeypatch.chdir(tmp_path)
    (code,) = blocks("python")
    names: dict[str, object] = {}
    exec(code, names)
    design = names["design"]
    assert f"# {design.taps['left'].shape}" in code  # type: ignore[attr-defined]
    assert (tmp_path / "out" / "laptop" / "report.html").is_file()


@pytest.mark.long
def test_the_commands_of_readme_run(tmp_path: Path) -> None:
    """Each line of the list of commands does its work on what the lines before have written."""
    (tmp_path / "problems").symlink_to(ROOT / "problems", target_is_directory=True)
    noise = 0.1 * np.random.default_rng(1).standard_normal((4800, 2))
    soundfile.write(tmp_path / "in.wav", noise, 48_000)
    environment = {**os.environ, "DESIGNER_CACHE": str(tmp_path / "cache"), "OPENBLAS_NUM_THREADS": "1"}
    for line in commands():
        name = line.split()[1]
        if name in APART:
            continue
        line = line.replace("-o DIR", f"-o out/{name}")
        arguments = [sys.executable, "-m", "designer.cli", *line.split()[1:]]
        done = subprocess.run(arguments, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode in ENDS.get(name, {0}), f"{line}\n{done.stderr}"
