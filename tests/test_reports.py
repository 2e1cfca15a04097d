"""The comparisons in reports/: their tables come out again, and README shows the command that makes each."""

from __future__ import annotations

import re
from pathlib import Path

import pandas as pd
import pytest

from designer.compare import compare
from designer.comparison.tidy import tidy_table

ROOT = Path(__file__).parents[1]
REPORTS = sorted(path.parent.parent for path in (ROOT / "reports").glob("*/comparison/comparison.csv"))
KEYS = ["design", "channel", "metric", "frequency_hz"]
DRIFT_DB = 0.1


@pytest.mark.parametrize("folder", REPORTS, ids=lambda folder: folder.name)
def test_no_number_drifts(folder: Path) -> None:
    """Every row of the committed table comes out again within 0.1 dB, and no row more or less."""
    kept = pd.read_csv(folder / "comparison" / "comparison.csv")
    made = compare([str(path) for path in sorted(folder.glob("*.toml"))])
    table = tidy_table(made.channels, made.shifts, points_per_octave=3).round({"frequency_hz": 3})
    both = kept.merge(table, on=KEYS, how="outer", suffixes=("_kept", "_now"), indicator=True)
    assert both[both._merge != "both"].empty
    drift = (both.value_kept - both.value_now).abs()
    assert drift.max() < DRIFT_DB, both[drift >= DRIFT_DB].head(20)


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
