"""Crosstalk cancellation with a flat spectrum at the loudspeakers: pressure matching whose β follows the frequency.

    minimise    ||H w - d||² + β(f) w^H P w
    subject to  nothing; β(f) is the least for which no singular value of the regularised inverse passes Γ

H (F, M, L), d and P are pressure matching's: the bright and dark points, the strongest driver's own response, what
each driver costs. With σ_i the singular values of H P^(-1/2) those of the inverse are σ_i / (σ_i² + β), so

    β = max(0, max_i (σ_i / Γ - σ_i²)),

and ||w|| <= Γ, whatever is to be heard at the points: the largest spectrum that any pair of ear signals calls for is Γ where
perfect cancellation would call for more, and perfect cancellation's elsewhere. Γ is relative to the strongest driver alone.
Convex: a sum of squares. Never infeasible: no requirement and no limit but Γ is looked at. As for every design the level at the
bright points is afterwards made the plain driver's, which raises the spectrum by what the regularisation took there.

Where the drivers spread, H has pressure matching's L rows more. In the worst case of the spread the error's norm is at most
||H w - d|| + ε ||p^½ ∘ w||, p_l the squared norm of H's column (`designer.requirements.worst_case`): for the θ of some weights
its square is that of rows of variance ε² θ_a/θ_b in the place of ε², and β is found again for these.

Source: E. Choueiri, Optimal crosstalk cancellation for binaural audio with two loudspeakers (2010), section on
frequency-dependent regularisation: for two point sources the singular values are |1 ± g e^{-jωτ}|, the two branches of β
those in which one or the other is the smaller, and β = 0 between them. Truth: his closed forms of β and of the spectra.
"""

from __future__ import annotations

import numpy as np
from pydantic import Field

from designer.arrays import Complex, Real
from designer.formulations import pressure_matching
from designer.measures import amplitude_db, pressure
from designer.problem.methods import Formulation, Key
from designer.problem.table import Decibel
from designer.requirements.target import ChannelTarget
from designer.requirements.worst_case import settled, shares
from designer.solvers.solution import Solution

MAX_SPECTRUM_DB = 7.0
"""Γ by default, as 20 log10."""
MAX_SPECTRUM = Field(
    default=MAX_SPECTRUM_DB,
    description='the loudest that any pair of ear signals makes a driver, for method = "choueiri"',
)


def solve(target: ChannelTarget, max_spectrum_db: float = MAX_SPECTRUM_DB) -> Solution:
    """The weights of least error whose spectrum is at most Γ."""
    solution = _solve(target, max_spectrum_db, target.power_spread)
    if target.worst_case:
        alone = pressure_matching.system_of(target, np.zeros(1))

        def norms(last: Solution) -> tuple[Real, Real]:
            return error_norms(alone, target.spread, last.weights)

        def again(last: Solution) -> Solution:
            theta_a, theta_b = shares(*norms(last))
            return _solve(target, max_spectrum_db, target.spread * theta_a / theta_b)

        solution = settled(solution, again, lambda last: amplitude_db(np.add(*norms(last))))
    return solution


def _solve(target: ChannelTarget, max_spectrum_db: float, error_variance: Real | float) -> Solution:
    system = pressure_matching.system_of(target, np.asarray(error_variance))
    beta = flat_spectrum_beta(np.sqrt(system.values), 10 ** (max_spectrum_db / 20))
    return system.solution(beta)


def error_norms(alone: pressure_matching.System, spread: float, w: Complex) -> tuple[Real, Real]:
    """||H w - d|| and ε ||p^½ ∘ w||, each (F,), of a system without the spread's rows."""
    error = pressure(alone.H, w) - alone.d
    return np.linalg.norm(error, axis=1), np.sqrt(spread) * np.linalg.norm(
        np.linalg.norm(alone.H, axis=1) * np.abs(w), axis=1
    )


def flat_spectrum_beta(singular_values: Real, max_spectrum: float) -> Real:
    """The least β (F,) for which σ / (σ² + β) <= Γ for every singular value σ (F, L)."""
    return np.asarray(np.max(singular_values / max_spectrum - singular_values**2, axis=1).clip(min=0.0))


METHOD = Formulation(
    name="choueiri",
    solve=solve,
    statement=pressure_matching.statement,  # at its β
    keys={"max_spectrum_db": Key(annotation=Decibel, field=MAX_SPECTRUM, words="spectrum at most {} dB")},
    mean_powers=False,
)
