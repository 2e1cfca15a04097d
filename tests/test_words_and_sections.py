"""Words and sections through the whole pipeline: judged as stored, written, read back, and told in the report."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from realization.section_cases import difference_equation
from toml_text import pair, toml

import designer
from designer.errors import ProblemError
from designer.realization.cascade import Cascade


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
    assert "Of the 5th percentile, words of q15 cost: left " in text
    assert (folder / "figures" / "left-realisation.svg").exists()


def test_a_delay_that_sections_have_no_room_for() -> None:
    """The message says how much they need."""
    early = designer.loads(problem(form="biquad", sections=4, bulk_delay_samples=0))
    with pytest.raises(ProblemError, match=r"found 0, and 4 sections take \d+ samples .* at least \d+; a larger delay"):
        designer.design(early)
