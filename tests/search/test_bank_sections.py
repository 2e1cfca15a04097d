"""`designer bank` of sections: what it loses between sets, by naive sums; what its folder plays; what is refused."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from command import Command

import designer
from designer.bank.section_bank import SectionBank
from designer.commands.bank import walk_of
from designer.errors import UsageError
from designer.problem import Problem
from designer.realization.cascade import pole_radii
from designer.realization.choice import Candidate, Choice
from designer.search import bank, bank_sections, bank_spacing, bank_walk
from designer.search.bank import BankDesign
from designer.search.bank_folder import open_bank, save
from designer.search.bank_places import Places
from designer.search.bank_section_fit import MissedError, forms_of_bank, ruled_out
from designer.search.bank_walk import EXACT, FIXED, NEAREST, Tracker, Walked
from search.test_bank import mean_gain_db

SIDE = "listener.position_m[1]"
EAR = """
title = "An ear that moves"
sample_rate_hz = 48000
drivers = [
  { name = "a", position_m = [0.0, -0.2, 0.0] }, { name = "b", position_m = [0.0, 0.0, 0.0] },
  { name = "c", position_m = [0.0, 0.2, 0.0] },
]
listener = { position_m = [0.7, 0.0, 0.0], head = "points" }
grid = { frequencies = 13 }
realization = { form = "biquad", sections = 5 }

[[designs]]
name = "left"
kind = "null-steering"
ear = "left"
plain = ["a"]
band_hz = [400.0, 4000.0]
fade_octaves = 1.0
cancellation_gain_db = [[400, 6], [4000, 8]]
max_effort_db = 9.0
"""


@pytest.fixture(scope="module", autouse=True)
def short() -> Iterator[None]:
    """A walk of half a second, few places, each of which is a design, and few poles to begin with."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bank_walk, "WALK_S", 0.5)
        patch.setattr(bank_spacing, "LEAST_PLACES", {1: 11, 2: 11})
        patch.setattr(bank_sections, "REFERENCES", {1: 5, 2: 3})
        patch.setattr(bank_sections, "POLE_PLACES", {1: 3, 2: 2})
        patch.setattr(bank_sections, "LEADS", (0.5, 1.0))
        patch.setattr(bank_sections, "TRIED", 1)
        yield


@pytest.fixture(scope="module")
def problem() -> Problem:
    """Three drivers of a bar and one ear, in five sections a driver."""
    return designer.loads(EAR)


@pytest.fixture(scope="module")
def found(problem: Problem) -> BankDesign:
    """A bank over 30 cm, made once: designs of a dozen places take seconds."""
    return designer.bank(problem, [f"{SIDE}=-0.1:0.2"])


@pytest.fixture(scope="module")
def walk(found: BankDesign) -> Walked:
    """A head that walks over its range."""
    return walk_of(found, Tracker((0.01,), 30.0, 0.05))


@pytest.fixture(scope="module")
def folder(found: BankDesign, walk: Walked, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Its folder."""
    return save(found, tmp_path_factory.mktemp("bank") / "bank", walk, command="designer bank")


def test_few_sets_lose_less_than_the_limit(found: BankDesign) -> None:
    """On a grid ten times as fine; no more sets than uniform spacing; the nearest set and one design for all lose many dB."""
    largest = found.proof.largest_db
    assert isinstance(found.bank, SectionBank)
    assert found.bank.sets <= 3
    assert largest["interpolated"] <= 1.0
    assert min(largest["nearest"], largest["fixed"]) > 5.0
    assert found.bank.sets <= found.uniform_sets
    assert len(found.proof.places) >= 10 * (found.bank.sets - 1) + 1
    assert all(pole_radii(a.reshape(-1, 2)).max() <= 0.998 + 1e-9 for a in found.bank.denominators.values())


@pytest.mark.parametrize("place", [-0.1, 0.037, 0.2])
def test_the_loss_holds_against_taps(found: BankDesign, problem: Problem, place: float) -> None:
    """Also between the places of the proof: gains by a naive sum, of 512 taps designed there and of the bank's impulse responses.

    Two limits: sections may lose one against the weights, and the bank one against sections.
    """
    there = problem.replace({"realization": {"form": "fir"}, SIDE: place})
    designed_db = mean_gain_db(there, "left", designer.design(there).taps["left"])
    assert designed_db - mean_gain_db(there, "left", found.bank.at("left", [place])) <= 2.0
    assert found.section_fit is not None
    assert found.section_fit.paper_loss_db <= 1.0


def test_what_sections_miss_is_a_warning(found: BankDesign) -> None:
    """By more than half a decibel it is named with its place and a remedy; by less it is a number of the outcome."""
    assert found.section_fit is not None
    better = replace(found, section_fit=replace(found.section_fit, missed_db=0.4))
    assert better.shortfalls() == []
    assert "miss a requirement by at most 0.40 dB" in better.sentences()[-1]
    worse = replace(found, section_fit=replace(found.section_fit, missed_db=1.23, requirement="tone"))
    (warning,) = worse.shortfalls()
    assert warning.startswith(f"sections miss tone, which the weights hold, by up to 1.2 dB at {SIDE} = ")
    assert warning.endswith("allow more sections, or shorten the range")


def test_what_sections_miss_ends_as_a_design_does(found: BankDesign) -> None:
    """By more than half a decibel with 7, unless a place is infeasible as asked; by less with 0."""
    assert found.section_fit is not None
    better, worse = (replace(found, section_fit=replace(found.section_fit, missed_db=db)) for db in (0.49, 0.51))
    infeasible = replace(worse, infeasible=(((0.0,), 1.0),))
    none_keeps = replace(better, no_form="no form keeps max_loss_db = 0.5")
    assert [bank.status for bank in (better, worse, infeasible, none_keeps)] == [0, 7, 4, 7]
    assert none_keeps.shortfalls() == ["no form keeps max_loss_db = 0.5"]


def candidate(form: str, length: int, millions: float, *, keeps: bool = True) -> Candidate:
    """A form that was judged at one place."""
    return Candidate(form, length, None, 64, 2.0, millions * 1e6, 100, 0.1, 0.1, keeps)


@pytest.mark.parametrize(
    ("missed_dbs", "taken", "status"),
    [([0.2, 0.0], "biquad 2", 0), ([4.0, 0.1], "biquad 6", 0), ([4.0, 0.9], "fir 96", 0), ([4.0, 0.9, None], "biquad 6", 7)],
)  # fmt: skip
def test_auto_prefers_a_form_that_holds(
    problem: Problem,
    found: BankDesign,
    monkeypatch: pytest.MonkeyPatch,
    missed_dbs: list[float | None],
    taken: str,
    status: int,
) -> None:
    """The cheapest that holds over the range: sections that miss a requirement are passed over with the number, and where nothing holds
    those that miss least are taken, which ends with 7.
    """
    rows = [
        candidate("fir", 88, 12.0, keeps=False),
        candidate("fir", 96, 13.0),
        candidate("biquad", 6, 4.0),
        candidate("biquad", 2, 1.0),
    ]
    rows = [row for row in rows if row.form == "biquad" or None not in missed_dbs]
    choice = Choice(tuple(rows), len(rows) - 1, "")
    monkeypatch.setattr(bank, "job", SimpleNamespace(design=lambda _: SimpleNamespace(choice=choice)))
    missed = dict(zip((2, 6), missed_dbs, strict=False))

    def designed(changed: Problem, *_: object, holds: bool) -> BankDesign:
        table = changed.realization
        assert found.section_fit is not None
        if table.form == "fir":
            return replace(found, problem=changed, section_fit=None)
        fit = replace(found.section_fit, missed_db=missed[table.sections] or 0.0, requirement="tone")
        if holds and fit.is_missed:
            raise MissedError(fit)
        return replace(found, problem=changed, section_fit=fit)

    monkeypatch.setattr(bank, "_designed", designed)
    auto = problem.replace({"realization": {"form": "auto"}})
    design = bank.design_bank(auto, [f"{SIDE}=-0.1:0.2"], 1.0)
    table = design.problem.realization
    assert f"{table.form} {table.taps if table.form == 'fir' else table.sections}" == taken
    assert design.status == status
    said = [text for text in design.sentences() if text.startswith('form = "auto" passed over')]
    assert len(said) == sum(missed_db is not None and missed_db > 0.5 for missed_db in missed_dbs)
    assert all("sections miss tone, which the weights hold, by up to" in text for text in said)


def test_auto_takes_taps_for_what_sections_of_a_bank_cannot_do(problem: Problem) -> None:
    """Words and a stereo chain, and cheaper sections are told with the key that rules them out; where no form keeps at the fixed design's
    place, the one that was chosen there.
    """
    rows = (candidate("fir", 96, 13.0), candidate("biquad", 2, 1.0))
    auto = problem.replace({"realization": {"form": "auto"}})
    assert [row.form for row in forms_of_bank(Choice(rows, 1, ""), auto)] == ["biquad", "fir"]
    of_words = auto.replace("realization.word", "q31")
    assert [row.form for row in forms_of_bank(Choice(rows, 1, ""), of_words)] == ["fir"]
    (told,) = ruled_out(Choice(rows, 1, ""), of_words)
    assert told.startswith("biquads of 2 sections: ")
    assert 'realization.word is "q31"; leave word out' in told
    assert not ruled_out(Choice(rows, 1, ""), auto)
    assert not ruled_out(Choice((rows[0], candidate("biquad", 12, 14.0)), 0, ""), of_words)
    short = candidate("fir", 88, 12.0, keeps=False)
    assert forms_of_bank(Choice((short,), 0, "none keeps"), auto) == [short]


def test_a_head_that_walks_hears_the_bank(found: BankDesign, walk: Walked) -> None:
    """Gain in time as between sets of taps, and nothing clicks."""
    assert walk.mean_db(EXACT) > walk.mean_db(NEAREST) + 2 > walk.mean_db(FIXED)
    assert walk.clicks_db[EXACT] < -100.0
    assert walk.clicks_db[EXACT] < walk.clicks_db[NEAREST] - 6


def test_the_folder_plays_and_says_so(
    folder: Path, found: BankDesign, designer_command: Command, tmp_path: Path
) -> None:
    """Read back the same bank, its sentences and fit; exported as C in floats, and refused in fixed point."""
    opened = open_bank(folder)
    np.testing.assert_array_equal(opened.bank.at("left", [0.07]), found.bank.at("left", [0.07]))
    facts = json.loads((folder / "bank.json").read_text())
    assert facts["interpolation"] == "numerators of sections, delays apart"
    assert facts["section_fit"]["sections"] == 5
    assert sorted(facts["firmware"]) == ["c", "cmsis-f32"]
    assert "5 sections a driver, whose poles all sets share" in (folder / "report.html").read_text()
    done = designer_command("export", str(folder), "--target", "c")
    assert done.code == 0, done.err
    entry = json.loads((folder / "export.json").read_text())["c"]
    assert entry["loss_db"] == pytest.approx(entry["bank_loss_db"], abs=0.05)
    assert designer_command("export", str(folder), "--target", "c-q31").code == 2
    other = designer_command("export", str(folder), "--target", "csv")
    assert other.code == 2
    assert re.search(r"expected (c, cmsis-f32|cmsis-f32, c);", other.err), other.err


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"realization.word": "5.23"}, r'word: got "5.23" with .*move the poles.*; leave word out, or set form = "fir"'),
        ({"realization.sections": 1}, r"realization.sections: got 1, which lose \d.*at listener.position_m\[1\] = .*more sections"),
    ],
)  # fmt: skip
def test_what_sections_cannot_do_is_refused(problem: Problem, changes: dict[str, object], message: str) -> None:
    """Where, what, the number, and the remedy."""
    with pytest.raises(UsageError, match=message):
        designer.bank(problem.replace(changes), [f"{SIDE}=-0.1:0.2"], loss_db=0.2)


def test_sections_beside_a_stereo_chain_are_refused() -> None:
    """Ahead of any place; the key, the reason and both remedies."""
    places = Places.__new__(Places)
    places.problem = designer.load(Path(__file__).parents[2] / "problems" / "stereo-speaker.toml")
    words = r"""^realization.form: got "biquad" beside \[virtualizer\], whose .*; leave \[virtualizer\] out, or set form = "fir"""
    with pytest.raises(UsageError, match=words):
        places._shared_sections()
