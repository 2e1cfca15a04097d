"""`bank.sofa`: of several listeners, whose position a measurement has."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import netCDF4
import numpy as np
import pytest
from export.bank_cases import RATE_HZ, bank_set
from toml_text import toml

import designer
from designer.bank.filter_bank import Axis
from designer.search.bank_folder import _write_sofa
from designer.search.bank_keys import followed_keys

VALUES = [-0.3, -0.1, 0.1, 0.4]


def couch(second_is_heard: bool) -> designer.Problem:
    """Three drivers, two listeners, and one channel, for the first listener or the second."""
    design = {
        "name": "left",
        "kind": "null-steering",
        "ear": "left",
        "band_hz": [500.0, 2000.0],
        "cancellation_gain_db": [[500, 6]],
    }
    listeners = [{"name": name, "position_m": [2.0, y, 0.0]} for name, y in (("first", -0.7), ("second", 0.9))]
    return designer.loads(
        toml(
            {
                "title": "couch",
                "sample_rate_hz": RATE_HZ,
                "drivers": [{"name": f"d{n}", "position_m": [0.0, 0.1 * n, 0.0]} for n in range(3)],
                "listeners": listeners,
                "designs": [design | {"listener": "second" if second_is_heard else "first"}],
            }
        )
    )


@pytest.mark.parametrize(
    ("key", "second_is_heard", "expected_m"),
    [
        ("listeners.second.position_m[1]", False, [[2.0, y, 0.0] for y in VALUES]),
        ("listeners.first.position_m[0]", True, [[2.0 + y, -0.7, 0.0] for y in VALUES]),
        ("designs.left.cancellation_gain_db[0][1]", True, [[2.0, 0.9, 0.0]] * 4),
        ("designs.left.cancellation_gain_db[0][1]", False, [[2.0, -0.7, 0.0]] * 4),
    ],
)
def test_the_position_is_that_of_the_listener_who_moves(
    key: str, second_is_heard: bool, expected_m: list[list[float]], tmp_path: Path
) -> None:
    """Else of the one whom the channel is for, by the file as another library reads it."""
    bank: Any = bank_set().bank
    values = np.array(VALUES) + (
        2.0 if key.endswith("[0]") else 5.0 if key.endswith("[1]") and "designs" in key else 0.0
    )
    moved = SimpleNamespace(
        bank=bank.__class__(**{**vars(bank), "axes": (Axis(key, values),)}),
        problem=(problem := couch(second_is_heard)),
        keys=followed_keys(problem, [f"{key}={values[0]}:{values[-1]}"]),
    )
    _write_sofa(moved, tmp_path / "bank.sofa")  # type: ignore[arg-type]  # what it reads of a bank's design
    with netCDF4.Dataset(str(tmp_path / "bank.sofa")) as sofa:
        np.testing.assert_allclose(sofa["ListenerPosition"][:], expected_m, atol=1e-12)
        assert f"listener: {'second' if expected_m[0][1] in (0.9, -0.3) else 'first'}" in sofa.getncattr(
            "GLOBAL_Comment" if "GLOBAL_Comment" in sofa.ncattrs() else "Comment"
        )
