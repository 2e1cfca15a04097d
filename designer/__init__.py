"""Loudspeaker geometry to firmware filters: crosstalk cancellation, null-steering and beamforming.

    problem = designer.load("problems/smart-speaker.toml")
    design = designer.design(problem)
    design.save("out/smart-speaker")

What a name needs is imported when it is first used.
"""

from __future__ import annotations

import sys

TYPE_CHECKING = False  # what `typing` has, which takes longer to import than all of this
if TYPE_CHECKING:
    from typing import Any

    from designer.acoustics.scene import Scene
    from designer.acoustics.scene_of_problem import scene
    from designer.commands.bank import bank
    from designer.commands.check import check
    from designer.commands.convert import convert
    from designer.commands.export import export
    from designer.commands.figures import figures
    from designer.commands.proof import proof
    from designer.commands.reach import reach
    from designer.commands.render import render
    from designer.job import Design, design, evaluate, study
    from designer.job import open_folder as open  # noqa: A004, one reads `designer.open(folder)`
    from designer.problem import Problem, load, loads
    from designer.search.benchmark_run import benchmark
    from designer.search.compare import compare
    from designer.search.place import place
    from designer.search.sweep import sweep

__version__ = "0.2.0"

_HOMES = {
    "Design": ("designer.job", "Design"),
    "Problem": ("designer.problem", "Problem"),
    "Scene": ("designer.acoustics.scene", "Scene"),
    "bank": ("designer.commands.bank", "bank"),
    "benchmark": ("designer.search.benchmark_run", "benchmark"),
    "check": ("designer.commands.check", "check"),
    "compare": ("designer.search.compare", "compare"),
    "convert": ("designer.commands.convert", "convert"),
    "design": ("designer.job", "design"),
    "evaluate": ("designer.job", "evaluate"),
    "export": ("designer.commands.export", "export"),
    "figures": ("designer.commands.figures", "figures"),
    "load": ("designer.problem", "load"),
    "loads": ("designer.problem", "loads"),
    "open": ("designer.job", "open_folder"),
    "place": ("designer.search.place", "place"),
    "proof": ("designer.commands.proof", "proof"),
    "reach": ("designer.commands.reach", "reach"),
    "render": ("designer.commands.render", "render"),
    "scene": ("designer.acoustics.scene_of_problem", "scene"),
    "study": ("designer.job", "study"),
    "sweep": ("designer.search.sweep", "sweep"),
}

__all__ = [
    "Design",
    "Problem",
    "Scene",
    "bank",
    "benchmark",
    "check",
    "compare",
    "convert",
    "design",
    "evaluate",
    "export",
    "figures",
    "load",
    "loads",
    "open",
    "place",
    "proof",
    "reach",
    "render",
    "scene",
    "study",
    "sweep",
]


class _Offer(type(sys)):  # type: ignore[misc] # the type of a module, without an import of `types`
    """Module of public names, each imported at its first use; a package (`designer/export`) does not replace the function of its name."""

    def __getattr__(self, name: str) -> Any:
        """The public name, from the package that defines it."""
        if name not in _HOMES:
            raise AttributeError(f"module 'designer' has no attribute {name!r}")
        from importlib import import_module  # late: until the command's first line runs, a signal prints a traceback

        module, attribute = _HOMES[name]
        value = getattr(import_module(module), attribute)
        globals()[name] = value
        return value

    def __setattr__(self, name: str, value: object) -> None:
        """Set anything but a package that an import would put in a public name's place."""
        if name not in _HOMES or not isinstance(value, type(sys)):
            super().__setattr__(name, value)

    def __dir__(self) -> list[str]:
        """The public names."""
        return __all__


sys.modules[__name__].__class__ = _Offer
