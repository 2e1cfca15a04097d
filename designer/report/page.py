"""The design page: one self-contained HTML file, the outcome on top, the figures below it, and what regenerates it at the end."""

from __future__ import annotations

from collections.abc import Mapping
from math import ceil
from pathlib import PurePath
from typing import Any

import numpy as np
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from designer import measures
from designer.export import Export
from designer.realization.words import output_bound
from designer.report.channel_figures import CHANNEL_FIGURES
from designer.report.figures import file_stems
from designer.report.listener_figures import listener_figures
from designer.report.listener_section import listener_section
from designer.report.room_section import room_section
from designer.report.schemes import css, in_page
from designer.result import Result

SAID_DB = 0.05
"""An output that passes full scale by less is not told: tables show a tenth."""
BIT_DB = 20 * np.log10(2)
MOST_NAMED = 4
"""Loud drivers of a channel that are told by name."""

ROWS = (  # the number's name, its words, its unit
    ("least_margin_to_target_db", "Least margin to the target curve", "dB"),
    ("least_region_power_ratio_db", "Least power ratio between regions of the sphere", "dB"),
    ("largest_region_order_error_db", "What the order of harmonics leaves out of it, at most", "dB"),
    ("mean_cancellation_gain_db", "Mean cancellation gain", "dB"),
    ("least_cancellation_gain_db", "Least cancellation gain", "dB"),
    ("least_worst_cancellation_gain_db", "Least gain at any one point", "dB"),
    ("moved_head_median_db", "Head moved: median gain", "dB"),
    ("moved_head_5th_percentile_db", "Head moved: 5th percentile", "dB"),
    ("largest_effort_db", "Largest effort", "dB"),
    ("largest_driver_gain_db", "Largest gain of a driver", "dB"),
    ("least_white_noise_gain_db", "Least white-noise gain", "dB"),
    ("largest_tone_deviation_db", "Largest deviation of tone, 100 Hz to 16 kHz", "dB"),
    ("tolerance_median_db", "Tolerances: median of the mean gain", "dB"),
    ("tolerance_5th_percentile_db", "Tolerances: 5th percentile of the mean gain", "dB"),
    ("listening_zone_m2", "Listening zone, where the mean gain is within 3 dB of the target", "m²"),
)


HEAD_COLUMNS = (
    ("mean_cancellation_gain_db", "Mean gain"),
    ("least_cancellation_gain_db", "Least gain"),
    ("moved_head_median_db", "Moved: median"),
    ("moved_head_5th_percentile_db", "Moved: 5th percentile"),
)


def head_rows(result: Result) -> list[tuple[str, str, list[float]]]:
    """Channel, head, and its numbers in the order of HEAD_COLUMNS; none where there is one head."""
    return [
        (name, head, [numbers[key] for key, _ in HEAD_COLUMNS])
        for name, heads in result.heads.items()
        for head, numbers in heads.items()
        if len(heads) > 1
    ]


def form_rows(result: Result) -> list[tuple[str, list[str]]]:
    """The realisation table: a row's words, and its cell for each channel."""
    table, rate = result.problem.realization, result.problem.sample_rate_hz
    studies = [result.study[name] for name in result.channels if name in result.study]
    if not studies:
        return []
    word = f", {table.word}" if table.word else ", floating point"
    delay = f"{result.bulk_delay_samples} samples, {result.bulk_delay_samples / rate * 1e3:.2f} ms"
    rows = [
        ("Form", [table.form + word] * len(studies)),
        ("Memory in words", [f"{one.words:,}" for one in studies]),
        ("Multiply-adds a sample", [f"{one.multiply_adds:,}" for one in studies]),
        ("Latency", [delay] * len(studies)),
        ("Loudest output for full-scale input (l1 norm)", [f"{one.output_bound_db:+.1f} dB" for one in studies]),
    ]
    if result.shifts:
        rows.append(("Left shift of the sums in bits", [_shift_words(result, name) for name in result.channels]))
    kinds = [("", [one.stages for one in studies]), (", head shifted", [one.moved for one in studies])]
    for where, found in kinds:
        for stage in studies[0].stages:
            left = [stages.get(stage) for stages in found]  # a beam has no head to shift
            cells = [
                f"{g.median_db:.1f} / {g.fifth_percentile_db:.1f} / {g.worst_db:.1f} dB" if g else "–" for g in left
            ]
            if any(left):
                rows.append((f"Gain {stage}{where}: median / 5th percentile / worst", cells))
    return rows


def _shift_words(result: Result, name: str) -> str:
    """The shift that a channel's drivers share, or each driver's."""
    shift, finer = result.shifts[name], result.finer_bits.get(name)
    used = zip(finer or (), result.drivers, result.taps[name], strict=False)
    return ", ".join(f"{driver} {shift - bits}" for bits, driver, taps in used if taps.any()) if finer else f"{shift}"


def rounding_words(result: Result) -> str:
    """What the word costs, in a sentence; nothing where there is none."""
    parts = []
    for name in result.channels:
        stages = result.study[name].stages if name in result.study else {}
        if "quantised" in stages:
            lost = stages["realised"].fifth_percentile_db - stages["quantised"].fifth_percentile_db
            parts.append(f"{name} {'nothing' if lost < 0.05 else f'{lost:.2f} dB'}")
    if not parts:
        return ""
    return f"Of the 5th percentile, words of {result.problem.realization.word} cost: {', '.join(parts)}."


def headroom_words(result: Result) -> str:
    """Which drivers' outputs full-scale input can drive beyond full scale, and by how much; nothing without a word."""
    if result.problem.realization.word is None:
        return ""
    inside = " No node between sections can." if result.sections else ""
    loud, most = [], 0.0
    for name, taps in result.taps.items():
        over = measures.amplitude_db(output_bound(taps))
        beyond = [l for l in np.argsort(-over, kind="stable") if over[l] >= SAID_DB]
        most = max(most, float(over.max()))
        if beyond:
            named = ", ".join(f"{result.drivers[l]} by {over[l]:.1f} dB" for l in beyond[:MOST_NAMED])
            more = f" and {len(beyond) - MOST_NAMED} more by less" if len(beyond) > MOST_NAMED else ""
            loud.append(f"{name}: {named}{more}")
    if not loud:
        return f"No input within full scale drives an output beyond it.{inside}"
    return (
        f"Input within full scale can drive these outputs beyond it: {'; '.join(loud)}.{inside} An input {most:.1f} dB lower,"
        f" or {ceil(most / BIT_DB)} more bits before the point of what is played, keeps them whole."
    )


def form_words(result: Result) -> str:
    """The form of the filters, and in the RTF form the reference driver of each channel."""
    table = result.problem.realization
    if result.imported_from:
        length = next(iter(result.taps.values())).shape[1]
        return f"Filters of {length} taps, read from {PurePath(result.imported_from).name} and not designed,"
    if table.form == "biquad":
        return f"Cascades of {table.sections} second-order sections a driver"
    return f"{_tap_words(result)} of {table.taps} taps"


def _tap_words(result: Result) -> str:
    if result.problem.realization.form != "rtf":
        return "FIR filters"
    which = ", ".join(f"{reference} for {channel}" for channel, reference in result.references.items())
    common = result.problem.realization.equaliser_taps
    equalised = f", times a common equaliser of {common} taps," if common else ""
    return f"Ratios to a reference driver ({which}){equalised} as FIR filters"


def export_rows(exports: Mapping[str, Export], refusals: Mapping[str, str]) -> list[list[str]]:
    """The table of exports: target, bytes of coefficients and of state, products a sample, scaling and notes; or why it is not there."""
    rows = [
        [
            name,
            f"{export.coefficient_bytes:,}",
            f"{export.state_bytes:,}",
            f"{export.multiply_adds:,}",
            "; ".join([export.scaling, *_room(export), *_as_run(export), *export.notes]),
        ]
        for name, export in exports.items()
    ]
    return rows + [[name, "-", "-", "-", f"not written: {text}"] for name, text in refusals.items()]


def _room(export: Export) -> list[str]:
    """How far the inputs must stay below full scale."""
    if "headroom_db" not in export.facts:
        return []
    room, tones = export.facts["headroom_db"], export.facts["tones_headroom_db"]
    return [f"headroom {room:.1f} dB for any input, {tones:.1f} dB for steady tones; no preamp is applied"]


def _as_run(export: Export) -> list[str]:
    """What running a fixed-point export in its own arithmetic gave: each channel's noise, DC, limit cycle, gain and level."""
    lines = []
    for name, entry in export.facts.get("arithmetic", {}).items():
        channels = entry["channels"].items()
        noise = ", ".join(f"{channel} {n['signal_to_noise_db']:.0f}" for channel, n in channels)
        dc, cycle = (max(n[key] for _, n in channels) for key in ("dc_db", "limit_cycle_db"))
        lines.append(
            f"run in its own arithmetic ({name}): signal to noise in dB: {noise}; DC {dc:.0f} dB and limit cycles"
            f" {cycle:.0f} dB of full scale at most"
        )
        gains = [
            f"{channel} {n['exported_mean_db']:.2f} of {n['designed_mean_db']:.2f} dB, level within {n['level_change_db']:.2f} dB"
            for channel, n in channels
            if "exported_mean_db" in n
        ]
        if gains:
            lines.append(f"mean cancellation gain as run, of that designed: {', '.join(gains)}")
    return lines


def render(
    result: Result,
    report: dict[str, Any],
    figures: tuple[dict[str, str], dict[str, str]],
    exports: Mapping[str, Export],
    refusals: Mapping[str, str],
) -> str:
    """The page as HTML.

    Parameters
    ----------
    report : the content of `summary.json`
    figures : file name -> SVG, and file name -> caption
    exports : target -> what was written for it
    refusals : target -> why it was not written

    """
    environment = Environment(
        loader=PackageLoader("designer.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    stems = file_stems(list(result.channels))
    drawn, captions = figures
    pictures = {name: Markup(in_page(svg, name)) for name, svg in drawn.items()}  # our own figures, not input
    listener = listener_figures(result)
    return environment.get_template("design.html").render(
        report=report,
        schemes=Markup(css()),
        rows=[
            (words, unit, [report["channels"][name]["numbers"].get(key) for name in result.channels])
            for key, words, unit in ROWS
            if any(key in report["channels"][name]["numbers"] for name in result.channels)
        ],
        head_rows=head_rows(result),
        head_columns=[words for _, words in HEAD_COLUMNS],
        layout=pictures["layout"],
        room=room_section(result),
        room_plan=pictures.get("room-plan"),
        room_plan_words=captions.get("room-plan"),
        layout_words=captions["layout"],
        channels=[
            {
                "name": name,
                "figures": {
                    kind: (f"{stem}-{kind}", pictures[f"{stem}-{kind}"], captions[f"{stem}-{kind}"])
                    for kind in CHANNEL_FIGURES
                    if f"{stem}-{kind}" in pictures
                },
                **report["channels"][name],
                "but": result.scalars[name].but,
            }
            for name, stem in stems.items()
        ],
        listener=listener_section(result),
        listener_figures=[(name, picture, captions[name]) for name, picture in pictures.items() if name in listener],
        form=form_words(result),
        form_rows=form_rows(result),
        rounding=rounding_words(result),
        export_rows=export_rows(exports, refusals),
        headroom=headroom_words(result),
        delay_ms=result.bulk_delay_samples / result.problem.sample_rate_hz * 1e3,
    )
