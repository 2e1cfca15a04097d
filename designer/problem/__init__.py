"""The problem file: its schema, loading, messages, and the library of problems."""

from designer.problem.load import load, loads
from designer.problem.schema import Problem

__all__ = ["Problem", "load", "loads"]
