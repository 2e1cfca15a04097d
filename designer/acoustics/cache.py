"""The explicit cache of a family of scenes: models and tensors by what they depend on, in memory, and tensors on disk between runs."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any, TypeVar

from numpy.typing import NDArray

from designer.acoustics.array_store import ArrayStore, cache_folder
from designer.acoustics.content import code_version, digest

T = TypeVar("T")
Array = TypeVar("Array", bound=NDArray[Any])

MAX_CACHE_BYTES = 128e6
"""Tensors that a cache keeps in memory: those not asked for longest leave first, the newest stays."""
NOT_STORED = ArrayStore(None)
ROOMS = ("acoustics", "evaluation", "problem")
"""Whose code tensors, and the responses of rooms, depend on."""


FROM_FILES = ("heads", "whole")
"""Models that are read from files, whatever the device."""


class Cache:
    """Values that a family of scenes has computed, by their dependencies.

    Parameters
    ----------
    stored : bool, keep tensors on disk too: not those of layouts that pass under a hand

    """

    def __init__(self, *, stored: bool = True) -> None:
        self._models: dict[Hashable, object] = {}
        self._tensors: dict[Hashable, NDArray[Any]] = {}  # the one asked for last is the last
        self._store = ArrayStore(cache_folder()) if stored else NOT_STORED

    def heir(self, *, same_device: bool = False) -> Cache:
        """A cache for another layout, not on disk: without tensors, with the heads and whole devices that were read; where only the
        listener is another, with the device's models and measurements too.
        """
        heir = Cache(stored=False)
        heir._models = {
            key: model
            for key, model in self._models.items()
            if same_device or (isinstance(key, tuple) and key[0] in FROM_FILES)
        }
        return heir

    def model(self, key: Hashable, make: Callable[[], T]) -> T:
        """A device, its measurements or its heads: kept for good."""
        if key not in self._models:
            self._models[key] = make()
        return self._models[key]  # type: ignore[return-value] # a key says what is made

    def identity(self, thing: object) -> int:
        """A key for what is made of this very object, which stays alive so that no other has it."""
        self._models[id(thing)] = thing
        return id(thing)

    def content(self, thing: object) -> str:
        """A key for what cannot be hashed: the digest of its content, computed once."""
        return self.model(("content", self.identity(thing)), lambda: digest(thing))

    def tensor(self, key: Hashable, make: Callable[[], Array], *, stored: bool = True) -> Array:
        """A read-only tensor, kept while there is room, and on disk if it is to be, by a key that says in any process what it is."""
        array: Any = self._tensors.pop(key, None)
        if array is None:
            store = self._store if stored else NOT_STORED
            array = store.array(lambda: digest(code_version(*ROOMS), key), make)
            room = MAX_CACHE_BYTES - array.nbytes - sum(stored.nbytes for stored in self._tensors.values())
            while room < 0 and self._tensors:
                room += self._tensors.pop(next(iter(self._tensors))).nbytes
        self._tensors[key] = array
        return array  # type: ignore[no-any-return] # a key says what is made
