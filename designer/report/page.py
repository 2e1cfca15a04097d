"""The design page: one self-contained HTML file, what decides on top, each channel's figures below it, tables folded at the end."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import ceil
from pathlib import PurePath
from typing import Any

import numpy as np
from markupsafe import Markup

from designer import measures
from designer.arrays import Real
from designer.evaluation.outcomes import REQUIRED, Outcome
from designer.evaluation.words import BEAM_PLACES, requirement_words
from designer.export import Export
from designer.export.latency import path_samples
from designer.metrics import BY_NAME, NUMBERS, shown_on
from designer.problem.schema import DesignTable
from designer.realization.choice import Choice
from designer.realization.words import is_pure_delay, output_bound
from designer.report import figures, script
from designer.report.body_view import body_block
from designer.report.listener import listener_section
from designer.report.mirrors import mirrors
from designer.report.page_data import block
from designer.report.room import room_section
from designer.result import Result
from designer.stereo.placed_source import chain_outcome

REPORTED_DB = 0.05
"""An output that passes full scale by less is not told: tables show a tenth."""
MOST_NAMED = 4
"""Loud drivers of a channel that are told by name."""
FEW_WARNINGS = 3
"""Warnings that stand open."""
WIDE = ("map",)
"""Kinds of figures that take the page's width."""
KEYS = ("gain", "isolation")
"""Kinds of the figures on top."""
TILES = {
    "mean_cancellation_gain_db": "Mean gain",
    "least_worst_cancellation_gain_db": "Least gain, any one point",
    "moved_head_5th_percentile_db": "5th percentile, moved heads",
    "tolerance_5th_percentile_db": "5th percentile, product line",
    "largest_effort_db": "Effort",
}
"""Metrics whose numbers stand on top, and their labels."""
TILES_OF_SEVERAL = {
    "mean_isolation_db": "Isolation, free field",
    "moved_isolation_5th_percentile_db": "Isolation, 5th percentile, moved heads",
    "mean_inter_programme_isolation_db": "Isolation between programmes",
}
"""Those behind the gains, where channels are dark for other listeners."""
LEFT_OUT = "Mean gain of filters for the others"
PER_HEAD = [metric for metric in NUMBERS if "head" in metric.on]


def number_rows(numbers: Sequence[Mapping[str, float]]) -> list[tuple[str, list[str]]]:
    """The table of numbers: a metric's label, and its cell for each channel."""
    return [
        (metric.label, [metric.text(values[metric.name]) if metric.name in values else "–" for values in numbers])
        for metric in shown_on("page")
        if any(metric.name in values for values in numbers)
    ]


def outcome_rows(table: DesignTable, outcomes: Sequence[Outcome]) -> list[list[str]]:
    """The table of outcomes: requirement, where it is judged, and met, or missed by how much and in which part of the band."""
    rows = []
    for outcome in outcomes:
        words = requirement_words(table, outcome.requirement)
        place = BEAM_PLACES.get(outcome.place, outcome.place) if table.is_beam else outcome.place
        place = "as asked" if outcome.place == REQUIRED else f"at the {place}"
        rows.append([words, place, "met" if outcome.is_met else f"missed {outcome.by()}"])
    return rows


def head_rows(result: Result) -> list[tuple[str, str, list[str]]]:
    """Channel, head, and its numbers in the order of PER_HEAD, and of filters for the others; none where there is one head."""
    return [
        (name, head, [*(metric.text(numbers[metric.name]) for metric in PER_HEAD), *_left_out(result, name, head)])
        for name, heads in result.heads.items()
        for head, numbers in heads.items()
        if len(heads) > 1
    ]


def _left_out(result: Result, name: str, head: str) -> list[str]:
    """Mean gain of filters that were designed without a head, at this head; nothing without a population."""
    return [f"{result.population[name].without_it_db[head]:.1f} dB"] if name in result.population else []


def form_rows(result: Result) -> list[tuple[str, list[str]]]:
    """The realisation table: a row's words, and its cell for each channel."""
    table = result.problem.realization
    studies = [result.study[name] for name in result.channels if name in result.study]
    if not studies:
        return []
    word = f", {table.word}" if table.word else ", floating point"
    rows = [
        ("Form", [table.form + word] * len(studies)),
        ("Memory in words", [f"{study.words:,}" for study in studies]),
        ("Multiply-adds a sample", [f"{study.multiply_adds:,}" for study in studies]),
        ("Bulk delay in samples", [str(result.bulk_delay_samples)] * len(studies)),
    ]
    if result.shifts:
        shifts = []
        for name, shift in result.shifts.items():
            used = zip(result.finer_bits.get(name) or (), result.drivers, result.taps[name], strict=False)
            driver_shifts = [f"{driver} {shift - bits}" for bits, driver, taps in used if taps.any()]
            shifts.append(", ".join(driver_shifts) or f"{shift}")
        rows.append(("Left shift of the sums in bits", shifts))
    for where, stages_of_all in (
        ("", [study.stages for study in studies]),
        (", head displaced", [study.moved for study in studies]),
    ):
        for stage in studies[0].stages:
            gains_of_all = [stages.get(stage) for stages in stages_of_all]  # a beam has no head to shift
            if any(gains_of_all):
                form = "{0.median_db:z.1f} / {0.fifth_percentile_db:z.1f} / {0.worst_db:z.1f} dB"
                cells = [form.format(gains) if gains else "–" for gains in gains_of_all]
                rows.append((f"Gain {stage}{where}: median / 5th percentile / worst", cells))
    return rows


def choice_rows(choice: Choice) -> list[tuple[bool, str, list[str], str]]:
    """The table of the forms that were judged, the cheapest first: whether chosen, form, cost and losses, and what came of it."""
    rows = []
    for row in sorted(choice.candidates, key=lambda candidate: candidate.order):
        is_chosen = row is choice.winner
        cells = [f"{row.multiply_adds_per_s / 1e6:,.2f} M", f"{row.bytes:,}", f"{row.latency_ms:.2f} ms"]
        cells += [f"{row.loss_db:z.2f} dB", f"{row.level_change_db:z.2f} dB"]
        outcome = f"beyond {', '.join(row.beyond)}" if row.beyond else "kept" if row.keeps else "loses too much"
        if row.chain_angle_error_deg is not None:
            outcome += f"; the chain's angle off by {abs(row.chain_angle_error_deg):.1f} degrees"
        rows.append((is_chosen, row.text, cells, f"chosen; {outcome}" if is_chosen else outcome))
    return rows


def rounding_words(result: Result) -> str:
    """Cost of the word, in a sentence; nothing where there is none."""
    parts = []
    for name in result.channels:
        stages = result.study[name].stages if name in result.study else {}
        if "quantised" in stages:
            lost = stages["realised"].fifth_percentile_db - stages["quantised"].fifth_percentile_db
            parts.append(f"{name} {'nothing' if lost < 0.05 else f'{lost:z.2f} dB'}")
    if not parts:
        return ""
    return f"Rounding to {result.problem.realization.word} lowers the 5th percentile by: {', '.join(parts)}."


def headroom_words(result: Result) -> str:
    """Which drivers' outputs full-scale input can drive beyond full scale, and by how much; nothing without a word."""
    if result.problem.realization.word is None:
        return ""
    inside = " No node between sections can." if result.sections else ""
    loud, most = [], 0.0
    for name, taps in result.taps.items():
        over = measures.amplitude_db(output_bound(taps))
        beyond = [l for l in np.argsort(-over, kind="stable") if over[l] >= REPORTED_DB]
        most = max(most, float(over.max()))
        if beyond:
            named = ", ".join(f"{result.drivers[l]} by {over[l]:z.1f} dB" for l in beyond[:MOST_NAMED])
            more = f" and {len(beyond) - MOST_NAMED} more by less" if len(beyond) > MOST_NAMED else ""
            loud.append(f"{name}: {named}{more}")
    if not loud:
        return f"No input within full scale drives an output beyond it.{inside}"
    return (
        f"Input within full scale can drive these outputs beyond it: {'; '.join(loud)}.{inside} An input {most:z.1f} dB lower,"
        f" or {ceil(most / (20 * np.log10(2)))} more bits before the binary point of the output, prevents this."
    )


def form_words(result: Result) -> str:
    """The form of the filters, and in the RTF form the reference driver of each channel."""
    table = result.problem.realization
    if result.imported_from:
        length = next(iter(result.taps.values())).shape[1]
        return f"Filters of {length} taps, read from {PurePath(result.imported_from).name} and not designed,"
    if table.form == "biquad":
        return f"Cascades of {table.sections} second-order sections a driver"
    filters = "FIR filters"
    if table.form == "rtf":
        references = ", ".join(f"{reference} for {channel}" for channel, reference in result.references.items())
        common = table.equaliser_taps
        equalised = f", times a common equaliser of {common} taps," if common else ""
        filters = f"Ratios to a reference driver ({references}){equalised} as FIR filters"
    return f"{filters} of {table.taps} taps"


def export_rows(exports: Mapping[str, Export], refusals: Mapping[str, str]) -> list[tuple[str, list[str], str]]:
    """The table of exports: a target, its cost and its loss at the ears, scaling and notes; or why it is not there."""
    rows = []
    for name, export in exports.items():
        facts = export.facts
        counts = (facts["multiply_adds_per_s"], facts["flash_bytes"], facts["ram_bytes"], export.state_bytes)
        cells = [
            *(f"{count:,}" for count in counts),
            f"{facts['latency_ms']:.2f} ms",
            f"{facts['headroom_db']:z.1f} dB",
        ]
        cells.append(f"{facts['worst_output']:.2f}")
        cells += [f"{facts[key]:z.3f}" if key in facts else "–" for key in ("loss_db", "level_change_db")]
        cells.append(f"{facts['time_change_us']:z.2f}" if "time_change_us" in facts else "–")
        rows.append((name, cells, "; ".join([export.scaling, *_as_run(export), *export.notes])))
    return rows + [(name, ["–"] * 10, f"not written: {text}") for name, text in refusals.items()]


def _as_run(export: Export) -> Iterator[str]:
    """The inputs' room for steady tones, and each channel's noise, DC, limit cycle and gain when run in its own arithmetic."""
    if "headroom_db" in export.facts:
        yield f"headroom {export.facts['tones_headroom_db']:z.1f} dB for steady tones; no preamp is applied"
    for name, entry in export.facts.get("arithmetic", {}).items():
        channels = entry["channels"].items()
        noise = ", ".join(f"{channel} {n['signal_to_noise_db']:.0f}" for channel, n in channels)
        dc, cycle = (max(n[key] for _, n in channels) for key in ("dc_db", "limit_cycle_db"))
        yield (
            f"run in its own arithmetic ({name}): signal to noise in dB: {noise}; DC {dc:z.0f} dB and limit cycles"
            f" {cycle:z.0f} dB of full scale at most"
        )
        gains = ", ".join(
            f"{channel} {n['exported_mean_db']:z.2f} of {n['designed_mean_db']:z.2f} dB"
            for channel, n in channels
            if "exported_mean_db" in n
        )
        if gains:
            yield f"mean cancellation gain as run, of that designed: {gains}"


def tile_labels(result: Result) -> dict[str, str]:
    """Metrics on top and their labels, isolation only where any channel has it."""
    known = set().union(*(scalars.values for scalars in result.scalars.values()))
    return TILES | {name: label for name, label in TILES_OF_SEVERAL.items() if name in known}


def tiles(result: Result, name: str, sides: Sequence[Mapping[str, float]]) -> list[str]:
    """A channel's numbers that stand on top: those of TILES, latency, and cost.

    Parameters
    ----------
    sides : sequence of mapping of str to float, numbers of the channel and of its mirror images; the worse is shown

    """
    rate = result.problem.sample_rate_hz
    cells = []
    for metric in map(BY_NAME.__getitem__, tile_labels(result)):
        values = [numbers[metric.name] for numbers in sides if metric.name in numbers]
        cells.append(metric.text(min(values, key=lambda value: value * metric.better)) if values else "–")
    cells.append(f"{path_samples(result) / rate * 1e3:.2f} ms")
    products = multiply_adds(result, name)
    cells.append("–" if products is None else f"{products * rate / 1e6:.1f} M")
    return cells


def multiply_adds(result: Result, name: str) -> int | None:
    """Products a sample of a channel's filters; None where the study of its form was left out."""
    if not result.imported_from:
        return result.study[name].multiply_adds if name in result.study else None
    cascades = result.sections.get(name, {})
    return sum(
        5 * len(cascades[driver].b) if driver in cascades else _products(taps)
        for driver, taps in zip(result.drivers, result.taps[name], strict=True)
    )


def _products(taps: Real) -> int:
    """Products a sample of taps (T,) between the zeros at both ends; of a pure delay none."""
    used = np.flatnonzero(taps)
    return 0 if used.size == 0 or is_pure_delay(taps[None])[0] else int(used[-1] - used[0] + 1)


def outcome_words(outcomes: Sequence[Outcome]) -> str:
    """How many requirements are met, for the line that the table folds into: as the file asks, and over places, product line and heads."""
    required = [outcome.is_met for outcome in outcomes if outcome.place == REQUIRED]
    beyond = [outcome.is_met for outcome in outcomes if outcome.place != REQUIRED]
    others = f"; at the worst place and the percentiles {sum(beyond)} of {len(beyond)}" if beyond else ""
    return f"Requirements: {sum(required)} of {len(required)} met as asked{others}"


def misses_any(outcomes: Sequence[Outcome]) -> bool:
    """Whether filters miss anything that the file asks for, to 0.1 dB."""
    return not all(outcome.is_met for outcome in outcomes if outcome.place == REQUIRED)


@dataclass(frozen=True)
class Shown:
    """A figure of the page: its name and its caption."""

    name: str
    message: str


def render(
    result: Result,
    report: dict[str, Any],
    exports: Mapping[str, Export],
    refusals: Mapping[str, str],
    *,
    overlays: Sequence[dict[str, Any]] = (),
    folder: str = "OUT",
) -> str:
    """The page as HTML.

    Parameters
    ----------
    report : dict of str to object, the content of `summary.json`
    exports : mapping of str to Export, target -> what was written for it
    refusals : mapping of str to str, target -> why it was not written
    overlays : sequence of dict of str to object, what lies over the figures from the first, as `page_data.overlay` reads it
    folder : str, the design folder in commands

    Raises
    ------
    DataError : the package `plotly` is not installed

    """
    drawn = figures.pictures(result)
    shown = {name: Shown(name, picture.says()) for name, picture in drawn.items()}
    of_channels = {name: picture.subject[1] for name, picture in drawn.items() if picture.declared.of == "channel"}
    twins = mirrors(result)
    channels, key_figures = [], []
    for name, channel in result.channels.items():
        mirrored = [other for other, its in twins.items() if its.name == name]
        sides = [report["channels"][side]["numbers"] for side in (name, *mirrored)]
        kinds = {drawn[figure].declared.kind: shown[figure] for figure, of in of_channels.items() if of == name}
        twin = twins.get(name)
        if twin is None:
            key_figures += [kinds.pop(kind) for kind in KEYS if kind in kinds]
        channels.append(
            {
                "name": name,
                "figures": kinds,
                **report["channels"][name],
                "missed": any(misses_any(result.outcomes[side]) for side in (name, *mirrored)),
                "outcome_words": outcome_words(result.outcomes[name]),
                "outcome_rows": outcome_rows(channel.table, result.outcomes[name]),
                "tiles": tiles(result, name, sides),
                "twin": twin.name if twin else "",
                "apart": f"less than {ceil(100 * twin.apart_db + 1e-6) / 100:z.2f} dB" if twin else "",
                "mirrored": mirrored,
                "verdict": result.sentence(name, *mirrored),
                "sentence": result.sentence(name),
            }
        )
    tables = {figure: result.channels[name].table for figure, name in of_channels.items()}
    data = block(
        report["title"],
        {name: picture.build() for name, picture in drawn.items() if name != figures.BODY.kind},
        channels=of_channels,
        looks={figure: table.look_deg for figure, table in tables.items() if table.is_beam},
        overlays=list(overlays),
    )
    return script.page(
        "design.html",
        report["title"],
        report=report,
        data=data,
        rows=number_rows([channel["numbers"] for channel in channels]),
        head_rows=head_rows(result),
        by_passes=[name for name, channel in result.channels.items() if channel.table.hold != "mean"],
        head_columns=[*(metric.label for metric in PER_HEAD), *([LEFT_OUT] if result.population else [])],
        chain=chain_outcome(result),
        key_figures=[*key_figures, shown["layout"]],
        few_warnings=FEW_WARNINGS,
        wide=WIDE,
        zones=any(channel.table.bright is not None for channel in result.channels.values()),
        tile_labels=[*tile_labels(result).values(), "Latency", "Multiply-adds a second, this channel"],
        room=room_section(result),
        room_plan=shown.get("room-plan"),
        body=Markup(body_block(result.problem)),
        body_words=shown[figures.BODY.kind].message if figures.BODY.kind in shown else "",
        channels=channels,
        listener=listener_section(result),
        listener_figures=[shown[name] for name in shown if drawn[name].declared.of in ("head", "upmix")],
        form=form_words(result),
        form_rows=form_rows(result),
        choice=result.choice,
        choice_rows=choice_rows(result.choice) if result.choice else [],
        study_command=""
        if any(study.curves for study in result.study.values())
        else shlex.join(["designer", "study", folder]),
        rounding=rounding_words(result),
        export_rows=export_rows(exports, refusals),
        headroom=headroom_words(result),
        delay_ms=result.bulk_delay_samples / result.problem.sample_rate_hz * 1e3,
    )
