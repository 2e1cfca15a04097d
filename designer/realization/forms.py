"""The forms that filters take, by their names in the problem file, and their words."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from designer.acoustics.scene import Scene
from designer.designs.channel import ChannelDesign
from designer.problem.schema import Realization
from designer.realization.biquad import realize_biquad
from designer.realization.fir import realize_fir
from designer.realization.kept_words import rounded_taps
from designer.realization.realized import Realized, TapsFit
from designer.realization.rtf import realize_rtf

FORMS: dict[str, Callable[[Sequence[ChannelDesign], Scene, Realization], Realized]] = {
    "fir": realize_fir,
    "rtf": realize_rtf,
    "biquad": realize_biquad,
}
MAX_KEPT = 8_000_000
"""Complex numbers of the fits that are kept for `variants.py`: 128 MB."""


def realize_form(channels: Sequence[ChannelDesign], scene: Scene, table: Realization) -> Realized:
    """The filters of all channels, as the problem file's [realization] says.

    Raises
    ------
    ProblemError : a reference that the problem names is silent in the band, or a bulk delay is too short for sections

    """
    made = FORMS[table.form](channels, scene, table)
    word = table.fixed_point
    if word is not None and not made.sections:
        made = rounded_taps(made, word, channels, scene, by_driver=table.word_scale == "driver")
    kept = sum(fit.symbol.size for fit in made.fits if isinstance(fit, TapsFit)) <= MAX_KEPT
    return made if kept else replace(made, fits=())
