"""Numbers in a file's name, each with what stands around it: a sign, a plane, a unit, digits behind an underscore."""

from __future__ import annotations

import re
from dataclasses import dataclass

from designer.acoustics.measured.angles import HORIZONTAL, VERTICAL

PLANES = {
    **dict.fromkeys(("h", "hor", "horz", "horiz", "horizontal", "az", "azi", "azim", "azimuth"), HORIZONTAL),
    **dict.fromkeys(("v", "ver", "vert", "vertical", "el", "ele", "elev", "elevation"), VERTICAL),
}
UNITS = ("°", "deg", "degree", "degrees")
MINUS, PLUS = ("m", "n", "minus", "neg"), ("p", "plus", "pos")
_TOKEN = re.compile(r"\d+(?:[.,]\d+|p\d+(?![^\W_]))?|[A-Z]?[a-z]+|[A-Z]+(?![a-z])|[^\W\d_]|[\W_]")
_GLUED_SIGN = re.compile(rf"({'|'.join(sorted(PLANES, key=len, reverse=True))})({'|'.join((*MINUS, *PLUS))})")


@dataclass(frozen=True)
class Named:
    """One number of a name.

    text : as it stands there, with its plane
    plane, plane_after : of the word before it, and behind it; empty where it is none
    sign : -1, +1, or 0 where none is written that must be one; `hyphen`: a hyphen that may divide; `after_hyphen`: behind one that does
    label : the word before it, in small letters; `is_glued`: with nothing between
    suffix : letters right behind it that are no unit and no plane
    fraction : digits behind an underscore behind it
    """

    text: str
    value: float
    start: int
    end: int
    label: str
    is_glued: bool
    plane: str
    plane_after: str
    sign: int
    hyphen: bool
    after_hyphen: bool
    has_unit: bool
    suffix: str
    fraction: str
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
    rest = tokens[behind : behind + 3]
    led = bool(rest) and (rest[0][0].isdigit() or (rest[0] in " _=-+" and any(t[0].isdigit() for t in rest[1:])))
    plane_after = PLANES.get(after, "") if not led else ""
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
