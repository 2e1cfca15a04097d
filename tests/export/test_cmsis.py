"""What the CMSIS targets hold and say: the designed integers, the order of arrays, delays, notes, names, and what they refuse."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest

from designer.errors import UsageError
from designer.export import TARGETS
from designer.export.c_plan import CWord
from designer.export.cmsis_plan import F32, Q15, Q31, WORDS
from designer.export.filter_set import Filter, FilterSet, filters_of
from designer.export.targets.cmsis import write_cmsis
from designer.export.targets.cmsis_test import write_proof
from designer.problem.word_format import Word
from export.cmsis_cases import awkward, random_cascade, sectioned


def one(taps: np.ndarray, **more: object) -> FilterSet:
    filters = FilterSet("One", 48000.0, ("in",), ("out",), filters_of({"in": taps[None]}, ("out",), {}), "fir", 0)
    return replace(filters, **more)  # type: ignore[arg-type]  # any field of it


def numbers(filters: FilterSet, word: CWord) -> list[str]:
    """The numbers of the first array."""
    files = write_cmsis(filters, word).files
    source = next(content for path, content in files.items() if path.endswith(".c")).decode()
    found = re.search(r"static const \w+ \w+\[(\d+)\] = \{(.*?)\};", source, re.DOTALL)
    assert found
    values = [text.strip() for text in found[2].split(",") if text.strip()]
    assert len(values) == int(found[1])
    return values


def test_designed_integers_are_the_exported_ones() -> None:
    """Where the design's word is the target's: tap n, the last first, is its integer at the design's own shift."""
    designed = np.array([-32768, 3, 0, 1, 32767, -5])
    filters = one(designed * 2.0 ** (2 - 15), word=Word.of("q15"), shifts={"in": 2})
    export = write_cmsis(filters, Q15)
    assert [int(text) for text in numbers(filters, Q15)] == designed[::-1].tolist()
    assert export.notes == () and export.facts["tap_shift_bits"] == {"in": 2}


def test_q31_rounds_to_the_nearest_step() -> None:
    """Half a step at most, and the designed Q15 values exactly: their steps are 2^16 of Q31's."""
    taps = np.random.default_rng(1).uniform(-1, 1, 9)
    got = np.array([int(text) for text in numbers(one(taps), Q31)])[::-1] * 2.0**-31
    assert 0 < np.abs(got - taps).max() <= 2.0**-32
    coarse = np.rint(taps * 2**15) / 2**15
    assert write_cmsis(one(coarse), Q31).facts["largest_coefficient_error"] == 0


def test_the_most_negative_integer_is_written_as_c_can_read_it() -> None:
    """2147483648 is no int."""
    assert numbers(one(np.array([0.5, -1.0, 0.25])), Q31)[1] == "(-2147483647 - 1)"


def test_float32_reads_back_bit_for_bit() -> None:
    """By numpy's reader of decimal text, whose float32 is the nearest."""
    taps = np.random.default_rng(2).standard_normal(50) * 10.0 ** np.linspace(-30, 3, 50)
    texts = numbers(one(taps), F32)
    assert all(re.fullmatch(r"-?\d+(\.\d+)?(e[-+]\d+)?F", text) and re.search("[.e]", text) for text in texts)
    assert np.array_equal(np.array([np.float32(text[:-1]) for text in texts])[::-1], taps.astype(np.float32))


def test_sections_carry_negated_feedback_and_in_q15_a_zero() -> None:
    """One section, written by hand: b = 1/64, 1/128, 1/256 and y[n] = x - (-1.5) y[n-1] - 0.75 y[n-2] in steps of 2^-14."""
    filters = one(np.ones(8))
    cascade = replace(
        random_cascade(np.random.default_rng(0), 1, 0.9),
        b=np.array([[0.5, 0.25, 0.125]]) / 32,
        a=np.array([[-1.5, 0.75]]),
    )
    filters = replace(filters, filters=(Filter("in", "out", cascade.impulse_response(64), cascade),), form="biquad")
    assert [float(text[:-1]) for text in numbers(filters, F32)] == [0.015625, 0.0078125, 0.00390625, 1.5, -0.75]
    q15 = [int(text) for text in numbers(filters, Q15)]
    assert q15 == [256, 0, 128, 64, 24576, -12288]
    assert [int(text) for text in numbers(filters, Q31)] == [value << 16 for value in np.delete(q15, 1).tolist()]


def test_odd_taps_are_filled_up_for_q15_and_said() -> None:
    """Even, and at least 4: the zeros are the last in time, hence the first in the array."""
    assert numbers(one(np.array([0.5, 0.25, 0.125])), Q15) == ["0", "4096", "8192", "16384"]
    assert "3 taps were filled up with zeros to 4" in write_cmsis(one(np.array([0.5, 0.25, 0.125])), Q15).notes[0]
    assert len(numbers(one(np.full(6, 0.1)), Q15)) == 6


def test_headroom_is_the_l1_norm() -> None:
    """Taps of 2, -2, 4 add up to 8 for an input of their signs: 18.06 dB, and 3 bits less for the accumulator than its 2 of shift."""
    filters = one(np.array([2.0, -2.0, 4.0]))
    export = write_cmsis(filters, Q31)
    assert filters.headroom.any_input_db == pytest.approx(18.062, abs=1e-3)
    assert export.facts["tap_shift_bits"] == {"in": 3} and export.facts["input_guard_bits"] == {"in": 1}
    assert (
        b"headroom: no driver's feed exceeds full scale where inputs peak 18.06 dB below it"
        in export.files["filters.h"]
    )


def test_names_that_are_no_identifiers_are_mapped() -> None:
    """Channel and driver names, and the file's own; a comment cannot be ended from a title or a name."""
    export = write_cmsis(awkward(), Q31)
    assert export.names == {
        "Front, left": "Front_left", "front left": "front_left_2", "für */": "fur", "2nd": "x2nd", "*/ end": "end", "2": "x2",
    }  # fmt: skip
    assert set(export.files) == {"x2.h", "x2.c"}
    source = export.files["x2.c"].decode()
    assert source.count("/*") == source.count("*/")
    assert "/* Front, left -> 2nd: 37 taps, the last first; a tap is q 2^(1 - 31) */" in source


def test_delays_cost_no_products() -> None:
    """A pure delay beside a filter of T taps: T products a sample, and no array."""
    taps = np.zeros((2, 16))
    taps[0, 5], taps[1] = 1.0, 0.1
    filters = FilterSet("t", 48000.0, ("a",), ("x", "y"), filters_of({"a": taps}, ("x", "y"), {}), "rtf", 5)
    export = write_cmsis(filters, Q31)
    assert (export.multiply_adds, export.coefficient_bytes) == (16, 64)
    assert b"history_a[5 + FILTERS_BLOCK]" in export.files["filters.h"]


@pytest.mark.parametrize("target", [name for name in TARGETS if name.startswith("cmsis")])
def test_the_same_problem_gives_the_same_bytes(target: str) -> None:
    """Twice in a row, every file; and every file says how to make it again."""
    first, second = TARGETS[target].write(awkward()), TARGETS[target].write(awkward())
    assert first == second
    assert all(f"--target {target}".encode() in content for content in first.files.values())


@pytest.mark.parametrize("word", WORDS, ids=lambda word: word.name)
def test_too_many_taps_are_refused(word: CWord) -> None:
    """NumTaps is a uint16_t."""
    with pytest.raises(
        UsageError, match=r"in to out: got 65536 taps; expected at most 65535, a uint16_t; choose fewer"
    ):
        write_cmsis(one(np.full(65536, 1e-3)), word)


def test_taps_without_scaling_left_are_refused() -> None:
    """A gain of 2^30 is no filter's: the output's shift would fill the 64-bit sum."""
    with pytest.raises(
        UsageError, match=r"taps up to 1.07e\+09 .* an output shift of 3\d bits; expected at most 24; lower the filters"
    ):
        write_cmsis(one(np.array([2.0**30, 1.0])), Q31)


def test_too_many_sections_are_refused() -> None:
    """NumStages is a uint8_t."""
    cascade = random_cascade(np.random.default_rng(0), 256, 0.3)
    filters = replace(one(np.ones(8)), filters=(Filter("in", "out", np.ones(8), cascade),), form="biquad")
    with pytest.raises(UsageError, match=r"got 256 sections; expected at most 255, a uint8_t; choose fewer"):
        write_cmsis(filters, F32)


def test_a_pole_that_rounding_takes_to_the_circle_is_refused_and_left_out_of_the_test() -> None:
    """a2 = 1 - 1e-6 is 1 in 14 fraction bits: Q15 refuses, Q31 holds it, and `cmsis-test` says which word is missing."""
    cascade = replace(
        random_cascade(np.random.default_rng(0), 1, 0.9), b=np.array([[1e-3, 0, 0]]), a=np.array([[-1.0, 1 - 1e-6]])
    )
    filters = replace(
        one(np.ones(8)), filters=(Filter("in", "out", cascade.impulse_response(64), cascade),), form="biquad"
    )
    with pytest.raises(
        UsageError, match=r"section 0: got a pole of magnitude 1\.0.* rounded to q15; .* export cmsis-q31"
    ):
        write_cmsis(filters, Q15)
    export = write_proof(filters)
    assert {path.split("/")[0] for path in export.files} == {"f32", "q31"}
    assert any("left out: --target cmsis-q15" in note for note in export.notes)


def test_a_set_without_filters_is_refused() -> None:
    """Nothing is written for nothing."""
    with pytest.raises(UsageError, match="got no filter in the design"):
        write_cmsis(replace(one(np.ones(8)), filters=()), Q31)


def test_sections_keep_their_delay_out_of_the_array() -> None:
    """Delays of 9 and 30 samples wait in one line of the channel."""
    files = write_cmsis(sectioned(), Q31).files
    assert b"history_a[30 + SECTIONS_BLOCK]" in files["sections.h"]
    assert b"&state->sections_a_b_c, state->history_a + 21, state->part" in files["sections.c"]
