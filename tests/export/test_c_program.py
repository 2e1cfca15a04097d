"""The dependency-free C compiled and run, on this machine and on emulated ones: clean, the same everywhere, and what scipy computes.

Each program is built once: compilers and emulators take a third of a second for it.
"""

from __future__ import annotations

import subprocess
from pathlib import Path

import numpy as np
import pytest
from programs import need

from designer.arrays import Real
from designer.export.c_plan import FLOAT, Q15, Q31, WORDS, CWord, plan_of
from designer.export.filter_set import FilterSet
from designer.export.of_design import filter_set
from designer.export.runners.machines import HOST, M4, M7, RISCV, Machine
from export import c_cases
from export.c_cases import STRICT, everything, exact, noise, played, saving, speaker, written
from export.feed_models import feeds, feeds_float
from export.filter_cases import biquads, made

SANITIZED = ("-fsanitize=address,undefined", "-fno-sanitize-recover=all", "-O0")
TARGETS = {word: word.target for word in WORDS}


def check(filters: FilterSet, word: CWord, machine: Machine, work: Path, *options: str) -> None:
    """Bit for bit the model's integers, or within 1e-6 of the float model's peak; and near scipy's feeds of the designed filters."""
    x, got = noise(filters, word), played(filters, word, machine, work, *options)
    plan = plan_of(filters, word)
    if word is FLOAT:
        model, full_scale, near = feeds_float(plan, x), 1.0, 2e-6
        assert np.abs(got - model).max() <= 1e-6 * np.abs(model).max()
    else:
        full_scale = 2.0**word.fixed.fraction_bits
        assert np.array_equal(got, feeds(plan, x))
        near = 2e-7 if word is Q31 else 5e-4  # 900 taps half a step from the designed, times 1/32
        most = word.fixed.greatest
        assert (np.abs(got[:, : c_cases.LOUD]) >= most).any()  # where it saturates the model must too
    reference = exact(filters, x / full_scale)
    quiet = slice(c_cases.LOUD + 1000, None)  # what full scale began has died away
    assert np.abs(reference[:, quiet]).max() < 1.0
    assert np.abs(got[:, quiet] / full_scale - reference[:, quiet]).max() <= near
    assert np.abs(reference[:, quiet]).max() > 100 * near


@pytest.mark.parametrize("word", WORDS, ids=TARGETS.get)
def test_noise_in_random_portions_on_this_machine(word: CWord, tmp_path: Path) -> None:
    """Partitions, taps, sections and delays at once, planar and interleaved, under the address and undefined behaviour sanitizers."""
    check(everything(), word, HOST, tmp_path, *SANITIZED)


@pytest.mark.parametrize(
    ("machine", "word"),
    [
        (M4, Q15),
        (M7, Q31),
        *(pytest.param(m, w, marks=pytest.mark.long) for m, w in ((M4, FLOAT), (M4, Q31), (M7, FLOAT), (M7, Q15))),
        *(pytest.param(RISCV, word, marks=pytest.mark.long) for word in WORDS),
    ],
    ids=lambda value: getattr(value, "name", "") or getattr(value, "target", ""),
)
def test_the_same_on_emulated_cores(machine: Machine, word: CWord, tmp_path: Path) -> None:
    """Cortex-M4 and M7 in qemu; RISC-V, whose compiler is one more to install, with `--long`."""
    check(everything(), word, machine, tmp_path)


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Path]]:
    """The exports of all words: filters, a chain with its upmix, and a source that has the header alone."""
    kinds = dict[str, list[Path]](filters=[], alone=[], stereo=[])
    for word in WORDS:
        folder = tmp_path_factory.mktemp(word.target)
        prefix = written(everything(), word, folder)
        alone = f'#include "{prefix}.h"\nint main(void) {{ return {prefix.upper()}_OUT_LEFT - 1; }}\n'
        (folder / "alone.c").write_text(alone)
        for kind, name in (
            ("filters", prefix),
            ("alone", "alone"),
            ("stereo", written(filter_set(speaker()), word, folder)),
        ):
            kinds[kind].append(folder / f"{name}.c")
    return kinds


@pytest.mark.parametrize(
    ("compiler", "options", "kinds"),
    [
        ("gcc", ("-std=c99",), ("filters", "alone", "stereo")),
        ("g++", ("-x", "c++"), ("alone", "stereo")),
        ("clang", ("-std=c99",), ("stereo",)),
        ("clang++", ("-x", "c++"), ("filters",)),
    ],
    ids=["gcc", "g++", "clang", "clang++"],
)
def test_no_compiler_warns(
    compiler: str, options: tuple[str, ...], kinds: tuple[str, ...], sources: dict[str, list[Path]]
) -> None:
    """All words, with the upmix and without, as C99 and C++, every warning an error: all by gcc, parts by others."""
    program = need(compiler, compiler.removesuffix("++") if compiler.startswith("clang") else compiler)
    files = [str(path) for kind in kinds for path in sources[kind]]
    command = [program, *options, *STRICT, "-fsyntax-only", *files]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_another_partition_is_the_same_filter(tmp_path: Path) -> None:
    """3000 taps in partitions of 128 behind waits of 0, 100 and 9 samples, where 300 taps take 64: what scipy computes."""
    filters = everything(3000)
    assert (plan_of(filters, FLOAT).block, plan_of(everything(), FLOAT).block) == (128, 64)
    x, got = noise(filters, FLOAT), played(filters, FLOAT, HOST, tmp_path)
    reference = exact(filters, x)
    assert np.abs(got - reference).max() <= 1e-6 * np.abs(reference).max()


def edges() -> dict[str, FilterSet]:
    """Sets that lack a loop, or have one alone: delays, a tap, partitions behind long waits, sections; many filters; unlike scales."""
    rng = np.random.default_rng(0)
    quiet_and_loud: dict[str, Real] = {"a": rng.standard_normal((2, 40)) * 1e-7, "b": rng.standard_normal((2, 40)) * 90}
    late: dict[str, Real] = {name: rng.standard_normal((2, 600)) * 0.02 for name in "ab"}
    many: dict[str, Real] = {f"c{c}": rng.standard_normal((9, 130)) * 0.02 for c in range(5)}
    return {
        "delays": made({"a": np.eye(2, 8, 3)}, ("x", "y"), {}, "fir", delays={"a": 5}),
        "a tap": made({"a": np.full((1, 1), 0.5)}, ("x",), {}, "fir"),
        "late": made(late, ("x", "y"), {}, "fir", delays={"a": 200, "b": 333}),
        "sections": biquads(),
        "many": made(many, tuple(f"d{l}" for l in range(9)), {}, "fir"),
        "unlike": made(quiet_and_loud, ("x", "y"), {}, "fir"),
    }


@pytest.mark.long
@pytest.mark.parametrize("word", WORDS, ids=TARGETS.get)
@pytest.mark.parametrize("name", edges())
def test_sets_that_lack_a_loop(name: str, word: CWord, tmp_path: Path) -> None:
    """Compiled without a warning and run under sanitizers, each export gives the model's output: every bit in fixed words."""
    filters = edges()[name]
    x, got = noise(filters, word), played(filters, word, HOST, tmp_path, *SANITIZED)
    plan = plan_of(filters, word)
    if word is FLOAT:
        model = feeds_float(plan, x)
        assert np.abs(got - model).max() <= 1e-6 * np.abs(model).max()
        assert bool(plan.taps) == (name not in ("delays", "sections", "late"))
    else:
        assert np.array_equal(got, feeds(plan, x))


@pytest.mark.long
@pytest.mark.parametrize(("count", "taps", "expected"), [(1, 256, 1.7), (3, 128, 1.7), (3, 512, 3.7), (3, 2048, 8.0)])
def test_partitions_save_what_their_module_says(count: int, taps: int, expected: float, tmp_path: Path) -> None:
    """Instructions of an emulated Cortex-M4, direct sums over partitions: a count that no load changes."""
    assert saving(M4, count, taps, tmp_path) == pytest.approx(expected, rel=0.04)


def test_one_instance_does_not_disturb_another(tmp_path: Path) -> None:
    """The object has no symbol in data or bss, and calls no allocator."""
    prefix = written(everything(), FLOAT, tmp_path)
    subprocess.run([need("gcc", "gcc"), "-std=c99", "-O2", "-c", f"{prefix}.c"], cwd=tmp_path, check=True)
    text = subprocess.run(
        [need("nm", "binutils"), f"{prefix}.o"], cwd=tmp_path, check=True, capture_output=True, text=True
    ).stdout
    kinds = {line.split()[-1]: line.split()[-2] for line in text.splitlines()}
    assert not {kind for kind in kinds.values() if kind in "dDbBC"}
    assert {name for name, kind in kinds.items() if kind == "U"} <= {
        "memset",
        "memcpy",
        "memmove",
        "_GLOBAL_OFFSET_TABLE_",
    }
    assert {name for name, kind in kinds.items() if kind == "T"} == {
        f"{prefix}_{name}" for name in ("init", "process", "process_interleaved")
    }


def test_the_header_states_its_costs(tmp_path: Path) -> None:
    """Macros as a compiler reads them: sizeof the state, constants of the object, headroom and worst output of one filter by hand."""
    filters = everything()
    for word in WORDS:
        folder = tmp_path / word.target
        folder.mkdir()
        prefix = written(filters, word, folder)
        macros = subprocess.run(
            [need("gcc", "gcc"), "-dM", "-E", f"{prefix}.h"], cwd=folder, check=True, capture_output=True, text=True
        ).stdout
        values = {
            line.split()[1].removeprefix(f"{prefix.upper()}_"): line.split()[2]
            for line in macros.splitlines()
            if f" {prefix.upper()}_" in line and len(line.split()) > 2
        }
        subprocess.run([need("gcc", "gcc"), "-std=c99", "-O0", "-c", f"{prefix}.c"], cwd=folder, check=True)
        sizes = subprocess.run(
            [need("nm", "binutils"), "-S", f"{prefix}.o"], cwd=folder, check=True, capture_output=True, text=True
        ).stdout
        constants = sum(
            int(row[1], 16) for row in map(str.split, sizes.splitlines()) if len(row) == 4 and row[2] == "r"
        )
        assert constants == int(values["FLASH_BYTES"].rstrip("U"))
        assert int(values["STATE_BYTES"].rstrip("U")) < int(values["RAM_BYTES"].rstrip("U"))
        worst = max(
            sum(np.abs(one.whole_response).sum() for one in filters.filters if one.driver == driver)
            for driver in filters.drivers
        )
        assert float(values["WORST_OUTPUT"]) == pytest.approx(worst, rel=1e-5)
        assert float(values["HEADROOM_DB"]) == pytest.approx(20 * np.log10(worst), abs=0.006)
        assert float(values["LATENCY_MS"]) == pytest.approx((5 + 100) / 48, abs=1e-6)
        assert values["SAMPLE_RATE_HZ"] == "48000"


def test_multiply_adds_are_counted_as_the_loops_run(tmp_path: Path) -> None:
    """Built as C++ with a number that counts its products in the place of float: the mean over whole blocks is the manifest's."""
    filters = everything()
    prefix, plan = written(filters, FLOAT, tmp_path), plan_of(filters, FLOAT)
    (tmp_path / "main.cpp").write_text(COUNTING.replace("PREFIX", prefix.upper()).replace("prefix", prefix))
    program = tmp_path / "counting"
    subprocess.run([need("g++", "g++"), "-w", "-O0", "main.cpp", "-o", str(program)], cwd=tmp_path, check=True)
    counted = subprocess.run([str(program)], capture_output=True, text=True, check=True).stdout
    assert float(counted) == plan.multiply_adds > 300


COUNTING = """#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <stdint.h>
static long products;
struct counted {
    float value;
    constexpr counted(float v = 0) : value(v) {}
    explicit operator double() const { return value; }
    counted &operator+=(counted o) { value += o.value; return *this; }
    counted &operator*=(counted o) { products++; value *= o.value; return *this; }
};
static counted operator+(counted a, counted b) { return counted(a.value + b.value); }
static counted operator-(counted a, counted b) { return counted(a.value - b.value); }
static counted operator-(counted a) { return counted(-a.value); }
static counted operator*(counted a, counted b) { products++; return counted(a.value * b.value); }
static counted operator/(counted a, counted b) { return counted(a.value / b.value); }
static bool operator>(counted a, counted b) { return a.value > b.value; }
static bool operator<=(counted a, counted b) { return a.value <= b.value; }
static counted frexpf(counted a, int *exponent) { return counted(frexpf(a.value, exponent)); }
#define float counted
#include "prefix.c"
static prefix_state state;
static counted in[8 * PREFIX_BLOCK * PREFIX_CHANNELS], out[8 * PREFIX_BLOCK * PREFIX_DRIVERS];
int main()
{
    for (counted &sample : in) sample = counted(rand());
    prefix_init(&state);
    products = 0;
    prefix_process_interleaved(&state, in, out, 8 * PREFIX_BLOCK);
    printf("%.6f", (double)products / (8.0 * PREFIX_BLOCK));
    return 0;
}
"""
