"""miniDSP, SigmaDSP, COE, MIF and hexadecimal words, each read back by naive readers written from the formats' documentation."""

from __future__ import annotations

import re
import struct
from collections.abc import Callable
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from designer.arrays import Real
from designer.export import Export, FilterSet, target_named
from export import filter_cases


def exported(target: str, filters: FilterSet) -> Export:
    return target_named(target).write(filters)


def text(export: Export, name: str) -> str:
    return export.files[name].decode()


def cascaded(b: list[list[float]], a: list[list[float]], length: int) -> Real:
    """The response of sections whose feedback is *added*, as miniDSP's and SigmaDSP's processors do it, by its recursion."""
    x = [1.0] + [0.0] * (length - 1)
    for (b0, b1, b2), (a1, a2) in zip(b, a, strict=True):
        y: list[float] = []
        for n in range(length):
            past = [
                x[n - 1] if n else 0.0,
                x[n - 2] if n > 1 else 0.0,
                y[n - 1] if n else 0.0,
                y[n - 2] if n > 1 else 0.0,
            ]
            y.append(b0 * x[n] + b1 * past[0] + b2 * past[1] + a1 * past[2] + a2 * past[3])
        x = y
    return np.array(x)


def test_minidsp_biquads_play_the_filter() -> None:
    """The import's text, fed back with added signs, is the cascade's response; the last value has no comma."""
    filters = filter_cases.biquads()
    export = exported("minidsp", filters)
    for one in filters.filters:
        assert one.cascade is not None
        lines = text(export, f"{one.channel}-{one.driver}-biquads.txt").splitlines()
        assert all(line.endswith(",") for line in lines[:-1]) and not lines[-1].endswith(",")
        assert lines[::6] == [f"biquad{s}," for s in range(1, 5)]
        values = [line.rstrip(",").partition("=") for line in lines if "=" in line]
        assert [key for key, _, _ in values] == ["b0", "b1", "b2", "a1", "a2"] * 4
        numbers = np.array([float(value) for _, _, value in values]).reshape(4, 5)
        response = cascaded(numbers[:, :3].tolist(), numbers[:, 3:].tolist(), 300)
        delay = one.cascade.delay_samples
        assert np.allclose(response[: 300 - delay], one.taps[delay:300], rtol=0, atol=1e-12)
        wait = delay + filters.delays.get(one.channel, 0)
        assert re.search(rf"^{one.channel} +{one.driver} .* {wait}$", text(export, "README.txt"), re.MULTILINE)


def test_minidsp_taps_are_floats_and_text() -> None:
    """A bin file is little-endian single precision and nothing else; the manual text has the same taps to 17 digits."""
    filters = filter_cases.fir()
    export = exported("minidsp", filters)
    for one in filters.filters:
        content = export.files[f"{one.channel}-{one.driver}.bin"]
        wait = filters.delays.get(one.channel, 0)
        taps = np.concatenate([np.zeros(wait), one.taps])
        assert np.array_equal(struct.unpack(f"<{len(content) // 4}f", content), taps.astype(np.float32))
        lines = text(export, f"{one.channel}-{one.driver}-fir.txt").splitlines()
        assert [line.split(" = ")[0] for line in lines] == [f"b{n}" for n in range(taps.size)]
        assert [float(line.split(" = ")[1].rstrip(",")) for line in lines] == taps.tolist()


@pytest.mark.parametrize(("form", "zeros", "fraction"), [("5.23", 4, 23), ("8.24", 0, 24)])
@pytest.mark.parametrize("filters", [filter_cases.fir(), filter_cases.biquads(), filter_cases.words("5.23")])
def test_sigmadsp_words_are_the_coefficients(filters: FilterSet, form: str, zeros: int, fraction: int) -> None:
    """Each word, two's complement behind the zeros of its format, is a coefficient in the memory's order, to half a step."""
    export = exported("sigmadsp", filters)
    for one in filters.filters:
        lines = [line for line in text(export, f"{one.channel}-{one.driver}-{form}.txt").splitlines() if line[0] != "#"]
        values = []
        for index, line in enumerate(lines):
            at, _, word, value = line.split("  ")
            assert int(at) == index and re.fullmatch("0x[0-9A-F]{8}", word)
            bits = int(word, 16)
            assert bits < 2 ** (32 - zeros)
            signed = bits - 2 ** (32 - zeros) if bits >= 2 ** (31 - zeros) else bits
            assert float(Fraction(signed, 2**fraction)) == float(value)
            values.append(float(value))
        if one.cascade is not None:
            expected = [v for b, a in zip(one.cascade.b, one.cascade.a, strict=True) for v in (*b, *(-a))]
            if form == "8.24":
                expected = [expected[s + k] for s in range(0, len(expected), 5) for k in (2, 1, 0, 4, 3)]
        else:
            expected = [] if one.delay_samples is not None else one.taps.tolist()[:: -1 if form == "8.24" else 1]
        assert len(values) == len(expected)
        assert all(abs(v - e) <= 2.0 ** -(fraction + 1) for v, e in zip(values, expected, strict=True))


def test_sigmadsp_knows_its_data_sheets_words() -> None:
    """1.0 is 0x00800000 in 5.23 and 0x01000000 in 8.24, -1.0 is 0x0F800000 and 0xFF000000."""
    taps = {"a": np.array([[1.0, -1.0, 0.25, 0.0, 0.0, 0.0, 0.0, 0.0]])}
    export = exported("sigmadsp", filter_cases.made(taps, ("d",), {}, "fir"))
    assert re.findall(r"0x\w+", text(export, "a-d-5.23.txt"))[:2] == ["0x00800000", "0x0F800000"]
    assert re.findall(r"0x\w+", text(export, "a-d-8.24.txt"))[:-3:-1] == ["0x01000000", "0xFF000000"]


def coe(content: str) -> list[int]:
    """A reader of COE: keywords without case, `;` ends a value and begins a comment."""
    bare = "".join(line for line in content.splitlines() if not line.startswith(";"))
    found = re.fullmatch(r"radix=10;coefdata=([-\d,]+);", bare)
    assert found, bare[:80]
    return [int(value) for value in found[1].split(",")]


def hex_words(content: str, bits: int) -> list[int]:
    """A reader of $readmemh: // begins a comment; two's complement."""
    digits = [line.split("//")[0].strip() for line in content.splitlines()]
    width = 4 * -(-bits // 4)
    return [v - 2**width if (v := int(word, 16)) >= 2 ** (width - 1) else v for word in digits if word]


def mif(content: str, bits: int) -> list[int]:
    """A reader of Quartus's memory files, decimal addresses in a row, words of so many bits in HEX; -- begins a comment."""
    lines = [line for line in content.splitlines() if not line.startswith("--")]
    assert lines[0] == f"WIDTH = {bits};" and lines[2:5] == [
        "ADDRESS_RADIX = UNS;",
        "DATA_RADIX = HEX;",
        "CONTENT BEGIN",
    ]
    assert lines[1] == f"DEPTH = {len(lines) - 6};" and lines[-1] == "END;"
    values = []
    for address, line in enumerate(lines[5:-1]):
        word = int(line.removeprefix(f"{address} : ").removesuffix(";"), 16)
        assert 0 <= word < 2**bits
        values.append(word - 2**bits if word >= 2 ** (bits - 1) else word)
    return values


READERS: dict[str, tuple[str, Callable[[str, int], list[int]]]] = {
    "xilinx-coe": ("coe", lambda content, _: coe(content)),
    "mif": ("mif", mif),
    "hex": ("hex", hex_words),
}


@pytest.mark.parametrize("name", ["q15", "q31", "5.23", "1.17"])
@pytest.mark.parametrize("target", READERS)
def test_the_problems_words_are_exact(target: str, name: str) -> None:
    """Where the problem names the word, an integer times its stated step is the tap, exactly."""
    filters = filter_cases.words(name)
    export = exported(target, filters)
    assert filters.word is not None
    for one in filters.filters:
        ending, reader = READERS[target]
        integers = reader(text(export, f"a-{one.driver}.{ending}"), filters.word.bits)
        assert max(map(abs, integers)) < 2 ** (filters.word.bits - 1)
        step = 2.0 ** (export.facts["shifts"]["a"] - filters.word.fraction_bits)
        assert [q * step for q in integers] == one.taps.tolist()


@settings(max_examples=30)
@given(seed=st.integers(0, 10**6), gain=st.floats(1e-3, 100))
@pytest.mark.parametrize("target", READERS)
def test_other_taps_are_rounded_to_half_a_step(target: str, seed: int, gain: float) -> None:
    """Without a word: q23, a shift that the channel shares, each tap to half a step; a pure delay stands in the table."""
    base = filter_cases.fir(taps=12, seed=seed)
    channels = {"b": gain * np.stack([one.taps for one in base.filters if one.channel == "b"]), "a": np.eye(3, 12)}
    filters = filter_cases.made(channels, filter_cases.DRIVERS, {}, "fir", delays={"b": 4})
    export = exported(target, filters)
    shift = export.facts["shifts"]["b"]
    step = 2.0 ** (shift - 23)
    assert shift == 0 or np.abs(channels["b"]).max() > 2.0 ** (shift - 1) * (1 - 2.0**-23)
    for l, driver in enumerate(filter_cases.DRIVERS):
        ending, reader = READERS[target]
        q = np.array(reader(text(export, f"b-{driver}.{ending}"), 24))
        assert np.abs(q * step - channels["b"][l]).max() <= step / 2 * (1 + 1e-9)
        assert re.search(rf"^a +{driver} +- +{l} ", text(export, "README.txt"), re.MULTILINE)
    assert "channel b waits 4 samples" in text(export, "README.txt")
    assert not any(name.startswith("a-") for name in export.files)


@pytest.mark.parametrize(("target", "mark"), [("hex", "//"), ("mif", "--")])
def test_sections_in_words_play_the_filter(target: str, mark: str) -> None:
    """Words, gains and delays of the sections give the cascade's response to the word's rounding."""
    filters = filter_cases.biquads()
    export = exported(target, filters)
    for one in filters.filters:
        assert one.cascade is not None
        content = text(export, f"{one.channel}-{one.driver}.{target}")
        gains = [2.0 ** int(g) for g in re.findall(rf"^{mark} section \d+, gain 2\^(\d+)$", content, re.MULTILINE)]
        words = np.array(READERS[target][1](content, 28)).reshape(4, 5) * 2.0**-23
        b = words[:, :3] * np.array(gains)[:, None]
        response = cascaded(b.tolist(), (-words[:, 3:]).tolist(), 200)
        delay = one.cascade.delay_samples
        assert np.allclose(response[: 200 - delay], one.taps[delay:200], rtol=0, atol=1e-4 * np.abs(one.taps).max())
