"""Cost of an export against numbers that are counted and read from its files here, and its loss against an own evaluation."""

from __future__ import annotations

import io
import json
import re
from dataclasses import replace

import numpy as np
import pytest
import soundfile
from designs.small_problems import pair
from designs.small_problems import text as toml

import designer
from designer.arrays import Real
from designer.export.of_design import filter_set
from designer.export.targets import TARGETS
from designer.export.write import entry, export_of
from export import filter_cases

KEYS = ("multiply_adds_per_s", "flash_bytes", "ram_bytes", "state_bytes", "latency_ms", "headroom_db", "worst_output")
RATE_HZ = 16000


def small() -> designer.Design:
    """Two drivers, 64 taps, at 16 kHz."""
    table = pair()
    table["realization"] = {"taps": 64}
    return designer.design(designer.loads(toml(table)))


BLOCKS = {
    "brutefir": r"filter_length: (\d+),",
    "camilladsp": r"chunksize: (\d+)",
    "jconvolver": r"/convolver/new \d+ \d+ (\d+) ",
    **dict.fromkeys(("cmsis-f32", "cmsis-q31", "cmsis-q15"), r"_BLOCK (\d+)"),
}
"""Where a target's files name the samples that it gathers."""


@pytest.fixture(scope="module")
def design() -> designer.Design:
    """One for all tests here."""
    return small()


@pytest.mark.parametrize("target", [name for name in TARGETS if name not in ("minidsp", "cmsis-test", "tas58xx")])
def test_every_manifest_has_the_cost_and_the_loss(target: str, design: designer.Design) -> None:
    """Work at least a product a tap unless partitioned; latency of half the taps and the files' block; state within RAM; little loss."""
    filters = filter_set(design)
    export = export_of(filters, target)
    manifest = json.loads(json.dumps(entry(filters, target, export)))
    text = b"\n".join(export.files.values()).decode(errors="replace")
    block = max(map(int, re.findall(BLOCKS.get(target, "^$"), text)), default=0)
    assert (block > 0) == (target in BLOCKS) and all(manifest[key] >= 0 for key in KEYS)
    assert manifest["latency_ms"] == 1e3 * (32 + block) / RATE_HZ and manifest["state_bytes"] <= manifest["ram_bytes"]
    assert manifest["multiply_adds_per_s"] == RATE_HZ * manifest["multiply_adds_per_sample"]
    if manifest["partitions"] == 0 if "partitions" in manifest else True:
        assert manifest["multiply_adds_per_s"] >= RATE_HZ * 64 * sum(filter_.has_taps for filter_ in filters.filters)
    assert manifest["worst_output"] == pytest.approx(10 ** (manifest["headroom_db"] / 20), rel=2e-4)
    assert 0 <= manifest["loss_db"] < 0.1 and manifest["level_change_db"] < 0.1 and manifest["time_change_us"] < 1
    assert set(manifest["ears"]) == set(design.taps)


def test_worst_output_is_the_l1_norm_of_the_stored_floats(design: designer.Design) -> None:
    """Read back from filters.wav by libsndfile: the sum over channels of the largest driver's magnitudes."""
    export = export_of(filter_set(design), "wav")
    samples, _ = soundfile.read(io.BytesIO(export.files["filters.wav"]), dtype="float32", always_2d=True)
    tracks = samples.T.astype(float).reshape(len(design.taps), len(design.drivers), -1)
    assert export.facts["worst_output"] == pytest.approx(np.abs(tracks).sum(axis=(0, 2)).max(), abs=1e-6)


def test_worst_output_is_the_l1_norm_of_the_stored_integers() -> None:
    """Of c-q15, whose taps are read from the source here; its header says the same, the float design another."""
    filters = filter_cases.fir(taps=600)
    export = export_of(filters, "c-q15")
    source, header = (export.files[f"xcase.{ending}"].decode() for ending in "ch")
    array = re.search(r"_taps\[\d+\] = \{\n(.*?)\n\};", source, re.DOTALL)
    table = re.search(r"_firs\[\d+\] = \{\n(.*?)\n\};", source, re.DOTALL)
    assert array and table
    stored = [int(number) for number in re.findall(r"-?\d+", re.sub(r"/\*.*?\*/", "", array[1]))]
    feeds = np.zeros(len(filters.drivers))
    for row in table[1].splitlines():
        _, driver, _, first, count, shift = (int(cell) for cell in re.findall(r"-?\d+", row))
        feeds[driver] += np.abs(stored[first : first + count]).sum() * 2.0 ** (
            shift + 15 - 47
        )  # samples of 15, sums of 47 bits
    feeds[1] += 1.0  # the pure delay
    assert export.facts["worst_output"] == pytest.approx(feeds.max(), rel=1e-6)
    assert export.facts["worst_output"] != pytest.approx(filters.headroom.worst_output, rel=1e-6)
    macro = re.search(r"_WORST_OUTPUT ([\d.]+)", header)
    assert macro and float(macro[1]) == pytest.approx(feeds.max(), abs=1e-6)


def test_the_loss_is_that_of_the_stored_taps_at_the_ears(design: designer.Design) -> None:
    """Words of 8 bits: the taps of hex, read here, played through the scene by a sum over taps, against the design's own."""
    filters = filter_set(design)
    word = designer.loads(toml(pair() | {"realization": {"taps": 64, "word": "1.7"}})).realization.fixed_point
    export = export_of(replace(filters, word=word), "hex")
    steps = {name: 2.0 ** (shift - 7) for name, shift in export.facts["shifts"].items()}
    name = "left"
    stored = np.zeros_like(design.taps[name])
    for row in export.facts["filters"][1:]:
        if row[0] == name and row[2] != "-":
            numbers = [
                line
                for line in export.files[row[2]].decode().splitlines()
                if re.fullmatch(r"[0-9a-f]+", line.strip(), re.I)
            ]
            integers = np.array([int(number, 16) for number in numbers])
            stored[design.drivers.index(row[1])] = np.where(integers > 127, integers - 256, integers) * steps[name]
    scene, table = design.fine_scene, design.channels[name].table
    f = scene.frequency_hz
    band = (f >= table.band_hz[0]) & (f <= table.band_hz[1])

    def gain_db(taps: Real) -> Real:
        w = np.exp(-2j * np.pi * np.outer(f[band] / RATE_HZ, np.arange(taps.shape[1]))) @ taps.T
        ears = np.abs(np.einsum("fml,fl->fm", scene.ears()[band], w)) ** 2
        return np.asarray(10 * np.log10(ears[:, 0::2].sum(axis=1) / ears[:, 1::2].sum(axis=1)))

    lost_db = float((gain_db(design.taps[name]) - gain_db(stored)).max())
    assert lost_db > 0.02
    assert export.facts["ears"][name]["largest_loss_db"] == pytest.approx(lost_db, abs=0.02)  # sums are cut beside
