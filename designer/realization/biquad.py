"""The biquad form: each driver's filter as a cascade of second-order sections behind a delay of whole samples.

A filter's arrival is the peak of its impulse response without the bulk delay. The cascade gets `lead` samples less of
delay than that: what its zeros can build before the arrival, at most 2S samples, and they pay for it with what they
could do otherwise. So leads are tried, the same for every driver, and the one with the smallest error at the points is
refined on. The bulk delay is the smallest that leaves no driver a delay below 0. A fraction of a sample is left to
the sections: an all-pass section is one of them, and the fit takes it where it helps.

The fit's frequencies f = f0 sinh(x) with x in equal steps are logarithmic above the lower end f0 of the band and linear below.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from designer.arrays import Complex, Index, Real
from designer.realization.biquad_refinement import refine
from designer.realization.cascade import Cascade
from designer.realization.section_problem import SectionProblem
from designer.realization.section_scaling import scaled
from designer.realization.vector_fitting import vector_fit

FREQUENCIES = 400
LEADS = (0.5, 1.0, 1.5, 1.9)
"""Samples before the arrival that are tried, over the number of sections."""
FIRST_STEPS = 10


def fit_sections(problem: SectionProblem, arrival: Index, sections: int) -> list[Cascade]:
    """One cascade a driver; its delay counts from time 0 and may be negative.

    Parameters
    ----------
    problem : what they are to follow
    arrival : (L,) samples, negative before time 0
    sections : S of each driver

    """
    begun = [_each_alone(problem, arrival - round(lead * sections), sections) for lead in LEADS]
    best = min((refine(filters, problem, steps=FIRST_STEPS) for filters in begun), key=problem.cost)
    return refine(best, problem)


def _each_alone(problem: SectionProblem, delays: Index, sections: int) -> list[Cascade]:
    filters = []
    for l, delay in enumerate(delays):
        weight = np.sqrt(problem.symbol[:, l, l].real)
        ahead = problem.wanted[:, l] * problem.turn ** (-delay)
        alone = vector_fit(ahead, weight, problem.turn, sections, problem.radius)
        filters.append(replace(alone, delay_samples=int(delay)))
    return filters


def fit_frequencies_hz(corner_hz: float, sample_rate_hz: float, lowest_hz: float = 10.0) -> Real:
    """The fit's frequencies, logarithmic above the corner and linear below."""
    ends = np.arcsinh(np.array([lowest_hz, sample_rate_hz / 2]) / corner_hz)
    return np.asarray(corner_hz * np.sinh(np.linspace(ends[0], ends[1], FREQUENCIES)))


def arrivals(weights: Complex) -> Index:
    """The sample of the largest magnitude of each impulse response (L,), from weights (F, L) in equal steps to Nyquist."""
    impulse = np.fft.irfft(weights.T, axis=1)
    peak = np.argmax(np.abs(impulse), axis=1)
    return np.asarray(np.where(peak > impulse.shape[1] // 2, peak - impulse.shape[1], peak))


def on_time(filters: list[Cascade], bulk_delay_samples: int) -> list[Cascade]:
    """The cascades after the bulk delay, ordered and scaled (see `section_scaling.py`)."""
    return [scaled(replace(f, delay_samples=f.delay_samples + bulk_delay_samples)) for f in filters]
