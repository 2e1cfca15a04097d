"""No enclosure."""

from __future__ import annotations

from typing import Literal

from designer.problem.enclosures.enclosure import Enclosure


class FreeField(Enclosure):
    """Drivers in free field: point sources, or discs that radiate to both sides."""

    model: Literal["free-field"] = "free-field"
