"""Requests of tabs, checked against the protocol, and those that were done already."""

from __future__ import annotations

import json
from collections import OrderedDict
from dataclasses import dataclass
from functools import cache
from typing import Any

from designer.errors import UsageError
from designer.studio.tab import Tab

REMEMBERED = 256
"""How many requests a tab may have sent and not heard of when it comes back."""
SHOWN_FAULTS = 3
UNREMEMBERED = ("hello", "show")
Message = dict[str, Any]


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
