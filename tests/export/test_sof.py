"""Sound Open Firmware's blobs: published ones are read, and exported ones played by the firmware's loops written out here."""

from __future__ import annotations

import re
import struct
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from importing.test_round_trip import problem
from stereo.small_designs import trio
from toml_text import toml

import designer
from designer.arrays import Real
from designer.commands.import_coefficients import read_coefficients
from designer.errors import DataError, UsageError
from designer.export import FilterSet, target_named
from designer.export.judged import judge
from designer.export.sof_plan import model
from designer.export.write import export_of
from designer.problem.word_format import Word
from designer.realization.cascade import Cascade
from export import filter_cases
from export.test_convolvers import by_scipy

HIGHPASS = """877023059,0,88,50438144,0,0,0,0,88,2,1,0,0,0,0,0,0,1,1,0,0,0,0,3240919741,2127607086,533187596,3228592105,533187596,0,32692,
"""
"""`eqiir/highpass_100hz_0db_48khz.conf` of the firmware's repository as numbers: a Butterworth high-pass at 100 Hz for two channels."""
MIDBOOST = "534f46340000000080000000 00a00103" + "00" * 16 + "8000000002000100" + "00" * 20 + "28000100" + "00" * 16
MIDBOOST += "fa6ca747e721b2fb8be9e7e600ebe7ef8bf3edf594f7f6f839fa65fb72fc5bfd1efebdfe3cffa1ffedff25004d006700"
MIDBOOST += "76007c007b0076006e00630058004c00400035002c0023001b0013000d001300"
"""`eqfir/midboost.conf`: 40 taps for two channels, shifted right by 1."""
PAIR = ("left", "right")


def one_each(sections: int = 4, delays: tuple[int, int] = (9, 0)) -> FilterSet:
    """Two channels, each through sections to a driver of its own."""
    draw, cascades, channels = np.random.default_rng(6), {}, dict[str, Real]()
    for number, name in enumerate(PAIR):
        cascade = filter_cases.stable(draw, sections, delays[number])
        cascades[name] = {PAIR[number]: cascade}
        channels[name] = np.zeros((2, 400))
        channels[name][number] = cascade.impulse_response(400)
    return filter_cases.made(channels, PAIR, cascades, "biquad", delays={"right": 3})


def blob(files: dict[str, bytes], name: str) -> bytes:
    """Content of a blob, whose three forms hold the same bytes behind a control's tag and size and an IPC4 header."""
    whole = files[f"{name}.bin"]
    words = [int(text) for text in files[f"{name}.txt"].decode().split(",")[:-1]]
    assert struct.pack(f"<{len(words)}I", *words) == whole
    text = re.sub(r"^#.*$", "", files[f"{name}.conf"].decode(), flags=re.MULTILINE)
    assert bytes(int(byte, 16) for byte in re.findall(r"0x([0-9a-f]{2})", text)) == whole[8:]
    tag, size, magic, parameter, inside, abi = struct.unpack_from("<2I4s3I", whole)
    assert (tag, size, magic, parameter, abi) == (3, len(whole) - 8, b"SOF4", 0, 50438144)
    content = whole[40:]
    assert inside == len(content) == struct.unpack_from("<I", content)[0] and size <= 4096
    return content


def saturated(value: int) -> int:
    return max(-(2**31), min(2**31 - 1, value))


def by_tdfb(content: bytes, x: Real) -> Real:
    """Outputs (N, L) of the filter bank on inputs (N, C) in 32 bits: `tdfb_core` and `fir_32x16_2x`, sample by sample."""
    _, count, outputs, streams, microphones, angles, off, tracking = struct.unpack_from("<I7H", content)
    assert (streams, microphones, angles, off, tracking) == (1, 0, 1, 0, 0)
    place, filters = 28, []
    for _ in range(count):
        length, shift = struct.unpack_from("<2h", content, place)
        assert length % 4 == 0 and 4 <= length <= 256
        filters.append((shift, struct.unpack_from(f"<{length}h", content, place + 20)))
        place += 20 + 2 * length
    inputs, masks, mixed = (struct.unpack_from(f"<{count}h", content, place + 2 * count * k) for k in range(3))
    place += 6 * count
    assert struct.unpack_from("<4h", content, place) == (0, 0, 0, 0) and not any(mixed)
    assert len(content) - place - 8 in (0, 2) and len(content) % 4 == 0
    whole = np.rint(x * 2**31).astype(object)
    y = np.zeros((len(x), outputs))
    for n in range(len(x)):
        sums = [0] * outputs
        for (shift, taps), source, mask in zip(filters, inputs, masks, strict=True):
            total = sum(tap * int(whole[n - k, source]) for k, tap in enumerate(taps[: n + 1]) if tap)
            for output in range(outputs):
                if mask >> output & 1:
                    sums[output] += saturated(total >> (15 + shift)) >> 4
        y[n] = [saturated(total << 4) / 2**31 for total in sums]
    return y


def by_iir(content: bytes, x: Real) -> Real:
    """Outputs (N, L) of the equaliser on channels (N, L): `iir_df1`, one sample after the other."""
    _, channels, count = struct.unpack_from("<3I", content)
    assigned = struct.unpack_from(f"<{channels}i", content, 28)
    place, responses = 28 + 4 * channels, []
    for _ in range(count):
        sections, series = struct.unpack_from("<2I", content, place)
        assert sections == series <= 11
        responses.append([struct.unpack_from("<7i", content, place + 24 + 28 * s) for s in range(sections)])
        place += 24 + 28 * sections
    assert place == len(content) and channels == x.shape[1]

    def rounded(value: int, bits: int) -> int:
        return saturated(((value >> (bits - 1)) + 1) >> 1)

    y = np.zeros(x.shape)
    for channel, response in enumerate(assigned):
        state = [[0, 0, 0, 0] for _ in responses[response]]
        for n, sample in enumerate(np.rint(x[:, channel] * 2**31).astype(object)):
            value = int(sample)
            for past, (a2, a1, b2, b1, b0, shift, gain) in zip(state, responses[response], strict=True):
                y2, y1, x2, x1 = past
                node = rounded(a2 * y2 + a1 * y1 + b2 * x2 + b1 * x1 + b0 * value, 30)
                past[:] = y1, node, x1, value
                value = rounded(gain * node, 14 + shift)
            y[n, channel] = value / 2**31
    return y


@pytest.mark.parametrize(
    ("filters", "tolerance"),
    [(filter_cases.fir(), 2.0**-15), (filter_cases.two_lengths(), 2.0**-15), (filter_cases.words(), 5e-9)],
    ids=["a delay, a silent driver, a wait", "two lengths", "designed integers"],
)
def test_the_filter_bank_plays_the_filters(filters: FilterSet, tolerance: float) -> None:
    """Noise through the blob, in the firmware's integers: taps of 16 bits apart from scipy's, and of a design's own none."""
    x = np.random.default_rng(2).uniform(-1, 1, (300, len(filters.channels))) * 10 ** (
        -filters.headroom.any_input_db / 20
    )
    y = by_tdfb(blob(export_of(filters, "sof").files, "tdfb"), x)
    assert np.abs(y - by_scipy(filters, x)).max() <= tolerance * max(1.0, filters.headroom.worst_output)


def test_the_model_is_the_firmware(tmp_path: Path) -> None:
    """The arithmetic that judges the export gives the same words as the loops above, of taps and of sections."""
    for filters in (filter_cases.fir(), one_each()):
        routes, files = model(filters), target_named("sof").write(filters).files
        x = np.random.default_rng(4).integers(-(2**27), 2**27, (200, len(filters.channels)))
        sums = np.zeros((200, len(filters.drivers)), dtype=np.int64)
        for index, (one, route) in enumerate(zip(filters.filters, routes.routes, strict=True)):
            late = np.zeros(200, dtype=np.int64)
            wait = route.delay + filters.delays.get(one.channel, 0)
            late[wait:] = x[: 200 - wait, filters.channels.index(one.channel)]
            sums[:, filters.drivers.index(one.driver)] += routes.play([index], late[None, None])[0, 0]
        play, name = (by_tdfb, "tdfb") if filters.form == "fir" else (by_iir, "eq_iir")
        assert np.array_equal(np.rint(play(blob(files, name), x / 2**31) * 2**31), sums)


def test_the_equaliser_plays_the_sections() -> None:
    """Sections behind 9 and 3 samples, each channel to a driver of its own: within 1e-7 of scipy."""
    filters = one_each()
    x = np.random.default_rng(3).uniform(-1, 1, (300, 2)) * 10 ** (-filters.headroom.any_input_db / 20)
    y = by_iir(blob(export_of(filters, "sof").files, "eq_iir"), x)
    assert np.abs(y - by_scipy(filters, x)).max() <= 1e-7
    assert all(one.signal_to_noise_db > 100 for one in judge(filters, model(filters)).values())


def test_one_filter_a_driver_is_an_equaliser_too() -> None:
    """A channel to three drivers: the FIR equaliser has an even number of channels, and like filters share a response."""
    taps = np.array([[0.5, 0.25, 0.125], [0.5, 0.25, 0.125], [1.0, -1.0, 0.5]])
    content = blob(export_of(filter_cases.made({"a": taps}, filter_cases.DRIVERS, {}, "fir"), "sof").files, "eq_fir")
    _, channels, count, *reserved = struct.unpack_from("<I2H4I", content)
    assert (channels, count, *reserved) == (4, 2, 0, 0, 0, 0)
    assert struct.unpack_from("<4h", content, 24) == (0, 0, 1, 1)
    first, second = (struct.unpack_from("<2h4I4h", content, 32 + 28 * number) for number in range(2))
    assert np.array(first[6:]) * 2.0 ** (-15 - first[1]) == pytest.approx([0.5, 0.25, 0.125, 0.0], abs=1e-4)
    assert np.array(second[6:]) * 2.0 ** (-15 - second[1]) == pytest.approx([1.0, -1.0, 0.5, 0.0], abs=1e-4)
    assert "eq_fir.bin" not in export_of(filter_cases.fir(), "sof").files


def written(filters: FilterSet, folder: Path) -> Path:
    for path, content in target_named("sof").write(filters).files.items():
        (folder / path).write_bytes(content)
    return folder


@pytest.mark.parametrize("file", ["tdfb.conf", "tdfb.txt", ""])
def test_taps_return(file: str, tmp_path: Path) -> None:
    """From the folder, the topology and the numbers, in which inputs and outputs have the problem's order."""
    filters = filter_cases.fir()
    read = read_coefficients(written(filters, tmp_path) / file, problem(("a", "b"), filter_cases.DRIVERS))
    assert "tweeter" not in read.taps["a"] and sum(map(len, read.taps.values())) == 5
    for one in filters.filters:
        taps, expected = np.zeros(60), np.zeros(60)
        for values, place in ((read.taps[one.channel][one.driver], taps), (filters.delayed_taps(one), expected)):
            place[: values.size] = values
        assert np.abs(taps - expected).max() <= 2.0**-15
    if not file.endswith(".txt"):
        assert read.bulk_delay_samples == filters.bulk_delay_samples


def test_sections_return(tmp_path: Path) -> None:
    """As cascades behind their delays, by the channels that the comments state."""
    filters = one_each()
    read = read_coefficients(written(filters, tmp_path), problem(PAIR, PAIR, "biquad"))
    for one in filters.filters:
        cascade = read.sections[one.channel][one.driver]
        assert one.cascade is not None and cascade.delay_samples == filters.delay(one)
        np.testing.assert_allclose(
            cascade.impulse_response(200), np.pad(one.taps, (filters.delays.get(one.channel, 0), 0))[:200], atol=1e-7
        )


def test_published_blobs_are_read(tmp_path: Path) -> None:
    """A Butterworth high-pass is 3 dB down at its 100 Hz; the taps are those of the file, in both channels."""
    (tmp_path / "iir.txt").write_text(HIGHPASS, encoding="ascii")
    read = read_coefficients(tmp_path / "iir.txt", problem(PAIR, PAIR, "biquad"))
    for side in PAIR:
        cascade = read.sections[side][side]
        z = np.exp(-2j * np.pi * np.array([100.0, 10_000.0]) / 48000)
        (b,), (a,) = cascade.b, cascade.a
        gains = np.abs((b[0] + b[1] * z + b[2] * z**2) / (1 + a[0] * z + a[1] * z**2))
        assert 20 * np.log10(gains) == pytest.approx([-3.01, 0.0], abs=0.02)
    rows = ",".join(f"0x{byte:02x}" for byte in bytes.fromhex(MIDBOOST))
    (tmp_path / "fir.conf").write_text(f'Object.Base.data."fir_eq" {{\n\tbytes "\n{rows}"\n}}\n', encoding="ascii")
    read = read_coefficients(tmp_path / "fir.conf", problem(PAIR, PAIR))
    for side in PAIR:
        taps = read.taps[side][side]
        assert taps.size == 40 and taps[:2] == pytest.approx([0x6CFA / 2**16, 0x47A7 / 2**16])


def many(channels: int, drivers: int, taps: int = 8) -> FilterSet:
    names = {f"c{n}": np.full((drivers, taps), 0.1) for n in range(channels)}
    return filter_cases.made(names, tuple(f"d{n}" for n in range(drivers)), {}, "fir")


@pytest.mark.parametrize(
    ("filters", "message"),
    [
        (many(9, 1), "got 9 channels; expected at most 8"),
        (many(1, 9), "got 9 drivers; expected at most 8"),
        (many(3, 6), "got 18 filters; expected at most 16; design fewer channels or drivers, or export c"),
        (many(1, 2, 257), "got 257 taps, delays included; expected at most 256; choose fewer"),
        (many(2, 8, 128), r"got 16 filters of up to 128 taps, 4,.* bytes .*; expected at most 4,096, which hold 16 filters of 112 taps"),
        (filter_cases.biquads(), 'got sections, and the channels left, right to woofer; expected one filter a driver, .* form = "fir"'),
        (one_each(9), r"got 14 sections in left to left, one for two samples of delay included; expected at most 11"),
        (filter_cases.made({"a": np.full((1, 4), 300.0)}, ("d",), {}, "fir"), "got a tap of 300 in a to d; expected at most 256"),
    ],
)  # fmt: skip
def test_what_the_firmware_cannot_hold_is_refused(filters: FilterSet, message: str) -> None:
    """The limit, and the number that would fit."""
    with pytest.raises(UsageError, match=f"^target sof: {message}"):
        target_named("sof").write(filters)


def test_the_numbers_that_would_fit_do() -> None:
    """As many taps and sections as a refusal names are written; four more taps, and one more section, are not."""
    for channels, drivers, most in ((2, 8, 112), (2, 4, 236), (1, 4, 256)):
        target_named("sof").write(many(channels, drivers, most))
        with pytest.raises(UsageError, match="target sof: got"):
            target_named("sof").write(many(channels, drivers, most + 1))
    draw = np.random.default_rng(1)
    for count, fits in ((3, True), (4, False)):
        cascades = {f"d{n}": filter_cases.stable(draw, count, 0) for n in range(8)}
        taps = {"a": np.stack([cascade.impulse_response(300) for cascade in cascades.values()])}
        filters = filter_cases.made(taps, tuple(cascades), {"a": cascades}, "biquad")
        if fits:
            assert len(blob(target_named("sof").write(filters).files, "eq_iir")) <= 1024 - 32
        else:
            with pytest.raises(
                UsageError, match=r"bytes a blob; expected at most 1,024, which hold 8 filters of 3 sections"
            ):
                target_named("sof").write(filters)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("0x53,0x4f,0x46,0x34", "0x53,0x4f,0x46,0x35", "got other bytes; expected a blob of TDFB"),
        ("0x53,", "0xfff,", "got other text"),
        ("0x28,0x00,0x01", "0x29,0x00,0x01", "got other bytes"),
    ],
)
def test_what_is_no_blob_is_refused(old: str, new: str, message: str, tmp_path: Path) -> None:
    """Another magic, a byte that is none, a length that does not lead to the end."""
    path = written(filter_cases.fir(), tmp_path) / "tdfb.conf"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(DataError, match=message):
        read_coefficients(path, problem(("a", "b"), filter_cases.DRIVERS))


def test_other_ports_are_refused(tmp_path: Path) -> None:
    """A path to an output that the problem does not have."""
    written(filter_cases.fir(), tmp_path)
    with pytest.raises(DataError, match="got a path from input 2 to output 3; expected the problem's 2"):
        read_coefficients(tmp_path / "tdfb.txt", problem(("a", "b"), ("woofer", "front")))


def test_a_designs_own_scale_a_driver_is_kept() -> None:
    """Integers of q15 with a scale for each driver are the blob's, and its shifts theirs."""
    base = filter_cases.words()
    taps = np.stack([one.taps for one in base.filters])
    taps[1] /= 8
    filters = replace(
        filter_cases.made({"a": taps}, base.drivers, {}, "fir"), word=Word.of("q15"), own_shifts={("a", "woofer"): 1, ("a", "front"): -2}
    )  # fmt: skip
    content = blob(target_named("sof").write(filters).files, "tdfb")
    place = 28
    for row, shift in zip(taps, (1, -2), strict=True):
        length, right = struct.unpack_from("<2h", content, place)
        assert right == -shift
        assert np.array_equal(
            np.array(struct.unpack_from(f"<{length}h", content, place + 20))[: row.size] * 2.0 ** (shift - 15), row
        )
        place += 20 + 2 * length


def test_a_section_is_lowered_where_it_would_saturate() -> None:
    """A resonance of 30 dB: no input of full scale saturates a node ahead of the last one, whose gain comes back."""
    cascade = Cascade(np.array([[1.0, 0.0, 0.0], [0.03, 0.0, 0.0]]), np.array([[-1.9, 0.97], [0.0, 0.0]]))
    filters = filter_cases.made({"a": cascade.impulse_response(900)[None]}, ("d",), {"a": {"d": cascade}}, "biquad")
    x = np.sign(cascade.impulse_response(400)[::-1])[:, None] * 0.999 / max(1.0, filters.headroom.worst_output)
    y = by_iir(blob(target_named("sof").write(filters).files, "eq_iir"), x)
    assert np.abs(y - by_scipy(filters, x)).max() < 1e-6


@pytest.mark.parametrize(
    ("realization", "message"),
    [
        ({"taps": 300}, "got 300 taps, delays included; expected at most 256"),
        ({"form": "biquad", "sections": 4}, "got sections, and the channels left, right to "),
    ],
)
def test_what_the_problem_tells_is_refused_before_the_design(realization: dict[str, object], message: str) -> None:
    """A length and a form that no blob holds: no progress is made before it is said."""
    table, stages = trio("left", "right"), list[str]()
    table |= {"realization": realization, "export": {"targets": ["sof"]}}
    with pytest.raises(UsageError, match=f"target sof: {message}"):
        designer.design(designer.loads(toml(table)), progress=stages.append)
    assert stages == []


def test_a_published_filter_bank_is_read(tmp_path: Path) -> None:
    """`tdfb/line2_generic_pm10deg_16khz.conf`: header, counts and mix, an angle, two microphones, the filters of the beam switched off.

    Its taps but for the first two filters' largest are left out as zeros; its size says that nothing else is.
    """
    head = "534f4634" + "00000000" + "14030000" + "00a00103" + "00" * 16
    head += "14030000" + "04000200" + "01000200" + "01000100" + "00000f00" + "a6ff0000" + "00000000"
    pass_through = "40000100" + "00" * 16 + "0000" * 32 + "ec7f" + "0000" * 31
    delayed = "40000100" + "00" * 16 + "0000" * 31 + "6941" + "1860" + "0000" * 31
    switched_off = "0400ffff" + "00" * 16 + "0040" + "0000" * 3
    tail = "0000010000000100" + "0100010002000200" + "00" * 8 + "0100020000000000" + "0a00000000000000"
    tail += "0000660000000000" + "00009aff00000000"
    content = bytes.fromhex(head + pass_through + delayed + delayed + pass_through + 4 * switched_off + tail)
    assert len(content) == 32 + 0x314
    numbers = struct.unpack(f"<{len(content) // 4}I", content)
    (tmp_path / "line2.txt").write_text(",".join(map(str, numbers)) + ",\n", encoding="ascii")
    read = read_coefficients(tmp_path / "line2.txt", problem(PAIR, PAIR))
    assert {(c, d) for c, each in read.taps.items() for d in each} == {(c, d) for c in PAIR for d in PAIR}
    for side, other in (PAIR, PAIR[::-1]):
        assert read.taps[side][side][32] == pytest.approx(0x7FEC / 2**16)
        assert read.taps[other][side][31:33] == pytest.approx([0x4169 / 2**16, 0x6018 / 2**16])
