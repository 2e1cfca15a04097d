"""The cheapest form of a stereo chain: its channels and the chain itself have to hold, judged here by the ears' phase delay."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from designs.small_problems import pair, text

import designer
from designer.realization.choice import Candidate
from designer.stereo.placed_source import chain_outcome, chain_sentence

ANGLE_DEG = 60.0
LOOSE = {"form": "auto", "sections": 1, "max_loss_db": 6.0, "max_level_change_db": 8.0}
"""Bounds within which one section keeps the channels."""


def design(**realization: Any) -> designer.Design:
    """Two drivers that are to sound from the sides; takes half a second a form that is judged."""
    virtualizer = {"angle_deg": ANGLE_DEG, "upmix": False}
    table = {key: value for key, value in (LOOSE | realization).items() if value is not None}
    listener = {"position_m": [0.7, 0.0, 0.0], "ear_cloud_m": [[0.0, 0.0, 0.0]]}
    problem = pair(both=True, listener=listener) | {"virtualizer": virtualizer, "realization": table}
    problem["grid"] |= {"frequencies": 17}
    return designer.design(designer.loads(text(problem)))


def interaural_s(made: designer.Design) -> float:
    """Mean phase delay of the right ear behind the left, 500 Hz to 1.5 kHz, for input on the left: sums over the taps."""
    f = np.arange(500.0, 1500.0, 25.0)
    turn = np.exp(-2j * np.pi * np.outer(f / 16000, np.arange(made.taps["virtual-left"].shape[1])))
    ears = designer.scene(made.problem).moved(np.zeros((1, 3))).at(f).ears()
    left, right = np.einsum("fml,fl->mf", ears, turn @ made.taps["virtual-left"].T)
    return float(np.mean(np.unwrap(np.angle(left / right)) / (2 * np.pi * f)))


@pytest.fixture(scope="module")
def free() -> designer.Design:
    """Without limits."""
    return design()


def sections_alone(made: designer.Design) -> Candidate:
    """The candidate of one section."""
    assert made.choice is not None
    return next(row for row in made.choice.candidates if row.form == "biquad")


def test_a_form_that_misses_the_chain_does_not_win(free: designer.Design) -> None:
    """One section is cheaper and keeps the channels, but leaves less than half of the interaural time; the winner has that of long taps."""
    assert free.choice is not None
    winner, one_section = free.choice.winner, sections_alone(free)
    assert one_section.loss_db <= 6.0 and one_section.level_change_db <= 8.0 and not one_section.keeps
    assert one_section.order < winner.order and winner.form != "biquad" and winner.keeps
    long = design(form="fir", taps=512, **dict.fromkeys(("sections", "max_loss_db", "max_level_change_db")))
    assert interaural_s(free) == pytest.approx(interaural_s(long), rel=0.1)
    assert "the stereo chain's angle within" in free.choice.reason


def test_the_remedy_names_the_limit_that_binds() -> None:
    """Where a limit leaves one section alone, verdict and remedy name it with a number that mends the chain, and no length."""
    held = design(max_mac_per_s=4e5)
    assert held.choice is not None and held.choice.is_short and held.choice.binding == "max_mac_per_s"
    assert abs(sections_alone(held).chain_angle_error_deg or 0.0) > 20 and held.status == 7
    remedy = held.choice.remedy
    assert remedy.startswith("remedy: [realization] max_mac_per_s = ")
    most = float(remedy.rsplit(" ", 1)[1])
    fitting = next(row for row in held.choice.candidates if row.keeps)
    mended = design(
        form="fir", taps=fitting.length, max_mac_per_s=most,
        **dict.fromkeys(("sections", "max_loss_db", "max_level_change_db")),
    )  # fmt: skip
    assert fitting.length * 4 * 16000 == most  # four filters, and a product for each tap and sample
    assert remedy in chain_sentence(held) and "more [realization]" not in chain_sentence(held)
    assert chain_outcome(held).missed and not chain_outcome(mended).missed
