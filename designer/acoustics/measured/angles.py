"""Angles of a set's files and their directions: as the problem file states them, and the numbers in a file's name.

Angles are degrees; a horizontal one counts counter-clockwise seen from above (positive is the driver's left), a vertical one upwards.

`response_angles` states them: as a file's name, with or without its suffix, in which fields stand for numbers in degrees and `*` for
anything: `{azimuth}`, `{elevation}`, `{polar}` (from the axis), `{turn}` (about the axis, from the driver's left over up), `{colatitude}`
(from straight up); `{polar*0.01}` multiplies. Or as a list of azimuth and elevation of each file, in the order of names.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from designer.arrays import Real
from designer.errors import DataError

HORIZONTAL, VERTICAL = "horizontal", "vertical"
MAX_DEG = 360.0
POLAR = "angle to the axis and turn about it"
KINDS = {
    "horizontal": "hor {0:g} deg",
    "vertical": "ver {0:g} deg",
    "azimuth and elevation": "azimuth {0:g}, elevation {1:g} deg",
    "angle to the axis and turn about it": "{0:g} deg from the axis, turned by {1:g} deg",
}
"""Angles, and their text in messages. A turn of 0 is the driver's left, 90 up, 180 its right."""
FIELDS = ("azimuth", "elevation", "polar", "turn", "colatitude")
FIELD_PAIRS = (
    {"azimuth"},
    {"elevation"},
    {"azimuth", "elevation"},
    {"polar"},
    {"polar", "turn"},
    {"azimuth", "colatitude"},
)
_FIELD = re.compile(r"\{([^{}*]*)(?:\*([^{}]*))?\}")
_NUMBER = r"([+\-−]?\d+(?:[.,]\d+)?)"
PLANES = {
    **dict.fromkeys(("h", "hor", "horz", "horiz", "horizontal", "az", "azi", "azim", "azimuth"), HORIZONTAL),
    **dict.fromkeys(("v", "ver", "vert", "vertical", "el", "ele", "elev", "elevation"), VERTICAL),
}
UNITS = ("°", "deg", "degree", "degrees")
MINUS, PLUS = ("m", "n", "minus", "neg"), ("p", "plus", "pos")
_TOKEN = re.compile(r"\d+(?:[.,]\d+|p\d+(?![^\W_]))?|[A-Z]?[a-z]+|[A-Z]+(?![a-z])|[^\W\d_]|[\W_]")
_GLUED_SIGN = re.compile(rf"({'|'.join(sorted(PLANES, key=len, reverse=True))})({'|'.join((*MINUS, *PLUS))})")


@dataclass(frozen=True)
class Angle:
    """A direction as a file names it: what its angles are (one of `KINDS`), and one or two of them in degrees."""

    kind: str
    values_deg: tuple[float, ...]

    def __str__(self) -> str:
        return KINDS[self.kind].format(*self.values_deg)

    def direction(self, *, clockwise: bool = False) -> Real:
        """Unit vector (3,) in the driver's frame; exact at the ends, so that 0 and 360, and 180 and -180, are one direction."""
        a = np.radians((np.array(self.values_deg) + 180) % 360 - 180)
        cos, sin = np.round(np.cos(a), 15), np.round(np.sin(a), 15)
        side = -1.0 if clockwise else 1.0
        if self.kind == POLAR:
            return np.array([cos[0], sin[0] * side * cos[1], sin[0] * sin[1]])
        if self.kind == "vertical":
            return np.array([cos[0], 0.0, sin[0]])
        up = (cos[1], sin[1]) if len(a) > 1 else (1.0, 0.0)
        return np.array([cos[0] * up[0], side * sin[0] * up[0], up[1]])


def in_planes(angles: Mapping[str, float]) -> Angle:
    """The direction of a horizontal and a vertical angle, of which one may be absent or 0."""
    azimuth, elevation = angles.get(HORIZONTAL, 0.0), angles.get(VERTICAL, 0.0)
    if azimuth and elevation:
        return Angle("azimuth and elevation", (azimuth, elevation))
    if elevation != 0 or set(angles) == {VERTICAL}:
        return Angle("vertical", (elevation,))
    return Angle("horizontal", (azimuth,))


def number(text: str) -> float:
    """A number with a decimal point, a decimal comma, or a minus sign as printed."""
    return float(text.replace("−", "-").replace(",", "."))


def check_degrees(file: Path | str, angle_deg: Real, subject: str = "angles") -> None:
    """Refuse angles beyond a turn, and those named degrees that are plainly radians: none above 2π, and whole degrees if read so."""
    if np.abs(angle_deg).max(initial=0.0) > MAX_DEG:
        worst = angle_deg[np.argmax(np.abs(angle_deg))]
        expected = f"-{MAX_DEG:g} to {MAX_DEG:g} degrees; correct the angles"
        raise DataError(f"{file}: got {subject} up to {worst:g}; expected {expected}")
    distinct = np.unique(np.round(angle_deg, 9))
    if distinct.size < 3 or np.abs(distinct).max() > 2 * np.pi + 0.01:
        return
    converted = np.degrees(distinct)
    whole_as_radians = np.abs(converted - np.round(converted * 2) / 2).max() < 0.3 * np.ptp(converted) / 360 + 0.06
    # A fine grid within a few degrees of the axis is whole tenths of a degree as it stands.
    whole_as_degrees = np.abs(distinct * 10 - np.round(distinct * 10)).max() < 1e-6
    if whole_as_radians and not whole_as_degrees:
        raise DataError(
            f"{file}: got {subject} from {distinct[0]:.4g} to {distinct[-1]:.4g}, which are whole degrees if read as "
            f"radians ({converted[0]:.0f} to {converted[-1]:.0f}); expected degrees; multiply the angles by 180/π"
        )


def by_pattern(files: tuple[Path, ...], pattern: str) -> list[Angle]:
    """The direction of each file by a pattern of their names."""
    location = f'response_angles = "{pattern}"'
    fields = _FIELD.findall(pattern)
    names = [name for name, _ in fields]
    if set(names) not in FIELD_PAIRS or len(set(names)) < len(names):
        known = "; ".join(" with ".join(f"{{{name}}}" for name in FIELDS if name in both) for both in FIELD_PAIRS)
        raise DataError(
            f"{location}: got the fields {', '.join(names) or '(none)'}; expected {known}; write a file's name with a "
            'field in each angle\'s place, as "woofer_{azimuth}_*"'
        )
    try:
        factors = [float(factor) if factor else 1.0 for _, factor in fields]
    except ValueError:
        raise DataError(
            f'{location}: got a factor that is no number; expected a field as "{{polar*0.01}}"; correct it'
        ) from None
    literals = [".*?".join(map(re.escape, text.split("*"))) for text in _FIELD.sub("\0", pattern).split("\0")]
    reader = re.compile(_NUMBER.join(literals))
    angles: list[Angle] = []
    for path in files:
        fits = reader.fullmatch(path.stem) or reader.fullmatch(path.name)
        if fits is None:
            raise DataError(
                f'{path}: got a name that does not fit response_angles; expected names as "{pattern}"; correct the '
                "pattern, or leave the file out"
            )
        v = {name: f * number(text) for name, f, text in zip(names, factors, fits.groups(), strict=True)}
        if "polar" in v:
            angles.append(Angle(POLAR, (v["polar"], v.get("turn", 0.0))))
            continue
        if "colatitude" in v:
            v["elevation"] = 90.0 - v["colatitude"]
        angles.append(in_planes({p: v[n] for p, n in ((HORIZONTAL, "azimuth"), (VERTICAL, "elevation")) if n in v}))
    return angles


def by_list(files: tuple[Path, ...], stated: Sequence[Sequence[float]]) -> list[Angle]:
    """The direction of each file by a list of azimuths and elevations, numbers in names by their value."""
    if len(stated) != len(files):
        raise DataError(
            f"{files[0]}: got {len(files)} file{'s' * (len(files) > 1)}, and {len(stated)} entries in response_angles; "
            "expected one entry a file, in the order of names; add or leave out entries, or name fewer files"
        )

    def by_value(i: int) -> list[int | str]:
        return [int(p) if p.isdigit() else p for p in re.split(r"(\d+)", files[i].name)]

    order = sorted(range(len(files)), key=by_value)
    entries = {i: in_planes({HORIZONTAL: a, VERTICAL: e}) for i, (a, e) in zip(order, stated, strict=True)}
    return [entries[i] for i in range(len(files))]


@dataclass(frozen=True)
class Named:
    """One number of a name.

    plane, plane_after : of the word before it, and behind it; empty where it is none
    sign : -1, +1, or 0 where none is written that must be one; `hyphen`: a hyphen that may divide; `after_hyphen`: behind one that does
    """

    text: str  # as it stands there, with its plane
    value: float
    start: int
    end: int
    label: str  # the word before it, in small letters; `is_glued`: with nothing between
    is_glued: bool
    plane: str
    plane_after: str
    sign: int
    hyphen: bool
    after_hyphen: bool
    has_unit: bool
    suffix: str  # letters right behind it that are no unit and no plane
    fraction: str  # digits behind an underscore behind it
    is_last: bool
    follows_number: bool

    def sign_of(self, hyphens_divide: bool) -> int:
        """-1 or +1, once the set has told whether its hyphens divide."""
        return self.sign or (-1 if self.hyphen and not hyphens_divide else 1)


def named_numbers(stem: str) -> list[Named]:
    """The numbers of a name, in its order."""
    tokens: list[str] = []
    for token in _TOKEN.findall(stem.replace("−", "-").replace("–", "-")):
        glued = _GLUED_SIGN.fullmatch(token.lower())
        tokens += [token[: glued.end(1)], token[glued.end(1) :]] if glued and token.lower() not in PLANES else [token]
    starts = [sum(map(len, tokens[:i])) for i in range(len(tokens))]
    return [_named(tokens, starts, i) for i, token in enumerate(tokens) if token[0].isdigit()]


def _named(tokens: list[str], starts: list[int], i: int) -> Named:
    at = i - 1  # walks to the left
    sign, hyphens = 0, 0

    def word(place: int) -> str:
        return tokens[place].lower() if 0 <= place < len(tokens) and tokens[place][0].isalpha() else ""

    def mark(place: int) -> str:
        return tokens[place] if 0 <= place < len(tokens) and not tokens[place][0].isalnum() else ""

    letter_at = at - 1 if mark(at) in (" ", "_") and len(word(at - 1)) > 1 else at
    if word(letter_at) in (*MINUS, *PLUS) and (not word(letter_at - 1) or word(letter_at - 1) in PLANES):
        sign = -1 if word(letter_at) in MINUS else 1
        at = letter_at - 1
    elif mark(at) == "+":
        sign, at = 1, at - 1
    while mark(at) == "-" and hyphens < 2:
        hyphens, at = hyphens + 1, at - 1
    gap_from = at

    def of_number_before(place: int) -> bool:
        """Whether a unit is that of a number before it."""
        before = place - 2 if mark(place - 1) in (" ", "_") else place - 1
        return before >= 0 and tokens[before][0].isdigit()

    while mark(at) in ("_", " ", "=") or (word(at) in UNITS and at >= 0 and not of_number_before(at)):
        at -= 1
    behind_gap = at < gap_from
    plain = hyphens == 1 and not behind_gap and at >= 0 and not sign
    if hyphens and not plain and not sign:
        sign = -1
    label = word(at)
    end = i + 1
    fraction = ""
    digits = "".join(tokens[end + 1 : end + 2])
    if tokens[i].isdigit() and mark(end) == "_" and re.fullmatch(r"\d{1,2}", digits) and not word(end + 2):
        fraction = digits
    unit_at = end + 1 if mark(end) in (" ", "_") else end
    has_unit = word(unit_at) in UNITS or mark(unit_at) == "°" or any(word(k) in UNITS for k in range(at + 1, i))
    if word(unit_at) in UNITS or mark(unit_at) == "°":
        end = unit_at + 1
    after = word(end) or (word(end + 1) if mark(end) in ("_", " ", "-") else "")
    behind = end + (1 if word(end) else 2)
    following = tokens[behind : behind + 3]
    is_led = bool(following) and (
        following[0][0].isdigit() or (following[0] in " _=-+" and any(t[0].isdigit() for t in following[1:]))
    )
    plane_after = PLANES.get(after, "") if not is_led else ""
    suffix = word(end) if word(end) and word(end) not in PLANES else ""
    last = behind if plane_after and not suffix else end + (2 if fraction else 0)
    start = starts[at] if label in PLANES else starts[at + 1]
    stop = starts[last] if last < len(tokens) else starts[-1] + len(tokens[-1])
    text = "".join(tokens[at if label in PLANES else at + 1 : i + 1]).strip(" _=")
    return Named(
        text=text,
        value=float(re.sub("[,p]", ".", tokens[i])),
        start=start,
        end=stop,
        label=label,
        is_glued=not behind_gap and not hyphens and not sign,
        plane=PLANES.get(label, "") if not suffix else "",
        plane_after=plane_after if not suffix else "",
        sign=sign,
        hyphen=plain,
        after_hyphen=bool(hyphens == 2 or (hyphens and mark(i - 1) == "+")) and not behind_gap,
        has_unit=has_unit,
        suffix=suffix,
        fraction=fraction,
        is_last=all(not t[0].isalnum() for t in tokens[last:]),
        follows_number=at >= 0 and tokens[at][0].isdigit(),
    )
