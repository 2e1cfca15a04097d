"""Reference of what `import designer` offers, from its docstrings."""

from __future__ import annotations

import inspect
from functools import cached_property

import designer

GROUPS = {
    "Problems": ("load", "loads", "Problem", "check", "reach"),
    "Designs": ("design", "open", "Design", "evaluate", "study", "figures"),
    "Many designs": ("compare", "sweep", "place", "benchmark"),
    "Acoustics": ("scene", "Scene", "convert"),
    "On a device": ("export", "proof", "render"),
}
"""Heading -> names, in reading order."""


def grouped() -> dict[str, list[str]]:
    """Heading -> names; one that no group has stands under "Others"."""
    groups = {heading: list(names) for heading, names in GROUPS.items()}
    placed = {name for names in groups.values() for name in names}
    others = [name for name in designer.__all__ if name not in placed]
    return groups | ({"Others": others} if others else {})


def _entry(name: str) -> str:
    value = getattr(designer, name)
    if not inspect.isclass(value):
        return f"```{{eval-rst}}\n.. autofunction:: designer.{name}\n```\n"
    members = ", ".join(_members(value))
    return f"```{{eval-rst}}\n.. autoclass:: designer.{name}\n   :members: {members}\n```\n"


def _members(kind: type) -> list[str]:
    """Public methods and properties that have a docstring, of the class and what it inherits within the package."""
    names = []
    for name in dir(kind):
        home = next((base for base in kind.__mro__ if name in vars(base)), None)
        if home is None or name.startswith(("_", "model_")) or not home.__module__.startswith("designer"):
            continue
        member = vars(home)[name]
        if isinstance(member, property | cached_property | classmethod) or inspect.isfunction(member):
            names.append(name)
    return names


def page() -> str:
    """The page of the Python interface."""
    parts = [
        "# Python\n",
        "What `import designer` offers; a name is imported when it is first used. Errors are those of [the exit codes](exit-codes.md).\n",
    ]
    for heading, names in grouped().items():
        parts.append(f"## {heading}\n")
        for name in names:
            parts += [f"(api-{'class-' * name[0].isupper()}{name.lower()})=\n### `{name}`\n", _entry(name)]
    return "\n".join(parts)


def pages() -> dict[str, str]:
    """Path below `reference/made` -> Markdown."""
    return {"python.md": page()}
