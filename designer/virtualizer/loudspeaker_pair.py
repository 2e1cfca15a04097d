"""A real loudspeaker far away, as a head's two ears hear it: the model that is measured, and what the listener is to get."""

from __future__ import annotations

import numpy as np

from designer.acoustics.heads import Head, heads_of
from designer.acoustics.measured.head import MeasuredHead
from designer.arrays import Complex, Real
from designer.problem import geometry
from designer.problem.schema import Problem
from designer.virtualizer.crosstalk_fit import fit_crosstalk, fit_frequencies_hz, sphere_crosstalk
from designer.virtualizer.crosstalk_model import CrosstalkModel

FAR_M = 1000.0
"""Where waves are plane: a head's near field changes its ratios by 10^-4 there."""


def far_ears(head: Head, frequency_hz: Real, angle_deg: float, speed_of_sound_m_s: float) -> Complex:
    """Pressure at the left and the right ear (F, 2) from a loudspeaker at `angle_deg` to the listener's left.

    Relative to the free field at the head's centre; a negative angle is to the right.
    """
    k = 2 * np.pi * frequency_hz / speed_of_sound_m_s
    angle = np.radians(angle_deg)
    towards = np.array([[[np.cos(angle), np.sin(angle), 0.0]]])
    free = np.exp(-1j * k * FAR_M)[:, None] / FAR_M
    return np.asarray(head.pressure(k, np.array([FAR_M]), towards)[:, 0, :, 0] / free)


def crosstalk_of(problem: Problem) -> CrosstalkModel | None:
    """The crosstalk model that the problem asks for; None without [virtualizer].

    Raises
    ------
    DataError : the measured head's file cannot be used

    """
    table = problem.virtualizer
    if table is None:
        return None
    rate, speed = problem.sample_rate_hz, problem.speed_of_sound_m_s
    if table.crosstalk_model == "sphere":
        radius_m = geometry.head_radius_m(problem.heads[0], problem.listener.head_radius_m)
        return sphere_crosstalk(table.angle_deg, head_radius_m=radius_m, sample_rate_hz=rate, speed_of_sound_m_s=speed)
    head = next(head for head in heads_of(problem) if isinstance(head, MeasuredHead))
    return measured_crosstalk(head, table.angle_deg, sample_rate_hz=rate, speed_of_sound_m_s=speed)


def measured_crosstalk(
    head: Head, angle_deg: float, *, sample_rate_hz: float, speed_of_sound_m_s: float
) -> CrosstalkModel:
    """The model fitted to a head: of its two sides the mean level difference in dB, and the mean phase."""
    f = fit_frequencies_hz(sample_rate_hz)
    from_left = far_ears(head, f, angle_deg, speed_of_sound_m_s)
    from_right = far_ears(head, f, -angle_deg, speed_of_sound_m_s)[:, ::-1]
    logs = [
        np.log(np.abs(ears[:, 1] / ears[:, 0])) + 1j * np.unwrap(np.angle(ears[:, 1] / ears[:, 0]))
        for ears in (from_left, from_right)
    ]
    far = np.exp((logs[0] + logs[1]) / 2)
    return fit_crosstalk(
        angle_deg, np.ones_like(far), far, sample_rate_hz=sample_rate_hz, speed_of_sound_m_s=speed_of_sound_m_s
    )
