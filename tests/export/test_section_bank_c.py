"""A bank of sections in C, compiled and run: the desktop's delays, poles and numerators, in any portions, at the cost that is stated.

Poles near the circle are rounded to single precision: a change of one part in 2^24 of a_1 is as many of the pole's distance from the circle
times its quality, which at 100 Hz and 48 kHz leaves four digits.
"""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import numpy as np
import pytest
from programs import need

from designer.arrays import Real
from designer.bank.section_bank import SectionBank
from designer.bank.section_walk import SectionWalk
from designer.bank.walk import along
from designer.errors import UsageError
from designer.export.bank_cost import cost_of
from designer.export.bank_export import write_bank
from designer.export.bank_model import BankModel
from designer.export.bank_plan import FADE
from designer.export.bank_set import BankSet
from designer.export.c_plan import FLOAT, Q15, Q31, CWord
from designer.export.cmsis_plan import F32 as CMSIS
from designer.export.cmsis_plan import Q31 as CMSIS_Q31
from designer.export.runners.bench import Bench
from designer.export.runners.c_program import samples_of
from designer.export.runners.machines import HOST, Machine
from designer.export.runners.machines import M4 as BARE_M4
from designer.export.targets import TARGETS
from designer.proof.along_path import bank_program, bank_proof, played_along
from export import cmsis_library
from export.bank_cases import noise, path, section_set, written
from export.c_cases import STRICT
from export.feed_models import bank_feeds
from export.test_bank_c import macros
from export.test_c_program import COUNTING, SANITIZED


def desktop(filters: BankSet, signals: Real, values: Real) -> Real:
    """Feeds (N, L) of `designer.bank.section_walk`."""
    assert isinstance(filters.bank, SectionBank)
    whole = np.pad(signals, ((0, -len(signals) % FADE), (0, 0)))
    return along(SectionWalk(filters.bank, filters.delays, values[0]), whole, values, FADE)[: len(signals)]


def feeds(filters: BankSet, word: CWord, machine: Machine, work: Path, signals: Real, values: Real) -> Real:
    """Feeds (N, L) of a program along a path, near the model's."""
    plan = written(filters, word, work)
    options = SANITIZED if machine is HOST else ()
    objects = tuple(cmsis_library.library(machine)) if plan.library else ()
    root = cmsis_library.archive() if plan.library else None
    program = bank_program(work, plan, machine, *options, cmsis=root, objects=objects)
    got = played_along(program, samples_of(signals, None), values, machine, plan)
    model = bank_feeds(plan, signals.T, values).T
    assert np.abs(got - model).max() <= 2e-5 * np.abs(model).max()
    return got


@pytest.mark.parametrize(
    ("machine", "word", "keys"),
    [
        (HOST, FLOAT, 2),
        (BARE_M4, FLOAT, 1),
        (cmsis_library.M4, CMSIS, 2),
        *(
            pytest.param(*case, marks=pytest.mark.long)
            for case in ((HOST, FLOAT, 1), (BARE_M4, FLOAT, 2), (cmsis_library.M4, CMSIS, 1))
        ),
    ],
    ids=lambda value: getattr(value, "name", "") or getattr(value, "target", ""),
)
def test_the_feeds_are_the_desktops(machine: Machine, word: CWord, keys: int, tmp_path: Path) -> None:
    """Noise while the position walks over the range and beyond it, here with sanitizers and on an emulated Cortex-M4.

    Compilers and emulators take half a second.
    """
    filters = section_set(keys)
    signals, values = np.float32(noise(filters)).astype(float), path(filters)
    got, expected = feeds(filters, word, machine, tmp_path, signals, values), desktop(filters, signals, values)
    assert np.abs(got - expected).max() <= 1e-4 * np.abs(expected).max()
    still = desktop(filters, signals, values[:1].repeat(len(values), axis=0))
    assert np.abs(got - still).max() > 0.1 * np.abs(expected).max()  # the walk is heard


def test_its_proof_holds_it_to_sections_that_follow(tmp_path: Path) -> None:
    """What `designer proof` compares with are delays and numerators that fade ahead of and behind the poles, not whole filters that fade.

    A compiler takes half a second.
    """
    filters = section_set()
    written(filters, FLOAT, tmp_path)
    proof = bank_proof(filters, TARGETS["c"], Bench(), tmp_path)
    assert proof.failures == ()
    assert min(row.signal_to_noise_db for row in proof.numbers) > 70


def test_no_click_beyond_the_desktops(tmp_path: Path) -> None:
    """A sine while the position jumps to and fro in every fade: what lies above 12 kHz is the desktop's to a hundredth of its energy.

    Sets that are switched without a fade are 30 dB above.
    """
    filters, count = section_set(), 16 * FADE
    sine = 0.4 * np.sin(2 * np.pi * 1000 / 48000 * np.arange(count))[:, None] * [1.0, 0.7]
    values = np.where(np.arange(16)[:, None] % 2, -0.25, 0.35).astype(np.float32).astype(float)
    got, expected = feeds(filters, FLOAT, HOST, tmp_path, sine, values), desktop(filters, sine, values)
    hard = np.concatenate(
        [
            desktop(filters, sine, row[None].repeat(16, axis=0))[n * FADE : (n + 1) * FADE]
            for n, row in enumerate(values)
        ]
    )

    def above(signal: Real) -> float:
        spectrum = np.fft.rfft(signal[2 * FADE :] * np.kaiser(count - 2 * FADE, 20)[:, None], axis=0)
        power = np.abs(spectrum) ** 2
        return float(power[np.fft.rfftfreq(count - 2 * FADE) > 0.25].sum() / power.sum())

    assert above(got) <= 1.01 * above(expected) + 1e-12
    assert above(hard) > 1e3 * above(got)


def test_the_header_states_its_costs(tmp_path: Path) -> None:
    """Constants as the object holds them, and a worst output that feeds reach in no fade, of inputs of full scale that match the signs."""
    filters = section_set(2)
    written(filters, FLOAT, tmp_path)
    values = macros(tmp_path)
    subprocess.run([need("gcc", "gcc"), "-std=c99", "-O0", "-c", "small.c"], cwd=tmp_path, check=True)
    table = subprocess.run(
        [need("nm", "binutils"), "-S", "small.o"], cwd=tmp_path, check=True, capture_output=True, text=True
    ).stdout
    rows = [line.split() for line in table.splitlines()]
    constants = sum(int(row[1], 16) for row in rows if len(row) == 4 and row[2] == "r")
    assert constants == int(values["FLASH_BYTES"].rstrip("U"))
    assert not {row[-2] for row in rows} & set("dDbBC")
    worst = float(values["WORST_OUTPUT"])
    signs = np.sign(np.random.default_rng(2).standard_normal((40 * FADE, 2)))
    for place in np.ndindex(3, 2):
        at = [axis.values[n] for axis, n in zip(filters.bank.axes, place, strict=True)]
        for l in range(3):
            taps = [filters.bank.at(name, at)[l] for name in filters.channels]
            assert sum(np.abs(each).sum() for each in taps) <= worst
    jumps = np.random.default_rng(3).uniform([-0.3, -20], [0.4, 30], (40, 2))
    assert np.abs(desktop(filters, signs, jumps)).max() <= worst


def test_multiply_adds_are_counted_as_the_loops_run(tmp_path: Path) -> None:
    """Built as C++ with a number that counts its products in the place of float: still, and while the position changes in every fade."""
    plan = written(section_set(2), FLOAT, tmp_path)
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
    (tmp_path / "main.cpp").write_text(head.replace("8 * SMALL_BLOCK", "4 * SMALL_FADE_SAMPLES") + main)
    subprocess.run([need("g++", "g++"), "-w", "-O0", "main.cpp", "-o", "counting"], cwd=tmp_path, check=True)
    counted = subprocess.run([tmp_path / "counting"], capture_output=True, text=True, check=True).stdout.split()
    cost = cost_of(plan)
    assert float(counted[0]) == cost.still
    assert float(counted[1]) == pytest.approx(cost.moving, abs=1e-6)


@pytest.mark.parametrize(
    ("compiler", "options"), [("gcc", ("-std=c99",)), ("g++", ("-x", "c++")), ("clang", ("-std=c99",))]
)
def test_no_compiler_warns(compiler: str, options: tuple[str, ...], tmp_path: Path) -> None:
    """One key and two, as C99 and C++, every warning an error."""
    sources = []
    for keys in (1, 2):
        written(section_set(keys), FLOAT, tmp_path / f"{keys}")
        sources.append(f"{keys}/small.c")
    command = [need(compiler, compiler.removesuffix("++")), *options, *STRICT, "-fsyntax-only", *sources]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("word", [Q31, Q15, CMSIS_Q31])
def test_words_of_fixed_point_are_refused(word: CWord) -> None:
    """Their sections would have other poles; the message names what plays them."""
    with pytest.raises(UsageError, match=rf"target {word.target}: got a bank of sections.*export c or cmsis-f32"):
        write_bank(section_set(), word)


def test_the_model_is_the_bank(tmp_path: Path) -> None:
    """Filters of the stored numbers at a place between sets: the bank's own impulse responses."""
    filters = section_set(2)
    plan = written(filters, FLOAT, tmp_path)
    model = BankModel(plan)
    for name in filters.channels:
        expected = filters.bank.at(name, (0.05, 3.0))
        got = model.at(name, (0.05, 3.0))[:, : expected.shape[1]]
        np.testing.assert_allclose(got, expected, atol=1e-4 * np.abs(expected).max())


def test_of_one_set_nothing_is_said_to_be_interpolated() -> None:
    """Two keys, of which one has one value, name the one that moves the filters; of one set none does."""
    for keys, sets in ((1, "4 sets"), ("3 x 1", "3 sets"), ("1 x 1", "one set"), ("1", "one set")):
        files = write_bank(section_set(keys), FLOAT).files
        text = " ".join(files["README.txt"].decode().split())
        assert f"The source holds {sets} of filters." in text
        assert ("interpolated" in text) == (sets != "one set")
        assert "from 0.1 to 0.1" not in text
        assert ("all filters are those for" in text) == (keys != 1)


def test_what_delays_differ_by_is_stated_without_the_bulk_delay() -> None:
    """The README's last column is the span of each filter's delays over the sets, however late all of them are."""
    for late in (0, 300):
        filters = section_set()
        for delays in filters.bank.delay_samples.values():
            delays += late
        text = write_bank(filters, FLOAT).files["README.txt"].decode()
        spans = [float(line.split()[-1]) for line in text.splitlines() if re.match(r"(left|right) .* [\d.]+$", line)]
        expected = [np.ptp(filters.bank.delay_samples[name][:, l]) for name in ("left", "right") for l in range(3)][:5]
        np.testing.assert_allclose(spans, expected, atol=0.006)
