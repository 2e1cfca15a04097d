"""The whole stereo chain in the dependency-free C: stereo in, driver feeds out, the samples of `designer render`."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
import soundfile
from programs import need
from stereo.signals import panned, pink, voice
from stereo.small_designs import RATE_HZ

from designer.arrays import Real
from designer.export.c_cost import cost_of, stereo_of
from designer.export.c_plan import FLOAT, Q15, Q31, WORDS, CWord, plan_of
from designer.export.of_design import filter_set
from designer.export.runners import c_program
from designer.export.runners.c_program import full_scale, samples_of
from designer.export.runners.machines import HOST, M4, M7, RISCV, Machine
from designer.export.targets.c import write_c
from designer.export.write import export_of
from designer.stereo.chain import chain_of
from designer.stereo.render import RenderOptions, rendered
from designer.stereo.signal_path import Running, feeds_path
from designer.stereo.upmix import Upmix
from export.c_cases import speaker, written
from export.test_c_program import COUNTING, SANITIZED

FRAMES = 9000


Build = Callable[[Machine, CWord], Path]


@pytest.fixture(scope="module")
def build(tmp_path_factory: pytest.TempPathFactory) -> Build:
    """The program of the speaker's export, on this machine with sanitizers, built once."""

    @cache
    def built(machine: Machine, word: CWord) -> Path:
        work = tmp_path_factory.mktemp("stereo")
        written(filter_set(speaker()), word, work)
        return c_program.program_of(work, word, machine, *(SANITIZED if machine is HOST else ()), stereo=True)

    return built


@cache
def of_render() -> tuple[Real, Real]:
    """The mix (N, 2), and the feeds that `designer render` writes of it at the design's own level."""
    sound = mix()
    with TemporaryDirectory() as work:
        soundfile.write(Path(work) / "in.wav", sound, RATE_HZ, subtype="FLOAT")
        feeds, rate = rendered(speaker(), Path(work) / "in.wav", options=RenderOptions(gain_db=0.0))
    assert rate == RATE_HZ
    return sound, feeds


def played(machine: Machine, program: Path, stereo: Real, word: CWord = FLOAT) -> Real:
    """Feeds (n, L) of a recording (n, 2), the upmix's latency taken out; the program compares its planar and its interleaved call."""
    late = Upmix(RATE_HZ).latency_samples
    samples = samples_of(np.pad(stereo, ((0, FRAMES - len(stereo)), (0, 0))), word.word)
    feeds = c_program.played(program, samples, machine, len(speaker().drivers), word)
    assert not feeds[:late].any()
    return full_scale(feeds[late:], word.word)


def mix() -> Real:
    """A voice in the middle, noise on both sides, and a source that is panned: of 16 bits, which every word holds."""
    seconds = 8000 / RATE_HZ
    sound = panned(voice(seconds, RATE_HZ), 0.0) + panned(pink(seconds, 3, RATE_HZ), 0.6)
    sound += 0.5 * np.column_stack([pink(seconds, seed, RATE_HZ) for seed in (1, 2)])
    return np.asarray(np.rint(0.03 * sound * 2**15) / 2**15)


@pytest.mark.parametrize(
    ("machine", "word"),
    [
        (HOST, FLOAT),
        (HOST, Q15),
        (M7, FLOAT),
        pytest.param(HOST, Q31, marks=pytest.mark.long),
        *(pytest.param(machine, word, marks=pytest.mark.long) for machine in (M4, RISCV) for word in WORDS),
    ],
    ids=lambda value: getattr(value, "name", "") or getattr(value, "target", ""),
)
def test_the_feeds_are_those_of_render(machine: Machine, word: CWord, build: Build) -> None:
    """`designer render` of a mix at the design's own level, whose samples are doubles: within 1e-6 of the peak in float and q31.

    In q15 within half a step of each channel and of the feed, against the chain with the taps that are stored. On this machine
    with sanitizers; on an emulated M7 and, with `--long`, on two more.
    """
    sound, feeds = of_render()
    got = played(machine, build(machine, word), sound, word)
    count = len(sound)  # what the upmix's last frames leave behind a recording's end is not rendered
    assert len(got) > count
    most = 1e-6 * np.abs(feeds).max()
    if word is Q15:
        filters, chain = filter_set(speaker()), chain_of(speaker())
        stored = {name: np.zeros_like(taps) for name, taps in chain.taps.items()}
        for taps in plan_of(filters, word).taps:
            stored[filters.channels[taps.channel]][taps.driver] = taps.values * 2.0 ** (taps.shift - 15)
        feeds = Running(feeds_path(replace(chain, taps=stored)), RATE_HZ).run(sound)
        most = 2.0**-16 * (1 + filters.headroom.worst_output)
    assert np.abs(got[:count] - feeds[:count]).max() <= most < 2e-3 * np.abs(feeds).max()
    assert np.abs(feeds[:, 1]).max() > 0.1 * np.abs(feeds).max()  # the beam plays


def extremes() -> dict[str, Real]:
    """Where sums cancel: hard-panned with 60 and 80 dB less on the other side, nearly mono, out of phase, tones, silence after sound."""
    a, b = (0.1 * pink(8000 / RATE_HZ, seed, RATE_HZ) for seed in (1, 2))
    tone = 0.3 * np.sin(2 * np.pi * 440 * np.arange(8000) / RATE_HZ)
    return {
        "hard": np.column_stack([a, 0 * a]),
        "hard, 80 dB": np.column_stack([a, 1e-4 * b]),
        "hard right, 60 dB": np.column_stack([1e-3 * b, a]),
        "mono": np.column_stack([a, a]),
        "mono, 80 dB": np.column_stack([a, a + 1e-4 * b]),
        "out of phase": np.column_stack([a, -a]),
        "nearly out of phase": np.column_stack([a, -0.4 * a + 1e-3 * b]),
        "panned tone": np.column_stack([tone, 0.4 * tone + 1e-3 * b]),
        "silence after sound": np.column_stack([a, b]) * (np.arange(8000) < 4000)[:, None],
        "silence": np.zeros((8000, 2)),
    }


def test_no_sum_that_cancels_is_heard(build: Build) -> None:
    """The chain in double precision, as `designer render` runs it: within 1e-6 of the peak of each."""
    program, chain = build(HOST, FLOAT), chain_of(speaker())
    for name, sound in extremes().items():
        single = np.asarray(sound.astype(np.float32), dtype=float)
        feeds = Running(feeds_path(chain), RATE_HZ).run(single)
        got = played(HOST, program, single)
        count = len(sound)
        assert np.abs(got[:count] - feeds[:count]).max() <= 1e-6 * np.abs(feeds).max(), name


def test_what_stereo_costs_is_stated(tmp_path: Path) -> None:
    """Products counted by the loops themselves; latency of N - 1 samples and the filters'; a note."""
    filters = filter_set(speaker())
    prefix, plan = written(filters, FLOAT, tmp_path), plan_of(filters, FLOAT)
    stereo = stereo_of(plan)
    assert stereo is not None
    main = COUNTING.replace("_state state", "_stereo_state state").replace("_init(", "_stereo_init(")
    main = main.replace("_process_interleaved", "_stereo_interleaved").replace("PREFIX_CHANNELS", "2")
    main = main.replace("8 * PREFIX_BLOCK", "4 * PREFIX_FRAME").replace("8.0 * PREFIX_BLOCK", "4.0 * PREFIX_FRAME")
    (tmp_path / "main.cpp").write_text(main.replace("PREFIX", prefix.upper()).replace("prefix", prefix))
    program = tmp_path / "counting"
    subprocess.run([need("g++", "g++"), "-w", "-O0", "main.cpp", "-o", str(program)], cwd=tmp_path, check=True)
    counted = subprocess.run([str(program)], capture_output=True, text=True, check=True).stdout
    products = stereo.multiply_adds_per_s(plan.multiply_adds)
    assert float(counted) * RATE_HZ == pytest.approx(products, rel=1e-6)
    late = stereo.stage.frame - 1 + filters.bulk_delay_samples + max(filters.delays.values())
    assert (
        stereo.latency_ms == pytest.approx(1e3 * late / RATE_HZ)
        and stereo.ram_bytes > cost_of(plan).ram + 20 * stereo.stage.frame
    )
    export = export_of(filters, "c")
    assert export.facts["stereo"]["ram_bytes"] == stereo.ram_bytes
    assert any(note.startswith(f"{prefix}_stereo takes left and right") for note in export.notes)
    text = export.files[f"{prefix}.h"].decode()
    assert re.search(rf"#define {prefix.upper()}_STEREO_RAM_BYTES {stereo.ram_bytes}U", text)
    assert (
        "stereo" in write_c(filters, Q31).facts
        and "stereo" not in write_c(replace(filters, fed_by_upmix=False), Q31).facts
    )
