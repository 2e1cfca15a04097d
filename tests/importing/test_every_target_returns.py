"""Every target of the registry, written and read again: taps, sections and a stereo chain, to within what the target's word holds."""

from __future__ import annotations

import contextlib
import json
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from export import filter_cases
from export.exported import Case, exported, filters_of
from scipy.signal import sosfilt
from toml_text import pair, toml

import designer
from designer.arrays import Real
from designer.commands.import_coefficients import import_coefficients, read_coefficients
from designer.errors import DataError, UsageError
from designer.export import TARGETS, FilterSet
from designer.export.coefficients import Coefficients
from designer.export.write import export_of
from designer.problem import Problem
from designer.realization.cascade import Cascade
from designer.stereo.upmix import Upmix
from importing.test_round_trip import problem, responses

EXACT = ("csv", "json", "npz", "brutefir", "faust", "matlab")
STEP = {
    **dict.fromkeys(TARGETS, 2.0**-24),  # single precision
    **dict.fromkeys(EXACT, 0.0),
    "cmsis-q31": 2.0**-30,
    "cmsis-q15": 2.0**-14,
    "c-q31": 2.0**-30,
    **dict.fromkeys(("c-q15", "sof"), 2.0**-14),
    "xilinx-coe": 2.0**-23,
    **dict.fromkeys(("mif", "hex"), 2.0**-23),
}
"""Of the largest tap: half of the last place that a target keeps."""
OF_SECTIONS = {
    **dict.fromkeys(TARGETS, 1e-5),
    **dict.fromkeys((*EXACT, "camilladsp", "equalizerapo", "minidsp"), 1e-14),
    **dict.fromkeys(("wav", "jconvolver", "pipewire", "convolver-cfg"), 2.0**-24),
    "cmsis-q31": 1e-6,
    "cmsis-q15": 2e-2,
    **dict.fromkeys(("c-q31", "c-q15"), 1e-6),  # in 32 bits both
    "xilinx-coe": 2.0**-23,
    **dict.fromkeys(("mif", "hex"), 1e-4),
}
"""Of the largest sample of a response: sections' coefficients, rounded to the target's word, at poles of a radius up to 0.9."""
NO_SECTIONS = ("wav", "brutefir", "jconvolver", "pipewire", "convolver-cfg", "xilinx-coe")
WIDE = [name for name in TARGETS if filter_cases.is_held(name, filter_cases.fir())]
MIXED_SECTIONS = [name for name in WIDE if filter_cases.is_held(name, filter_cases.biquads())]
CHAIN = ("virtual-left", "virtual-right", "centre")


def written(target: str, filters: FilterSet | Case, folder: Path) -> Path:
    export = export_of(filters, target) if isinstance(filters, FilterSet) else exported(filters, target)
    for name, content in export.files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return folder


def chain() -> FilterSet:
    """The stereo chain's three channels, each with its wait, fed by an upmix."""
    base = filter_cases.fir()
    draw = np.random.default_rng(7)
    channels = {name: filter_cases.decaying(draw, 40) for name in CHAIN}
    chained = filter_cases.made(
        channels, filter_cases.DRIVERS, {}, "fir", delays={CHAIN[0]: 3, CHAIN[1]: 3, "centre": 8}
    )
    return replace(chained, fed_by_upmix=True, title=base.title)


@cache
def chain_problem() -> Problem:
    """A problem whose chain this is."""
    table = pair()
    table["sample_rate_hz"] = 48000.0
    table["drivers"] = [
        {"name": name, "position_m": [0.0, 0.1 * l - 0.1, 0.0]} for l, name in enumerate(filter_cases.DRIVERS)
    ]
    ear = {"kind": "null-steering", "band_hz": [1500.0, 4500.0], "cancellation_gain_db": [[1500, 6], [4500, 6]]}
    beam = {
        "name": "centre",
        "kind": "beamformer",
        "look_deg": 0.0,
        "nulls_deg": [-90.0, 90.0],
        "band_hz": [500.0, 900.0],
    }
    table["designs"] = [{**ear, "name": side, "ear": side} for side in ("left", "right")] + [beam]
    table["virtualizer"] = {}
    table["realization"] = {"taps": 64}
    return designer.loads(toml(table), source="chain.toml")


def apart(found: Coefficients, filters: FilterSet) -> float:
    """The largest difference of a response from the exported one, over the largest sample."""
    length = filters.taps + 60
    expected = responses(filters, length)
    largest = max(float(np.abs(one).max()) for one in expected.values())
    worst = 0.0
    for (channel, driver), one in expected.items():
        got = np.zeros(length)
        part = found.taps.get(channel, {}).get(driver, np.zeros(0))
        wait = found.delays.get(channel, 0)
        part = part[: length - wait]
        got[wait : wait + part.size] = part
        worst = max(worst, float(np.abs(got - one).max()))
    return worst / largest


def shift_of(taps: Real) -> float:
    """The power of two that a fixed-point target scales taps by."""
    return float(2.0 ** max(0, np.ceil(np.log2(np.abs(taps).max()))))


def test_the_lists_are_the_registry() -> None:
    """A new target needs its word here."""
    assert set(STEP) == set(OF_SECTIONS) == set(TARGETS)


@pytest.mark.parametrize("target", [name for name in MIXED_SECTIONS if name not in (*NO_SECTIONS, "cmsis-q15")])
def test_sections_return_until_they_are_silent(target: str, tmp_path: Path) -> None:
    """A pole pair of radius 0.998 rings for 8,000 samples: judged at 0 Hz is Σb / Σa, not a response cut at the problem's taps."""
    b, a = np.array([[0.002, 0.001, 0.0], [0.3, -0.2, 0.1]]), np.array([[-1.995, 0.998**2], [-0.5, 0.2]])
    exact = float(np.prod(b.sum(axis=1) / (1 + a.sum(axis=1))))
    one = Cascade(b, a, 3)
    drivers, channels = filter_cases.DRIVERS, ("a",)
    taps: dict[str, Real] = {name: np.zeros((len(drivers), 9000)) for name in channels}
    taps[channels[0]][0] = one.impulse_response(9000)
    filters = filter_cases.made(taps, drivers, {channels[0]: {drivers[0]: one}}, "biquad")
    assert exact > 0.2
    export = TARGETS[target].write(filters)
    for name, content in export.files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(content)
    found = read_coefficients(tmp_path, problem(channels, drivers))
    tolerance = dict.fromkeys(("sigmadsp", "mif", "hex"), 1e-2).get(
        target, 1e-3
    )  # words of 24 bits; those of q15 hold no such pole
    assert found.taps[channels[0]][drivers[0]].sum() == pytest.approx(exact, rel=tolerance)


@pytest.mark.parametrize(
    ("target", "form"),
    [*((name, "taps") for name in WIDE), *((name, "sections") for name in MIXED_SECTIONS)],
)
def test_other_line_ends_change_nothing(target: str, form: str, tmp_path: Path) -> None:
    """Files of text with CRLF line ends, as git and editors of Windows leave them, hold the same filters, delays included."""
    case = filter_cases.fir if form == "taps" else filter_cases.biquads
    filters = filters_of(case)
    asked = problem(filters.channels, filters.drivers, "fir" if form == "taps" else "biquad")
    folder = written(target, case, tmp_path)
    before = read_coefficients(folder, asked)
    for path in [path for path in folder.rglob("*") if path.is_file()]:
        content = path.read_bytes()
        with contextlib.suppress(UnicodeDecodeError):
            path.write_bytes(content.decode().replace("\n", "\r\n").encode())
    after = read_coefficients(folder, asked)
    assert (after.delays, after.bulk_delay_samples) == (before.delays, before.bulk_delay_samples)
    for channel, each in before.taps.items():
        for driver, taps in each.items():
            np.testing.assert_array_equal(after.taps[channel][driver], taps)


@pytest.mark.parametrize("target", WIDE)
def test_taps_return(target: str, tmp_path: Path) -> None:
    """A pure delay, a silent driver, a channel that waits: the same response, and the bulk delay that the file states."""
    filters = filters_of(filter_cases.fir)
    found = read_coefficients(written(target, filter_cases.fir, tmp_path), problem(filters.channels, filters.drivers))
    assert apart(found, filters) <= STEP[target] * (1 + 1e-9)
    assert found.bulk_delay_samples == filters.bulk_delay_samples and not found.sections
    assert "tweeter" not in found.taps["a"]


@pytest.mark.parametrize("target", WIDE)
def test_odd_names_return(target: str, tmp_path: Path) -> None:
    """Quotes, commas, comment signs, letters of no alphabet of C: each filter at its own name."""
    filters = filters_of(filter_cases.odd_names)
    asked = problem(filters.channels, (*filters.drivers, "another"))
    found = read_coefficients(written(target, filter_cases.odd_names, tmp_path), asked)
    assert set(found.taps) == set(filters.channels)
    for one in filters.filters:
        taps = found.taps[one.channel][one.driver]
        assert np.abs(taps[: one.taps.size] - one.taps).max() <= max(STEP[target], 1e-15) * 2 * shift_of(one.taps)


@pytest.mark.parametrize("target", MIXED_SECTIONS)
def test_sections_return(target: str, tmp_path: Path) -> None:
    """Cascades come back as cascades from every target that holds sections, and as their responses from the others."""
    filters = filters_of(filter_cases.biquads)
    asked = problem(filters.channels, filters.drivers, "biquad")
    found = read_coefficients(written(target, filter_cases.biquads, tmp_path), asked)
    length = min(filters.taps, asked.realization.taps)
    short = replace(filters, filters=tuple(replace(one, taps=one.taps[:length]) for one in filters.filters))
    waits = {name: found.delays.get(name, 0) for name in filters.channels}
    cut = {c: {d: taps[: length + 30 - waits[c]] for d, taps in each.items()} for c, each in found.taps.items()}
    expected = responses(filters, length)
    largest = max(float(np.abs(one).max()) for one in expected.values())
    for (channel, driver), one in expected.items():
        got = np.zeros(length)
        part = cut[channel][driver][: length - waits[channel]]
        got[waits[channel] : waits[channel] + part.size] = part
        assert np.abs(got - one).max() <= OF_SECTIONS[target] * largest, (channel, driver)
    for one_filter in short.filters:
        cascade = found.sections.get(one_filter.channel, {}).get(one_filter.driver)
        assert (cascade is None) == (target in NO_SECTIONS)
        if cascade is not None:
            assert one_filter.cascade is not None
            wait = filters.delays.get(one_filter.channel, 0) - waits[one_filter.channel]
            assert cascade.delay_samples == one_filter.cascade.delay_samples + wait
            assert len(cascade.b) == len(one_filter.cascade.b)


@pytest.mark.parametrize("target", WIDE)
def test_a_chain_returns(target: str, tmp_path: Path) -> None:
    """What stereo is played through, without the designs that it is made of; its waits are part of it."""
    filters = filters_of(chain)
    found = read_coefficients(written(target, chain, tmp_path), chain_problem())
    assert set(found.taps) == set(CHAIN)
    assert apart(found, filters) <= STEP[target] * (1 + 1e-9)


@pytest.mark.parametrize("target", WIDE)
def test_a_chain_says_what_feeds_it(target: str) -> None:
    """A note, a file with the parameters, and the manifest's facts: what an upmix of the same rate has."""
    export = exported(chain, target)
    stage = Upmix(48000.0)
    content = json.loads(export.files["upmix.json"])
    assert (content["frame"], content["hop"], content["latency_samples"]) == (stage.frame, stage.hop, stage.frame - 1)
    assert content["band_first_bins"] == stage.bands.first.tolist() and content["pole"] == stage.pole
    assert content["outputs"] == {"L'": "virtual-left", "R'": "virtual-right", "C": "centre"}
    assert content["channel_delay_samples"] == {"virtual-left": 3, "virtual-right": 3, "centre": 8}
    assert export.facts["upmix"]["latency_samples"] == stage.latency_samples
    assert export.notes[-1].startswith("left and right must not feed these filters directly: an upmix makes")
    if target in ("csv", "c", "npz"):  # who feeds it is told by one function for all
        assert "upmix.json" not in export_of(replace(chain(), fed_by_upmix=False), target).files


@pytest.mark.parametrize("target", ["csv", "camilladsp"])
def test_sections_behind_unlike_waits_ring_out_alike(target: str, tmp_path: Path) -> None:
    """Channels that wait 0 and 40 samples have responses of one length, each that of its sections to the last sample (by sosfilt)."""
    one, length = Cascade(np.array([[0.01, 0.0, 0.0]]), np.array([[-1.97, 0.985**2]]), 3), 1200
    channels = {name: np.tile(one.impulse_response(length), (3, 1)) for name in ("a", "b")}
    cascades = {name: dict.fromkeys(filter_cases.DRIVERS, one) for name in channels}
    filters = filter_cases.made(channels, filter_cases.DRIVERS, cascades, "biquad", delays={"b": 40})
    asked = problem(tuple(channels), filter_cases.DRIVERS, "biquad")
    design = import_coefficients(written(target, filters, tmp_path), asked)
    assert design.taps["a"].shape == design.taps["b"].shape
    for name, wait in (("a", 3), ("b", 43)):
        for taps in design.taps[name]:
            impulse = np.zeros(taps.size)
            impulse[wait] = 1.0
            expected = sosfilt([[0.01, 0.0, 0.0, 1.0, -1.97, 0.985**2]], impulse)
            assert taps[-1] != 0.0 and np.abs(taps - expected).max() < 1e-15


def test_an_imported_chain_is_judged_and_opens_again(tmp_path: Path) -> None:
    """The centre is judged as the beam that it is, and the chain is there to be played; what is not in the file is said."""
    asked = chain_problem()
    design = import_coefficients(written("json", chain(), tmp_path / "device"), asked)
    assert list(design.channels) == ["centre"] and any("left, right" in warning for warning in design.warnings)
    again = designer.open(design.save(tmp_path / "again", report=False))
    assert all(np.array_equal(again.taps[name], design.taps[name]) for name in CHAIN)


def test_sides_alone_are_nothing_to_judge(tmp_path: Path) -> None:
    """A chain without a centre has no channel with a requirement."""
    filters = chain()
    sides = replace(
        filters,
        channels=CHAIN[:2],
        filters=tuple(one for one in filters.filters if one.channel != "centre"),
        fed_by_upmix=False,
    )
    table = designer.loads(toml({**pair(), "virtualizer": {"upmix": False}} | two_sides()))
    read = read_coefficients(written("npz", sides, tmp_path), table)
    assert set(read.taps) == set(CHAIN[:2])
    with pytest.raises(DataError, match="got the stereo chain's virtual-left, virtual-right alone"):
        import_coefficients(tmp_path, table)


def two_sides() -> dict[str, object]:
    table = pair()
    table["sample_rate_hz"] = 48000.0
    table["drivers"] = [
        {"name": name, "position_m": [0.0, 0.1 * l - 0.1, 0.0]} for l, name in enumerate(filter_cases.DRIVERS)
    ]
    ear = {"kind": "null-steering", "band_hz": [1500.0, 4500.0], "cancellation_gain_db": [[1500, 6], [4500, 6]]}
    table["designs"] = [{**ear, "name": side, "ear": side} for side in ("left", "right")]
    return table


def test_what_a_target_cannot_hold_is_refused_with_the_reason() -> None:
    """One of each kind: a length, a number of filters, a coefficient."""
    for target, filters, message in (
        ("xilinx-coe", filter_cases.fir(taps=2049), "got 2,049 taps"),
        ("minidsp", filter_cases.fir(taps=6145), "got 6,156 taps with their delays"),
        ("sigmadsp", filter_cases.made({"a": np.full((1, 8), 200.0)}, ("d",), {}, "fir"), "got a coefficient of 200"),
    ):
        with pytest.raises(UsageError, match=message):
            export_of(filters, target)
