"""The numbers of a comparison: who is best, what the files differ in, bands of many, and the tidy table against naive sums."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from toml_text import pair, toml

import designer
from comparison.two_designs import made
from designer.comparison.entry import Entry, chosen_entries, shared_channels
from designer.comparison.head_shift import gains_db, head_shift
from designer.comparison.key_differences import key_differences
from designer.comparison.numbers import COLUMNS, band_of, ranked, tidy_table
from designer.errors import DataError
from designer.report.comparison_page import outcome_words

values = st.lists(st.one_of(st.none(), st.floats(-60, 60)), min_size=1, max_size=20).filter(
    lambda row: any(value is not None for value in row)
)


@given(values, st.sampled_from([1, -1]))
def test_the_best_of_a_row(row: list[float | None], sign: int) -> None:
    """No unmarked number is better than a marked one; none is marked where all lie within 0.5 dB; printed differences are those of the
    printed numbers.
    """
    actual = ranked("key", "words", tuple(row), sign, 0.5)
    known = [value for value in row if value is not None]
    marked = [value for value, best in zip(row, actual.best, strict=True) if best and value is not None]
    others = [value for value, best in zip(row, actual.best, strict=True) if not best and value is not None]
    assert bool(marked) == (max(known) - min(known) > 0.5)
    assert all(difference is None or alike == (abs(difference) <= 0.5)
               for difference, alike in zip(actual.differences_db, actual.alike, strict=True))  # fmt: skip
    assert all(sign * m >= sign * o for m in marked for o in others)
    for value, difference in zip(row, actual.differences_db, strict=True):
        assert (value is None) == (difference is None)
        if value is not None and difference is not None:
            printed = [float(f"{number:.1f}") for number in (known[0], difference, value)]
            assert printed[0] + printed[1] == pytest.approx(printed[2], abs=1e-9)


def test_what_the_files_differ_in() -> None:
    """A default written out is no difference; another value, a key that one lacks and a driver that one lacks are."""
    tables = pair()
    first = designer.loads(toml(tables))
    tables["speed_of_sound_m_s"] = 343.0
    tables["designs"][0] |= {"band_hz": [500.0, 3000.0], "max_effort_db": 9.0}
    tables["realization"] = {"taps": 64, "form": "rtf"}
    tables["drivers"].append({"name": "middle", "position_m": [0.0, 0.0, 0.0]})
    tables["designs"][0]["drivers"] = ["left", "right"]
    rows = dict(key_differences([first, designer.loads(toml(tables))]))
    assert rows == {
        "designs[left].band_hz": ["[500, 4000]", "[500, 3000]"],
        "designs[left].max_effort_db": ["–", "9"],
        "designs[left].drivers": ["–", '["left", "right"]'],
        "drivers[middle].position_m": ["–", "[0, 0, 0]"],
        "drivers[middle].facing_deg": ["–", "[0, 0] (default)"],
        "drivers[middle].response_clockwise": ["–", "false (default)"],
        "drivers[middle].response_turned_about": ["–", '"driver" (default)'],
        "drivers[middle].response_time": ["–", '"auto" (default)'],
        "realization.form": ['"fir" (default)', '"rtf"'],
    }


def test_channels_that_cannot_be_compared() -> None:
    """A channel of one design alone, and one that is another ear's, are named; where none is left, that is an error."""
    first, other = made("first"), made("other", ear="right")
    with pytest.raises(
        DataError,
        match=r'no channel that two designs share.*"left" is for the left ear in first, for the right ear in other',
    ):
        shared_channels([first, other])
    renamed = made("renamed", name="links")
    with pytest.raises(DataError, match='first has left; renamed has links; the channel "left" is in first alone'):
        shared_channels([first, renamed])
    channels, notes = shared_channels([first, renamed, made("third")])
    assert [(channel.name, channel.numbers) for channel in channels] == [("left", (0, 2))]
    assert notes == ['the channel "links" is in renamed alone, so it is not compared']


def test_the_chosen_few() -> None:
    """Six are all drawn; of seven the first, the best and the worst; or those that the user names."""
    gains = [6.0, 3.0, 9.0, 12.0, 5.0, 7.0, 8.0]
    entries = [made(f"{gain:g} dB", cancellation_gain_db=[[500, gain]], method="least-squares") for gain in gains]
    (few,), _ = shared_channels(entries[:6])
    (many,), _ = shared_channels(entries)
    assert chosen_entries(few) == [0, 1, 2, 3, 4, 5]
    assert chosen_entries(many) == [0, 1, 3]
    assert chosen_entries(many, ["5 dB", "8 dB"]) == [4, 6]


def test_the_band_of_many_holds_every_curve() -> None:
    """At each place the lowest and the highest of those that are known there; a curve does not go on past its end."""
    short, long = np.array([1.0, 2.0]), np.array([0.0, 4.0])
    low, high = band_of(
        [(short, np.array([5.0, 7.0])), (long, np.array([0.0, 8.0]))], np.array([0.0, 1.0, 2.0, 3.0, 5.0])
    )
    np.testing.assert_array_equal(low, [0.0, 2.0, 4.0, 6.0, np.nan])
    np.testing.assert_array_equal(high, [0.0, 5.0, 7.0, 6.0, np.nan])


def test_the_table_holds_what_the_taps_play() -> None:
    """A gain of the table is, at its frequency, the ratio of the taps' own sums at two ear points; one row a key, nothing doubled."""
    entries = [made("first"), made("other", cancellation_gain_db=[[500, 9]])]
    channels, _ = shared_channels(entries)
    table = tidy_table(channels, {}, 3)
    assert tuple(table.columns) == COLUMNS
    assert not table.duplicated(["design", "channel", "metric", "frequency_hz"]).any()
    own = table[(table.design == "other") & (table.metric == "cancellation_gain_db")].set_index("frequency_hz").value
    f = 1000 * 2 ** (1 / 3)
    ears = designer.scene(entries[1].result.problem).at(np.array([f])).ears()[0]
    n = np.arange(64)
    w = [np.sum(taps * np.exp(-2j * np.pi * f * n / 16000)) for taps in entries[1].result.taps["left"]]
    p = np.abs(ears @ np.array(w))
    assert own[f] == pytest.approx(20 * np.log10(p[0] / p[1]), abs=1e-6)
    assert own[f] == pytest.approx(9.0, abs=1.0)
    assert own.index.max() <= 8000.0


def test_a_rate_of_its_own() -> None:
    """Designs of different sample rates share the table's frequencies, each up to its own half."""
    tables = pair() | {"sample_rate_hz": 8000}
    tables["designs"][0]["band_hz"] = [500.0, 3000.0]
    slow = Entry("slow", designer.design(designer.loads(toml(tables))), "slow.toml")
    channels, _ = shared_channels([made("fast"), slow])
    table = tidy_table(channels, {}, 6)
    highest = table.groupby("design").frequency_hz.max()
    assert highest["slow"] == pytest.approx(4000.0)
    assert highest["fast"] == pytest.approx(8000.0)
    shared = set(table[table.design == "slow"].frequency_hz.dropna())
    assert shared <= set(table[table.design == "fast"].frequency_hz.dropna())


def test_the_head_in_its_place_and_mirrored() -> None:
    """A shift of nothing is the design's own mean; of a mirrored channel the shifts to the sides are swapped."""
    left, right = made("left"), made("right", ear="right")
    one, other = head_shift(left, "left"), head_shift(right, "left")
    assert one is not None and other is not None
    np.testing.assert_allclose(one.gain_db["aside"], other.gain_db["aside"][::-1], atol=1e-6)
    centre = one.shift_m.size // 2
    assert one.shift_m[centre] == 0.0
    assert one.gain_db["aside"][centre] == one.gain_db["to and fro"][centre]
    f = np.geomspace(500.0, 4000.0, 48)
    metrics = designer.evaluate(left.result, left.result.fine_scene.at(f)).metrics
    assert one.gain_db["aside"][centre] == pytest.approx(metrics.cancellation_gain_db.mean(), abs=1e-9)
    taps = left.result.taps["left"].copy()
    gains_db(left.result.channels["left"].table, taps, left.result.fine_scene, np.zeros((1, 3)))
    np.testing.assert_array_equal(taps, left.result.taps["left"])


def test_filters_that_miss_come_first() -> None:
    """Of filters that miss what the weights meet the comparison says so, and a name with a comma stands in quotes."""
    tables = pair()
    tables["designs"] = [tables["designs"][0] | {"name": "seat, left"}]
    assert outcome_words(Entry("long", designer.design(designer.loads(toml(tables))), "")) == "met"
    tables["realization"] = {"taps": 8}
    short = Entry("short", designer.design(designer.loads(toml(tables))), "")
    assert short.result.status == 7
    assert outcome_words(short) == 'met on paper, and missed by these filters: "seat, left"'
