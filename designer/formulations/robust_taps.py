"""Robust taps: the power ratio's weights, and then the taps themselves as unknowns.

    maximise    w^H A w / w^H P w,   subject to  w^H A w >= γ w^H B w and the limits, at each frequency, and on from the fit of its taps

    minimise    -a S_3(g(x)) - (1 - a) S_15(g(x))               over the taps x of all drivers
    subject to  the curve as far as the fit keeps it, the fit's mean effort, the file's limits, the magnitude at the ipsilateral ear
                within 0.5 dB, playback outside the band

A, B, γ and P are the power ratio's, whose weights are where the taps begin: as good as convex, with its certificate. g are cancellation
gains in dB over drawn heads, places, devices and frequencies, and S_t their soft minimum. The second problem is not convex, because
each g is the logarithm of a ratio of two quadratics: what is shown of its taps is first-order optimality and how far each
constraint is kept, and what they are worth is measured on draws that they did not see. `designer.realization.robust_taps` has the
mathematics, `[realization] floor_weight` is a.

It accepts ear channels with form "fir" or "rtf", needs a curve or a limit as every ear channel does, looks at what the power ratio looks
at, and refuses beams: their masks and windows are no part of the second problem. Truth: without draws, places or heads that differ and at
one frequency the most gain within an effort is the power ratio's own generalised eigenvalue.
"""

from __future__ import annotations

from dataclasses import replace

from designer.formulations import power_ratio

METHOD = replace(power_ratio.METHOD, name="robust-taps", refined=True)
