"""Columns that `designer sweep --robust` adds."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from command import Command
from toml_text import pair, toml

import designer
from designer.search import sweep_point
from designer.search.sweep_point import measure


@pytest.mark.usefixtures("judged")
def test_robust_adds_columns_of_the_room_and_the_zone(
    tmp_path: Path, designer_command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A harder room rings for longer and is nearer the direct sound, and leaves the zone as it is; each as a single design has it.

    Seconds: two points are judged over devices, places and the room, and a design beside them.
    """
    room = {"size_m": [5.0, 4.0, 2.6], "device_m": [1.0, 2.0, 1.2], "absorption": 0.8}
    file, out = tmp_path / "pair.toml", tmp_path / "sweep"
    coarse = {"grid": {"frequencies": 33, "azimuth_step_deg": 30.0}, "tolerance": {"draws": 20}}
    file.write_text(toml(pair() | {"room": room} | coarse), encoding="utf-8")
    monkeypatch.setattr(sweep_point, "in_processes", lambda tasks, _: ((task, measure(task)) for task in tasks))
    ended = designer_command("sweep", str(file), "--vary", "room.absorption=0.5,0.8", "--robust", "-o", str(out))
    assert ended.code == 0, ended.err
    table = pd.read_csv(out / "sweep.csv")
    hard, soft = (row for _, row in table.filter(like="left.").rename(columns=lambda key: key[5:]).iterrows())
    assert hard.reverberation_time_s > 1.5 * soft.reverberation_time_s
    assert hard.direct_to_reverberant_db < soft.direct_to_reverberant_db
    assert hard.critical_distance_m < soft.critical_distance_m
    assert hard.clarity_db < soft.clarity_db
    assert hard.listening_zone_m2 == soft.listening_zone_m2 > 0
    assert hard.tolerance_5th_percentile_db == soft.tolerance_5th_percentile_db < soft.tolerance_median_db
    result = designer.design(designer.load(file))
    assert result.zones is not None and result.room is not None
    assert soft.listening_zone_m2 == result.zones.square.channels["left"].area_m2
    octaves = result.room.compared("left")[0].measures
    inside = [n for n, f in enumerate(octaves.middle_hz) if 500 <= f <= 4000]
    for name in ("reverberation_time_s", "direct_to_reverberant_db", "clarity_db", "early_lateral_fraction"):
        assert soft[name] == pytest.approx(np.mean([getattr(octaves, name)[n] for n in inside]), rel=1e-9)
