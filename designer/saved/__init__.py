"""Reading a design folder back: every file that is opened is checked, and used whole or refused with a sentence."""

from designer.saved.read import read

__all__ = ["read"]
