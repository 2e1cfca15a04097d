"""Angles in names: what each measuring program writes is read back as it was meant, and what may mean two things is refused."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from designer.acoustics.measured.angle_names import angles_of, driver_of_name
from designer.acoustics.measured.angles import Angle
from designer.errors import DataError

Pair = tuple[float, float]
"""Azimuth and elevation, in degrees."""


def towards(azimuth_deg: float, elevation_deg: float) -> list[float]:
    """A unit vector from the front, the left and up, by the definition of azimuth and elevation."""
    a, e = np.radians(azimuth_deg), np.radians(elevation_deg)
    return [np.cos(e) * np.cos(a), np.cos(e) * np.sin(a), np.sin(e)]


def from_axis(polar_deg: float, turn_deg: float) -> list[float]:
    """A unit vector so far from the axis, in the plane that is turned from the left over up."""
    p, t = np.radians(polar_deg), np.radians(turn_deg)
    return [np.cos(p), np.sin(p) * np.cos(t), np.sin(p) * np.sin(t)]


def plain(value: float) -> str:
    return f"{value:g}"


def lettered(value: float) -> str:
    return f"{'m' if value < 0 else 'p'}{abs(value):g}"


PLANES: dict[str, Callable[[bool, float], str]] = {
    "VituixCAD": lambda v, a: f"woofer {'ver' if v else 'hor'} {plain(a)}",
    "VituixCAD underscore": lambda v, a: f"woofer_{'ver' if v else 'hor'}_{plain(a)}",
    "ARTA": lambda v, a: f"woofer_{'ver' if v else 'hor'}_deg{a:+g}",
    "letters": lambda v, a: f"woofer_{'ver' if v else 'hor'}_{lettered(a)}",
    "letters glued": lambda v, a: f"woofer {'V' if v else 'H'}{lettered(a)}",
    "decimal comma": lambda v, a: f"woofer {'vertical' if v else 'horizontal'} {plain(a).replace('.', ',')}°",
    "decimal p": lambda v, a: f"woofer_{'V' if v else 'H'}{plain(a).replace('.', 'p')}",
    "camel": lambda v, a: f"woofer{'V' if v else 'H'}{plain(a)}",
    "angle first": lambda v, a: f"{plain(a)}_{'ver' if v else 'hor'} woofer",
    "with a version": lambda v, a: f"woofer_v9_{'ver' if v else 'hor'} {plain(a)}",
    "with a date": lambda v, a: f"20240512 woofer {'ver' if v else 'hor'} {plain(a)} 1m",
    "hyphen divides": lambda v, a: f"woofer-{'ver' if v else 'hor'}-{plain(a)}",
    "decimal underscore": lambda v, a: f"woofer_{'ver' if v else 'hor'}_{plain(a).replace('.', '_')}",
    "on axis in words": lambda v, a: f"woofer {'ver' if v else 'hor'} {plain(a)}" if a else "woofer on-axis",
}
BARE: dict[str, Callable[[float], str]] = {
    "REW": lambda a: f"woofer {plain(a)}",
    "unit": lambda a: f"woofer {plain(a)} deg",
    "unit first": lambda a: f"{plain(a)}deg woofer",
    "ARTA": lambda a: f"woofer_deg{a:+g}",
    "numbers alone": plain,
    "glued": lambda a: f"woofer{plain(a)}",
    "before a version": lambda a: f"woofer_{plain(a)}_v9",
}
BOTH: dict[str, Callable[[float, float], str]] = {
    "Klippel": lambda h, v: f"woofer H {h:03g} V {v:03g}",
    "azimuth and elevation": lambda h, v: f"woofer az{plain(h)}_el{plain(v)}",
    "short": lambda h, v: f"h{plain(h)}v{plain(v)}",
}
POLAR: dict[str, Callable[[int, int], str]] = {
    "GLL": lambda turn, polar: f"box-M{turn}-P{polar}",
    "GLL spaces": lambda turn, polar: f"box M{turn} P{polar}",
    "CLIO": lambda turn, polar: f"woofer {100 * turn} {100 * polar}",
    "EASE": lambda turn, polar: f"IR {100 * turn} {100 * polar}",
}


def read(names: list[str], **clockwise: bool) -> np.ndarray:
    """The directions (N, 3) of names."""
    angles, notes = angles_of(tuple(Path(f"{name}.frd") for name in names))
    assert any(note.startswith("angles read in degrees: ") for note in notes)
    return np.array([angle.direction(**clockwise) for angle in angles])


def some_angles(draw: random.Random) -> list[float]:
    """A circle or a part of it, the axis included, in steps of whole or half degrees, in no order."""
    step = draw.choice([2.5, 5.0, 7.5, 10.0, 15.0, 22.5])
    angles = [step * n for n in range(-draw.randint(0, int(170 / step)), draw.randint(2, int(170 / step)))]
    draw.shuffle(angles)
    return angles


@pytest.mark.parametrize("convention", PLANES)
def test_planes_are_read_back(convention: str) -> None:
    """A random set in one plane or in both comes back exactly, each file in its own direction."""
    draw = random.Random(convention)
    for _ in range(10):
        angles = [(v, a) for v in draw.choice([[False], [True], [False, True]]) for a in some_angles(draw)]
        if convention == "on axis in words":
            angles = [pair for pair in angles if pair[1] or not pair[0]]
            angles = angles if (False, 0.0) in angles else [(False, 0.0), *angles]
        names = [PLANES[convention](*pair) for pair in angles]
        wanted = [towards(0, a) if v else towards(a, 0) for v, a in angles]
        np.testing.assert_allclose(read(names), wanted, atol=1e-12)
        assert driver_of_name(Path(f"{names[0]}.frd")) in ("woofer", "20240512 woofer", "woofer_v9")


@pytest.mark.parametrize("convention", BARE)
def test_angles_alone_are_horizontal(convention: str) -> None:
    """Without a plane the horizontal one is meant."""
    draw = random.Random(convention)
    for _ in range(10):
        angles = some_angles(draw)
        np.testing.assert_allclose(
            read([BARE[convention](a) for a in angles]), [towards(a, 0) for a in angles], atol=1e-12
        )


@pytest.mark.parametrize("convention", BOTH)
def test_two_angles_are_azimuth_and_elevation(convention: str) -> None:
    """On a sphere of directions."""
    draw = random.Random(convention)
    pairs = [(h, v) for h in range(-150, 181, 30) for v in range(-60, 61, 20)]
    draw.shuffle(pairs)
    np.testing.assert_allclose(read([BOTH[convention](*p) for p in pairs]), [towards(*p) for p in pairs], atol=1e-12)


@pytest.mark.parametrize("convention", POLAR)
def test_angle_to_the_axis_and_turn_about_it(convention: str) -> None:
    """A quarter turn is up, half a turn the driver's right; clockwise exchanges left and right alone."""
    pairs = [(turn, polar) for turn in range(0, 360, 30) for polar in range(0, 181, 15)]
    random.Random(convention).shuffle(pairs)
    names = [POLAR[convention](*pair) for pair in pairs]
    wanted = np.array([from_axis(polar, turn) for turn, polar in pairs])
    np.testing.assert_allclose(read(names), wanted, atol=1e-12)
    np.testing.assert_allclose(read(names, clockwise=True), wanted * [1, -1, 1], atol=1e-12)


@pytest.mark.parametrize(
    ("names", "found"),
    [
        (["w 0", "w 500"], r"got hor 500 deg; expected angles from -360 to 360 degrees.*\{azimuth\*0\.01\}"),
        (["w hor 0", "w hor 361"], "got hor 361 deg; expected angles from -360"),
        (["w_h0_v9", "w_h30_v9"], "got v9 beside an angle in every name, which may be an angle too or a version"),
        (["w hor 0 ver 2", "w hor 30 ver 2"], "got ver 2 beside an angle in every name"),
        (["w hor 0_v1", "w hor 30_v2"], "got v1 beside an angle in every name"),
        (["wooferv0", "wooferv30"], "got wooferv0, which may be a vertical angle or a name"),
        (["w-hor-10", "w-hor-20"], "got hor-10, whose hyphen may be a sign or divide"),
        (["w-hor-0", "w-hor 20"], "while others of the set have a hyphen there that divides"),
        (["w_hor_0", "w_hor_10", "w_hor_10_2"], "got hor_10_2, whose underscore may divide or be a decimal point"),
        (["w theta0 phi0", "w theta30 phi0"], "got theta and phi, which some programs count from the axis"),
        (["0 w", "30 w"], r"got a number first \(0\), which may count the files"),
        (["w 1 0", "w 2 30"], "got two numbers that both change within the set"),
        (["w hor 0 hor 1", "w hor 30 hor 1"], r"got two angles of one plane \(hor 0, hor 1\)"),
        (["w hor 0", "w"], "got a name without an angle"),
        (["w hor 0", "w hor 30cm"], r"got a name whose numbers \(hor 30cm\) say no angle"),
        (["w hor 0", "w hor 30", "x hor 30"], "got hor 30 deg a second time, after w hor 30.frd"),
    ],
)
def test_what_may_mean_two_things_is_refused(names: list[str], found: str) -> None:
    """With what it may be, and what would say it."""
    with pytest.raises(DataError, match=found):
        read(names)


def test_a_version_is_said() -> None:
    """What was left out of a name is in the notes, for one file and for a set."""
    for names in (["woofer_v9"], ["woofer_30_v9", "woofer_0_v9"]):
        _, notes = angles_of(tuple(Path(f"{name}.frd") for name in names))
        assert f"v9 in the name{'s' * (len(names) > 1)} was taken for a version" in notes


def stated(names: list[str], key: str | list[list[float]]) -> tuple[Angle, ...]:
    angles, (note,) = angles_of(tuple(Path(name) for name in names), key)
    assert "(by response_angles)" in note
    return angles


@pytest.mark.parametrize(
    ("names", "key", "wanted"),
    [
        (["30 w.frd", "0 w.frd"], "{azimuth} w", [towards(30, 0), towards(0, 0)]),
        (["w_2_30_x.frd"], "w_*_{elevation}_*.frd", [towards(0, 30)]),
        (["w th30 ph90.wav"], "*th{polar}*ph{turn}", [from_axis(30, 90)]),
        (["w th60 ph30.wav"], "w th{colatitude} ph{azimuth}", [towards(30, 30)]),
        (["w deg -250.txt"], "w deg {azimuth*0.01}", [towards(-2.5, 0)]),
        (["w [1] −7,5.frd"], "w [1] {azimuth}", [towards(-7.5, 0)]),
        (
            ["b10.frd", "b2.frd", "a.frd"],
            [[0.0, 0.0], [30.0, 0.0], [0.0, 20.0]],
            [towards(0, 20), towards(30, 0), towards(0, 0)],
        ),
    ],
)
def test_angles_of(names: list[str], key: str | list[list[float]], wanted: list[list[float]]) -> None:
    """A pattern says where the angles stand; a list follows the order of names, numbers by their value."""
    np.testing.assert_allclose([angle.direction() for angle in stated(names, key)], wanted, atol=1e-12)


@pytest.mark.parametrize(
    ("key", "found"),
    [
        ("w", r"got the fields \(none\); expected \{azimuth\}; \{elevation\}; \{azimuth\} with \{elevation\}"),
        ("{theta}", "got the fields theta; expected"),
        ("{azimuth} {polar}", "got the fields azimuth, polar; expected"),
        ("{azimuth} {azimuth}", "got the fields azimuth, azimuth; expected"),
        ("{azimuth*x}", "got a factor that is no number"),
        (
            "x{azimuth}",
            r"w 30\.frd: got a name that does not fit response_angles; expected names as \"x\{azimuth\}\"",
        ),
        ("w {azimuth*100}", "got hor 3000 deg; expected angles from -360"),
        ([[1.0, 0.0], [2.0, 0.0]], "got 1 file, and 2 entries in response_angles; expected one entry a file"),
    ],
)
def test_a_key_that_says_no_angles(key: str | list[list[float]], found: str) -> None:
    """Refused, with what it may be."""
    with pytest.raises(DataError, match=found):
        stated(["w 30.frd"], key)
