"""`designer new`: a first file whose requirements hold, for layouts that no library problem has."""

from __future__ import annotations

import functools
import json
import tomllib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

import designer
from designer import job
from designer.designs.within_reach import MARGIN_DB, MIN_GAIN_DB, requirement_below
from designer.errors import UsageError
from designer.evaluation.tolerance import draw, tolerance
from designer.problem.library import library, library_folder, schema_text
from designer.requirements.curves import curve_db
from designer.search import starter
from designer.search.new_geometry import Geometry, geometry_of
from designer.search.starter import places, write_new

new_problem = functools.cache(starter.new_problem)
NEAR = Geometry("pair", 2, 0.2, 0.6)
GEOMETRIES = [
    Geometry("bar", 4, 0.6, 2.5),
    NEAR,
    Geometry("pair", 2, 0.1, 2.5),
    Geometry("sphere", 3, 0.175, 2.0),
    Geometry("box", 3, 0.15, 1.0),
    Geometry("laptop", 2, 0.3, 0.6),
]


@pytest.fixture(autouse=True, scope="module")
def solved_in_a_moment() -> Iterator[None]:
    """Boxes up to where half a second solves them, not a second and a half; a file that was designed for its writing is not again."""
    designs: dict[str, job.Design] = {}
    design = job.design
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(starter, "SOLVING_MINUTES", 0.5 / 60)
        patch.setattr(job, "design", lambda p: designs.get(p.text) or designs.setdefault(p.text, design(p)))
        yield


@pytest.mark.parametrize(
    "geometry",
    [
        pytest.param(g, marks=() if g.shape in ("sphere", "laptop") or g is NEAR else pytest.mark.long)
        for g in GEOMETRIES
    ],
    ids=lambda g: f"{g.shape}-{g.drivers}-{g.width_m}",
)
def test_a_new_file_is_feasible_and_asks_for_something(geometry: Geometry) -> None:
    """Its filters meet all that it asks for, over an octave and at no less than 4 dB, with the ears' sides as they are named."""
    text, _ = new_problem(geometry)
    problem = designer.loads(text)
    assert len(problem.drivers) == geometry.drivers
    design = job.design(problem)
    assert design.status == 0
    assert all(outcome.is_met for numbers in design.scalars.values() for outcome in numbers.outcomes)
    for table in problem.designs:
        assert table.band_hz[1] >= 2 * table.band_hz[0]
        assert table.cancellation_gain_db is not None
        gains = [gain for _, gain in table.cancellation_gain_db]
        assert min(gains) >= MIN_GAIN_DB
        # Points between two of the same gain say nothing, so the file leaves them out.
        assert not any(
            before == point == after for before, point, after in zip(gains, gains[1:], gains[2:], strict=False)
        )
    ears = designer.scene(problem).at(np.array([2000.0])).ears()[0, :2]
    heard = np.abs(ears @ design.weights["left"][np.argmin(np.abs(design.frequency_hz - 2000.0))])
    assert heard[0] > heard[1], "the left channel is louder at the left ear"


def test_a_new_beam_lasts_over_drivers_that_differ() -> None:
    """Five drivers on a bar: superdirective down to 200 Hz, and at the 5th percentile of the product line within 4 dB of the curve.

    A design over drivers as modelled lost 9 dB there.
    """
    text, _ = new_problem(Geometry("bar", 5, 0.6, 2.5))
    design = job.design(designer.loads(text))
    table = design.channels["centre"].table
    assert table.cancellation_gain_db is not None
    head_m = design.problem.listener.head_radius_m
    drawn = draw(design.problem.tolerance, len(design.drivers), head_m)
    draws = tolerance([table], design.taps, design.even_scene, drawn)["centre"]
    required_db = curve_db(table.cancellation_gain_db, draws.frequency_hz)
    assert (required_db - draws.percentiles_db[0]).max() < 4.0


def test_drivers_stand_from_the_listeners_left_to_the_right() -> None:
    """The listener's left is the device's -y, and a driver on a side faces away from the middle."""
    for geometry in GEOMETRIES:
        spots = places(geometry)
        sides = [spot.position_m[1] for spot in spots]
        assert sides == sorted(sides)
        assert sides[0] == pytest.approx(-sides[-1]) and sides[0] < 0
        assert [spot.azimuth_deg for spot in spots] == pytest.approx([-spot.azimuth_deg for spot in reversed(spots)])
        assert (spots[0].name, spots[-1].name) == ("left", "right")
        assert max(map(abs, sides)) <= geometry.width_m / 2 + 1e-9


@pytest.mark.parametrize("shape", ["bar", "box", "sphere"])
def test_drivers_without_room_are_refused(shape: str) -> None:
    """Cones of less than a millimetre: an error that names the option, not the keys of a file that nobody wrote."""
    geometry = Geometry(shape, 16, 0.02, 1.0)
    with pytest.raises(UsageError, match=r"--drivers: got 16 on 0.02 m; expected drivers of at least 1 mm in radius"):
        starter.new_problem(geometry)


def test_a_flat_box_is_as_deep_as_a_body_must_be() -> None:
    """Cones of one millimetre are 4 mm behind each other on the sides, and a box is at least 5 mm deep."""
    assert starter.box_size_m(Geometry("box", 9, 0.03, 1.0))[0] == 0.005


@pytest.mark.parametrize("width_m", [0.71, 2.0])
def test_a_laptop_that_is_none_is_refused(width_m: float) -> None:
    """Its box would take 87,000 rectangles at 2 m; the error names the option before anything is solved."""
    with pytest.raises(UsageError, match=r"--width: got .*; expected 0.02 to 0.7 metres for --shape laptop"):
        starter.new_problem(geometry_of("laptop", None, width_m, 2.0))


@pytest.mark.parametrize("width_m", [0.1, 0.3, 0.45])
def test_a_laptop_is_heard_from_above_its_case(width_m: float) -> None:
    """Both drivers are wholly on the top of a thin case and face up; the head is in front of and above them, at the distance asked for."""
    geometry = geometry_of("laptop", None, width_m, 0.7)
    depth_m, across_m, height_m = starter.box_size_m(geometry)
    for spot in places(geometry):
        x, y, z = spot.position_m
        assert z == pytest.approx(height_m / 2, abs=1e-9)
        assert (abs(x) + spot.radius_m < depth_m / 2, abs(y) + spot.radius_m < across_m / 2) == (True, True)
        assert spot.facing_deg == (0.0, 90.0)
    assert (across_m, height_m <= 0.025) == (width_m, True)
    x, y, z = starter.head_m(geometry)
    assert np.hypot(x, z) == pytest.approx(0.7, abs=2e-3)
    assert (y, x > depth_m / 2, z > 0.3) == (0.0, True, True)
    assert geometry_of("laptop", None, None, None) == Geometry("laptop", 2, 0.3, 0.6)


def test_a_curve_lies_below_the_bound_between_its_knots_as_well() -> None:
    """A bound with a dip between two knots: straight lines over log f stay MARGIN_DB under it everywhere."""
    f = np.arange(200.0, 8000.0, 93.75)
    bound = 14.0 - 6.0 * np.exp(-(((np.log2(f) - np.log2(1500.0)) / 0.1) ** 2))
    requirement = requirement_below(f, bound, 15.0)
    assert requirement is not None
    knots = np.array(requirement.curve)
    required = np.interp(np.log(f), np.log(knots[:, 0]), knots[:, 1])
    inside = (f >= requirement.band_hz[0]) & (f <= requirement.band_hz[1])
    assert (required[inside] <= bound[inside] - MARGIN_DB + 1e-9).all()
    assert required[inside].max() > 11.0


def test_nothing_is_asked_where_no_octave_is_within_reach() -> None:
    """A bound that is high over less than an octave gives no requirement."""
    f = np.arange(200.0, 8000.0, 93.75)
    assert requirement_below(f, np.where((f > 1000.0) & (f < 1800.0), 20.0, 1.0), 15.0) is None


@pytest.mark.parametrize(
    ("geometry", "message"),
    [
        (Geometry("tube", 3, 0.2, 2.0), "--shape: got 'tube'; expected bar, sphere, box, laptop, pair"),
        (Geometry("pair", 3, 0.2, 2.0), "--drivers: got 3; expected 2 for --shape pair"),
        (Geometry("box", 2, 0.2, 2.0), "--drivers: got 2; expected 3 to 64 for --shape box"),
        (Geometry("laptop", 4, 0.3, 0.6), "--drivers: got 4; expected 2 for --shape laptop"),
        (Geometry("bar", 4, 60.0, 2.0), "--width: got 60; expected 0.02 to 5 metres"),
        (Geometry("bar", 4, 1.0, 0.3), "--distance: got 0.3; expected 0.7 (half the width"),
        (Geometry("pair", 2, 0.02, 20.0), "raise --width, or lower --distance"),
    ],
)
def test_what_no_file_can_be_written_for_is_refused(geometry: Geometry, message: str) -> None:
    """The option, what was found and what is allowed."""
    with pytest.raises(UsageError) as refused:
        new_problem(geometry)
    assert message in str(refused.value)


def test_the_file_and_its_schema_are_written_and_nothing_is_overwritten(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A second run is refused without --force, and a schema of the user's own stays."""
    monkeypatch.setattr(starter, "new_problem", new_problem)
    path, geometry = tmp_path / "mine.toml", NEAR
    lines = write_new(path, geometry)
    assert any("designer design" in line for line in lines)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["mine.toml", "problem.schema.json"]
    before = path.read_text(encoding="utf-8")
    assert before.startswith("#:schema ./problem.schema.json\n")
    (tmp_path / "problem.schema.json").write_text("{}", encoding="utf-8")
    with pytest.raises(UsageError, match=r"mine\.toml: file exists; expected a new file; .*--force$"):
        write_new(path, geometry)
    write_new(path, geometry, force=True)
    assert path.read_text(encoding="utf-8") == before
    assert (tmp_path / "problem.schema.json").read_text(encoding="utf-8") == "{}"
    with pytest.raises(UsageError, match=r"ends in \.toml"):
        write_new(tmp_path / "mine.txt", geometry)


def test_every_library_problem_names_the_schema_that_lies_beside_it() -> None:
    """`designer schema > problems/problem.schema.json` makes it anew."""
    written = (library_folder() / "problem.schema.json").read_text(encoding="utf-8")
    assert written == schema_text()
    assert json.loads(written)["type"] == "object"
    for file, _ in library().values():
        first = file.read_text(encoding="utf-8").splitlines()[0]
        assert first == "#:schema ./problem.schema.json", f"{file.name} begins with {first!r}"


def test_a_new_file_is_what_an_editor_expects() -> None:
    """It is TOML with a title, and its comments say what the keys mean."""
    text, _ = new_problem(NEAR)
    assert tomllib.loads(text)["title"] == "2 drivers apart by 20 cm, heard at 0.6 m"
    assert sum("#" in line for line in text.splitlines()) > 12
