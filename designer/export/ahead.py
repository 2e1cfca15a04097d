"""What a problem's targets cannot hold whatever the filters turn out to be, said before an hour of designing.

Rate, taps, sections, channels and drivers are known from the problem. A stand-in with these, a quiet impulse for each
filter, is written in memory for each target, so that a limit stands in one place: the target's own file.
"""

from __future__ import annotations

import numpy as np

from designer.arrays import Real
from designer.export.filter_set import FilterSet, filters_of
from designer.export.write import write_target
from designer.problem.schema import Problem
from designer.realization.cascade import Cascade
from designer.stereo.chain import CENTRE
from designer.stereo.virtualisation import VIRTUAL

MAX_VALUES = 200_000
"""A stand-in of more taps than this is not written twice; its limits are then found after the design."""


def check_targets(problem: Problem) -> None:
    """Refuse the targets of a problem that cannot hold its filters, as far as the problem tells.

    Raises
    ------
    UsageError : naming the target, what was found, and the limit

    """
    if not problem.export.targets:
        return
    stand_in = _stand_in(problem)
    if sum(one.taps.size for one in stand_in.filters) <= MAX_VALUES:
        for name in problem.export.targets:
            write_target(stand_in, name)


def _stand_in(problem: Problem) -> FilterSet:
    table = problem.realization
    impulse = np.zeros((len(problem.driver_names), table.taps))
    impulse[:, 0] = 0.25
    channels: dict[str, Real] = {}
    sections: dict[str, dict[str, Cascade]] = {}
    b, a = np.tile([0.25, 0.0, 0.0], (table.sections, 1)), np.zeros((table.sections, 2))
    for design in problem.designs:
        own = problem.driver_names if design.drivers is None else design.drivers
        used = np.isin(problem.driver_names, own)
        name = design.name if problem.virtualizer is None else VIRTUAL.get(design.name, design.name)
        channels[name] = impulse * used[:, None]
        if table.form == "biquad":
            sections[name] = {driver: Cascade(b, a) for driver in own}
    own_shifts = (
        {(channel, driver): 0 for channel in channels for driver in problem.driver_names}
        if table.word and table.word_scale == "driver"
        else {}
    )
    return FilterSet(
        title=problem.title,
        sample_rate_hz=problem.sample_rate_hz,
        channels=tuple(channels),
        drivers=problem.driver_names,
        filters=filters_of(channels, problem.driver_names, sections),
        form=table.form,
        bulk_delay_samples=0,
        word=table.fixed_point,
        own_shifts=own_shifts,
        fed_by_upmix=problem.virtualizer is not None and problem.virtualizer.upmix and CENTRE in channels,
        part=problem.export.sigmadsp_part or "",
        model=problem.export.minidsp_model or "",
        prefix=problem.export.prefix or "",
        shifts=dict.fromkeys(channels, 0) if table.word and not own_shifts and table.form != "biquad" else {},
    )
