"""Angles in the names of a set's files, as measuring programs write them.

| program | name | read as |
|---|---|---|
| VituixCAD, Room EQ Wizard | `woofer hor 22.5`, `woofer_ver -10`, `woofer 30 deg`, `30` | azimuth; elevation in the vertical plane |
| ARTA | `woofer_deg+10`, `woofer_hor_deg-10` | the same |
| exports of two angles | `H 010 V 000`, `az30_el0` | azimuth and elevation |
| EASE and GLL viewers | `woofer-M90-P5` | P from the axis, in the plane that M turns from the driver's left over up |
| CLIO, EASE SpeakerLab | `woofer 9000 500`, `IR 9000 500` | the same, in hundredths of a degree |

A sign may be a letter (`m30`, `p30`), a decimal point a comma, a p or an underscore (`22_5`). Whether a hyphen is a sign or divides,
whether an underscore divides or is a decimal point, and whether `v9` is an angle or a version, only the set as a whole can tell;
where it does not, it is refused. Without a plane the horizontal one is meant.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from designer.acoustics.measured.angles import (
    HORIZONTAL,
    MAX_DEG,
    POLAR,
    VERTICAL,
    Angle,
    Named,
    by_list,
    by_pattern,
    check_degrees,
    in_planes,
    named_numbers,
)  # fmt: skip
from designer.acoustics.measured.raw_set import Stated
from designer.errors import DataError

EXPECTED_NAMES = 'names that end with plane and angle, as "woofer hor 22.5.frd" or "woofer ver -10.frd"'
ANGLES_READ = "angles read in degrees: "
REMEDY = 'rename them, or say where the angle stands: response_angles = "woofer *{azimuth}"'
FRACTIONS = {"0": 0.0, "00": 0.0, "5": 0.5, "50": 0.5, "25": 0.25, "75": 0.75}
"""Fractions of a degree behind an underscore, as turntables are set to."""
SIDES = ("left", "right", "l", "r", "up", "down", "top", "bottom", "above", "below")
MAX_LISTED = 40
_SIDE = re.compile(rf"(?<![^\W\d_])({'|'.join(SIDES)})(?![^\W_])", re.IGNORECASE)
_MERIDIAN = re.compile(r"(?:^|[-_\s])M(\d{1,3})[-_\s]+P(\d{1,3})(?=$|[-_\s.])", re.IGNORECASE)
_HUNDREDTHS = re.compile(r"(?:^|[_\s])(-?\d+)[_\s](-?\d+)$")
_ON_AXIS = re.compile(r"(?<![^\W_])on[\s_\-]?axis(?![^\W_])", re.IGNORECASE)
_IMPULSE = re.compile(r"(?:^|[_\s])IR[_\s](-?\d+)[_\s](-?\d+)$")


def angles_of(files: tuple[Path, ...], stated: Stated | None = None) -> tuple[tuple[Angle, ...], tuple[str, ...]]:
    """The direction of each file, by its name or as stated, and notes on how they were read.

    A file alone whose name says none is on axis.

    Raises
    ------
    DataError : a name has no angle or one that can be read in two ways, or does not fit what is stated; two files have the same
        angle; angles are beyond a turn, or radians
    """
    notes: list[str] = []
    by_name = _pairs(files) if stated is None else None
    if isinstance(stated, str):
        angles = by_pattern(files, stated)
    elif stated is not None:
        angles = by_list(files, stated)
    else:
        angles, notes = (by_name, notes) if by_name is not None else _single(files)
    for i, (path, angle) in enumerate(zip(files, angles, strict=True)):
        if max(map(abs, angle.values_deg)) > MAX_DEG:
            raise DataError(
                f"{path}: got {angle}; expected angles from -{MAX_DEG:g} to {MAX_DEG:g} degrees; a part of the name that "
                'is no angle? Say where it stands: response_angles = "woofer_{azimuth}_*"; in hundredths of a degree, as '
                "CLIO counts: {azimuth*0.01}"
            )
        if angle in angles[:i]:
            first = files[angles.index(angle)].name
            raise DataError(
                f"{path}: got {angle} a second time, after {first}; expected one file an angle; leave one out"
            )
    if stated is not None:
        return tuple(angles), (f"{_listed(angles)} (by response_angles)",)
    for k in range(2):
        check_degrees(files[0], np.array([angle.values_deg[k] for angle in angles if len(angle.values_deg) > k]))
    return tuple(angles), (*notes, _listed(angles))


def _listed(angles: Sequence[Angle]) -> str:
    """The angles as they were read, a plane after the other: every plane's values, or its ends and its step."""
    kinds: dict[str, list[tuple[float, ...]]] = {}
    for angle in angles:
        kinds.setdefault(angle.kind, []).append(angle.values_deg)
    parts = []
    for kind, values in kinds.items():
        ranges = ", ".join(f"{n} {_range([v[k] for v in values])}" for k, n in enumerate(kind.split(" and ")))
        pairs = f"{len(values)} pair{'s' * (len(values) > 1)} of " if len(values[0]) > 1 else ""
        parts.append(pairs + ranges)
    return f"{ANGLES_READ}{'; '.join(parts)}"


def _range(values: Sequence[float]) -> str:
    distinct = sorted({value + 0.0 for value in values})  # no -0
    steps = {round(b - a, 6) for a, b in itertools.pairwise(distinct)}
    if len(distinct) > 3 and len(steps) == 1:
        return f"{distinct[0]:g} to {distinct[-1]:g} in steps of {steps.pop():g}"
    if len(distinct) > MAX_LISTED:
        return f"{distinct[0]:g} to {distinct[-1]:g}, {len(distinct)} of them"
    return ", ".join(f"{value:g}" for value in distinct)


def _pairs(files: Sequence[Path]) -> list[Angle] | None:
    """Angle to the axis and turn about it, where all names of a set have both; else None."""
    for pattern, unit in ((_MERIDIAN, 1.0), (_IMPULSE, 0.01), (_HUNDREDTHS, 0.01)):
        matches = [pattern.search(path.stem) for path in files]
        pairs = [(float(m[2]) * unit, float(m[1]) * unit) for m in matches if m]
        # Two numbers alone may be a serial number and an angle; in hundredths they are beyond what degrees reach.
        is_certain = pattern is not _HUNDREDTHS or any(abs(polar) > MAX_DEG * unit for polar, _ in pairs)
        if len(pairs) == len(files) and is_certain:
            return [Angle(POLAR, pair) for pair in pairs]
    return None


def _refused(path: Path, actual: str, remedy: str = REMEDY) -> DataError:
    return DataError(f"{path}: got {actual}; expected {EXPECTED_NAMES}; {remedy}")


def _single(files: tuple[Path, ...]) -> tuple[list[Angle], list[str]]:
    """Azimuths and elevations out of what stands before or behind each number."""
    names, notes = _without_versions(files)
    for path, numbers in zip(files, names, strict=True):
        labels = {n.label for n in numbers}
        if labels & {"theta", "phi"} or {"th", "ph"} <= labels:
            raise _refused(
                path, "theta and phi, which some programs count from the axis, and others from straight up",
                'say which: response_angles = "*theta{polar}*phi{turn}" from the axis, or "*theta{colatitude}*phi{azimuth}" from '
                "straight up",
            )  # fmt: skip
    selected = [[n for n in numbers if n.plane] for numbers in names]
    for scheme in _SCHEMES:
        if not any(selected):
            selected = [scheme(numbers) for numbers in names]
            if scheme is _at_the_end:
                selected = _with_decimals(names, selected)
    if len(files) == 1 and not selected[0]:
        return [Angle("horizontal", (0.0,))], notes
    for path, numbers, candidates in zip(files, names, selected, strict=True):
        _check_name(path, numbers, candidates)
    _check_names(files, names, selected)
    values = iter(_values([(path, n) for path, candidates in zip(files, selected, strict=True) for n in candidates]))
    return [in_planes({_plane(n): next(values) for n in candidates}) for candidates in selected], notes


def _plane(n: Named) -> str:
    return n.plane or n.plane_after or HORIZONTAL


def _plane_behind(numbers: list[Named]) -> list[Named]:
    return [n for n in numbers if n.plane_after][-1:]


def _unit(numbers: list[Named]) -> list[Named]:
    candidates = [n for n in numbers if n.has_unit]
    return candidates if len(candidates) == 1 else []


def _at_the_end(numbers: list[Named]) -> list[Named]:
    return [n for n in numbers if n.is_last and not n.suffix][-1:]


_SCHEMES: tuple[Callable[[list[Named]], list[Named]], ...] = (_plane_behind, _unit, _at_the_end)
"""How a name without a plane before its angle says it: a plane behind it, a unit, or a number at the end."""


def _with_decimals(names: Sequence[list[Named]], selected: list[list[Named]]) -> list[list[Named]]:
    """Bare numbers at the end of names, of which some are the digits behind a decimal point that is an underscore."""
    wholes = []
    for numbers, candidates in zip(names, selected, strict=True):
        place = numbers.index(candidates[0]) if candidates else 0
        whole = numbers[place - 1] if place else None
        wholes.append([whole] if whole is not None and whole.fraction and whole.is_last else candidates)
    return selected if all(a is not b for a, b in zip(wholes, selected, strict=True)) else wholes


def _without_versions(files: Sequence[Path]) -> tuple[list[list[Named]], list[str]]:
    """The numbers of each name without the `v9` of a version, and a note of what was taken for one."""
    names = [named_numbers(path.stem) for path in files]
    notes: list[str] = []
    several = len(files) > 1
    either = (
        "{} beside an angle in every name, which may be an angle too or a version",
        'say which numbers are angles: response_angles = "woofer_h{azimuth}_v9", or "woofer_h{azimuth}_v{elevation}"',
    )
    for letter in ("v", "h"):
        short = [[n for n in numbers if n.plane and n.label == letter and n.is_glued] for numbers in names]
        if not all(len(candidates) == 1 for candidates in short):
            continue
        first, values = short[0][0], {candidates[0].value for candidates in short}
        fixed = len(values) == 1
        others = [[n for n in numbers if n.plane and n.label != letter] for numbers in names]
        beside_word = all(any(n.label not in ("h", "v") for n in candidates) for candidates in others)
        stripped = [
            named_numbers(f"{path.stem[: n.start]} {path.stem[n.end :]}".strip())
            for path, (n,) in zip(files, short, strict=True)
        ]
        is_version = letter == "v" and not any(others) and fixed and values != {0.0}
        if is_version and several:
            is_version = any(all(scheme(numbers) for numbers in stripped) for scheme in _SCHEMES)
        if fixed and (beside_word or is_version):
            notes.append(f"{first.text} in the name{'s' * several} was taken for a version")
            names = stripped
        elif beside_word or (letter == "v" and all(others) and fixed and values != {0.0} and several):
            raise _refused(files[0], either[0].format(first.text), either[1])
    words = [[n for n in numbers if n.label in ("ver", "vert") and n.plane] for numbers in names]
    heights = {candidates[0].value if candidates else 0.0 for candidates in words}
    in_plane = all(any(n.plane == HORIZONTAL for n in numbers) for numbers in names)
    if several and len(heights) == 1 and heights != {0.0} and in_plane:
        raise _refused(files[0], either[0].format(words[0][0].text), either[1])
    return names, notes


def _values(numbers: Sequence[tuple[Path, Named]]) -> list[float]:
    """Signed values, after the set has told what its hyphens and underscores are."""
    if not numbers:
        return []
    unsure = [n for _, n in numbers if n.hyphen]
    divides = any(n.value == 0 for n in unsure) or any(n.after_hyphen for _, n in numbers)  # nobody writes -0
    if unsure and not divides and len(unsure) == len(numbers) > 1:
        actual = f"{numbers[0][1].text}, whose hyphen may be a sign or divide (all names have one, and none is 0)"
        remedy = 'write the sign behind a space, or say so: response_angles = "woofer-hor-{azimuth}"'
        raise _refused(numbers[0][0], actual, remedy)
    plain_number = next(((path, n) for path, n in numbers if not (n.hyphen or n.after_hyphen or n.sign)), None)
    if divides and plain_number is not None:
        raise _refused(
            plain_number[0], f"{plain_number[1].text}, while others of the set have a hyphen there that divides"
        )
    fractions = _fractions(numbers)
    return [n.sign_of(divides) * (n.value + fraction) for (_, n), fraction in zip(numbers, fractions, strict=True)]


def _fractions(numbers: Sequence[tuple[Path, Named]]) -> list[float]:
    """Value of digits behind an underscore: decimals where they change from name to name, nothing where all are alike."""
    digits = [n.fraction for _, n in numbers]
    if not any(digits) or (len(set(digits)) == 1 and len(digits) > 1):
        return [0.0] * len(digits)
    odd = next(((path, n) for path, n in numbers if n.fraction and n.fraction not in FRACTIONS), None)
    values = sorted({n.value + FRACTIONS.get(n.fraction, 0.0) for _, n in numbers})
    steps = np.diff(values)
    even = len(values) < 3 or bool(np.abs(steps / steps.min() - np.round(steps / steps.min())).max() < 1e-6)
    retaken = len({n.value for _, n in numbers}) < len(values) and len(set(np.round(steps, 6))) > 1
    if odd is not None or not even or retaken or len(numbers) == 1:
        path, n = odd or next((path, n) for path, n in numbers if n.fraction)
        actual = f"{n.text}_{n.fraction}, whose underscore may divide or be a decimal point"
        remedy = 'write the point as one, or say so: response_angles = "woofer_{azimuth}_*" where it divides'
        raise _refused(path, actual, remedy)
    return [FRACTIONS[digit] if digit else 0.0 for digit in digits]


def _check_name(path: Path, numbers: list[Named], candidates: list[Named]) -> None:
    """Refuse a name whose angle may be something else, is missing, or is there twice."""
    for n in candidates:
        if not n.plane and n.is_glued and n.label != "v" and n.label.endswith("v"):
            raise _refused(path, f"{n.label}{n.text}, which may be a vertical angle or a name")
    if not candidates and not _ON_AXIS.search(path.stem):
        texts = ", ".join(n.text + n.suffix for n in numbers)
        if not numbers:
            raise _refused(path, "a name without an angle", "rename the file, or leave it out of the pattern")
        if numbers[0].start == 0 and not numbers[0].suffix:
            remedy = 'rename them, or say where the angle stands: response_angles = "{azimuth} *"'
            raise _refused(path, f"a number first ({texts}), which may count the files", remedy)
        raise _refused(path, f"a name whose numbers ({texts}) say no angle")
    for plane in (HORIZONTAL, VERTICAL):
        twice = [n.text for n in candidates if _plane(n) == plane]
        if len(twice) > 1:
            raise _refused(path, f"two angles of one plane ({', '.join(twice)})")


def _check_names(files: Sequence[Path], names: Sequence[list[Named]], selected: Sequence[list[Named]]) -> None:
    """Refuse what only the names together show: a second number that changes, a side in words, numbers that count the files."""
    if all(
        len(candidates) == 1 and not candidates[0].plane and not candidates[0].plane_after for candidates in selected
    ):
        prefixes = [
            numbers[numbers.index(n) - 1].value if numbers.index(n) and n.follows_number else None
            for numbers, (n,) in zip(names, selected, strict=True)
        ]
        if len(set(prefixes)) > 1 and None not in prefixes:
            remedy = (
                'say what they are: response_angles = "*{azimuth} {elevation}", "*{turn} {polar}", or "* {azimuth}"'
            )
            raise _refused(files[0], "two numbers that both change within the set", remedy)
    sides = [
        (path, candidates[0], side)
        for path, candidates in zip(files, selected, strict=True)
        if candidates and (side := _side(path, candidates))
    ]
    if sides and not (
        len(sides) == len(files) and len({side for *_, side in sides}) == 1
    ):  # alike in all it is the driver's
        path, n, side = sides[0]
        actual = f"the word {side!r} beside {n.text} and not in all names, which may be a side"
        remedy = "write the side as a sign (left and up are positive), or list the angles: response_angles = [[30, 0], [-30, 0]]"
        raise _refused(path, actual, remedy)
    plain_numbers = [
        n
        for candidates in selected
        for n in candidates
        if not (n.plane or n.plane_after or n.has_unit or n.sign or n.hyphen)
    ]
    if len(files) > 3 and sorted(n.value for n in plain_numbers) == [i + 1.0 for i in range(len(files))]:
        actual = f"numbers from 1 to {len(files)} in {len(files)} names, which count the files"
        remedy = "rename them, or list the angles in the order of names: response_angles = [[0, 0], [15, 0]]"
        raise _refused(files[0], actual, remedy)


def _side(path: Path, candidates: Sequence[Named]) -> str:
    """The word of a side before a name's angle or behind it, in small letters; empty where there is none."""
    behind = _SIDE.search(path.stem, max(n.end for n in candidates))
    return candidates[0].label if candidates[0].label in SIDES else behind[1].lower() if behind else ""


def driver_of_name(path: Path) -> str:
    """Driver in a file's name, beside plane and angle; empty where nothing stands there."""
    stem = path.stem
    pair = _MERIDIAN.search(stem) or _IMPULSE.search(stem)
    if pair is not None:
        return stem[: pair.start()].strip(" _-.")
    numbers = named_numbers(stem)
    candidates = [n for n in numbers if n.plane]
    for scheme in _SCHEMES:
        candidates = candidates or scheme(numbers)
    if not candidates:
        return _ON_AXIS.sub("", stem).strip(" _-.")
    return stem[: min(n.start for n in candidates)].strip(" _-.") or stem[max(n.end for n in candidates) :].strip(
        " _-."
    )
