"""A whole measured device as a SOFA file of the convention GeneralTF-E or GeneralFIR-E: its emitters are the drivers.

Responses, receivers' places and frequencies are those that were read; what came as one measurement a driver becomes one
emitter a driver.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from designer.acoustics.measured_device import MeasuredDevice


def device_sofa(device: MeasuredDevice) -> Any:
    """A Sofa object of a device; its emitters' places are those that were read, 0 where there were none."""
    import sofar  # slow to import

    spectra = device.frequency_hz is not None
    sofa = sofar.Sofa("GeneralTF-E" if spectra else "GeneralFIR-E")
    data = device.data.transpose(0, 2, 1)[None]  # (M, R, N, E)
    if spectra:
        sofa.Data_Real, sofa.Data_Imag, sofa.N = data.real, data.imag, device.frequency_hz
    else:
        sofa.Data_IR, sofa.Data_SamplingRate = data.real, device.sample_rate_hz
        sofa.Data_Delay = device.delay_s[None] * device.sample_rate_hz
    sofa.ReceiverPosition = device.receivers_m
    sofa.ReceiverPosition_Type, sofa.ReceiverPosition_Units = "cartesian", "metre"
    drivers = device.data.shape[1]
    sofa.EmitterPosition = np.zeros((drivers, 3)) if device.emitters_m is None else device.emitters_m
    sofa.EmitterPosition_Type, sofa.EmitterPosition_Units = "cartesian", "metre"
    sofa.SourcePosition = np.zeros((1, 3))
    sofa.SourcePosition_Type, sofa.SourcePosition_Units = "cartesian", "metre"
    return sofa
