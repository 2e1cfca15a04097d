"""Arrays for SHARC's run-time library, run through loops that do what `filter.h` documents of fir and biquad."""

from __future__ import annotations

import re
import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from programs import need
from scipy.signal import butter, sosfilt

from designer.arrays import Real
from designer.export import FilterSet
from designer.export.c_plan import FLOAT
from designer.export.targets.c import write_c
from designer.realization.cascade import Cascade
from export import filter_cases

FRAMES, BLOCK = 300, 7
LOOPS = """
#include <stdio.h>
static void fir(const float *input, float *output, const float *coeffs, float *state, int samples, int taps)
{
    int newest = (int)state[taps];
    for (int n = 0; n < samples; n++) {
        double sum = 0;
        newest = (newest + 1) % taps;
        state[newest] = input[n];
        for (int age = 0; age < taps; age++) sum += (double)coeffs[taps - 1 - age] * state[(newest - age + taps) % taps];
        output[n] = (float)sum;
    }
    state[taps] = (float)newest;
}
static void biquad(const float *input, float *output, const float *coeffs, float *state, int samples, int sections)
{
    for (int n = 0; n < samples; n++) {
        float x = input[n];
        for (int k = 0; k < sections; k++) {
            const float *c = coeffs + 5 * k;
            float *w = state + 2 * k;
            float now = x + c[1] * w[0] + c[0] * w[1];
            x = c[4] * now + c[3] * w[0] + c[2] * w[1];
            w[1] = w[0];
            w[0] = now;
        }
        output[n] = x;
    }
}
"""


def sharc(filters: FilterSet) -> str:
    return write_c(replace(filters, options={"library": "sharc"}), FLOAT).files["xcase_sharc.h"].decode()


def played(header: str, call: str, state: str, x: Real, folder: Path) -> Real:
    """What a call in blocks of 7 samples gives: compiled here, where `pm` is no memory."""
    (folder / "xcase_sharc.h").write_text(header)
    values = ", ".join(f"{value!s}F" for value in x.astype(np.float32))
    (folder / "a.c").write_text(f"""#include "xcase_sharc.h"
{LOOPS}
static const float x[{FRAMES}] = {{{values}}};
int main(void)
{{
    static float y[{FRAMES}], state[{state}];
    for (int n = 0; n < {FRAMES}; n += {BLOCK}) {call.replace("SAMPLES", f"n + {BLOCK} > {FRAMES} ? {FRAMES} - n : {BLOCK}")};
    for (int n = 0; n < {FRAMES}; n++) printf("%.9g\\n", y[n]);
    return 0;
}}
""")
    subprocess.run([need("gcc", "gcc"), "-std=c99", "-w", "-Dpm=", "-o", "a", "a.c"], cwd=folder, check=True)
    done = subprocess.run([folder / "a"], capture_output=True, text=True, check=True)
    return np.array([float(line) for line in done.stdout.split()])


def test_fir_gives_the_designs_samples(tmp_path: Path) -> None:
    """A call as the header's comment writes it convolves noise with the taps, a state of a number more than taps."""
    filters = filter_cases.fir(taps=37)
    header, x = sharc(filters), np.random.default_rng(1).uniform(-1, 1, FRAMES)
    assert "for sharc: fir(input, output, ARRAY, state, samples, TAPS), state of TAPS + 1 zeros;" in header
    filter_ = next(f for f in filters.filters if f.has_taps)
    name = f"xcase_{filter_.channel}_{filter_.driver}"
    big = name.upper()
    assert f"#define {big}_TAPS 37" in header and f"static float pm {name}[37] = {{" in header
    found = played(header, f"fir(x + n, y + n, {name}, state, SAMPLES, {big}_TAPS)", f"{big}_TAPS + 1", x, tmp_path)
    assert np.abs(found - np.convolve(x, filter_.taps)[:FRAMES]).max() < 1e-6


def test_biquad_gives_the_designs_samples(tmp_path: Path) -> None:
    """Four sections play noise as SciPy's sections do, with a state of two numbers a section."""
    filters = filter_cases.biquads()
    header, x = sharc(filters), np.random.default_rng(2).uniform(-1, 1, FRAMES)
    filter_ = filters.filters[0]
    cascade = filter_.cascade
    assert cascade is not None
    name = f"xcase_{filter_.channel}_{filter_.driver}"
    big = name.upper()
    call = f"biquad(x + n, y + n, {name}, state, SAMPLES, {big}_SECTIONS)"
    found = played(header, call, f"2 * {big}_SECTIONS", x, tmp_path)
    expected = sosfilt(np.insert(np.hstack([cascade.b, cascade.a]), 3, 1.0, axis=1), x)
    assert np.abs(found - expected).max() < 1e-5 * np.abs(expected).max()


def test_the_published_sections() -> None:
    """A low-pass of fourth order at a twentieth of half the rate: the ten numbers of a public example of biquad()."""
    published = [-0.74745, 1.72593, 1.0, 2.0, 1.0, -0.88703, 1.86380, 1.0, 2.0, 1.0]
    sections = butter(4, 0.05, output="sos")
    cascade = Cascade(b=np.array([[1.0, 2.0, 1.0]] * 2), a=sections[:, 4:])
    taps = cascade.impulse_response(400)[None]
    text = sharc(filter_cases.made({"a": taps}, ("d",), {"a": {"d": cascade}}, "biquad"))
    body = re.search(r"static float pm xcase_a_d\[10\] = \{([^}]*)\}", text)
    assert body is not None
    found = [float(item.strip().rstrip("F")) for item in body[1].split(",") if item.strip()]
    assert found == pytest.approx(published, abs=1e-5)
