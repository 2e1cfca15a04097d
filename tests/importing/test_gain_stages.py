"""Gains that a user puts into an exported configuration, as its preamp: part of what the device plays, and of what is read."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from export import filter_cases

from designer.commands.import_coefficients import read_coefficients
from designer.export import target_named
from importing.test_round_trip import problem

GAIN_DB = -6.5
CHANGES = {
    "camilladsp": (
        "camilladsp.yml",
        [
            ("filters:\n", f"filters:\n  quieter:\n    type: Gain\n    parameters: {{gain: {GAIN_DB}}}\n"),
            ("pipeline:\n", "pipeline:\n  - {type: Filter, channels: [0, 1], names: [quieter]}\n"),
        ],
    ),
    "brutefir": (
        "brutefir.conf",
        [("attenuation: 0.0;", f"attenuation: {-GAIN_DB};")],
    ),
    "equalizerapo": ("equalizerapo.txt", [("If: sampleRate", f"Channel: all\nPreamp: {GAIN_DB} dB\nIf: sampleRate")]),
    "jconvolver": ("jconvolver.conf", [(" 1.0 ", f" {10 ** (GAIN_DB / 20)!r} ")]),
    "pipewire": ("filter-chain.conf", [('" = 1.0', f'": {10 ** (GAIN_DB / 40)!r}')]),  # at either end
}


@pytest.mark.parametrize("form", ["fir", "biquad"])
@pytest.mark.parametrize("target", CHANGES)
def test_a_preamp_is_part_of_the_filters(target: str, form: str, tmp_path: Path) -> None:
    """Every filter comes back lower by as much, sections as sections, and a bypassed step changes nothing."""
    filters = filter_cases.fir() if form == "fir" else filter_cases.biquads()
    asked = problem(filters.channels, filters.drivers, form)
    for name, content in target_named(target).write(filters).files.items():
        (tmp_path / name).write_bytes(content)
    before = read_coefficients(tmp_path, asked)
    name, changes = CHANGES[target]
    text = (tmp_path / name).read_text(encoding="utf-8")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    (tmp_path / name).write_text(text, encoding="utf-8")
    after = read_coefficients(tmp_path, asked)
    assert {c: set(each) for c, each in after.sections.items()} == {c: set(each) for c, each in before.sections.items()}
    for channel, each in before.taps.items():
        for driver, taps in each.items():
            assert np.allclose(after.taps[channel][driver], taps * 10 ** (GAIN_DB / 20), rtol=1e-12, atol=1e-15)
    if target == "camilladsp":
        text = text.replace("names: [quieter]}", "names: [quieter], bypassed: true}")
        (tmp_path / name).write_text(text, encoding="utf-8")
        again = read_coefficients(tmp_path, asked)
        assert all(
            np.array_equal(again.taps[c][d], taps) for c, each in before.taps.items() for d, taps in each.items()
        )


def test_attenuations_of_inputs_and_outputs(tmp_path: Path) -> None:
    """BruteFIR's `"name"/dB/factor` at either end of a filter, and parallel filters that add."""
    (tmp_path / "a.f64").write_bytes(np.array([1.0, 0.5]).astype("<f8").tobytes())
    (tmp_path / "mine.conf").write_text(
        """
sampling_rate: 48000; filter_length: 64,2; # blocks of 64
coeff "a" { filename: "a.f64"; format: "FLOAT64_LE"; attenuation: 6.0206; blocks: -1; };
input "l", "r" { device: "file" { path: "in.raw"; }; sample: "FLOAT64_LE"; channels: 2/0,1; delay: 3,0; };
output "w", "f", "t" { device: "file" { path: "out.raw"; }; sample: "FLOAT64_LE"; channels: 3/0,1,2; delay: 0,2,0; };
filter 0 { from_inputs: "l"/20.0/-1.0, "r"; to_outputs: "w", "f"/-20.0; coeff: "a"; };
filter 1 { from_inputs: "r"//2.0; to_outputs: "w"; coeff: -1; delay: 1; };
""".replace("filter 0", 'filter "0"')
        .replace("filter 1", 'filter "1"')
        .replace("//2.0", "/0.0/2.0"),
        encoding="utf-8",
    )
    found = read_coefficients(tmp_path, problem(("a", "b"), filter_cases.DRIVERS))
    half = 10 ** (-6.0206 / 20)
    assert np.allclose(found.taps["a"]["woofer"], [0, 0, 0, -0.1 * half, -0.05 * half])
    assert np.allclose(found.taps["a"]["front"], [0, 0, 0, 0, 0, -half, -0.5 * half])
    woofer = found.taps["b"]["woofer"]
    assert np.allclose(woofer[:2], [half, 0.5 * half]) and woofer[64] == 2.0 and not woofer[2:64].any()
