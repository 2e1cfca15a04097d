"""The forms that filters take, by their names in the problem file."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from designer.acoustics.scene import Scene
from designer.designs.channel import ChannelDesign
from designer.problem.schema import Realization
from designer.realization.fir import realize_fir
from designer.realization.realized import Realized
from designer.realization.rtf import realize_rtf

FORMS: dict[str, Callable[[Sequence[ChannelDesign], Scene, Realization], Realized]] = {
    "fir": realize_fir,
    "rtf": realize_rtf,
}


def realize_form(channels: Sequence[ChannelDesign], scene: Scene, table: Realization) -> Realized:
    """The filters of all channels, as the problem file's [realization] says.

    Raises
    ------
    ProblemError : a reference that the problem names is silent in the band

    """
    return FORMS[table.form](channels, scene, table)
