"""What taps away from the main arrival cost: energy before it is heard as a pre-echo, energy after it as ringing.

    Σ_l,n q[n] x_l[n]²,     q[n] = a ((D - n) / D)²  before the bulk delay D,     b ((n - D) / (T - 1 - D))²  after it

The price rises with the square of the distance, so that a filter's own width near the main arrival stays free. A weight
of 1 prices a tap at the far end as the fit prices an error of the same energy in the plain driver's weight.
"""

from __future__ import annotations

import numpy as np

from designer.arrays import Real


def time_penalty(taps: int, delay: int, *, pre_ringing: float, tail: float) -> Real | None:
    """Prices q (T,) of a tap's square; None where both weights are 0.

    Parameters
    ----------
    taps : T
    delay : bulk delay D in samples, the main arrival
    pre_ringing, tail : a and b

    """
    if pre_ringing == 0 and tail == 0:
        return None
    n = np.arange(taps)
    before = np.maximum(delay - n, 0) / max(delay, 1)
    after = np.maximum(n - delay, 0) / max(taps - 1 - delay, 1)
    return np.asarray(pre_ringing * before**2 + tail * after**2)
