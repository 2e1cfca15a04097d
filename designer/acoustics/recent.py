"""Last results of costly functions, which a process keeps in memory if it opts in.

A studio judges one layout after the other: if one of eight drivers moves, seven keep their fields. A command computes each field once,
and keeps none.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from functools import wraps
from threading import Lock
from typing import Any, ParamSpec, TypeVar

from numpy.typing import NDArray

from designer.acoustics.content import digest

P = ParamSpec("P")
Array = TypeVar("Array", bound=NDArray[Any])


class Recent:
    """Last arrays, up to a number of bytes.

    Attributes
    ----------
    most_bytes : float, 0 for none

    """

    def __init__(self) -> None:
        self.most_bytes = 0.0
        self._arrays: OrderedDict[str, NDArray[Any]] = OrderedDict()
        self._bytes = 0
        self._lock = Lock()

    def read(self, key: str) -> NDArray[Any] | None:
        """The array of a key, which becomes the last to be removed."""
        with self._lock:
            if key in self._arrays:
                self._arrays.move_to_end(key)
            return self._arrays.get(key)

    def write(self, key: str, array: NDArray[Any]) -> None:
        """Keep an array, and remove the least recently used ones."""
        with self._lock:
            if key in self._arrays or array.nbytes > self.most_bytes:
                return
            self._arrays[key] = array
            self._bytes += array.nbytes
            while self._bytes > self.most_bytes:
                self._bytes -= self._arrays.popitem(last=False)[1].nbytes


RECENT = Recent()


def remembered_values(function: Callable[P, Array]) -> Callable[P, Array]:
    """Decorate a function of numbers and arrays: its last values are kept, read-only, where `RECENT` has room."""

    @wraps(function)
    def values(*args: P.args, **kwargs: P.kwargs) -> Array:
        if not RECENT.most_bytes:
            return function(*args, **kwargs)
        key = digest(function.__qualname__, args, kwargs)
        array: Any = RECENT.read(key)
        if array is None:
            array = function(*args, **kwargs)
            array.flags.writeable = False
            RECENT.write(key, array)
        return array  # type: ignore[no-any-return] # a key says what it is

    return values
