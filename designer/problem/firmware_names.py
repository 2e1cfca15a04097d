"""Names of the export room that a problem file may hold: targets, SigmaDSP parts and miniDSP processors.

The registries are there; this room does not import them, and a test holds the lists equal.
"""

from __future__ import annotations

from typing import Literal

TargetName = Literal[
    "csv",
    "json",
    "npz",
    "wav",
    "cmsis-f32",
    "cmsis-q31",
    "cmsis-q15",
    "cmsis-test",
    "camilladsp",
    "brutefir",
    "jconvolver",
    "equalizerapo",
    "minidsp",
    "sigmadsp",
    "xilinx-coe",
    "hex",
    "matlab",
]
"""The targets of `designer export`, as the registry of the export room has them."""
SigmaPart = Literal[
    "adau1401",
    "adau1442",
    "adau1445",
    "adau1446",
    "adau1461",
    "adau1701",
    "adau1702",
    "adau1761",
    "adau1450",
    "adau1451",
    "adau1452",
    "adau1462",
    "adau1463",
    "adau1466",
    "adau1467",
]
"""The parts that `sigmadsp` knows."""
MiniModel = Literal["2x4-hd", "flex", "nanosharc", "minisharc-4x8", "opendrc", "ddrc-88bm"]
"""The processors that `minidsp` knows."""
