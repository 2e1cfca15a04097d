"""What a SOFA file holds: a measured driver, a head, or a whole device. By its convention; where that leaves it open, by what moves."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from designer.acoustics import head_file, measured_device
from designer.acoustics.readers import sofa_directivity
from designer.acoustics.readers.raw_set import refusal
from designer.acoustics.readers.sofa_file import head_of, moving

Kind = Literal["driver", "head", "device"]
KNOWN = (
    sofa_directivity.CONVENTION,
    *head_file.CONVENTIONS,
    *(name for name in measured_device.CONVENTIONS if name not in head_file.CONVENTIONS),
)


def kind_of(path: Path) -> Kind:
    """A file's kind. GeneralFIR or GeneralTF with two receivers is a head if the source moves around it or the head turns, else a device.

    Raises
    ------
    DataError : no HDF5, no SOFA, or a convention that is none of these

    """
    allowed = f"a SOFA file of the convention {', '.join(KNOWN[:-1])} or {KNOWN[-1]}"
    head = head_of(path, allowed)
    receivers, convention = head.sizes.get("R", 0), head.convention
    if convention not in KNOWN:
        raise refusal(path, f"the SOFA convention {convention}", ", ".join(KNOWN), "convert it to one of these")
    if convention == sofa_directivity.CONVENTION:
        return "driver"
    if convention in ("GeneralFIR", "GeneralTF"):
        moved = {"SourcePosition", "ListenerView"} & set(moving(path, allowed))
        return "head" if receivers == 2 and moved else "device"
    return "head" if convention in head_file.CONVENTIONS else "device"
