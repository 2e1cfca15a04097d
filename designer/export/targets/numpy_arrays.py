"""`npz`: the filters as numpy arrays, bit for bit.

N filters, in the order of channels, then drivers; S sections in all: channel, driver (N,); taps (N, T), zeros behind the
taps_length (N,) of each; pure_delay_samples (N,), -1 where a filter is none; channels, drivers, channel_delay_samples
(channels,); sample_rate_hz, bulk_delay_samples; provenance (lines,). With sections also section_filter (S,), the filter
that each belongs to; b (S, 3); a (S, 2), a1 and a2; gain (S,); section_delay_samples (N,).
"""

from __future__ import annotations

import io
import zipfile
from typing import Any

import numpy as np
from numpy.lib import format as npy

from designer.errors import DataError
from designer.export.coefficients import Coefficients, read_bytes, shown
from designer.export.filter_set import FilterSet
from designer.export.provenance import provenance
from designer.export.target import Export, Target

SCALING = "none: values as designed, double precision"
MAX_INFLATED = 500_000_000
MAX_MEMBERS = 100
EXPECTED = "filters.npz of an export"


def write_npz(filters: FilterSet) -> Export:
    """`filters.npz`."""
    cascades = [(n, filter_.cascade) for n, filter_ in enumerate(filters.filters) if filter_.cascade is not None]
    arrays: dict[str, Any] = {
        "provenance": np.array(provenance(filters, "npz", SCALING)),
        "sample_rate_hz": np.float64(filters.sample_rate_hz),
        "bulk_delay_samples": np.int64(filters.bulk_delay_samples),
        "channels": np.array(filters.channels),
        "drivers": np.array(filters.drivers),
        "channel_delay_samples": np.array([filters.delays.get(name, 0) for name in filters.channels], dtype=np.int64),
        "channel": np.array([filter_.channel for filter_ in filters.filters]),
        "driver": np.array([filter_.driver for filter_ in filters.filters]),
        "taps": np.stack([np.pad(filter_.taps, (0, filters.taps - filter_.taps.size)) for filter_ in filters.filters]),
        "taps_length": np.array([filter_.taps.size for filter_ in filters.filters], dtype=np.int64),
        "pure_delay_samples": np.array(
            [-1 if filter_.delay_samples is None else filter_.delay_samples for filter_ in filters.filters],
            dtype=np.int64,
        ),
    }
    if cascades:
        delays = np.zeros(len(filters.filters), dtype=np.int64)
        delays[[n for n, _ in cascades]] = [cascade.delay_samples for _, cascade in cascades]
        arrays |= {
            "section_filter": np.concatenate([np.full(len(cascade.b), n) for n, cascade in cascades]),
            "b": np.concatenate([cascade.b for _, cascade in cascades]),
            "a": np.concatenate([cascade.a for _, cascade in cascades]),
            "gain": np.concatenate([cascade.gains for _, cascade in cascades]),
            "section_delay_samples": delays,
        }
    stream = io.BytesIO()
    np.savez(stream, allow_pickle=False, **arrays)  # numpy dates every member 1 January 1980
    return Export.of_words({"filters.npz": stream.getvalue()}, filters.memory(), 8, SCALING)


def read_npz(coefficients: Coefficients) -> None:
    """The filters of the file. Raises DataError: it is no such file, or its names, numbers or rate do not fit."""
    arrays = _Arrays(coefficients)
    coefficients.check_rate(coefficients.number(arrays.scalar("sample_rate_hz", "f"), "sample_rate_hz"))
    names, drivers = arrays.get("channel", "U", 1), arrays.get("driver", "U", 1)
    taps, lengths = arrays.get("taps", "f", 2), arrays.get("taps_length", "i", 1)
    if not len(names) == len(drivers) == len(taps) == len(lengths):
        raise coefficients.refusal("arrays of different lengths", "channel, driver, taps and taps_length alike")
    sections = arrays.sections(len(names)) if arrays.has("section_filter") else {}
    for n, (channel, driver) in enumerate(zip(names.tolist(), drivers.tolist(), strict=True)):
        place = coefficients.place(channel, driver)
        length = coefficients.whole(int(lengths[n]), f"taps_length of {channel!r}, {driver!r}", most=taps.shape[1])
        if n in sections:
            coefficients.add_sections(place, *sections[n], taps[n, :length].astype(float))
        else:
            coefficients.add_taps(place, taps[n, :length].astype(float))
    waits = zip(arrays.get("channels", "U", 1), arrays.get("channel_delay_samples", "i", 1), strict=False)
    coefficients.delays = {
        str(name): coefficients.whole(int(wait), "channel_delay_samples")
        for name, wait in waits
        if name in coefficients.taps
    }
    coefficients.bulk_delay_samples = coefficients.whole(
        int(arrays.scalar("bulk_delay_samples", "i")), "bulk_delay_samples"
    )


class _Arrays:
    """The arrays of a zip file, by name, as far as they are what they should be; a header of one is not taken on its word."""

    def __init__(self, coefficients: Coefficients) -> None:
        self.coefficients = coefficients
        try:
            archive = zipfile.ZipFile(io.BytesIO(read_bytes(coefficients.path)))
            if (
                len(archive.filelist) > MAX_MEMBERS
                or sum(member.file_size for member in archive.filelist) > MAX_INFLATED
            ):
                raise ValueError("more than filters take")
            self.members = {name: archive.read(name) for name in archive.namelist()}
        except DataError:
            raise
        except Exception as error:
            raise coefficients.refusal(f"no zip file ({str(error)[:100]})", EXPECTED) from None

    def has(self, name: str) -> bool:
        """Whether there is such an array."""
        return f"{name}.npy" in self.members

    def get(self, name: str, kind: str, dimensions: int) -> Any:
        """An array of text ("U"), whole numbers ("i") or floats ("f"), of so many dimensions."""
        if not self.has(name):
            raise self.coefficients.refusal(f"no array {name}", EXPECTED)
        stream = io.BytesIO(self.members[f"{name}.npy"])
        try:
            npy.read_magic(stream)
            shape, by_columns, dtype = npy.read_array_header_1_0(stream)
            if dtype.kind != kind or len(shape) != dimensions:
                raise ValueError(f"{dtype} of shape {shape}")
            values = np.frombuffer(stream.getbuffer(), dtype, offset=stream.tell())
            return values.reshape(shape, order="F" if by_columns else "C")
        except Exception as error:
            raise self.coefficients.refusal(f"a broken array {name} ({shown(str(error))})", EXPECTED) from None

    def scalar(self, name: str, kind: str) -> float:
        """A single number."""
        return float(self.get(name, kind, 0))

    def sections(self, filters: int) -> dict[int, tuple[Any, Any, int, Any]]:
        """Filter -> numerators, denominators, delay and gains of its cascade."""
        owner, b, a = self.get("section_filter", "i", 1), self.get("b", "f", 2), self.get("a", "f", 2)
        gain, delays = self.get("gain", "f", 1), self.get("section_delay_samples", "i", 1)
        if not (len(owner) == len(b) == len(a) == len(gain) and len(delays) == filters):
            raise self.coefficients.refusal("arrays of sections of different lengths", EXPECTED)
        if b.shape[1:] != (3,) or a.shape[1:] != (2,) or not (gain > 0).all():
            raise self.coefficients.refusal("sections that are not b (S, 3), a (S, 2) and gains above 0", EXPECTED)
        return {
            n: (b[mine], a[mine], self.coefficients.whole(int(delays[n]), "section_delay_samples"), gain[mine])
            for n in range(filters)
            if (mine := owner == n).any()
        }


NPZ = Target(
    place=30,
    name="npz",
    summary="everything as numpy arrays, bit for bit",
    write=write_npz,
    files="npz",
    read=read_npz,
    endings=(".npz",),
    in_folders=("filters.npz",),
)
