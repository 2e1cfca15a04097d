"""The best point of a sweep's folder: its trade-off as a figure, and its problem file, ready for `designer design`."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from designer.comparison.key_differences import shown
from designer.problem import loads
from designer.problem.load import changed
from designer.problem.schema import Problem
from designer.problem.toml_text import toml_text
from designer.report.trade_off_plot import MARKERS, TradeOff, trade_off_svg
from designer.sweep.choice import Choice, choose
from designer.sweep.metric import Metric
from designer.sweep.point import INFEASIBLE
from designer.sweep.store import FIGURE_FILE, PROBLEM_FILE, Row, kept
from designer.sweep.variation import changed_data
from designer.writing import SWEEP, check_update, lay, update_folder

LEAST_MARGIN = Metric("least_margin_to_target_db", "", "Least margin to the target", 1)


@dataclass(frozen=True)
class Best:
    """What was chosen, in lines for the user, and the files that were written."""

    lines: tuple[str, ...]
    files: tuple[Path, ...]


def write_best(folder: Path, wanted: str, subject_to: Sequence[str] = (), *, force: bool = False) -> Best:
    """Choose the best point of a folder, draw what it trades, and write its problem file.

    Parameters
    ----------
    force : replace a problem file or a figure that was edited since it was written

    Raises
    ------
    DataError : the folder holds no sweep, or nothing that was designed
    UsageError : a number or a condition that is none, conditions that no point meets, or files that were edited
    OutputError : the folder cannot be written; what was there is as it was
    ProblemError : the problem file's data is gone

    """
    with kept(folder) as store:
        check_update(folder, SWEEP, (PROBLEM_FILE, FIGURE_FILE), force=force)
        facts, rows = store.facts, list(store.rows())
    chosen = choose(rows, wanted, subject_to)
    base = loads(facts["text"], folder=facts["folder"], source=facts["source"])
    files = {
        PROBLEM_FILE: _problem_text(base, chosen, folder),
        FIGURE_FILE: trade_off_svg(_drawn(chosen)),
    }
    update_folder(folder, SWEEP, lay({name: text.encode() for name, text in files.items()}), force=force)
    said = [f"best of {sum(chosen.meets)} points{_subject(chosen)}: {_named(chosen.row)}", _numbers(chosen)]
    if chosen.row.outcome.status == INFEASIBLE:
        margin = LEAST_MARGIN.of(chosen.row)
        short = "" if margin is None or margin >= 0 else f": down to {-margin:.1f} dB below a target curve"
        said.append(f"it is infeasible as asked{short}; `designer design` says what is missing")
    return Best(tuple(said), tuple(folder / name for name in files))


def _subject(chosen: Choice) -> str:
    return f" with {', '.join(map(str, chosen.conditions))}" if chosen.conditions else ""


def _named(row: Row) -> str:
    return ", ".join(f"{key} = {shown(value)}" for key, value in row.varied.items())


def _numbers(chosen: Choice) -> str:
    metrics = {str(one): one for one in (chosen.wanted, chosen.against, *(one.metric for one in chosen.conditions))}
    return ", ".join(f"{name} {_number(one.of(chosen.row))} {one.unit}" for name, one in metrics.items())


def _number(value: float | None) -> str:
    return "unknown" if value is None else f"{value:.2f}"


def _problem_text(base: Problem, chosen: Choice, folder: Path) -> str:
    """The winner's problem file; the data files that it names are found from the folder."""
    data = changed_data(base, chosen.row.changes)
    problem = changed(base, data)
    data = _with_paths(data, {name: _from(folder, problem.data_path(name)) for name in problem.data_files})
    said = [
        f"# Written by `designer sweep --best {chosen.wanted}`: the best of {sum(chosen.meets)} points{_subject(chosen)},",
        f"# from {base.source} with {_named(chosen.row)}.",
    ]
    return "\n".join([*(line.replace("\n", " ") for line in said), toml_text(data)])


def _from(folder: Path, file: Path) -> str:
    """A file's path from a folder; whole where the two are on different drives."""
    try:
        return Path(os.path.relpath(file.absolute(), folder.absolute())).as_posix()
    except ValueError:
        return file.absolute().as_posix()


def _with_paths(data: dict[str, Any], moved: dict[str, str]) -> dict[str, Any]:
    """The tables with the names of data files replaced; nothing else may stand where these stand."""
    listener, scene = dict(data["listener"]), data.get("scene")
    if "head" in listener:
        head = listener["head"]
        listener["head"] = [moved.get(one, one) for one in head] if isinstance(head, list) else moved.get(head, head)
    drivers = [
        {**driver, "response": moved.get(driver["response"], driver["response"])} if driver.get("response") else driver
        for driver in data["drivers"]
    ]
    made = {**data, "listener": listener, "drivers": drivers}
    if scene and scene.get("transfer"):
        made["scene"] = {**scene, "transfer": moved[scene["transfer"]]}
    return made


def _drawn(chosen: Choice) -> TradeOff:
    """What the figure shows: the points grouped by a key of few values, and the first condition as the limit."""
    x, y = (np.array([one.of(row) for row in chosen.rows], dtype=float) for one in (chosen.against, chosen.wanted))
    group, labels = _groups(chosen.rows)
    limit = None
    for one in chosen.conditions:
        if str(one.metric) == str(chosen.against):
            limit = (one.limit, 1 if one.comparison.startswith("<") else -1)
            break
    return TradeOff(
        x,
        y,
        chosen.against.sign < 0,
        _label(chosen.against),
        _label(chosen.wanted),
        group,
        labels,
        np.array(chosen.meets),
        chosen.front,
        chosen.best,
        _named(chosen.row),
        limit,
    )


def _label(one: Metric) -> str:
    return f"{one.words}{f', {one.channel}' if one.channel else ''} in {one.unit}"


def _groups(rows: Sequence[Row]) -> tuple[list[int], list[str]]:
    """Each point's group by the last key of 2 to len(MARKERS) values, and the groups' names; one group where there is none."""
    for key in reversed(list(rows[0].varied)):
        values = list(dict.fromkeys(shown(row.varied.get(key)) for row in rows))
        if 2 <= len(values) <= len(MARKERS):
            return [values.index(shown(row.varied.get(key))) for row in rows], [f"{key} = {value}" for value in values]
    return [0] * len(rows), ["points"]
