"""The suite says the same of the same code: random problems are drawn alike each time. `--hypothesis-profile=explore` draws anew."""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("suite", derandomize=True)
settings.register_profile("explore", derandomize=False)
settings.load_profile("suite")
