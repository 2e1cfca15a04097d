"""Words and sections through the whole pipeline: judged as stored, written, read back, and told in the report."""

from __future__ import annotations

import cmath
import math
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from realization.section_cases import difference_equation
from toml_text import pair, toml

import designer
from designer.errors import ProblemError
from designer.realization.cascade import Cascade
from designer.report.page import headroom_words


def problem(**realization: object) -> str:
    return toml({**pair(), "realization": realization})


@pytest.fixture(scope="module")
def rounded_sections(tmp_path_factory: pytest.TempPathFactory) -> tuple[designer.Design, Path]:
    made = designer.design(designer.loads(problem(form="biquad", sections=3, word="q15")))
    return made, made.save(tmp_path_factory.mktemp("words") / "out")


def test_taps_are_the_words_integers() -> None:
    """Every tap is a whole number of 2^(shift - 7), within a byte, and so is what the metrics are judged from."""
    made = designer.design(designer.loads(problem(taps=64, word="q7")))
    for name, taps in made.taps.items():
        q = taps * 2.0 ** (7 - made.shifts[name])
        np.testing.assert_array_equal(q, np.rint(q))
        assert -128 <= q.min() <= q.max() <= 127
    study = made.study["left"]
    assert set(study.stages) == {"ideal", "realised", "quantised"}
    assert study.words == study.multiply_adds == 2 * 64


def naive_gains_db(made: designer.Design, filters: list[list[Fraction]], band_hz: tuple[float, float]) -> list[float]:
    """Each ear pair's gain at each frequency of the band, and half way between: every sum written out."""
    rate = made.problem.sample_rate_hz
    fine = np.linspace(0.0, rate / 2, 2 * made.frequency_hz.size - 1)
    ears = designer.scene(made.problem).at(fine).ears()
    out = []
    for f, hz in enumerate(fine.tolist()):
        if band_hz[0] <= hz <= band_hz[1]:
            turn = cmath.exp(-2j * cmath.pi * hz / rate)
            w = [sum(float(value) * turn**n for n, value in enumerate(own)) for own in filters]
            p = [abs(sum(complex(h) * each for h, each in zip(ears[f, m], w, strict=True))) for m in range(2)]
            out.append(20 * math.log10(p[0] / p[1]))
    return out


@pytest.mark.parametrize("keys", [{}, {"word_scale": "driver"}, {"form": "rtf"}])
@pytest.mark.parametrize("word", ["q7", "q15", "5.23"])
def test_the_report_is_that_of_the_integers(word: str, keys: dict[str, str]) -> None:
    """Taps as integers of the word, each filter a loop over Python's integers for a unit impulse, its sum shifted as the report
    says: the median, 5th percentile and worst gain of the table, and the response over azimuth, to 1e-9 dB.
    """
    made = designer.design(designer.loads(problem(taps=32, word=word, **keys)))
    fraction_bits, bits = {"q7": (7, 8), "q15": (15, 16), "5.23": (23, 28)}[word]
    finer = made.finer_bits.get("left", [0, 0])
    assert (len(made.finer_bits) == 1) == ("word_scale" in keys)
    filters = []
    for l, own in enumerate(made.taps["left"]):
        shift = made.shifts["left"] - finer[l]
        pure_delay = keys.get("form") == "rtf" and np.count_nonzero(own) == 1
        q = [Fraction(value) * 2**fraction_bits / Fraction(2) ** shift for value in own.tolist()]
        assert all(value.denominator == 1 for value in q)
        assert pure_delay or all(-(2 ** (bits - 1)) <= value < 2 ** (bits - 1) for value in q)
        impulse = [2**20] + [0] * (len(q) - 1)
        sums = [sum(int(q[k]) * impulse[n - k] for k in range(n + 1)) for n in range(len(q))]
        filters.append([Fraction(each, 2 ** (20 + fraction_bits)) * Fraction(2) ** shift for each in sums])
    gains = naive_gains_db(made, filters, (500.0, 4000.0))
    found = made.study["left"].stages["quantised"]
    assert found.median_db == pytest.approx(float(np.median(gains)), abs=1e-9)
    assert found.fifth_percentile_db == pytest.approx(float(np.percentile(gains, 5)), abs=1e-9)
    assert found.worst_db == pytest.approx(min(gains), abs=1e-9)
    rows = made.response[(made.response.channel == "left") & made.response.frequency_hz.between(500.0, 4000.0)]
    np.testing.assert_allclose(rows.magnitude_db, naive_circle_db(made, filters, rows), atol=1e-9)


def naive_circle_db(made: designer.Design, filters: list[list[Fraction]], rows: pd.DataFrame) -> list[float]:
    """Points in free field, summed at each row's azimuth on the circle of the listener's distance."""
    problem = made.problem
    out = []
    w: dict[float, list[complex]] = {}
    for hz, azimuth in zip(rows.frequency_hz, np.radians(rows.azimuth_deg), strict=True):
        if hz not in w:
            turn = cmath.exp(-2j * cmath.pi * hz / problem.sample_rate_hz)
            w[hz] = [sum(float(value) * turn**n for n, value in enumerate(own)) for own in filters]
        x, y = (problem.listener.position_m[0] * part for part in (math.cos(azimuth), math.sin(azimuth)))
        p = 0j
        for driver, each in zip(problem.drivers, w[hz], strict=True):
            r = math.dist((x, y, 0.0), driver.position_m)
            p += each * cmath.exp(-2j * cmath.pi * hz / problem.speed_of_sound_m_s * r) / r
        out.append(20 * math.log10(abs(p)))
    return out


def test_own_scales_are_saved_and_told(tmp_path: Path) -> None:
    """Each driver's shift is read back, and stands in the report; so does which output full-scale input drives how far."""
    made = designer.design(designer.loads(problem(taps=64, word="q7", word_scale="driver")))
    folder = made.save(tmp_path / "out")
    again = designer.open(folder)
    assert again.finer_bits == made.finer_bits
    assert again.shifts == made.shifts
    text = (folder / "report.html").read_text(encoding="utf-8")
    shifts = [made.shifts["left"] - bits for bits in made.finer_bits["left"]]
    assert f"left {shifts[0]}, right {shifts[1]}".replace("-", "−") in text
    over = [20 * math.log10(sum(abs(v) for v in own)) for own in made.taps["left"].tolist()]
    loud = sorted(((db, name) for db, name in zip(over, made.drivers, strict=True) if db >= 0.05), reverse=True)
    assert loud
    named = ", ".join(f"{name} by {db:.1f} dB" for db, name in loud)
    assert f"Input within full scale can drive these outputs beyond it: left: {named}." in text
    assert f"An input {loud[0][0]:.1f} dB lower" in text


def test_a_quiet_word_needs_no_headroom(tmp_path: Path) -> None:
    """Where no l1 norm passes 1, the report says so, and without a word it says nothing."""
    quiet = designer.design(designer.loads(problem(taps=64, word="q15")))
    low = replace(quiet, taps={name: taps / 100 for name, taps in quiet.taps.items()})
    assert headroom_words(low) == "No input within full scale drives an output beyond it."
    assert headroom_words(designer.design(designer.loads(problem(taps=64)))) == ""


def test_sections_are_the_words_integers(rounded_sections: tuple[designer.Design, Path]) -> None:
    """`sections.csv` holds whole numbers of 2^-14 and gains that are powers of two; run by hand they give the coefficients."""
    made, folder = rounded_sections
    table = pd.read_csv(folder / "sections.csv")
    assert list(table.columns) == [
        "channel", "driver", "section", "b0", "b1", "b2", "a1", "a2", "gain", "delay_samples"
    ]  # fmt: skip
    stored = table[["b0", "b1", "b2", "a1", "a2"]].to_numpy() * 2.0**14
    np.testing.assert_array_equal(stored, np.rint(stored))
    np.testing.assert_array_equal(np.log2(table.gain), np.rint(np.log2(table.gain)))
    for l, driver in enumerate(made.drivers):
        rows = table[(table.channel == "left") & (table.driver == driver)]
        b = rows[["b0", "b1", "b2"]].to_numpy() * rows.gain.to_numpy()[:, None]
        own = Cascade(b, rows[["a1", "a2"]].to_numpy(), int(rows.delay_samples.sum()))
        length = min(400, made.taps["left"].shape[1])
        expected = difference_equation(own, [1.0] + [0.0] * (length - 1))
        np.testing.assert_allclose(made.taps["left"][l, :length], expected, atol=1e-9)


def test_sections_are_read_back(rounded_sections: tuple[designer.Design, Path]) -> None:
    """Taps, sections and the study are what they were."""
    made, folder = rounded_sections
    again = designer.open(folder)
    np.testing.assert_array_equal(again.taps["left"], made.taps["left"])
    for driver, cascade in made.sections["left"].items():
        read = again.sections["left"][driver]
        np.testing.assert_array_equal(read.b, cascade.b)
        np.testing.assert_array_equal(read.a, cascade.a)
        assert read.delay_samples == cascade.delay_samples
    assert again.study == made.study


def test_the_report_tells_what_the_word_costs(rounded_sections: tuple[designer.Design, Path]) -> None:
    """Form and word, memory, and the sentence about the 5th percentile."""
    _, folder = rounded_sections
    text = (folder / "report.html").read_text(encoding="utf-8")
    assert "biquad, q15" in text
    assert "Rounding to q15 lowers the 5th percentile by: left " in text
    assert "No node between sections can." in text


def test_a_delay_that_sections_have_no_room_for() -> None:
    """The message says how much they need."""
    early = designer.loads(problem(form="biquad", sections=4, bulk_delay_samples=0))
    with pytest.raises(ProblemError, match=r"got 0, and 4 sections take \d+ samples .* at least \d+; a larger delay"):
        designer.design(early)
