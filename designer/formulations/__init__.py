"""One convex formulation a file: the mathematics, its closed form or its cones, its cvxpy statement, its certificate.

A method of a design is found by its module's `METHOD`, which declares what `designer.problem.methods` and the choice of solver need to
know. The formulation of the stereo chain's virtual sources, `interaural_matching`, is no method of a design.
"""

from __future__ import annotations

import importlib
import pkgutil

from designer.problem.methods import Formulation
from designer.solvers.solution import Certificate, Solution


def _formulations() -> dict[str, Formulation]:
    modules = (importlib.import_module(f"{__name__}.{module.name}") for module in pkgutil.iter_modules(__path__))
    methods: list[Formulation] = [module.METHOD for module in modules if hasattr(module, "METHOD")]
    return {method.name: method for method in sorted(methods, key=lambda method: method.name)}


FORMULATIONS = _formulations()
"""The problem file's `method` to what solves it."""

__all__ = ["FORMULATIONS", "Certificate", "Formulation", "Solution"]
