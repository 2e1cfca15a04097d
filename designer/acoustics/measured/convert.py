"""`designer convert`: measured drivers, a head or a whole device, or a problem's model, as a SOFA file, written whole or not at all.

| input | output |
|---|---|
| drivers in any format that `response` takes | FreeFieldDirectivityTF, one measurement a driver |
| a head: (Simple)FreeFieldHRIR or -HRTF, or GeneralFIR or -TF with two receivers where source or head moves | SimpleFreeFieldHRIR |
| a whole device: GeneralTF or -FIR, with -E or without | GeneralTF-E or GeneralFIR-E |
| a problem file: its modelled device, with any body | FreeFieldDirectivityTF, GeneralTF or GeneralTF-E, as `device_file` says |
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

import designer
from designer.acoustics.measured.formats import SOFA, named_sets, read_set
from designer.acoustics.measured.raw_set import Request, TurnedAbout, matching_files, named_emitter
from designer.acoustics.measured.sofa import DRIVER_CONVENTION, kind_of
from designer.acoustics.measured.sofa_writers import (
    append_names,
    comment,
    describe,
    device_sofa,
    directivity_sofa,
    global_texts,
    head_sofa,
    is_sealed,
    modelled_sofa,
    seal,
)
from designer.errors import OutputError, UsageError
from designer.writing import check_file, reserve, write_file

if TYPE_CHECKING:
    from designer.acoustics.device_file import Convention

PROBLEM = ".toml"


@dataclass(frozen=True)
class DriverOptions:
    """How drivers' files are to be read; each is what a key of the problem file's [[drivers]] says there."""

    name: str | None = None
    gate_ms: float | None = None
    distance_m: float | None = None
    clockwise: bool = False
    facing_deg: tuple[float, float] = (0.0, 0.0)
    angles: str | None = None
    channel: int | None = None
    turned_about: tuple[float, float, float] | None = None
    """Where the driver was from the point that its set was turned about; None for that point itself."""
    time: Literal["auto", "shared", "own"] = "auto"


@dataclass(frozen=True)
class Converted:
    """Lines about what was written, and warnings about the data."""

    lines: tuple[str, ...]
    warnings: tuple[str, ...]


def check_writable(out: Path, *, inputs: Sequence[Path] = (), force: bool = False) -> None:
    """Find out before anything is read whether the output could be written.

    Parameters
    ----------
    inputs : sequence of Path, files that are to be read; not even `force` replaces them
    force : bool, replace a file that this tool did not write, or that was edited since

    Raises
    ------
    UsageError : the output is no .sofa file, an input, or a file that is not to be replaced
    OutputError : no room there, or a folder that is read-only
    """
    if out.suffix.lower() != ".sofa":
        raise UsageError(f"{out}: got the suffix {out.suffix or 'none'}; expected .sofa; name it with -o OUT.sofa")
    expected = "a new file, or one as `designer convert` wrote it"
    check_file(out, inputs=tuple(inputs), is_own=is_sealed, expected=expected, force=force)
    reserve(out)


def convert(
    patterns: Sequence[str],
    out: Path,
    *,
    options: DriverOptions | None = None,
    speed_of_sound_m_s: float = 343.0,
    convention: Convention | None = None,
    force: bool = False,
) -> Converted:
    """Read measured data, or a problem file, and write them as SOFA.

    Parameters
    ----------
    patterns : sequence of str, files or patterns; "#name" or "#index" after a SOFA file picks one of its drivers
    out : Path, the file to write
    speed_of_sound_m_s : float, in the air of measured drivers; a problem states its own
    convention : str or None, of a problem's device; FreeFieldDirectivityTF by default
    force : bool, replace a file that this tool did not write, or that was edited since

    Raises
    ------
    UsageError : the output is not free, or the inputs do not belong together
    OutputError : it cannot be written; what was there is as it was
    DataError : the data cannot be used
    ProblemError : the problem file has faults
    """
    if not patterns:
        raise UsageError("got no file of measured data; expected one or more")
    check_writable(out, force=force)
    options = options or DriverOptions()
    paths = [path for p in patterns for path in matching_files(named_emitter(p, Path())[0], Path())]
    kinds = {path: _kind(path) for path in paths}
    check_writable(out, inputs=list(kinds), force=force)
    names: list[str] = []
    path, kind = next(iter(kinds.items()))
    if convention is not None and kind != "problem":
        expected = "a problem file, because measured data state their own"
        raise UsageError(f"{path}: got --convention for a {kind}; expected it with {expected}; leave it out")
    if set(kinds.values()) == {"driver"}:
        sofa, names, facts = _drivers(patterns, options, speed_of_sound_m_s)
    else:
        if len(kinds) > 1:
            kind_list = ", ".join(f"{path} (a {kind})" for path, kind in kinds.items())
            raise UsageError(
                f"got {kind_list}; expected drivers for one file, or one head, one device or one problem; convert each alone"
            )
        fit = {"distance_m"} if kind == "problem" else set()
        unfit = [f.name for f in fields(options) if f.name not in fit and getattr(options, f.name) != f.default]
        if unfit:
            flag = f"--{unfit[0].removesuffix('_deg').removesuffix('_m').replace('_', '-')}"
            raise UsageError(f"{path}: got {flag} for a {kind}; expected it for drivers alone; leave it out")
        if kind == "problem":
            sofa, names, facts = _problem(path, out, convention or DRIVER_CONVENTION, options.distance_m)
        else:
            sofa, facts = _head(path) if kind == "head" else _device(path)
    texts = global_texts(path) if path.suffix.lower() in SOFA and len(kinds) == 1 else {}
    title = ", ".join(names) if names and kind == "driver" else path.stem
    describe(sofa, title=title, comment=facts.lines[-1], files=list(kinds), version=designer.__version__, texts=texts)
    _write(sofa, names, out)
    return Converted((*facts.lines[:-1], f"wrote {out} ({sofa.GLOBAL_SOFAConventions})"), facts.warnings)


def _drivers(
    patterns: Sequence[str], options: DriverOptions, speed_of_sound_m_s: float
) -> tuple[Any, list[str], Converted]:
    """A Sofa object of drivers, their names, and what to say; the last line is the file's comment."""
    from designer.acoustics.measured.driver_sets import common_reference
    from designer.acoustics.measured.drivers import driver_lines

    turned_about = options.turned_about
    keys = {
        key: getattr(options, key) for key in ("gate_ms", "distance_m", "facing_deg", "clockwise", "angles", "channel")
    }
    keys["turned_about"] = None if turned_about is None else TurnedAbout(turned_about, options.facing_deg)
    read = {}
    for named_set in named_sets(patterns, Path(), name=options.name):
        request = Request(
            driver=named_set.name, emitter=named_set.emitter, speed_of_sound_m_s=speed_of_sound_m_s, **keys
        )
        read[named_set.name] = read_set(named_set.files, str(named_set.files[0]), request)
    sets, warnings = common_reference(read, dict.fromkeys(read, options.time))
    sofa = directivity_sofa(sets, speed_of_sound_m_s)
    lines = [line for name, response in sets.items() for line in driver_lines(name, response)]
    messages = [f'driver "{name}": {warning}' for name, response in sets.items() for warning in response.warnings]
    return sofa, list(sets), Converted((*lines, comment(sets, speed_of_sound_m_s)), (*messages, *warnings))


def _head(path: Path) -> tuple[Any, Converted]:
    from designer.acoustics.measured.head_file import read_recording

    recording = read_recording(path, str(path), precise=True)
    location = f"{recording.distance_m:g} m" if recording.distance_m < float("inf") else "a distance that is not known"
    line = (
        f"head: {len(recording.directions)} directions at {location}, {recording.responses.shape[2]} samples at"
        f" {recording.sample_rate_hz:g} Hz"
    )
    treatment = (
        "left ear first, each direction once, azimuths counter-clockwise; samples, level and delays as they were"
    )
    return head_sofa(recording), Converted((line, "; ".join([treatment, *recording.warnings])), recording.warnings)


def _device(path: Path) -> tuple[Any, Converted]:
    from designer.acoustics.measured.device import read_device

    device = read_device(path, None)
    points, drivers, count = device.data.shape
    over = f"{count} samples at {device.sample_rate_hz:g} Hz" if device.frequency_hz is None else f"{count} frequencies"
    line = f"device: {drivers} drivers at {points} points, {over}"
    return device_sofa(device), Converted((line, "emitters are the drivers; responses as they were"), ())


def _kind(path: Path) -> Literal["driver", "head", "device", "problem"]:
    if path.suffix.lower() in SOFA:
        return kind_of(path)
    return "problem" if path.suffix.lower() == PROBLEM else "driver"


def _problem(
    path: Path, out: Path, convention: Convention, distance_m: float | None
) -> tuple[Any, list[str], Converted]:
    """A Sofa object of a problem's device, the names that its file holds, and lines for the user."""
    from designer.acoustics.device_file import ears_of, modelled_device
    from designer.problem import load

    problem = load(path)
    device = modelled_device(problem, convention, distance_m=distance_m)
    points, drivers, count = device.data.shape
    body = problem.body.model_name
    names = list(problem.driver_names)
    if convention == DRIVER_CONVENTION:
        sofa = modelled_sofa(device)
        where = f"{points} directions at {np.linalg.norm(device.receivers_m[0]):.6g} m"
        read_by = 'each driver has a measurement of its name; to read it, set response = "FILE.sofa", its position_m and facing_deg'
    else:
        sofa = device_sofa(device, as_emitters=convention == "GeneralTF-E")
        ears, places = ears_of(problem), [len(place.points_m()) for place in problem.places or ()]
        heads = "the head" if len(problem.listeners or [1]) == 1 else f"{len(problem.listeners or ())} heads"
        among = f", {sum(places)} points of places" if places else ""
        where = f"{ears} ears of {heads}{among} and {points - ears - sum(places)} points of the circle without the head"
        read_by = f'drivers in this order: {", ".join(names)}; to read it, set [scene] transfer = "FILE.sofa"'
        names = []
    f = device.frequency_hz
    assert f is not None  # a model's are spectra
    line = f"model: {body}, {drivers} drivers at {where}, {count} frequencies from {f[0]:g} to {f[-1]:g} Hz"
    reference = "pressure relative to an ideal source's on-axis free-field pressure at 1 m, e^{+jwt}"
    axes = "x front, y the device's own left, z up"
    comment_text = f"{reference}; {problem.speed_of_sound_m_s:g} m/s; {axes}; {line}; {read_by}"
    return sofa, names, Converted((line, read_by.replace("FILE.sofa", out.name), comment_text), ())


def _write(sofa: Any, names: list[str], out: Path) -> None:
    import sofar  # slow to import

    def fill(path: Path) -> None:
        try:
            sofar.write_sofa(str(path), sofa)
            if names:
                append_names(path, names)
            seal(path)
        except RuntimeError as error:  # what the HDF5 library says where the system lets it write no more
            raise OutputError(f"{out}: cannot be written: {error}; make room, or choose another place") from None

    write_file(out, fill)
