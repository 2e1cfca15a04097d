"""From weights to what a firmware runs: FIR taps, judged later as they are."""

from designer.realization.fir import realize, response

__all__ = ["realize", "response"]
