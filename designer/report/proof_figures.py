"""Figures of a proof: responses and errors of every driver, and the cancellation gain of what came out, each beside the design's."""

from __future__ import annotations

from typing import Any

import numpy as np

from designer.arrays import Real
from designer.measures import amplitude_db
from designer.proof.outcome import Proof
from designer.proof.responses import Deconvolution
from designer.proof.shapes import Shapes
from designer.proof.stimulus import LEAD
from designer.report.channel_curves import GAIN
from designer.report.figure_data import (
    Curves,
    Figure,
    Line,
    axis,
    curves,
    driver_look,
    figure,
    frequency_axis,
    line,
    shortened,
)

LOWEST_HZ, TOP_SHARE = 20.0, 0.8
POINTS = 300
DEEPEST_DB = 60.0
FLOOR_DB = -160.0
DESIGNED = "the design's"
DESIGN_LOOK: dict[str, Any] = {"color": "soft", "width": 4.5, "opacity": 0.4}
BLOCKS = 400
"""Stretches of time whose largest error is drawn."""


def shown_hz(outcome: Proof) -> tuple[float, float]:
    """Range of the frequency axes: the band of the sweeps."""
    return LOWEST_HZ, TOP_SHARE * outcome.filters.sample_rate_hz / 2


def levels(outcome: Proof) -> tuple[Real, Real, Real, Real]:
    """Frequencies (K,), and levels in dB (drivers, channels, K): designed, as it came out, and of what the common fit leaves.

    Means of power over steps of equal width on the logarithmic axis.
    """
    deconvolution = Deconvolution(outcome.stimulus)
    shapes, rate = Shapes(outcome.filters, deconvolution), outcome.filters.sample_rate_hz
    hertz = deconvolution.angles * rate / (2 * np.pi)
    edges = np.geomspace(*shown_hz(outcome), POINTS + 1)
    start = np.unique(np.maximum(np.searchsorted(hertz, edges), 1))
    stop = start[1:]
    start = start[:-1]
    middles, tables = (hertz[start] + hertz[stop - 1]) / 2, []
    for driver in range(len(outcome.filters.drivers)):
        designed = deconvolution.predicted(shapes.responses(driver))
        played = deconvolution.spectrum(deconvolution.responses(outcome.errors.feeds[:, driver]))
        rows = []
        for spectrum in (designed, played, played - designed):
            sums = np.concatenate([np.zeros((len(spectrum), 1)), np.cumsum(np.abs(spectrum) ** 2, axis=1)], axis=1)
            power = (sums[:, stop] - sums[:, start]) / (stop - start)
            rows.append(10 * np.log10(np.maximum(power, 10 ** (FLOOR_DB / 10))))
        tables.append(rows)
    designed_db, played_db, left_db = np.moveaxis(np.array(tables), 1, 0)
    return middles, designed_db, played_db, left_db


def responses_figure(outcome: Proof) -> Figure:
    """A panel a channel: each driver's level, designed as a broad line, and what came out over it."""
    f, designed_db, played_db, _ = levels(outcome)
    top = max(float(designed_db.max()), float(played_db.max())) + 3
    panels = list[Curves]()
    for channel, name in enumerate(outcome.filters.channels):
        lines, columns = list[Line](), min(len(outcome.filters.channels), 3)
        for driver, driver_name in enumerate(outcome.filters.drivers):
            if max(designed_db[driver, channel].max(), played_db[driver, channel].max()) < top - 2 * DEEPEST_DB:
                continue
            lines.insert(0, line(f, designed_db[driver, channel], DESIGNED if not lines else "", **DESIGN_LOOK))
            lines.append(line(f, played_db[driver, channel], shortened(driver_name), width=1.3, **driver_look(driver)))
        y = axis("Level in dB", "dB", top - DEEPEST_DB, top)
        panels.append(curves(frequency_axis(shown_hz(outcome)), y, lines, title=name, place=divmod(channel, columns)))
    return figure(panels, 0.6 + 2.6 * -(-len(panels) // columns), legend_columns=4)


def say_responses(outcome: Proof) -> str:
    """How far the levels are apart in the band that is shown."""
    _, designed_db, played_db, _ = levels(outcome)
    loud = designed_db > designed_db.max() - DEEPEST_DB / 2
    apart = np.where(loud, np.abs(played_db - designed_db), 0.0)
    driver, channel, _ = np.unravel_index(int(apart.argmax()), apart.shape)
    return (
        f"out of the sweeps, in colour, over the design's, broad; at most {apart.max():z.2f} dB apart within {DEEPEST_DB / 2:g} dB of the"
        f" loudest ({outcome.filters.channels[channel]} at {outcome.filters.drivers[driver]})"
    )


def residuals_figure(outcome: Proof) -> Figure:
    """Level of the difference of responses over the mean of the design's, each driver, all channels together."""
    f, designed_db, _, left_db = levels(outcome)
    lines, least = [], 0.0
    for driver, name in enumerate(outcome.filters.drivers):
        designed, left = (np.sum(10 ** (table[driver] / 10), axis=0) for table in (designed_db, left_db))
        mean = np.trapezoid(designed, f) / (f[-1] - f[0])
        ratio = np.maximum(10 * np.log10(np.maximum(left / max(mean, 1e-300), 1e-300)), FLOOR_DB)
        least = min(least, float(np.median(ratio)))
        lines.append(line(f, ratio, shortened(name), width=1.5, **driver_look(driver)))
    low = max(20.0 * np.floor(least / 20 - 1), FLOOR_DB)
    y = axis("Difference in dB of the mean", "dB", low, 20.0)
    limits = [{"y": max(outcome.diagnosis.accepted_db), "text": "accepted over all frequencies", "dash": "dash"}]
    return figure([curves(frequency_axis(shown_hz(outcome)), y, lines, limits=limits)], 3.4, legend_columns=3)


def say_residuals(outcome: Proof) -> str:
    """Over all frequencies, of the worst driver."""
    rows = zip(outcome.filters.drivers, outcome.diagnosis.designed_fits, strict=True)
    name, fit = max(rows, key=lambda row: row[1].residual_db)
    return (
        f"with the common gain and delay taken out; with each driver's own, the largest is that of {name}, {fit.residual_db:z.1f} dB over"
        " all frequencies"
    )


def errors_figure(outcome: Proof) -> Figure:
    """The largest error in each stretch of time, and where sweeps, noise and silence are."""
    stimulus, rate = outcome.stimulus, outcome.filters.sample_rate_hz
    count = len(outcome.errors.errors) // BLOCKS
    time_s = (np.arange(BLOCKS) + 0.5) * count / rate
    lines, lowest = [], 0.0
    for driver, name in enumerate(outcome.filters.drivers):
        largest = np.abs(outcome.errors.errors[: BLOCKS * count, driver]).reshape(BLOCKS, count).max(axis=1)
        values = np.maximum(amplitude_db(np.maximum(largest, 1e-300)), FLOOR_DB)
        lowest = min(lowest, float(values.min()))
        lines.append(line(time_s, values, shortened(name), width=1.3, **driver_look(driver)))
    marks = [
        {"x": stimulus.sweep_of(channel).start / rate, "text": shortened(name, 14)}
        for channel, name in enumerate(outcome.filters.channels)
    ]
    marks += [
        {"x": stimulus.noise.start / rate, "text": "noise"},
        {"x": stimulus.silence.start / rate, "text": "silence"},
    ]
    y = axis("Largest error in dB of full scale", "dB", lowest - 5, 6.0)
    x = axis("Time in s", "s", LEAD / rate / 2, len(outcome.errors.errors) / rate)
    return figure([curves(x, y, lines, marks=marks)], 3.4, legend_columns=3)


def say_errors(outcome: Proof) -> str:
    """The worst sample."""
    row = max(outcome.numbers, key=lambda row: row.worst_sample_db)
    return f"the worst sample is {row.worst_sample_db:z.1f} dB of full scale, at {row.driver} after {row.worst_sample_s:.3f} s"


def gain_figure(outcome: Proof) -> Figure:
    """Each channel's gain, designed as a broad line, and of what came out over it."""
    lines = [
        line(gain.frequency_hz, gain.designed_db, "" if number else DESIGNED, **DESIGN_LOOK)
        for number, gain in enumerate(outcome.gains.values())
    ]
    for number, (name, gain) in enumerate(outcome.gains.items()):
        lines.append(line(gain.frequency_hz, gain.played_db, shortened(name), width=1.5, **driver_look(number)))
    values = np.concatenate([np.concatenate([gain.designed_db, gain.played_db]) for gain in outcome.gains.values()])
    y = axis(GAIN, "dB", min(0.0, float(values.min()) - 1), min(float(values.max()) + 3, 60.0))
    hertz = np.concatenate([gain.frequency_hz for gain in outcome.gains.values()])
    x = frequency_axis((max(float(hertz.min()) / 1.2, LOWEST_HZ), float(hertz.max()) * 1.2))
    return figure([curves(x, y, lines)], 3.4, legend_columns=3)


def say_gain(outcome: Proof) -> str:
    """The most that is lost."""
    losses = {name: float(np.max(gain.designed_db - gain.played_db)) for name, gain in outcome.gains.items()}
    worst = max(losses, key=lambda name: losses[name])
    lost = max(0.0, losses[worst])
    return f"at most {lost:z.2f} dB lost at any frequency ({worst})"
