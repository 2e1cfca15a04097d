"""Running exports in their own arithmetic: exact sums against loops, and judgements against what is known of rounding."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from toml_text import pair, toml

import designer
from designer.arrays import Real
from designer.errors import UsageError
from designer.export import TARGETS
from designer.export.arithmetic import cascades, convolved, saturated
from designer.export.c_plan import CWord
from designer.export.cmsis_arrangement import arranged, scaled_table
from designer.export.cmsis_model import cmsis_model
from designer.export.cmsis_plan import Q15, Q31
from designer.export.filter_set import Filter, FilterSet
from designer.export.judged import ChannelJudgement, judge
from designer.export.of_design import filter_set
from designer.export.targets.cmsis import write_cmsis
from designer.export.write import export_of
from designer.problem.word_format import Word
from designer.realization.cascade import Cascade
from export import filter_cases

LOW = 0.99
"""Radius of a pole pair at 60 Hz and 48 kHz: 1/A(1) is about 6000."""


def sections(b: list[list[float]], a: list[list[float]]) -> FilterSet:
    """One filter in sections."""
    cascade = Cascade(np.array(b), np.array(a))
    one = Filter("in", "out", cascade.impulse_response(2048), cascade)
    return FilterSet("One", 48000.0, ("in",), ("out",), (one,), "biquad", 0)


def low_resonance(gain: float = 1.0) -> FilterSet:
    """A pole pair at 60 Hz with two zeros at 0 Hz: no DC by design."""
    a1, a2 = -2 * LOW * np.cos(2 * np.pi * 60 / 48000), LOW**2
    return sections([[gain, -2 * gain, gain]], [[a1, a2]])


@given(seed=st.integers(0, 10**6), bits=st.sampled_from([16, 32]))
@settings(max_examples=10)
def test_long_convolutions_are_exact(seed: int, bits: int) -> None:
    """Through transforms, at places drawn at random: the sum by Python's integers, and its 64 bits where it wraps."""
    rng = np.random.default_rng(seed)
    taps, x = (rng.integers(-(2 ** (bits - 1)), 2 ** (bits - 1), n) for n in (3000, 4000))
    exact, wrapped = convolved(taps, x), convolved(taps, x, wrap=True)
    for n in rng.integers(0, x.size, 4).tolist():
        count = min(n + 1, taps.size)
        by_hand = sum(int(taps[k]) * int(x[n - k]) for k in range(count))
        assert int(exact[n]) == by_hand
        assert int(wrapped[n]) == (by_hand + 2**63) % 2**64 - 2**63


@pytest.mark.parametrize("wide", [False, True])
@pytest.mark.parametrize("feedback", [False, True])
def test_cascades_at_once_are_each_by_itself(feedback: bool, wide: bool) -> None:
    """Three filters of four sections with shifts of their own, against a loop over samples with Python's integers."""
    rng = np.random.default_rng(4)
    table = rng.integers(-6000, 6000, (3, 4, 5))
    table[:, :, 3:] = [[9000, -7000]] * 4
    lower, x = np.array([14, 13, 14]), rng.integers(-9000, 9000, (3, 60))
    found = cascades(table, lower, x, lambda y: saturated(y, 16), feedback=feedback, wide=wide)
    for r in range(3):
        signal = x[r].tolist()
        for b0, b1, b2, a1, a2 in table[r].tolist():
            x1 = x2 = y1 = y2 = cut = 0
            for n, x0 in enumerate(signal):
                total = b0 * x0 + b1 * x1 + b2 * x2 + a1 * y1 + a2 * y2 + (cut if feedback else 0)
                cut = total % 2 ** int(lower[r])
                y0 = max(-(2**15), min(2**15 - 1, total >> int(lower[r])))
                x2, x1, y2, y1, signal[n] = x1, x0, y1, y0, y0
        assert found[r].tolist() == signal


def test_a_truncated_low_resonance_puts_out_the_dc_that_theory_says() -> None:
    """Cut to 16 bits the sum's mean error of half a step is raised by 1/A(1); in silence the node may rest at up to a whole one."""
    filters = low_resonance(0.2)
    model = cmsis_model(filters, Q15)
    (route,) = model.routes
    assert route.sections is not None and route.raised == 0
    raised = 1 / (1 - route.sections[0, 3:].sum() * 2.0**-route.lower)
    (one,) = judge(filters, model).values()
    assert 0.45 * raised <= 10 ** (one.dc_db / 20) * 2**15 <= 1.05 * raised
    assert raised > 3000 and one.failures[-1] == f"DC of {one.dc_db:.1f} dB of full scale (at most -60)"


def test_error_feedback_takes_the_dc_away() -> None:
    """What is cut off returns with the next sum: the mean error is zero, and the noise at low frequencies goes with it."""
    filters = low_resonance(0.2)
    plain, fed_back = (
        next(iter(judge(filters, model).values()))
        for model in (cmsis_model(filters, Q15), list(cmsis_model(filters, Q15).alternatives.values())[1]())
    )
    assert fed_back.dc_db < plain.dc_db - 40 and fed_back.signal_to_noise_db > plain.signal_to_noise_db + 20


@pytest.mark.parametrize("word", [Q15, Q31], ids=lambda word: word.name)
def test_taps_have_the_noise_of_their_truncations(word: CWord) -> None:
    """Inputs cut to steps of 2^g, sums to steps of 2^(s + g): each with a variance of 1/12 and a mean of 1/2 of its step."""
    taps = np.random.default_rng(3).uniform(-0.5, 0.5, 64)
    taps[3] = 1.5
    filters = filter_cases.made({"a": taps[None]}, ("d",), {}, "fir")
    assert word.word is not None
    facts = write_cmsis(filters, word).facts
    shift, guard = (facts[key]["a"] for key in ("tap_shift_bits", "input_guard_bits"))
    before, after = word.word.step * 2.0**guard * (guard > 0), word.word.step * 2.0 ** (shift + guard)
    (one,) = judge(filters, cmsis_model(filters, word)).values()
    phases = np.exp(2j * np.pi * np.random.default_rng(1).random(513))
    phases[[0, -1]] = 1.0
    x = np.fft.irfft(phases, 1024)
    signal = np.mean((x / np.abs(x).max()) ** 2) * 10 ** (-filters.headroom.any_input_db / 10) * np.sum(taps**2)
    noise = (before**2 * np.sum(taps**2) + after**2) / 12
    assert one.signal_to_noise_db == pytest.approx(10 * np.log10(signal / noise), abs=0.5)
    assert one.dc_db == pytest.approx(20 * np.log10(abs(before * taps.sum() + after) / 2), abs=1.5)
    assert not one.failures


@pytest.mark.parametrize(
    "target", [name for name, target in TARGETS.items() if target.arithmetics and name != "tas58xx"]
)
def test_what_a_model_plays_is_the_filter(target: str) -> None:
    """Each route's exact response is the designed one to the rounding of its word, and the model's response is near it."""
    cases = (filter_cases.fir(), filter_cases.biquads())
    for filters in (case for case in cases if filter_cases.is_held(target, case)):
        models = TARGETS[target].arithmetics
        assert models is not None
        for name, model in models(filters).items():
            for route in model.routes:
                one = next(f for f in filters.filters if (f.channel, f.driver) == (route.channel, route.driver))
                impulse = np.zeros((1, 400))
                impulse[0, route.delay if one.cascade or one.delay_samples else 0] = 1.0
                wanted = np.pad(one.taps, (0, 400 - one.taps.size)) if one.taps.size < 400 else one.taps[:400]
                if target == "xilinx-coe" and one.cascade is not None:
                    impulse = np.eye(1, 400)
                apart = np.abs(route.exact(impulse)[0] - wanted).max() / np.abs(wanted).max()
                assert apart < (2e-3 if "q15" in name or name == "sof" else 2e-5)
            judged = judge(filters, model)
            assert all(one.signal_to_noise_db > (30 if "q15" in name else 60) for one in judged.values())


def test_an_arrangement_is_the_same_filter_and_is_heard_less() -> None:
    """Rows change places and powers of two: the same response; and 16 bits leave 20 dB less error than in the order that was given."""
    b = [[0.4, -0.2, 0.1], [0.9, -1.7, 0.8], [0.7, 0.3, 0.0], [2.0, -3.9, 1.9]]
    a = [[0.97, 0.294], [0.2, 0.325], [-0.865, 0.476], [-1.877, 0.8788]]
    filters = sections(b, a)
    cascade = filters.filters[0].cascade
    assert cascade is not None
    best, lowered = arranged(cascade, Word.of("q15"), 10 ** (-filters.headroom.any_input_db / 20))
    table = scaled_table(best, lowered)
    again = Cascade(table[:, :3], -table[:, 3:]).impulse_response(600) * 2.0 ** lowered[-1]
    assert np.abs(again - cascade.impulse_response(600)).max() < 1e-12
    assert sorted(map(tuple, best.a.tolist())) == sorted(map(tuple, a))

    def error_db(order: Cascade, bits: np.ndarray) -> float:
        table, shift = scaled_table(order, bits), 2
        whole = np.rint(table * 2.0 ** (15 - shift)).astype(np.int64)
        rng = np.random.default_rng(0)
        x = np.rint(rng.uniform(-1, 1, 4000) * 10 ** (-filters.headroom.any_input_db / 20) * 2**15).astype(np.int64)
        y = cascades(whole[None], np.array([15 - shift]), x[None], lambda v: saturated(v, 16))[0] * 2.0 ** bits[-1]
        exact = Cascade(whole[:, :3] * 2.0 ** (shift - 15), -whole[:, 3:] * 2.0 ** (shift - 15))
        return float(20 * np.log10(np.std(y - np.convolve(exact.impulse_response(4000), x)[:4000] * 2.0 ** bits[-1])))

    given_bits = np.ceil(np.log2(np.maximum(_node_norms(cascade), 1e-9))).astype(int)
    given_bits[-1] = max(given_bits[-1], 0)
    assert error_db(best, lowered) < error_db(cascade, given_bits) - 10


def _node_norms(cascade: Cascade) -> Real:
    return np.array(
        [
            np.abs(Cascade(cascade.b[: s + 1], cascade.a[: s + 1]).impulse_response(4000)).sum()
            for s in range(len(cascade.b))
        ]
    )


@pytest.mark.parametrize(
    ("target", "words", "held"),
    [
        (
            "hex",
            "coefficients of 5.23, samples of 5.23",
            "error feedback (what a section's sum loses is added to its next)",
        ),
        ("sigmadsp", "coefficients of 5.23, samples of 5.23", "SigmaStudio's double-precision cells"),
    ],
)
def test_a_word_that_cuts_too_much_is_refused_and_named_with_what_holds(target: str, words: str, held: str) -> None:
    """A pole pair at 6 Hz raises half a step of 2^-23 by 100,000, to -44 dB: beyond the floor of -60."""
    filters = sections([[0.02, -0.04, 0.02]], [[-2 * 0.997 * np.cos(2 * np.pi * 6 / 48000), 0.997**2]])
    with pytest.raises(UsageError, match=f"target {target}: run in its own arithmetic") as error:
        export_of(filters, target)
    assert words in str(error.value) and f"; {held} holds (" in str(error.value)
    assert "in: DC of -" in str(error.value) or ", DC of -" in str(error.value)


def test_failures_name_each_floor() -> None:
    """All five, with value and limit."""
    bad = ChannelJudgement(12.34, -20.0, -30.0, {"level_change_db": 1.0, "time_change_us": 20.0})
    assert bad.failures == (
        "a signal-to-noise ratio of 12.3 dB (at least 40)",
        "DC of -20.0 dB of full scale (at most -60)",
        "a limit cycle of -30.0 dB of full scale (at most -60)",
        "a change in level at the bright points of 1.00 dB (at most 0.5)",
        "a change in time at the bright points of 20.00 microseconds (at most 10)",
    )
    assert ChannelJudgement(40.0, -60.0, -60.0, {"level_change_db": 0.5, "time_change_us": 10.0}).failures == ()


@pytest.fixture(scope="module")
def laptop() -> designer.Design:
    return designer.design(designer.loads(toml(pair()), source="pair.toml"))


def test_level_and_time_at_the_bright_points(laptop: designer.Design) -> None:
    """Filters as designed change nothing; a half is 6.02 dB; one sample at 16 kHz is 62.5 microseconds."""
    judged = filter_set(laptop).judge
    assert judged is not None
    taps = laptop.taps["left"]
    same, half, late = (judged({"left": each})["left"] for each in (taps, taps / 2, np.pad(taps, ((0, 0), (1, 0)))))
    assert (same["level_change_db"], same["time_change_us"], same["largest_loss_db"]) == (0, 0, 0)
    assert (
        half["level_change_db"] == pytest.approx(6.0206, abs=1e-3)
        and half["exported_mean_db"] == same["designed_mean_db"]
    )
    assert late["time_change_us"] == pytest.approx(62.5, abs=0.01) and late["level_change_db"] < 1e-6


def test_a_design_is_judged_at_its_points(laptop: designer.Design) -> None:
    """The manifest's facts of a design: the cancellation gain that the rounded taps reach, its floors, and the table in README.txt."""
    export = export_of(filter_set(laptop), "cmsis-q15")
    entry = export.facts["arithmetic"]["q15"]["channels"]["left"]
    gain = laptop.metrics[~laptop.metrics.status.isin(("plain", "fade"))].cancellation_gain_db.mean()
    assert entry["designed_mean_db"] == pytest.approx(gain, abs=1e-3)
    assert entry["level_change_db"] < 0.5 and entry["time_change_us"] < 1
    assert set(export.facts["arithmetic_floors"]) == {
        "min_signal_to_noise_db", "max_dc_db", "max_limit_cycle_db", "max_level_change_db", "max_time_change_us",
    }  # fmt: skip
    readme = export.files["README.txt"].decode()
    assert f"{entry['signal_to_noise_db']:.1f} dB" in readme and "arm_fir_q15" in readme


def test_floating_point_is_not_run(laptop: designer.Design) -> None:
    """No arithmetic is stated of what rounds at 24 bits of mantissa."""
    assert "arithmetic" not in export_of(filter_set(laptop), "cmsis-f32").facts
    assert replace(filter_set(laptop), judge=None).judge is None
