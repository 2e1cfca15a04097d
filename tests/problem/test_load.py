"""What a problem file may hold: the contract's own example, defaults, limits at their ends, and nothing but faults for the rest."""

from __future__ import annotations

import copy
import re
import string
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from toml_text import pair, toml, trio

import designer
from designer.errors import ProblemError, UsageError
from designer.problem import designs, schema
from designer.problem.enclosures import ENCLOSURES
from designer.problem.enclosures.enclosure import Enclosure
from designer.problem.enclosures.free_field import FreeField
from designer.problem.enclosures.sphere import Sphere
from designer.problem.library import library
from designer.problem.listeners import NamedListener, Place, Population
from designer.problem.messages import shown
from designer.problem.placement_table import Placement
from designer.problem.plausibility import warnings
from designer.problem.sourced import Sourced
from designer.problem.table import Table

CONTRACT = """
title = "Smart speaker: three drivers on a 175 mm sphere"
sample_rate_hz = 48000
speed_of_sound_m_s = 343.0          # default

[enclosure]
model = "sphere"                    # "free-field", "baffle" (rigid plane x = 0), "sphere", "cylinder"
radius_m = 0.0875                   # sphere, cylinder: drivers within 1 mm of the surface are put on it

[[drivers]]
name = "left"                       # the listener's left, hence -y
position_m = [0.0, -0.0875, 0.0]
facing_deg = [-90.0, 0.0]           # azimuth, elevation; default [0, 0]
radius_m = 0.025                    # a piston (a cap on the sphere); without it a point source
band_hz = [150.0, 16000.0]          # usable range: outside it the driver is to stay quiet
max_gain_db = 12.0

[[drivers]]
name = "front"
position_m = [0.0875, 0.0, 0.0]

[[drivers]]
name = "right"
position_m = [0.0, 0.0875, 0.0]

[listener]
position_m = [2.0, 0.0, 0.0]        # centre of the head, facing the device
turn_deg = 0.0
head = "sphere"                     # "sphere", "sphere:0.08", "points" (no head: two points), a SOFA file
head_radius_m = 0.0875
ear_cloud_m = [[0, 0, 0], [0, 0.03, 0], [0, -0.03, 0], [0.03, 0, 0], [-0.03, 0, 0]]   # displacements; default: these five

[grid]
frequencies = 257                   # design frequencies, 0 to Nyquist
azimuth_step_deg = 5.0
azimuth_distance_m = 2.0            # radius of the circle of masks and maps; default the listener's distance

[[designs]]
name = "left"                       # the channel
kind = "null-steering"              # "ctc" (2 drivers), "null-steering" (>2), "beamformer"
drivers = ["left", "front", "right"] # default: all
ear = "left"                        # the bright ear; the other is cancelled
band_hz = [500.0, 6000.0]
cancellation_gain_db = [[500, 4], [1000, 8], [2000, 12], [4000, 15], [6000, 10]]   # target curve
max_effort_db = 13.0

[[designs]]
name = "centre"
kind = "beamformer"
look_deg = 0.0
window_deg = [-45.0, 45.0]          # listening window
window_ripple_db = 4.5              # how far the level may leave the on-axis level inside it; default 3
nulls_deg = [-90.0, 90.0]           # without a curve or mask they are made as deep as the rest allows
null_width_deg = 10.0               # default 10: each null is an arc
band_hz = [250.0, 1200.0]
cancellation_gain_db = [[250, 12], [1200, 15]]    # on-axis / off-axis power ratio over frequency ...
mask = [                                          # ... and/or the shape over azimuth
  { azimuth_deg = [75, 105], band_hz = [250, 1200], max_db = -10.0 },
  { azimuth_deg = [-105, -75], band_hz = [250, 1200], max_db = -10.0 },
]
min_white_noise_gain_db = -10.0
method = "auto"

[realization]
form = "fir"                        # "fir", "rtf", "biquad"
taps = 512

[export]
targets = []                        # e.g. ["wav", "cmsis-q31", "camilladsp"]
"""


def test_the_contract() -> None:
    """The example that documents the problem file loads, comments and all, and means what it says."""
    problem = designer.loads(CONTRACT)
    assert problem.text == CONTRACT
    assert problem.driver_names == ("left", "front", "right")
    assert problem.enclosure == Sphere(radius_m=0.0875)
    left, front, _ = problem.drivers
    assert (left.facing_deg, left.radius_m, left.band_hz, left.max_gain_db) == ([-90, 0], 0.025, [150, 16000], 12)
    assert (front.facing_deg, front.radius_m, front.band_hz, front.max_gain_db) == ([0, 0], None, None, None)
    assert len(problem.listener.ear_cloud_m) == 5
    assert problem.azimuth_distance_m == 2.0
    steering, beam = problem.designs
    assert (steering.kind, steering.ear, steering.drivers) == ("null-steering", "left", ["left", "front", "right"])
    assert steering.cancellation_gain_db == [[500, 4], [1000, 8], [2000, 12], [4000, 15], [6000, 10]]
    assert steering.max_effort_db == 13
    assert (beam.null_width_deg, beam.window_phase_passes) == (10.0, 0)
    assert (beam.null_width_deg, beam.window_phase_passes) == (10.0, 0)
    assert beam.mask is not None
    assert [(line.azimuth_deg, line.band_hz, line.max_db) for line in beam.mask] == [
        ([75, 105], [250, 1200], -10),
        ([-105, -75], [250, 1200], -10),
    ]


def test_only_what_is_required() -> None:
    """Title, rate, drivers' names and places, the listener's place, and a design's name, kind, band, ear and requirement suffice.

    Everything else has the contract's default, limits none, optional tables absent.
    """
    full = pair()
    problem = designer.loads(
        toml(
            {
                **{key: full[key] for key in ("title", "sample_rate_hz", "drivers", "designs")},
                "listener": {"position_m": [0.6, 0.0, 0.0]},
            }
        )
    )
    assert problem.speed_of_sound_m_s == 343.0
    for table in (problem.enclosure, problem.scene, problem.virtualizer, problem.room):
        assert table is None
    driver, listener, grid, design = problem.drivers[0], problem.listener, problem.grid, problem.designs[0]
    assert driver.facing_deg == [0.0, 0.0]
    for limit in (driver.radius_m, driver.band_hz, driver.max_gain_db, driver.response, driver.gate_ms):
        assert limit is None
    assert (listener.turn_deg, listener.head, listener.head_radius_m) == (0.0, "sphere", 0.0875)
    assert listener.ear_cloud_m == [[0, 0, 0], [0, 0.03, 0], [0, -0.03, 0], [0.03, 0, 0], [-0.03, 0, 0]]
    assert (grid.frequencies, grid.azimuth_step_deg) == (257, 5.0)
    assert problem.azimuth_distance_m == pytest.approx(0.6)
    for requirement in (
        design.drivers,
        design.look_deg,
        design.window_deg,
        design.nulls_deg,
        design.mask,
        design.plain,
    ):
        assert requirement is None
    assert design.fade_octaves == 0.5
    beam = designer.loads(toml(trio())).designs[1]
    assert (beam.null_width_deg, beam.window_phase_passes) == (10.0, 0)
    assert (design.max_effort_db, design.min_white_noise_gain_db, design.driver_spread) == (None, None, None)
    assert (design.method, design.hold) == ("auto", "mean")
    assert (problem.realization.form, problem.realization.taps) == ("fir", 512)
    assert problem.export.targets == []
    assert problem.data_files == ()


def test_defaults_of_optional_tables() -> None:
    """A table that is there and empty has the contract's values."""
    assert next(iter(ENCLOSURES)) == "sphere"
    assert Sphere().radius_m == 0.0875
    spread, virtualizer, room = designs.Spread(), schema.Virtualizer(), schema.Room()
    assert (spread.gain_db, spread.phase_deg) == (None, None)
    assert (virtualizer.angle_deg, virtualizer.crosstalk_model, virtualizer.upmix) == (30.0, "sphere", True)
    assert (room.size_m, room.device_m, room.heading_deg) == ([5.0, 4.0, 2.5], [0.6, 2.0, 1.0], 0.0)


def test_distance_of_the_circle() -> None:
    """By default the circle of masks and maps has the listener's distance, height included: 3-4-12 gives 13."""
    problem = pair()
    problem["listener"]["position_m"] = [3, 4, 12]
    assert designer.loads(toml(problem)).azimuth_distance_m == pytest.approx(13)


@pytest.mark.parametrize("value", [48000, 48000.0, 44100.5])
def test_whole_numbers_are_numbers(value: float) -> None:
    """A whole number may stand where a number is asked for, and means the same."""
    problem = pair() | {"sample_rate_hz": value}
    loaded = designer.loads(toml(problem)).sample_rate_hz
    assert isinstance(loaded, float)
    assert loaded == value


def test_the_library_loads() -> None:
    """Every problem of the library loads without a warning."""
    problems = library()
    assert len(problems) >= 5
    for file, title in problems.values():
        problem = designer.load(file)
        assert problem.title == title
        assert warnings(problem) == []


def many(count: int) -> dict[str, Any]:
    problem = pair()
    problem["drivers"] = [{"name": f"d{n}", "position_m": [0.0, (n - count / 2) * 1e-3, 0.0]} for n in range(count)]
    problem["designs"][0] |= {"kind": "null-steering"}
    return problem


def changed(table: str, **values: Any) -> dict[str, Any]:
    problem = pair()
    problem[table] |= values
    return problem


LARGEST = {
    "256 drivers": many(256),
    "65,536 taps": changed("realization", taps=65536),
    "8 taps": changed("realization", taps=8),
    "65,537 frequencies": changed("grid", frequencies=65537),
    "0.1 degree": changed("grid", azimuth_step_deg=0.1),
    "1,000 displacements": changed("listener", ear_cloud_m=[[0, n * 1e-5, 0] for n in range(1000)]),
    "a band from 0 Hz to Nyquist": pair() | {"designs": [pair()["designs"][0] | {"band_hz": [0, 8000]}]},
}


@pytest.mark.parametrize("case", LARGEST)
def test_limits_are_allowed_at_their_ends(case: str) -> None:
    """The limits that keep a typing error from filling the machine are themselves allowed."""
    designer.loads(toml(LARGEST[case]))


def test_limits_are_refused_together() -> None:
    """256 drivers with 65,536 taps need matrices of 137 gigabytes to be fitted: refused, with the keys that make them."""
    problem = many(256)
    problem["realization"]["taps"] = 65536
    with pytest.raises(ProblemError, match=r"realization\.taps: got 65536 taps, fitted at .* 256 x 256 drivers"):
        designer.loads(toml(problem))


def everything() -> dict[str, Any]:
    """A problem with every table that the schema knows, built or not."""
    problem = trio()
    problem["designs"][0]["driver_spread"] = {"gain_db": 0.2, "phase_deg": 1.0}
    problem["designs"][1]["dark_regions"] = [{"around_deg": [180.0, 0.0], "radius_deg": 30.0}]
    problem["places"] = [{"name": "desk", "shape": "disc", "centre_m": [1.0, 1.0, 0.0], "radius_m": 0.1}]
    zone = {
        "name": "all",
        "kind": "zone",
        "bright": ["desk"],
        "dark": ["desk"],
        "band_hz": [500.0, 2000.0],
        "dark_gain_db": [[500, 6]],
    }
    problem["designs"].append(zone)
    more = {"virtualizer": {"angle_deg": 30.0}, "room": {"rt60_s": 0.4}, "tolerance": {"draws": 10}}
    return problem | more | {"population": {"percentile": 10.0}, "placement": {"on": "surface", "drivers": 2}}


TABLES: dict[str, type[Table]] = {
    "": schema.Problem,
    "enclosure": Sphere,
    "drivers[1]": schema.Driver,
    "listener": schema.Listener,
    "places[0]": Place,
    "scene": schema.SceneTable,
    "grid": schema.Grid,
    "designs[0]": designs.EarDesign,
    "designs[1]": designs.BeamDesign,
    "designs[3]": designs.ZoneDesign,
    "designs[1].mask[0]": designs.MaskLine,
    "designs[0].driver_spread": designs.Spread,
    "designs[1].dark_regions[0]": designs.Region,
    "realization": schema.Realization,
    "virtualizer": schema.Virtualizer,
    "room": schema.Room,
    "tolerance": schema.Tolerance,
    "population": Population,
    "placement": Placement,
    "export": schema.Export,
}


def within(problem: dict[str, Any], path: str) -> dict[str, Any]:
    """The table at a dotted path."""
    table: Any = problem
    for step in path.replace("[", ".").replace("]", "").split(".") if path else []:
        table = table[int(step)] if step.isdecimal() else table[step]
    assert isinstance(table, dict)
    return table


def test_every_table_is_tried() -> None:
    """The tables whose keys are misspelt below are all that the schema has."""
    kinds = {
        kind
        for kind in {**vars(schema), **vars(designs)}.values()
        if isinstance(kind, type) and issubclass(kind, Table)
    }
    others = {
        Table,
        Sourced,
        Enclosure,
        FreeField,
        designs.DesignTable,
        designs.ProgrammeDesign,
        NamedListener,
    }  # a Listener with a name
    assert set(TABLES.values()) == (kinds | {Sphere}) - others


@given(
    where=st.sampled_from([(path, key) for path, kind in TABLES.items() for key in kind.model_fields]),
    edit=st.sampled_from(["drop", "put in", "replace", "swap", "double"]),
    place=st.floats(0, 1, exclude_max=True),
    letter=st.sampled_from(string.ascii_lowercase + "_"),
)
def test_a_misspelt_key_is_recognised(where: tuple[str, str], edit: str, place: float, letter: str) -> None:
    """A key with one letter wrong, at any table, is refused with its dotted path, and the key that was meant is named."""
    path, key = where
    at = int(place * len(key))
    wrong = {
        "drop": key[:at] + key[at + 1 :],
        "put in": key[:at] + letter + key[at:],
        "replace": key[:at] + letter + key[at + 1 :],
        "swap": key[:at] + key[at : at + 2][::-1] + key[at + 2 :],
        "double": key[:at] + key[at] + key[at:],
    }[edit]
    problem = everything()
    table = within(problem, path)
    assume(wrong not in TABLES[path].model_fields and len(wrong) > 2)
    table[wrong] = table.pop(key, 1)
    with pytest.raises(ProblemError) as refused:  # the fault is looked for below
        designer.loads(toml(problem))
    faults = {fault.path: fault for fault in refused.value.faults}
    fault = faults[f"{path}.{wrong}" if path else wrong]
    assert fault.actual == "unknown key"
    assert f"nearest known key: {key}" in fault.remedy.split("; ")
    assert not fault.expected


def test_a_misspelt_key_counts_once() -> None:
    """A required key that is misspelt is not missing as well, and what depends on it is left alone."""
    for path, key, wrong in (("", "title", "titel"), ("designs[0]", "cancellation_gain_db", "cancelation_gain_db")):
        problem = pair()
        table = within(problem, path)
        table[wrong] = table.pop(key)
        with pytest.raises(ProblemError, match=f"1 fault\n.*{wrong}: unknown key; nearest known key: {key}$"):
            designer.loads(toml(problem))


def test_a_key_of_another_table() -> None:
    """A known key in the wrong table is sent where it belongs; where one of the table's own is near, that is the remedy."""
    with pytest.raises(
        ProblemError,
        match=r"grid\.taps: unknown key; taps is a key of \[realization\]; move it there, or leave it out$",
    ):
        designer.loads(toml(changed("grid", taps=64)))
    with pytest.raises(
        ProblemError,
        match=r"listener\.name: unknown key; .*name is a key of \[\[drivers\]\], \[\[listeners\]\], \[\[places\]\], \[\[designs\]\] with ",
    ):
        designer.loads(toml(changed("listener", name="me")))
    near = r"placement\.spacing: unknown key; nearest known key: spacing_m; spacing is a key of \[grid\]$"
    with pytest.raises(ProblemError, match=near):
        designer.loads(toml({**pair(), "placement": {"drivers": 3, "spacing": 0.1}}))


@pytest.mark.parametrize(
    ("path", "value", "remedy"),
    [
        ("designs.left.cancel_regions", [], 'replaced by dark_regions, a key of [[designs]] with kind = "beamformer"'),
        ("designs.left.reach_regions", [], 'replaced by bright_regions, a key of [[designs]] with kind = "beamformer"'),
        ("designs.centre.cancel_regions", [], "dark_regions replaced it"),
        ("designs.centre.reach_regions", [], "bright_regions replaced it"),
        ("designs.left.driver_spread", {"case": "worst"}, "replaced by hold, a key of [[designs]]"),
        ("designs.centre.driver_spread", {"percentile": 5}, "replaced by hold, a key of [[designs]]"),
        ("realization.hold_wishes", True, "hold_requirements replaced it"),
    ],
)
def test_a_key_that_was_replaced(path: str, value: Any, remedy: str) -> None:
    """A key of an older version is refused by the name of the key that replaced it, and of its table where that is another."""
    problem, (table, *steps) = trio(), path.split(".")
    holder = problem[table] if table == "realization" else next(t for t in problem[table] if t["name"] == steps[0])
    holder[steps[-1]] = value
    with pytest.raises(ProblemError, match=f": unknown key; {re.escape(remedy)}$"):
        designer.loads(toml(problem))


def test_a_replaced_key_of_the_command_line() -> None:
    """The nearest key offered is the one that replaced it."""
    with pytest.raises(UsageError, match=r"; nearest known: realization.hold_requirements$"):
        designer.loads(toml(trio())).replace("realization.hold_wishes", True)


def test_faults_do_not_hide_each_other() -> None:
    """A faulty key stops only the checks that need it: a driver without a name is still in its neighbour's place."""
    problem = trio()
    del problem["drivers"][0]["name"]
    problem["drivers"][1]["position_m"] = [0.0, -0.0875, 0.0]
    problem["drivers"][2]["band_hz"] = [16000.0, 150.0]
    problem["designs"][1]["band_hz"] = [250.0, "x"]
    problem["designs"][1]["ear"] = "left"
    problem["designs"][0]["cancellation_gain_db"] = [[1000, 8], [500, 4]]
    with pytest.raises(ProblemError) as refused:  # the paths are compared below
        designer.loads(toml(problem))
    assert [fault.path for fault in refused.value.faults] == [
        "drivers[0].name",
        "drivers[1].position_m",
        "drivers[2].band_hz",
        "designs[0].cancellation_gain_db",
        "designs[1].band_hz[1]",
        "designs[1].ear",
    ]


def test_a_fault_causes_no_other() -> None:
    """A value of the wrong type, anywhere in a sound problem, is one fault: nothing that depends on it is said as well."""
    sound = trio()

    def leaves(value: Any, path: tuple[Any, ...]) -> list[tuple[Any, ...]]:
        if isinstance(value, dict):
            return [leaf for key, item in value.items() for leaf in leaves(item, (*path, key))]
        if isinstance(value, list) and value and isinstance(value[0], dict):
            return [leaf for i, item in enumerate(value) for leaf in leaves(item, (*path, i))]
        return [path]

    paths = leaves(sound, ())
    assert len(paths) > 60
    for path in paths:
        problem: Any = copy.deepcopy(sound)
        holder = problem
        for step in path[:-1]:
            holder = holder[step]
        holder[path[-1]] = {"a": {"table": 1}}
        with pytest.raises(ProblemError) as refused:  # the faults are counted below
            designer.loads(toml(problem))
        assert len(refused.value.faults) == 1, refused.value
        assert refused.value.faults[0].path.endswith(str(path[-1]))


def test_moved_data(tmp_path: Path) -> None:
    """A head's file is looked for from the problem's folder, or where the caller says that it now lies."""
    problem = changed("listener", head="data/head.sofa")
    with pytest.raises(ProblemError, match=r"listener\.head: got \"data/head\.sofa\", and no such file exists"):
        designer.loads(toml(problem), folder=tmp_path)
    (tmp_path / "elsewhere.sofa").touch()
    loaded = designer.loads(toml(problem), folder=tmp_path, files={"data/head.sofa": "elsewhere.sofa"})
    assert loaded.data_files == ("data/head.sofa",)
    assert loaded.data_path("data/head.sofa") == tmp_path / "elsewhere.sofa"


SLIPS: dict[str, tuple[dict[str, Any], list[str]]] = {
    "drivers whose names are swapped": (
        {"drivers": [{"name": "right", "position_m": [0, -0.08, 0]}, {"name": "Left-1", "position_m": [0, 0.08, 0]}]},
        ['drivers[0] is called "right" and sits on the listener\'s left', 'drivers[1] is called "Left-1" and sits on'],
    ),
    "pistons that face away": (
        {"drivers": [d | {"radius_m": 0.02, "facing_deg": [180.0 - 30 * n, 0.0]} for n, d in enumerate(pair()["drivers"])]},
        ['drivers: all face away from the listener, "right" least, by 158 degrees; the front is x, azimuth 0. Turn the drivers'],
    ),
    "pistons of which one faces the listener": (
        {"drivers": [d | {"radius_m": 0.02, "facing_deg": [180.0 * n, 0.0]} for n, d in enumerate(pair()["drivers"])]},
        [],
    ),
    "pistons that face up": (
        {"drivers": [d | {"radius_m": 0.02, "facing_deg": [0.0, 90.0]} for d in pair()["drivers"]]},
        [],
    ),
    "a listener in millimetres": (
        {"listener": {"position_m": [600, 0, 0]}},
        ["listener.position_m: 600 m from the device; millimetres? Write [0.6, 0.0, 0.0]"],
    ),
    "a band from the grid's first step": (
        {"designs": [pair()["designs"][0] | {"band_hz": [300, 4000]}]},
        ["designs[0].band_hz begins at 300 Hz, and the grid's frequencies are 250 Hz apart"],
    ),
    "a channel named for the other ear": (
        {"designs": [pair()["designs"][0] | {"ear": "right"}]},
        ['designs[0] is called "left" and is bright at the right ear'],
    ),
    "a beam that misses its window": (
        {"designs": [{"name": "c", "kind": "beamformer", "look_deg": 90, "window_deg": [-60, 60], "band_hz": [500, 1000]}]},
        ["designs[0].window_deg does not hold the look direction, 90 degrees"],
    ),
    "a mask whose ends are swapped": (
        {
            "designs": [
                {
                    "name": "c",
                    "kind": "beamformer",
                    "look_deg": 0,
                    "band_hz": [500, 1000],
                    "mask": [{"azimuth_deg": [120, 60], "max_db": -10}],
                }
            ]
        },
        ["designs[0].mask[0].azimuth_deg runs counter-clockwise from 120 to 60 degrees and holds the look direction, 0 degrees"],
    ),
    "a mask outside the band": (
        {
            "designs": [
                {
                    "name": "c",
                    "kind": "beamformer",
                    "look_deg": 0,
                    "band_hz": [500, 1000],
                    "mask": [{"azimuth_deg": [60, 120], "band_hz": [2000, 4000], "max_db": -10}],
                }
            ]
        },
        ["designs[0].mask[0].band_hz lies outside designs[0].band_hz and has no effect"],
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", SLIPS)
def test_slips_are_warned_of(case: str) -> None:
    """What is allowed and yet looks like a slip loads, with a warning that names the key."""
    change, begins = SLIPS[case]
    found = warnings(designer.loads(toml(pair() | change)))
    assert len(found) == len(begins)
    for warning, begin in zip(found, begins, strict=True):
        assert warning.startswith(begin)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('"', "\u201c", r"U\+201C \(left double quotation mark\); type it anew, with straight quotes"),
        (" = ", "\u00a0= ", r"U\+00A0 \(no-break space\); type it anew, with spaces"),
        ('"title"', "\u200btitle", r"U\+200B \(zero width space\); type it anew"),
        ("title", "\x0btitle", r"U\+000B \(a control character\); type it anew"),
    ],
)
def test_characters_that_do_not_show_are_named(old: str, new: str, message: str) -> None:
    """What is no TOML for a character that looks like nothing, or like another, says which it is."""
    with pytest.raises(ProblemError, match=f"not TOML: .* the line has {message}"):
        designer.loads(toml(pair()).replace(old, new, 1))


@pytest.mark.parametrize("character", ["\n", "\x1b", "\x85", "\u2028", "\u202e", "\u2066"])
@pytest.mark.parametrize(
    ("word", "place"),
    [("Pair", "title"), ("left", "drivers[0].name"), ("right.frd", "drivers[1].response"), ("points", "listener.head")],
)
def test_characters_that_no_terminal_may_print(word: str, place: str, character: str) -> None:
    """A title, as any text of the file, holds no control character and nothing that turns the direction of writing."""
    tables = pair()
    tables["drivers"][1]["response"] = "right.frd"
    escaped = f"\\u{ord(character):04x}"
    with pytest.raises(ProblemError) as raised:
        designer.loads(toml(tables).replace(f'"{word}"', f'"{word}{escaped}a"', 1))
    fault = next(fault for fault in raised.value.faults if fault.path == place)
    assert fault.code == "control-character" or place == "listener.head"  # a head of that name is a file's
    assert ("\\n" if character == "\n" else escaped) in fault.actual
    assert character not in str(fault)


def test_characters_beyond_four_digits_are_escaped() -> None:
    """A tag of U+E0001 shows nothing, and is written as TOML does; a picture beyond U+FFFF is a letter."""
    assert shown("a\U000e0001b") == '"a\\U000e0001b"'
    assert shown("\U0001f600") == '"\U0001f600"'


def test_quotation_marks_within_a_string_are_letters() -> None:
    """What is no TOML for another reason is not blamed on the typeset quotes of a title."""
    with pytest.raises(ProblemError, match="mend the line that is named"):
        designer.loads('title = "\u201cnice\u201d pair" oops\n')


def test_a_key_with_a_character_that_does_not_show_shows_it() -> None:
    """In quotes it is a key of its own, whose character is escaped."""
    with pytest.raises(ProblemError, match=r'"\\u200btitle": unknown key; nearest known key: title'):
        designer.loads(toml(pair()).replace("title", "\u200btitle", 1))


def test_ends_of_lines_and_tabs_change_nothing(tmp_path: Path) -> None:
    """A file with CRLF, tabs about its equals signs and a comment of a megabyte is read as the file without."""
    text = toml(pair())
    (tmp_path / "p.toml").write_bytes(
        (text.replace(" = ", "\t=\t").replace("\n", "\r\n") + f"# {'x' * 1_000_000}\r\n").encode()
    )
    assert designer.load(tmp_path / "p.toml").model_dump() == designer.loads(text).model_dump()


def test_a_file_that_ends_too_early_shows_its_last_line() -> None:
    """The parser names no line there."""
    with pytest.raises(ProblemError, match=r'at end of document\): "x = \[1, 2,"; mend the line'):
        designer.loads("x = [1, 2,\n\n")
