"""Plain playback in words: who plays what of a channel, and what the ways make together."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from designer.acoustics.scene import Scene
from designer.evaluation.outcomes import hz
from designer.problem.messages import number
from designer.problem.schema import Problem
from designer.problem.ways import ways_of
from designer.requirements.plain import Plain, driver_index, plain_in


def players(problem: Problem, scene: Scene) -> dict[str, str]:
    """Channel whose plain playback has several ways -> who plays them."""
    words = {}
    for design in problem.designs:
        if len(ways_of(design, problem).ways) > 1:
            plain = plain_in(design, scene)
            names = [scene.drivers[l] for l in driver_index(design, scene.drivers)]
            words[design.name] = who_plays(plain, [names[l] for l in plain.drivers])
    return words


def who_plays(plain: Plain, names: Sequence[str]) -> str:
    """Each way's band, its drivers, and how far it is turned down and delayed.

    names : of the plain drivers
    """
    parts = []
    for way, (low_hz, high_hz) in enumerate(plain.crossover.spans_hz):
        members = [n for n, number_of_way in enumerate(plain.way) if number_of_way == way]
        gain_db = 20 * np.log10(sum(plain.gain[n] for n in members))
        delay_s = min(plain.delay_s[n] for n in members)
        trim = [f"{number(round(float(gain_db), 1))} dB"] if gain_db < -0.05 else []
        trim += [f"{number(round(delay_s * 1e6))} µs later"] if delay_s > 5e-7 else []
        band = f"from {hz(low_hz)}" if np.isinf(high_hz) else f"{hz(low_hz)} to {hz(high_hz)}"
        parts.append(f"{band} by {', '.join(names[n] for n in members)}" + (f" ({', '.join(trim)})" if trim else ""))
    return "; ".join(parts)
