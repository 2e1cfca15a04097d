"""Random ways of measuring and writing one driver whose field is known here, and whether a reading is that driver.

The driver is a cap on a rigid sphere (Morse, Vibration and Sound, section 27: velocity (P_{n-1} - P_{n+1})/2 of cos α in
order n, which radiates j^{n+1}/h_n'(ka) P_n(cos θ)) behind a high-pass and a low-pass filter. Nothing of it comes from the code that reads.

Varied are angles, order, side, plane, polarity, delay, level, frequency grid, turning point and format; some variations carry a fault.
A variation without a fault must be read within 0.1 dB and 2 degrees (levels alone where it has no phase) after one gain and one delay;
one with a fault must be read so, or be refused, or carry a warning.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import sofar
import soundfile
from scipy.special import eval_legendre, spherical_jn, spherical_yn

from designer.acoustics.measured.directivity import MeasuredDirectivity
from designer.acoustics.measured.formats import read_response
from designer.acoustics.measured.raw_set import TurnedAbout
from designer.arrays import Complex, Real
from designer.errors import DataError

C = 343.0
ORDERS = np.arange(48)
FORMATS = ("frd", "rew", "spinorama", "wav", "sofa", "table")
WITHIN_DB, WITHIN_DEG = 0.1, 2.0
HEARD_DB = 20.0
"""Below its maximum over direction at a frequency: in a null a rounded file holds no phase."""


def unit(azimuth_deg: Real, elevation_deg: Real) -> Real:
    a, e = np.radians(azimuth_deg), np.radians(elevation_deg)
    return np.stack([np.cos(e) * np.cos(a), np.cos(e) * np.sin(a), np.sin(e)], axis=-1)


@lru_cache(maxsize=64)
def _modes(frequency: bytes, radius_m: float) -> Complex:
    """What each order radiates at each frequency (K, orders)."""
    x = np.maximum(2 * np.pi * np.frombuffer(frequency) / C * radius_m, 1e-3)[:, None]
    slope = spherical_jn(ORDERS, x, derivative=True) - 1j * spherical_yn(ORDERS, x, derivative=True)
    mu = np.cos(0.35)
    velocity = (eval_legendre(np.maximum(ORDERS - 1, 0), mu) - eval_legendre(ORDERS + 1, mu)) / (1 - mu)
    return np.asarray(np.nan_to_num(-velocity * 1j ** (ORDERS + 1) / slope / x**2))


def driver(frequency_hz: Real, directions: Real, radius_m: float, corner_hz: float) -> Complex:
    """Limit of r e^{jkr} p (K, N) about the sphere's middle, 1 for ka towards 0 and no filters."""
    shape = _modes(frequency_hz.tobytes(), radius_m) @ eval_legendre(ORDERS[:, None], np.clip(directions[:, 0], -1, 1))
    s, low = 1j * frequency_hz / corner_hz, 1j * frequency_hz / 14_000
    tone = s**2 / (1 + 1.4 * s + s**2) / (1 + low)
    return np.asarray(shape * tone[:, None])


@dataclass
class Variation:
    """One way of measuring; `fault` is empty where nothing is wrong with it."""

    seed: int
    kind: str = ""
    fault: str = ""
    azimuth_deg: Real = field(default_factory=lambda: np.zeros(0))
    vertical: bool = False
    one_sided: bool = False
    words: dict[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        said = ", ".join(f"{key} {value}" for key, value in self.words.items())
        return f"seed {self.seed}: {self.kind}, {self.fault or 'no fault'}, {len(self.azimuth_deg)} angles, {said}"


@dataclass
class Take:
    """What is written of a variation: into which folder, at which angles and distance, with each one's frequencies and pressure."""

    folder: Path
    v: Variation
    written: Real
    grids: list[Real]
    columns: list[Complex]
    rng: Any
    heard: Any
    from_m: float

    @property
    def directions(self) -> Real:
        """Unit vectors (N, 3) to the written angles."""
        flat = np.zeros_like(self.written)
        return unit(flat, self.written) if self.v.vertical else unit(self.written, flat)

    @property
    def angles_deg(self) -> tuple[Real, Real]:
        """Their azimuths and elevations (N,)."""
        n = self.directions
        return np.degrees(np.arctan2(n[:, 1], n[:, 0])), np.degrees(np.arcsin(np.clip(n[:, 2], -1, 1)))


FAULTS: dict[str, tuple[str, ...]] = {
    "normalised": ("frd", "rew", "wav"),
    "phase of 0": ("frd", "rew", "sofa", "table"),
    "no timing reference": ("rew",),
    "conjugated": ("frd", "rew", "sofa", "table"),
    "one angle inverted": ("frd", "rew", "wav"),
    "axis missing": FORMATS,
    "cut off": ("frd", "rew", "table", "wav"),
    "radians": ("frd", "rew", "table"),
    "clipped": ("wav",),
}


def variation(
    seed: int, folder: Path
) -> tuple[Variation, Callable[[], MeasuredDirectivity], Callable[[Real, Real], Complex]]:
    """A variation written into a folder, how to read it, and its truth over frequency and direction."""
    rng = np.random.default_rng([20_261, seed])
    v = Variation(seed, str(rng.choice(FORMATS)))
    if rng.random() < 0.3:
        v.fault = str(rng.choice([fault for fault, kinds in FAULTS.items() if v.kind in kinds]))
    step = float(rng.choice([15.0, 22.5, 30.0]))
    side = str(rng.choice(["both", "left", "right", "front"]))
    angles = {
        "both": np.arange(-180 + step, 180.1, step),
        "left": np.arange(0, 180.1, step),
        "right": -np.arange(0, 180.1, step),
        "front": np.arange(-90, 90.1, step) if 90 % step == 0 else np.arange(-3 * step, 3.1 * step, step),
    }[side]
    if v.fault == "axis missing":
        angles = angles[np.abs(angles) > 15]
    written = np.where(angles < 0, angles + 360, angles) if rng.random() < 0.3 else angles.copy()
    order = rng.permutation(angles.size)
    angles, written = angles[order], written[order]
    v.azimuth_deg, v.one_sided = angles, side in ("left", "right")
    v.vertical = v.kind != "wav" and bool(rng.random() < 0.25)
    radius_m, corner_hz = float(rng.uniform(0.03, 0.09)), float(rng.uniform(60, 300))
    sign, gain = float(rng.choice([1, -1])), 10 ** (float(rng.uniform(-10, 25)) / 20)
    delay_s = float(rng.choice([0.0, rng.uniform(0, 2e-4), rng.uniform(5e-4, 6e-3), rng.uniform(6e-3, 2e-2)]))
    grid = str(rng.choice(["24", "48", "linear"]))
    low_hz, high_hz = float(rng.uniform(20, 400)), float(rng.uniform(6000, 18_000))
    if v.fault == "conjugated" and grid == "linear":
        grid = "48"  # evenly spaced, a delay with its sign turned is another delay of the same driver
    grids = bool(v.kind in ("frd", "rew") and rng.random() < 0.3 and grid != "linear")
    aside_m = (
        float(rng.choice([-1, 1]) * rng.uniform(0.03, 0.15))
        if v.kind in ("frd", "rew", "wav") and rng.random() < 0.4
        else 0.0
    )
    if v.vertical:
        aside_m = 0.0
    from_m = float(rng.uniform(1.0, 3.0))
    # 0.9 of a turn from frequency to frequency is 36 ms at 25 Hz, and no reader can tell more than one.
    v.words = {"side": side, "step": step, "vertical": v.vertical, "delay_s": delay_s, "grid": grid, "own grids": grids,
               "aside_m": aside_m, "sign": sign, "band": (round(low_hz), round(high_hz))}  # fmt: skip

    def truth(f: Real, n: Real) -> Complex:
        return sign * driver(f, n, radius_m, corner_hz)

    def frequencies(i: int = 0) -> Real:
        if grid == "linear":
            return np.arange(low_hz, high_hz, 25.0)
        per = int(grid)
        return np.asarray(
            low_hz * 2 ** ((np.arange(int(np.log2(high_hz / low_hz) * per)) + (0.11 * i if grids else 0)) / per)
        )

    towards = unit(np.zeros_like(angles), angles) if v.vertical else unit(angles, np.zeros_like(angles))

    def heard(f: Real, i: int) -> Complex:
        """What the microphone at an angle records (K,): from the driver's place, aside of the turning point."""
        away = from_m * towards[i] - np.array([0, aside_m, 0])
        r = float(np.linalg.norm(away))
        p = gain * truth(f, (away / r)[None])[:, 0] * np.exp(-2j * np.pi * f * (delay_s + r / C)) / r
        if v.fault == "conjugated":
            p = p.conj()
        if v.fault == "one angle inverted" and i == int(np.argmin(np.abs(np.abs(angles) - 30))):
            p = -p
        if v.fault == "no timing reference":
            p = p * np.exp(2j * np.pi * f * (r / C + 3e-4 * np.sin(np.radians(angles[i])) ** 2))
        return np.asarray(p)

    options: dict[str, Any] = {}
    if aside_m:
        options = {"turned_about": TurnedAbout((0.0, aside_m, 0.0)), "distance_m": from_m}
    columns = [heard(frequencies(i), i) for i in range(angles.size)]
    if v.fault == "normalised":
        columns = [p / np.abs(p).max() for p in columns]
    if v.fault == "phase of 0":
        columns = [np.abs(p).astype(complex) for p in columns]
    take = Take(folder, v, written, [frequencies(i) for i in range(angles.size)], columns, rng, heard, from_m)
    writers = {"frd": _frd, "rew": _rew, "spinorama": _spinorama, "wav": _wav, "sofa": _sofa, "table": _table}
    pattern = writers[v.kind](take)
    if v.fault == "cut off":
        victim = sorted(folder.iterdir())[0]
        victim.write_bytes(victim.read_bytes()[: -int(rng.integers(7, 60))])
    if v.kind in ("frd", "rew") and v.fault == "radians":
        for path in sorted(folder.iterdir()):
            stem, _, angle = path.stem.rpartition(" ")
            path.rename(path.with_name(f"{stem} {np.radians(float(angle)):.4f}{path.suffix}"))

    def read() -> MeasuredDirectivity:
        return read_response(pattern, folder, driver="driver", speed_of_sound_m_s=C, **options)

    return v, read, truth


def _lines(f: Real, p: Complex, separator: str, decimal: str, *, unwrap: bool) -> str:
    phase = np.unwrap(np.angle(p)) if unwrap else np.angle(p)
    rows = zip(f, 20 * np.log10(np.abs(p)) + 80, np.degrees(phase), strict=True)
    return "\n".join(separator.join(f"{x:.5f}".replace(".", decimal) for x in row) for row in rows) + "\n"


def _name(v: Variation, angle: float) -> str:
    return f"driver {'ver' if v.vertical else 'hor'} {angle:g}"


def _frd(t: Take) -> str:
    separator, decimal = [(" ", "."), ("\t", "."), (";", ","), ("\t", ","), (", ", ".")][int(t.rng.integers(5))]
    unwrap, comment = bool(t.rng.random() < 0.3), str(t.rng.choice(["", "* measured\n", "# freq spl phase\n"]))
    for angle, f, p in zip(t.written, t.grids, t.columns, strict=True):
        (t.folder / f"{_name(t.v, angle)}.frd").write_text(comment + _lines(f, p, separator, decimal, unwrap=unwrap))
    return "driver *.frd"


def _rew(t: Take) -> str:
    said = "with no timing reference" if t.v.fault == "no timing reference" else "using a loopback as timing reference"
    heading = f"* Measurement data measured by REW V5.31.2\n* Format: 256k Log Swept Sine, 1 sweep at -12.0 dBFS {said}\n* Freq(Hz)\n"
    for angle, f, p in zip(t.written, t.grids, t.columns, strict=True):
        (t.folder / f"{_name(t.v, angle)}.txt").write_text(heading + _lines(f, p, " ", ".", unwrap=False))
    return "driver *.txt"


def _spinorama(t: Take) -> str:
    heading = "\t".join(["Frequency [Hz]", *("On-Axis" if a == 0 else f"{a:g}°" for a in t.written)])
    rows = [
        "\t".join(f"{x:.5f}" for x in (f, *(20 * np.log10(np.abs(p[k])) + 80 for p in t.columns)))
        for k, f in enumerate(t.grids[0])
    ]
    name = f"SPL {'Vertical' if t.v.vertical else 'Horizontal'}.txt"
    (t.folder / name).write_text("\n".join([name[:-4], heading, *rows]), encoding="utf-8")
    return name


def _wav(t: Take) -> str:
    rate, taps = int(t.rng.choice([44_100, 48_000, 96_000])), 4096
    f = np.fft.rfftfreq(taps, 1 / rate)
    band = 1 / (1 + (f / (0.42 * rate)) ** 24)
    samples = [
        np.fft.irfft(t.heard(np.maximum(f, 1e-3), i) * band * np.exp(-2j * np.pi * f * 2e-3))
        for i in range(len(t.written))
    ]
    loudest = max(float(np.abs(x).max()) for x in samples)
    for angle, x in zip(t.written, samples, strict=True):
        x = 0.5 * x / (np.abs(x).max() if t.v.fault == "normalised" else loudest)
        x = np.clip(x, -0.2, 0.2) if t.v.fault == "clipped" else x
        soundfile.write(t.folder / f"{_name(t.v, angle)}.wav", x, rate, subtype=str(t.rng.choice(["FLOAT", "PCM_24"])))
    return "driver *.wav"


def _sofa(t: Take) -> str:
    sofa = sofar.Sofa("FreeFieldDirectivityTF")
    for name in ("Description", "EmitterDescriptions"):  # sofar cannot write more than one text
        sofa.delete(name)
    data = np.stack(t.columns)[None]
    sofa.Data_Real, sofa.Data_Imag, sofa.N = data.real, data.imag, t.grids[0]
    if t.rng.random() < 0.5:
        sofa.ReceiverPosition, sofa.ReceiverPosition_Type, sofa.ReceiverPosition_Units = (
            t.from_m * t.directions,
            "cartesian",
            "metre",
        )
    else:
        azimuth, elevation = t.angles_deg
        sofa.ReceiverPosition = np.stack([azimuth, elevation, np.full(azimuth.size, t.from_m)], axis=1)
    sofar.write_sofa(str(t.folder / "driver.sofa"), sofa)
    return "driver.sofa"


def _table(t: Take) -> str:
    azimuth, elevation = t.angles_deg
    clockwise, other, polar = (bool(b) for b in t.rng.random(3) < 0.3)
    keys = [f"# distance_m: {t.from_m!r}"] + ["# azimuth: clockwise"] * clockwise + ["# time: exp(-iwt)"] * other
    names = "magnitude_db,phase_deg" if polar else "real,imag"
    scale = np.pi / 180 if t.v.fault == "radians" else 1.0
    rows = []
    for i, p in enumerate(t.columns):
        p = p.conj() if other else p
        for f, x in zip(t.grids[0], p, strict=True):
            pair = (20 * np.log10(abs(x)), np.degrees(np.angle(x))) if polar else (x.real, x.imag)
            a = scale * (-azimuth[i] if clockwise else azimuth[i])
            rows.append(
                f"{f!r},{a:.6f},{scale * elevation[i]:.6f},{pair[0]:.9g},{pair[1]:.9g}".replace(
                    "np.float64(", ""
                ).replace(")", "")
            )
    rows = [rows[i] for i in t.rng.permutation(len(rows))]
    text = "\n".join([*keys, f"frequency_hz,azimuth_deg,elevation_deg,{names}", *rows])
    (t.folder / "driver.csv").write_text(text)
    return "driver.csv"


def distance_to_truth(
    m: MeasuredDirectivity, v: Variation, truth: Callable[[Real, Real], Complex]
) -> tuple[float, float]:
    """Largest errors in dB and degrees after one gain and one delay, at what was measured and at its mirror image."""
    f = m.frequency_hz
    inside = (f > (150 if v.kind == "wav" else 0)) & (f < (9000 if v.kind == "wav" else np.inf))
    f = f[inside]
    directions = m.directions
    got = m.pressure[inside]
    if v.one_sided:
        mirror = directions * (np.array([1, 1, -1]) if v.vertical else np.array([1, -1, 1]))
        got = np.concatenate([got, m.transfer(f, mirror)], axis=1)
        directions = np.concatenate([directions, mirror])
    true = truth(f, directions)
    size = np.abs(true)
    known = (size > size.max(axis=1, keepdims=True) * 10 ** (-HEARD_DB / 20)) & (size > 0.003 * size.max())
    apart_db = 20 * np.log10(np.abs(got / true))
    level = float(np.abs(apart_db - np.median(apart_db[known]))[known].max())
    if m.magnitude_only:
        return level, 0.0
    axis = int(np.argmax(directions[:, 0]))
    ratio = got / true
    # The one delay: the straight line through 0 Hz of the axis's phase, where it is loud.
    loud = size[:, axis] > 0.1 * size[:, axis].max()
    phase = np.unwrap(np.angle(ratio[loud, axis]))
    _, start = np.polyfit(f[loud], phase, 1)
    turns = np.round(start / (2 * np.pi)) * 2 * np.pi
    fit = (f[loud] @ (phase - turns)) / (f[loud] @ f[loud])
    left = np.degrees(np.abs(np.angle(ratio * np.exp(-1j * f * fit)[:, None])))
    return level, float(left[known].max())


def verdict(seed: int, folder: Path) -> str:
    """What is wrong with the reading of one variation; empty where it is read right, refused, or warned of with reason."""
    v, read, truth = variation(seed, folder)
    try:
        m = read()
    except DataError as error:
        return "" if v.fault else f"{v}: refused: {error}"
    apart_db, apart_deg = distance_to_truth(m, v, truth)
    right = apart_db < WITHIN_DB and apart_deg < WITHIN_DEG
    if right or (v.fault and m.warnings):
        return ""
    return f"{v}: {apart_db:.2f} dB and {apart_deg:.1f} degrees off; warnings: {m.warnings}"
