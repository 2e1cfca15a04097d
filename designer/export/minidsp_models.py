"""miniDSP processors: rates, inputs, outputs, and what the blocks of an output hold.

After the makers' manuals and plug-ins: an output has one FIR block and ten parametric equalisers, each a section in advanced
mode. In every model the matrix mixer lies ahead of the outputs' blocks, and nothing sums behind them: an output plays one
filter of a mixture of inputs.
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass

from designer.errors import UsageError

MIN_TAPS = 6


@dataclass(frozen=True)
class Model:
    """One processor.

    Attributes
    ----------
    name : as `--model` takes it
    rate_hz : that its processor runs at
    inputs, outputs : channels of the matrix mixer
    taps : of one output's FIR block; 0 without
    all_taps : of all outputs together
    sections : of one output

    """

    name: str
    rate_hz: int
    inputs: int
    outputs: int
    taps: int
    all_taps: int
    sections: int = 10


MODELS = {
    model.name: model
    for model in (
        Model("2x4-hd", 96000, 2, 4, 2048, 4096),
        Model("flex", 96000, 2, 4, 2048, 4096),
        Model("nanosharc", 96000, 2, 4, 2048, 3400),
        Model("minisharc-4x8", 96000, 4, 8, 2048, 9600),
        Model("opendrc", 48000, 2, 2, 6144, 12288),
        Model("ddrc-88bm", 48000, 8, 8, 0, 0),
    )
}


def check_model(name: str) -> None:
    """Refuse a model that is not known.

    Raises
    ------
    UsageError : naming those that are

    """
    if name and name not in MODELS:
        near = difflib.get_close_matches(name.lower(), MODELS, n=1, cutoff=0.5)
        remedy = f"; nearest: {near[0]}" if near else ""
        raise UsageError(f"--model: found {name!r}; allowed: {', '.join(MODELS)}{remedy}")
