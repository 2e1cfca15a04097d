"""The values of `--vary KEY=VALUES`: a list, a range with both its ends, or a range without a step that is drawn from.

6,12,18            three values
0.04:0.16:0.01     thirteen: both ends are included
0.04:0.16          any number between, with --random
fir,rtf            words stand for text, as quotes do; true and false are TOML's
[250,4000],[500,4000]   lists
@close.toml,@wide.toml  named variants (`sweep_variants`)
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from designer.errors import UsageError

MOST = 100_000
"""Values of one key: what keeps a typing error from filling the machine."""
UNEVEN = Decimal("0.001")
"""How much of a step may be left over at a range's end: 0:1:0.3333 is four values."""


@dataclass(frozen=True)
class Between:
    """Any number from low to high; whole ones where both ends are written so and the key takes whole numbers."""

    low: float
    high: float
    is_whole: bool


def parsed_values(text: str, option: str) -> tuple[Any, ...] | Between:
    """The values that a text stands for, in its order.

    Raises
    ------
    UsageError : naming the option: no value, or a range that does not end

    """
    parts = list(split(text))
    if not all(part.strip() for part in parts):
        raise UsageError(f"{option}: got an empty value; expected values with a comma between, or FROM:TO:STEP")
    values: list[Any] = []
    for part in parts:
        expanded = _expanded(part, option, alone=len(parts) == 1)
        if isinstance(expanded, Between):
            return expanded
        values += expanded
    return tuple(values)


def repeated(values: tuple[Any, ...] | Between) -> Any | None:
    """The first value that stands twice; None where each stands once."""
    distinct: set[tuple[type, str]] = set()
    for value in () if isinstance(values, Between) else values:
        if (type(value), repr(value)) in distinct:
            return value
        distinct.add((type(value), repr(value)))
    return None


def split(text: str) -> Iterator[str]:
    """At the commas that stand in no bracket and in no quotes."""
    pieces: list[str] = []
    for piece in text.split(","):
        pieces.append(piece)
        bare = re.sub(r"\"[^\"]*\"|'[^']*'", "", ",".join(pieces))
        if not re.search("[\"']", bare) and len(re.findall(r"[\[{]", bare)) == len(re.findall(r"[\]}]", bare)):
            yield ",".join(pieces)
            pieces = []
    if pieces:
        yield ",".join(pieces)


def _numbers(text: str) -> list[Decimal]:
    """The numbers between the colons of a text; none where one of them is no finite number (as in sphere:0.08)."""
    try:
        numbers = [Decimal(part.strip()) for part in text.split(":")]
    except InvalidOperation:
        return []
    return numbers if all(number.is_finite() for number in numbers) else []


def _expanded(text: str, option: str, *, alone: bool) -> list[Any] | Between:
    """A range in decimals, so that each value is the float nearest to what a person would write; else one value."""
    numbers, is_whole = _numbers(text), not re.search("[.eE]", text)
    if len(numbers) == 2:
        low, high = numbers
        if not alone:
            raise UsageError(
                f"{option}: got a range without a step beside other values; expected FROM:TO:STEP, or the range alone"
            )
        if not low < high:
            raise UsageError(f"{option}: got a range from {low} to {high}; expected from the smaller to the larger")
        return Between(float(low), float(high), is_whole)
    if len(numbers) != 3:
        return [value_of(text.strip())]
    low, high, step = numbers
    if step == 0 or (high - low) / step < 0:
        raise UsageError(
            f"{option}: got steps of {step} from {low} to {high}; expected a step that leads to the end; change it"
        )
    count = int(((high - low) / step).to_integral_value())
    if count >= MOST:
        raise UsageError(f"{option}: got {count + 1} values; expected at most {MOST}; take a larger step")
    if count == 0 or abs(high - low - count * step) > UNEVEN * abs(step):
        near = max(count, 1)
        second_count = near + 1 if near * abs(step) < abs(high - low) else max(near - 1, 1)
        steps = " or ".join(f"{float((high - low) / n):.6g}" for n in sorted({near, second_count}))
        raise UsageError(
            f"{option}: got steps of {step}, which miss the end at {high}; expected steps that end there; take {steps}"
        )
    kind = int if is_whole else float
    return [kind(low + (high - low) * n / count) for n in range(count + 1)]


def value_of(text: str) -> Any:
    """A value as TOML reads it; what TOML does not know is text."""
    try:
        table = tomllib.loads(f"value = {text}")
    except tomllib.TOMLDecodeError:
        return text
    return table["value"] if set(table) == {"value"} else text
