"""The whole stereo chain in C for CMSIS-DSP: stereo in, driver feeds out, the samples of `designer render`."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from stereo.small_designs import RATE_HZ

from designer.arrays import Real
from designer.export.c_plan import CWord
from designer.export.cmsis_plan import F32, Q15, Q31, WORDS, StoredTaps, plan_of
from designer.export.of_design import filter_set
from designer.export.runners import cmsis_program
from designer.export.runners.c_program import full_scale, samples_of
from designer.export.runners.cmsis_program import M7
from designer.export.runners.machines import Machine
from designer.export.targets.cmsis import write_cmsis
from designer.stereo.chain import chain_of
from designer.stereo.signal_path import Running, feeds_path
from designer.stereo.upmix import Upmix
from export.c_cases import speaker
from export.cmsis_library import CORES, HOST, M4, archive, compiled, library
from export.test_c_stereo import extremes, of_render
from export.test_cmsis_c import sizes_of


def built(machine: Machine, work: Path, word: CWord) -> Path:
    """The program of the speaker's export."""
    for path, content in write_cmsis(filter_set(speaker()), word).files.items():
        (work / path).write_bytes(content)
    return cmsis_program.program_of(work, word, machine, archive(), library(machine), stereo=True)


def played(machine: Machine, program: Path, stereo: Real, word: CWord) -> Real:
    """Feeds (n, L) of a recording (n, 2), the upmix's latency taken out."""
    late = Upmix(RATE_HZ).latency_samples
    samples = samples_of(np.pad(stereo, ((0, 1000), (0, 0))), word.word)
    feeds = cmsis_program.played(program, samples, machine, len(speaker().drivers), word)
    assert not feeds[:late].any()
    return full_scale(feeds[late:], word.word)


@pytest.mark.parametrize(
    ("machine", "word"),
    [
        (HOST, Q31),
        (M7, F32),
        (M4, Q15),
        *(
            pytest.param(machine, word, marks=pytest.mark.long)
            for machine in (HOST, *CORES)
            for word in WORDS
            if (machine, word) not in ((HOST, Q31), (M7, F32), (M4, Q15))
        ),
    ],
    ids=lambda value: getattr(value, "name", "") or getattr(value, "suffix", ""),
)
def test_the_feeds_are_those_of_render(machine: Machine, word: CWord, tmp_path: Path) -> None:
    """`designer render` of a mix at the design's own level, whose samples are doubles: within 1e-6 of the peak in f32 and q31.

    In q15 against the chain with the taps that are stored, within half a step of each channel, and a step of each sum that the
    library cuts. On this machine and on two emulated cores, each with one of the words: with `--long` with all.
    """
    sound, feeds = of_render()
    got = played(machine, built(machine, tmp_path, word), sound, word)
    count = len(sound)
    assert len(got) > count
    most = 1e-6 * np.abs(feeds).max()
    if word is Q15:
        filters, chain, cuts = filter_set(speaker()), chain_of(speaker()), np.zeros(len(speaker().problem.driver_names))
        stored = {name: np.zeros_like(taps) for name, taps in chain.taps.items()}
        for path, route in plan_of(filters, word).routes:
            assert isinstance(route.stored, StoredTaps)
            values = route.stored.values[: route.source.taps.size]
            stored[path.channel][route.driver] = values * 2.0 ** (path.shift - 15)
            cuts[route.driver] += 2.0 ** (route.restore - 15)
        feeds = Running(feeds_path(replace(chain, taps=stored)), RATE_HZ).run(sound)
        most = 2.0**-16 * filters.headroom.worst_output + cuts.max()
    assert np.abs(got[:count] - feeds[:count]).max() <= most < 5e-3 * np.abs(feeds).max()
    assert np.abs(feeds[:, 1]).max() > 0.1 * np.abs(feeds).max()  # the beam plays


def test_no_sum_that_cancels_is_heard(tmp_path: Path) -> None:
    """Hard-panned, nearly mono and out of phase: within 1e-6 of the peak of the chain in double precision."""
    program, chain = built(HOST, tmp_path, F32), chain_of(speaker())
    for name, sound in extremes().items():
        single = np.asarray(sound.astype(np.float32), dtype=float)
        feeds = Running(feeds_path(chain), RATE_HZ).run(single)
        got = played(HOST, program, single, F32)[: len(sound)]
        assert np.abs(got - feeds[: len(sound)]).max() <= 1e-6 * np.abs(feeds).max(), name


@pytest.mark.parametrize("word", WORDS, ids=lambda word: word.name)
def test_what_the_chain_costs_is_stated(word: CWord, tmp_path: Path) -> None:
    """RAM is what the compiler for Cortex-M4 makes of the struct; latency is N - 1 samples and the filters'; a note names the function."""
    filters = filter_set(speaker())
    export = write_cmsis(filters, word)
    for path, content in export.files.items():
        (tmp_path / path).write_bytes(content)
    (tmp_path / "size.c").write_text(
        '#include "trio.h"\ntrio_stereo_state stereo;\ntrio_state filters;\n', encoding="ascii"
    )
    sizes = sizes_of(compiled(M4, tmp_path / "size.c", tmp_path))
    facts = export.facts["stereo"]
    assert (sizes["stereo"], sizes["filters"]) == (facts["ram_bytes"], export.state_bytes)
    late = Upmix(RATE_HZ).frame - 1 + filters.bulk_delay_samples + max(filters.delays.values())
    assert facts["latency_ms"] == pytest.approx(1e3 * late / RATE_HZ)
    assert facts["multiply_adds_per_s"] > export.multiply_adds * RATE_HZ
    assert any(note.startswith("trio_stereo takes left and right") for note in export.notes)
    assert re.search(r"#define TRIO_STEREO_LATENCY_MS \d", export.files["trio.h"].decode())
    alone = write_cmsis(replace(filters, fed_by_upmix=False), word)
    assert "stereo" not in alone.facts and b"upmix" not in alone.files["trio.c"].replace(b"fed by", b"")
