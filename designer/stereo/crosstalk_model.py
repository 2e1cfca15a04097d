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

Sources: C. P. Brown and R. O. Duda, A structural model for binaural sound synthesis (IEEE Trans. Speech and Audio Proc. 6,
1998), eqs. 3 to 5; R. S. Woodworth, Experimental psychology (1938); G. Kuhn, Model for the interaural time differences in
the azimuthal plane (JASA 62, 1977).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from designer.arrays import Complex, Real

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
