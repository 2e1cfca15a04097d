"""Files that claim to be exports and are not: written by hand for each reader, and exports with bytes changed by a seed."""

from __future__ import annotations

import io
import json
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from pathlib import Path

import numpy as np
from export.filter_cases import is_held

from designer.export import TARGETS, FilterSet, target_named

HEAD = "devices: {samplerate: 48000, capture: {channels: 2}}\n"
ROWS = "channel,driver,file,kind,delay_samples,bits,log2_step,layout\n"
DEEP = 20_000


def camilladsp() -> Iterator[bytes]:
    """Configurations of other types, sizes and depths than CamillaDSP's."""
    step = "pipeline:\n  - {type: Mixer, name: m}\n"
    for mixer in (
        "{channels: {in: 2, out: 1e9}, mapping: []}",
        "{channels: {in: 2, out: 1000000000}, mapping: []}",
        "{channels: {in: 2, out: -1}, mapping: []}",
        "{channels: {in: 2, out: 3}, mapping: [{dest: 7, sources: [{channel: 0}]}]}",
        "{channels: {in: 2, out: 3}, mapping: [{dest: 0, sources: [{channel: -1}]}]}",
        "{channels: {in: 2, out: 3}, mapping: [{dest: [0], sources: 3}]}",
        "{channels: {in: 2, out: 3}, mapping: {dest: 0}}",
        "{channels: {in: 2, out: 3}, mapping: [{dest: 0, sources: [{channel: 0, gain: 1e300}]}]}",
        "{channels: {in: 2, out: 3}, mapping: [{dest: 0, sources: [{channel: 0, gain: .nan}]}]}",
        "{channels: {in: 2, out: 3}, mapping: [{dest: 0, sources: [{channel: 0, gain: 1e300, scale: linear}]}]}",
        "[1, 2]",
        "null",
    ):
        yield f"{HEAD}mixers: {{m: {mixer}}}\n{step}".encode()
    for pipeline in (
        "[[1, 2], [3]]",
        "[null]",
        "3",
        "{a: 1}",
        "[{type: [Filter], names: []}]",
        "[{type: Filter, names: [[f]]}]",
    ):
        yield f"{HEAD}filters: {{f: {{type: Gain, parameters: {{gain: 1}}}}}}\npipeline: {pipeline}\n".encode()
    for one in (
        "{type: Conv, parameters: {type: Wav, filename: /dev/zero}}",
        "{type: Conv, parameters: {type: Wav, filename: [a]}}",
        "{type: Conv, parameters: {type: Wav, filename: '.'}}",
        "{type: Conv, parameters: {type: Values, values: [1e300]}}",
        "{type: Conv, parameters: {type: Values, values: []}}",
        "{type: Conv, parameters: {type: Values, values: [[1]]}}",
        "{type: Delay, parameters: {delay: 1e300, unit: samples}}",
        "{type: Delay, parameters: {delay: -5, unit: samples}}",
        "{type: Delay, parameters: {delay: 1, unit: [ms]}}",
        "{type: Biquad, parameters: {type: Free, b0: 1, b1: 0, b2: 0, a1: 1e300, a2: 0}}",
        "{type: Biquad, parameters: {type: Free, b0: 1e5, b1: 0, b2: 0, a1: -1.99, a2: 0.9901}}",
        "{type: Biquad, parameters: {type: Free, b0: x, b1: 0, b2: 0, a1: 0, a2: 0}}",
        "{type: Gain, parameters: 7}",
        "3",
    ):
        steps = "\n".join(["  - {type: Filter, channels: [0], names: [f, f, f, f]}"] * 8)
        yield f"{HEAD}filters: {{f: {one}}}\npipeline:\n{steps}\n".encode()
    doubling = (
        "mapping: [{dest: 0, sources: [{channel: 0}, {channel: 1}]}, {dest: 1, sources: [{channel: 0}, {channel: 1}]}]"
    )
    repeated = "  - {type: Mixer, name: m}\n" * 60
    yield f"{HEAD}mixers: {{m: {{channels: {{in: 2, out: 2}}, {doubling}}}}}\npipeline:\n{repeated}".encode()
    yield b"devices: " + b"[" * DEEP
    yield b"- " * 2_000
    yield b"".join(b" " * n + b"a:\n" for n in range(500))
    yield b"a: 2001-99-99\n"
    yield b"a: " + b"9" * 10_000
    yield b"? [1, 2]\n: 3\n"
    yield b"a: &a [*a]\ndevices: *a\npipeline: *a\n"


def jsons() -> Iterator[bytes]:
    """JSON of other shapes."""
    good: dict[str, object] = {"channel": "a", "driver": "woofer", "taps": [1.0]}
    wrong: tuple[object, ...] = (
        3,
        [3],
        [{}],
        [good, good],
        [{**good, "taps": {"a": 1}}],
        [{**good, "taps": [[1]]}],
        [{**good, "taps": [1e300]}],
        [{**good, "taps": [True]}],
        [{**good, "channel": ["a"]}],
        [{**good, "channel": "x" * 100_000}],
        [{**good, "sections": {"b": [[1, 0]], "a": [[0, 0]], "gain": [1]}}],
        [{**good, "sections": {"b": [[1, 0, 0]], "a": [[0, 0]], "gain": [0]}}],
        [{**good, "sections": {"b": [[1, 0, 0]], "a": [[0, 2]], "gain": [1]}}],
        [{**good, "sections": {"b": [[1, 0, 0]], "a": [[0, 0]], "gain": [1], "delay_samples": 1e300}}],
    )
    for filters in wrong:
        yield json.dumps({"sample_rate_hz": 48000, "bulk_delay_samples": 0, "filters": filters}).encode()
    yield b'{"sample_rate_hz": 1e999}'
    yield b'{"sample_rate_hz": 48000, "bulk_delay_samples": -1e300, "filters": []}'
    yield b'{"sample_rate_hz": ' + b"9" * 10_000 + b"}"
    yield b"[" * DEEP
    yield b'{"a":' * DEEP
    yield b"NaN"


def npzs() -> Iterator[bytes]:
    """Zip files whose headers lie."""

    def with_member(name: str, content: bytes, method: int = zipfile.ZIP_STORED) -> bytes:
        stream = io.BytesIO()
        with zipfile.ZipFile(stream, "w", method) as archive:
            archive.writestr(name, content)
        return stream.getvalue()

    def header(text: str) -> bytes:
        padded = text.ljust(118) + "\n"
        return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(padded)) + padded.encode()

    for text in (
        "{'descr': '<f8', 'fortran_order': False, 'shape': (1000000000000,), }",
        "{'descr': '<f8', 'fortran_order': False, 'shape': (), }",
        "{'descr': '|O', 'fortran_order': False, 'shape': (), }",
        "{'descr': '<f8', 'fortran_order': False, 'shape': (-1,), }",
        "{'descr': '<f8', 'fortran_order': False, 'shape': (2**64,), }",
        "{'descr': [('a', '<f8')], 'fortran_order': False, 'shape': (), }",
        "{'descr': '<U0', 'fortran_order': False, 'shape': (), }",
        "__import__('os').system('true')",
        "(" * 50,
    ):
        yield with_member("sample_rate_hz.npy", header(text) + b"\0" * 7)
    yield with_member("sample_rate_hz.npy", b"\0" * 9_000_000, zipfile.ZIP_DEFLATED)
    yield with_member("other.npy", b"")
    yield b"PK\x05\x06" + b"\xff" * 18
    yield b"PK\x05\x06" + b"\0" * 8 + struct.pack("<II", 1000, 0) + b"\0\0"


def mats() -> Iterator[bytes]:
    """MAT files whose elements are longer than the file, or inflate without end."""
    head = b"MATLAB 5.0".ljust(124) + b"\0\1IM"
    yield head
    yield head + struct.pack("<II", 14, 0xFFFFFFF0)
    yield head + struct.pack("<II", 14, 8) + struct.pack("<II", 6, 0xFFFFFFF0)
    yield head + struct.pack("<II", 15, 16) + b"\0" * 16
    bomb = zlib.compress(b"\0" * 9_000_000)
    yield head + struct.pack("<II", 15, len(bomb)) + bomb
    body = struct.pack("<IIII", 6, 8, 6, 0) + struct.pack("<IIii", 5, 8, 30_000, 30_000) + struct.pack("<II", 1, 0)
    yield head + struct.pack("<II", 14, len(body)) + body
    yield b"MATLAB 7.3".ljust(124) + b"\0\2IM" + b"\x89HDF"


def waves() -> Iterator[bytes]:
    """RIFF whose sizes lie."""
    form = struct.pack("<HHIIHH", 3, 6, 48000, 48000 * 24, 24, 32)
    for data_size in (0xFFFFFFFF, 0x7FFFFFF0, 24, 0):
        chunks = b"fmt " + struct.pack("<I", 16) + form + b"data" + struct.pack("<I", data_size) + b"\0" * 240
        yield b"RIFF" + struct.pack("<I", 0xFFFFFFFF) + b"WAVE" + chunks
    form = struct.pack("<HHIIHH", 3, 65535, 48000, 0xFFFFFFFF, 0, 32)
    yield (
        b"RIFF"
        + struct.pack("<I", 300)
        + b"WAVE"
        + b"fmt "
        + struct.pack("<I", 16)
        + form
        + b"data"
        + struct.pack("<I", 8)
    )
    nan = np.full(600, np.nan, "<f4").tobytes()
    form = struct.pack("<HHIIHH", 3, 6, 48000, 48000 * 24, 24, 32)
    chunks = b"fmt " + struct.pack("<I", 16) + form + b"data" + struct.pack("<I", len(nan)) + nan
    yield b"RIFF" + struct.pack("<I", len(chunks) + 4) + b"WAVE" + chunks
    yield b"fLaC" + b"\xff" * 60
    yield b"OggS" + b"\0" * 60


def tables() -> Iterator[bytes]:
    """CSV of the right columns and the wrong content."""
    taps, sections = "channel,driver,tap,value\n", "channel,driver,section,b0,b1,b2,a1,a2,gain,delay_samples\n"
    for text in (
        taps + "a,woofer,0,1e300\n",
        taps + "a,woofer,0,inf\n",
        taps + "a,woofer,1e300,1\n",
        taps + 'a,"woofer',
        taps + "a,woofer,0," + "1" * 200_000 + "\n",
        taps + "a,woofer,0,\0\n",
        taps + "\n" * 1000,
        "# sample rate: x Hz\n" + taps,
        "# sample rate: 48000 Hz\n# form: fir; bulk delay: 99999999999999999999 samples\n" + taps,
        sections + "a,woofer,0,1,0,0,0,0,0,0\n",
        sections + "a,woofer,0,1,0,0,0,0,1,1e300\n",
        sections + "a,woofer,0,1,0,0,0,0,1,-7\n",
        sections + "a,woofer,0,1e6,0,0,-1.999999,0.9999991,1e6,0\n" * 2,
        ROWS + "a,woofer,../../etc/passwd,taps,0,24,-23,\n",
        ROWS + "a,woofer,/dev/zero,taps,0,24,-23,\n",
        ROWS + "a,woofer,x.hex,taps,0,24,-23,\n",
        ROWS + "a,woofer,a.csv,taps,0,24,-23,\n",
        ROWS + "a,woofer,x.hex,taps,1e300,1e300,1e300,\n",
        ROWS + "a,woofer,,delay,-1,,,\n",
        ROWS + "a,woofer,,other,0,,,\n",
        ROWS + "a,woofer,x.hex,taps,0\n",
        "\n",
        "# \n" * 5_000,
    ):
        yield text.encode()


def sources() -> Iterator[bytes]:
    """C that a slow pattern would read for hours, and arrays that are none."""
    yield b"/*" * 30_000
    yield b"/* -> " * 10_000
    yield b"/* a -> woofer: 1 taps */" * 2_000
    yield b"/* a -> woofer: 1 taps, the last first */ static const q31_t x[999999999999] = {1};"
    yield b"/* a -> woofer: 1 taps, the last first */ static const q31_t x[1] = {" + b"1," * 20_000
    yield (
        b"/* a -> woofer: 1 taps, the last first; a tap is q 2^(99 - 31) */ static const q31_t x[1] = {"
        + b"9" * 10_000
        + b"};"
    )
    yield b"/* a -> woofer: 1 taps, the last first */ static const float32_t x[1] = {0x1p99999};"
    yield b"/* a -> woofer: 1 sections of b0 */ static const q31_t x[5] = {1, 2, 3, 4};"
    yield b"\n" * 30_000 + b"/" * 30_000
    source = b"/* a -> woofer: 1 taps, the last first */ static const float32_t x[1] = {1.0F};\nvoid x_process()\n{\n/* a */\n"
    yield source + b"add(out[999999999], in[0]);\n"
    yield source + b"add(out[0], state->history_a + 3);\n"
    yield source + b"memmove(state->history_a, x, 999999999 * sizeof x);\nadd(out[0], state->history_a);\n"


def configurations() -> Iterator[bytes]:
    """BruteFIR's and jconvolver's."""
    conf = "sampling_rate: 48000;\nfilter_length: 64,1;\n" + 'input "a", "b" { };\noutput "w", "f", "t" { };\n'
    for text in (
        conf + 'filter "x" { from_inputs: "a"; to_outputs: "w"; coeff: "none"; };',
        conf + 'coeff "c" { filename: "/dev/zero"; format: "FLOAT64_LE"; };\n'
        'filter "x" { from_inputs: "a"; to_outputs: "w"; coeff: "c"; };',
        conf + 'filter "x" { from_inputs: "a"/-1e300; to_outputs: "w"; coeff: -1; };',
        conf + 'filter "x" { from_inputs: "a"/0/1e300; to_outputs: "w"; coeff: -1; delay: 1; };',
        conf + 'filter "x" { from_inputs: "a"; to_outputs: "w"; delay: 1000000000; coeff: -1; };',
        conf + 'filter "x" { from_filters: "y"; };',
        conf + 'filter "x" {',
        conf + "}" * 1000,
        conf + "{" * 2_000,
        "sampling_rate: " + "9" * 400 + ";",
        "sampling_rate: 48000;\ninput " + ", ".join(f'"{n}"' for n in range(5000)) + " { };",
        "a: {{{{;",
        ";;;",
        "/convolver/new 2 3 256 99999999999\n/impulse/read 1 1 1.0 0 0 0 1 /dev/zero\n",
        "/convolver/new 2 3 256 1\n/impulse/read 1 1 1.0 0 0 0 0 x.wav\n",
        "/convolver/new 2 3 256 1\n/impulse/dirac 1 1 1e300 0\n",
        "/convolver/new 2 3 256 1\n/impulse/dirac 1 1 1.0 1e9\n",
        "/convolver/new 2 3 256 1\n/impulse/dirac 9 1 1.0 0\n",
        "/convolver/new 1e9 1e9\n",
        "/impulse/dirac 1 1 1 1\n",
        "/exec rm\n",
        "/\n",
    ):
        yield text.encode()


def filter_chains() -> Iterator[bytes]:
    """PipeWire's."""
    node = 'nodes = [ { type = builtin name = "a" label = %s } ] inputs = [ "a:In" "a:In" ] outputs = [ "a:Out" null null ]'
    graphs = (
        node % "copy",
        node % "bq_lowpass",
        node % "convolver config = { filename = /dev/zero }",
        node % "convolver config = { filename = [ a.wav ] }",
        node % "convolver config = { filename = /dirac gain = 1e300 delay = -1 }",
        node % "convolver config = 3",
        node % 'delay control = { "Delay (s)" = 1e300 }',
        node % 'delay control = { "Delay (s)" = nan }',
        node % 'mixer control = { "Gain 1" = [ ] }',
        "nodes = { } inputs = [ ]",
        "nodes = [ 3 ]",
        "nodes = [ { name = [ ] } ]",
        "nodes = [ { name = a } { name = a } ]",
        "nodes = [ ] links = [ { output = x input = y } ] inputs = [ ] outputs = [ ]",
        "nodes = [ ] inputs = [ null null ] outputs = [ null null null ]",
        "nodes = [ { name = a type = builtin label = copy } ] links = [ { output = a:Out input = a:In } ]"
        " inputs = [ null null ] outputs = [ a:Out null null ]",
    )
    for graph in graphs:
        yield f"context.modules = [ {{ name = libpipewire-module-filter-chain args = {{ filter.graph = {{ {graph} }} }} }} ]".encode()
    for text in (
        "filter.graph = 3",
        "filter.graph",
        "filter.graph = { { } }",
        "filter.graph = [ }",
        "context.modules = [ [ ] ] filter.graph = 1",
        "filter.graph " + "{" * DEEP,
        "filter.graph " + "[" * DEEP,
        "filter.graph = " + "a " * 30_001,
        'filter.graph = "\\u12" }',
        'filter.graph = "' + "\\" * 30_001,
        "filter.graph =" + " #" * 30_000,
    ):
        yield text.encode()


def programs() -> Iterator[bytes]:
    """Faust's."""
    head = '// ["a", "woofer"]\nfilter_a = '
    for text in (
        "process = _;\n",
        head + "@(999999999);\n",
        head + "fi.fir((1e300));\n",
        head + "fi.fir(());\nprocess = _;\n" * 2,
        head + "fi.fir((1, nan));\n",
        head + "fi.tf2(1, 0, 0, 0, 2);\n",
        head + "_ : " * 20_000 + ";\n",
        head + "fi.fir((1)) : fi.fir((1));\n",
        '// ["a"]\nfilter_a = _;\n',
        '// ["a", ["b"]]\nfilter_a = _;\n',
        '// ["", }"]\nfilter_a = _;\n',
        '// ["' * 20_000,
    ):
        yield text.encode()


def convolver_files() -> Iterator[bytes]:
    """Convolver's."""
    head = "48000 2 3 0\n0 0\n0 0 0\n"
    for text in (
        "\n",
        "48000 2 3\n",
        "48000 2 3 0\n",
        "48000 1e9 1e9 0\n0\n",
        "48000 2 3 0\n" + "0 " * 10_000,
        head + "/dev/zero\n0\n0.0\n0.0\n",
        head + "a\0.wav\n0\n0.0\n0.0\n",
        head + "a.wav\n-1\n0.0\n0.0\n",
        head + "a.wav\n0\n0.0\n",
        "48000 2 3 0\n1e300 0\n0 0 0\na.wav\n0\n0.0\n0.0\n",
        "48000 2 3 0\nnan 0\n0 0 0\na.wav\n0\n0.0\n0.0\n",
        "a.cfg\nb.cfg\n",
    ):
        yield text.encode()


def equalizer_apo() -> Iterator[bytes]:
    """Equalizer APO's."""
    for text in (
        "Convolution: /dev/zero\n",
        "Convolution: " + "a" * 10_000 + "\n",
        "Delay: 999999999999999999999 samples\n",
        "Delay: ......... ms\n",
        "Preamp: 9999999 dB\n",
        "Preamp: ... dB\n",
        "Filter: ON IIR Order 2 Coefficients 1 0 0 0 0 0\n",
        "Filter: ON IIR Order 2 Coefficients 1 0 0 1 1e300 0\n",
        "Filter: ON PK Fc 1000 Hz Gain 3 dB Q 1\n",
        "Copy: 1=1+2\n" * 2 + "Copy: 1=1+1 2=2+2+1\n" * 60,
        "Copy: 1=nobody\n",
        "Copy: =\n",
        "Channel: nobody\n",
        "If: sampleRate == 999999999999\n",
        "Include: other.txt\n",
        "no colon\n",
        "# only a comment\n",
    ):
        yield text.encode()


def blobs() -> Iterator[bytes]:
    """Sound Open Firmware's: counts, lengths and places that lead out of the bytes."""
    head, tail = "0x53,0x4f,0x46,0x34" + ",0x00" * 28, ",0x00" * 24
    for text in (
        "",
        "0x",
        "0xfff",
        "1e9",
        head,
        head + ",0x1c" + tail,
        head + ",0x1c,0x00,0x00,0x00,0xff,0xff,0xff,0xff" + tail,
        head + ",0x1c,0x00,0x00,0x00,0xff,0x7f,0x00,0x00,0xff,0xff,0xff,0x0f" + tail,
        head + ",0x34,0x00,0x00,0x00,0x02,0x00,0x01,0x00" + ",0x00" * 20 + ",0xfc,0xff" + tail,
        head + ",0x00" * 50_000,
    ):
        yield f'Object.Base.data."x" {{\n\tbytes "{text}"\n}}\n'.encode()
    yield b'Object.Base.data."x" {\n\tbytes "0x00'


def numbers() -> Iterator[bytes]:
    """Numbers for sof-ctl, and writes of the TAS58xx."""
    for text in (
        "w 58 7f aa\n" * 2_000,
        'w 58 7f aa\nw 58 00 24\nw 58 18 08 00\n# output 1: ["a", "woofer"]\n',
        "w 58 00 00\nw 58 7f aa\nw 58 00 ff\nw 58 18" + " ff" * 9_000 + "\n# output 1: [1]\n",
        "1,2,3,4,5",
        "877023059" * 99,
        "877023059,0,0,0,0,0,0,0,",
        "99999999999,1,2",
        ",,,,,,,,,",
        "3,0," * 40,
    ):
        yield text.encode()


BY_ENDING: dict[str, Callable[[], Iterable[bytes]]] = {
    "a.yml": camilladsp,
    "a.json": jsons,
    "a.npz": npzs,
    "a.mat": mats,
    "a.wav": waves,
    "a.irs": waves,
    "a.csv": tables,
    "a.c": sources,
    "a.conf": lambda: (*configurations(), *filter_chains(), *blobs()),
    "a.cfg": convolver_files,
    "a.dsp": programs,
    "a.txt": lambda: (*equalizer_apo(), *numbers()),
}


@cache
@cache
def written_by_hand() -> list[tuple[str, bytes]]:
    """Name and content of each."""
    return [(name, content) for name, make in BY_ENDING.items() for content in make()]


def spoilt(filters: FilterSet, folder: Path, seed: int) -> Path:
    """The export of a target, drawn by a seed, with bytes of one of its files changed, cut out, doubled, or written over."""
    draw = np.random.default_rng(seed)
    targets = [name for name in TARGETS if is_held(name, filters)]
    target = targets[int(draw.integers(len(targets)))]
    files = dict(target_named(target).write(filters).files)
    name = sorted(files)[int(draw.integers(len(files)))]
    content = bytearray(files[name])
    for _ in range(int(draw.integers(1, 5))):
        at = int(draw.integers(len(content))) if content else 0
        length = int(draw.integers(1, 9))
        kind = int(draw.integers(6))
        if kind == 0:
            content[at : at + length] = draw.bytes(length)
        elif kind == 1:
            del content[at : at + 16 * length]
        elif kind == 2:
            content[at:at] = content[at : at + 64 * length]
        elif kind == 3:
            content = content[: max(at, 1)]
        elif kind == 4:
            content[at:at] = [b"1e300", b"nan", b"-", b"\0", b"9" * 400, b"[" * 50, b'"', b","][int(draw.integers(8))]
        else:
            old, new = [(b"0", b"9" * 12), (b".", b"e"), (b"1", b"-1"), (b":", b": ["), (b"\n", b"")][
                int(draw.integers(5))
            ]
            content = bytearray(bytes(content).replace(old, new, length))
    files[name] = bytes(content)
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(text)
    return folder
