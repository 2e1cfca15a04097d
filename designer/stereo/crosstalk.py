"""The crosstalk model: what two ears hear of a loudspeaker at an angle, relative to each other, with the tone left alone.

    ipsilateral    X_i = A,              A(z) = (p + z^-1) / (1 + p z^-1)            an all-pass: |X_i| = 1 exactly
    contralateral  X_c = z^-D S(z),      S(z) a low-pass of two poles and two zeros   a head's shadow

Only X_c / X_i means something, the ratio of two head-related transfer functions. What is the same at both ears, the
ipsilateral ear's own colour, is the programme's tone and is left out.

**Time.** On a sphere of radius a the contralateral ear is later by 3 (a/c) sin θ at low frequencies and by Woodworth's
(a/c)(θ + sin θ) at high ones. The whole delay D stands for the latter; S, being of minimum phase, is late by
∂(-arg S)/∂ω → b at low frequencies; and A has the phase delay d = (1 - p)/(1 + p) samples at 0 Hz and 1 at Nyquist. So

    D + b - d = 3 (a/c) sin θ f_s      at low,      D - 1 ≈ (a/c)(θ + sin θ) f_s      at high frequencies,

and the all-pass carries what is missing, the fraction of a sample included: no interpolation, three multiplications.

**Level.** S = (1 + n_1 s + n_2 s²) / (1 + m_1 s + m_2 s²), s = jω a/c by the bilinear transform, positive coefficients,
so that it is stable and of minimum phase and leaves 0 Hz alone. With n_2 = m_2 = 0 it is Brown and Duda's one pole and one
zero; the second pair takes the shadow's slope past 4 kHz, where one pole and zero are too flat.

**Fit.** The five numbers are fitted to what the two ears of a head hear from the angle:

    minimise over d > 0, n_1, n_2, m_1, m_2 > 0    Σ_bands ((ΔL - ΔL_head) / 1 dB)^2q  +  Σ_f ((τ - τ_head) / 8 µs)²

ΔL is the level difference by third octave from 200 Hz to 8 kHz, τ the phase delay from 200 Hz to 1.5 kHz, where it places a
source; above, with a tenth of the weight, it keeps D near Woodworth's. q is 1 and then 3, so that the largest error of a
band counts most. D is tried at the whole numbers next to Woodworth's, with the radius that the head's own time at low
frequency says: a = c τ / (3 sin θ). What a head hears of a real loudspeaker far away is made here too.

Sources: C. P. Brown and R. O. Duda, A structural model for binaural sound synthesis (IEEE Trans. Speech and Audio Proc. 6,
1998), eqs. 3 to 5; R. S. Woodworth, Experimental psychology (1938); G. Kuhn, Model for the interaural time differences in
the azimuthal plane (JASA 62, 1977).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, lru_cache

import numpy as np

from designer.acoustics.head_models import Head, heads_of
from designer.acoustics.measured.head import MeasuredHead
from designer.acoustics.sphere_series import sphere_pressure
from designer.arrays import Complex, Real
from designer.problem import geometry
from designer.problem.schema import Problem
from designer.stereo.interaural import level_difference_db, phase_delay_s, third_octaves_hz

SETTLED = 1e-8  # an impulse response ends where what is left of it is 160 dB down


@dataclass(frozen=True)
class CrosstalkModel:
    """Both filters at a sample rate."""

    angle_deg: float  # of the virtual loudspeaker, to the side
    sample_rate_hz: float
    all_pass: float  # p, between -1 and 1
    delay_samples: int  # D
    numerator: tuple[float, ...]  # of S, (1, z^-1, z^-2)
    denominator: tuple[float, ...]

    def near(self, frequency_hz: Real) -> Complex:
        """X_i (F,)."""
        z = self._unit(frequency_hz)
        return np.asarray((self.all_pass + z) / (1 + self.all_pass * z))

    def far(self, frequency_hz: Real) -> Complex:
        """X_c (F,)."""
        z = self._unit(frequency_hz)
        above, below = (np.polynomial.polynomial.polyval(z, c) for c in (self.numerator, self.denominator))
        return np.asarray(z**self.delay_samples * (above / below))

    def _unit(self, frequency_hz: Real) -> Complex:
        return np.asarray(np.exp(-2j * np.pi / self.sample_rate_hz * frequency_hz))

    def taps(self) -> tuple[Real, Real]:
        """Impulse responses of the ipsilateral and the contralateral ear (T,) each, as long as they ring."""
        from scipy.signal import lfilter  # slow to import

        radius = float(np.max([np.abs(self.all_pass), *np.abs(np.roots(self.denominator)), 1e-3]))
        impulse = np.eye(1, self.delay_samples + 3 + int(np.ceil(np.log(SETTLED) / np.log(radius))))[0]
        near = lfilter([self.all_pass, 1.0], [1.0, self.all_pass], impulse)
        far = lfilter(self.numerator, self.denominator, np.roll(impulse, self.delay_samples))
        return np.asarray(near), np.asarray(far)


LEVELS_HZ = (200.0, 8000.0)
TIMES_HZ = (200.0, 1500.0)
HIGHEST_TIME_HZ = 4000.0
FIT_HZ = np.geomspace(100.0, 10_000.0, 320)  # 48 an octave, so that 16 fall into a third
LEVEL_DB, TIME_S, HIGH_TIME_S = 1.0, 8e-6, 1e-4
POWERS = (1, 3)
EXTRA_DELAYS = (0, 1, 2)
USED_NYQUIST = 0.9
FAR_M = 1000.0  # where waves are plane: a head's near field changes its ratios by 10^-4 there
BEGIN = np.log([1.0, 0.8, 0.02, 1.4, 0.07])  # d in samples; n_1, n_2, m_1, m_2
BOUNDS = np.log([[0.05, 1e-3, 1e-5, 0.1, 1e-4], [30.0, 2.5, 1.0, 2.5, 1.0]])
"""A pole no lower than 0.4 c/a, 250 Hz on a head, so that none hides beside a zero near 0 Hz and rings for a second."""


def fit_frequencies_hz(sample_rate_hz: float) -> Real:
    """Frequencies (F,) at which a head's ears are asked for: 100 Hz to 10 kHz, or to 0.9 of Nyquist."""
    return FIT_HZ[USED_NYQUIST * sample_rate_hz / 2 >= FIT_HZ]


def listened_bands_hz(top_hz: float) -> Real:
    """Middles of the third octaves (B,) over which levels are compared, of spectra that end at `top_hz`."""
    return third_octaves_hz(LEVELS_HZ[0], min(LEVELS_HZ[1], top_hz / 1.2))


def fit_crosstalk(angle_deg: float, near: Complex, far: Complex, *, sample_rate_hz: float) -> CrosstalkModel:
    """The model nearest to a head's ears (F,) at `fit_frequencies_hz`, of any common level and time; the angle is to its side."""
    return _fitted(angle_deg, np.array([near, far], dtype=complex).tobytes(), sample_rate_hz)


@lru_cache(maxsize=64)
def _fitted(angle_deg: float, ears: bytes, sample_rate_hz: float) -> CrosstalkModel:
    """Fitted once to the same ears, as each page of the same head asks for."""
    near, far = np.frombuffer(ears, dtype=complex).reshape(2, -1)
    f = fit_frequencies_hz(sample_rate_hz)
    middle_hz = listened_bands_hz(f[-1])
    level_db = level_difference_db(near, far, f, middle_hz)
    late_s = phase_delay_s(near, far, f)
    timed = (f >= TIMES_HZ[0]) & (f <= HIGHEST_TIME_HZ)
    time_scale = np.where(f <= TIMES_HZ[1], TIME_S, HIGH_TIME_S)[timed] * np.sqrt(timed.sum() / middle_hz.size)
    theta = np.radians(angle_deg)
    travel_s = float(np.mean(late_s[f <= 2 * f[0]])) / (3 * np.sin(theta))  # a/c
    woodworth = max(round(travel_s * (theta + np.sin(theta)) * sample_rate_hz), 0)

    def model(x: Real, delay: int) -> CrosstalkModel:
        d = np.exp(x[0])
        numerator, denominator = (_bilinear(np.exp(pair), travel_s * 2 * sample_rate_hz) for pair in (x[1:3], x[3:5]))
        top, bottom = (numerator / denominator[0]).tolist(), (denominator / denominator[0]).tolist()
        return CrosstalkModel(angle_deg, sample_rate_hz, float((1 - d) / (1 + d)), delay, tuple(top), tuple(bottom))

    def misses(x: Real, delay: int, power: int) -> Real:
        candidate = model(x, delay)
        ears = candidate.near(f), candidate.far(f)
        level = (level_difference_db(*ears, f, middle_hz) - level_db) / LEVEL_DB
        late = (phase_delay_s(*ears, f) - late_s)[timed] / time_scale
        return np.concatenate([np.sign(level) * np.abs(level) ** power, late])

    from scipy.optimize import least_squares  # slow to import

    fits = []
    for delay in (woodworth + extra for extra in EXTRA_DELAYS):
        x = BEGIN
        for power in POWERS:
            solution = least_squares(misses, x, args=(delay, power), bounds=(BOUNDS[0], BOUNDS[1]))
            x = solution.x
        fits.append((solution.cost, delay, x))
    _, delay, x = min(fits, key=lambda fit: fit[0])
    return model(x, delay)


def _bilinear(pair: Real, warp: float) -> Real:
    """1 + c_1 s + c_2 s² with s = warp (1 - z^-1)/(1 + z^-1), times (1 + z^-1)²: coefficients of 1, z^-1, z^-2."""
    first, second = pair[0] * warp, pair[1] * warp**2
    return np.array([1 + first + second, 2 - 2 * second, 1 - first + second])


@cache
def sphere_crosstalk(
    angle_deg: float, *, head_radius_m: float, sample_rate_hz: float, speed_of_sound_m_s: float
) -> CrosstalkModel:
    """The model of a rigid sphere and a source far away."""
    ears = sphere_ears(fit_frequencies_hz(sample_rate_hz), angle_deg, head_radius_m, speed_of_sound_m_s)
    return fit_crosstalk(angle_deg, ears[:, 0], ears[:, 1], sample_rate_hz=sample_rate_hz)


def measured_crosstalk(
    head: Head, angle_deg: float, *, sample_rate_hz: float, speed_of_sound_m_s: float
) -> CrosstalkModel:
    """The model fitted to a head: of its two sides the mean level difference in dB, and the mean phase."""
    far = head_ratio(head, fit_frequencies_hz(sample_rate_hz), angle_deg, speed_of_sound_m_s)
    return fit_crosstalk(angle_deg, np.ones_like(far), far, sample_rate_hz=sample_rate_hz)


def head_ratio(head: Head, frequency_hz: Real, angle_deg: float, speed_of_sound_m_s: float) -> Complex:
    """Far over near ear (F,) of a loudspeaker far away: of a head's two sides the mean level in dB and the mean phase."""
    from_left = far_ears(head, frequency_hz, angle_deg, speed_of_sound_m_s)
    from_right = far_ears(head, frequency_hz, -angle_deg, speed_of_sound_m_s)[:, ::-1]
    ratios = [ears[:, 1] / ears[:, 0] for ears in (from_left, from_right)]
    logs = [np.log(np.abs(ratio)) + 1j * np.unwrap(np.angle(ratio)) for ratio in ratios]
    return np.asarray(np.exp((logs[0] + logs[1]) / 2))


def sphere_ears(frequency_hz: Real, angle_deg: float, head_radius_m: float, speed_of_sound_m_s: float) -> Complex:
    """Near and far ear (F, 2) of a rigid sphere and a source far away."""
    side = np.sin(np.radians(angle_deg))
    ka = 2 * np.pi * frequency_hz / speed_of_sound_m_s * head_radius_m
    return sphere_pressure(ka, np.array([np.inf]), np.array([[side, -side]]))[:, 0]


def ratio_of(problem: Problem, frequency_hz: Real, angle_deg: float) -> Complex:
    """Far over near ear (F,) of what the problem's crosstalk model is fitted to, at any angle."""
    speed = problem.speed_of_sound_m_s
    if problem.virtualizer is not None and problem.virtualizer.crosstalk_model == "measured":
        return head_ratio(_measured_head(problem), frequency_hz, angle_deg, speed)
    radius_m = geometry.head_radius_m(problem.heads[0], problem.listener.head_radius_m)
    ears = sphere_ears(frequency_hz, angle_deg, radius_m, speed)
    return np.asarray(ears[:, 1] / ears[:, 0])


def _measured_head(problem: Problem) -> MeasuredHead:
    return next(head for head in heads_of(problem) if isinstance(head, MeasuredHead))


def crosstalk_of(problem: Problem) -> CrosstalkModel | None:
    """The crosstalk model that the problem asks for, None without [virtualizer]; a DataError where the head's file cannot be used."""
    table = problem.virtualizer
    if table is None:
        return None
    rate, speed = problem.sample_rate_hz, problem.speed_of_sound_m_s
    if table.crosstalk_model == "sphere":
        radius_m = geometry.head_radius_m(problem.heads[0], problem.listener.head_radius_m)
        return sphere_crosstalk(table.angle_deg, head_radius_m=radius_m, sample_rate_hz=rate, speed_of_sound_m_s=speed)
    return measured_crosstalk(_measured_head(problem), table.angle_deg, sample_rate_hz=rate, speed_of_sound_m_s=speed)


def far_ears(head: Head, frequency_hz: Real, angle_deg: float, speed_of_sound_m_s: float) -> Complex:
    """Pressure at both ears (F, 2) over the free field's, from a loudspeaker far away, `angle_deg` to the listener's left."""
    k = 2 * np.pi * frequency_hz / speed_of_sound_m_s
    angle = np.radians(angle_deg)
    towards = np.array([[[np.cos(angle), np.sin(angle), 0.0]]])
    free = np.exp(-1j * k * FAR_M)[:, None] / FAR_M
    return np.asarray(head.pressure(k, np.array([FAR_M]), towards)[:, 0, :, 0] / free)
