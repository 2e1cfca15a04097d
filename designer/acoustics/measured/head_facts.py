"""Facts of a measured head for `designer check`: how far it reaches, and how good it is."""

from __future__ import annotations

import numpy as np
from scipy.spatial import KDTree

from designer.acoustics.measured.driver_sets import place_text
from designer.acoustics.measured.head import MeasuredHead
from designer.acoustics.measured.head_file import EQUAL_HZ
from designer.acoustics.measured.interaural_time import spectra
from designer.acoustics.scene import Scene
from designer.arrays import Real

SYMMETRY_HZ = np.geomspace(200.0, 8000.0, 48)


def explain_heads(scene: Scene) -> list[str]:
    """Lines that say what a problem's measured heads are; none where a whole measured device replaces them.

    Raises
    ------
    DataError : a head's file cannot be used, or measures nothing where the drivers are; a device has no receiver at an ear
    """
    heads = [] if scene.is_measured else [head for head in scene.heads if isinstance(head, MeasuredHead)]
    lines = [line for head in heads for line in head_lines(head)]
    if (heads or scene.is_measured) and any(not table.is_beam for table in scene.problem.designs):
        scene.at(np.array([1000.0])).with_heads(scene.heads).ears()  # says so where a direction is not measured
    return lines


def head_lines(head: MeasuredHead) -> list[str]:
    """Directions, band, interaural time, level, delay, symmetry and noise of one head."""
    recording = head.recording
    elevation = np.degrees(np.arcsin(np.clip(recording.directions[:, 2], -1, 1)))
    apart = np.asarray(KDTree(recording.directions).query(recording.directions, k=[2])[0])
    between = f", {np.degrees(np.median(apart)):.0f} degrees apart" if len(elevation) > 1 else ""
    polygons = head.interpolation.polygons
    gaps = [head.interpolation.gap_name(normal) for normal in polygons.normals[polygons.gap]] if polygons else []
    gap = "".join(f"; {name}" for name in dict.fromkeys(gaps))
    location = f"at {recording.distance_m:g} m" if np.isfinite(recording.distance_m) else "far away"
    azimuth = np.round(np.degrees(np.arctan2(recording.directions[:, 1], recording.directions[:, 0])), 6)
    added_ms = 1000 * recording.delay_s
    time = (
        f"Data.Delay of {added_ms.min():.3g} to {added_ms.max():.3g} ms beside the samples"
        if added_ms.any()
        else "the samples"
    )
    polarity = {1: "upright", -1: "inverted", 0: "neither upright nor inverted"}[head.polarity]
    widest = int(np.argmax(np.abs(recording.directions[:, 1])))
    degrees = np.degrees(np.arcsin(min(1.0, abs(float(recording.directions[widest, 1])))))
    level_db = float(np.interp(1000.0, *_level(head)))
    symmetry_db = symmetry_error_db(head)
    symmetric = "no mirrored directions" if symmetry_db is None else f"left-right symmetry error {symmetry_db:z.1f} dB"
    return [
        f"head {head.name}: {len(recording.directions)} directions {location}, elevations {elevation.min():.0f} to"
        f" {elevation.max():.0f} degrees{between}{gap}",
        f"  band {head.band_hz[0]:.0f} to {head.band_hz[1]:.0f} Hz, {recording.responses.shape[2]} samples at"
        f" {recording.sample_rate_hz:g} Hz; interaural time {abs(head.interaural_time_s[widest]) * 1e3:.2f} ms at"
        f" {degrees:.0f} degrees",
        f"  {recording.convention or 'impulse responses'}, azimuths {azimuth.min():.0f} to {azimuth.max():.0f} degrees"
        f" counter-clockwise; time reference: {time}; polarity {polarity}; fitted centre {place_text(head.centre_m)} of the"
        " point that the directions are counted from",
        f"  level changed by {level_db:z.1f} dB at 1 kHz, delay of {head.advance_s * 1e3:.2f} ms taken out; {symmetric};"
        f" noise floor {noise_floor_db(head):z.0f} dB below the peak",
    ]


def _level(head: MeasuredHead) -> tuple[Real, Real]:
    gain_db = 20 / np.log(10) * (head.log_gain - np.log(head.recording.full_scale))
    return EQUAL_HZ[: gain_db.size], gain_db


def symmetry_error_db(head: MeasuredHead) -> float | None:
    """RMS difference of an ear's level to the other's at the mirrored direction, 200 Hz to 8 kHz; None without such."""
    recording = head.recording
    neighbours = KDTree(recording.directions).query(recording.directions * [1.0, -1.0, 1.0])
    apart, mirror = np.asarray(neighbours[0]), np.asarray(neighbours[1], dtype=np.intp)
    pairs = np.flatnonzero(apart < 0.01)
    if not pairs.size:
        return None
    f = SYMMETRY_HZ[head.band_hz[1] >= SYMMETRY_HZ]
    level = 20 * np.log10(np.maximum(np.abs(spectra(recording.responses, f, recording.sample_rate_hz)), 1e-9))
    return float(np.sqrt(np.mean((level[pairs, 0] - level[mirror[pairs], 1]) ** 2)))


def noise_floor_db(head: MeasuredHead) -> float:
    """How far the last tenth of the responses lies below their peaks, in the median."""
    responses = head.recording.responses
    tail = np.sqrt(np.mean(responses[..., -max(1, responses.shape[2] // 10) :] ** 2, axis=2))
    return float(-20 * np.log10(max(float(np.median(tail / np.abs(responses).max(axis=2))), 1e-10)))
