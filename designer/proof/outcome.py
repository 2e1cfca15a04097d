"""A proof: what a target or a device played, set beside the design."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from designer.arrays import Real
from designer.errors import EXIT_DONE, EXIT_MISSED
from designer.export.filter_set import FilterSet
from designer.export.judged import FLOORS
from designer.proof.diagnosis import ACCEPTED_DB, MARGIN_DB, Diagnosis, diagnose
from designer.proof.ears import GainCurves, ear_failures, played_responses
from designer.proof.faults import DELAY, LEVEL_DB
from designer.proof.numbers import DriverNumbers, Errors, errors_of, numbers_of
from designer.proof.recording import Recording
from designer.proof.responses import FLOOR_DB, Deconvolution
from designer.proof.stimulus import LEAD, Stimulus


class Outcome:
    """Outcome of a proof."""

    @property
    def failures(self) -> tuple[str, ...]:
        """Sentences on everything that is wrong; none where nothing is."""
        raise NotImplementedError

    @property
    def status(self) -> int:
        """The exit code."""
        return EXIT_MISSED if self.failures else EXIT_DONE


def to_4_digits(row: Any) -> dict[str, Any]:
    """Numbers of a driver, as proof.json holds them."""
    return {key: round(value, 4) if isinstance(value, float) else value for key, value in asdict(row).items()}


@dataclass(frozen=True)
class Proof(Outcome):
    """Feeds that came out of a target, and what is wrong with them.

    Attributes
    ----------
    target : str, whose export it was
    ran : str, what played it, in words
    feeds : (N, drivers) array, as they came out, under the stimulus
    numbers : tuple of DriverNumbers
    ears : dict, channel -> what changed at the points; empty without a scene
    gains : dict, channel -> its gain over the band
    recording : Recording or None, of what was recorded

    """

    filters: FilterSet
    target: str
    ran: str
    stimulus: Stimulus
    feeds: Real
    errors: Errors
    diagnosis: Diagnosis
    numbers: tuple[DriverNumbers, ...]
    ears: dict[str, dict[str, float]]
    gains: dict[str, GainCurves] = field(default_factory=dict)
    recording: Recording | None = None
    notes: tuple[str, ...] = ()
    command: str = ""

    def __repr__(self) -> str:
        """One line: the target, and the verdict."""
        return f"<Proof of {self.target}: {self.verdict}>"

    @property
    def failures(self) -> tuple[str, ...]:
        """Sentences on everything that is wrong: the faults, or, where none is named, the floors that are not held."""
        if self.diagnosis.faults:
            return tuple(fault.words for fault in self.diagnosis.faults)
        return (*(words for row in self.numbers for words in row.failures), *ear_failures(self.ears))

    @property
    def verdict(self) -> str:
        """The outcome in a sentence."""
        if self.failures:
            return "; ".join(self.failures)
        worst = max(fit.residual_db for fit in self.diagnosis.designed_fits)
        if worst <= FLOOR_DB:
            return "no fault: the design's filters explain every driver's feed without a residual"
        return f"no fault: the residual to the design's filters is {worst:z.1f} dB or less at every driver"

    @property
    def summary(self) -> dict[str, Any]:
        """Content of proof.json."""
        recorder = None
        if self.recording is not None:
            recorder = {
                "gain_db": round(20 * float(np.log10(self.diagnosis.gain)), 4),
                "latency_samples": round(self.recording.late + self.diagnosis.delay, 4),
                "clock_hz": self.recording.clock_hz,
            }
        return {
            "target": self.target,
            "ran": self.ran,
            "command": self.command,
            "passed": not self.failures,
            "verdict": self.verdict,
            "faults": [asdict(fault) for fault in self.diagnosis.faults],
            "recorder": recorder,
            "drivers": [
                to_4_digits(row) | {"residual_db": round(fit.residual_db, 2), "accepted_db": round(accepted_db, 2)}
                for row, fit, accepted_db in zip(
                    self.numbers, self.diagnosis.designed_fits, self.diagnosis.accepted_db, strict=True
                )
            ],
            "channels": self.ears,
            "bounds": {
                "accepted_db": ACCEPTED_DB,
                "margin_db": MARGIN_DB,
                "level_db": LEVEL_DB,
                "delay_samples": DELAY,
                **FLOORS,
            },
            "stimulus": {
                "samples": len(self.stimulus.samples),
                "sample_rate_hz": self.stimulus.sample_rate_hz,
                "lead_samples": LEAD,
                "sweep_samples": self.stimulus.sweep,
                "part_samples": self.stimulus.part,
            },
            "notes": list(self.notes),
            "problem": self.filters.problem_file,
            "problem_sha256": self.filters.problem_sha256,
            "versions": self.filters.versions,
        }


def proof_of(
    feeds: Real,
    filters: FilterSet,
    stimulus: Stimulus,
    *,
    target: str,
    ran: str,
    recording: Recording | None = None,
    gains: Callable[[dict[str, Real]], dict[str, GainCurves]] | None = None,
    notes: tuple[str, ...] = (),
    command: str = "",
) -> Proof:
    """The proof of feeds (N, drivers) that lie under the stimulus; with `gains` also the gain over each channel's band."""
    is_recorded = recording is not None
    clock_hz = None if recording is None else recording.clock_hz
    diagnosis = diagnose(feeds, filters, stimulus, is_recorded=is_recorded, clock_hz=clock_hz)
    deconvolution = Deconvolution(stimulus)
    errors = errors_of(feeds, filters, deconvolution, diagnosis, is_recorded=is_recorded)
    played = played_responses(errors.feeds, filters, deconvolution)
    return Proof(
        filters=filters,
        target=target,
        ran=ran,
        stimulus=stimulus,
        feeds=feeds,
        errors=errors,
        diagnosis=diagnosis,
        numbers=numbers_of(errors, filters, stimulus, diagnosis),
        ears=filters.judge(played) if filters.judge else {},
        gains=gains(played) if gains else {},
        recording=recording,
        notes=notes,
        command=command,
    )
