"""CamillaDSP's configuration: valid as its documentation says, and played by a small player, what the filters do."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from designer.export import FilterSet, target_named
from export import camilladsp_model, filter_cases

CASES = {
    "two lengths": filter_cases.two_lengths(),
    "taps": filter_cases.fir(),
    "sections": filter_cases.biquads(),
    "odd names": filter_cases.odd_names(),
    "words": filter_cases.words(),
}


def written(filters: FilterSet, folder: Path) -> Path:
    folder.mkdir(exist_ok=True)
    for path, content in target_named("camilladsp").write(filters).files.items():
        (folder / path).write_bytes(content)
    return folder / "camilladsp.yml"


@pytest.mark.parametrize("case", CASES)
def test_the_pipeline_is_the_filters(case: str, tmp_path: Path) -> None:
    """Played from its own folder: each tap's own loop, to the 24 bits of the responses; sections to double precision."""
    filters = CASES[case]
    x = np.random.default_rng(1).uniform(-1, 1, (700, len(filters.channels)))
    expected = filter_cases.feeds(filters, x)
    y = camilladsp_model.play(written(filters, tmp_path / "export"), x.copy())
    apart = np.abs(y - expected).max() / np.abs(expected).max()
    assert apart < (1e-12 if filters.form == "biquad" else 2.0**-22)


@settings(max_examples=15)
@given(seed=st.integers(0, 10**6), taps=st.integers(8, 60))
def test_random_filters_play_as_they_are(seed: int, taps: int, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Any taps: the configuration's impulse response is the filters'."""
    filters = filter_cases.fir(taps=taps, seed=seed)
    path = written(filters, tmp_path_factory.mktemp("camilladsp"))
    for c in range(2):
        impulse = np.zeros((taps + 20, 2))
        impulse[0, c] = 1.0
        y = camilladsp_model.play(path, impulse.copy())
        assert np.abs(y - filter_cases.feeds(filters, impulse)).max() < 2.0**-23


def test_an_unknown_key_is_refused_by_the_model(tmp_path: Path) -> None:
    """The model is as strict as the program: version 5's name of the delay's unit is none of these versions'."""
    path = written(CASES["taps"], tmp_path)
    path.write_text(path.read_text(encoding="utf-8").replace("unit: samples", "delay_unit: samples"), encoding="utf-8")
    with pytest.raises(ValidationError, match="delay_unit"):
        camilladsp_model.read(path)


def test_numbers_keep_17_digits(tmp_path: Path) -> None:
    """The sections read back by PyYAML are the sections, bit for bit, small ones too: YAML 1.1 wants a point before an e."""
    filters = filter_cases.biquads()
    cascade = filters.filters[0].cascade
    assert cascade is not None
    cascade.b[0] = [1e-7, -3e-300, 5e22]
    read = camilladsp_model.read(written(filters, tmp_path)).filters["left-woofer section 1"]
    assert isinstance(read, camilladsp_model.Biquad)
    p = read.parameters
    assert [p.b0, p.b1, p.b2, p.a1, p.a2] == [1e-7, -3e-300, 5e22, *cascade.a[0]]
