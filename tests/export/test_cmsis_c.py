"""The exported C with CMSIS-DSP's own sources, on this machine and on two cores in qemu: it compiles clean, runs, and fits its sizes."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest
from programs import need

from designer.errors import ProgramError
from designer.export.c_plan import BLOCK, CWord
from designer.export.cmsis_plan import F32, Q15, Q31, WORDS
from designer.export.cmsis_source import fir_state
from designer.export.runners import machines
from designer.export.runners.cmsis_program import M7
from designer.export.runners.machines import Machine, linked
from designer.export.targets.cmsis import write_cmsis
from designer.export.targets.cmsis_test import write_proof
from export.cmsis_cases import awkward, sectioned
from export.cmsis_library import CORES, HOST, M4, compiled, library, run

SETS = {"awkward": awkward, "sections": sectioned}
SEEN = ("awkward", Q31)
"""Set and word of the M7 without `--long`."""


@cache
def proof_files(name: str) -> dict[str, bytes]:
    return dict(write_proof(SETS[name]()).files)


def written(name: str, word: CWord, folder: Path) -> list[Path]:
    """The sources of `cmsis-test` in a word."""
    for path, content in proof_files(name).items():
        if Path(path).parent.name == word.name:
            (folder / path).parent.mkdir(exist_ok=True)
            (folder / path).write_bytes(content)
    return sorted(folder.glob("*/*.c"))


Compile = Callable[[str, CWord, Machine], list[Path]]


@pytest.fixture(scope="module")
def objects(tmp_path_factory: pytest.TempPathFactory) -> Compile:
    """Object files of a set's `cmsis-test`, made once."""

    @cache
    def made(name: str, word: CWord, machine: Machine) -> list[Path]:
        work = tmp_path_factory.mktemp("objects")
        return [compiled(machine, source, work) for source in written(name, word, work)]

    return made


@pytest.mark.parametrize(
    ("name", "machine", "word"),
    [
        pytest.param(name, machine, word, marks=[pytest.mark.long] if machine is M7 and (name, word) != SEEN else [])
        for name in SETS
        for machine in (HOST, *CORES)
        for word in WORDS
    ],
    ids=lambda value: getattr(value, "name", value),
)
def test_every_sample_is_as_promised(
    name: str, machine: Machine, word: CWord, objects: Compile, tmp_path: Path
) -> None:
    """`cmsis-test` compiles as strict C99 without a warning, and the library's feeds are those in its file: every bit in Q31 and Q15.

    The M7 runs the plain C that this machine runs too: without `--long` it has one of the sets in one word.
    """
    program = linked(machine, [*map(str, (*objects(name, word, machine), *library(machine)))], tmp_path / "test.elf")
    found = re.search(rf"{word.name}: 0 of (\d+) samples differ", machines.run(machine, program, tmp_path))
    assert found
    assert int(found[1]) >= 3 * 3 * BLOCK


@pytest.mark.parametrize("word", WORDS, ids=lambda word: word.name)
def test_blocks_of_another_size_give_the_same(word: CWord, tmp_path: Path) -> None:
    """A build may define its own block: 7 samples, not a divisor of anything here."""
    sources = written("awkward", word, tmp_path)
    assert " 0 of " in run(HOST, sources, tmp_path, "-DX2_BLOCK=7")


@pytest.mark.parametrize("word", [Q31, Q15], ids=lambda word: word.name)
def test_one_bit_of_one_tap_is_noticed(word: CWord, tmp_path: Path) -> None:
    """The last bit of one number of one array: the program says where, and ends with 1."""
    sources = written("awkward", word, tmp_path)
    text = sources[0].read_text()
    first = re.search(r"= \{\n    (?:0, )*(-?\d+)", text)
    assert first
    changed = text[: first.start(1)] + str(int(first[1]) ^ 1) + text[first.end(1) :]
    sources[0].write_text(changed)
    with pytest.raises(ProgramError, match=r"failed with exit code 1:\n  driver \d, sample \d+: got"):
        run(HOST, sources, tmp_path)


def sizes_of(path: Path) -> dict[str, int]:
    """Bytes of the symbols of an object file for Cortex-M."""
    nm = need("arm-none-eabi-nm", "binutils-arm-none-eabi")
    listing = subprocess.run([nm, "-S", str(path)], capture_output=True, text=True, check=True).stdout
    return {row[3]: int(row[1], 16) for line in listing.splitlines() if len(row := line.split()) == 4}


@pytest.mark.parametrize("name", SETS)
@pytest.mark.parametrize("word", WORDS, ids=lambda word: word.name)
def test_sizes_are_what_the_linker_says(name: str, word: CWord, objects: Compile) -> None:
    """Symbols of the object files for Cortex-M4: the arrays together, each array, and the state's struct."""
    filters, sizes = SETS[name](), dict[str, int]()
    for path in objects(name, word, M4):
        sizes |= sizes_of(path)
    export = write_cmsis(filters, word)
    arrays = {symbol: size for symbol, size in sizes.items() if re.search("_(taps|sections)_", symbol)}
    assert len(arrays) == sum(one.delay_samples is None for one in filters.filters)
    assert sum(arrays.values()) == export.coefficient_bytes
    assert sizes["state"] == export.state_bytes


@pytest.mark.parametrize("machine", [HOST, *CORES], ids=lambda machine: machine.name)
def test_states_are_as_long_as_the_library_clears_them(machine: Machine, tmp_path: Path) -> None:
    """arm_fir_init clears numTaps + blockSize - 1 words, but one more in Q15 with DSP instructions: room for both is there."""
    cleared = Path(__file__).parent / "c_program" / "cleared.c"
    f32, q31, q15 = (int(count) for count in run(machine, [cleared], tmp_path, "-DTAPS=38", "-DBLOCK=16").split())
    assert (f32, q31) == (4 * (16 + fir_state(38, F32)), 4 * (16 + fir_state(38, Q31))) == (4 * 53, 4 * 53)
    assert q15 == 2 * (54 if machine is M4 else 53) <= 2 * (16 + fir_state(38, Q15))
