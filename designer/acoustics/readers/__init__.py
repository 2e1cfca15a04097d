"""Readers of measured drivers: one format a file, `read_response` for all of them."""

from designer.acoustics.readers.read import read_response

__all__ = ["read_response"]
