"""Program that plays an array through a PipeWire graph and records what comes back, sample for sample.

A source and a recorder are nodes of their own, on libpipewire's C interface (`pw_filter`); both name samples by the position of
the graph's clock, so that nothing is aligned afterwards. The array begins with probes of one length, a channel each, in which that
channel sounds alone; probes and array end in silence. It is played over and over, until two rounds in a row are alike, in
which each probe was heard, and each output that is not silent: then every link stands, and no cycle came late.

    python pipewire_client.py IN.npy OUT.npy PROBE_SAMPLES OUTPUTS SILENT...
"""

from __future__ import annotations

import ctypes
import sys
import threading
from ctypes import CFUNCTYPE, POINTER, Structure, c_char_p, c_float, c_int, c_uint32, c_uint64, c_void_p, cast

import numpy as np

POSITION, DURATION = 88, 96
"""Bytes of `clock.position` and `clock.duration` in `struct spa_io_position`."""
INPUT, OUTPUT, MAP_BUFFERS, INACTIVE, RT_PROCESS = 0, 1, 1, 1, 4
LEAST_RATE_HZ = 8000.0
PATIENCE_S, PATIENT_ROUNDS = 60.0, 8
"""Wait for the graph: this long, and so many rounds of the array."""
Process = CFUNCTYPE(None, c_void_p, c_void_p)


class Events(Structure):
    """`struct pw_filter_events`, of which only `process` is set."""

    _fields_ = [
        ("version", c_uint32),
        ("before", c_void_p * 6),
        ("process", Process),
        ("after", c_void_p * 2),
    ]


def library() -> ctypes.CDLL:
    """The library with the types of what is called."""
    pw = ctypes.CDLL("libpipewire-0.3.so.0")
    signatures = {
        "pw_thread_loop_new": (c_void_p, [c_char_p, c_void_p]),
        "pw_thread_loop_get_loop": (c_void_p, [c_void_p]),
        "pw_properties_new_string": (c_void_p, [c_char_p]),
        "pw_filter_new_simple": (c_void_p, [c_void_p, c_char_p, c_void_p, POINTER(Events), c_void_p]),
        "pw_filter_add_port": (
            c_void_p,
            [c_void_p, c_int, c_int, ctypes.c_size_t, c_void_p, c_void_p, c_uint32],
        ),
        "pw_thread_loop_start": (c_int, [c_void_p]),
        "pw_thread_loop_stop": (None, [c_void_p]),
        "pw_thread_loop_lock": (None, [c_void_p]),
        "pw_thread_loop_unlock": (None, [c_void_p]),
        "pw_filter_connect": (c_int, [c_void_p, c_int, c_void_p, c_uint32]),
        "pw_filter_set_active": (c_int, [c_void_p, ctypes.c_bool]),
        "pw_filter_destroy": (None, [c_void_p]),
        "pw_filter_get_dsp_buffer": (c_void_p, [c_void_p, c_uint32]),
    }
    for name, (result, arguments) in signatures.items():
        getattr(pw, name).restype, getattr(pw, name).argtypes = result, arguments
    return pw


def at(position: int, offset: int) -> int:
    """Number in a structure."""
    return int(cast(position + offset, POINTER(c_uint64))[0])


def is_complete(y: np.ndarray, probe: int, channels: int, silent: list[int]) -> bool:
    """Whether each channel's probe of a round (N, outputs) was heard, and each output."""
    probes = y[: channels * probe].reshape(channels, probe, y.shape[1]).any(axis=(1, 2))
    return bool(probes.all() and np.delete(y, silent, axis=1).any(axis=0).all())


def main(source_file: str, out_file: str, probe: int, outputs: int, silent: list[int]) -> None:
    """Play and record; the program ends with 1 where the graph does not run."""
    x = np.load(source_file).astype(np.float32)
    y = np.zeros((len(x), outputs), dtype=np.float32)
    pw = library()
    pw.pw_init(None, None)
    loop = c_void_p(pw.pw_thread_loop_new(b"client", None))
    last, done = np.zeros_like(y), threading.Event()
    ports: dict[str, list[c_void_p]] = {"source": [], "recorder": []}

    def buffer(port: c_void_p, count: int) -> np.ndarray | None:
        address = pw.pw_filter_get_dsp_buffer(port, count)
        return None if not address else np.ctypeslib.as_array(cast(address, POINTER(c_float)), (count,))

    def place(position: int) -> tuple[int, int]:
        """Sample of the round that a cycle starts with, and its number of samples, of which a round has a multiple."""
        start, count = at(position, POSITION), at(position, DURATION)
        assert start % count == 0 and len(x) % count == 0
        return start % len(x), count

    def play(_: int | None, position: int) -> None:
        start, count = place(position)
        for c, port in enumerate(ports["source"]):
            if (out := buffer(port, count)) is not None:
                out[:] = x[start : start + count, c]

    def record(_: int | None, position: int) -> None:
        start, count = place(position)
        if done.is_set():
            return
        for d, port in enumerate(ports["recorder"]):
            heard = buffer(port, count)
            y[start : start + count, d] = 0.0 if heard is None else heard
        if start + count == len(x):
            if np.array_equal(y, last) and is_complete(y, probe, x.shape[1], silent):
                done.set()
            last[:] = y

    nodes, listeners = list[c_void_p](), list[Events]()
    for name, direction, count, process in (
        ("source", OUTPUT, x.shape[1], play),
        ("recorder", INPUT, outputs, record),
    ):
        events = Events(version=1, process=Process(process))
        properties = pw.pw_properties_new_string(f"node.name={name} node.always-process=true".encode())
        filter_ = c_void_p(
            pw.pw_filter_new_simple(
                pw.pw_thread_loop_get_loop(loop), name.encode(), properties, ctypes.byref(events), None
            )
        )
        for number in range(count):
            text = f'format.dsp="32 bit float mono audio" port.name={number}'
            props = pw.pw_properties_new_string(text.encode())
            ports[name].append(c_void_p(pw.pw_filter_add_port(filter_, direction, MAP_BUFFERS, 8, props, None, 0)))
        pw.pw_filter_connect(filter_, RT_PROCESS | INACTIVE, None, 0)
        nodes.append(filter_)
        listeners.append(events)  # C holds its address
    pw.pw_thread_loop_start(loop)
    sys.stdin.readline()
    pw.pw_thread_loop_lock(loop)
    for node in nodes:
        pw.pw_filter_set_active(node, True)
    pw.pw_thread_loop_unlock(loop)
    if not done.wait(PATIENCE_S + PATIENT_ROUNDS * len(x) / LEAST_RATE_HZ):
        sys.exit("the graph did not run")
    np.save(out_file, last)
    pw.pw_thread_loop_stop(loop)
    for node in nodes:
        pw.pw_filter_destroy(node)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]), [int(text) for text in sys.argv[5:]])
