"""The data block of a page: its figures' dictionaries as JSON, their numbers packed once each.

Arrays are 32-bit floats in one text of base64: smaller than digits, read in one go, and as exact as the tables beside them. An array in a
figure is ["@", place, count]; one that stands in several places is there once. A table, as of a map, is 16-bit steps between its least and
its largest value: ["#", place, count, rows, least, step], and -32768 where it knows nothing.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from designer.errors import DataError
from designer.report.schemes import colours

FEW = 8
"""Arrays of fewer numbers are written as digits."""
STEPS = 65_534
"""Steps of a table's values between the least and the largest."""
MOST_BYTES = 60_000_000
"""Size of an overlay's file, in overlay.js too."""
COLUMNS = {"cancellation_gain_db", "azimuth_deg"}
"""Either is in the header of a table that a page lays over its figures."""
BLOCK = re.compile(r'<script type="application/json" id="data">(.*?)</script>', re.DOTALL)


class Packer:
    """Packs values for JSON."""

    def __init__(self) -> None:
        self._arrays, self._tables = _Store(4), _Store(2)

    def packed(self, value: Any) -> Any:
        """A value with its arrays replaced by their places, and what is not finite by null."""
        if isinstance(value, Mapping):
            return {key: self.packed(part) for key, part in value.items()}
        if isinstance(value, np.ndarray):
            if value.ndim == 2:
                return self._table(value)
            if value.size < FEW:
                return [self.packed(number) for number in value.tolist()]
            return ["@", self._arrays.place(value.astype("<f4")), value.size]
        if isinstance(value, list | tuple):
            return [self.packed(part) for part in value]
        if isinstance(value, float):
            return float(f"{value:.7g}") if np.isfinite(value) else None
        return value.item() if isinstance(value, np.generic) else value

    def _table(self, values: np.ndarray[Any, Any]) -> list[Any]:
        known = np.isfinite(values)
        least, largest = (float(values[known].min()), float(values[known].max())) if known.any() else (0.0, 0.0)
        step = (largest - least) / STEPS or 1.0
        levels = np.full(values.shape, -32_768, dtype="<i2")
        levels[known] = np.round((values[known] - least) / step) - 32_767
        return ["#", self._tables.place(levels), values.size, len(values), least, step]

    @property
    def texts(self) -> dict[str, str]:
        """All arrays and all tables in base64."""
        return {"arrays": self._arrays.text, "tables": self._tables.text}


class _Store:
    """Arrays one after the other, each content once."""

    def __init__(self, width: int) -> None:
        self.width, self.size = width, 0
        self.places: dict[bytes, int] = {}

    def place(self, array: np.ndarray[Any, Any]) -> int:
        content = array.tobytes()
        if content not in self.places:
            self.places[content] = self.size
            self.size += len(content) // self.width
        return self.places[content]

    @property
    def text(self) -> str:
        return base64.b64encode(b"".join(self.places)).decode()


NEGATIVE = re.compile(r"(?<=\s)-(?=[\d.]+ ?(?:dB|deg|°))")
"""A hyphen for a minus sign in a sentence; JSON that is packed has no space before its numbers."""


def block(title: str, figures: Mapping[str, Any], **more: Any) -> str:
    """The JSON of a page, as it may stand in a script element.

    Parameters
    ----------
    figures : mapping of str to Figure, name on the page -> its dictionary
    more : dict of str to object, what else the page's script reads, by its key

    """
    packer = Packer()
    packed = packer.packed(figures)
    data = {"title": title, "schemes": colours(), **more, "figures": packed, **packer.texts}
    text = json.dumps(data, separators=(",", ":"), allow_nan=False, ensure_ascii=False).replace("<", "\\u003c")
    return NEGATIVE.sub("\u2212", text)


def overlay(path: str | Path) -> dict[str, Any]:
    """Content that a page lays over its figures from the first: a design folder's figures, or the text of a measurement.

    Raises
    ------
    DataError : naming the path, what it holds, and the remedy

    """
    path = Path(path)
    file = path / "report.html" if path.is_dir() else path
    try:
        if file.stat().st_size > MOST_BYTES:
            raise DataError(
                f"{file}: got {file.stat().st_size / 1e6:.0f} MB; expected at most {MOST_BYTES / 1e6:.0f} MB; leave out rows"
            )
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or "no text"
        raise DataError(
            f"{file}: {why}; expected a design folder with its report.html, or a text file of frequency in Hz and level in dB"
        ) from None
    if file.suffix.lower() not in (".html", ".htm"):
        if not _has_rows(text):
            raise DataError(
                f"{file}: got no rows of numbers; expected frequency in Hz and level in dB, or metrics.csv, response.csv or"
                " report.html of a design folder"
            )
        return {"name": path.name, "text": text}
    try:
        whole = _page_data(text)
        data = {key: whole[key] for key in ("title", "figures", "arrays", "tables")}
        known = isinstance(data["figures"], dict)
        for key in ("arrays", "tables"):
            base64.b64decode(data[key], validate=True)
        json.dumps(data, allow_nan=False, ensure_ascii=False).encode()  # as a page will hold it
    except (TypeError, ValueError, KeyError, RecursionError):
        known = False
    if not known:
        raise DataError(f"{file}: got no data of figures; expected a page of this version; run `designer design` again")
    return {"name": path.stem if path.is_file() else path.name, "data": data}


def overlays_of(file: Path) -> list[dict[str, Any]]:
    """Overlays of a design page that is there; none of a file that is no such page."""
    try:
        return list(_page_data(file.read_text(encoding="utf-8"))["overlays"])
    except (OSError, TypeError, ValueError, KeyError, RecursionError):
        return []


def _page_data(text: str) -> Any:
    match = BLOCK.search(text)
    return json.loads(match[1]) if match else None


def _has_rows(text: str) -> bool:
    """Whether a text is one of a design folder's tables, or has two rows that begin with two numbers, as the page's script reads them."""
    rows = [row for row in text.splitlines() if row.strip() and row.strip()[0] not in "*#;"]
    if rows and COLUMNS & set(rows[0].split(",")):
        return True
    return len(list(islice(filter(_is_row, rows), 2))) == 2


def _is_row(text: str) -> bool:
    try:
        numbers = [float(number) for number in re.split(r"[\s,;]+", text.strip())[:2]]
    except ValueError:
        return False
    return len(numbers) == 2 and bool(np.isfinite(numbers).all())
