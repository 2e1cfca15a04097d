"""The stereo chain of a design: what a renderer or a firmware runs, and what reaches the listener's ears.

left, right ──> [upmix] ──> delay ──> virtual-left, virtual-right ──┐
                   └──> centre ──> delay ──> centre ────────────────┴──> driver feeds

**Alignment.** The faster path of sides and centre waits, by the filters' own group delay. That of a response P, weighted by its
power over a band, is when the energy of a pulse in that band arrives. With p[n] ↔ P and n p[n] ↔ j dP/dΩ, Ω in radians a sample,

    τ = Σ |P|² τ_g / Σ |P|²,     |P|² τ_g = Re(conj(P) · DFT(n p)),

no unwrapping, and no division where P vanishes. P is what the two ears get: the sides' mean over both inputs and both ears,
the centre's over both ears. The mean of the two ears stands for the head's centre, so that the three channels
arrive together as from three loudspeakers at equal distances.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from designer.acoustics.scene import Scene
from designer.acoustics.several_listeners import heard_by_stereo
from designer.arrays import Real
from designer.errors import UsageError
from designer.measures import FLOOR
from designer.problem.messages import listed
from designer.result import Result
from designer.stereo.crosstalk import crosstalk_of
from designer.stereo.matched import VIRTUAL
from designer.stereo.virtualisation import centre_of_cloud

CENTRE = "centre"
EAR_TAPS = 1024  # of the impulse responses to the ears that the alignment looks at
DENSITY = 4  # length of the alignment's Fourier grid over that of the signals
PRE_RESPONSE = 1 / 8  # share of the impulse responses to the ears that lies before the first arrival
OVERSIZE = 4  # length of the Fourier grid over that of the impulse responses, against what wraps around
TAPER = 0.85  # from this share of Nyquist on the responses to the ears fall to 0, so that they end within their length


@dataclass(frozen=True)
class StereoChain:
    """The filters that stereo runs through, and the delays ahead of them.

    The channels are "virtual-left" and "virtual-right" (without [virtualizer] "left" and "right"), and "centre" where there is a
    design of that name.
    """

    sample_rate_hz: float
    drivers: tuple[str, ...]
    taps: dict[str, Real]  # channel -> (L, T); T may differ between them
    delay_samples: dict[str, int]  # channel -> whole samples ahead of its filters
    upmix: bool  # whether left, right and centre are made from stereo
    crosstalk: dict[str, Real]  # "near", "far" -> (T,) of the crosstalk model alone, for headphones; {} without one
    gain: float = 1.0  # a factor on every feed

    @property
    def sides(self) -> tuple[str, str]:
        """The channels that the left and the right input feed."""
        left, right = (name for name in self.taps if name != CENTRE)
        return left, right


def has_chain(design: Result) -> bool:
    """Whether the design has the channels that stereo is played through; coefficients from elsewhere may lack the virtual ones."""
    return all(name in design.taps for name in _side_channels(design))


def _side_channels(design: Result) -> tuple[str, ...]:
    return tuple(VIRTUAL) if design.problem.virtualizer is None else tuple(VIRTUAL.values())


def chain_of(design: Result) -> StereoChain:
    """The stereo chain of a design; without a [virtualizer], which would say so, the upmix feeds a centre where there is one.

    A UsageError where the design has no channels left and right, a DataError where the measured head's file cannot be used.
    """
    table = design.problem.virtualizer
    side_names = _side_channels(design)
    if not has_chain(design):
        remedy = "name two ear designs left and right" if table is None else "design the problem anew"
        raise UsageError(
            f"{design.problem.source}: got the channels {listed(design.taps)}; expected {' and '.join(side_names)}, which"
            f" stereo is played through; {remedy}"
        )
    has_centre = CENTRE in design.taps
    taps = {name: design.taps[name] for name in (*side_names, *[CENTRE] * has_centre)}
    delays = dict.fromkeys(taps, 0)
    rate = design.problem.sample_rate_hz
    if has_centre:
        low_hz, high_hz = design.channels[CENTRE].table.band_hz
        sides = (taps[side_names[0]], taps[side_names[1]])
        waiting = waiting_samples(ear_responses(design, EAR_TAPS), sides, taps[CENTRE], (low_hz, high_hz), rate)
        delays = {name: waiting[name == CENTRE] for name in taps}
    model = crosstalk_of(design.problem)
    crosstalk = {} if model is None else dict(zip(("near", "far"), model.taps(), strict=True))
    upmix = (table is None or table.upmix) and has_centre
    return StereoChain(rate, design.drivers, taps, delays, upmix, crosstalk)


def waiting_samples(
    ears: Real, sides: tuple[Real, Real], centre: Real, band_hz: tuple[float, float], sample_rate_hz: float
) -> tuple[int, int]:
    """Samples that the sides and the centre wait, one of them 0, from taps (L, T) and impulse responses to the ears (2, L, N)."""
    both = np.concatenate([at_the_ears(ears, taps) for taps in sides])
    at_sides, at_centre = (arrival_samples(x, band_hz, sample_rate_hz) for x in (both, at_the_ears(ears, centre)))
    later = round(at_sides - at_centre)
    return max(-later, 0), max(later, 0)


def arrival_samples(signals: Real, band_hz: tuple[float, float], sample_rate_hz: float) -> float:
    """τ in samples of signals (S, T) together, in a band; 0 where it holds no energy."""
    size = 1 << int(np.ceil(np.log2(DENSITY * signals.shape[1])))
    f = np.fft.rfftfreq(size, 1 / sample_rate_hz)
    inside = (f >= band_hz[0]) & (f <= band_hz[1])
    P = np.fft.rfft(signals, size, axis=1)[:, inside]
    slope = np.fft.rfft(signals * np.arange(signals.shape[1]), size, axis=1)[:, inside]
    energy = float(np.sum(np.abs(P) ** 2))
    return float(np.sum((P.conj() * slope).real)) / energy if energy > FLOOR else 0.0


def at_the_ears(ears: Real, taps: Real) -> Real:
    """Signals at the ears (2, N + T - 1) of an impulse at a channel's input: ears (2, L, N), taps (L, T)."""
    length = ears.shape[2] + taps.shape[1] - 1
    size = 1 << int(np.ceil(np.log2(length)))
    spectra = np.fft.rfft(ears, size, axis=2) * np.fft.rfft(taps, size, axis=1)
    return np.asarray(np.fft.irfft(spectra.sum(axis=1), size, axis=1)[:, :length])


def ear_scene(design: Result) -> Scene:
    """Scene of the listener who hears the stereo."""
    return heard_by_stereo(design.fine_scene)


def removed_samples(scene: Scene, n: int) -> int:
    """Whole samples of the way through the air that `responses_at_ears` (2, L, n) of a scene leaves out, of the real delay."""
    problem = scene.problem
    centre_m = centre_of_cloud(scene).displacements_m[0] + np.array(problem.listener.position_m)
    places_m = np.array([driver.position_m for driver in problem.drivers])
    travel = float(np.linalg.norm(places_m - centre_m, axis=1).min()) / problem.speed_of_sound_m_s
    return round(travel * problem.sample_rate_hz) - int(PRE_RESPONSE * n)


def ear_responses(design: Result, n: int) -> Real:
    """Impulse responses (2, L, n) from the drivers' feeds to the listener's left and right ear; see `responses_at_ears`."""
    return responses_at_ears(ear_scene(design), n)


def responses_at_ears(scene: Scene, n: int) -> Real:
    """Impulse responses (2, L, n) from the drivers' feeds to the left and right ear of a scene's listener.

    The first head of the problem, at the centre of the ear cloud. `removed_samples` of the way through the air are left
    out: the nearest driver's sound, travelling straight to the head's centre, would arrive n / 8 samples into them. From 0.85
    of Nyquist on they fall to 0, and their ends are faded over n / 8 samples. A DataError where a file cannot be used.
    """
    rate = scene.problem.sample_rate_hz
    size = OVERSIZE * n
    f = np.fft.rfftfreq(size, 1 / rate)
    H = centre_of_cloud(scene).at(f).ears()[:, :2]
    fall = np.clip((f / (rate / 2) - TAPER) / (1 - TAPER), 0.0, 1.0)
    ahead = np.exp(2j * np.pi * f / rate * removed_samples(scene, n)) * (0.5 + 0.5 * np.cos(np.pi * fall))
    responses = np.fft.irfft(H * ahead[:, None, None], size, axis=0)[:n]
    fade = max(int(PRE_RESPONSE * n), 1)
    edge = np.ones(n)
    edge[n - fade :] = 0.5 + 0.5 * np.cos(np.pi * (np.arange(fade) + 1) / (fade + 1))
    return np.ascontiguousarray((responses * edge[:, None, None]).transpose(1, 2, 0))
