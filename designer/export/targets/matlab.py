"""`matlab`: a .mat file (version 5, which MATLAB, Octave and scipy read) whose variables `filter` and `sosfilt` take as they are.

NAME of each filter in taps is a row for `filter(NAME, 1, x)`; NAME_sos of each in sections is (S, 6) for `sosfilt(NAME_sos,
x)`, behind NAME_delay samples. Delays of the channels are zeros ahead of taps, and part of NAME_delay. The cells
filter_channel, filter_driver and filter_name (N,) say which filter is which NAME.

Files are read here and not by scipy, which bytes of chance make crash. After "MAT-File Format" of MATLAB's documentation: a header of
128 bytes, then elements of a tag (type and bytes, or both in four bytes with the data beside them) and their data, padded to 8
bytes; a compressed element is zlib of an element. Each element must lie within the one around it: no size is taken on its word.
"""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from designer.arrays import Real
from designer.export.coefficients import Coefficients, read_bytes
from designer.export.filter_set import FilterSet
from designer.export.names import identifiers, joined
from designer.export.provenance import README, provenance, readme
from designer.export.runners.bench import Bench, called, program
from designer.export.target import Export, Target

SCALING = "none; double precision"
HEADER_BYTES = 116
NAME_CELLS = ("filter_channel", "filter_driver", "filter_name")
RESERVED = {"provenance", "sample_rate_hz", "bulk_delay_samples", "channels", "drivers", "x", "y", "s", *NAME_CELLS}
"""Names of the file's other variables, and of the recipe's."""
USAGE = """In MATLAB and in Octave, with x a column of samples of one channel. A filter in taps:

    load filters.mat
    y = filter(NAME, 1, x);

A filter in sections, without a toolbox, as long as x and behind its delay:

    y = [zeros(min(NAME_delay, numel(x)), 1); x(1 : end - NAME_delay)];
    for s = 1 : size(NAME_sos, 1), y = filter(NAME_sos(s, 1:3), NAME_sos(s, 4:6), y); end

The feed of a driver is the sum of its y over the channels. The table says which filter is which variable.
"""
EXPECTED = "filters.mat of an export, of version 5"
HEADER = 128
MATRIX, COMPRESSED = 14, 15
CELL, CHAR = 1, 4
NUMERIC = range(6, 16)
TYPES = {1: "i1", 2: "u1", 3: "i2", 4: "u2", 5: "i4", 6: "u4", 7: "f4", 9: "f8", 12: "i8", 13: "u8"}
TEXTS = {16: "utf-8", 17: "utf-16", 18: "utf-32"}
COMPLEX = 0x0800
MAX_INFLATED = 200_000_000
SCRIPT = """load filters.mat;
file = fopen('in.bin'); x = fread(file, [numel(channels), Inf], 'double')'; fclose(file);
feeds = zeros(rows(x), numel(drivers));
for f = 1:numel(filter_name)
  signal = x(:, strcmp(channels, filter_channel{f}));
  name = filter_name{f};
  if exist([name '_sos'], 'var')
    sections = eval([name '_sos']); delay = eval([name '_delay']);
    y = [zeros(min(delay, numel(signal)), 1); signal(1 : end - delay)];
    for s = 1:rows(sections), y = filter(sections(s, 1:3), sections(s, 4:6), y); end
  else
    y = filter(eval(name), 1, signal);
  end
  driver = strcmp(drivers, filter_driver{f});
  feeds(:, driver) += y;
end
file = fopen('out.bin', 'w'); fwrite(file, feeds', 'double'); fclose(file);
"""
"""How GNU Octave filters with the file's variables, as README.txt says."""
Value = Real | list[str] | str


def write_matlab(filters: FilterSet) -> Export:
    """`filters.mat` and README.txt."""
    from scipy.io import savemat

    names = identifiers((joined(filter_) for filter_ in filters.filters), longest=56, reserved=RESERVED)
    variables: dict[str, Any] = {
        "provenance": "\n".join(provenance(filters, "matlab", SCALING)),
        "sample_rate_hz": filters.sample_rate_hz,
        "bulk_delay_samples": float(filters.bulk_delay_samples),
        "channels": np.array(filters.channels, dtype=object),
        "drivers": np.array(filters.drivers, dtype=object),
        "filter_channel": np.array([filter_.channel for filter_ in filters.filters], dtype=object),
        "filter_driver": np.array([filter_.driver for filter_ in filters.filters], dtype=object),
        "filter_name": np.array([names[joined(filter_)] for filter_ in filters.filters], dtype=object),
    }
    rows = [("channel", "driver", "variable")]
    for filter_ in filters.filters:
        name = names[joined(filter_)]
        if filter_.cascade is None:
            variables[name] = filters.delayed_taps(filter_)[None, :]
            rows.append((filter_.channel, filter_.driver, name))
        else:
            variables[f"{name}_sos"] = filter_.cascade.sos
            variables[f"{name}_delay"] = float(filters.delay(filter_))
            rows.append((filter_.channel, filter_.driver, f"{name}_sos, {name}_delay"))
    stream = io.BytesIO()
    savemat(stream, variables, long_field_names=True, oned_as="row")  # type: ignore[arg-type]  # a stream will do
    # scipy writes the platform and the time of day into the header's text.
    header = b"MATLAB 5.0 MAT-file, written by designer export".ljust(HEADER_BYTES)
    return Export.of_words(
        {
            "filters.mat": header + stream.getvalue()[HEADER_BYTES:],
            README: readme(filters, "matlab", SCALING, USAGE, rows),
        },
        filters.memory(delays=False),
        8,
        SCALING,
        names={f"{filter_.channel} / {filter_.driver}": names[joined(filter_)] for filter_ in filters.filters},
    )


def read_mat(coefficients: Coefficients) -> None:
    """The filters of the file. Raises DataError: it is no such file, or its names, numbers or rate do not fit."""
    try:
        content = variables(read_bytes(coefficients.path))
    except (ValueError, struct.error, zlib.error, MemoryError, RecursionError, OverflowError) as error:
        remedy = "save it with -v7 or -v6" if "version" in str(error) else "export it again"
        raise coefficients.refusal(f"no MAT file ({str(error)[:100]})", EXPECTED, remedy) from None
    coefficients.check_rate(_number(coefficients, content, "sample_rate_hz"))
    lists = [texts for name in NAME_CELLS if isinstance(texts := content.get(name), list)]
    if len(lists) != len(NAME_CELLS) or len(set(map(len, lists))) != 1:
        raise coefficients.refusal(f"no cells {', '.join(NAME_CELLS)} of one length", EXPECTED)
    for channel, driver, name in zip(*lists, strict=True):
        place = coefficients.place(channel, driver)
        if f"{name}_sos" in content:
            table = _matrix(coefficients, content, f"{name}_sos")
            if table.shape[1] != 6 or not len(table) or not (table[:, 3] == 1.0).all():
                raise coefficients.refusal(f"{name}_sos of shape {table.shape}", "rows of b0, b1, b2, 1, a1, a2")
            delay = coefficients.whole(_number(coefficients, content, f"{name}_delay"), f"{name}_delay")
            coefficients.add_sections(place, table[:, :3], table[:, 4:], delay)
        else:
            coefficients.add_taps(place, _matrix(coefficients, content, name).ravel())
    bulk = _number(coefficients, content, "bulk_delay_samples")
    coefficients.bulk_delay_samples = coefficients.whole(bulk, "bulk_delay_samples")


def _matrix(coefficients: Coefficients, content: dict[str, Value], name: str) -> Real:
    value = content.get(name)
    if not isinstance(value, np.ndarray):
        raise coefficients.refusal(f"no matrix {name[:60]}", EXPECTED)
    return np.ascontiguousarray(value)


def _number(coefficients: Coefficients, content: dict[str, Value], name: str) -> float:
    value = _matrix(coefficients, content, name)
    if value.size != 1:
        raise coefficients.refusal(f"{value.size} numbers for {name}", "one")
    return coefficients.number(float(value.flat[0]), name)


def variables(content: bytes) -> dict[str, Value]:
    """Name -> a matrix (rows, columns), a text or the texts of a cell; what else there is, is left out.

    Raises ValueError: the file is no such one, or an element is longer than what holds it.
    """
    order = {b"IM": "<", b"MI": ">"}.get(content[126:128])
    if len(content) < HEADER or order is None or content[124:126] not in (b"\0\1", b"\1\0"):
        raise ValueError("no header of version 5")
    values: dict[str, Value] = {}
    remaining = MAX_INFLATED
    for kind, data in _elements(content[HEADER:], order):
        if kind == COMPRESSED:
            inflater = zlib.decompressobj()
            inflated = inflater.decompress(data, remaining)
            if inflater.unconsumed_tail:
                raise ValueError(f"more than {MAX_INFLATED:,} bytes once decompressed")
            remaining -= len(inflated)
            kind, data = next(_elements(inflated, order), (0, b""))
        if kind == MATRIX:
            name, value = _read_matrix(data, order, cells=True)
            if value is not None:
                values[name] = value
    return values


def _elements(content: bytes, order: str) -> Iterator[tuple[int, bytes]]:
    """Type and data of each element."""
    offset = 0
    while offset + 8 <= len(content):
        kind, size = struct.unpack_from(f"{order}II", content, offset)
        start, end = offset + 8, offset + 8 + size + (-size % 8 if kind != COMPRESSED else 0)
        if kind >> 16:  # a small element: its size is in the upper half of the first word
            kind, size, start, end = kind & 0xFFFF, kind >> 16, offset + 4, offset + 8
        if start + size > min(end, len(content)):
            raise ValueError(f"an element of {size:,} bytes in {len(content) - start:,}")
        yield kind, content[start : start + size]
        offset = end


def _read_matrix(data: bytes, order: str, *, cells: bool) -> tuple[str, Value | None]:
    """Name and value of a matrix; None for what holds no filters."""
    parts = _elements(data, order)
    flags, sizes, name_bytes = (next(parts, (0, b""))[1] for _ in range(3))
    if len(flags) < 8 or len(sizes) % 4:
        raise ValueError("a matrix without flags or dimensions")
    (flag,) = struct.unpack_from(f"{order}I", flags)
    shape = struct.unpack(f"{order}{len(sizes) // 4}i", sizes)
    name, kind = name_bytes.decode("latin-1"), flag & 0xFF
    if len(shape) != 2 or min(shape) < 0 or flag & COMPLEX:
        return name, None
    if kind == CELL and cells:
        texts = [_read_matrix(content, order, cells=False)[1] for part, content in parts if part == MATRIX]
        strings = [text for text in texts if isinstance(text, str)]
        return name, strings if len(strings) == len(texts) else None
    part, content = next(parts, (0, b""))
    if kind == CHAR and part in TEXTS:
        ends = "" if part == 16 else "-le" if order == "<" else "-be"
        return name, content.decode(f"{TEXTS[part]}{ends}")
    if kind not in NUMERIC and kind != CHAR:
        return name, None
    if content and part not in TYPES:
        raise ValueError(f"numbers of type {part}")
    values = np.frombuffer(content, np.dtype(f"{order}{TYPES.get(part, 'u1')}"))
    if kind == CHAR:
        return name, "".join(chr(code) for code in values.astype(np.uint32).tolist())
    if values.size != shape[0] * shape[1]:
        raise ValueError(f"{values.size:,} numbers of a matrix of {shape[0]} by {shape[1]}")
    return name, values.astype(float).reshape(shape, order="F")


def run_octave(folder: Path, signals: Real, filters: FilterSet, bench: Bench) -> Real:
    """Feeds (N, drivers) of signals (N, channels) in double precision. Raises ProgramError: Octave is missing or fails."""
    path = program("octave-cli", "octave")
    signals.astype("<f8").tofile(folder / "in.bin")
    (folder / "play.m").write_text(SCRIPT, encoding="ascii")
    called([path, "--norc", "play.m"], folder)
    return np.fromfile(folder / "out.bin", "<f8").reshape(-1, len(filters.drivers))


MATLAB = Target(
    place=170,
    name="matlab",
    summary="MATLAB and Octave: a .mat for filter and sosfilt",
    write=write_matlab,
    files="mat",
    read=read_mat,
    endings=(".mat",),
    in_folders=("filters.mat",),
    run=run_octave,
)
