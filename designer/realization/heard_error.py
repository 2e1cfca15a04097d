"""C(f): how loud an error of the weights is at the points, relative to what should be there.

    C(f) = Σ_p c_p(f) h_p^H h_p + ρ I

An error e of the weights is heard as h_p e at point p. The points to reach count relative to the channel's level there,
ten times over: an error of a tenth of that is 0.8 dB of tone. The points to cancel count relative to what W leaves
there, up to 30 dB more, because an error as large as what is left costs 3 dB of cancellation whatever the depth is; so
the weight follows the depth that binds. A mask's points count relative to its limit. ρ, a little weight on each driver
itself, decides what the points do not, and keeps the eigenvalues of C within 10⁷ of each other; it is larger outside
the band, where nothing but the ridge keeps the drivers from playing loudly against each other.
"""

from __future__ import annotations

import numpy as np

from designer.arrays import Complex, Real
from designer.measures import mean_power, mean_power_matrix
from designer.targets.channel_target import ChannelTarget

REACH_WEIGHT = 10.0
MAX_CANCEL_WEIGHT = 1000.0
RIDGE_INSIDE, RIDGE_OUTSIDE = 1e-3, 0.1


def audible(target: ChannelTarget, wanted: Complex, level: Real | None = None) -> Complex:
    """C(f) (F, L, L).

    Parameters
    ----------
    target : the channel's points on the frequencies of the fit
    wanted : W (F, L), weights without the bulk delay
    level : (F,) the channel's amplitude at the points to reach; by default the plain driver's

    """
    plain = np.maximum(target.plain_level**2, 1e-300)
    level = plain if level is None else np.maximum(level**2, 1e-300)
    left = mean_power(target.cancel, wanted)
    depth = target.share * np.minimum(level / np.maximum(left, 1e-300), MAX_CANCEL_WEIGHT)
    families: list[tuple[Complex, Real]] = [(target.reach, np.full(level.shape, REACH_WEIGHT)), (target.cancel, depth)]
    if target.window is not None:
        families.append((target.window.points, np.ones(level.shape)))
    for mask in target.masks:
        families.append((mask.points, target.share * np.minimum(mask.limit**-2, MAX_CANCEL_WEIGHT)))
    if target.quiet is not target.cancel:
        families.append((target.quiet, target.share))
    C = sum(mean_power_matrix(points) * (weight / level)[:, None, None] for points, weight in families)
    ridge = (RIDGE_INSIDE * target.share + RIDGE_OUTSIDE * (1 - target.share)) * plain / level
    return np.asarray(C + ridge[:, None, None] * np.eye(wanted.shape[1]))
