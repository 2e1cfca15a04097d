"""A channel beside the stereo chain: not in exports, said so, and no limit on them."""

from __future__ import annotations

from toml_text import toml, trio

import designer
from designer.export.of_design import check_targets, stand_in
from designer.problem.checks import warnings


def test_a_stand_in_holds_the_chain_alone() -> None:
    """Left, right and centre of the chain, whatever else is designed: the upmix of `c`, `pipewire` and others takes three channels."""
    data = trio()
    left, centre = (next(table for table in data["designs"] if table["name"] == name) for name in ("left", "centre"))
    right = {**left, "name": "right", "ear": "right"}
    data["designs"] = [{**centre, "name": "aside", "look_deg": 20.0}, left, right, centre]
    data |= {"virtualizer": {"angle_deg": 20.0}, "export": {"targets": ["c", "pipewire", "wav"]}}
    problem = designer.loads(toml(data))
    assert stand_in(problem, problem.realization).channels == ("virtual-left", "virtual-right", "centre")
    check_targets(problem)
    (warning,) = (text for text in warnings(problem) if "virtualizer" in text)
    assert warning.startswith(
        'designs[0]: [virtualizer] plays the designs left, right and centre alone, so that exports leave "aside"'
    )
