"""The smart speaker's three channels out of an emulated Cortex-M: its driver feeds, and the cancellation that they reach."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import designer
from designer.arrays import Real
from designer.export.c_plan import CWord
from designer.export.cmsis_plan import Q15, Q31
from designer.export.of_design import filter_set
from designer.export.runners.c_program import samples_of
from designer.export.runners.cmsis_program import M7, played, program_of
from designer.export.runners.machines import Machine
from designer.export.targets.cmsis import write_cmsis
from designer.export.write import export_of
from export.cmsis_library import M4, archive, library

SPEAKER = Path(__file__).parents[2] / "problems" / "smart-speaker.toml"
PERIOD = 1024
PEAK = 1 / 8


@cache
def speaker(word: str) -> designer.Design:
    """The library's smart speaker; with a word, its taps are that word's integers."""
    text = SPEAKER.read_text(encoding="utf-8")
    words = f'[realization]\nword = "{word}"\n' if word else "[realization]\n"
    return designer.design(designer.loads(text.replace("[realization]\n", words)))


def measured(design: designer.Design, word: CWord, machine: Machine, work: Path) -> dict[str, Real]:
    """Impulse responses of the program on the core: channel -> (L, PERIOD), from the second of two periods of a flat spectrum."""
    phases = np.exp(2j * np.pi * np.random.default_rng(1).random(PERIOD // 2 + 1))
    phases[[0, -1]] = 1.0
    signal = np.fft.irfft(phases, PERIOD)
    signal = samples_of(signal / np.abs(signal).max() * PEAK, word.word)
    filters = filter_set(design)
    for path, content in write_cmsis(filters, word).files.items():
        (work / path).write_bytes(content)
    program = program_of(work, word, machine, archive(), library(machine))
    responses: dict[str, Real] = {}
    for c, channel in enumerate(design.taps):
        alone = np.zeros((2 * PERIOD, len(design.taps)), dtype=signal.dtype)
        alone[:, c] = np.tile(signal, 2)
        feeds = played(program, alone, machine, len(design.drivers), word)[PERIOD:].T
        assert np.abs(feeds).max() < word.fixed.greatest  # nothing saturated
        responses[channel] = np.fft.irfft(np.fft.rfft(feeds) / np.fft.rfft(signal), PERIOD)
    return responses


def gains(design: designer.Design) -> pd.DataFrame:
    """Cancellation gain in the bands: of the ear channels at the far ear, of the beam off its axis."""
    table = design.metrics
    return table[~table.status.isin(("plain", "fade"))]


@pytest.mark.parametrize(
    ("machine", "word", "lost_db"),
    [
        (M4, Q15, 0.1),
        (M7, Q31, 1e-3),
        pytest.param(M4, Q31, 1e-3, marks=pytest.mark.long),
        pytest.param(M7, Q15, 0.1, marks=pytest.mark.long),
    ],
    ids=lambda value: getattr(value, "name", value),
)
def test_cancellation_at_the_far_ear_survives(machine: Machine, word: CWord, lost_db: float, tmp_path: Path) -> None:
    """Q31 loses nothing of the ideal; Q15 gives what the search for its integers promised, less the rounding of its output."""
    design = speaker("q15" if word is Q15 else "")
    consumer = replace(design, taps=measured(design, word, machine, tmp_path))
    promised, found = gains(design), gains(consumer)
    assert set(found.channel) == {"left", "right", "centre"} and len(found) > 200
    loss = promised.cancellation_gain_db - found.cancellation_gain_db
    assert loss.max() <= lost_db
    said = export_of(filter_set(design), f"cmsis-{word.name}").facts["arithmetic"][word.name]["channels"]
    for channel, mean_db in found.groupby("channel").cancellation_gain_db.mean().items():
        assert (
            abs(said[channel]["exported_mean_db"] - mean_db) <= 0.02
        )  # the manifest's figure is of the model's own run


def test_q15_promises_what_the_ideal_has() -> None:
    """The search for integers costs less than a tenth of a dB of the unrounded design's gain, at every frequency of every band."""
    ideal, q15 = gains(speaker("")), gains(speaker("q15"))
    assert np.array_equal(ideal.index, q15.index)
    assert (ideal.cancellation_gain_db - q15.cancellation_gain_db).max() <= 0.1
