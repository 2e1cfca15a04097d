"""`jconvolver`, `wav`, `easyeffects` and `convolver-cfg` by fconvolver, jconvolver's player of files; `brutefir` by BruteFIR."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from designer.arrays import Real
from designer.errors import ProgramError
from designer.export.filter_set import FilterSet
from designer.export.runners.bench import Bench, called, program

TRIES = 3
"""Runs of fconvolver: its threads start late on a busy machine, and then it plays silence."""
PARTITION = 256
BLOCK = 4096


def run_jconvolver(folder: Path, signals: Real, filters: FilterSet, bench: Bench) -> Real:
    """Feeds (N, drivers) of signals (N, channels) in single precision. Raises ProgramError: fconvolver is missing or fails."""
    return _fconvolver(folder, "jconvolver.conf", signals, filters)


def run_wav(folder: Path, signals: Real, filters: FilterSet, bench: Bench) -> Real:
    """Feeds of `filters.wav`, by a configuration that names its tracks: a track a channel and driver, in order; as `run_jconvolver`."""
    channels, drivers = len(filters.channels), len(filters.drivers)
    tracks = [(c, d, c * drivers + d) for c in range(channels) for d in range(drivers)]
    return _tracks(folder, "filters.wav", tracks, signals, filters)


def run_easyeffects(folder: Path, signals: Real, filters: FilterSet, bench: Bench) -> Real:
    """Feeds of the `.irs`, whose four tracks are left to left, left to right, right to left, right to right; as `run_jconvolver`.

    The zita-convolver library that EasyEffects runs is fconvolver's as well.
    """
    import soundfile

    (path,) = folder.glob("*.irs")
    tracks = (
        [(0, 0, 0), (0, 1, 1), (1, 0, 2), (1, 1, 3)] if soundfile.info(path).channels == 4 else [(0, 0, 0), (1, 1, 1)]
    )
    return _tracks(folder, path.name, [track for track in tracks if track[0] < len(filters.channels)], signals, filters)


def run_convolver_cfg(folder: Path, signals: Real, filters: FilterSet, bench: Bench) -> Real:
    """Feeds of the paths of `convolver.cfg`, four lines each: file, track, input and output; as `run_jconvolver`.

    Raises ProgramError: a delay, a weight, or a path of several inputs or outputs, which no export has.
    """
    lines = (folder / "convolver.cfg").read_text(encoding="utf-8").splitlines()
    rate, inputs, outputs, _ = lines[0].split()
    paths = [lines[at : at + 4] for at in range(3, len(lines), 4)]
    ends = [re.fullmatch(r"(\d+)\.0", end) for path in paths for end in path[2:]]
    if float(rate) != filters.sample_rate_hz or any(float(ms) for ms in " ".join(lines[1:3]).split()) or None in ends:
        expected = f"paths alone, at {filters.sample_rate_hz:g} Hz"
        raise ProgramError(f"convolver.cfg: got a delay, a weight, or {rate} Hz; expected {expected}; export it again")
    length = max(_frames(folder / file) for file, *_ in paths)
    commands = [
        f"/impulse/read {float(source) + 1:.0f} {float(sink) + 1:.0f} 1.0 0 0 0 {int(track) + 1} {file}"
        for file, track, source, sink in paths
    ]
    new = f"/convolver/new {inputs} {outputs} {PARTITION} {length} 1.0"
    (folder / "play.conf").write_text("\n".join([new, *commands, ""]), encoding="ascii")
    return _fconvolver(folder, "play.conf", signals, filters)


def _frames(path: Path) -> int:
    import soundfile

    return int(soundfile.info(path).frames)


def _tracks(folder: Path, file: str, tracks: list[tuple[int, int, int]], signals: Real, filters: FilterSet) -> Real:
    """Feeds of a file's tracks: channel, driver and track of each path."""
    length = max(filters.delayed_taps(filter_).size for filter_ in filters.filters)
    lines = [
        f"/convolver/new {len(filters.channels)} {len(filters.drivers)} {PARTITION} {length} 1.0",
        *(f"/impulse/read {c + 1} {d + 1} 1.0 0 0 0 {track + 1} {file}" for c, d, track in tracks),
    ]
    (folder / "play.conf").write_text("\n".join([*lines, ""]), encoding="ascii")
    return _fconvolver(folder, "play.conf", signals, filters)


def _fconvolver(folder: Path, configuration: str, signals: Real, filters: FilterSet) -> Real:
    import soundfile

    path = program("fconvolver", "jconvolver")
    soundfile.write(folder / "in.wav", signals, round(filters.sample_rate_hz), subtype="FLOAT")
    for _ in range(TRIES):
        text = called([path, configuration, "in.wav", "out.wav"], folder)
        if not (folder / "out.wav").exists():
            raise ProgramError(f"fconvolver: got no out.wav; expected the feeds; {text.strip()[-200:]}")
        feeds, _ = soundfile.read(folder / "out.wav", always_2d=True)
        if feeds.any():
            break
    return np.asarray(feeds[: len(signals)])


def run_brutefir(folder: Path, signals: Real, filters: FilterSet, bench: Bench) -> Real:
    """Feeds (N, drivers) of signals (N, channels) in double precision. Raises ProgramError: BruteFIR is missing or fails."""
    path = program("brutefir", "brutefir")
    padded = np.concatenate([signals, np.zeros((BLOCK, signals.shape[1]))])
    padded.astype("<f8").tofile(folder / "input.raw")
    called([path, "-nodefault", "brutefir.conf"], folder, environment={"HOME": str(folder)})
    if not (folder / "output.raw").exists():
        raise ProgramError("brutefir: got no output.raw; expected the feeds")
    return np.fromfile(folder / "output.raw", "<f8").reshape(-1, len(filters.drivers))[: len(signals)]
