"""A design does not change, and each of its analyses depends on the design alone and is computed once."""

from __future__ import annotations

import copy
from collections import Counter
from collections.abc import Callable, Hashable, Iterator
from dataclasses import FrozenInstanceError, fields, is_dataclass, replace
from operator import attrgetter, methodcaller
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from stereo.small_designs import trio
from toml_text import toml

import designer
from designer.acoustics.scene import Scene
from designer.report import figures, grids
from designer.result import Result
from designer.stereo.listening import listening

pytestmark = pytest.mark.usefixtures("judged")

ROOM = {"size_m": [4.0, 3.0, 2.5], "device_m": [1.5, 1.5, 1.2], "absorption": 0.6}
NAMES = (
    "fine_scene", "even_scene", "evaluation", "metrics", "response", "scalars", "moved_heads", "heads", "left_out", "zones",
    "tolerances", "room", "room_ears", "study", "warnings", "status",
)  # fmt: skip
READ: dict[str, Callable[[Result], Any]] = {
    **{name: attrgetter(name) for name in NAMES},
    "robustness": methodcaller("robustness", "left"),
    "listening": listening,
    **{name: getattr(grids, name) for name in ("drawn_scene", "drawn_circle", "drawn_tables", "drawn_heads")},
    "drawn_reach": lambda result: grids.drawn_reach(result, "left"),
}


@pytest.fixture(scope="module")
def design() -> designer.Design:
    """Two ears, a beam and the stereo chain, in a room."""
    problem = trio("left", "right", "centre") | {"virtualizer": {}, "room": ROOM, "tolerance": {"draws": 5}}
    return designer.design(designer.loads(toml(problem)))


def flat(value: Any) -> Iterator[Any]:
    """The numbers and words of a value, whatever holds them."""
    if isinstance(value, Scene):
        value = (value.problem.text, value.frequency_hz, value.azimuth_deg, value.displacements_m)
    if isinstance(value, pd.DataFrame):
        value = value.to_dict("list")
    if isinstance(value, np.ndarray):
        yield value.tolist() if value.dtype != object else value.shape
    elif is_dataclass(value):
        for one in fields(value):
            yield from flat(getattr(value, one.name))
    elif hasattr(value, "items"):
        for key, one in value.items():
            yield key
            yield from flat(one)
    elif isinstance(value, list | tuple):
        for one in value:
            yield from flat(one)
    elif isinstance(value, str | int | float | complex | None):
        yield value
    else:
        yield type(value)


def test_analyses_are_the_same_in_any_order(design: designer.Design) -> None:
    """Forwards and backwards, each analysis of a design that knows none yet says the same."""
    orders = [list(READ), list(reversed(READ))]
    found = [
        {name: repr(list(flat(READ[name](again)))) for name in order} for order in orders for again in [replace(design)]
    ]
    for name in READ:
        assert found[0][name] == found[1][name], name


@pytest.mark.usefixtures("drawn")
def test_each_analysis_is_computed_once_in_a_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Designing, judging, drawing (in copies of the process) and writing a folder compute no analysis twice."""
    log = tmp_path / "computed"

    class Told(dict[Hashable, Any]):
        def __setitem__(self, key: Hashable, value: Any) -> None:
            assert isinstance(key, tuple)
            with log.open("a") as stream:
                stream.write(" ".join([key[0].__name__, *map(str, key[1:])]) + "\n")
            super().__setitem__(key, value)

    made = designer.Design.__post_init__

    def told(self: Result) -> None:
        made(self)
        object.__setattr__(self, "analyses", Told())

    monkeypatch.setattr(designer.Design, "__post_init__", told)
    monkeypatch.setattr(figures.Picture, "file", lambda picture: str(picture.build()).encode())  # to draw it takes long
    problem = trio("left", "right", "centre") | {"virtualizer": {}, "room": ROOM, "tolerance": {"draws": 5}}
    designer.design(designer.loads(toml(problem))).save(tmp_path / "design", figures="all")
    computed = Counter(log.read_text().splitlines())
    assert {"evaluation", "drawn_tables", "listening", "room", "robustness left"} <= set(computed)
    assert {name: count for name, count in computed.items() if count > 1} == {}


def test_a_design_does_not_change(design: designer.Design) -> None:
    """Neither its arrays, nor which channels there are, nor its fields; another design with other taps is judged anew."""
    with pytest.raises(ValueError, match="read-only"):
        design.taps["left"][0, 0] = 1.0
    with pytest.raises(TypeError):
        design.weights["left"] = design.weights["right"]  # type: ignore[index]
    with pytest.raises(FrozenInstanceError):
        design.drivers = ()  # type: ignore[misc]
    louder = replace(design, taps={name: 2 * taps for name, taps in design.taps.items()})
    change_db = louder.response.magnitude_db - design.response.magnitude_db
    np.testing.assert_allclose(change_db, 20 * np.log10(2), atol=1e-9)


def test_a_copy_of_a_design_is_the_design(design: designer.Design) -> None:
    """Nothing changes one, so that a deep copy has nothing to copy."""
    assert copy.deepcopy(design) is design
