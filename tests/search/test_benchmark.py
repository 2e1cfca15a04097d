"""The benchmark: best known values without the tool's code, files that are what the index says, and scores that no bound contradicts."""

from __future__ import annotations

import csv
import hashlib
import io
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from command import Command, run
from oracles import best_known

import designer
from designer.acoustics.scene import Scene
from designer.arrays import Complex
from designer.errors import DataError, UsageError
from designer.metrics import BY_NAME
from designer.problem.benchmark import BenchmarkProblem, benchmark, benchmark_folder
from designer.search.benchmark import benchmark_scene, scores, verdict, weights_of_method
from designer.search.benchmark_weights import COLUMNS, conjugate_warning, read_weights, weights_in

ENTRIES = benchmark().problems
NAMES = [entry.name for entry in ENTRIES]
REACHED_BY = {"dolph-line": "minimax", "end-fire-pair": "superdirective", "end-fire-four": "superdirective"}
"""Which method arrives where "auto" does not."""
MARGIN_DB = 0.1
"""What the power ratio keeps of a ratio's largest value."""


def named(name: str) -> tuple[BenchmarkProblem, Scene]:
    entry = next(entry for entry in ENTRIES if entry.name == name)
    return entry, benchmark_scene(entry)


def test_there_are_fifteen_of_known_metrics() -> None:
    """Each is scored by a metric of the registry that has a better end, and says how its best value is known."""
    assert len(set(NAMES)) == 15
    assert set(NAMES) == set(best_known.BEST)
    for entry in ENTRIES:
        assert BY_NAME[entry.metric].better in (-1, 1)
        assert entry.known_by in ("closed form", "exhaustive", "certified bound")
        assert entry.how
        assert entry.source
        assert 0 < entry.tolerance_db <= 0.02
        assert len(entry.load().designs) == 1


def test_python_scores_as_the_command_does(tmp_path: Path, designer_command: Command) -> None:
    """Methods, a file and arrays have one table; a shape that is wrong is told with the one that is expected."""
    entry, place = named("end-fire-pair")
    w = weights_of_method(entry, place, "superdirective")
    assert w is not None
    table = designer.benchmark(["superdirective"], weights={entry.name: w}, problems=[entry.name])
    assert set(table["by"]) == {"superdirective", "weights"}
    halves = [part.drop(columns="by").reset_index(drop=True) for _, part in table.groupby("by")]
    pd.testing.assert_frame_equal(halves[0], halves[1])
    out = tmp_path / "b.csv"
    designer_command("benchmark", "--method", "superdirective", "--problem", entry.name, "-o", str(out))
    written = pd.read_csv(out)
    assert list(written) == list(table)
    np.testing.assert_allclose(written["score_db"], halves[0]["score_db"], atol=1e-4)
    with pytest.raises(
        UsageError, match=r'^weights: got an array \(1, 2\) for "end-fire-pair"; expected finite numbers'
    ):
        designer.benchmark([], weights={entry.name: np.ones((1, 2))})


def test_the_files_are_those_of_the_version() -> None:
    """Every file but the index and the page has its hash in the index: another content is another version."""
    files = {path for path in benchmark_folder().iterdir() if path.name not in ("index.toml", "README.md")}
    assert {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in files} == benchmark().sha256


@pytest.mark.parametrize("entry", ENTRIES, ids=NAMES)
def test_best_known_values_come_out_again(entry: BenchmarkProblem) -> None:
    """Naive fields with a closed form, a search or a dual give the first and the last value of the table to a millionth of a dB."""
    assert list(entry.best_db) == best_known.BEST[entry.name][1]
    for frequency_hz in (min(entry.best_db), max(entry.best_db)):
        assert best_known.best_db(entry.name, frequency_hz) == pytest.approx(entry.best_db[frequency_hz], abs=2e-6)


def test_published_limits() -> None:
    """As the spacing goes to nothing: 20 log10 N end-fire (Parsons), 7 + 4√3 front to back (Elko)."""
    for name, frequency_hz, count in (("end-fire-pair", 20.0, 2), ("end-fire-four", 100.0, 4)):
        assert best_known.best_db(name, frequency_hz) == pytest.approx(20 * np.log10(count), abs=2e-3)
    assert best_known.best_db("supercardioid", 20.0) == pytest.approx(10 * np.log10(7 + 4 * np.sqrt(3)), abs=1e-3)


@pytest.mark.parametrize("entry", ENTRIES, ids=NAMES)
def test_a_method_arrives_and_none_passes(entry: BenchmarkProblem) -> None:
    """The best method of each problem is within its tolerance of the best known value, from either side."""
    place = benchmark_scene(entry)
    w = weights_of_method(entry, place, REACHED_BY.get(entry.name, "auto"))
    assert w is not None
    margin_db = MARGIN_DB if entry.name == "supercardioid" else 0.0
    for row in scores(entry, place, w, ""):
        assert not row.missed
        assert -entry.tolerance_db <= row.gap_db <= margin_db + entry.tolerance_db, row


@pytest.mark.parametrize("name", ["steered-line", "cylinder", "contrast-zones"])
def test_no_weights_pass_a_certified_bound(name: str) -> None:
    """Nor do weights that are drawn about a method's: those that keep the limit stay behind, and the score knows no level or phase."""
    entry, place = named(name)
    w = weights_of_method(entry, place, "auto")
    assert w is not None
    rng = np.random.default_rng(24)
    for size in (1e-4, 1e-3, 1e-2):
        noise = rng.normal(size=w.shape) + 1j * rng.normal(size=w.shape)
        drawn = w + size * np.linalg.norm(w, axis=1)[:, None] * noise
        rows = scores(entry, place, drawn, "")
        assert all(row.missed or row.gap_db >= -entry.tolerance_db for row in rows)
        turned = scores(entry, place, 3e-4j * drawn, "")
        assert [row.score_db for row in turned] == pytest.approx([row.score_db for row in rows], abs=1e-9)


def test_closed_form_weights_score_what_they_should() -> None:
    """Equal delays to the look direction are 10 log10 N over white noise; Q⁻¹ h^H is the largest directivity: with no solver."""
    entry, place = named("white-noise-line")
    y = best_known.places(best_known.read_problem(entry.name))[:, 1]
    k = 2 * np.pi * place.frequency_hz[:, None] / 343.0
    rows = scores(entry, place, np.exp(-1j * k * y * np.sin(np.pi / 6)), "")
    assert [row.score_db for row in rows] == pytest.approx([10 * np.log10(8)] * 5, abs=1e-9)
    entry, place = named("end-fire-pair")
    problem = best_known.read_problem(entry.name)
    w = np.array(
        [
            np.linalg.solve(
                best_known.line_over_sphere(problem, f), best_known.towards(problem, f, [0.0], np.inf)[0].conj()
            )
            for f in place.frequency_hz.tolist()
        ]
    )
    rows = scores(entry, place, w, "")
    assert max(abs(row.gap_db) for row in rows) < 1e-5
    assert verdict(rows) == "0.00"


def table(weights: Complex, place: Scene, name: str) -> list[list[object]]:
    return [
        [name, driver, f"{f:g}", w.real, w.imag]
        for f, row in zip(place.frequency_hz, weights, strict=True)
        for driver, w in zip(place.drivers, row, strict=True)
    ]


def written(path: Path, rows: list[list[object]], header: tuple[str, ...] = COLUMNS) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([list(header), *rows])
    return path


def test_weights_of_a_file_are_scored_as_they_are(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file of a method's weights has the method's scores, in the table and in the CSV; lines may come in any order."""
    entry, place = named("end-fire-pair")
    w = weights_of_method(entry, place, "superdirective")
    assert w is not None
    path = written(tmp_path / "mine.csv", table(w, place, entry.name)[::-1])
    out = tmp_path / "scores.csv"
    ended = run(
        capsys,
        monkeypatch,
        "benchmark",
        "--weights",
        str(path),
        "--method",
        "superdirective",
        "--problem",
        entry.name,
        "-o",
        str(out),
    )
    assert (ended.code, ended.err) == (0, "")
    assert ended.out.splitlines()[-2].split() == [entry.name, "0.00", "0.00"]
    rows = list(csv.DictReader(io.StringIO(out.read_text("utf-8"))))
    half = len(rows) // 2
    assert [row["score_db"] for row in rows[:half]] == [row["score_db"] for row in rows[half:]]
    assert [float(row["best_db"]) for row in rows[:half]] == pytest.approx(list(entry.best_db.values()), abs=1e-4)
    again = run(capsys, monkeypatch, "benchmark", "--problem", entry.name, "-o", str(out))
    assert again.code == 2
    assert "file exists" in again.err


def test_conjugated_weights_are_told() -> None:
    """Weights made with e^{-jωt} get a warning with the remedy; those made as they should, none."""
    entry, place = named("steered-line")
    w = weights_of_method(entry, place, "auto")
    assert w is not None
    assert conjugate_warning(entry, place, w, scores(entry, place, w, "")) == ""
    warning = conjugate_warning(entry, place, w.conj(), scores(entry, place, w.conj(), ""))
    assert "made with e^{-jωt}? Expected e^{+jωt}" in warning
    assert "change the sign of imag" in warning


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            lambda rows: rows[1:],
            r"weights are missing: 250 Hz of 1; expected each driver at 250, 500, 1000, 2000, 4000 Hz",
        ),
        (lambda rows: [["end-fire-pear", *rows[0][1:]], *rows], r'got the design "end-fire-pear"; .*"end-fire-pair"'),
        (
            lambda rows: [[rows[0][0], "left", *rows[0][2:]], *rows],
            r'got the driver "left"; expected the names of .*"1", "2"',
        ),
        (lambda rows: [*rows, rows[-1]], r"got driver \"2\" at 4000 Hz twice; expected it once"),
        (lambda rows: [[*rows[0][:3], "0,5", "0"], *rows[1:]], r'line 2: real: got "0,5"; expected a finite number'),
        (lambda rows: [[*row[:3], 0, 0] for row in rows], r"all weights are 0 at 250 Hz"),
        (lambda _: [], r"holds no weights"),
    ],
)
def test_faults_of_a_file_name_the_remedy(tmp_path: Path, change: object, message: str) -> None:
    """Missing lines, unknown names, a weight twice, no number, silence, an empty table."""
    assert callable(change)
    entry, place = named("end-fire-pair")
    path = written(tmp_path / "mine.csv", change(table(np.ones((5, 2), dtype=complex), place, entry.name)))
    with pytest.raises(DataError, match=message):
        weights_in(read_weights(path, NAMES), entry, place, path)


def test_faults_of_a_header_and_of_names(tmp_path: Path) -> None:
    """A column that is missing, a file that is, and a problem that is none."""
    path = written(tmp_path / "mine.csv", [], ("design", "driver", "frequency_hz", "magnitude", "phase"))
    with pytest.raises(DataError, match=r"add real, imag to its first line"):
        read_weights(path, NAMES)
    with pytest.raises(DataError, match=r"none\.csv: cannot be read: no such file"):
        read_weights(tmp_path / "none.csv", NAMES)
    with pytest.raises(UsageError, match=r'--problem: got "cilinder"; .*"cylinder"'):
        benchmark().named(["cilinder"])
