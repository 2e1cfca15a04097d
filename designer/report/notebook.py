"""A design as a notebook shows it: a few lines of text, or its verdict with each channel's gain as a figure."""

from __future__ import annotations

from html import escape
from zlib import crc32

from designer.errors import EXIT_DONE, EXIT_INFEASIBLE, EXIT_MISSED, EXIT_SOLVER
from designer.evaluation.outcomes import MAX_MISSED_DB
from designer.metrics import BY_NAME
from designer.result import Result
from designer.stereo.placed_source import chain_sentence

MAX_CHANNELS = 7
"""Channels that a text names."""
MAX_FIGURES = 6
STATUS_WORDS = {
    EXIT_DONE: f"done: every requirement met as asked, by these filters to {MAX_MISSED_DB:g} dB",
    EXIT_INFEASIBLE: "infeasible as asked: the best compromise",
    EXIT_SOLVER: "a solver stopped: channels are missing",
    EXIT_MISSED: f"met on paper, and missed by these filters by more than {MAX_MISSED_DB:g} dB",
}
IMPORTED_WORDS = {
    EXIT_DONE: f"imported filters: every requirement met to {MAX_MISSED_DB:g} dB",
    EXIT_MISSED: f"imported filters: a requirement missed by more than {MAX_MISSED_DB:g} dB",
}
SHOWN = {
    "mean": "mean_cancellation_gain_db",
    "worst": "least_worst_cancellation_gain_db",
    "effort": "largest_effort_db",
}


def text(result: Result) -> str:
    """At most 12 lines: title, status, channels, form and latency."""
    names = list(result.channels)
    shown = names if len(names) <= MAX_CHANNELS + 1 else names[:MAX_CHANNELS]
    width = max((len(name) for name in shown), default=0)
    lines = [result.problem.title, _status(result)]
    lines += [f"  {name:{width}}  {_numbers(result, name)}" for name in shown]
    if len(shown) < len(names):
        lines.append(f"  and {len(names) - len(shown)} channels more")
    return "\n".join([*lines, _form(result)])


def _status(result: Result) -> str:
    missing = f" ({', '.join(result.failures)})" if result.failures else ""
    words = (IMPORTED_WORDS if result.imported_from else STATUS_WORDS)[result.status]
    return words + missing


def _numbers(result: Result, name: str) -> str:
    """A channel's mean and worst gain and its effort, and whether it holds."""
    values = result.scalars[name].values
    parts = [f"{label} {BY_NAME[key].text(values[key])}" for label, key in SHOWN.items() if key in values]
    holds = result.channels[name].feasible
    state = "" if holds and not result.misses(name) else " (missed)" if holds else " (infeasible)"
    return ", ".join(parts) + state


def _form(result: Result) -> str:
    """Form, length and latency of the filters, and their drivers."""
    table, rate = result.problem.realization, result.problem.sample_rate_hz
    taps = next(iter(result.taps.values())).shape[1]
    length = f"{table.sections} sections" if table.form == "biquad" else f"{taps} taps"
    delay = result.bulk_delay_samples
    drivers = "1 driver" if len(result.drivers) == 1 else f"{len(result.drivers)} drivers"
    return (
        f"{table.form}, {length}, {drivers}, latency {delay} samples ({delay / rate * 1e3:.2f} ms) at {rate:g} Hz"
        f"{f', words of {table.word}' if table.word else ''}"
    )


def html(result: Result) -> str:
    """Title, verdicts, and the gain figure of each channel."""
    verdicts = [f"<b>{escape(name)}</b>: {escape(result.sentence(name))}." for name in result.channels]
    chain = chain_sentence(result)
    shown = list(result.channels)[:MAX_FIGURES]
    parts = [
        f"<h4>{escape(result.problem.title)}</h4>",
        f"<p>{escape(_status(result))}; {escape(_form(result))}</p>",
        *(f"<p>{verdict}</p>" for verdict in [*verdicts, *([f"{escape(chain)}."] if chain else [])]),
        *(gain_figure(result, name) for name in shown),
    ]
    return f"<div>{''.join(parts)}</div>"


def gain_figure(result: Result, name: str) -> str:
    """The SVG of a channel's gain over frequency against its target, with ids that no other figure of the document has."""
    from designer.report.canvas import svg
    from designer.report.figures import GAIN, Picture, file_stems
    from designer.report.schemes import own_ids

    drawn = svg(Picture(GAIN, (result, name)).draw())
    return own_ids(drawn, f"{crc32(result.problem.text.encode()):08x}-{file_stems(list(result.channels))[name]}")
