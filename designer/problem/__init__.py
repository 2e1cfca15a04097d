"""The problem file: its schema, loading, messages, and the library of problems."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from designer.problem.read import load, loads
    from designer.problem.schema import Problem

__all__ = ["Problem", "load", "loads"]


def __getattr__(name: str) -> Any:
    """The public name when it is first used: the schema needs the formulations, and these need modules of this room."""
    if name not in __all__:
        raise AttributeError(f"module 'designer.problem' has no attribute {name!r}")
    return getattr(import_module(f"designer.problem.{'schema' if name == 'Problem' else 'read'}"), name)
