"""Content of the dependency-free C: designed integers, shifts, bounds of sums, partitions, libraries' arrays."""

from __future__ import annotations

import re
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from importing.test_round_trip import problem
from programs import need
from toml_text import pair, toml

import designer
from designer.arrays import Real
from designer.commands.import_coefficients import read_coefficients
from designer.errors import DataError, UsageError
from designer.export import FilterSet, c_plan
from designer.export.arithmetic import Whole
from designer.export.c_model import c_model
from designer.export.c_partition import Place, backward, best_block, bit_reversed, cost, forward, tail_of
from designer.export.c_plan import FLOAT, Q15, Q31, WORDS, CWord, Sections, plan_of
from designer.export.filter_set import Filter
from designer.export.judged import failures, judge
from designer.export.targets.c import write_c
from designer.export.write import export_of
from designer.problem.word_format import Word
from export import filter_cases
from export.cmsis_cases import random_cascade
from export.test_registry import low_resonance


def one(taps: Real, **keys: Any) -> FilterSet:
    return filter_cases.made({"a": taps[None]}, ("d",), {}, "fir", **keys)


def test_designed_integers_are_the_exported_ones() -> None:
    """Where the design's word is the target's, at the design's shift; a scale of the driver's own is below 0."""
    designed = np.array([-32768, 3, 0, 1, 32767, -5])
    for keys, shift in (({"shifts": {"a": 2}}, 2), ({"own_shifts": {("a", "d"): -3}}, -3)):
        plan = plan_of(one(designed * 2.0 ** (shift - 15), word=Word.of("q15"), **keys), Q15)
        assert (plan.taps[0].values.tolist(), plan.taps[0].shift) == (designed.tolist(), shift)
        assert plan.largest_error == 0.0


def test_quiet_filters_keep_all_bits() -> None:
    """Taps of a thousandth: the shift is -10, and the error half of that step."""
    taps = np.random.default_rng(1).uniform(-1, 1, 40) / 1050
    plan = plan_of(one(taps), Q15)
    assert plan.taps[0].shift == -10
    assert 0 < plan.largest_error <= 2.0 ** (-10 - 15 - 1)


@given(seed=st.integers(0, 10**6), count=st.integers(1, 700), gain=st.floats(1e-4, 100.0))
@settings(max_examples=25)
def test_no_sum_of_products_leaves_64_bits(seed: int, count: int, gain: float) -> None:
    """By Python's integers, for the input that is worst, of full scale; and no more is lost of q31 than that takes."""
    taps = gain * np.random.default_rng(seed).uniform(-1, 1, count)
    for word in (Q31, Q15):
        stored = plan_of(one(taps), word).taps[0] if not (taps == 1).any() else None
        if stored is None:
            continue
        total = sum(abs(q) for q in stored.values.tolist()) << word.fixed.fraction_bits
        assert total < 2**63
        fits_below = 2 * max(abs(q) for q in stored.values.tolist()) > word.fixed.greatest
        assert fits_below or total > 2**61  # one bit less would not do


@given(seed=st.integers(0, 10**6), sections=st.integers(1, 5), gain=st.floats(0.01, 30.0))
@settings(max_examples=15)
def test_no_section_leaves_64_bits(seed: int, sections: int, gain: float) -> None:
    """Five products of full-scale nodes, plus the last sum's rest, fit 64 bits; e and p fit the tables."""
    cascade = random_cascade(np.random.default_rng(seed), sections, 0.99, level=gain)
    base = filter_cases.made({"a": cascade.impulse_response(64)[None]}, ("d",), {"a": {"d": cascade}}, "biquad")
    (stored,) = plan_of(base, Q15).sections
    assert max(sum(map(abs, row)) for row in stored.values.tolist()) * 2**31 + 2**31 < 2**63
    again = stored.values.astype(float) * 2.0 ** (stored.post_shift - 31)
    response = np.prod([np.polyval(row[2::-1], 1.0) / (1 - row[3] - row[4]) for row in again]) * 2.0**stored.raised
    exact = np.prod(cascade.b.sum(axis=1) / (1 + cascade.a.sum(axis=1)))
    assert response == pytest.approx(exact, rel=1e-4, abs=1e-7)


def test_sections_of_16_bits_hold_where_cmsis_loops_do_not() -> None:
    """The resonance at 60 Hz that `cmsis-q15` refuses: nodes of 32 bits and error feedback leave no DC and no limit cycle."""
    judged = judge(low_resonance(), c_model(low_resonance(), Q15))
    assert failures(judged) == ""
    (channel,) = judged.values()
    assert channel.dc_db < -110 and channel.limit_cycle_db < -90 and channel.signal_to_noise_db > 60
    assert export_of(low_resonance(), "c-q15").facts["arithmetic"]["q15"]["holds"]


def test_a_feed_is_rounded_once() -> None:
    """Half a step of noise and no mean, whatever the shift of the taps: 16 bits have 1/12 of a step squared."""
    taps = np.random.default_rng(3).uniform(-0.5, 0.5, 64)
    taps[3] = 3.5
    (channel,) = judge(one(taps), c_model(one(taps), Q15)).values()
    phases = np.exp(2j * np.pi * np.random.default_rng(1).random(513))
    phases[[0, -1]] = 1.0
    x = np.fft.irfft(phases, 1024)
    power = np.mean((x / np.abs(x).max()) ** 2) * 10 ** (-one(taps).headroom.any_input_db / 10) * np.sum(taps**2)
    assert channel.signal_to_noise_db == pytest.approx(10 * np.log10(power * 12 * 2.0**30), abs=0.5)
    assert channel.dc_db < 20 * np.log10(2.0**-15 / 10)


@given(seed=st.integers(0, 10**6), bits=st.integers(4, 7))
@settings(max_examples=10)
def test_products_modulo_overlap_and_save(seed: int, bits: int) -> None:
    """The imaginary part of (p + i q) h modulo z^B - i is the second half of what numpy convolves."""
    block = 1 << bits
    p, q, h = np.random.default_rng(seed).standard_normal((3, block))
    found = backward(forward(p + 1j * q) * forward(h) / block).imag
    assert np.allclose(found, np.convolve(np.concatenate([p, q]), h)[block : 2 * block], atol=1e-10)
    order = bit_reversed(block)
    assert [order[n] for n in order] == list(range(block))


def test_partitions_hold_the_taps_behind_their_delay() -> None:
    """Taken back from the spectra: zeros up to the delay, then the taps, to single precision."""
    taps = np.random.default_rng(2).standard_normal(300)
    for delay in (0, 5, 32, 100):
        tail = tail_of(Filter("a", "d", taps), 0, 0, delay, 32)
        found = backward(tail.spectra[:, 0] + 1j * tail.spectra[:, 1]).real.ravel()
        whole = np.concatenate([np.zeros(delay), taps, np.zeros(400)])
        start = tail.first * 32
        assert np.abs(found - whole[start : start + found.size]).max() < 1e-6
        assert start <= max(delay, 32) and start + found.size >= delay + 300


def test_partitions_are_taken_where_they_pay() -> None:
    """From 192 taps for one filter, 96 for three channels to three drivers; of all blocks the one of least cost; never in integers."""
    for channels, least in ((1, 192), (3, 96)):
        sizes = [
            size
            for size in (32, 64, 96, 128, 192, 256)
            if best_block([Place(c, l, size, 0) for c in range(channels) for l in range(channels)])
        ]
        assert sizes[0] == least
    places = [Place(0, 0, 2048, 0)]
    assert cost(places, best_block(places)) == min(cost(places, 2**n) for n in range(4, 10))
    assert plan_of(filter_cases.fir(taps=600), FLOAT).tails and not plan_of(filter_cases.fir(taps=600), Q31).tails


def test_delays_and_further_filters_of_a_channel_cost_no_memory() -> None:
    """A channel's line is as long as the longest reach and a block, for one driver and for three."""
    for drivers in (1, 3):
        taps = np.full((drivers, 40), 0.01)
        plan = plan_of(filter_cases.made({"a": taps}, tuple("xyz"[:drivers]), {}, "fir", delays={"a": 25}), Q31)
        assert plan.histories == [25 + 39]


@pytest.mark.parametrize("word", WORDS, ids=lambda word: word.target)
@pytest.mark.parametrize("library", ["esp-dsp", "teensy", "hifi", "juce", "sharc"])
def test_a_librarys_array_is_the_filter(word: CWord, library: str, tmp_path: Path) -> None:
    """An independent pattern reads order, multiple and alignment as the library documents them, and the taps after the delay."""
    known = {
        ("esp-dsp", "c"): (True, 4, 16), ("esp-dsp", "c-q15"): (False, 8, 16), ("teensy", "c-q15"): (True, 2, 0),
        ("hifi", "c"): (False, 4, 8), ("hifi", "c-q31"): (False, 4, 8), ("hifi", "c-q15"): (False, 4, 8), ("juce", "c"): (False, 1, 0),
        ("sharc", "c"): (True, 1, 0),
    }  # fmt: skip
    if (library, word.target) not in known:
        return
    last_first, multiple, alignment = known[library, word.target]
    filters = replace(filter_cases.fir(taps=37), options={"library": library})
    name = f"xcase_{library.replace('-', '_')}.h"
    text = write_c(filters, word).files[name].decode()
    arrays = dict(re.findall(r"^static \w+(?: pm)? (xcase_\w+)\[\d+\][^=]*= \{([^}]*)\}", text, re.MULTILINE))
    assert len(arrays) == sum(f.has_taps for f in filters.filters)
    for f in filters.filters:
        stem = f"xcase_{f.channel}_{f.driver}"
        assert re.search(rf"#define {stem.upper()}_DELAY {filters.delay(f)} ", text)
        if f.has_taps:
            values = np.array([float(item.strip().rstrip("F")) for item in arrays[stem].split(",") if item.strip()])
            assert values.size % multiple == 0 and (f"aligned({alignment})" in text) == (alignment > 0)
            shift = int(m[1]) if (m := re.search(rf"#define {stem.upper()}_SHIFT (-?\d+)", text)) else 0
            step = 2.0 ** (shift - word.fixed.fraction_bits) if word.word else 1.0
            taps = (values[::-1] if last_first else values)[: f.taps.size] * step
            assert np.abs(taps - f.taps).max() <= max(step / 2 if word.word else 0, 6e-8 * np.abs(f.taps).max())
    (tmp_path / name).write_text(text)
    (tmp_path / "a.c").write_text(f'#include "{name}"\nint main(void) {{ return (int)xcase_b_woofer[0]; }}\n')
    subprocess.run([need("gcc", "gcc"), "-std=c99", "-Dpm=", "-fsyntax-only", "a.c"], cwd=tmp_path, check=True)


def test_more_coefficients_than_any_flash_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """The limit, lowered to what a test can afford, counts taps, and spectra twice."""
    monkeypatch.setattr(c_plan, "MAX_NUMBERS", 3000)
    assert plan_of(filter_cases.fir(taps=700), Q31).taps
    with pytest.raises(
        UsageError, match=r"target c: got 5,\d{3} coefficients; expected at most 3,000; design with fewer"
    ):
        plan_of(filter_cases.fir(taps=700), FLOAT)


def test_a_library_that_is_too_short_is_refused_before_the_design() -> None:
    """`[export] c_library`: 256 taps for Teensy, and no stage has begun."""
    table = pair()
    table["realization"] = {"taps": 256}
    table["export"] = {"targets": ["c-q15"], "c_library": "teensy"}
    stages: list[str] = []
    with pytest.raises(UsageError, match=r"target c-q15: got 256 taps of (--)?library teensy; expected at most 200"):
        designer.design(designer.loads(toml(table)), progress=stages.append)
    assert stages == []


def test_sections_for_libraries() -> None:
    """b0, b1, b2, a1, a2 with the signs of H(z), as floats for ESP-DSP and doubles for Teensy, which takes four."""
    filters = replace(filter_cases.biquads(), options={"library": "esp-dsp"})
    text = write_c(filters, FLOAT).files["xcase_esp_dsp.h"].decode()
    body = re.search(r"static float xcase_left_woofer\[20\] = \{([^}]*)\}", text)
    cascade = filters.filters[0].cascade
    assert body and cascade is not None
    values = np.array([float(item.strip().rstrip("F")) for item in body[1].split(",") if item.strip()]).reshape(-1, 5)
    assert np.abs(values - np.hstack([cascade.b, cascade.a])).max() < 1e-6
    teensy = write_c(replace(filters, options={"library": "teensy"}), Q15).files["xcase_teensy.h"].decode()
    assert repr(float(cascade.a[0, 0])) in teensy and "static double xcase_left_woofer[20]" in teensy


def test_the_readme_knows_the_processors() -> None:
    """README.txt names each processor's library, the calls, and the costs of the manifest."""
    export = export_of(filter_cases.fir(taps=300), "c")
    text = " ".join(export.files["README.txt"].decode().split())
    for said in (
        "ESP32",
        "Teensy",
        "HiFi",
        "SHARC",
        "JUCE",
        "xcase_process_interleaved(&state, in, out, frames)",
        "partitions of 32 taps",
    ):
        assert said in text
    facts = export.facts
    assert (
        f"{facts['multiply_adds_per_s']:,} multiply-adds a second; {facts['flash_bytes']:,} bytes of constants" in text
    )
    assert f"{facts['ram_bytes']:,} bytes of RAM, of which {export.state_bytes:,} last" in text
    assert facts["multiply_adds_per_s"] == export.multiply_adds * 48000 and export.state_bytes < facts["ram_bytes"]
    assert facts["worst_output"] == pytest.approx(10 ** (facts["headroom_db"] / 20), rel=1e-4)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (r"\{0U, 0U, 0U, 0U, 37U", "{0U, 0U, 0U, 0U, 37000U", "of 37000 numbers in taps"),
        (r"\{0U, 0U, 0U, 0U", "{9U, 0U, 0U, 0U", "'9' for a channel|9 for a channel"),
        (r"(    \{0U, 0U, 0U, 0U, 37U[^\n]*\n)", r"\1\1", "4 rows of firs; expected 3"),
        (r"\{0U, 1U, 0U, 37U, 37U", "{0U, 0U, 0U, 37U, 37U", "two rows of firs for 'a', 'woofer'"),
        (r"\{0U, 0U, 0U, 0U, ", "{0U, 0U, 0U, ", "numbers in a row of firs"),
        (r"sample rate: 48000", "sample rate: 44100", "a sample rate of 44100 Hz"),
        (r"_firs\[", "_none[", "no filter, or definitions"),
        (r"_CUT_BITS 16U", "_CUT_BITS 99U", "got CUT_BITS 99U; expected 16U or 32U, of q31 or q15; name the .c file"),
        (r"_CUT_BITS 16U", "_CUT_BITS 17", "got CUT_BITS 17; expected 16U or 32U"),
        (r"(?s)\n\};.*", "", "no end of taps; expected the arrays and tables of a c export"),
        (r"(?m)^(static const int32_t) ", r"\1  ", "numbers in taps|none of a c export"),
    ],
)
def test_a_source_that_was_changed_is_refused(old: str, new: str, message: str, tmp_path: Path) -> None:
    """A row beyond its array, a filter twice, another rate: each is refused, never read as a wrong filter or a Python error."""
    filters = filter_cases.made(
        {"a": filter_cases.decaying(np.random.default_rng(1), 37)}, filter_cases.DRIVERS, {}, "fir"
    )
    text = write_c(filters, Q31).files["xcase.c"].decode()
    changed = re.sub(old, new, text, count=1)
    assert changed != text
    (tmp_path / "xcase.c").write_text(changed)
    with pytest.raises(DataError, match=message):
        read_coefficients(tmp_path / "xcase.c", problem(("a",), filter_cases.DRIVERS))


def test_long_filters_return_from_their_spectra(tmp_path: Path) -> None:
    """600 taps in partitions after a delay of 11 samples are read back to single precision."""
    filters = filter_cases.fir(taps=600)
    (tmp_path / "xcase.c").write_bytes(write_c(filters, FLOAT).files["xcase.c"])
    found = read_coefficients(tmp_path / "xcase.c", problem(filters.channels, filters.drivers))
    for f in filters.filters:
        late = np.pad(f.taps, (filters.delays.get(f.channel, 0), 0))
        taps = found.taps[f.channel][f.driver]
        length = max(late.size, taps.size)
        apart = np.pad(late, (0, length - late.size)) - np.pad(taps, (0, length - taps.size))
        assert np.abs(apart).max() < 2e-7 * np.abs(f.taps).max() * 4


def test_parts_of_the_model_are_loops() -> None:
    """A section with error feedback by Python's integers, its input raised by 16 bits, its output rounded."""
    cascade = random_cascade(np.random.default_rng(4), 2, 0.9)
    base = filter_cases.made({"a": cascade.impulse_response(64)[None]}, ("d",), {"a": {"d": cascade}}, "biquad")
    (stored,) = plan_of(base, Q15).sections
    assert isinstance(stored, Sections)
    x = np.random.default_rng(1).integers(-(2**14), 2**14, 200)
    signal, lower = [int(v) << 16 for v in x], 31 - stored.post_shift
    for b0, b1, b2, a1, a2 in stored.values.tolist():
        x1 = x2 = y1 = y2 = lost = 0
        for n, x0 in enumerate(signal):
            total = b0 * x0 + b1 * x1 + b2 * x2 + a1 * y1 + a2 * y2 + lost
            lost = total % 2**lower
            y0 = max(-(2**31), min(2**31 - 1, total >> lower))
            x2, x1, y2, y1, signal[n] = x1, x0, y1, y0, y0
    expected = [(v + (1 << (15 - stored.raised))) >> (16 - stored.raised) for v in signal]
    found: Whole = c_model(base, Q15).raised([0], x[None, None])[0, 0]
    assert found.tolist() == expected
