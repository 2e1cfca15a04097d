"""A measured head: interpolated between its measured directions, and moved to a source's distance.

**Interpolation.** Each ear's responses differ first of all by their delay, and the mean of two copies of one sound at
different times is a comb. So three things are interpolated apart, each with the weights of `sphere`:

    H(n) = exp(Σ w_i ln|H_i|) · e^{jφ} · e^{-jωτ(n)},    e^{jφ} = Σ w_i e^{j(arg H_i + ωτ(n_i))} over its own magnitude

τ(n) is Woodworth's time from the head's centre to the ear, -(a/c) cos γ on the near side and (a/c)(γ - π/2) on the far
one, γ the angle between the direction and the ear. What is left of the phase, the minimum phase that belongs to the
magnitude and the measured delay's difference from τ, changes slowly from one direction to the next. The magnitude
never leaves the range of its neighbours, and at a measured direction H is what was measured. Measured on a KEMAR with
every second direction left out and predicted (complex error over 0.2-1, 1-3, 3-6, 6-10 and 10-16 kHz): -34, -26, -22,
-19 and -20 dB; with minimum phase and one fitted delay a response instead, -30, -13, -2, +2 and +4 dB, since the
contralateral ear behind the head is no minimum phase system, and its delay jumps where the path around the back overtakes.

**Distance.** The file holds the pressure at an ear from a source on a sphere of the radius r_m around the head's
centre. For a source at s the ray from the *ear* through s meets that sphere at m (parallax: each ear its own). Ratios to
the free field at the ear's own place carry level and delay; with D the ratio of a rigid sphere of the head's radius,

    D_head(s) = D_head(m) · D_sphere(s) / D_sphere(m).

On a rigid sphere that is exact; at the measured distance it is what was measured. The last factor is the near-field
ratio: below 1 m it is up to several dB at the contralateral ear, beyond it some tenths.

**Reference.** A file's own level and delay are arbitrary, and what is the same from everywhere (the measuring
loudspeaker, the microphone, the ear canal) cannot be told from the device's own tone. So the mean power over all
directions and both ears is set to a rigid sphere's, as a magnitude over frequency, and the time so that the set agrees
with the sphere from 200 Hz to 1 kHz, where every head is nearly a sphere. No ratio between directions or ears changes;
heads of a list count alike at every frequency (with the ear canal's 10 dB left in, a KEMAR outvotes the spheres beside
it: designed over a KEMAR and three spheres, eight drivers at 1.6 m, 20 dB, the median on spheres not seen was 1 dB lower
at 4 dB more effort).

Sources: H. Ziegelwanger and P. Majdak, Modeling the direction-continuous time of arrival in HRTFs (JASA 135, 2014); D.
Romblom and B. Cook, Near-field compensation for HRTF processing (AES 125, 2008); R. Duda and W. Martens (JASA 104, 1998).
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from designer.acoustics.chebyshev import at_few_frequencies
from designer.acoustics.measured.head_file import EQUAL_HZ, HeadRecording, read_recording
from designer.acoustics.measured.interaural_time import (
    FREQUENCY_HZ,
    centred_spectra,
    delays,
    interaural_time_s,
    kernel,
    middle_s,
    spectra,
)
from designer.acoustics.measured.raw_set import states_of
from designer.acoustics.measured.sphere import (
    MAX_GAP_DEG,
    TOLERANCE_DEG,
    GapError,
    SphereInterpolation,
    direction_text,
)
from designer.acoustics.measured.time_reference import fit_delay
from designer.acoustics.sphere_series import head_pressure, sphere_pressure
from designer.arrays import Bool, Complex, Index, Real
from designer.errors import DataError

if TYPE_CHECKING:
    from scipy.sparse import csr_array

REFERENCE_HZ = (200.0, 1000.0)
POLARITY_HZ = np.geomspace(100.0, 8000.0, 200)
MIN_HOLE_RATIO = 2.5  # holes this many times wider than the usual distance between directions are worth a warning
MAX_NUMBERS = 2_000_000  # frequencies times directions that are interpolated at once
SIDES = np.array([1.0, -1.0])  # the ears' places on the head's own y axis, in radii: left, right


@dataclass(frozen=True)
class MeasuredHead:
    """A head from a file, with the level and time that `read_head` set.

    log_gain, advance_s : what brings the file to the reference, free-field pressure at the head's centre at time 0; the
        gain is of amplitudes, at those of EQUAL_HZ that the file reaches
    """

    name: str
    recording: HeadRecording
    radius_m: float
    speed_of_sound_m_s: float
    log_gain: Real = field(default_factory=lambda: np.zeros(1))
    advance_s: float = 0.0

    @property
    def interpolation(self) -> SphereInterpolation:
        """The measured directions' neighbours on the sphere."""
        return self.recording.interpolation

    @property
    def band_hz(self) -> tuple[float, float]:
        """The recording's: neither level nor time changes it."""
        return self.recording.band_hz

    @cached_property
    def warnings(self) -> tuple[str, ...]:
        """Warnings about the file."""
        holes = self.interpolation.holes_deg
        usual = float(np.median(holes)) if holes.size else 0.0
        wide = (holes > max(MIN_HOLE_RATIO * usual, 5.0)) & (holes < MAX_GAP_DEG)
        messages = []
        if wide.any() and self.interpolation.polygons is not None:
            worst = int(np.argmax(np.where(wide, holes, 0.0)))
            messages.append(
                f"{self.name}: got {int(wide.sum())} holes between directions {2 * usual:.0f} degrees apart, the largest"
                f" {2 * holes[worst]:.0f} degrees wide around {direction_text(self.interpolation.polygons.normals[worst])};"
                " they are interpolated across"
            )
        return (*self.recording.warnings, *messages)

    def of(self, keep: Index | Bool | slice) -> MeasuredHead:
        """Head with some of its measurements, at the same level and time."""
        return replace(self, recording=self.recording.of(np.arange(len(self.recording.directions))[keep]))

    def transfer(self, frequency_hz: Real, rays: Real) -> Complex:
        """Ear pressures (F, N, 2) over the free field at the head's centre, from sources at the measured distance.

        Parameters
        ----------
        frequency_hz : (F,) float array; above the file's band magnitude and phase are held, and the delay goes on
        towards : (N, 3) float array, unit vectors from the head's centre to the sources, in the head's axes

        Raises
        ------
        DataError : a direction where nothing is measured
        """
        return self._ears(frequency_hz, (rays, rays)).transpose(2, 1, 0)

    def _weights(self, rays: Real) -> csr_array:
        try:
            return self.interpolation.weights(rays)
        except GapError as gap:
            raise DataError(
                f"{self.name}: {gap.name}, and sound reaches the head from {direction_text(gap.direction)}; expected"
                f" measured directions and {TOLERANCE_DEG:g} degrees around them; move or turn the listener, or use"
                " another head"
            ) from gap

    def _ears(self, frequency_hz: Real, rays: tuple[Real, Real]) -> Complex:
        """Transfer (2, Q, F) as `transfer` gives it, for each ear with directions (Q, 3) of its own."""
        left, right = rays
        weights = [self._weights(left)]
        weights.append(weights[0] if right is left else self._weights(right))
        indices = [np.flatnonzero(np.bincount(w.indices)) for w in weights]
        weights = [(w if columns.size == w.shape[1] else w[:, columns]).astype(np.float32)
                   for w, columns in zip(weights, indices, strict=True)]  # fmt: skip
        sphere_s = [self._woodworth_s(rays[ear], ear) for ear in (0, 1)]
        pressure = np.empty((2, len(left), frequency_hz.size), dtype=complex)
        block = max(1, MAX_NUMBERS // max(len(left), indices[0].size, indices[1].size, 1))
        for start in range(0, frequency_hz.size, block):
            f = frequency_hz[start : start + block]
            inside = f <= self.band_hz[1]
            held_hz = np.append(f[inside], [] if inside.all() else [self.band_hz[1]])
            index = None if inside.all() else np.where(inside, np.cumsum(inside) - 1, held_hz.size - 1)
            sums = kernel(held_hz, self.recording.responses.shape[2], self.recording.sample_rate_hz)
            gain = self._log_gain(f)
            for ear in (0, 1):
                level, phasor = self._aligned(held_hz, sums, indices[ear], ear)
                if index is not None:
                    level, phasor = level.take(index, axis=1), phasor.take(index, axis=1)
                level += gain  # before the weights, because they sum to 1
                level = weights[ear] @ level
                phasor = (weights[ear] @ phasor.view(np.float32)).view(np.complex64)
                np.exp(level, out=level)
                level /= np.maximum(np.abs(phasor), 1e-15)
                phasor *= level
                np.multiply(phasor, delays(f, sphere_s[ear]), out=pressure[ear, :, start : start + block])
        return pressure

    def _log_gain(self, frequency_hz: Real) -> Real:
        known_hz = np.log(EQUAL_HZ[: self.log_gain.size])
        return np.interp(np.log(np.maximum(frequency_hz, 1.0)), known_hz, self.log_gain).astype(np.float32)

    def _aligned(self, held_hz: Real, sums: tuple[Real, Real], indices: Index, ear: int) -> tuple[Real, Complex]:
        """ln|H_i| and e^{j(arg H_i + ωτ_i)} of measured directions (n, F)."""
        recording = self.recording
        subset: Index | slice = slice(None) if indices.size == len(recording.directions) else indices
        # The file's own time before anything is held, so that what is held above the band carries no delay of it.
        file_s = recording.delay_s[subset, ear] - self.advance_s - self._woodworth_s(recording.directions[subset], ear)
        phasor = centred_spectra(recording.responses[subset, ear], sums)
        size = np.maximum(np.abs(phasor), 1e-10)  # the file's largest sample is 1
        phasor *= delays(held_hz, file_s + middle_s(recording.responses.shape[2], recording.sample_rate_hz))
        phasor *= 1 / size
        return np.log(size, out=size), phasor

    def _woodworth_s(self, rays: Real, ear: int) -> Real:
        """τ of directions (N, 3): how much later than at the head's centre the ear hears."""
        cosine = np.clip(SIDES[ear] * rays[:, 1], -1.0, 1.0)
        path_radii = np.where(cosine >= 0, -cosine, np.arccos(cosine) - np.pi / 2)
        return np.asarray(self.radius_m / self.speed_of_sound_m_s * path_radii)

    def pressure(self, k: Real, distance_m: Real, rays: Real) -> Complex:
        """Pressure at the ears (F, D, 2, S) of point sources, relative to an ideal source's at 1 m.

        Parameters
        ----------
        k : (F,) float array, wave number, rad/m
        distance_m : (D,) float array, from the head's centre
        rays : (D, S, 3) float array, unit vectors from there to the sources, in the head's axes

        Raises
        ------
        DataError : a direction where nothing is measured
        """
        a, measured_m = self.radius_m, self.recording.distance_m
        places = np.array([[[0.0, side * a, 0.0]] for side in SIDES])  # (2, 1, 3)
        ray = (distance_m[:, None, None] * rays).reshape(-1, 3) - places
        ray /= np.linalg.norm(ray, axis=2, keepdims=True)  # (2, Q, 3)
        if np.isfinite(measured_m):  # where the rays meet the measured sphere
            along = (ray * places).sum(axis=2, keepdims=True)
            ray = (places + (np.sqrt(along**2 + measured_m**2 - a**2) - along) * ray) / measured_m
        ratio = np.array([measured_m / a])
        cosine = np.stack([side * ray[ear, :, 1] for ear, side in enumerate(SIDES)]).reshape(1, -1)

        def relative(part: Real) -> Complex:
            """The sphere's pressure of the sources over that of the measured ones, relative to the free field at its centre."""
            near = head_pressure(part, a, distance_m, rays[..., 1])
            far = sphere_pressure(part * a, ratio, cosine, tolerance=1e-10)[:, 0].reshape(part.size, 2, *rays.shape[:2])
            wave = np.exp(1j * np.multiply.outer(part, distance_m))[:, :, None, None]
            if np.isfinite(measured_m):
                wave = wave * (a * np.exp(-1j * part * measured_m) / measured_m)[:, None, None, None]
            return np.asarray(near * wave / far.swapaxes(1, 2))

        shape = (k.size, *rays.shape[:2])
        frequency_hz = k * self.speed_of_sound_m_s / (2 * np.pi)
        ears = self._ears(frequency_hz, (ray[0], ray[1]))
        measured = np.stack([ear.T.reshape(shape) for ear in ears], axis=2)
        measured *= at_few_frequencies(relative, k, 3 * a)
        return np.asarray(measured * np.exp(-1j * np.multiply.outer(k, distance_m))[:, :, None, None])

    @cached_property
    def _beside_sphere(self) -> tuple[Real, Complex]:
        """Frequencies (F,) from 200 Hz to 1 kHz, and the ears' sum over a rigid sphere's (N, F), in the set's time."""
        low = np.flatnonzero(np.clip(FREQUENCY_HZ, *REFERENCE_HZ) == FREQUENCY_HZ)[::2]
        f = FREQUENCY_HZ[low]
        lateral = np.clip(self.recording.directions[:, 1], -1.0, 1.0)
        sphere = _sphere(self, f, np.stack([lateral, -lateral], axis=-1).reshape(-1)).reshape(f.size, -1, 2)
        ratio = np.einsum("nef,fne->nf", self.recording.low_spectra[..., low], sphere.conj())
        return f, ratio * np.exp(2j * np.pi * f * self.advance_s)

    @cached_property
    def polarity(self) -> int:
        """+1 or -1: whether the ipsilateral ear's pressure starts upwards, over its minimum phase; 0 for neither."""
        lateral = int(np.argmax(self.recording.directions[:, 1]))
        f = POLARITY_HZ[self.band_hz[1] >= POLARITY_HZ]
        near = spectra(self.recording.responses[lateral, 0], f, self.recording.sample_rate_hz)
        return fit_delay(f, near).polarity

    @property
    def centre_m(self) -> Real:
        """Middle of the ears (3,) from the point that the directions are counted from, as the arrival times tell.

        An ear that is x nearer to the source of direction n hears x·n/c earlier. What no direction tells is 0.
        """
        f, ratio = self._beside_sphere
        phase = np.angle(ratio * ratio.sum(axis=0).conj())  # over the mean of all directions
        early_s = (phase @ f) / (f @ f) / (2 * np.pi)
        rows = np.concatenate([self.recording.directions, np.ones((len(early_s), 1))], axis=1)
        fitted, *_ = np.linalg.lstsq(rows, early_s, rcond=1e-3)
        return np.asarray(fitted[:3] * self.speed_of_sound_m_s)

    @cached_property
    def interaural_time_s(self) -> Real:
        """How much later the right ear hears each measured direction (N,)."""
        return interaural_time_s(self.recording.low_spectra)


def read_head(path: Path, head_radius_m: float, speed_of_sound_m_s: float, *, name: str | None = None) -> MeasuredHead:
    """Read a head and set its level and time against a rigid sphere of the given radius.

    Raises
    ------
    DataError : what was found in the file, what is allowed, and the remedy
    """
    name = name or str(path)
    recording = _recorded(path, name, states_of((path,)))
    return _referenced(MeasuredHead(name, recording, head_radius_m, speed_of_sound_m_s))


@lru_cache(maxsize=4)
def _recorded(path: Path, name: str, states: tuple[tuple[int, ...], ...]) -> HeadRecording:
    """A file as it was read, however many geometries, speeds of sound and sizes a run asks for: again only when it has changed."""
    recording = read_recording(path, name)
    for shared in (recording.directions, recording.responses, recording.delay_s, recording.low_spectra):
        shared.setflags(write=False)
    return recording


def _referenced(head: MeasuredHead) -> MeasuredHead:
    """Mean power and time of the set as a rigid sphere's; see the module's Reference."""
    recording = head.recording
    lateral = np.clip(recording.directions[:, 1], -1.0, 1.0)
    f, ratio = head._beside_sphere
    phase = np.unwrap(np.angle(ratio.sum(axis=0)))
    slope = np.polynomial.polynomial.polyfit(f, phase, 1)[1]

    f = EQUAL_HZ[head.band_hz[1] >= EQUAL_HZ]
    indices, power = recording.sample, recording.mean_power
    places = np.linspace(-1.0, 1.0, 41)  # the sphere knows directions by their lateral part alone
    count = np.histogram(np.concatenate([lateral[indices], -lateral[indices]]), bins=np.linspace(-1.025, 1.025, 42))[0]
    target = np.abs(_sphere(head, f, places)) ** 2 @ (count / count.sum())
    gain = np.log(target / np.maximum(power, 1e-12 * power.max())) / 2
    return replace(head, log_gain=gain, advance_s=float(-slope / (2 * np.pi)))


def _sphere(head: MeasuredHead, frequency_hz: Real, cosine: Real) -> Complex:
    """A sphere's pressure (F, N) over the free field at its centre, for sources at the measured distance."""
    k = 2 * np.pi * frequency_hz / head.speed_of_sound_m_s
    ratio = head.recording.distance_m / head.radius_m
    pressure = sphere_pressure(k * head.radius_m, np.array([ratio]), cosine[None], tolerance=1e-6)[:, 0]
    return pressure if np.isinf(ratio) else pressure * (ratio * np.exp(1j * k * head.recording.distance_m))[:, None]
