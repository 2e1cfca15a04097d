"""The TAS5805M's and the TAS5825M's writes, taken by a memory of pages whose sections are at the addresses that public drivers list."""

from __future__ import annotations

import struct
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from importing.test_round_trip import problem
from scipy.signal import sosfilt

from designer.arrays import Real
from designer.commands.import_coefficients import read_coefficients
from designer.errors import DataError, UsageError
from designer.export import FilterSet, target_named
from designer.export.write import export_of
from export import filter_cases
from export.test_convolvers import by_scipy
from export.test_sof import PAIR, one_each

OF_5805 = [(0x24, r) for r in (0x18, 0x2C, 0x40, 0x54, 0x68, 0x7C)] + [
    (0x25, r) for r in (0x18, 0x2C, 0x40, 0x54, 0x68, 0x7C)
]
OF_5805 += [(0x26, r) for r in (0x18, 0x2C, 0x40, 0x54, 0x68, 0x7C)] + [
    (0x27, r) for r in (0x18, 0x2C, 0x40, 0x54, 0x68, 0x7C)
]
OF_5805 += [(0x28, r) for r in (0x18, 0x2C, 0x40, 0x54, 0x68, 0x7C)]
OF_5825 = [(0x01, r) for r in (0x30, 0x44, 0x58, 0x6C)] + [
    (p, r) for p in range(2, 6) for r in (0x08, 0x1C, 0x30, 0x44, 0x58, 0x6C)
]
OF_5825 += [(0x06, r) for r in (0x08, 0x1C)]
ADDRESSES = {"tas5805m.txt": (0x58, OF_5805), "tas5825m.txt": (0x98, OF_5825)}
"""Address of the device; page and register of sections 1 to 15 of the left output, then of the right (`dac_tas58xx_eq_addr.h`)."""


def sections(text: str, address: int, places: list[tuple[int, int]]) -> Real:
    """Sections (30, 5) in the memory of a device after the writes; each stays on its page, and 0x7C is followed by the next page's 0x08."""
    memory: dict[tuple[int, int, int], int] = {}
    book = page = 0
    for line in text.splitlines():
        if line.startswith("#"):
            continue
        word, device, register, *data = line.split()
        assert word == "w" and int(device, 16) == address
        values, place = [int(one, 16) for one in data], int(register, 16)
        if place == 0:
            (page,) = values
        elif place == 0x7F and page == 0:
            (book,) = values
        else:
            assert place + len(values) <= 0x80 and (place == 0x08 or (page, place) in places)
            assert len(values) == (20 if place != 0x7C and (page, place) in places else 4 if place == 0x7C else 16)
            memory |= {(book, page, place + n): value for n, value in enumerate(values)}
    assert (book, page) == (0, 0)
    rows = []
    for number, first in places:
        taken = [(number, first + n) if first + n < 0x80 else (number + 1, first + n - 0x78) for n in range(20)]
        rows.append(struct.unpack(">5i", bytes(memory[0xAA, p, r] for p, r in taken)))
    return np.array(rows) / 2**27


@pytest.mark.parametrize("file", ADDRESSES)
def test_the_sections_are_the_filters(file: str) -> None:
    """Both outputs' 15 sections, the feedback added, play what scipy gives, to coefficients of 5.27; the unused are flat."""
    filters = one_each()
    address, places = ADDRESSES[file]
    table = sections(target_named("tas58xx").write(filters).files[file].decode(), address, places)
    x = np.random.default_rng(5).uniform(-1, 1, (400, 2))
    expected = by_scipy(filters, x)
    for output in range(2):
        sos = np.insert(table[15 * output : 15 * output + 15] * [1, 1, 1, -1, -1], 3, 1.0, axis=1)
        assert np.abs(sosfilt(sos, x[:, output]) - expected[:, output]).max() <= 1e-5
        assert (sos[-4:] == [1, 0, 0, 1, 0, 0]).all()


def test_the_filters_return(tmp_path: Path) -> None:
    """Cascades behind their delays, from either device's file, by the channels that the comments state."""
    filters = one_each()
    for name, content in export_of(filters, "tas58xx").files.items():
        (tmp_path / name).write_bytes(content)
    for path in (tmp_path, tmp_path / "tas5825m.txt"):
        read = read_coefficients(path, problem(PAIR, PAIR, "biquad"))
        for one in filters.filters:
            cascade = read.sections[one.channel][one.driver]
            assert cascade.delay_samples == filters.delay(one)
            np.testing.assert_allclose(
                cascade.impulse_response(200),
                np.pad(one.taps, (filters.delays.get(one.channel, 0), 0))[:200],
                atol=1e-6,
            )
        assert read.bulk_delay_samples == filters.bulk_delay_samples


@pytest.mark.parametrize(
    ("filters", "message"),
    [
        (filter_cases.fir(), "got 3 drivers; expected at most 2"),
        (filter_cases.biquads(), "got the channels left, right to woofer; expected one filter a driver"),
        (filter_cases.words(), 'got 24 taps in a to woofer; expected sections, .*; set .* form = "biquad"'),
        (one_each(12), "got 17 sections in left to left, one for two samples of delay included; expected at most 15"),
    ],
)
def test_what_the_equaliser_cannot_hold_is_refused(filters: FilterSet, message: str) -> None:
    """The limit, and the number or the form that would fit."""
    with pytest.raises(UsageError, match=f"^target tas58xx: {message}"):
        target_named("tas58xx").write(filters)


def test_a_loud_coefficient_is_refused() -> None:
    """16 is one step beyond 5.27."""
    filters = one_each()
    cascade = filters.filters[0].cascade
    assert cascade is not None
    loud = replace(filters.filters[0], cascade=replace(cascade, b=cascade.b * 50))
    with pytest.raises(
        UsageError, match=r"got a coefficient of .*; expected a coefficient below 16 and a pole of magnitude below 1"
    ):
        target_named("tas58xx").write(replace(filters, filters=(loud, *filters.filters[1:])))


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("w 58 00 24\n", "w 58 00 23\n", "got other writes, or no comments of the outputs"),
        ("w 58 2c", "# w 58 2c", "got no byte at page 0x24, register 0x2c; expected 15 sections of output 1"),
        ('["left", "left"]', '["left" "left"]', "got the comment"),
    ],
)
def test_what_are_no_such_writes_is_refused(old: str, new: str, message: str, tmp_path: Path) -> None:
    """Another page, a section that is not written, a comment that names nothing."""
    text = target_named("tas58xx").write(one_each()).files["tas5805m.txt"].decode()
    assert old in text
    (tmp_path / "a.txt").write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(DataError, match=message):
        read_coefficients(tmp_path / "a.txt", problem(PAIR, PAIR, "biquad"))
