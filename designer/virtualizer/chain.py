"""The stereo chain of a design: what a renderer or a firmware runs, and what reaches the listener's ears.

left, right ──> [upmix] ──> delay ──> virtual-left, virtual-right ──┐
                   └──> centre ──> delay ──> centre ────────────────┴──> driver feeds
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from designer.arrays import Real
from designer.errors import UsageError
from designer.result import Result
from designer.virtualizer.alignment import waiting_samples
from designer.virtualizer.loudspeaker_pair import crosstalk_of
from designer.virtualizer.virtualisation import VIRTUAL, centre_of_cloud

CENTRE = "centre"
EAR_TAPS = 1024
"""Of the impulse responses to the ears that the alignment looks at."""
PRE_RESPONSE = 1 / 8
"""Share of the impulse responses to the ears that lies before the first arrival."""
OVERSIZE = 4
"""Length of the Fourier grid over that of the impulse responses, against what wraps around."""
TAPER = 0.85
"""From this share of Nyquist on the responses to the ears fall to 0, so that they end within their length."""


@dataclass(frozen=True)
class StereoChain:
    """The filters that stereo runs through, and the delays ahead of them.

    Attributes
    ----------
    drivers : names (L,)
    taps : channel -> (L, T): "virtual-left" and "virtual-right" (without [virtualizer] "left" and "right"), and "centre" where
        there is a design of that name; T may differ between them
    delay_samples : channel -> whole samples ahead of its filters: the alignment of sides and centre
    upmix : whether left, right and centre are made from stereo by the upmix
    crosstalk : "near", "far" -> (T,) impulse responses of the crosstalk model alone, for headphones; {} without one
    gain : a factor on every feed

    """

    sample_rate_hz: float
    drivers: tuple[str, ...]
    taps: dict[str, Real]
    delay_samples: dict[str, int]
    upmix: bool
    crosstalk: dict[str, Real]
    gain: float = 1.0

    @property
    def sides(self) -> tuple[str, str]:
        """The channels that the left and the right input feed."""
        left, right = (name for name in self.taps if name != CENTRE)
        return left, right

    @property
    def mono(self) -> dict[str, float]:
        """What each channel gets of an input that is 1 on the left and on the right: with the upmix the centre alone."""
        if self.upmix:
            return {name: float(name == CENTRE) for name in self.taps}
        return {name: float(name != CENTRE) for name in self.taps}


def has_chain(design: Result) -> bool:
    """Whether the design has the channels that stereo is played through; coefficients from elsewhere may lack the virtual ones."""
    return all(name in design.taps for name in _wanted(design))


def _wanted(design: Result) -> tuple[str, ...]:
    return tuple(VIRTUAL) if design.problem.virtualizer is None else tuple(VIRTUAL.values())


def chain_of(design: Result) -> StereoChain:
    """The stereo chain of a design; without a [virtualizer], which would say so, the upmix feeds a centre where there is one.

    Raises
    ------
    UsageError : the design has no channels left and right
    DataError : the measured head's file cannot be used

    """
    table = design.problem.virtualizer
    wanted = _wanted(design)
    if not has_chain(design):
        remedy = "name two ear designs left and right" if table is None else "design the problem anew"
        raise UsageError(
            f"{design.problem.source}: found the channels {', '.join(design.taps)}; allowed: {' and '.join(wanted)}, which"
            f" stereo is played through; {remedy}"
        )
    names = (*wanted, *((CENTRE,) if CENTRE in design.taps else ()))
    taps = {name: design.taps[name] for name in names}
    delays = dict.fromkeys(names, 0)
    rate = design.problem.sample_rate_hz
    if CENTRE in taps:
        band_hz = design.channels[CENTRE].table.band_hz
        ears = ear_responses(design, EAR_TAPS)
        sides, centre = waiting_samples(
            ears, (taps[wanted[0]], taps[wanted[1]]), taps[CENTRE], (band_hz[0], band_hz[1]), rate
        )
        delays = {name: centre if name == CENTRE else sides for name in names}
    model = crosstalk_of(design.problem)
    crosstalk = {} if model is None else dict(zip(("near", "far"), model.taps(), strict=True))
    upmix = (table is None or table.upmix) and CENTRE in taps
    return StereoChain(rate, design.drivers, taps, delays, upmix, crosstalk)


def ear_delay_samples(design: Result, n: int) -> int:
    """How much sooner than in the scene the responses of `ear_responses` are: added to their bulk delay it is the real delay.

    The nearest driver's sound, travelling straight to the head's centre, would arrive n / 8 samples into them.
    """
    problem = design.problem
    centre_m = centre_of_cloud(design.fine_scene).displacements_m[0] + np.array(problem.listener.position_m)
    places_m = np.array([driver.position_m for driver in problem.drivers])
    travel = float(np.linalg.norm(places_m - centre_m, axis=1).min()) / problem.speed_of_sound_m_s
    return round(travel * problem.sample_rate_hz) - int(PRE_RESPONSE * n)


def ear_responses(design: Result, n: int) -> Real:
    """Impulse responses (2, L, n) from the drivers' feeds to the listener's left and right ear.

    The first head of the problem, at the centre of the ear cloud, without the filters. `ear_delay_samples` of the way
    through the air are left out, so that the nearest driver arrives n / 8 samples into them. From 0.85 of Nyquist on they fall
    to 0, and their ends are faded over n / 8 samples.

    Raises
    ------
    DataError : a head's or a driver's file cannot be used

    """
    rate = design.problem.sample_rate_hz
    size = OVERSIZE * n
    f = np.fft.rfftfreq(size, 1 / rate)
    H = centre_of_cloud(design.fine_scene).at(f).ears()[:, :2]
    fall = np.clip((f / (rate / 2) - TAPER) / (1 - TAPER), 0.0, 1.0)
    ahead = np.exp(2j * np.pi * f / rate * ear_delay_samples(design, n)) * (0.5 + 0.5 * np.cos(np.pi * fall))
    responses = np.fft.irfft(H * ahead[:, None, None], size, axis=0)[:n]
    fade = max(int(PRE_RESPONSE * n), 1)
    edge = np.ones(n)
    edge[n - fade :] = 0.5 + 0.5 * np.cos(np.pi * (np.arange(fade) + 1) / (fade + 1))
    return np.ascontiguousarray((responses * edge[:, None, None]).transpose(1, 2, 0))
