"""Feeds of exported C by numpy: integers bit for bit, from the models that exports are judged by, and floats without rounding."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.signal import lfilter, sosfilt

from designer.arrays import Real
from designer.export.arithmetic import Whole, convolved, saturated
from designer.export.bank_model import WHOLE_SHARE, BankModel
from designer.export.bank_plan import FADE, BankPlan, BankRoute
from designer.export.c_model import model_of
from designer.export.c_partition import backward
from designer.export.c_plan import NODE, SUM_BITS, Plan, Sections, Taps


def feeds(plan: Plan, inputs: Whole) -> Whole:
    """Driver feeds (L, N) as integers, for inputs (channels, N) as integers, from rest, of a plan in q31 or q15."""
    model, bits = model_of(plan), plan.word.fixed.fraction_bits
    sums = np.zeros((len(plan.filters.drivers), inputs.shape[1]), dtype=np.int64)
    for index, route in enumerate(plan.routes):
        x = late(inputs[route.channel], route.delay)
        if isinstance(route, Taps):
            products = convolved(route.values.astype(np.int64), x, wrap=True)
            sums[route.driver] += shifted(products, SUM_BITS - 2 * bits + route.shift)
        elif isinstance(route, Sections):
            nodes = model.nodes(model.routes[index], x[None])[0]
            sums[route.driver] += shifted(nodes, SUM_BITS - NODE.fraction_bits + route.raised)
        else:
            sums[route.driver] += x << (SUM_BITS - bits)
    cut = SUM_BITS - bits
    return np.asarray(saturated((sums + (1 << (cut - 1))) >> cut, plan.word.fixed.bits))


def feeds_float(plan: Plan, inputs: Real) -> Real:
    """Driver feeds (L, N) of inputs (channels, N), without rounding but that of the coefficients."""
    sums = np.zeros((len(plan.filters.drivers), inputs.shape[1]))
    for route in plan.routes:
        y = late(inputs[route.channel].astype(float), route.delay)
        if isinstance(route, Taps):
            y = lfilter(route.values.astype(float), [1.0], y)
        elif isinstance(route, Sections):
            values = route.values.astype(float)
            sos = np.concatenate([values[:, :3], np.ones((len(values), 1)), -values[:, 3:]], axis=1)
            y = sosfilt(np.ascontiguousarray(sos), y)
        sums[route.driver] += y
    for tail in plan.tails:
        taps = backward(tail.spectra[:, 0] + 1j * tail.spectra[:, 1].astype(complex)).real.ravel()
        sums[tail.driver] += lfilter(taps, [1.0], late(inputs[tail.channel].astype(float), tail.first * plan.block))
    return sums


def bank_feeds(plan: BankPlan, inputs: NDArray[Any], values: Real) -> NDArray[Any]:
    """Feeds (L, N) of inputs (C, N), samples of the word or floats, whose n-th FADE samples end with the filters at `values[n]`."""
    if plan.is_of_sections:
        return section_feeds(plan, inputs, values)
    model, word = BankModel(plan), plan.word.word
    kind = float if word is None else np.int64
    sums = np.zeros((2, len(plan.filters.drivers), inputs.shape[1]), dtype=kind)
    for n, (before, now) in enumerate(zip([values[0], *values[:-1]], values, strict=True)):
        start, stop = n * FADE, min((n + 1) * FADE, inputs.shape[1])
        for slot, place in enumerate((before, now)):
            for route in plan.routes:
                whole, taps = model.filter(route, place)
                first = start - whole - taps.size + 1
                x = inputs[route.channel, max(first, 0) : max(stop - whole, 0)].astype(kind)
                x = np.concatenate([np.zeros(stop - whole - first - x.size, dtype=kind), x])
                y = np.convolve(x, taps)[taps.size - 1 : taps.size - 1 + stop - start]
                sums[slot, route.driver, start:stop] += y if word is None else part_of_sum(plan, route, y)
    index = np.arange(inputs.shape[1]) % FADE
    if word is None:
        return np.asarray(sums[0] + index / FADE * (sums[1] - sums[0]))
    mixed = sums[0] + ((sums[1] - sums[0]) * index >> (FADE.bit_length() - 1))
    cut = SUM_BITS - word.fraction_bits
    return np.asarray(np.clip((mixed + (1 << (cut - 1))) >> cut, word.least, word.greatest))


def part_of_sum(plan: BankPlan, route: BankRoute, sums: Whole) -> Whole:
    """Part of a driver's sum that a sum of products makes."""
    fixed = plan.word.fixed
    if plan.library:
        sums = np.clip(sums >> fixed.fraction_bits, fixed.least, fixed.greatest)
    return shifted(sums, plan.sum_shift(route))


def section_feeds(plan: BankPlan, inputs: NDArray[Any], values: Real) -> NDArray[Any]:
    """Feeds (L, N) of inputs (C, N), whose n-th FADE samples end with the sections at `values[n]`."""
    model, count = BankModel(plan), inputs.shape[1]
    out = np.zeros((len(plan.filters.drivers), count))
    steps = list(zip([values[0], *values[:-1]], values, strict=True))
    share = np.arange(count) % FADE / FADE
    for route in plan.routes:
        x, u = inputs[route.channel].astype(float), np.zeros((2, count))
        numerators = np.zeros((2, route.taps, count))
        for n, places in enumerate(steps):
            block = slice(n * FADE, min((n + 1) * FADE, count))
            for slot, place in enumerate(places):
                corners = model.corners(place)
                whole, part = model.delay(route, corners)
                mixed = sum(share / WHOLE_SHARE * route.values[set_].astype(float) for set_, share in corners)
                delayed = np.convolve(np.concatenate([np.zeros(whole), x])[:count], part)[:count]
                u[slot, block], numerators[slot, :, block] = delayed[block], np.asarray(mixed)[:, None]
        faded = (1 - share) * u[0] + share * u[1]
        weights = (1 - share) * numerators[0] + share * numerators[1]
        out[route.driver] += weights[0] * faded
        assert route.denominators is not None
        for s, a in enumerate(route.denominators):
            w = lfilter([1.0], [1.0, *a], faded)
            out[route.driver] += weights[1 + 2 * s] * w
            out[route.driver, 1:] += weights[2 + 2 * s, 1:] * w[:-1]
    return out


def shifted(values: Whole, shift: int) -> Whole:
    """Values times 2^shift."""
    return np.asarray(values << shift if shift >= 0 else values >> -shift)


def late(x: NDArray[Any], samples: int) -> NDArray[Any]:
    """A delayed signal (N,)."""
    return np.concatenate([np.zeros(samples, dtype=x.dtype), x])[: x.size]
