"""Where the keys of --vary lead, what they are refused for, and what happens to a driver's mirror image."""

from __future__ import annotations

import re
import tomllib
from typing import Any

import pytest
from toml_text import pair, toml, trio

import designer
from designer.errors import ProblemError, UsageError
from designer.problem import Problem
from designer.problem.key_places import changed_data, locations
from designer.problem.read import changed
from designer.search.sweep_plan import variations


def problem(tables: dict[str, Any]) -> Problem:
    return designer.loads(toml(tables))


TRIO = problem(trio())


@pytest.mark.parametrize(
    ("key", "places"),
    [
        ("drivers.right.position_m[1]", [("drivers", 2, "position_m", 1)]),
        ("drivers[2].position_m[1]", [("drivers", 2, "position_m", 1)]),
        ('drivers."right".max_gain_db', [("drivers", 2, "max_gain_db")]),
        ("drivers.*.radius_m", [("drivers", i, "radius_m") for i in range(3)]),
        ("designs.left.cancellation_gain_db[*][1]", [("designs", 0, "cancellation_gain_db", i, 1) for i in range(3)]),
        ("designs.centre.mask[0].max_db", [("designs", 1, "mask", 0, "max_db")]),
        ("designs.left.driver_spread.gain_db", [("designs", 0, "driver_spread", "gain_db")]),
        ("virtualizer.upmix", [("virtualizer", "upmix")]),
        ("enclosure.radius_m", [("enclosure", "radius_m")]),
        ("realization.taps", [("realization", "taps")]),
        ("speed_of_sound_m_s", [("speed_of_sound_m_s",)]),
    ],
)
def test_a_key_leads_to_its_places(key: str, places: list[tuple[object, ...]]) -> None:
    """Tables by name, by number or all of them; entries of lists; tables that the file leaves out."""
    assert list(locations(TRIO, key, "")) == places


@pytest.mark.parametrize(
    ("key", "message"),
    [
        ("drivers.rigth.position_m[1]", 'drivers: got "rigth", which is no name in it; expected left, front, right, *;'
         " nearest known: drivers.right.position_m[1]"),
        ("designs.left.max_efort_db", "nearest known: designs.left.max_effort_db"),
        ("driver.left.radius_m", "nearest known: drivers.left.radius_m"),
        ("realisation.taps", "nearest known: realization.taps"),
        ("drivers.left.position_m[3]", "drivers[0].position_m: got [3]; expected [0] to [2], or [*]"),
        ("drivers.left.position_m.y", 'drivers[0].position_m: got "y", which is no name in it; expected [0], [*]'),
        ("drivers.left.radius_m[0]", "drivers[0].radius_m: got [0] on a value that is not a list; expected its key alone"),
        ("designs.left.window_deg[0]", "designs[0].window_deg: the file does not set it; expected a key below it once the file holds it"),
        ("a..b", 'got the key "a..b"; expected steps with dots between, as drivers.left.position_m[1]'),
        ("", "got no key; expected one, as designs.left.max_effort_db"),
    ],
)  # fmt: skip
def test_a_key_that_names_nothing(key: str, message: str) -> None:
    """The message offers the nearest key, or says what may stand there."""
    with pytest.raises(UsageError, match=f"^--vary {re.escape(key)}=1: .*{re.escape(message)}$"):
        variations(TRIO, [f"{key}=1"])


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (["designs.left.max_effort_db=loud"], 'designs[0].max_effort_db: got "loud"; expected a number from -200 to 200'),
        (["realization.form=fur"], 'realization.form: got "fur"; expected "fir", "rtf", "biquad" or "auto"; nearest known: "fir"'),
        (["realization.taps=64:128:32", "grid.frequencies=2.5"], "grid.frequencies: got 2.5; expected a whole number from 3 to 65537"),
        (["realization.taps=0.5:64"], "realization.taps: got 0.5; expected a whole number from 8 to 65536"),
        (["virtualizer.upmix=1"], "virtualizer.upmix: got 1; expected true or false"),
    ],
)  # fmt: skip
def test_a_value_is_checked_as_a_files_is(given: list[str], message: str) -> None:
    """The schema of the problem file refuses it, in its own words, before anything is designed."""
    key = given[-1].partition("=")[0]
    with pytest.raises(ProblemError, match=f"^problem with --vary {re.escape(key)}: 1 fault\n  {re.escape(message)}$"):
        variations(TRIO, given)


@pytest.mark.parametrize(
    ("given", "mirror", "message"),
    [
        ([], False, "--vary: got no keys; expected one or more; give a key and its values, as designs.left.max_effort_db=6,12"),
        (["grid.frequencies"], False, "--vary grid.frequencies: got no values; expected KEY=VALUES, as designs.left.max_effort_db=6,12"),
        (["drivers.*.radius_m=0.02", "drivers.left.radius_m=0.03"], False,
         "--vary drivers.*.radius_m and --vary drivers.left.radius_m both set drivers[0].radius_m; expected one of them; leave one out"),
        (["drivers.left.position_m[1]=-0.06", "drivers.right.position_m=[0,1,0]"], True,
         "--vary drivers.left.position_m[1] and --vary drivers.right.position_m both set drivers[1].position_m; expected one of them;"
         " leave one out"),
        (["grid.frequencies=33"], True, "--mirror: got no key of a driver; expected one in --vary, as drivers.left.position_m[1]"),
    ],
)  # fmt: skip
def test_options_that_do_not_fit(given: list[str], mirror: bool, message: str) -> None:
    """Each names the option and the remedy."""
    with pytest.raises(UsageError, match=f"^{re.escape(message)}$"):
        variations(problem(pair()), given, mirror=mirror)


def test_only_what_is_varied_changes() -> None:
    """The tables are the file's own apart from the places named; a default list of which an entry changes is written whole."""
    (one,) = variations(TRIO, ["designs.left.driver_spread.gain_db=0.3"])
    (other,) = variations(problem(pair()), ["drivers.left.facing_deg[0]=-20"])
    text = tomllib.loads(toml(trio()))
    text["designs"][0]["driver_spread"] = {"gain_db": 0.3}
    assert changed_data(TRIO, one.changes(0.3)) == text
    data = changed_data(problem(pair()), other.changes(-20.0))
    assert data["drivers"][0]["facing_deg"] == [-20.0, 0.0]
    assert "grid" not in data or data["grid"] == pair()["grid"]


def test_the_mirror_image_moves_along() -> None:
    """Y and azimuth are negated, x, radius and gain are not, and the changed device is symmetric about y = 0."""
    value = ["drivers.right.position_m[1]=0.05", "drivers.right.position_m[0]=0.01", "drivers.right.facing_deg=[30, 5]",
             "drivers.right.max_gain_db=6"]  # fmt: skip
    base = problem(pair())
    changes = [change for one in variations(base, value, mirror=True) for change in one.changes(one.values[0])]  # type: ignore[index]
    left, right = changed(base, changed_data(base, changes)).drivers
    assert (left.position_m, right.position_m) == ([0.01, -0.05, 0.0], [0.01, 0.05, 0.0])
    assert (left.facing_deg, right.facing_deg) == ([-30, 5], [30, 5])
    assert left.max_gain_db == right.max_gain_db == 6.0


def test_what_has_no_image() -> None:
    """A driver without a counterpart, and one in the middle that is to leave it, are refused; all alike need no image."""
    tables = pair()
    tables["drivers"][0]["position_m"][1] = -0.07
    with pytest.raises(UsageError, match=r'^--mirror: the driver "right" at \[0.0, 0.08, 0.0\] has no image; expected a driver at'
                       r" \[0.0, -0.08, 0.0\], within 1 mm; add it, or leave out --mirror$"):  # fmt: skip
        variations(problem(tables), ["drivers.right.position_m[1]=0.05"], mirror=True)
    with pytest.raises(
        UsageError, match=r'^--mirror: the driver "front" is in the middle and its own image; expected keys that leave'
    ):
        variations(TRIO, ["drivers.front.position_m[1]=0.01"], mirror=True)
    (one,) = variations(TRIO, ["drivers.*.max_gain_db=6"], mirror=True)
    assert one.images == ()


def test_keys_of_several_listeners_are_named() -> None:
    """With [[listeners]] there is no [listener] whose key could be set: the message names the first one's."""
    couch = designer.load("problems/two-listeners.toml")
    with pytest.raises(UsageError, match=re.escape("expected one of [[listeners]], as listeners.left seat.turn_deg")):
        variations(couch, ["listener.turn_deg=0:3:1"])
    assert list(locations(couch, "listeners.right seat.turn_deg", "")) == [("listeners", 1, "turn_deg")]


def test_values_by_name_are_varied() -> None:
    """A table of weights by the names that the file has; another name is refused with the nearest."""
    curve = "dark_gain_db = [[1000, 15], [2000, 20], [4000, 20]]"
    text = designer.load("problems/two-listeners.toml").text
    weighed = designer.loads(text.replace(curve, curve + '\ndark_weight = { "right seat" = 2.0 }', 1))
    key = 'designs."left seat, left".dark_weight'
    (varied,) = variations(weighed, [f"{key}.right seat=1,4"])
    assert (varied.places, varied.values) == ((("designs", 0, "dark_weight", "right seat"),), (1.0, 4.0))
    with pytest.raises(UsageError, match='got "right", which is no key; expected right seat; nearest known: '):
        variations(weighed, [f"{key}.right=1,4"])
    with pytest.raises(ProblemError, match=r"designs\[0\]\.dark_weight"):
        variations(weighed, [f"{key}.right seat=0,4"])
