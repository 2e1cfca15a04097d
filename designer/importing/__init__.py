"""Coefficients that a device has, read back onto a problem: judged as a design's are, and not designed."""

from designer.importing.design import import_coefficients
from designer.importing.read import read_coefficients

__all__ = ["import_coefficients", "read_coefficients"]
