"""Measured heads and a measured loudspeaker, from problem file to report, through the command."""

from __future__ import annotations

import cmath
import csv
import json
import math
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from command import run
from empty_figures import figures_of

import designer
from designer.report import figures

ROOT = Path(__file__).parents[1]
REAL_SET = ROOT.parent / "shared" / "data" / "rew-polar"
needs_real_set = pytest.mark.skipif(not REAL_SET.exists(), reason="the measured set is not beside this repository")
C = 343.0
LISTENER_M = 1.4
NEAR_M, FAR_M = (LISTENER_M * math.tan(math.radians(angle)) for angle in (7.5, 15.0))
"""Across the axis, from a driver to its own side's ear and to the other: at angles that were measured."""
DRIVER_M, EAR_M = (FAR_M + NEAR_M) / 2, (FAR_M - NEAR_M) / 2

WOOFERS = f"""
title = "Two measured woofers"
sample_rate_hz = 48000
[[drivers]]
name = "left"
position_m = [0.0, {-DRIVER_M}, 0.0]
response = "woofer hor *.frd"
[[drivers]]
name = "right"
position_m = [0.0, {DRIVER_M}, 0.0]
response = "woofer hor *.frd"
[listener]
position_m = [{LISTENER_M}, 0.0, 0.0]
head = "points"
head_radius_m = {EAR_M}
ear_cloud_m = [[0, 0, 0]]
[[designs]]
name = "left"
kind = "ctc"
ear = "left"
band_hz = [400.0, 4000.0]
cancellation_gain_db = [[400, 3], [1000, 9], [4000, 9]]
max_effort_db = 14.0
[grid]
frequencies = 129
azimuth_step_deg = 15.0
[realization]
taps = 1024
"""


def plain_set(frequency_hz: float) -> dict[float, complex]:
    """The set at one frequency, read in the plainest way: level straight in dB and phase straight between two lines of a file."""
    found = {}
    for file in REAL_SET.glob("*.frd"):
        rows = [line.split() for line in file.read_text(encoding="latin-1").splitlines() if line[:1].isdigit()]
        f, db, deg = zip(*[[float(v) for v in row[:3]] for row in rows], strict=True)
        i = next(n for n in range(len(f) - 1) if f[n] <= frequency_hz <= f[n + 1])
        share = (frequency_hz - f[i]) / (f[i + 1] - f[i])
        turn = (deg[i + 1] - deg[i] + 180) % 360 - 180
        level = db[i] + share * (db[i + 1] - db[i])
        found[float(file.stem.split()[-1])] = cmath.rect(10 ** (level / 20), math.radians(deg[i] + share * turn))
    return found


def plain_gain_db(taps: dict[str, list[float]], frequency_hz: float) -> float:
    """Cancellation gain summed up driver by driver: measured response at 7.5 or 15 degrees, e^{-jkr}/r, and the taps' Fourier sum."""
    measured = plain_set(frequency_hz)
    k = 2 * math.pi * frequency_hz / C
    power = {}
    for ear in ("left", "right"):
        p = 0j
        for driver in ("left", "right"):
            across, angle = (NEAR_M, 7.5) if driver == ear else (FAR_M, 15.0)
            r = math.hypot(LISTENER_M, across)
            w = sum(h * cmath.exp(-2j * math.pi * frequency_hz * n / 48_000) for n, h in enumerate(taps[driver]))
            p += w * measured[angle] * cmath.exp(-1j * k * r) / r
        power[ear] = abs(p) ** 2
    return 10 * math.log10(power["left"] / power["right"])


@needs_real_set
def test_a_measured_loudspeaker_from_file_to_report(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Two real woofers against crosstalk: exit code 0, the curve reached, and the gain of metrics.csv is that of plain sums over the
    set's own text files, within 0.05 dB; the folder keeps the set and opens where the problem file is gone.
    """
    for file in REAL_SET.glob("*.frd"):
        (tmp_path / file.name).write_bytes(file.read_bytes())
    (tmp_path / "woofers.toml").write_text(WOOFERS, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    ended = run(capsys, monkeypatch, "design", "woofers.toml", "-o", "out")
    assert ended.code == 0, ended.err
    assert (
        "left: 3 to 9 dB asked from 400 Hz to 4 kHz, at the listener's one place; met at every frequency" in ended.out
    )
    assert 'driver "left": horizontal plane: nothing was measured beyond 90 degrees' in ended.err
    page = (tmp_path / "out/report.html").read_text(encoding="utf-8")
    assert "nothing was measured beyond 90 degrees" in page
    assert (tmp_path / "out/figures/left-gain.svg").is_file()

    taps: dict[str, list[float]] = {"left": [], "right": []}
    with (tmp_path / "out/coefficients.csv").open(encoding="utf-8") as table:
        for row in csv.DictReader(table):
            taps[row["driver"]].append(float(row["value"]))
    metrics = pd.read_csv(tmp_path / "out/metrics.csv")
    inside = metrics[metrics.frequency_hz.between(400, 4000)]
    assert (inside.cancellation_gain_db > inside.target_db - 0.3).all()
    some = inside.iloc[::10]
    for f, gain_db in zip(some.frequency_hz.to_numpy(), some.cancellation_gain_db.to_numpy(), strict=True):
        assert plain_gain_db(taps, float(f)) == pytest.approx(float(gain_db), abs=0.05)

    for file in tmp_path.glob("*.frd"):
        file.unlink()
    again = designer.open(tmp_path / "out")
    pd.testing.assert_series_equal(
        again.metrics.cancellation_gain_db, metrics.cancellation_gain_db, check_exact=False, rtol=1e-6
    )


@pytest.mark.parametrize(
    ("name", "heads"), [("pair-kemar", 1), pytest.param("soundbar-kemar", 4, marks=pytest.mark.long)]
)
def test_a_kemar_problem_from_file_to_report(
    name: str, heads: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit code 0, and three truths: designed on every second direction and judged on the others, which share no measurement, the gain
    holds within 2 dB; left and right channel, mirror images on a head whose ears are mirrored, agree within 0.3 dB; and the
    gain over all heads lies between the heads' own.
    """
    monkeypatch.setattr(figures, "pictures", figures_of("left-out"))
    ended = run(capsys, monkeypatch, "design", str(ROOT / "problems" / f"{name}.toml"), "-o", str(tmp_path / "out"),
                "--figures", "all")  # fmt: skip
    assert ended.code == 0, ended.err
    assert ended.out.count("met at every frequency") == 2
    page = (tmp_path / "out/report.html").read_text(encoding="utf-8")
    for channel in ("left", "right"):
        drawn = (tmp_path / f"out/figures/{channel}-left-out.svg").read_text(encoding="utf-8")
        said = re.search(r"judged on the other half: within ([\d.]+) dB", drawn)
        assert said is not None
        assert float(said[1]) < 2.0
        assert said[0] in page
    metrics = pd.read_csv(tmp_path / "out/metrics.csv")
    left, right = (metrics[metrics.channel == channel].reset_index() for channel in ("left", "right"))
    inside = left.target_db.notna()
    apart = (left.cancellation_gain_db - right.cancellation_gain_db)[inside]
    assert np.abs(apart).max() < 0.3
    each = json.loads((tmp_path / "out/summary.json").read_text(encoding="utf-8"))["channels"]["left"]["heads"]
    assert len(each) == heads
    if heads > 1:
        means = [head["mean_cancellation_gain_db"] for head in each.values()]
        assert min(means) - 0.5 < left.cancellation_gain_db[inside].mean() < max(means) + 0.5
