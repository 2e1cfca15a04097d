"""A connected tab: what it looks at, and what waits to be sent to it.

A tab in the background may read late. What a newer message makes void does not wait with it: live curves of a channel, a verdict on it, and
the state that nobody asked for.
"""

from __future__ import annotations

import asyncio
import json
import math
from collections import deque
from collections.abc import Mapping
from typing import Any

DRAGS = 64
"""How many drags of a tab may be unanswered."""
REPLACED = ("live", "judged", "state", "working", "idle")


class Tab:
    """One WebSocket's outbox."""

    def __init__(self) -> None:
        self.channel = ""
        self.drags: deque[int | None] = deque(maxlen=DRAGS)  # the ids of its last drags
        self._waiting: dict[object, str] = {}
        self._count = 0
        self._woken = asyncio.Event()

    def put(self, message: Mapping[str, Any], text: str | None = None) -> None:
        """Send a message; `text` is its JSON where that is known."""
        kind = message["is"]
        self._count += 1
        key: object = self._count
        if kind in REPLACED and (kind == "live" or "id" not in message):
            key = (kind, message.get("channel"))
            self._waiting.pop(key, None)  # the newer one takes its place at the end
        self._waiting[key] = encoded(message) if text is None else text
        self._woken.set()

    async def next(self) -> str:
        """The next message, as JSON."""
        while not self._waiting:
            self._woken.clear()
            await self._woken.wait()
        return self._waiting.pop(next(iter(self._waiting)))


def encoded(message: Mapping[str, Any]) -> str:
    """JSON that a browser takes: a number that is not finite is text, as TOML writes it."""
    try:
        return json.dumps(message, allow_nan=False)
    except ValueError:
        return json.dumps(_finite(message), allow_nan=False)


def _finite(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return "nan" if math.isnan(value) else "inf" if value > 0 else "-inf"
    return value
