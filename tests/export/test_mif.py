"""Memory initialization files: read by srecord, and a user's own in other radixes, with ranges and comments."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from importing.test_round_trip import problem
from programs import need

from designer.commands.import_coefficients import read_coefficients
from designer.errors import DataError
from designer.export import target_named
from export import filter_cases


@pytest.mark.parametrize("name", ["q15", "q31", "5.23"])
def test_srecord_reads_the_words(name: str, tmp_path: Path) -> None:
    """srec_cat unpacks the memory to bytes, the low one first, a word in as many as it takes: the taps, exactly."""
    program = need("srec_cat", "srecord")
    filters = filter_cases.words(name)
    export = target_named("mif").write(filters)
    assert filters.word is not None
    bits, width = filters.word.bits, -(-filters.word.bits // 8)
    for one in filters.filters:
        path = tmp_path / f"a-{one.driver}.mif"
        path.write_bytes(export.files[path.name])
        command: list[str | Path] = [program, path, "-mif", "-output", tmp_path / "out.bin", "-binary"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        content = (tmp_path / "out.bin").read_bytes()
        words = [int.from_bytes(content[at : at + width], "little") for at in range(0, len(content), width)]
        step = 2.0 ** (export.facts["shifts"]["a"] - filters.word.fraction_bits)
        assert [(q - 2**bits if q >> (bits - 1) else q) * step for q in words] == one.taps.tolist()


TABLE = """channel,driver,file,kind,delay_samples,bits,log2_step,layout
a,woofer,x.mif,taps,2,8,-7,
"""
OWN = """% from elsewhere: 99 : 99;
over two lines % width=8; Depth = 6; -- a word; of eight bits
ADDRESS_RADIX = HEX; DATA_RADIX = DEC;
Content
Begin [0..5] : 1 -2;
  a : 0; 3 : 127 -128; -- the later word holds
End;
"""


def read(content: str, folder: Path) -> list[float]:
    (folder / "filters.csv").write_text(TABLE, encoding="utf-8")
    (folder / "x.mif").write_text(content, encoding="utf-8")
    return list(read_coefficients(folder, problem(("a",), ("woofer", "front"))).taps["a"]["woofer"])


def test_a_users_own_file_is_read(tmp_path: Path) -> None:
    """By hand: a pattern over a range, two words behind an address, signed decimals; the table's delay ahead."""
    words = [0, 0, 1, -2, 1, 127, -128, -2]
    assert read(OWN.replace("a : 0; ", ""), tmp_path) == [word / 128 for word in words]
    for radix, data in (("HEX", "7F 80"), ("BIN", "01111111 10000000"), ("OCT", "177 200"), ("UNS", "127 128")):
        text = OWN.replace("a : 0; ", "").replace("= DEC", f"= {radix}").replace("127 -128", data).replace("1 -2", "0")
        assert read(text, tmp_path) == [word / 128 for word in [0, 0, 0, 0, 0, 127, -128, 0]]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("", "", "got the addresses of 'a : 0'; expected 0 to 5"),
        ("a : 0", "z : 0", "got the number 'z'; expected digits of base 16"),
        ("a : 0", "[5..0] : 0", r"got the addresses of '\[5..0\] : 0'; expected 0 to 5"),
        ("a : 0", "[0..fffffffffff] : 0", "got the addresses of .*; expected 0 to 5"),
        ("a : 0", "0 = 0", "got the line '0 = 0'; expected address : word"),
        ("a : 0; 3 : 127 -128", "3 : 128", "got the word '128'; expected words of 8 bits"),
        ("[0..5]", "[1..4]", None),
        ("width=8", "width=9", "got WIDTH 9; expected 8, as filters.csv states"),
        ("Depth = 6", "Depth = 999999999", "for DEPTH; expected a whole number from 1 to 65,536"),
        ("Depth = 6", "", "got no WIDTH, DEPTH, radixes and CONTENT; expected a memory initialization file"),
        ("= DEC", "= ROMAN", "got the radixes HEX, ROMAN; expected BIN, OCT, DEC, UNS, HEX"),
        ("End;", "", "got no WIDTH, DEPTH, radixes and CONTENT"),
    ],
)
def test_what_is_no_memory_is_refused(old: str, new: str, message: str | None, tmp_path: Path) -> None:
    """The message states the fault, and what a memory of that size and word holds."""
    assert old in OWN
    text = OWN.replace(old, new) if old else OWN
    if message is None:
        text, message = text.replace("a : 0; ", ""), "got no word at address 0; expected 6 words"
    with pytest.raises(DataError, match=message):
        read(text, tmp_path)


def test_a_long_hostile_file_costs_its_length(tmp_path: Path) -> None:
    """Brackets, percent signs and words without an end are refused; none is searched for again and again."""
    for filling in (
        "%" * 50_001,
        "[" * 50_001,
        "0 : " + "1 " * 50_001 + ";",
        "CONTENT BEGIN " * 5_001,
        "0 : " + "F" * 50_001,
    ):
        with pytest.raises(DataError):
            read(OWN.replace("a : 0;", filling), tmp_path)


def test_sections_need_a_gain_each(tmp_path: Path) -> None:
    """A comment states each section's gain; a file without one of these comments is refused."""
    filters = filter_cases.biquads()
    for name, content in target_named("mif").write(filters).files.items():
        (tmp_path / name).write_bytes(content)
    path = tmp_path / "left-woofer.mif"
    path.write_text(path.read_text(encoding="utf-8").replace("-- section 2,", "-- part 2,"), encoding="utf-8")
    with pytest.raises(DataError, match="got 3 gains of 4 sections; expected one each"):
        read_coefficients(tmp_path, problem(filters.channels, filters.drivers, "biquad"))
