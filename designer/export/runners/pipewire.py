"""`pipewire`: a daemon without devices, the exported filter-chain in it, and the client beside, in a folder of their own.

The daemon's one driver is a timer, whose cycles are long. Where a busy machine is late for one all the same, the client plays its
signal once more. (A freewheeling driver of 0.3.65 starts cycles before others have ended, and stops for good.) There is no
session manager: ports are made and linked here, by `pw-cli` and `pw-link`.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from designer.arrays import Real
from designer.errors import ProgramError
from designer.export.filter_set import FilterSet
from designer.export.runners.bench import Bench, called, program

QUANTUM = 4096
DAEMON = f"""
context.properties = {{
  core.daemon = true core.name = pipewire-0 log.level = 2 support.dbus = false
  default.clock.quantum = {QUANTUM} default.clock.min-quantum = {QUANTUM} default.clock.max-quantum = {QUANTUM}
  default.clock.rate = RATE
}}
context.spa-libs = {{ audio.convert.* = audioconvert/libspa-audioconvert support.* = support/libspa-support }}
context.modules = [ {{ name = libpipewire-module-protocol-native }} {{ name = libpipewire-module-spa-node-factory }}
  {{ name = libpipewire-module-client-node }} {{ name = libpipewire-module-access }} {{ name = libpipewire-module-metadata }}
  {{ name = libpipewire-module-adapter }} {{ name = libpipewire-module-link-factory }} ]
context.objects = [ {{ factory = spa-node-factory args = {{
  factory.name = support.node.driver node.name = driver priority.driver = 20000 }} }} ]
"""
CLIENT = Path(__file__).with_name("pipewire_client.py")
TRIES = 1500
PAUSE_S = 0.02
SETTLING = 1000
"""Samples of silence behind the longest filter."""
ROUNDS = 12
"""Rounds of the signal before the client counts as failed."""


def run_pipewire(folder: Path, signals: Real, filters: FilterSet, bench: Bench) -> Real:
    """Feeds (N, drivers) of signals (N, channels) in single precision, in real time. Raises ProgramError: PipeWire is missing or fails."""
    daemon = program("pipewire", "pipewire-bin")
    rate, channels, drivers = round(filters.sample_rate_hz), len(filters.channels), len(filters.drivers)
    conf = (folder / "filter-chain.conf").read_text(encoding="utf-8")
    names = [name.strip('"') for name in re.findall(r"^ *node\.name = (.*)$", conf, re.MULTILINE)]
    positions = [text.split() for text in re.findall(r"^ *audio\.position = \[(.*)\]$", conf, re.MULTILINE)]
    driven = {filter_.driver for filter_ in filters.filters}
    silent = [str(d) for d, driver in enumerate(filters.drivers) if driver not in driven]
    settled = max(filters.delayed_taps(filter_).size for filter_ in filters.filters) + SETTLING
    probe = QUANTUM * -(-settled // QUANTUM)
    probes = np.zeros((channels, probe, channels))
    probes[np.arange(channels), 0, np.arange(channels)] = 1.0
    count = len(signals)
    padded = np.pad(signals, ((0, settled + -(count + settled) % QUANTUM), (0, 0)))
    with tempfile.TemporaryDirectory(prefix="pw") as private:  # a short path: that of a socket has 108 bytes at most
        environment = dict.fromkeys(("XDG_RUNTIME_DIR", "PIPEWIRE_RUNTIME_DIR", "HOME"), private)
        place = Path(private)
        (place / "daemon.conf").write_text(DAEMON.replace("RATE", str(rate)), encoding="utf-8")
        np.save(place / "in.npy", np.concatenate([probes.reshape(-1, channels), padded]))
        client = [sys.executable, CLIENT, place / "in.npy", place / "out.npy", str(probe), str(drivers), *silent]

        def run(*command: str) -> str:
            return called(command, place, environment=environment, patience_s=60)

        with started([daemon, "-c", place / "daemon.conf"], place, environment):
            until((place / "pipewire-0").exists)
            with started([daemon, "-c", folder / "filter-chain.conf"], folder, environment):
                until(lambda: all(f'"{name}"' in run("pw-cli", "ls", "Node") for name in names))
                for name, direction, speakers in zip(names, ("Input", "Output"), positions, strict=True):
                    form = f"mediaType: audio, mediaSubtype: raw, format: F32P, rate: {rate}, channels: {len(speakers)}"
                    ports = f"{{ direction: {direction}, mode: dsp, format: {{ {form}, position: {speakers} }} }}"
                    run("pw-cli", "set-param", name, "PortConfig", ports.replace("'", ""))
                with started(client, place, environment) as process:
                    ends = [f"{names[1]}:output_{positions[1][-1]}", f"recorder:{drivers - 1}"]
                    until(lambda: all(end in run("pw-link", "-io").splitlines() for end in ends))
                    for number, speaker in enumerate(positions[0]):
                        run("pw-link", f"source:{number}", f"{names[0]}:playback_{speaker}")
                    for number, speaker in enumerate(positions[1]):
                        run("pw-link", f"{names[1]}:output_{speaker}", f"recorder:{number}")
                    process.communicate(b"start\n", timeout=120 + ROUNDS * (probe * channels + len(padded)) / rate)
                    if process.returncode:
                        raise ProgramError(
                            f"pipewire: no two playbacks in a row were identical within {ROUNDS} rounds, as on a busy"
                            " machine; close other programs, and run the proof again"
                        )
        return np.asarray(np.load(place / "out.npy"), dtype=float)[channels * probe :][:count]


@contextmanager
def started(command: list[object], folder: Path, environment: dict[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    """A program for as long as the block lasts."""
    everything = {**os.environ, **environment}
    with subprocess.Popen(
        list(map(str, command)), cwd=folder, env=everything, stdin=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def until(holds: Callable[[], bool]) -> None:
    """Wait until a program has started. Raises ProgramError: it has not, after half a minute or more."""
    for _ in range(TRIES):
        if holds():
            return
        time.sleep(PAUSE_S)
    raise ProgramError(
        f"pipewire: did not start the filter-chain within {TRIES * PAUSE_S:g} s; close other programs, and run the proof again"
    )
