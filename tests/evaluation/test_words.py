"""The outcome in words: frequencies as a person says them, spans, and what binds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from designs.small_problems import design, limited, line, load, pair
from hypothesis import given, settings
from hypothesis import strategies as st

import designer
from designer.evaluation.channel import Verdict
from designer.evaluation.outcomes import MOVED, REQUIRED, WORST, Outcome, hz, spans, worse_outcomes
from designer.evaluation.words import requirement_phrase, verdict, whole_sentence
from designer.problem.listeners import NamedListener
from designer.requirements.slacks import BANDS

PROBLEMS = Path(__file__).parents[2] / "problems"


@pytest.mark.parametrize(
    ("frequency_hz", "said"),
    [
        (0.0, "0 Hz"),
        (93.75, "94 Hz"),
        (516.0, "516 Hz"),
        (999.4, "999 Hz"),
        (999.6, "1 kHz"),
        (1000.0, "1 kHz"),
        (1781.25, "1.8 kHz"),
        (6000.0, "6 kHz"),
        (9949.0, "9.9 kHz"),
        (9960.0, "10 kHz"),
        (15_600.0, "16 kHz"),
        (24_000.0, "24 kHz"),
    ],
)
def test_a_frequency_as_a_person_says_it(frequency_hz: float, said: str) -> None:
    """Whole hertz below 1 kHz, one decimal of kilohertz below 10 kHz, whole kilohertz above."""
    assert hz(frequency_hz) == said


def test_spans_by_hand() -> None:
    """Runs of frequencies, their ends included; a run of one is "at"; nothing is the empty text."""
    f = np.array([200.0, 500.0, 800.0, 1800.0, 6000.0])
    assert spans(f, np.array([1, 1, 1, 1, 1], dtype=bool)) == "from 200 Hz to 6 kHz"
    assert spans(f, np.array([1, 1, 0, 0, 1], dtype=bool)) == "from 200 Hz to 500 Hz and at 6 kHz"
    assert spans(f, np.array([1, 0, 1, 0, 1], dtype=bool)) == "at 200 Hz, at 800 Hz and at 6 kHz"
    assert spans(f, np.array([0, 0, 0, 1, 1], dtype=bool)) == "from 1.8 kHz to 6 kHz"
    assert spans(f, np.zeros(5, dtype=bool)) == ""


@settings(max_examples=50)
@given(where=st.lists(st.booleans(), min_size=1, max_size=12))
def test_spans_say_every_run_once(where: list[bool]) -> None:
    """As many runs as there are rises from False to True, the first and the last frequency of each named in order."""
    f = 100.0 * np.arange(1, 13)[: len(where)]
    message = spans(f, np.array(where)).replace(" and ", ", ").split(", ")
    runs = [i for i, w in enumerate(where) if w and (i == 0 or not where[i - 1])]
    ends = [i for i, w in enumerate(where) if w and (i == len(where) - 1 or not where[i + 1])]
    if not runs:
        assert message == [""]
        return
    assert message == [
        f"at {hz(f[a])}" if a == b else f"from {hz(f[a])} to {hz(f[b])}" for a, b in zip(runs, ends, strict=True)
    ]


def test_what_is_asked() -> None:
    """Every kind of requirement as a noun phrase with its decibels and the band."""
    assert (
        requirement_phrase(load(pair()).designs[0], 5)
        == "8 to 12 dB asked from 500 Hz to 4 kHz, in the mean over the ear cloud"
    )
    beyond = pair(
        cancellation_gain_db=[[250, 2], [1000, 6], [2000, 9], [8000, 30]]
    )  # dB over octaves: 4 at 500, 19.5 at 4000 Hz
    assert requirement_phrase(load(beyond).designs[0], 5).startswith("4 to 19.5 dB asked from 500 Hz to 4 kHz,")
    beam = line(
        window_deg=[-30.0, 30.0], mask=[{"azimuth_deg": [60.0, 120.0], "max_db": -10.0}], cancellation_gain_db=[[800, 9]]
    )  # fmt: skip
    assert requirement_phrase(load(beam).designs[0], 1) == (
        "9 dB, a mask of -10 dB and a window of -30 to 30 degrees within 3 dB asked from 800 Hz to 3 kHz,"
        " in the mean over the dark azimuths"
    )
    nulls = load(line(nulls_deg=[90.0, -90.0])).designs[0]
    assert (
        requirement_phrase(nulls, 1)
        == "nulls as deep as the rest allows at 90 and -90 degrees asked from 800 Hz to 3 kHz"
    )
    seat = designer.load(PROBLEMS / "two-listeners.toml").designs[0]
    assert requirement_phrase(seat, 5).startswith(
        "5 to 15 dB over the contralateral ear and 15 to 20 dB over right seat asked from 1 kHz to 4 kHz,"
    )


def test_mirror_images_are_dark_for_mirrored_listeners() -> None:
    """Of a couch's two seats each is the other's mirror image, and the one in the middle its own: the worse of both sides is told once."""
    left, right, middle = (
        NamedListener(name=name, position_m=[2.5, y, 0.0])
        for name, y in (("left seat", -0.35), ("right seat", 0.35), ("middle", 0.0))
    )

    def missed(name: str, missed_db: float) -> Outcome:
        return Outcome(f'dark_gain_db of "{name}"', WORST, missed_db, 1000.0, "at 1 kHz", 0.1, 0.0)

    of_left = [missed("right seat", 1.0), missed("middle", 3.0)]
    of_right = [missed("left seat", 2.0), missed("middle", 2.5)]
    assert worse_outcomes(of_left, of_right, listeners=(left, right, middle)) == (
        missed("right seat", 2.0),
        missed("middle", 3.0),
    )


def test_a_feasible_channel() -> None:
    """Reached at every frequency, nothing is missed."""
    (channel,) = design(pair()).channels.values()
    assert (
        channel.verdict.sentence
        == "8 to 12 dB asked from 500 Hz to 4 kHz, in the mean over the ear cloud; met at every frequency"
    )
    assert channel.verdict.shortfalls == ()


def test_the_librarys_infeasible_problem() -> None:
    """Asked, reached where, what binds elsewhere, by how much at most and where: all in one sentence."""
    result = designer.design(designer.load(PROBLEMS / "too-much-asked.toml"))
    (channel,) = result.channels.values()
    inside = result.metrics[result.metrics.status.isin(["met", "short"])]
    own = inside[np.isin(inside.frequency_hz, result.frequency_hz)]
    on_grid = np.isin(channel.frequency_hz, result.frequency_hz)
    own = own.assign(
        slack_db=channel.slack_db[on_grid]
    )  # the verdict is of the formulation, the table of the realised filters
    missing, at_hz = (
        own.slack_db.max(),
        own.frequency_hz.to_numpy()[int(own.slack_db.argmax())],
    )
    (shortfall,) = channel.verdict.shortfalls
    assert shortfall.startswith(
        f"the curve infeasible by up to {missing:.1f} dB (at {at_hz:.0f} Hz, where no weights reach more than "
    )
    (low, high) = (own[own.slack_db > 0.1].frequency_hz.agg(end) for end in ("min", "max"))
    assert f"from {hz(low)} to 1.4 kHz and from 5.8 kHz to {hz(high)}, " in shortfall
    assert (
        channel.verdict.sentence
        == f"18 dB asked from 200 Hz to 6 kHz, in the mean over the ear cloud; {shortfall}; the effort limit of 12 dB binds"
    )
    assert result.status == 4


def test_a_bound_above_the_curve_explains_nothing() -> None:
    """Where the drivers' bands leave less than all weights could reach, no largest gain is named, and bands are many."""
    (design,) = load(pair()).designs
    frequency_hz, short = np.array([500.0, 4000.0]), {"cancellation_gain_db": np.array([3.0, 0.0])}
    for reachable_db, detail in (
        (241.3, ""),
        (5.0, ", where no weights reach more than 5.0 dB within the effort limit"),
    ):
        formulation = verdict(
            design, 5, frequency_hz, short, {}, {BANDS: np.array([True, False])}, None, np.array([reachable_db, np.nan])
        )
        assert formulation.shortfalls == (f"the curve infeasible by 3.0 dB at 500 Hz{detail}",)
        assert formulation.sentence.endswith("; the drivers' bands bind")
    lowered = verdict(design, 5, frequency_hz, {"level": np.array([3.0, 0.0])}, {}, {})
    assert lowered.shortfalls == ("the level infeasible by 3.0 dB at 500 Hz",)


def test_a_limit_that_does_not_bind_is_not_blamed() -> None:
    """The sentence is the same at 15 and at 40 dB of effort where more effort gives no more gain, and names no effort limit."""
    spread: dict[str, Any] = {
        "driver_spread": {"gain_db": 0.5, "phase_deg": 3.0},
        "cancellation_gain_db": [[2000, 60]],
        "band_hz": [2000.0, 2500.0],
    }
    sentences = set()
    for effort_db in (15.0, 40.0):
        (channel,) = design(pair(max_effort_db=effort_db, **spread)).channels.values()
        sentences.add(channel.verdict.sentence)
    (sentence,) = sentences
    assert "where no weights reach more than" in sentence and "effort" not in sentence


def test_what_binds_is_named() -> None:
    """A driver's gain, the effort, a floor of white-noise gain; and where nothing binds, the drivers themselves."""

    def sentence(problem: dict[str, object]) -> str:
        (channel,) = design(problem).channels.values()
        return channel.verdict.sentence

    drivers = limited(pair(max_effort_db=None), max_gain_db=-3.0)
    assert '; the gain limit of "left" and the gain limit of "right" bind' in sentence(drivers)
    assert "the effort limit of 2 dB binds" in sentence(pair(max_effort_db=2.0))
    assert "no weights of these drivers reach it" in sentence(
        pair(max_effort_db=None, cancellation_gain_db=[[500, 60]])
    )
    floor = line(min_white_noise_gain_db=5.0, nulls_deg=[30.0], cancellation_gain_db=[[800, 25]])
    assert "the white-noise gain's floor of 5 dB binds" in sentence(floor)


def test_the_white_noise_floor_of_an_ear_channel_is_named() -> None:
    """The curve is reached without the floor and not with it, so it is not the drivers that cannot."""
    assert design(pair(max_effort_db=None)).status == 0
    (channel,) = design(pair(max_effort_db=None, min_white_noise_gain_db=0.0)).channels.values()
    assert not channel.feasible
    assert "the white-noise gain's floor of 0 dB binds" in channel.verdict.sentence
    assert "no weights of these drivers reach it" not in channel.verdict.sentence


def test_no_limit_is_named_that_the_file_does_not_set() -> None:
    """A beam whose floor of white-noise gain is beyond four drivers' 6 dB: nothing is said of an effort limit."""
    (channel,) = design(
        line(min_white_noise_gain_db=9.0, nulls_deg=[90.0], cancellation_gain_db=[[800, 10]])
        | {"grid": {"frequencies": 17, "azimuth_step_deg": 15.0}}
    ).channels.values()
    assert not channel.feasible
    assert any("the white-noise gain's floor of 9 dB infeasible by" in line for line in channel.verdict.shortfalls)
    assert not any("effort" in line for line in (channel.verdict.sentence, *channel.verdict.shortfalls))


def test_shortfalls_name_each_requirement_with_its_own_decibels() -> None:
    """A verdict put together by hand: two requirements and a limit, each with its worst frequency and its spans."""
    table = load(pair()).designs[0]
    f = np.array([500.0, 1000.0, 2000.0, 4000.0])
    actual = verdict(
        table,
        5,
        f,
        {"cancellation_gain_db": np.array([3.0, 0.05, 0.0, 0.5]), "window": np.zeros(4)},
        {"max_effort_db": np.array([0.0, 0.0, 0.2, 0.0])},
        {"max_effort_db": np.array([True, False, True, True])},
    )
    assert actual.shortfalls == (
        "the curve infeasible by up to 3.0 dB at 500 Hz (the most) and at 4 kHz, 50 % of the band",
        "the effort limit of 9 dB infeasible by 0.20 dB at 2 kHz",
    )
    clauses = "; ".join(actual.shortfalls)
    assert (
        actual.sentence
        == f"8 to 12 dB asked from 500 Hz to 4 kHz, in the mean over the ear cloud; {clauses}; the effort limit of 9 dB binds"
    )


def test_an_outcome_is_told_once() -> None:
    """Met, met on paper and missed, and infeasible: one clause each on what is asked, what was missed, what mends it and other places."""
    table, f = load(pair()).designs[0], np.array([500.0, 1000.0, 2000.0, 4000.0])
    met = Outcome.of("cancellation_gain_db", REQUIRED, np.array([0.05, 0.0, 0.0, 0.0]), f)
    missed = Outcome.of("cancellation_gain_db", REQUIRED, np.array([1.25, 0.0, 0.0, 0.0]), f, np.array([0.05, 0, 0, 0]))
    worst = Outcome.of("cancellation_gain_db", WORST, np.array([3.0, 2.0, 2.5, 0.0]), f)
    moved = Outcome.of("cancellation_gain_db", MOVED, np.array([4.0, 2.0, 2.5, 1.0]), f)
    on_paper = Verdict(f"{requirement_phrase(table, 5)}; met at every frequency", ())
    infeasible = Verdict("asked; infeasible; the effort limit of 9 dB binds", ("infeasible",))
    further = Outcome.of("cancellation_gain_db", REQUIRED, np.array([1.7, 0.0, 0.0, 0.0]), f, np.array([0.5, 0, 0, 0]))
    effort = Outcome.of("max_effort_db", REQUIRED, np.array([0.0, 0.3, 0.0, 0.0]), f)
    asked = "8 to 12 dB asked from 500 Hz to 4 kHz, in the mean over the ear cloud"
    assert whole_sentence(table, on_paper, [met]) == f"{asked}; met at every frequency"
    assert whole_sentence(table, on_paper, [missed, worst], remedy="remedy: taps = 64") == (
        f"{asked}; met on paper, and these filters miss the curve by 1.2 dB at 500 Hz; remedy: taps = 64. Judged more strictly, the curve"
        " is missed by up to 3.0 dB at the worst place (500 Hz)"
    )
    assert whole_sentence(table, on_paper, [met, worst, moved]) == (
        f"{asked}; met at every frequency. Judged more strictly, the curve is missed by up to 3.0 dB at the worst place (500 Hz), 4.0 dB at"
        " the 5th percentile of moved heads (500 Hz)"
    )
    beam = load(line(nulls_deg=[90.0], cancellation_gain_db=[[800, 9]])).designs[0]
    assert whole_sentence(beam, Verdict("asked; met", ()), [worst]).endswith(
        " by up to 3.0 dB at the worst azimuth (500 Hz)"
    )
    assert (
        whole_sentence(table, on_paper, [missed], imported=True)
        == f"{asked}; these filters miss the curve by 1.2 dB at 500 Hz"
    )
    assert whole_sentence(table, infeasible, [further, effort]) == (
        "asked; infeasible; the effort limit of 9 dB binds; these filters miss the curve by 1.2 dB more and the effort limit by 0.30 dB"
    )
    unnamed = Verdict("asked; infeasible; no weights of these drivers reach it", ("infeasible",))
    assert whole_sentence(table, unnamed, [effort]).endswith("; these filters miss the effort limit of 9 dB by 0.30 dB")
