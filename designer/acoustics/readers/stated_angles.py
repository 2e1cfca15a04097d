"""Angles that the problem file states: where they stand in the files' names, or one by one.

A pattern is a file's name, with or without its suffix, in which fields stand for numbers in degrees, and `*` for anything:
`{azimuth}`, `{elevation}`, `{polar}` (from the axis), `{turn}` (about the axis, from the driver's left over up), `{colatitude}` (from
straight up). `{polar*0.01}` multiplies. A list holds azimuth and elevation of each file, in the order of names, numbers in them by
their value.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from designer.acoustics.readers.angle_names import check_range, said
from designer.acoustics.readers.angles import Direction, PolarAngle, of_both
from designer.acoustics.readers.raw_set import refusal

FIELDS = ("azimuth", "elevation", "polar", "turn", "colatitude")
TOGETHER = (
    {"azimuth"},
    {"elevation"},
    {"azimuth", "elevation"},
    {"polar"},
    {"polar", "turn"},
    {"azimuth", "colatitude"},
)
_FIELD = re.compile(r"\{([^{}*]*)(?:\*([^{}]*))?\}")
_NUMBER = r"([+\-−]?\d+(?:[.,]\d+)?)"
Stated = str | Sequence[Sequence[float]]
"""What the key holds."""


def stated_angles(files: tuple[Path, ...], stated: Stated) -> tuple[tuple[Direction, ...], tuple[str, ...]]:
    """The direction of each file, and a note of what was read.

    Raises
    ------
    DataError : the pattern is none, or does not fit a name; the list has not one entry for each file; an angle is beyond a turn

    """
    angles = _by_pattern(files, stated) if isinstance(stated, str) else _by_list(files, stated)
    for path, angle in zip(files, angles, strict=True):
        check_range(path, angle)
    for i, angle in enumerate(angles):
        if angle in angles[:i]:
            first = files[angles.index(angle)]
            raise refusal(files[i], f"{angle} a second time, after {first.name}", "one file an angle", "leave one out")
    return tuple(angles), (f"{said(angles)} (by response_angles)",)


def _by_pattern(files: tuple[Path, ...], pattern: str) -> list[Direction]:
    where = f'response_angles = "{pattern}"'
    fields = _FIELD.findall(pattern)
    names = [name for name, _ in fields]
    if set(names) not in TOGETHER or len(set(names)) < len(names):
        raise refusal(
            where,
            f"the fields {', '.join(names) or '(none)'}",
            "; ".join(" with ".join(f"{{{name}}}" for name in FIELDS if name in both) for both in TOGETHER),
            "write a file's name with a field in each angle's place, as \"woofer_{azimuth}_*\"",
        )
    try:
        factors = [float(factor) if factor else 1.0 for _, factor in fields]
    except ValueError:
        raise refusal(where, "a factor that is no number", 'a field as "{polar*0.01}"', "correct it") from None
    expression, end = "", 0
    for match in _FIELD.finditer(pattern):
        expression += _literal(pattern[end : match.start()]) + _NUMBER
        end = match.end()
    reader = re.compile(expression + _literal(pattern[end:]))
    angles: list[Direction] = []
    for path in files:
        fits = reader.fullmatch(path.stem) or reader.fullmatch(path.name)
        if fits is None:
            raise refusal(
                path,
                "a name that does not fit response_angles",
                f'names as "{pattern}"',
                "correct the pattern, or leave the file out",
            )
        numbers = [float(text.replace("−", "-").replace(",", ".")) for text in fits.groups()]
        angles.append(_direction({name: factor * v for name, factor, v in zip(names, factors, numbers, strict=True)}))
    return angles


def _literal(text: str) -> str:
    return ".*?".join(re.escape(part) for part in text.split("*"))


def _direction(values: dict[str, float]) -> Direction:
    if "polar" in values:
        return PolarAngle(values["polar"], values.get("turn", 0.0))
    if "colatitude" in values:
        values["elevation"] = 90.0 - values["colatitude"]
    return of_both(
        {
            plane: values[name]
            for plane, name in (("horizontal", "azimuth"), ("vertical", "elevation"))
            if name in values
        }
    )


def _by_list(files: tuple[Path, ...], stated: Sequence[Sequence[float]]) -> list[Direction]:
    if len(stated) != len(files):
        raise refusal(
            files[0],
            f"{len(files)} file{'s' * (len(files) > 1)}, and {len(stated)} entries in response_angles",
            "one entry a file, in the order of names",
            "add or leave out entries, or name fewer files",
        )
    order = sorted(
        range(len(files)), key=lambda i: [int(p) if p.isdigit() else p for p in re.split(r"(\d+)", files[i].name)]
    )
    angles: dict[int, Direction] = {
        i: of_both({"horizontal": azimuth, "vertical": elevation})
        for i, (azimuth, elevation) in zip(order, stated, strict=True)
    }
    return [angles[i] for i in range(len(files))]
