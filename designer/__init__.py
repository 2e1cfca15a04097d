"""Loudspeaker geometry to firmware filters: crosstalk cancellation, null-steering and beamforming.

    problem = designer.load("problems/smart-speaker.toml")
    design = designer.design(problem)
    design.save("out/smart-speaker")

What a name needs is imported when it is first used.
"""

from __future__ import annotations

from importlib import import_module

TYPE_CHECKING = False  # what `typing` has, which takes longer to import than all of this
if TYPE_CHECKING:
    from typing import Any

    from designer.acoustics import Scene, scene
    from designer.job import Design, design, evaluate
    from designer.job import open_folder as open  # noqa: A004, one reads `designer.open(folder)`
    from designer.problem import Problem, load, loads

__version__ = "0.1.0"

_HOMES = {
    "Design": ("designer.job", "Design"),
    "Problem": ("designer.problem", "Problem"),
    "Scene": ("designer.acoustics", "Scene"),
    "design": ("designer.job", "design"),
    "evaluate": ("designer.job", "evaluate"),
    "load": ("designer.problem", "load"),
    "loads": ("designer.problem", "loads"),
    "open": ("designer.job", "open_folder"),
    "scene": ("designer.acoustics", "scene"),
}

__all__ = ["Design", "Problem", "Scene", "design", "evaluate", "load", "loads", "open", "scene"]


def __getattr__(name: str) -> Any:
    """The public name, from the room that it lives in."""
    if name not in _HOMES:
        raise AttributeError(f"module 'designer' has no attribute {name!r}")
    module, attribute = _HOMES[name]
    value = getattr(import_module(module), attribute)
    globals()[name] = value
    return value
