"""A measured head as a SOFA file of the convention SimpleFreeFieldHRIR, whatever convention it came in.

It is written as it was understood: the left ear first, azimuths counter-clockwise in degrees, each direction once, what cannot be
right left out. Samples, level and delays are the source's own.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from designer.acoustics.head_file import HeadRecording
from designer.acoustics.interaural_time import HEAD_RADIUS_M
from designer.acoustics.writers.directivity_sofa import spherical_deg


def head_sofa(recording: HeadRecording) -> Any:
    """A Sofa object of a head; a distance that is not known is written as 0."""
    import sofar  # slow to import

    sofa = sofar.Sofa("SimpleFreeFieldHRIR")
    sofa.Data_IR = recording.responses.astype(float) * recording.full_scale
    sofa.Data_SamplingRate = recording.sample_rate_hz
    sofa.Data_Delay = recording.delay_s * recording.sample_rate_hz
    azimuth, elevation = spherical_deg(recording.directions)
    distance_m = recording.distance_m if np.isfinite(recording.distance_m) else 0.0
    sofa.SourcePosition = np.stack([azimuth, elevation, np.full(azimuth.size, distance_m)], axis=1)
    sofa.SourcePosition_Type, sofa.SourcePosition_Units = "spherical", "degree, degree, metre"
    sofa.ReceiverPosition = np.array([[0.0, HEAD_RADIUS_M, 0.0], [0.0, -HEAD_RADIUS_M, 0.0]])
    return sofa
