"""From a design folder to what a `Design` is made of."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from designer import room_files
from designer.arrays import Real
from designer.errors import ProblemError
from designer.evaluation.words import Verdict
from designer.formulations import Certificate
from designer.problem import loads
from designer.problem.messages import shown
from designer.problem.schema import DesignTable, Problem
from designer.result import Channel, fine_frequencies_hz
from designer.saved.summary import REMEDY, SavedChannel, Summary, read_summary, refusal
from designer.saved.tables import SAME_FREQUENCY, read_sections, read_taps, read_weights
from designer.stereo.virtualisation import VIRTUAL
from designer.targets.channel_target import driver_index
from designer.targets.curves import in_band
from designer.targets.plain import Plain
from designer.writing import MANIFEST, is_as_written, read_manifest

READ_FILES = ("summary.json", "coefficients.csv", "weights.csv", "sections.csv", f"room/{room_files.DRIVERS}.wav")
"""Files of a design folder that a design is made of."""


def read(folder: Path) -> dict[str, Any]:
    """What a `Design` is made of, from its folder.

    Raises
    ------
    DataError : the folder is not a design folder, or a file of it is missing, broken, or not as it was written

    """
    summary = read_summary(folder)
    _check_hashes(folder)
    path = folder / "summary.json"
    problem = _problem(path, summary)
    drivers = problem.driver_names
    frequency_hz = fine_frequencies_hz(problem)
    channels = {
        table.name: _channel(path, table, summary.channels[table.name], drivers, frequency_hz)
        for table in problem.designs
        if table.name in summary.channels
    }
    chain = {} if summary.virtualizer is None else summary.virtualizer.taps
    lengths = {**dict.fromkeys(channels, summary.realization.taps), **chain}
    taps = read_taps(folder / "coefficients.csv", drivers, lengths)
    longest = max(lengths.values())
    if not summary.imported_from and summary.bulk_delay_samples >= longest:
        raise refusal(path, f"bulk_delay_samples = {summary.bulk_delay_samples}", f"less than the {longest} taps")
    form = summary.realization
    _check_names(path, "realization.references", form.references, lengths, drivers)
    _check_words(path, summary, problem, taps)
    weights = read_weights(folder / "weights.csv", drivers, list(channels), frequency_hz[::2])
    room = problem.room is not None
    if (summary.room is not None) != room:
        raise refusal(path, f"{'no ' if room else 'a '}room", f"{'one' if room else 'none'}, as the problem has it")
    return {
        "problem": problem,
        "frequency_hz": frequency_hz[::2],
        "drivers": drivers,
        "weights": weights,
        "taps": taps,
        "bulk_delay_samples": summary.bulk_delay_samples,
        "references": form.references,
        "realisation_warnings": tuple(form.warnings),
        "sections": read_sections(folder / "sections.csv", drivers, form.sections, taps),
        "shifts": form.shifts,
        "finer_bits": form.finer_bits,
        "study_source": lambda: form.study,
        "channels": channels,
        "imported_from": summary.imported_from,
        "failures": summary.failures,
        "room_ears_source": (
            (lambda: room_files.read_ears(folder / "room", drivers, problem.sample_rate_hz)) if room else None
        ),
    }


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


def _problem(path: Path, summary: Summary) -> Problem:
    """The problem, with which the summary agrees about names, form and data."""
    try:
        problem = loads(summary.problem, folder=path.parent, source=summary.source, files=summary.data)
    except ProblemError as error:
        raise refusal(path, f"problem: {error}", "a problem that this version reads") from None
    designed = not summary.imported_from
    form, sections = problem.realization, summary.realization.sections
    chain = [] if summary.virtualizer is None else list(summary.virtualizer.taps)
    own = [table.name for table in problem.designs]
    if chain and not designed:  # a chain that was read without the sides that it was made of
        own = [name for name in own if name not in VIRTUAL or name in summary.channels]
    agree = {
        "title": (summary.title, problem.title),
        "drivers": (tuple(summary.drivers), problem.driver_names),
        "channels": (list(summary.channels), own),
        "data": (set(summary.data), set(problem.data_files)),
        "realization.form": (summary.realization.form, form.form),
        "realization.word": (summary.realization.word, form.word),
        "realization.study": (
            set(summary.realization.study),
            set(own if designed and summary.realization.study else ()),
        ),
    }
    if problem.virtualizer is None:
        agree["virtualizer"] = (chain, [])
    elif designed:
        agree["virtualizer.taps"] = (chain, list(VIRTUAL.values()))
    if designed and form.form == "biquad":
        agree["realization.sections"] = ({n: set(each) for n, each in sections.items()}, _cascades(problem, chain))
    elif designed:
        agree["realization.sections"] = (sections, {})
    for key, (found, expected) in agree.items():
        if found != expected:
            raise refusal(path, f"{key} = {_listed(found)}", f"{_listed(expected)}, as the problem has it")
    foreign = [name for name in sections if name not in (*own, *chain)]
    if foreign:
        raise refusal(path, f"realization.sections.{foreign[0]}", f"channels: {_listed([*own, *chain])}")
    return problem


def _cascades(problem: Problem, chain: list[str]) -> dict[str, set[str]]:
    """Channel -> the drivers that have a cascade: the design's own; of the stereo chain, those of both sides."""
    names = problem.driver_names
    own = {table.name: {names[l] for l in driver_index(table, names)} for table in problem.designs}
    both = set().union(*(own[side] for side in VIRTUAL if side in own))
    return {**own, **dict.fromkeys(chain, both)}


def _listed(value: object) -> str:
    if isinstance(value, dict):
        value = [f"{name}: {_listed(each)}" for name, each in value.items()]
    if isinstance(value, set):
        value = sorted(value)
    return ", ".join(map(str, value)) or "none" if isinstance(value, list | tuple) else shown(value)


def _check_names(
    path: Path, where: str, references: Mapping[str, str], channels: Mapping[str, int], drivers: tuple[str, ...]
) -> None:
    for name, driver in references.items():
        if name not in channels or driver not in drivers:
            raise refusal(path, f"{where}.{name} = {shown(driver)}", "a driver of one of the channels")


def _check_words(path: Path, summary: Summary, problem: Problem, taps: Mapping[str, Real]) -> None:
    """Taps that are integers of the word, at the scales that the summary has."""
    form, word = summary.realization, problem.realization.fixed_point
    integers = word is not None and not summary.imported_from and form.form != "biquad"
    of_drivers = integers and problem.realization.word_scale == "driver"
    for key, found, asked in (
        ("shifts", set(form.shifts), integers),
        ("finer_bits", set(form.finer_bits), of_drivers),
    ):
        expected = set(taps) if asked else set()
        if found != expected:
            raise refusal(path, f"realization.{key} = {_listed(found)}", f"{_listed(expected)}, as the word asks for")
    if word is None or not integers:
        return
    for name, values in taps.items():
        finer = np.array(form.finer_bits.get(name, [0] * len(values)))
        if finer.size != len(values):
            raise refusal(
                path, f"{finer.size} numbers in realization.finer_bits.{name}", f"{len(values)}, one a driver"
            )
        q = values * 2.0 ** (word.fraction_bits - form.shifts[name] + finer)[:, None]
        if (q != np.rint(q)).any() or (np.abs(q) > 2.0 ** (word.bits - 1)).any():
            raise refusal(
                path.with_name("coefficients.csv"),
                f"taps of {shown(name)} that are no integers of the word {shown(form.word)}",
                f"q 2^(s - fraction bits), s = {form.shifts[name]} as summary.json has it",
            )


def _channel(path: Path, table: DesignTable, saved: SavedChannel, drivers: tuple[str, ...], fine_hz: Real) -> Channel:
    where = f"channels.{table.name}"
    certificate, plain = saved.certificate, saved.plain
    frequency_hz = np.array(certificate.frequency_hz)
    expected_hz = fine_hz[in_band(fine_hz, table.band_hz)]
    if saved.kind != table.kind:
        raise refusal(path, f"{where}.kind = {shown(saved.kind)}", f"{shown(table.kind)}, as the problem has it")
    if frequency_hz.shape != expected_hz.shape or not np.allclose(frequency_hz, expected_hz, rtol=SAME_FREQUENCY):
        found = f"{frequency_hz.size} frequencies in {where}.certificate"
        raise refusal(path, found, f"the {expected_hz.size} of the design's in its band")
    columns = {key: getattr(certificate, key) for key in ("violation", "value", "bound", "gap")}
    lists = {f"certificate.{key}": values for key, values in columns.items()}
    lists |= {"certificate.by_reference": certificate.by_reference}
    lists |= {f"slacks_db.{wish}": slack for wish, slack in saved.slacks_db.items()}
    for key, values in lists.items():
        if len(values) != frequency_hz.size:
            raise refusal(path, f"{len(values)} numbers in {where}.{key}", f"{frequency_hz.size}, one a frequency")
    own = [drivers[l] for l in driver_index(table, drivers)]
    counts = {len(plain.names), len(plain.drivers), len(plain.delay_s)}
    if len(counts) > 1 or plain.names != [own[l] for l in plain.drivers if l < len(own)]:
        raise refusal(path, f"{where}.plain of {shown(plain.names)}", f"drivers of {', '.join(map(shown, own))}")
    try:
        numbers = {key: np.array(values, dtype=float) for key, values in columns.items()}
    except OverflowError:  # a whole number beyond all floats
        raise refusal(path, f"{where}.certificate with a number beyond all floats", "numbers") from None
    return Channel(
        table=table,
        method=saved.method,
        plain=Plain(tuple(plain.drivers), tuple(plain.delay_s)),
        plain_names=tuple(plain.names),
        frequency_hz=frequency_hz,
        slacks_db={wish: np.array(slack) for wish, slack in saved.slacks_db.items()},
        certificate=Certificate(**numbers, by_reference=np.array(certificate.by_reference, dtype=bool)),
        feasible=saved.feasible,
        verdict=Verdict(saved.sentence, tuple(saved.shortfalls)),
    )
