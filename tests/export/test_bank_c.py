"""A bank in C, compiled and run: the desktop's interpolation and fade, in any portions, without a warning, at the cost that is stated.

Each program is built once: compilers and emulators take a third of a second for it.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from programs import need

from designer.arrays import Real
from designer.bank.walk import walked
from designer.export.bank_cost import cost_of
from designer.export.bank_export import bank_facts
from designer.export.bank_plan import FADE, bank_plan
from designer.export.bank_set import BankSet
from designer.export.c_plan import FLOAT, Q15, Q31, WORDS, CWord
from designer.export.cmsis_plan import F32
from designer.export.cmsis_plan import Q15 as CMSIS_Q15
from designer.export.cmsis_plan import Q31 as CMSIS_Q31
from designer.export.cmsis_plan import WORDS as CMSIS
from designer.export.runners.c_program import full_scale, samples_of
from designer.export.runners.cmsis_program import M7
from designer.export.runners.machines import HOST, Machine
from designer.export.runners.machines import M4 as BARE_M4
from designer.proof.along_path import bank_program, played_along
from designer.stereo.moving import chain_waits, waiting_filters
from designer.stereo.upmix import Upmix
from export import cmsis_library
from export.bank_cases import bank_set, chain_set, filters_at, noise, path, written
from export.c_cases import STRICT
from export.feed_models import bank_feeds
from export.test_c_program import COUNTING, SANITIZED

NEAR = {FLOAT: 1e-6, Q31: 1e-8, Q15: 6 * 2.0**-15}
"""Feeds against the desktop's, relative to full scale: steps of the word, one for each rounding of taps and sums over a few drivers."""


Build = Callable[[int, CWord, Machine], tuple[BankSet, Path]]


@pytest.fixture(scope="module")
def build(tmp_path_factory: pytest.TempPathFactory) -> Build:
    """A bank of so many keys, whose taps are integers where it has one, and the folder of its program, built once."""

    @cache
    def made(keys: int, word: CWord, machine: Machine) -> tuple[BankSet, Path]:
        filters = bank_set(keys, word.word if keys == 1 else None)
        work = tmp_path_factory.mktemp("bank")
        return filters, program_of(filters, word, machine, work).parent

    return made


def program_of(filters: BankSet, word: CWord, machine: Machine, work: Path, **how: bool) -> Path:
    """The program, with sanitizers on this machine; CMSIS-DSP's where the word is its own."""
    plan = written(filters, word, work)
    options = SANITIZED if machine is HOST and not plan.library else ()
    objects = tuple(cmsis_library.library(machine)) if plan.library else ()
    root = cmsis_library.archive() if plan.library else None
    return bank_program(work, plan, machine, *options, cmsis=root, objects=objects, **how)


def feeds(
    filters: BankSet, word: CWord, machine: Machine, work: Path, signals: Real, values: Real, **how: bool
) -> Real:
    """Feeds (N, L) along a path of the program in a folder, which is built there where it is not yet."""
    program, plan = work / f"{machine.name}.elf", bank_plan(filters, word)
    if not program.exists():
        program_of(filters, word, machine, work, **how)
    samples = samples_of(signals, word.word)
    got = played_along(program, samples, values, machine, plan)
    if not how:
        model = bank_feeds(plan, samples.T, values).T
        if word.word is None:
            assert np.abs(got - model).max() <= 1e-6 * np.abs(model).max()
        else:
            assert np.array_equal(got, model)
    return full_scale(got, word.word)


GATE = {
    (HOST, FLOAT): 1, (HOST, Q31): 2, (HOST, Q15): 1, (BARE_M4, FLOAT): 2, (BARE_M4, Q15): 2,
    (cmsis_library.M4, F32): 1, (cmsis_library.M4, CMSIS_Q31): 2, (cmsis_library.M4, CMSIS_Q15): 1,
}  # fmt: skip
"""Keys without `--long`: every word on either side, each kind of word with one key and with two."""


@pytest.mark.parametrize(
    ("machine", "word", "keys"),
    [
        pytest.param(machine, word, keys, marks=[] if GATE.get((machine, word)) == keys else [pytest.mark.long])
        for machine, words in ((HOST, WORDS), (BARE_M4, WORDS), (cmsis_library.M4, CMSIS), (M7, CMSIS))
        for word in words
        for keys in (1, 2)
    ],
    ids=lambda value: getattr(value, "name", "") or getattr(value, "target", ""),
)
def test_the_feeds_are_the_desktops(machine: Machine, word: CWord, keys: int, build: Build) -> None:
    """Noise while the position walks over the range and beyond it: `designer.bank.walk` with the bank's own filters.

    Within 1e-6 of full scale in floats; in fixed point every bit of the model, and near the desktop by steps of the word. On this machine
    with sanitizers, and on an emulated Cortex-M4.
    """
    filters, work = build(keys, word, machine)
    signals, values = full_scale(samples_of(noise(filters), word.word), word.word), path(filters)
    got = feeds(filters, word, machine, work, signals, values)
    whole = np.pad(signals, ((0, -len(signals) % FADE), (0, 0)))
    desktop = walked(lambda at: filters_at(filters, at), whole, values, FADE)[: len(signals)]
    near = next(limit for alike, limit in NEAR.items() if alike.word == word.word)
    assert np.abs(got - desktop).max() <= near < 1e-3 * np.abs(desktop).max()
    assert 0.2 < np.abs(desktop).max() < 1.0
    still = walked(lambda at: filters_at(filters, at), whole, values[:1].repeat(len(values), axis=0), FADE)[
        : len(signals)
    ]
    assert np.abs(got - still).max() > 0.1  # the walk is heard


@pytest.mark.parametrize(
    "keys", ["1 x 3", pytest.param("3 x 1", marks=pytest.mark.long), pytest.param("1 x 1", marks=pytest.mark.long), "1"]
)
def test_a_key_with_one_set(keys: str, tmp_path: Path) -> None:
    """Nothing to interpolate along it, and no set beyond the last is read (with sanitizers): the desktop's walk over the other key."""
    filters = bank_set(keys)
    signals, values = noise(filters).astype(np.float32).astype(float), path(filters)
    got = feeds(filters, FLOAT, HOST, tmp_path, signals, values)
    whole = np.pad(signals, ((0, -len(signals) % FADE), (0, 0)))
    desktop = walked(lambda at: filters_at(filters, at), whole, values, FADE)[: len(signals)]
    assert np.abs(got - desktop).max() <= NEAR[FLOAT] < 1e-4 * np.abs(desktop).max()


@pytest.mark.parametrize("word", [FLOAT, Q15], ids=lambda word: word.target)
def test_no_click_beyond_the_desktops(word: CWord, build: Build) -> None:
    """A sine while the position jumps to and fro in every fade: what lies above 12 kHz is the desktop's to a hundredth of its energy.

    In q15 the noise of its rounding, of at most half a step a feed and tap, comes on top; a step between filters would be 40 dB above.
    """
    filters, work = build(1, word, HOST)
    count = 16 * FADE
    sine = 0.4 * np.sin(2 * np.pi * 1000 / 48000 * np.arange(count))[:, None] * [1.0, 0.7]
    values = np.where(np.arange(16)[:, None] % 2, -0.25, 0.35).astype(np.float32).astype(float)
    got = feeds(filters, word, HOST, work, sine, values)
    desktop = walked(lambda at: filters_at(filters, at), sine, values, FADE)
    hard = np.concatenate(
        [walked(lambda at: filters_at(filters, at), sine, row[None].repeat(16, axis=0), FADE)[n * FADE : (n + 1) * FADE]
         for n, row in enumerate(values)]
    )  # fmt: skip

    def above(signal: Real) -> float:
        spectrum = np.fft.rfft(signal[2 * FADE :] * np.kaiser(count - 2 * FADE, 20)[:, None], axis=0)
        return float(
            (np.abs(spectrum[np.fft.rfftfreq(count - 2 * FADE) > 0.25]) ** 2).sum() / (np.abs(spectrum) ** 2).sum()
        )

    noise_floor = 0.0 if word is FLOAT else 1e-8
    assert above(got) <= 1.01 * above(desktop) + noise_floor
    assert above(hard) > 1e4 * above(got)


ASKED = """#include "small.h"
#include <math.h>
#include <stdio.h>
#include <string.h>
#define N (4U * SMALL_FADE_SAMPLES)
static small_state first, second;
static float in[2 * N], early[3 * N], late[3 * N];
static void play(small_state *state, float *out, uint32_t start, uint32_t frames)
{
    small_process_interleaved(state, &in[2 * start], &out[3 * start], frames);
}
int main(void)
{
    for (uint32_t n = 0; n < 2 * N; n++) in[n] = (float)(n * 7919U % 1000U) / 1000.0F - 0.5F;
    small_init(&first);
    small_init(&second);
    play(&first, early, 0, 256);
    play(&second, late, 0, 256);
    small_set_position(&first, 0.3F);
    small_set_position(&second, 0.3F);
    play(&first, early, 256, 64);
    small_set_position(&first, 0.0F);
    play(&first, early, 320, 70);
    small_set_position(&first, -INFINITY);
    play(&first, early, 390, 122);
    play(&second, late, 256, 256);
    small_set_position(&second, NAN);
    play(&first, early, 512, 512);
    play(&second, late, 512, 512);
    return memcmp(early, late, sizeof early) != 0 || memcmp(&early[3 * 256], &early[3 * 512], 256) == 0;
}
"""


def test_positions_during_a_fade_wait_and_the_last_counts(build: Build) -> None:
    """Of two that come while a fade runs the second is played after it, and what is no number or far below is the lowest position."""
    _, work = build(1, FLOAT, HOST)
    (work / "main.c").write_text(ASKED)
    command = [need("gcc", "gcc"), "-std=c99", *SANITIZED, "main.c", "filters.o", "-lm", "-o", "asked"]
    subprocess.run(command, cwd=work, check=True)
    subprocess.run([work / "asked"], cwd=work, check=True)


@pytest.mark.parametrize("word", [FLOAT, F32], ids=lambda word: word.target)
def test_stereo_through_the_upmix(word: CWord, tmp_path: Path) -> None:
    """Left and right through the upmix and a chain whose position walks: the desktop's upmix and walk, within 1e-6 of full scale."""
    filters = chain_set()
    values = path(filters, 24)
    sound = noise(filters, 0.3, 24 * FADE)[:, :2] @ [[1.0, 0.5], [0.0, 0.3]]
    single = np.asarray(sound.astype(np.float32), dtype=float)
    machine = cmsis_library.M4 if word is not FLOAT else HOST
    got = feeds(filters, word, machine, tmp_path, single, values, stereo=True)
    desktop = walked(
        waiting_filters(filters.bank, chain_waits(filters.bank)), Upmix(48000.0).push(single), values, FADE
    )
    assert np.abs(got - desktop).max() <= 1e-6 < 1e-4 * np.abs(desktop).max()


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The exports of all words, of one key, of two and of a chain with its upmix."""
    place = tmp_path_factory.mktemp("sources")
    for word in WORDS:
        for number, filters in enumerate((bank_set(1), bank_set(2), chain_set())):
            written(filters, word, place / f"{word.target}{number}")
    return place


@pytest.mark.parametrize(
    ("compiler", "options", "of"),
    [
        ("gcc", ("-std=c99",), "*"), ("g++", ("-x", "c++"), "*2"),
        ("clang", ("-std=c99",), "*2"), ("clang++", ("-x", "c++"), "*1"),
    ],
    ids=["gcc", "g++", "clang", "clang++"],
)  # fmt: skip
def test_no_compiler_warns(compiler: str, options: tuple[str, ...], of: str, sources: Path) -> None:
    """All words, one key and two, with the upmix and without, as C99 and C++, every warning an error: all by gcc, parts by others."""
    program = need(compiler, compiler.removesuffix("++") if compiler.startswith("clang") else compiler)
    done = subprocess.run(
        [program, *options, *STRICT, "-fsyntax-only", *(path / "small.c" for path in sources.glob(of))],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def macros(folder: Path) -> dict[str, str]:
    """Name without prefix -> value of the header's macros, as a compiler reads them."""
    text = subprocess.run(
        [need("gcc", "gcc"), "-dM", "-E", "small.h"], cwd=folder, check=True, capture_output=True, text=True
    ).stdout
    return dict(re.findall(r"^#define SMALL_(\w+) (\S+)$", text, re.M))


@pytest.mark.parametrize("word", WORDS, ids=lambda word: word.target)
def test_the_header_states_its_costs(word: CWord, tmp_path: Path) -> None:
    """Constants as the object holds them, no variable beside the state, and a worst output that no filter of the bank exceeds."""
    filters = bank_set(2)
    plan = written(filters, word, tmp_path)
    values = macros(tmp_path)
    subprocess.run([need("gcc", "gcc"), "-std=c99", "-O0", "-c", "small.c"], cwd=tmp_path, check=True)
    table = subprocess.run(
        [need("nm", "binutils"), "-S", "small.o"], cwd=tmp_path, check=True, capture_output=True, text=True
    ).stdout
    rows = [line.split() for line in table.splitlines()]
    assert sum(int(row[1], 16) for row in rows if len(row) == 4 and row[2] == "r") == int(
        values["FLASH_BYTES"].rstrip("U")
    )
    assert not {row[-2] for row in rows} & set("dDbBC")
    assert {row[-1] for row in rows if row[-2] == "U"} <= {
        "memset",
        "memcpy",
        "memmove",
        "memcmp",
        "_GLOBAL_OFFSET_TABLE_",
    }
    assert int(values["STATE_BYTES"].rstrip("U")) < int(values["RAM_BYTES"].rstrip("U"))
    assert int(values["MULTIPLY_ADDS_PER_S"].rstrip("U")) == 48000 * sum(route.count for route in plan.routes)
    rng = np.random.default_rng(1)
    largest = 0.0
    for place in [*np.ndindex(3, 2), *rng.uniform([0, 0], [2, 1], (60, 2))]:
        at = [
            float(np.interp(x, range(axis.values.size), axis.values))
            for x, axis in zip(place, filters.bank.axes, strict=True)
        ]
        norms = np.abs(filters_at(filters, at)).sum(axis=(1, 2))
        largest = max(largest, float(norms.max()))
    assert largest <= float(values["WORST_OUTPUT"]) < 1.3 * largest


@pytest.mark.parametrize("word", [FLOAT, F32], ids=lambda word: word.target)
def test_the_header_tells_what_a_block_adds_to_the_latency(word: CWord, tmp_path: Path) -> None:
    """Header and manifest state one latency: of a library's blocks the header names the block that the caller gathers."""
    plan = written(bank_set(1), word, tmp_path)
    header = (tmp_path / "small.h").read_text()
    stated = re.search(r"_LATENCY_SAMPLES (\d+)U /\* (.*) \*/", header)
    block = re.search(r"#define SMALL_BLOCK (\d+)U", header)
    assert stated is not None and block is not None
    adds = {FLOAT: (0, "the loops add none"), F32: (int(block[1]), "a block that is gathered adds SMALL_BLOCK")}
    assert bank_facts(plan)["latency_samples"] == int(stated[1]) + adds[word][0]
    assert stated[2].endswith(adds[word][1])


def test_multiply_adds_are_counted_as_the_loops_run(tmp_path: Path) -> None:
    """Built as C++ with a number that counts its products in the place of float: still, and while the position changes in every fade."""
    filters = bank_set(2)
    plan = written(filters, FLOAT, tmp_path)
    head = COUNTING.split("int main()")[0].replace("PREFIX", "SMALL").replace("prefix", "small")
    main = """int main()
{
    for (counted &sample : in) sample = counted(rand());
    small_init(&state);
    small_process_interleaved(&state, in, out, 4 * SMALL_FADE_SAMPLES);
    for (int moving = 0; moving < 2; moving++) {
        products = 0;
        for (int n = 0; n < 4; n++) {
            if (moving) small_set_position(&state, counted(n % 2), counted(n % 2 ? 30 : -20));
            small_process_interleaved(&state, in, out, SMALL_FADE_SAMPLES);
        }
        printf("%.6f ", (double)products / (4.0 * SMALL_FADE_SAMPLES));
    }
    return 0;
}
"""
    head = head.replace("8 * SMALL_BLOCK", "4 * SMALL_FADE_SAMPLES")
    (tmp_path / "main.cpp").write_text(head + main)
    subprocess.run([need("g++", "g++"), "-w", "-O0", "main.cpp", "-o", "counting"], cwd=tmp_path, check=True)
    counted = subprocess.run([tmp_path / "counting"], capture_output=True, text=True, check=True).stdout.split()
    cost = cost_of(plan)
    assert float(counted[0]) == cost.still
    assert float(counted[1]) == pytest.approx(cost.moving, abs=1e-6)
