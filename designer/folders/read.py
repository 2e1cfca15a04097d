"""From a design folder to what a `Design` is made of."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from designer.acoustics.scene_of_problem import fine_frequencies_hz
from designer.arrays import Real
from designer.errors import ProblemError
from designer.evaluation.channel import Verdict
from designer.folders.room import DRIVERS, read_ears
from designer.folders.stored import StoredChannel, StoredForm, StoredSummary
from designer.folders.summary import REMEDY, SUMMARY, misfitting, read_stored, refusal
from designer.folders.tables import read_sections, read_taps, read_weights
from designer.formulations import Certificate
from designer.problem import loads
from designer.problem.messages import shown
from designer.problem.schema import DesignTable, Problem
from designer.requirements.plain import Plain, crossover_of
from designer.result import Channel
from designer.writing import MANIFEST, is_as_written, read_manifest

READ_FILES = (SUMMARY, "coefficients.csv", "weights.csv", "sections.csv", f"room/{DRIVERS}.wav")
"""Files of a design folder that a design is made of."""


def read(folder: Path) -> dict[str, Any]:
    """Parts of a `Design`, read from its folder.

    Raises
    ------
    DataError : the folder is not a design folder, or a file of it is missing, broken, or not as it was written

    """
    summary = read_stored(folder)
    _check_hashes(folder)
    problem = _problem(folder, summary)
    for misfit in summary.misfits(problem):
        raise misfitting(folder / SUMMARY, misfit)
    drivers, form, chain = problem.driver_names, summary.realization, summary.virtualizer
    frequency_hz = fine_frequencies_hz(problem)
    channels = {
        table.name: _channel(table, problem, summary.channels[table.name])
        for table in problem.designs
        if table.name in summary.channels
    }
    lengths = {**dict.fromkeys(channels, form.taps), **({} if chain is None else chain.taps)}
    taps = read_taps(folder / "coefficients.csv", drivers, lengths)
    _check_words(folder / "coefficients.csv", problem, form, taps)
    return {
        "problem": problem,
        "frequency_hz": frequency_hz[::2],
        "drivers": drivers,
        "weights": read_weights(folder / "weights.csv", drivers, list(channels), frequency_hz[::2]),
        "taps": taps,
        "bulk_delay_samples": summary.bulk_delay_samples,
        "references": form.references,
        "realisation_warnings": form.warnings,
        "sections": read_sections(folder / "sections.csv", drivers, form.sections, taps),
        "shifts": form.shifts,
        "finer_bits": form.finer_bits,
        "refinements": form.refinements,
        "choice": form.choice,
        "study_source": lambda curves: form.study,
        "promises_source": lambda: form.promises_db,
        "channels": channels,
        "imported_from": summary.imported_from,
        "failures": summary.failures,
        "remedies": summary.remedies,
        "room_ears_source": (
            None if problem.room is None else lambda: read_ears(folder / "room", drivers, problem.sample_rate_hz)
        ),
    }


def read_problem(folder: Path) -> Problem:
    """The problem of a design folder; errors as `read`."""
    return _problem(folder, read_stored(folder))


def _problem(folder: Path, summary: StoredSummary) -> Problem:
    try:
        return loads(summary.problem, folder=folder, files=summary.data, source=summary.source, changes=summary.changes)
    except ProblemError as error:
        raise refusal(folder / SUMMARY, f"problem: {error}", "a problem that this version reads") from None


def _check_hashes(folder: Path) -> None:
    """Refuse files that were changed since they were written, where the manifest that tells is there."""
    manifest = read_manifest(folder)
    if manifest is None:
        return
    for name in READ_FILES:
        path, hashes = folder / name, manifest.files.get(name)
        if hashes is not None and path.is_file() and not is_as_written(path, hashes):
            raise refusal(
                path,
                "another SHA-256 than when it was written",
                f"{hashes[-1][:12]}..., as {MANIFEST} has it",
                f"{REMEDY}, or judge edited coefficients by `designer import-coefficients`",
            )


def _check_words(path: Path, problem: Problem, form: StoredForm, taps: Mapping[str, Real]) -> None:
    """Refuse taps that are no integers of the word, at the scales that the summary has."""
    word = problem.realization.fixed_point
    if word is None:
        return
    for name, shift in form.shifts.items():
        finer = np.array(form.finer_bits.get(name, [0] * len(taps[name])))
        q = taps[name] * 2.0 ** (word.fraction_bits - shift + finer)[:, None]
        if (q != np.rint(q)).any() or (np.abs(q) > 2.0 ** (word.bits - 1)).any():
            raise refusal(
                path,
                f"taps of {shown(name)} that are no integers of the word {shown(problem.realization.word)}",
                f"q 2^(s - fraction bits), s = {shift} as summary.json has it",
            )


def _channel(table: DesignTable, problem: Problem, saved: StoredChannel) -> Channel:
    plain, certificate = saved.plain, saved.certificate
    numbers = {key: np.array(getattr(certificate, key), dtype=float) for key in ("violation", "value", "bound", "gap")}
    return Channel(
        table=table,
        method=saved.method,
        plain=Plain(plain.drivers, plain.delay_s, plain.gain, plain.way, crossover_of(table, problem)),
        plain_names=plain.names,
        frequency_hz=np.array(certificate.frequency_hz),
        slacks_db={requirement: np.array(slack) for requirement, slack in saved.slacks_db.items()},
        certificate=Certificate(**numbers, by_reference=np.array(certificate.by_reference, dtype=bool)),
        feasible=saved.feasible,
        verdict=Verdict(saved.sentence, saved.shortfalls),
        weights_costs_db=saved.weights_costs_db,
    )
