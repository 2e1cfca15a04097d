"""README: its commands, numbers, sentence and figure are made by code. `UPDATE_README=1 pytest tests/test_readme.py` writes them."""

from __future__ import annotations

import base64
import csv
import io
import os
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import designer
from designer import measures
from designer.acoustics.enclosures.discs import Disc
from designer.acoustics.enclosures.free_field import FreeField
from designer.acoustics.sphere_series import sphere_pressure
from designer.evaluation.room import in_room
from designer.evaluation.room_responses import room_responses
from designer.problem.geometry import direction
from designer.problem.library import library
from designer.report.canvas import svg
from designer.report.channel_maps import map_figure
from designer.report.printed import draw
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
    """README stays under 120 lines."""
    assert len(README.read_text(encoding="utf-8").splitlines()) < 120


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
    first = next(i for i, line in enumerate(lines) if line.startswith("| quantity")) + 2
    for offset, value in enumerate(measured_rows()):
        cells = lines[first + offset].split("|")
        if UPDATE:
            cells[3] = f" {value} "
            lines[first + offset] = "|".join(cells)
        assert "|".join(cells) == lines[first + offset]
        assert cells[3].strip() == value
    if UPDATE:
        README.write_text("\n".join(lines) + "\n", encoding="utf-8")


def test_the_sentence_is_what_the_design_says(judged: None) -> None:
    """README quotes the verdict on the problem that asks too much."""
    problem = designer.load(library()["too-much-asked"][0])
    sentence = designer.design(problem).sentence("left")
    text = README.read_text(encoding="utf-8")
    if UPDATE:
        text = re.sub(r"^> .*$", f"> {sentence}.", text, flags=re.MULTILINE)
        README.write_text(text, encoding="utf-8")
    assert f"> {sentence}." in text


def test_the_figure_is_what_the_first_command_makes() -> None:
    """README's figure is that of the design: every coordinate within half a point, and 99 of 100 of the map's cells of its colour."""
    design = designer.design(designer.load(library()["smart-speaker"][0]))
    drawn = svg(draw(map_figure(design, "centre")))
    if UPDATE:
        FIGURE.parent.mkdir(parents=True, exist_ok=True)
        FIGURE.write_text(drawn, encoding="utf-8")

    def coordinates(text: str) -> np.ndarray:
        paths = re.findall(r' d="([^"]*)"', text)
        return np.array([float(number) for number in re.findall(r"-?\d+\.?\d*", " ".join(paths))])

    kept, made = coordinates(FIGURE.read_text(encoding="utf-8")), coordinates(drawn)
    assert kept.shape == made.shape and kept.size > 100
    np.testing.assert_allclose(kept, made, rtol=0, atol=0.5)

    def cells(text: str) -> np.ndarray:
        (content,) = re.findall(r"data:image/png;base64,\s*([^\"]+)", text)
        return np.asarray(Image.open(io.BytesIO(base64.b64decode(content))).convert("RGB"), dtype=int)

    assert (cells(FIGURE.read_text(encoding="utf-8")) == cells(drawn)).all(axis=-1).mean() > 0.99


PLACES: tuple[tuple[list[float], float], ...] = (
    ([2.6, 0.5, 0.9], 90.0),
    ([4.7, 1.2, 0.8], 180.0),
    ([1.2, 1.2, 0.7], 20.0),
    ([0.5, 1.6, 0.9], 0.0),
    ([0.5, 2.5, 0.9], 0.0),
    ([0.9, 2.05, 1.1], 0.0),
    ([0.7, 0.7, 1.0], 30.0),
    ([0.4, 3.0, 1.3], -20.0),
)
"""Where the living room's device may stand, and its heading: on each wall, in a corner, in the middle; the extremes first."""
EXTREMES = 3
"""The least and the largest distance, and the largest rise and fall of the coherence, are at the first few; `--long` tries all."""


def test_the_critical_distance_is_given_as_its_range(request: pytest.FixtureRequest) -> None:
    """README says from where to where the beam's critical distance moves with the device's place; the coherence rises and falls.

    The beam alone at 6 kHz, which holds its band and its fades (four seconds); at the problem's own place and rate the ratio is the
    same to 0.01 dB.
    """
    text = library()["living-room"][0].read_text(encoding="utf-8")
    first, centre = text.index("[[designs]]"), text.index('[[designs]]\nname = "centre"')
    text = text[:first] + text[centre:]
    for before, after in (("48000", "6000"), ("taps = 512", "taps = 64"), ("= 257", "= 33"), ("16000.0", "2900.0")):
        text = text.replace(before, after)
    problem = designer.loads(text)
    design = designer.design(designer.loads(text[: text.index("\n[room]")]))
    plain = {name: channel.plain for name, channel in design.channels.items()}
    assert problem.room is not None
    scene = designer.scene(problem)  # in free field it is the same at each place
    further_db, coherence_moves = [], []
    for device_m, heading_deg in PLACES if request.config.getoption("--long") else PLACES[:EXTREMES]:
        room = problem.room.model_copy(update={"device_m": device_m, "heading_deg": heading_deg})
        there = problem.model_copy(update={"room": room})
        found = in_room(there, room_responses(scene, room), design.taps, plain, design.bulk_delay_samples)
        band_hz = design.channels["centre"].table.band_hz
        own, alone, stereo = (one.measures.mean(band_hz) for one in found.compared("centre"))
        further_db.append(20 * np.log10(own["critical_distance_m"] / alone["critical_distance_m"]))
        change = own["interaural_coherence"] - stereo["interaural_coherence"]
        coherence_moves.append(change)
        against_stereo = found.in_words("centre", band_hz).partition("against plain stereo")[2]
        moves = "stays as it is" if abs(change) < 0.01 else "rises" if change > 0 else "falls"
        assert f"the coherence between the ears {moves} (" in against_stereo
    assert min(coherence_moves) < -0.01 < 0.01 < max(coherence_moves)
    readme = README.read_text(encoding="utf-8")
    span = f"{min(further_db):.1f} to {max(further_db):.1f} dB"
    if UPDATE:
        readme = re.sub(r"\S+ to \S+ dB above its plain driver's", f"{span} above its plain driver's", readme)
        README.write_text(readme, encoding="utf-8")
    assert f"over eight places of the device, the beam's critical distance is {span} above its plain driver's" in readme


def test_the_costs_of_commands_are_those_of_the_bench() -> None:
    """README shows the table that `tests/bench/test_command_speed.py` wrote, and each command is within its limit."""
    with (ROOT / "reports" / "bench" / "commands.csv").open(newline="", encoding="utf-8") as file:
        costs = list(csv.DictReader(file))
    rows = [
        f"| `{command}`{apart}{words} | {float(row['cpu_over_imports']):.2f} | {float(row['at_most']):g} |"
        for row in costs
        for command, apart, words in [row["command"].partition(", ")]
    ]
    text = README.read_text(encoding="utf-8")
    head = "| command | here | at most |\n|---|---|---|\n"
    if UPDATE:
        first, rest = text.split(head)
        text = first + head + "\n".join(rows) + "\n" + re.sub(r"\A(\|.*\n)*", "", rest)
        README.write_text(text, encoding="utf-8")
    assert head + "\n".join(rows) + "\n\n" in text
    assert all(float(row["cpu_over_imports"]) <= float(row["at_most"]) for row in costs)


def test_readme_lists_the_commands_that_there_are() -> None:
    """Its list of commands holds every one of the tool's and no other, and no line of its code runs off a screen."""
    from designer.cli import registered

    text = README.read_text(encoding="utf-8")
    listed = re.findall(r"^designer ([\w-]+)", text[text.index("## Commands") :].split("```")[1], re.MULTILINE)
    there = [
        entry.name or entry.callback.__name__
        for entry in registered().registered_commands
        if entry.callback and not entry.hidden
    ]
    assert sorted(listed) == sorted(there)
    first = first_code_block()
    blocks = [line for block in text.split("```")[1::2] for line in block.splitlines()[1:] if line not in first]
    assert max(map(len, blocks)) <= LONGEST_LINE
