"""From what a reader read to a `MeasuredDirectivity`: checks, distance, minimum phase, common delay, gate, level, summary."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from designer.acoustics.measured.directivity import LEVEL_IS_RELATIVE, OWN_TIME, DirectivitySummary, MeasuredDirectivity
from designer.acoustics.measured.export_losses import check_reflections, check_time
from designer.acoustics.measured.grids import gate_spectrum
from designer.acoustics.measured.interpolation import (
    IN_PLANE,
    PLANES,
    angles_in_plane,
    coverage,
    measured_side,
    parts_mirrored,
    usual_step_deg,
)
from designer.acoustics.measured.raw_set import RawSet, Request
from designer.acoustics.measured.set_checks import (
    check_arrivals,
    check_delay,
    check_gaps,
    check_loudest,
    check_phase_sign,
    check_polarity_between,
    check_silence,
    check_zero,
    merge_duplicates,
)
from designer.acoustics.measured.time_reference import fit_acoustic_centre_s, fit_delay, minimum_phase
from designer.arrays import Complex, Index, Real
from designer.errors import DataError

LATENCY_S = 2e-4
"""Where the geometry is stated, a delay beyond it that is longer than this (7 cm) is the measurement's latency."""
OFF_AXIS_DEG = 15.0
SYMMETRY_UP_TO_HZ = 5000.0


def assemble(raw: RawSet, request: Request) -> MeasuredDirectivity:
    """One driver's set on the reference of `directivity`.

    Raises
    ------
    DataError : the set cannot be used
    """
    gate_ms, speed_of_sound_m_s = request.gate_ms, request.speed_of_sound_m_s
    notes, warnings = list(raw.notes), list(raw.warnings)
    warnings += check_silence(raw)
    off_deg = float(np.degrees(np.arccos(np.clip(raw.directions[raw.axis, 0], -1, 1))))
    if off_deg > OFF_AXIS_DEG + 1e-6:
        raise DataError(
            f"{raw.files[0]}: got no response on axis: the nearest is {raw.labels[raw.axis]}, {off_deg:.0f} degrees off; "
            f"expected one within {OFF_AXIS_DEG:g} degrees; measure the direction that the driver faces, or turn the "
            "angles so that it is 0"
        )
    warnings += check_time(raw)
    if raw.frequency_hz[0] == 0:  # log frequency, and a phase at 0 Hz, mean nothing
        raw = replace(raw, frequency_hz=raw.frequency_hz[1:], pressure=raw.pressure[1:])
    frequency_hz = raw.frequency_hz
    warnings += check_reflections(raw) if gate_ms is None else []
    if raw.magnitude_only:
        warnings.append(
            "files hold no phase: each direction was given the minimum phase of its level, and all arrive together"
        )
        phase = minimum_phase(frequency_hz, np.abs(raw.pressure))
        raw = replace(raw, pressure=np.abs(raw.pressure) * np.exp(1j * phase))

    at_m = raw.distance_m if request.distance_m is None else request.distance_m
    fit = fit_delay(frequency_hz, raw.pressure[:, raw.axis])
    delay_s = removed_s = 0.0
    if raw.time == "absolute":
        delay_s = removed_s = fit.delay_s if abs(fit.delay_s) > LATENCY_S and not raw.magnitude_only else 0.0
    elif not raw.magnitude_only:
        delay_s = fit.delay_s
        removed_s = raw.removed_s + delay_s - (at_m or 0.0) / speed_of_sound_m_s
    if not raw.magnitude_only:
        warnings += check_phase_sign(raw) or check_delay(raw, fit, flown=raw.time == "absolute" and bool(at_m))
        if raw.time == "absolute" and not at_m and delay_s > LATENCY_S:
            warnings.append(
                f"no distance is stated, and the sound on axis begins {1000 * delay_s:.4g} ms after time 0, as it does"
                f" {delay_s * speed_of_sound_m_s:.3g} m away: if the pressure was taken there, state that distance"
                " (response_distance_m), or level and near field are wrong"
            )
    early = np.exp(2j * np.pi * frequency_hz * delay_s)[:, None]
    raw, merged = merge_duplicates(replace(raw, pressure=raw.pressure * early))
    warnings += merged + check_gaps(raw) + check_polarity_between(raw) + check_arrivals(raw)
    warnings += check_loudest(raw) or check_zero(raw)
    directions, pressure, axis = raw.directions, raw.pressure, raw.axis

    if gate_ms is not None and not raw.gated:
        if raw.magnitude_only:
            raise DataError(
                f"{raw.files[0]}: got gate_ms = {gate_ms:g} for files without phase; expected a gate for files with "
                "phase; gate before exporting"
            )
        if 2000 / gate_ms >= frequency_hz[-1]:
            raise DataError(
                f"{raw.files[0]}: got gate_ms = {gate_ms:g}, which leaves no band; expected a gate beyond "
                f"{2000 / frequency_hz[-1]:.3g} ms"
            )
        frequency_hz, pressure = gate_spectrum(frequency_hz, pressure, gate_ms / 1000)
        notes.append(
            f"reflections gated {gate_ms:g} ms after the direct sound; the band starts at {frequency_hz[0]:.4g} Hz"
        )

    if raw.distance_m is None:
        if at_m is not None:
            pressure = pressure * at_m
            notes.append(f"measured at {at_m:g} m; level brought to 1 m")
        else:
            notes.append(
                "distance is not stated; level and delay are relative, so only the difference of near and far is lost"
            )
    gain_db = 0.0
    if raw.level == "relative":
        gain_db = -_median_level_db(np.abs(pressure[:, axis]))
        pressure = pressure * 10 ** (gain_db / 20)
        notes.append(f"{LEVEL_IS_RELATIVE}: {gain_db:+z.2f} dB brings it to 0 dB on axis")
    notes += _symmetry_notes(directions)
    centre_s = _centre_s(frequency_hz, directions, pressure, axis)
    symmetry_db = _symmetry_error_db(frequency_hz, directions, pressure)
    if symmetry_db is not None:
        notes.append(
            f"left and right (up and down) differ by {symmetry_db:z.2f} dB up to {SYMMETRY_UP_TO_HZ:g} Hz (root mean square)"
            + (
                ""
                if coverage(directions) == "vertical plane"
                else "; positive horizontal angles were taken as the driver's left"
            )
        )
    on_axis_db = 20 * np.log10(np.abs(pressure[:, axis]) + 1e-300)
    has_1_khz = frequency_hz[0] <= 1000 <= frequency_hz[-1]
    centre_m = centre_s * speed_of_sound_m_s
    summary = DirectivitySummary(
        driver=request.driver,
        kind=raw.kind,
        files=tuple(str(path) for path in raw.files),
        coverage=coverage(directions),
        directions=len(directions),
        lowest_hz=float(frequency_hz[0]),
        highest_hz=float(frequency_hz[-1]),
        level_1_khz_db=float(np.interp(1000.0, frequency_hz, on_axis_db)) if has_1_khz else None,
        gain_db=gain_db,
        delay_removed_s=removed_s,
        distance_m=at_m or None,  # 0 stands for r e^{jkr} p, which has no distance
        polarity=fit.polarity,
        acoustic_centre_m=(float(centre_m[0]), float(centre_m[1]), float(centre_m[2])),
        symmetry_error_db=symmetry_db,
        noise_floor_db=_noise_floor_db(pressure * np.exp(-2j * np.pi * np.outer(frequency_hz, directions @ centre_s))),
        time_reference=_time_words(raw, removed_s, at_m),
        modelled=raw.modelled,
    )
    return MeasuredDirectivity(
        frequency_hz=frequency_hz,
        directions=directions,
        pressure=pressure,
        summary=summary,
        acoustic_centre_s=centre_s,
        level=raw.level,
        time=raw.time,
        time_reference=raw.time_reference,
        magnitude_only=raw.magnitude_only,
        notes=tuple(notes),
        warnings=tuple(warnings),
    )


def _time_words(raw: RawSet, removed_s: float, at_m: float | None) -> str:
    if raw.magnitude_only:
        return "none, because the files hold no phase"
    if raw.time == "absolute":
        late = f", {1000 * removed_s:.4g} ms beyond the flight taken off all directions alike" if removed_s else ""
        return f"the file's own, from the flight that it states{late}"
    beyond = f" beyond the flight over {at_m:g} m" if at_m else ""
    return f"{OWN_TIME}: {1000 * removed_s:.4g} ms{beyond} taken off all directions alike, none off single ones"


def _median_level_db(magnitude: Real) -> float:
    """Median level where the response is within 10 dB of its maximum: neither roll-off nor a single peak moves it."""
    level = 20 * np.log10(magnitude + 1e-300)
    return float(np.median(level[level > level.max() - 10]))


def _sides(directions: Real) -> list[int]:
    """The one side that was measured to the left and right, and up and down: 1, -1, or 0 for both (or neither)."""
    if coverage(directions) == "sphere":
        return [int(directions[:, i].min() > -IN_PLANE) - int(directions[:, i].max() < IN_PLANE) for i in (1, 2)]
    return [measured_side(angles_in_plane(directions, along)[1]) for along in PLANES.values()]


def _centre_s(frequency_hz: Real, directions: Real, pressure: Complex, axis: int) -> Real:
    """The acoustic centre over the speed of sound, with the side of a plane that was not measured mirrored."""
    sides = _sides(directions)
    for i, side in zip((1, 2), sides, strict=True):
        if side:
            beside = np.flatnonzero(side * directions[:, i] > IN_PLANE)  # the axis and the back are there once
            mirror = np.where(np.arange(3) == i, -1.0, 1.0)
            directions = np.concatenate([directions, directions[beside] * mirror])
            pressure = np.concatenate([pressure, pressure[:, beside]], axis=1)
    indices = _with_images(directions)  # a side measured in part would draw the centre to the other
    directions, pressure, axis = directions[indices], pressure[:, indices], int(np.flatnonzero(indices == axis)[0])
    centre_s = fit_acoustic_centre_s(frequency_hz, directions, pressure, axis)
    centre_s[1:][np.array(sides) != 0] = 0.0  # in the mirror's plane, exactly: each side is the other's image
    return centre_s


def _with_images(directions: Real) -> Index:
    """Directions (N,) of a plane whose mirror image was measured too, where a part of one of its sides was not; else all."""
    indices = np.arange(len(directions))
    kind = coverage(directions)
    if kind not in ("horizontal plane", "vertical plane"):
        return indices
    angle_deg = angles_in_plane(directions, PLANES[kind.removesuffix(" plane")])[1]
    if measured_side(angle_deg) or not parts_mirrored(angle_deg).size:
        return indices
    apart_deg = np.abs((angle_deg[:, None] + angle_deg + 180) % 360 - 180).min(axis=1)
    close = np.flatnonzero(apart_deg < 0.5 * usual_step_deg(angle_deg))
    on_axis = int(np.argmax(directions[:, 0]))
    return close if close.size > 2 and on_axis in close else indices


def _symmetry_notes(directions: Real) -> list[str]:
    kind = coverage(directions)
    if kind in ("horizontal plane", "vertical plane"):
        sides = (
            "one side for all, which does not tell whether 0 is where the driver faces"
            if any(_sides(directions))
            else "both its sides kept in that plane, their mean across it"
        )
        return [f"only the {kind} was measured: the sphere is completed by symmetry about the axis ({sides})"]
    if kind == "two planes":
        return [
            "horizontal and vertical plane were measured: between them, levels in dB are blended by the square of the cosine"
        ]
    return []


def _symmetry_error_db(frequency_hz: Real, directions: Real, pressure: Complex) -> float | None:
    """Root mean square of a plane's one side over the other where both were measured, up to 5 kHz."""
    level = 20 * np.log10(np.abs(pressure[frequency_hz <= SYMMETRY_UP_TO_HZ]) + 1e-300)
    apart: list[Real] = []
    if coverage(directions) in ("sphere", "axis") or not level.size:
        return None
    for i in (1, 2):
        mirrored = directions * np.where(np.arange(3) == i, -1, 1)
        for n in np.flatnonzero(directions[:, i] > IN_PLANE):
            distance = np.linalg.norm(mirrored - directions[n], axis=1)
            other = int(np.argmin(distance))
            if distance[other] < 1e-3:
                apart.append(level[:, n] - level[:, other])
    return float(np.sqrt(np.mean(np.square(apart)))) if apart else None


def _noise_floor_db(pressure: Complex) -> float:
    """Second differences over frequency: white noise of variance σ² has 6σ² of them, and a smooth response nearly none."""
    if len(pressure) < 3:
        return 0.0
    rough = np.mean(np.abs(np.diff(pressure, 2, axis=0)) ** 2) / 6
    return float(10 * np.log10(rough / np.mean(np.abs(pressure) ** 2) + 1e-30))
