"""The comparisons in reports/: their tables come out again, and README shows the command that makes each."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pandas as pd
import pytest

from designer.comparison.numbers import tidy_table
from designer.search.compare import check_free, compare

ROOT = Path(__file__).parents[1]
REPORTS = sorted(path.parent.parent for path in (ROOT / "reports").glob("*/comparison/comparison.csv"))
KEYS = ["design", "channel", "metric", "frequency_hz"]
DRIFT_DB = 0.1
FEW = 2
"""Designs that are made again at the most, the first of a comparison, but for `--long`."""


@pytest.mark.parametrize("most", [FEW, pytest.param(99, marks=pytest.mark.long)])
@pytest.mark.parametrize("folder", REPORTS, ids=lambda folder: folder.name)
def test_no_number_drifts(folder: Path, most: int) -> None:
    """Every row of these designs in the committed table comes out again within 0.1 dB, and no row more or less."""
    files = sorted(folder.glob("*.toml"))
    files = files[:most]
    kept = pd.read_csv(folder / "comparison" / "comparison.csv")
    kept = kept[kept.design.isin([path.stem for path in files])]
    assert kept.design.nunique() == len(files)
    made = compare([str(path) for path in files])
    table = tidy_table(made.channels, made.shifts, points_per_octave=3).round({"frequency_hz": 3})
    both = kept.merge(table, on=KEYS, how="outer", suffixes=("_kept", "_now"), indicator=True)
    assert both[both._merge != "both"].empty
    drift = (both.value_kept - both.value_now).abs()
    assert drift.max() < DRIFT_DB, both[drift >= DRIFT_DB].head(20)


@pytest.mark.parametrize("folder", REPORTS, ids=lambda folder: folder.name)
def test_the_command_replaces_what_is_kept(folder: Path) -> None:
    """README's command may write where the kept table is, and is the one that the record of the kept table holds."""
    check_free(folder / "comparison")
    record = json.loads((folder / "comparison" / "comparison.json").read_text(encoding="utf-8"))
    given = " ".join(f"reports/{folder.name}/{path.name}" for path in sorted(folder.glob("*.toml")))
    assert record["command"] == f"designer compare {given} -o reports/{folder.name}/comparison --points-per-octave 3"


def test_readme_shows_each() -> None:
    """Three of them, each with its command and its figure."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert [folder.name for folder in REPORTS] == ["drivers-on-a-bar", "matrix-or-beam", "regularisation"]
    for folder in REPORTS:
        assert (
            f"designer compare reports/{folder.name}/*.toml -o reports/{folder.name}/comparison --points-per-octave 3"
            in text
        )
        assert (ROOT / "reports" / folder.name / "comparison" / "comparison.csv").stat().st_size < 300_000
        figures = re.findall(rf"\(reports/{folder.name}/comparison/figures/([\w-]+\.svg)\)", text)
        assert figures
        assert all((folder / "comparison" / "figures" / figure).is_file() for figure in figures)


def kept_numbers(report: str, metric: str) -> list[float]:
    """A number of each design of a committed table, in its order."""
    table = pd.read_csv(ROOT / "reports" / report / "comparison" / "comparison.csv")
    return table[table.metric == metric].value.tolist()


def test_readme_says_what_the_tables_say() -> None:
    """The numbers in README's text are the tables' own, to a decimal."""
    text = " ".join((ROOT / "README.md").read_text(encoding="utf-8").split())
    matrix, beam = kept_numbers("matrix-or-beam", "mean_cancellation_gain_db")
    assert f"{matrix:.1f} and {beam:.1f} dB on axis over the sides" in text
    constant, choueiri, curve = kept_numbers("regularisation", "mean_gain_head_aside_+0_cm_db")
    assert (
        f"gives {constant:.1f} dB, Choueiri's {choueiri:.1f} dB, a target curve over a cloud of places {curve:.1f} dB"
        in text
    )
    constant, choueiri, curve = kept_numbers("regularisation", "moved_head_5th_percentile_db")
    assert f"the 5th percentile is {constant:.1f}, {choueiri:.1f} and {curve:.1f} dB" in text
    *bars, last = (f"{value:.1f}" for value in kept_numbers("drivers-on-a-bar", "moved_head_5th_percentile_db"))
    assert f"keep {', '.join(bars)} and {last} dB" in text
