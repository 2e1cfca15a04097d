"""A sweep from its plan to its rows and its table: what is there already is not computed again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from designer.comparison.key_differences import key_differences
from designer.errors import DesignerError, UsageError
from designer.problem import loads
from designer.sweep.plan import Plan
from designer.sweep.point import Outcome, Task
from designer.sweep.store import Store, begun
from designer.sweep.table import write_table
from designer.versions import versions

Engine = Callable[[Iterable[Task]], Iterator[tuple[Task, Outcome]]]
Progress = Callable[[int, int, int], None]
"""Called with how many points were there before, how many came, and how many there are to be."""


@dataclass(frozen=True)
class Swept:
    """What a sweep came to: how many points of each status, and how many of them were there before."""

    counts: Counter[str]
    before: int


def sweep(
    plan: Plan,
    folder: Path,
    engine: Engine,
    *,
    command: str = "",
    progress: Progress | None = None,
    force: bool = False,
) -> Swept:
    """Compute what the folder does not have of a plan, row by row, then write the table.

    Raises
    ------
    UsageError : the folder holds something else, or a sweep of another problem or of other keys
    OutputError : it cannot be written; what is computed is kept
    DataError : the folder's file is no sweep

    """
    say = progress or (lambda _before, _made, _all: None)
    with begun(folder, force=force) as store:
        _check_same(store, plan)
        store.say(
            {
                "command": command,
                "content": plan.content,
                "text": plan.base.text,
                "folder": plan.base.folder,
                "source": plan.base.source,
                "keys": [one.key for one in plan.varied],
                "images": any(one.images for one in plan.varied),
                "robust": plan.robust,
                "versions": versions(),
            }
        )
        known = store.points()
        before = 0

        def missing() -> Iterator[Task]:
            nonlocal before
            for task in plan.tasks():
                if task.point not in known:
                    yield task
                else:
                    before += 1
                    if known[task.point] != task.number:
                        store.place(task.point, task.number)
                    say(before, made, len(plan))

        made = 0
        for made, (task, outcome) in enumerate(engine(missing()), start=1):
            store.add(task, outcome)
            say(before, made, len(plan))
        counts = Counter(row.outcome.status for row in store.rows())
        write_table(store, force=force)
    return Swept(counts, before)


def _check_same(store: Store, plan: Plan) -> None:
    """Refuse to mix what was computed from another problem, by other keys, or judged otherwise."""
    facts = store.facts
    if not facts:
        return
    where, remedy = store.folder, "choose another folder with -o"
    if facts["content"] != plan.content:
        raise UsageError(
            f"{where}: found a sweep of {facts['source']} as it was before it changed ({_what_changed(facts, plan)}); allowed:"
            f" the same problem; undo the change, or {remedy}"
        )
    keys = [one.key for one in plan.varied]
    if facts["keys"] != keys:
        raise UsageError(
            f"{where}: found a sweep of the keys {', '.join(facts['keys'])}, and not of {', '.join(keys)}; allowed: other values"
            f" of the same keys; {remedy}"
        )
    for fact, option, now in (
        ("images", "--mirror", any(one.images for one in plan.varied)),
        ("robust", "--robust", plan.robust),
    ):
        if facts[fact] != now:
            raise UsageError(
                f"{where}: found a sweep {'with' if facts[fact] else 'without'} {option}; allowed: the same; {remedy}"
            )


def _what_changed(facts: dict[str, Any], plan: Plan) -> str:
    try:
        old = loads(facts["text"], folder=facts["folder"], source=facts["source"])
    except DesignerError:
        return "a file that it names is gone"
    rows = [f"{key} was {was}, and is {now}" for key, (was, now) in key_differences([old, plan.problem])]
    more = f", and {len(rows) - 2} keys more" if len(rows) > 2 else ""
    return "; ".join(rows[:2]) + more if rows else "a data file that it names is another"
