"""Facts that a problem remembers beside its tables: the text that it was read from, where it lies, and what was changed since."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, cast

from pydantic import PrivateAttr

from designer.arguments import checked_arguments
from designer.problem.table import Table

if TYPE_CHECKING:
    from designer.problem.schema import Problem


OF_TEXT = "problem"
"""Source of a problem that was read from a text, which no file is said to hold."""


class Sourced(Table):
    """A file as a whole, with its text."""

    _text: str = PrivateAttr(default="")
    _changes: dict[str, Any] = PrivateAttr(default_factory=dict)
    _is_of_text: bool = PrivateAttr(default=False)
    _folder: Path = PrivateAttr(default=Path())
    _source: str = PrivateAttr(default=OF_TEXT)
    _files: dict[str, str] = PrivateAttr(default_factory=dict)
    _read_in: Path = PrivateAttr(default_factory=Path.cwd)

    def model_post_init(self, context: Any, /) -> None:
        """Remember where the problem came from, if the loader said so."""
        if context:
            self._text, self._folder, self._source = context["text"], context["folder"], context["source"]
            self._files, self._changes, self._is_of_text = context["files"], context["changes"], True

    @checked_arguments()
    def replace(self, key: str | Mapping[str, Any], value: Any = None) -> Self:
        """The problem with another value of a key, or of several: checked as a file is, with a text of its own.

        The text keeps its comments and its order. A folder that a design of it is saved into names the file that it was read from
        and these changes (`designer design FILE --set KEY=VALUE`).

        Parameters
        ----------
        key : str or mapping of str to object, as `designer sweep --vary` takes it: steps with dots between, a table of a list by its
            name or its place, `*` for all of them ("designs.left.max_effort_db", "drivers[2].position_m[1]"); or key -> value
        value : object, as TOML would read it, or a table of a problem; arrays and tuples are lists, and None leaves the key out

        Raises
        ------
        UsageError : a key that names nothing, with the nearest that there is
        ProblemError : with every fault of the values, as the loader says it

        Examples
        --------
        >>> import designer
        >>> problem = designer.load("problems/laptop-pair.toml")
        >>> shorter = problem.replace({"realization.taps": 128, "designs.left.max_effort_db": 12})
        >>> shorter.realization.taps, shorter.designs[0].max_effort_db, problem.realization.taps
        (128, 12.0, 512)
        >>> problem.replace("realization.taps", 1)
        Traceback (most recent call last):
        ...
        designer.errors.ProblemError: problems/laptop-pair.toml: 1 fault
          realization.taps: got 1; expected a whole number from 8 to 65536

        """
        from designer.problem.replacing import replaced

        return cast(Self, replaced(cast("Problem", self), key if isinstance(key, Mapping) else {key: value}))

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Self:
        """A copy; one with other values has a text of its own, which is read, and checked, when it is asked for."""
        copy = super().model_copy(update=update, deep=deep)
        copy._is_of_text = self._is_of_text and not update
        return copy

    @property
    def text(self) -> str:
        """The TOML of this problem: as it was read, or, of one that was changed since, what says the same.

        Raises
        ------
        ProblemError : `model_copy` was given values that no file may hold

        """
        return str(self.context["text"])

    @property
    def changes(self) -> dict[str, Any]:
        """Changes since the file, `source`, was read: key, as `replace` takes it -> value, None where it was left out."""
        return dict(self.context["changes"])

    @property
    def context(self) -> dict[str, Any]:
        """Facts that the loader takes beside the tables."""
        if not self._is_of_text:
            from designer.problem.replacing import settled

            return settled(cast("Problem", self)).context
        return {
            "text": self._text,
            "folder": self.folder,
            "source": self._source,
            "files": self._files,
            "changes": self._changes,
        }

    @property
    def folder(self) -> Path:
        """The folder that relative paths of the file start from; itself relative while the program works where it read the file."""
        return self._folder if Path.cwd() == self._read_in else self._read_in / self._folder

    @property
    def source(self) -> str:
        """The file's path as it was given, for messages."""
        return self._source

    @property
    def files(self) -> dict[str, str]:
        """Where data files lie that have moved: the name in the text -> a path from `folder`."""
        return dict(self._files)

    def data_path(self, name: str) -> Path:
        """Where a data file that the problem names lies."""
        return self.folder / self._files.get(name, name)
