"""`sof`: blobs for Sound Open Firmware: its filter bank (TDFB) and FIR equaliser for taps, its IIR equaliser for sections.

`sof_blobs.py` says where the layout was learned, and `sof_plan.py` the limits and the arithmetic. Each blob comes in three forms of the
same bytes: `.bin`, `.txt` for `sof-ctl`, and `.conf` for a topology. Of an equaliser the input of each output is one channel, which a
comment of the .conf states.

The reader takes `.conf` and `.txt`; the last states no names, so that inputs and outputs are the problem's, in order.
"""

from __future__ import annotations

import json
import re
import struct

import numpy as np

from designer.export.arithmetic import ArithmeticModel
from designer.export.coefficients import Coefficients, shown
from designer.export.filter_set import FilterSet
from designer.export.provenance import README, provenance, readme, text_file
from designer.export.sof_blobs import (
    FLAT,
    FLAT_SECTION,
    GAIN_ONE,
    LATE_BY_ONE,
    LATE_BY_TWO,
    Blob,
    Fir,
    Section,
    parsed,
    with_header,
)
from designer.export.sof_plan import SAMPLE, SECTIONS_WORD, TARGET, Plan, model, plan_of
from designer.export.target import Export, Target

COMPONENTS = {"tdfb": "tdfb_config", "eq_fir": "fir_eq", "eq_iir": "iir_eq"}
BYTES_A_LINE = 8
TLV_BYTES = 8
MAX_BYTES = 1_000_000
DATA = re.compile(r'bytes\s+"([^"]*)"')
PATH = re.compile(r"^# output \d{1,3}: (\[.{1,2000}\])$", re.MULTILINE)
NUMBERS = re.compile(r"[\d,\s]{8,}")
EXPECTED = "a blob of TDFB, FIR or IIR equaliser for Sound Open Firmware"
TAPS_USAGE = """tdfb takes the channels as the inputs of its stream and the drivers as the outputs, in the order above. eq_fir, where it is
there, is the FIR equaliser: it takes what each output plays, channel by channel, and mixes nothing."""
SECTIONS_USAGE = """eq_iir takes for each output the channel that the table states, so that the channels have to be copied to the outputs
ahead of it."""
USAGE = """{part}

On a running system: sof-ctl -i 4 -n ID -s NAME.txt, with the ID of the component's bytes control (amixer controls). NAME.txt begins
with the tag 3 and the size; a sof-ctl that is older than these takes the numbers from the third on.

In a topology: include NAME.conf in the component's object. NAME.bin holds the bytes of NAME.txt: for UCM's cset-tlv, and sof-ctl -b.

The header is that of IPC4, ABI 3.26. Streams are of {rate:.17g} Hz.

Steady tones of full scale need {room:z.2f} dB of headroom: set a gain ahead of the filters to {gain:z.2f} dB.
"""


def write_sof(filters: FilterSet) -> Export:
    """`NAME.bin`, `NAME.txt` and `NAME.conf` of each blob, and `README.txt`.

    Raises UsageError: the filters are beyond the firmware's limits.
    """
    plan = plan_of(filters)
    scaling = _scaling(plan)
    head = provenance(filters, TARGET, scaling, "# ")
    files: dict[str, bytes] = {}
    by_driver = {filter_.driver: filter_.channel for filter_ in filters.filters}
    paths = [(by_driver.get(driver, ""), driver) for driver in filters.drivers]
    for name, content in plan.blobs.items():
        blob = with_header(content)
        words = struct.unpack(f"<{len(blob) // 4}I", blob)
        lines = [*head]
        if name != "tdfb":
            lines += [f"# output {number}: {json.dumps(path)}" for number, path in enumerate(paths, 1)]
        files[f"{name}.conf"] = text_file([*lines, *_topology(name, blob[TLV_BYTES:])])
        files[f"{name}.txt"] = (",".join(map(str, words)) + ",\n").encode()
        files[f"{name}.bin"] = blob
    room_db = filters.headroom.tones_db
    part = TAPS_USAGE if plan.is_fir else SECTIONS_USAGE
    usage = USAGE.format(part=part, rate=filters.sample_rate_hz, room=room_db, gain=-room_db + 0.0)
    rows = [("input", "output", "coefficients", "delay in samples")]
    for filter_, numbers in zip(filters.filters, plan.stored, strict=True):
        count = len(numbers.taps) if isinstance(numbers, Fir) else len(numbers)
        rows.append(
            (
                filter_.channel,
                filter_.driver,
                f"{count} {'taps' if plan.is_fir else 'sections'}",
                str(filters.delay(filter_)),
            )
        )
    return Export(
        files={**files, README: readme(filters, TARGET, scaling, usage, rows)},
        coefficient_bytes=max(map(len, plan.blobs.values())),
        state_bytes=_state_bytes(plan),
        multiply_adds=sum(len(n.taps) if isinstance(n, Fir) else 6 * len(n) for n in plan.stored),
        scaling=scaling,
        facts={"blob_bytes": {name: len(with_header(content)) - TLV_BYTES for name, content in plan.blobs.items()}},
        preamp="a gain ahead of the filters in the topology",
        word_bytes=2 if plan.is_fir else 4,
    )


def _scaling(plan: Plan) -> str:
    if not plan.is_fir:
        return f"coefficients of {SECTIONS_WORD.integer_bits}.{SECTIONS_WORD.fraction_bits}, sections that no input saturates"
    return "taps of 1.15, each filter with a shift of its own; a delay is zeros ahead of the taps"


def _state_bytes(plan: Plan) -> int:
    """Delay lines in words of 32 bits: four more than the taps, or four a section."""
    words = sum(len(numbers.taps) + 4 if isinstance(numbers, Fir) else 4 * len(numbers) for numbers in plan.stored)
    return words * SAMPLE.bits // 8


def _topology(name: str, data: bytes) -> list[str]:
    """Object of topology 2 that holds a blob."""
    rows = [data[at : at + BYTES_A_LINE] for at in range(0, len(data), BYTES_A_LINE)]
    lines = ["\t\t" + ",".join(f"0x{byte:02x}" for byte in row) for row in rows]
    return [f'Object.Base.data."{COMPONENTS[name]}" {{', '\tbytes "', ",\n".join(lines) + '"', "}"]


def arithmetics(filters: FilterSet) -> dict[str, ArithmeticModel]:
    """Model of the firmware's loops."""
    return {TARGET: model(filters)}


def is_own(text: str) -> bool:
    """Whether a text is an object of a topology, or numbers for sof-ctl."""
    return "Object.Base.data" in text or NUMBERS.fullmatch(text) is not None


def read_sof(coefficients: Coefficients) -> None:
    """The filters of a blob in a .conf or a .txt.

    Raises DataError: it is no such blob, or it has other inputs and outputs than the problem.
    """
    text = coefficients.text(MAX_BYTES)
    comments = coefficients.comments(text)
    coefficients.check_stated_rate(comments)
    blob = parsed(_content(coefficients, text))
    if blob is None:
        raise coefficients.refusal("other bytes", EXPECTED)
    channels, drivers = coefficients.order(comments)
    paths = blob.paths if blob.kind == "tdfb" else _of_equaliser(coefficients, blob, text, channels, drivers)
    for source, output, number in paths:
        if not (0 <= source < len(channels) and output < len(drivers)):
            expected = f"the problem's {len(channels)} channels and {len(drivers)} drivers"
            raise coefficients.refusal(
                f"a path from input {source + 1} to output {output + 1}", expected, "name its problem"
            )
        place = coefficients.place(channels[source], drivers[output])
        _add(coefficients, place, blob.filters[number] if number != FLAT else Fir((), 0))
    coefficients.heed(comments)


def _content(coefficients: Coefficients, text: str) -> bytes:
    """Bytes of an object's `bytes "0x.., ..."`, or of numbers of 32 bits."""
    data = DATA.search(text)
    try:
        if data:
            return bytes(int(item, 16) for item in data[1].split(",") if item.strip())
        return b"".join(struct.pack("<I", int(item)) for item in text.split(",") if item.strip())
    except (ValueError, struct.error):
        raise coefficients.refusal("other text", EXPECTED) from None


def _of_equaliser(
    coefficients: Coefficients, blob: Blob, text: str, channels: list[str], drivers: list[str]
) -> list[tuple[int, int, int]]:
    """Source, output and filter of each driver, by the comments of an export, or by their numbers."""
    count = len(drivers)
    if len(blob.paths) not in (count, count + count % 2):
        raise coefficients.refusal(
            f"{len(blob.paths)} channels of an equaliser", f"{count}, one a driver", "name its problem"
        )
    lines = PATH.findall(text)
    if lines and len(lines) == count:
        try:
            names = [json.loads(line) for line in lines]
            sources = [channels.index(coefficients.known(channel, channels, "channel")) for channel, _ in names]
        except (ValueError, TypeError):
            raise coefficients.refusal(f"the comment {shown(lines[0])}", '["channel", "driver"]') from None
    elif len(channels) in (1, count):
        sources = [min(output, len(channels) - 1) for output in range(count)]
    else:
        raise coefficients.refusal(f"no comments of the {count} outputs", '# output 1: ["channel", "driver"]')
    return [(sources[output], output, blob.paths[output][2]) for output in range(count)]


def _add(coefficients: Coefficients, place: tuple[str, str], numbers: Fir | tuple[Section, ...]) -> None:
    if isinstance(numbers, Fir):
        coefficients.add_taps(place, numbers.values)
        return
    delay, ahead, sections = 0, {FLAT_SECTION: 0, LATE_BY_ONE: 1, LATE_BY_TWO: 2}, list(numbers)
    while sections and sections[0] in ahead:
        delay += ahead[sections.pop(0)]
    if not sections:
        coefficients.add_delay(place, delay)
        return
    table = np.array([[s.b0, s.b1, s.b2, -s.a1, -s.a2] for s in sections]) * SECTIONS_WORD.step
    gains = np.array([s.gain * 2.0**-s.shift / GAIN_ONE for s in sections])
    coefficients.add_sections(place, table[:, :3] * gains[:, None], table[:, 3:], delay)


SOF = Target(
    place=125,
    name="sof",
    to_play="Sound Open Firmware: no Debian or pip package has its testbench; build that from the firmware's sources with a topology that"
    " loads these blobs, or load them on the device (sof-ctl), play the stimulus",
    summary="Sound Open Firmware: blobs of TDFB, FIR and IIR equaliser",
    write=write_sof,
    arithmetics=arithmetics,
    files="Sound Open Firmware",
    read=read_sof,
    endings=(".conf", ".txt"),
    is_own=is_own,
    in_folders=("tdfb.conf", "eq_iir.conf"),
)
