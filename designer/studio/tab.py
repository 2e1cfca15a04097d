"""A connected tab: what it looks at, what waits to be sent to it, and its requests, checked against the protocol.

A tab in the background may read late. What a newer message makes void does not wait with it: live curves of a channel, a verdict on it, and
the state that nobody asked for. A request that comes again, after a connection was lost, is not done again.
"""

from __future__ import annotations

import asyncio
import json
import math
from collections import OrderedDict, deque
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from designer.errors import UsageError

DRAGS = 64
"""How many drags of a tab may be unanswered."""
REPLACED = ("live", "judged", "state", "working", "idle")
REMEMBERED = 256
"""How many requests a tab may have sent and not heard of when it comes back."""
SHOWN_FAULTS = 3
UNREMEMBERED = ("hello", "show")
Message = dict[str, Any]


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


@cache
def _checker() -> Any:
    from pydantic import TypeAdapter

    from designer.studio.messages import AnyRequest

    return TypeAdapter(AnyRequest)


def checked(text: str) -> Message:
    """A request that fits the protocol.

    Raises
    ------
    UsageError : it does not; naming where

    """
    from pydantic import ValidationError

    try:
        raw = json.loads(text, parse_constant=_refused)
        json.dumps(raw, ensure_ascii=False).encode()  # refuses half of a character
    except (ValueError, RecursionError) as error:
        raise UsageError(f"got a request that is no JSON: {error}") from None
    try:
        request: Message = _checker().validate_python(raw)
    except ValidationError as error:
        name = raw.get("do") if isinstance(raw, dict) else None
        others = {fault["loc"][0] for fault in error.errors() if fault["loc"][1:] == ("do",)}  # requests of other names
        faults = [fault for fault in error.errors() if fault["loc"][0] not in others]
        shown = "; ".join(f"{'.'.join(map(str, fault['loc'][1:]))}: {fault['msg']}" for fault in faults[:SHOWN_FAULTS])
        raise UsageError(
            f"got a request {str(name)[:40]!r} that does not fit the protocol: {shown or 'no request has this name'}"
        ) from None
    return request


def _refused(constant: str) -> float:
    raise ValueError(f"{constant} is no number of JSON")


def number_of(text: str) -> int | None:
    """The `id` of what may be no request, so that its error can be told."""
    try:
        number = json.loads(text)["id"]
    except (ValueError, RecursionError, KeyError, TypeError):
        return None
    return number if type(number) is int else None


@dataclass
class Past:
    """A request, who hears of it, and what was answered; of a `state` that alone."""

    tab: Tab
    answer: Message | None = None


class Remembered:
    """The last requests that changed something, by their `id`."""

    def __init__(self) -> None:
        self._past: OrderedDict[int, Past] = OrderedDict()

    def again(self, tab: Tab, request: Message) -> Past | None:
        """A request that came before, and its answer; one that comes first is remembered, and None."""
        number = request.get("id")
        if number is None or request["do"] in UNREMEMBERED or request.get("phase", "drop") != "drop":
            return None
        if number in self._past:
            self._past[number].tab = tab
            return self._past[number]
        self._past[number] = Past(tab)
        while len(self._past) > REMEMBERED:
            self._past.popitem(last=False)
        return None

    def answered(self, tab: Tab, number: int | None, answer: Message) -> Tab:
        """Keep an answer; who is to hear it."""
        if number is None or (past := self._past.get(number)) is None:
            return tab
        past.answer = {"is": "state"} if answer["is"] == "state" else answer
        return past.tab
