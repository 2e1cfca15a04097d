"""The .mat file: scipy and Octave read it, and `filter` and `sosfilt` take its variables as they are."""

from __future__ import annotations

import io
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
from programs import need
from scipy.io import loadmat
from scipy.signal import lfilter, sosfilt

from designer.export import FilterSet, target_named
from designer.export.runners.bench import Bench
from designer.export.targets.matlab import run_octave
from export import filter_cases


def loaded(filters: FilterSet) -> dict[str, Any]:
    content = io.BytesIO(target_named("matlab").write(filters).files["filters.mat"])
    return dict(loadmat(content))  # type: ignore[arg-type]  # a stream will do


def test_scipy_filters_with_it() -> None:
    """Taps bit for bit, delays of a channel ahead of them; sections through `sosfilt` behind their delay."""
    filters = filter_cases.fir()
    variables = loaded(filters)
    for one in filters.filters:
        wait = filters.delays.get(one.channel, 0)
        assert variables[f"{one.channel}_{one.driver}"].tolist() == [[0.0] * wait + one.taps.tolist()]
    assert [name[0] for name in variables["drivers"].ravel()] == list(filters.drivers)
    filters = filter_cases.biquads()
    variables = loaded(filters)
    for one in filters.filters:
        name = f"{one.channel}_{one.driver}"
        impulse = np.zeros(400)
        wait = int(variables[f"{name}_delay"].item())
        impulse[wait] = 1.0
        shift = filters.delays.get(one.channel, 0)
        sections = np.ascontiguousarray(variables[f"{name}_sos"])  # scipy reads columns first, and filters rows first
        assert np.allclose(sosfilt(sections, impulse)[shift:], one.taps[: 400 - shift], rtol=0, atol=1e-14)


def test_octave_filters_with_it(tmp_path: Path) -> None:
    """Octave loads the file and runs `filter` on taps and on each row of the sections: what scipy gives."""
    program = need("octave-cli", "octave")
    x = np.random.default_rng(1).uniform(-1, 1, 200)
    for filters, code in (
        (filter_cases.fir(), "y = filter(b_woofer, 1, x);"),
        (
            filter_cases.biquads(),
            "y = [zeros(left_woofer_delay, 1); x];"
            "for s = 1:rows(left_woofer_sos) y = filter(left_woofer_sos(s,1:3), left_woofer_sos(s,4:6), y); end;",
        ),
    ):
        (tmp_path / "filters.mat").write_bytes(target_named("matlab").write(filters).files["filters.mat"])
        (tmp_path / "x.txt").write_text("\n".join(map(repr, x.tolist())), encoding="utf-8")
        script = f"load filters.mat; x = load('x.txt'); {code} printf('%.17g\\n', y); printf('%s\\n', provenance)"
        done = subprocess.run(
            [program, "--norc", "--eval", script],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        assert done.returncode == 0, done.stderr
        lines = done.stdout.splitlines()
        one = next(one for one in filters.filters if one.driver == "woofer" and one.channel in ("b", "left"))
        expected = lfilter(np.concatenate([np.zeros(11 if one.channel == "b" else 0), one.taps]), [1.0], x)
        y = np.array([float(line) for line in lines[: x.size]])
        assert np.abs(y - expected).max() < 1e-12 * np.abs(expected).max()
        assert "A title; with * / signs" in done.stdout


def test_octave_plays_the_whole_file(tmp_path: Path) -> None:
    """Every filter into its driver's feed: what naive loops give, of taps, and of sections as far as their taps reach."""
    for filters in (filter_cases.fir(), filter_cases.biquads()):
        (tmp_path / "filters.mat").write_bytes(target_named("matlab").write(filters).files["filters.mat"])
        x = np.random.default_rng(4).uniform(-1, 1, (300, len(filters.channels)))
        y = run_octave(tmp_path, x, filters, Bench())
        assert np.abs(y - filter_cases.feeds(filters, x)).max() < 1e-12 * filters.headroom.worst_output


def test_names_are_matlabs() -> None:
    """Any name becomes a letter, letters, digits and underscores of at most 63 signs, none twice; the manifest maps them."""
    long = filter_cases.made({"x" * 90: np.ones((2, 8)), "x" * 91: np.ones((2, 8))}, ("1 ü", "1-u"), {}, "fir")
    for filters in (filter_cases.odd_names(), long):
        export = target_named("matlab").write(filters)
        names = list(export.names.values())
        variables = loaded(filters)
        assert len(names) == len(set(names)) == len(filters.filters)
        for name in names:
            assert name.isidentifier() and name[0].isalpha() and len(name) <= 63 and name in variables


def test_the_recipe_runs_as_it_stands(tmp_path: Path) -> None:
    """README.txt's lines, with the names of the table: columns as long as the input, and the naive feeds, also of a short input."""
    program = need("octave-cli", "octave")
    cases = ((filter_cases.fir(), "b_woofer"), (filter_cases.biquads(), "right_woofer"))
    inputs = [np.random.default_rng(2).uniform(-1, 1, count) for count in (100, 5)]
    scripts = []
    for filters, name in cases:
        export = target_named("matlab").write(filters)
        (tmp_path / name).mkdir()
        (tmp_path / name / "filters.mat").write_bytes(export.files["filters.mat"])
        code = [line.strip() for line in export.files["README.txt"].decode().splitlines() if line.startswith("    ")]
        recipe = "\n".join(code[:2] if filters.form == "fir" else code[2:]).replace("NAME", name)
        for x in inputs:
            before = f"clear; cd ../{name}; load filters.mat; x = [{'; '.join(map(repr, x.tolist()))}];\n"
            scripts.append(f"{before}{recipe}\nprintf('%d %d\\n', size(y)); printf('%.17g\\n', y);\n")
    done = subprocess.run(
        [program, "--norc", "--eval", "".join(scripts)], cwd=tmp_path / name, capture_output=True, text=True, check=True
    )
    lines = iter(done.stdout.splitlines())
    for filters, name in cases:
        for x in inputs:
            assert next(lines) == f"{x.size} 1"
            channel, driver = name.split("_")
            signals = np.zeros((x.size, len(filters.channels)))
            signals[:, filters.channels.index(channel)] = x
            expected = filter_cases.feeds(filters, signals)[:, filters.drivers.index(driver)]
            assert np.allclose([float(next(lines)) for _ in x], expected, rtol=0, atol=1e-12)
