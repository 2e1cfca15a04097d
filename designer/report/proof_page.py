"""The page of a proof: one self-contained HTML file, the verdict and the numbers of every driver on top, figures below."""

from __future__ import annotations

from designer.export.judged import FLOORS
from designer.proof.diagnosis import ACCEPTED_DB, MARGIN_DB
from designer.proof.faults import DELAY, LEVEL_DB
from designer.proof.numbers import DriverNumbers
from designer.proof.outcome import Proof
from designer.proof.responses import FLOOR_DB, Fit
from designer.report import script
from designer.report.figures import proof_pictures
from designer.report.page import Shown
from designer.report.page_data import block

WIDE = ("responses", "errors")
"""Kinds of figures that take the page's width."""
EAR_NUMBERS = {
    "designed_mean_db": ("Mean gain in dB, designed", "{:z.2f}"),
    "exported_mean_db": ("Mean gain in dB, as played", "{:z.2f}"),
    "largest_loss_db": ("Largest loss in dB at any frequency", "{:z.2f}"),
    "level_change_db": ("Largest change in level at the bright points in dB", "{:z.3f}"),
    "time_change_us": ("Change in time at the bright points in µs", "{:z.2f}"),
}


def render(outcome: Proof) -> str:
    """The page as HTML. Raises DataError: the package `plotly` is not installed."""
    pictures = proof_pictures(outcome)
    title = f"Proof of {outcome.target}: {outcome.filters.title}"
    bounds = {"accepted_db": ACCEPTED_DB, "margin_db": MARGIN_DB, "level_db": LEVEL_DB, "delay": DELAY, **FLOORS}
    return script.page(
        "proof.html",
        title,
        outcome=outcome,
        data=block(title, {name: picture.build() for name, picture in pictures.items()}),
        rows=[
            driver_cells(row, fit) for row, fit in zip(outcome.numbers, outcome.diagnosis.designed_fits, strict=True)
        ],
        ears=ear_rows(outcome),
        figures=[
            (Shown(name, picture.says()), "wide" if picture.declared.kind in WIDE else "")
            for name, picture in pictures.items()
        ],
        bounds=bounds,
        recorder=_recorder(outcome),
        seconds=len(outcome.stimulus.samples) / outcome.stimulus.sample_rate_hz,
    )


def driver_cells(row: DriverNumbers, fit: Fit) -> list[str]:
    """A driver's row of the table, its name first."""
    worst = f"{_db(row.worst_sample_db)} at {row.worst_sample_s:.3f} s" if row.worst_sample_db > FLOOR_DB else "none"
    return [
        row.driver,
        f"{row.level_error_db:+z.3f}",
        f"{row.time_error_us:+z.2f}",
        _db(fit.residual_db),
        "no noise" if row.signal_to_noise_db >= -FLOOR_DB else f"{row.signal_to_noise_db:z.1f}",
        _db(row.dc_db),
        _db(row.limit_cycle_db),
        worst,
    ]


def _db(value: float) -> str:
    return "none" if value <= FLOOR_DB else f"{value:z.1f}"


def ear_rows(outcome: Proof) -> list[tuple[str, list[str]]]:
    """The table at the listener: a number's words, and its cell for each channel."""
    return [
        (words, [form.format(numbers[key]) if key in numbers else "–" for numbers in outcome.ears.values()])
        for key, (words, form) in EAR_NUMBERS.items()
        if any(key in numbers for numbers in outcome.ears.values())
    ]


def _recorder(outcome: Proof) -> str:
    if outcome.recording is None:
        return ""
    summary = outcome.summary["recorder"]
    clock = "" if summary["clock_hz"] == outcome.filters.sample_rate_hz else f", a clock of {summary['clock_hz']:g} Hz"
    return f"a gain of {summary['gain_db']:z.2f} dB, a latency of {summary['latency_samples']:z.2f} samples{clock}"
