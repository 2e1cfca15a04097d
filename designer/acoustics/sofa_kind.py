"""What a SOFA file holds: a measured driver, a head, or a whole device. By its convention; where that leaves it open, by what moves."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import numpy as np

from designer.acoustics import head_file, measured_device
from designer.acoustics.readers import sofa_directivity
from designer.acoustics.readers.raw_set import refusal

Kind = Literal["driver", "head", "device"]
KNOWN = (
    sofa_directivity.CONVENTION,
    *head_file.CONVENTIONS,
    *(name for name in measured_device.CONVENTIONS if name not in head_file.CONVENTIONS),
)


def kind_of(path: Path) -> Kind:
    """A file's kind. GeneralFIR with two receivers is a head if the source moves around it or the head turns, else a device.

    Raises
    ------
    DataError : no HDF5, no SOFA, or a convention that is none of these

    """
    import netCDF4  # slow to import; sofar needs it too

    allowed = f"a SOFA file of the convention {', '.join(KNOWN[:-1])} or {KNOWN[-1]}"
    try:
        with netCDF4.Dataset(str(path)) as file:
            texts = {name: str(file.getncattr(name)) for name in file.ncattrs()}
            receivers = len(file.dimensions["R"]) if "R" in file.dimensions else 0
            moving = any(_moves(file, name) for name in ("SourcePosition", "ListenerView"))
    except (OSError, RuntimeError) as error:
        raise refusal(path, f"no readable HDF5 file ({error})", allowed, "copy or export it again") from error
    if texts.get("Conventions") != "SOFA":
        raise refusal(path, "an HDF5 file that is not SOFA", allowed, "convert it, or write a complex table")
    convention = texts.get("SOFAConventions", "none")
    if convention not in KNOWN:
        raise refusal(path, f"the SOFA convention {convention}", ", ".join(KNOWN), "convert it to one of these")
    if convention == sofa_directivity.CONVENTION:
        return "driver"
    if convention == "GeneralFIR":
        return "head" if receivers == 2 and moving else "device"
    return "head" if convention in head_file.CONVENTIONS else "device"


def _moves(file: Any, name: str) -> bool:
    if name not in file.variables:
        return False
    rows = np.asarray(file.variables[name][:], dtype=float).reshape(file.variables[name].shape[0], -1)
    return bool(len(rows) > 1 and np.ptp(rows, axis=0).max() > 0)
