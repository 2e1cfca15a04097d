"""What is odd in a problem that is valid: each fault of unit or layout has its warning, and what is sound has none."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from toml_text import pair, toml, trio

import designer
from designer.errors import ProblemError
from designer.problem.library import library
from designer.problem.plausibility import warnings

Tables = dict[str, Any]


def changed(tables: Tables, place: str, value: object) -> Tables:
    """A problem with one key changed, by its place: drivers.0.position_m."""
    tables = copy.deepcopy(tables)
    holder: Any = tables
    *steps, key = place.split(".")
    for step in steps:
        holder = holder[int(step)] if step.isdigit() else holder.setdefault(step, {})
    holder[key] = value
    return tables


FREE = {**pair(), "listener": {"position_m": [20.0, 0.0, 0.0]}, "realization": {"taps": 4096}}
BOXED = {**pair(), "enclosure": {"model": "box", "size_m": [0.1, 0.3, 0.1], "centre_m": [-0.05, 0.0, 0.0]}}
CAN = {**pair(), "enclosure": {"model": "cylinder", "radius_m": 0.08}, "listener": {"position_m": [2.0, 0.0, 0.0]}}
ODD = [
    (BOXED, "enclosure.highest_hz", 1000.0, "designs[0].band_hz ends at 4000 Hz, and the box is solved up to 1000 Hz; above, "),
    (FREE, "drivers.0.position_m", [0.0, -6.0, 0.0], "drivers[0].position_m: 6 m from the device's origin; millimetres? Write ["),
    (pair(), "listener.position_m", [2000.0, 0.0, 0.0], "listener.position_m: 2000 m from the device; millimetres? Write [2.0, 0.0, 0.0]"),
    (pair(), "listener.ear_cloud_m", [[0, 0, 0], [0, 0.6, 0]], "listener.ear_cloud_m[1]: 0.6 m from the head's place, and no filter serves"
     " heads so far apart; write displacements of at most 0.5 m"),
    (pair(), "listener.ear_cloud_m", [[0, 0, 0], [0, 30, 0]], "listener.ear_cloud_m[1]: 30 m from the head's place, and no filter serves"
     " heads so far apart; millimetres? Write [0.0, 0.03, 0.0]"),
    (pair(), "drivers.0.band_hz", [0.5, 6], "drivers[0].band_hz: [0.5, 6.0] ends below what is heard; kilohertz? Write [500, 6000]"),
    (CAN, "listener.position_m", [1.0, 0.0, 2.0], "listener.position_m: the listener is 63 degrees above the device's origin, and the"
     ' cylinder has no ends: sound that leaves a device by its end is not modelled; use model = "mesh"'),
    (trio(), "designs.1.nulls_deg", [90.0, 4.0], "designs[1].nulls_deg[1]: the arc from -1 to 9 degrees holds the look direction,"
     " 0 degrees, which cannot be bright and dark; move the null, or reduce null_width_deg"),
    (pair(), "realization.taps", 8, "realization.taps: 8 taps last "),
    (pair(), "designs.0.max_effort_db", 80.0, "designs[0].max_effort_db: 80 dB is no limit"),
    (pair(), "drivers.1.max_gain_db", 80.0, "drivers[1].max_gain_db: 80 dB is no limit"),
    (pair(), "designs.0.cancellation_gain_db", [[500, 80]], "designs[0].cancellation_gain_db: 80 dB is more than any head keeps"),
    (pair(), "export.sigmadsp_part", "adau1701", 'export.sigmadsp_part has no effect without "sigmadsp" in export.targets'),
]  # fmt: skip


@pytest.mark.parametrize(
    ("tables", "place", "value", "start"), ODD, ids=[f"{case[1]}-{n}" for n, case in enumerate(ODD)]
)
def test_what_is_odd_is_warned_of_once(tables: Tables, place: str, value: object, start: str) -> None:
    """One warning more than the problem had, which says where, what, and what to write."""
    before = warnings(designer.loads(toml(tables)))
    after = warnings(designer.loads(toml(changed(tables, place, value))))
    (added,) = [text for text in after if text not in before]
    assert added.startswith(start)


@pytest.mark.parametrize("low_hz", [0.1, 1e-308])
def test_a_period_that_no_taps_hold_is_the_bands_fault(low_hz: float) -> None:
    """Two periods of a tenth of a hertz are more taps than a filter may have; of the least number, infinitely many: the band is named."""
    said = warnings(designer.loads(toml(changed(pair(), "designs.0.band_hz", [low_hz, 4000.0]))))
    (about_taps,) = [text for text in said if text.startswith("realization.taps: ")]
    assert about_taps.endswith(" ms; raise the lower end of band_hz")


def test_bands_in_kilohertz_are_all_that_is_said_of_them() -> None:
    """Two drivers of 0.5 to 16 Hz leave every channel silent, and that is said nowhere: a warning a driver, with its remedy."""
    tables = copy.deepcopy(pair())
    before = warnings(designer.loads(toml(tables)))
    for driver in tables["drivers"]:
        driver["band_hz"] = [0.5, 16.0]
    added = [text for text in warnings(designer.loads(toml(tables))) if text not in before]
    assert [text.partition(": ")[0] for text in added] == ["drivers[0].band_hz", "drivers[1].band_hz"]


def test_a_facing_that_a_sphere_cannot_use() -> None:
    """A driver on the left of a sphere that faces the front radiates along the normal, 90 degrees off; along it nothing is said."""
    tables = copy.deepcopy(pair())
    tables["enclosure"] = {"model": "sphere", "radius_m": 0.08}
    for driver, y_m in zip(tables["drivers"], (-0.08, 0.08), strict=True):
        driver |= {"position_m": [0.0, y_m, 0.0], "facing_deg": [0.0, 0.0], "radius_m": 0.02}
    first, second = [text for text in warnings(designer.loads(toml(tables))) if "facing_deg" in text]
    assert first.startswith("drivers[0].facing_deg: [0.0, 0.0] is 90 degrees off the normal of the sphere")
    assert "Write [-90, 0]" in first
    assert "Write [90, 0]" in second
    for driver, azimuth_deg in zip(tables["drivers"], (-90.0, 90.0), strict=True):
        driver["facing_deg"] = [azimuth_deg, 0.0]
    assert not any("facing_deg" in text for text in warnings(designer.loads(toml(tables))))


def test_a_driver_that_no_channel_uses() -> None:
    """A fourth driver beside three that the channels name; where a channel names none, it uses all."""
    tables = copy.deepcopy(trio())
    names = [driver["name"] for driver in tables["drivers"]]
    tables["drivers"].append({"name": "spare", "position_m": [-0.0875, 0.0, 0.0]})
    for table in tables["designs"]:
        table["drivers"] = names
    text = 'drivers[3]: no channel uses "spare"; name it in the drivers of a design, or leave it out'
    assert text in warnings(designer.loads(toml(tables)))
    del tables["designs"][0]["drivers"]
    assert text not in warnings(designer.loads(toml(tables)))


def test_the_library_is_plausible() -> None:
    """No problem of the library has a warning."""
    for path, _ in library().values():
        assert warnings(designer.load(path)) == [], path


def test_the_cylinder_goes_on_above_the_device() -> None:
    """A head above a device of finite height is within the cylinder, which has no ends: layout and fault say so."""
    assert designer.loads(toml(CAN)).body.described() == "cylinder, radius 0.08 m, without ends"
    above = changed({**CAN, "listener": {"head": "sphere"}}, "listener.position_m", [0.1, 0.0, 2.0])
    with pytest.raises(ProblemError, match=r"the head 67\.5 mm into the device, a cylinder without ends; expected "):
        designer.loads(toml(above))
