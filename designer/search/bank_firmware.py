"""A bank's folder to the filters that a firmware interpolates, and what they lose between the sets as its words run.

The places are those of the proof (`gain.csv`), with the gain of the filters designed for each; of more than MOST_PLACES those where
the bank loses most.
"""

from __future__ import annotations

import csv
import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from designer.acoustics.scene import Scene
from designer.arrays import Real
from designer.designs.all_channels import family_of, fine_scene
from designer.errors import DataError
from designer.export.bank_set import BankSet
from designer.search.bank_costs import firmware_set
from designer.search.bank_folder import TABLE, OpenedBank
from designer.search.bank_keys import problem_at
from designer.search.bank_places import Points, Values, points_of

MOST_PLACES = 400
Filters = Callable[[str, Sequence[float]], Real]


def bank_filters(opened: OpenedBank, folder: Path, options: Mapping[str, str], say: Callable[[str], None]) -> BankSet:
    """The filters of a bank that was read from a folder.

    Parameters
    ----------
    options : mapping of str to str, flag -> value of a target's options
    say : callable, called with the stage

    Raises
    ------
    DataError : the table of the proof is missing or broken

    """
    judge = _Losses(opened, folder, say)
    start = tuple(float(value) for value in opened.facts["fixed_at"])
    facts, made_into = opened.facts, str(opened.facts.get("folder", folder.name))
    whole = firmware_set(opened.bank, opened.problem, opened.keys, start, float(facts["loss_db"]), made_into)
    return replace(whole, options=dict(options), judge_between=judge.of)


class _Losses:
    """Loss of filters at the places of a bank's proof."""

    def __init__(self, opened: OpenedBank, folder: Path, say: Callable[[str], None]) -> None:
        self._opened, self._say = opened, say
        self._rows = _table(folder / TABLE, [key.key for key in opened.keys])

    def of(self, played: Filters) -> dict[str, object]:
        """Largest loss of filters, where and in which channel, beside that of the bank, in words of the manifest."""
        worst: tuple[float, Values, str] = (-float("inf"), (), "")
        rows = sorted(self._rows, key=lambda row: -max(designed - bank for designed, bank in row[1].values()))[
            :MOST_PLACES
        ]
        family = family_of(self._opened.problem)
        for number, (values, gains) in enumerate(rows, start=1):
            self._say(f"loss at place {number} of {len(rows)}")
            for name, points in self._points(values, gains, family).items():
                gain_db = points.gain_db(played(name, values), self._opened.bank.sample_rate_hz)
                worst = max(worst, (gains[name][0] - gain_db, values, name))
        keys = [key.key for key in self._opened.keys]
        return {
            "loss_db": round(worst[0], 4),
            "loss_at": dict(zip(keys, worst[1], strict=True)),
            "loss_channel": worst[2],
            "loss_places": len(rows),
            "bank_loss_db": round(max(designed - bank for designed, bank in rows[0][1].values()), 4),
        }

    def _points(self, values: Values, names: Mapping[str, Any], family: Scene) -> dict[str, Points]:
        problem = problem_at(self._opened.problem, self._opened.keys, values)
        place = fine_scene(problem, family)
        at = {table.name: points_of(table, place) for table in problem.designs if table.name in names}
        return {name: points for name, points in at.items() if points is not None}


def _table(path: Path, keys: Sequence[str]) -> list[tuple[Values, dict[str, tuple[float, float]]]]:
    """Places of the proof with the gain of each channel, designed and of the bank."""
    try:
        with path.open(encoding="utf-8", newline="") as file:
            rows = [
                (
                    tuple(float(row[key]) for key in keys),
                    row["channel"],
                    (float(row["designed_db"]), float(row["bank_db"])),
                )
                for row in csv.DictReader(file)
            ]
        if not rows:
            raise ValueError("no row")
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DataError(f"{path}: cannot be read: {error}; make the bank again") from None
    ordered = sorted(rows, key=lambda row: row[0])
    return [
        (values, {name: gains for _, name, gains in group})
        for values, group in itertools.groupby(ordered, key=lambda row: row[0])
    ]
