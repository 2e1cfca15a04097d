"""README: its commands, numbers, sentence and figure are made by code. `UPDATE_README=1 pytest tests/test_readme.py` writes them."""

from __future__ import annotations

import os
import re
from pathlib import Path

import numpy as np

import designer
from designer import measures
from designer.acoustics.free_field import Disc, FreeField, direction
from designer.acoustics.rigid_sphere import sphere_pressure
from designer.problem.library import library
from designer.report.azimuth_plots import draw_map
from designer.report.canvas import in_style, svg
from designer.solvers.ratio_search import best_ratio

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"
FIGURE = ROOT / "reports" / "readme" / "centre-map.svg"
LONGEST_LINE = 110
UPDATE = bool(os.environ.get("UPDATE_README"))


def first_code_block() -> list[str]:
    block = README.read_text(encoding="utf-8").split("```")[1]
    return [line for line in block.splitlines()[1:] if line.strip()]


def test_the_first_code_block_is_the_two_commands() -> None:
    """Each of the two commands does its own set-up; the continuous integration runs the second as it stands."""
    assert first_code_block() == [
        "python3 -m venv .venv && .venv/bin/pip install . && .venv/bin/designer design problems/smart-speaker.toml",
        "python3 -m venv .venv && .venv/bin/pip install '.[test]' && .venv/bin/pytest",
    ]
    assert "grep pytest" in (ROOT / ".ci" / "run").read_text(encoding="utf-8")


def test_readme_is_short() -> None:
    """README stays under 150 lines."""
    assert len(README.read_text(encoding="utf-8").splitlines()) < 150


def measured_rows() -> list[str]:
    """The last column of the table of truths."""
    k = np.array([2 * np.pi * 300.0 / 343.0])
    indices = []
    for count in (2, 3, 4):
        line = FreeField([Disc(np.array([0.005 * n, 0.0, 0.0])) for n in range(count)])
        look = line.far_field(k, direction(np.array([0.0])))
        gain = best_ratio(measures.mean_power_matrix(look), line.radiated_power(k))
        indices.append(f"{measures.db(gain)[0]:.2f}")
    phase = np.exp(-1j * np.linspace(0, 2 * np.pi, 721))
    g = 0.985
    paths = np.array([[np.ones_like(phase), g * phase], [g * phase, np.ones_like(phase)]]).transpose(2, 0, 1)
    largest = np.linalg.svd(np.linalg.inv(paths), compute_uv=False).max()
    pole = sphere_pressure(np.array([60.0]), np.array([np.inf]), np.array([[1.0]]))[0, 0, 0]
    return [
        f"{', '.join(indices)} dB",
        f"{measures.amplitude_db(largest):.1f} dB",
        f"{measures.amplitude_db(pole):.2f} dB",
    ]


def test_measured_numbers_are_what_the_code_gives() -> None:
    """The table beside the published values holds what the code computes today."""
    text = README.read_text(encoding="utf-8")
    lines = text.splitlines()
    first = next(i for i, line in enumerate(lines) if line.startswith("| truth")) + 2
    for offset, value in enumerate(measured_rows()):
        cells = lines[first + offset].split("|")
        if UPDATE:
            cells[3] = f" {value} "
            lines[first + offset] = "|".join(cells)
        assert "|".join(cells) == lines[first + offset]
        assert cells[3].strip() == value
    if UPDATE:
        README.write_text("\n".join(lines) + "\n", encoding="utf-8")


def test_the_sentence_is_what_the_design_says() -> None:
    """README quotes the verdict on the problem that asks too much."""
    problem = designer.load(library()["too-much-asked"][0])
    sentence = designer.design(problem).channels["left"].verdict.sentence
    text = README.read_text(encoding="utf-8")
    if UPDATE:
        text = re.sub(r"^> .*$", f"> {sentence}.", text, flags=re.MULTILINE)
        README.write_text(text, encoding="utf-8")
    assert f"> {sentence}." in text


def test_the_figure_is_what_the_first_command_makes() -> None:
    """README's figure has the shape of the one in the design folder: every coordinate within half a point."""
    design = designer.design(designer.load(library()["smart-speaker"][0]))
    with in_style():
        drawn = svg(draw_map(design, "centre"))
    if UPDATE:
        FIGURE.parent.mkdir(parents=True, exist_ok=True)
        FIGURE.write_text(drawn, encoding="utf-8")

    def coordinates(text: str) -> np.ndarray:
        paths = re.findall(r' d="([^"]*)"', text)
        return np.array([float(number) for number in re.findall(r"-?\d+\.?\d*", " ".join(paths))])

    kept, made = coordinates(FIGURE.read_text(encoding="utf-8")), coordinates(drawn)
    assert kept.shape == made.shape and kept.size > 200
    np.testing.assert_allclose(kept, made, rtol=0, atol=0.5)


def test_readme_lists_the_commands_that_there_are() -> None:
    """Its list of commands holds every one of the tool's and no other, and no line of its code runs off a screen."""
    from designer.cli import app

    text = README.read_text(encoding="utf-8")
    listed = re.findall(r"^designer ([\w-]+)", text[text.index("## Commands") :].split("```")[1], re.MULTILINE)
    there = [
        entry.name or entry.callback.__name__
        for entry in app.registered_commands
        if entry.callback and not entry.hidden
    ]
    assert sorted(listed) == sorted(there)
    first = first_code_block()
    blocks = [line for block in text.split("```")[1::2] for line in block.splitlines()[1:] if line not in first]
    assert max(map(len, blocks)) <= LONGEST_LINE
