"""The false position at all frequencies at once: where a growing excess reaches 0, from the side where it has not yet.

The secant through the bracket's ends gives the next x; where the same end stays twice, its value is halved (the Illinois
rule), so that both ends move. After a few steps halving takes turns, because the excess may jump. What has
converged is dropped.

Source: M. Dowell and P. Jarratt, A modified regula falsi method (BIT 11, 1971).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from designer.arrays import Index, Real

PURE_STEPS = 8
MAX_STEPS = 100


def last_that_fits(
    excess: Callable[[Real, Index], Real], inside: tuple[Real, Real], outside: tuple[Real, Real], tolerance: float
) -> Real:
    """The x (N,) towards `outside` whose excess is still at most 0, to `tolerance` in x or in the excess.

    Parameters
    ----------
    excess : of x (M,) and the indices (M,) that it is asked for, (M,)
    inside : x and excess (N,), at most 0
    outside : x and excess (N,), above 0; x may lie on either side

    """
    x_in, f_in = (values.copy() for values in inside)
    x_out, f_out = (values.copy() for values in outside)
    h_in, h_out = f_in.copy(), f_out.copy()  # the same, halved where an end stays
    at = np.arange(x_in.size)
    for step in range(MAX_STEPS):
        at = at[(np.abs(x_out - x_in)[at] > tolerance) & (f_in[at] < -tolerance)]
        if not at.size:
            break
        # A little inside 0, so that the step lands where it fits.
        aim = tolerance / 2
        share = (h_in[at] + aim) / np.minimum(h_in[at] - h_out[at], -1e-300)
        halve = ~((share > 0) & (share < 1)) | (step >= PURE_STEPS and step % 2 == 0)
        x = x_in[at] + np.where(halve, 0.5, share) * (x_out - x_in)[at]
        f = excess(x, at)
        fits = f <= 0
        h_out[at] = np.where(fits, h_out[at] / 2, f)
        h_in[at] = np.where(fits, f, h_in[at] / 2)
        x_in[at], f_in[at] = np.where(fits, x, x_in[at]), np.where(fits, f, f_in[at])
        x_out[at] = np.where(fits, x_out[at], x)
    return x_in
