"""The cheapest form that keeps the requirements: FIR, RTF or biquads, their length, their word and the delay that all filters share.

    minimise    multiply-adds a second, then bytes, then latency
    subject to  requirements missed by at most max_loss_db, level changed by at most max_level_change_db (`losses.py`, as realised)
                max_latency_ms, max_mac_per_s, max_bytes

Cost rises with the length, and the losses fall, all in all. So each form takes a bisection, not a scan, over the lengths that the limits
and the cheapest form so far leave: of taps first by a quick fit of the weights that nothing holds to the requirements; then from there,
in steps that double, by filters that are realised, rounded and judged. Ratios begin at the longest, because their level hardly comes with
their length, and sections in the middle, because a fit that is not held yet says little of them. A requirement that is mended may be
kept by chance at a length below one that misses it; the winner is judged itself, and only what is shorter than the last one that was
judged is taken to lose more.

FIR comes first. A ratio form is taken up to the lengths that are cheaper than it, and sections up to the number that is cheaper than
both: what cannot win is not realised. A shorter word is tried only where the bytes leave nothing else.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any, NamedTuple

from designer.acoustics.scene import Scene
from designer.designs.channel import ChannelDesign
from designer.errors import ProblemError, UsageError
from designer.problem.realization_checks import HOMES
from designer.problem.schema import MAX_TAPS, Realization
from designer.realization.forms import as_run, fit_form
from designer.realization.losses import LossJudge
from designer.realization.realized import Realized

LEAST_TAPS, STEPS_AN_OCTAVE = 16, 8
MAX_TAPS_TRIED, MAX_SECTIONS_TRIED = 4096, 16
"""Longest filters that are tried where the file names no length."""
MENDED = 6.0
"""Factor by which the quick fit may miss a requirement more: what is realised is mended, or held, and rarely wins more."""
SHORT_WORD = "q15"
LENGTH = {"fir": "taps", "rtf": "taps", "biquad": "sections"}
NAMES = {"fir": "FIR", "rtf": "RTF", "biquad": "biquads"}
LIMITS = {"max_latency_ms": "latency_ms", "max_mac_per_s": "multiply_adds_per_s", "max_bytes": "bytes"}
"""Limit of the file -> the number of a candidate that it bounds."""


class FormCost(NamedTuple):
    """Cost of all filters of a form, as the targets run it."""

    multiply_adds_per_s: float
    bytes: int


@dataclass(frozen=True)
class Candidate:
    """A form that was realised and judged; `beyond` names the limits that it breaks."""

    form: str
    length: int
    word: str | None
    bulk_delay_samples: int
    latency_ms: float
    multiply_adds_per_s: float
    bytes: int
    loss_db: float
    level_change_db: float
    keeps: bool
    beyond: tuple[str, ...] = ()

    @property
    def order(self) -> tuple[float, ...]:
        """By which the cheaper of two comes first."""
        return (self.multiply_adds_per_s, self.bytes, self.latency_ms)

    @property
    def text(self) -> str:
        """Form and length in words."""
        word = f", {self.word}" if self.word else ""
        return f"{NAMES[self.form]} of {self.length} {LENGTH[self.form]}{word}"

    def changes(self, table: Realization) -> dict[str, Any]:
        """Keys that make it of a [realization] with form = "auto"; None for those of the file that the form has no use for."""
        foreign = {
            key: None for key, forms in HOMES.items() if key in table.model_fields_set and self.form not in forms
        }
        changes: dict[str, Any] = {**foreign, "form": self.form, LENGTH[self.form]: self.length}
        if self.form != "biquad":
            changes["bulk_delay_samples"] = self.bulk_delay_samples
        return changes if self.word == table.word else {**changes, "word": self.word}


@dataclass(frozen=True)
class Choice:
    """The candidates in the order in which they were judged, and the one that was chosen, with the reason."""

    candidates: tuple[Candidate, ...]
    chosen: int
    reason: str
    binding: str = ""

    @property
    def winner(self) -> Candidate:
        """The candidate that was chosen."""
        return self.candidates[self.chosen]

    @property
    def is_short(self) -> bool:
        """Whether the winner loses more than the file allows."""
        return not self.winner.keeps or bool(self.winner.beyond)

    def as_json(self) -> dict[str, Any]:
        """For `summary.json`."""
        return asdict(self)

    @classmethod
    def of_json(cls, saved: Mapping[str, Any]) -> Choice:
        """Read back."""
        rows = tuple(Candidate(**{**row, "beyond": tuple(row["beyond"])}) for row in saved["candidates"])
        return cls(rows, saved["chosen"], saved["reason"], saved["binding"])


def cheapest(
    channels: Sequence[ChannelDesign], scene: Scene, table: Realization, cost: Callable[[Realization], FormCost]
) -> Choice:
    """The cheapest form of the filters of all channels.

    Parameters
    ----------
    table : Realization, with form = "auto"
    cost : callable, cost of a form by its table; raises UsageError where a target cannot hold it

    """
    search = _Search(channels, scene, table, cost, [LossJudge.of(channel, scene) for channel in channels])
    search.run(table.word)
    if table.max_bytes is not None and table.word is None and search.best is None:
        search.run(SHORT_WORD, ("fir", "rtf"))
    if search.best is not None:
        return _won(search, search.best)
    return _bound(search)


def lengths(form: str, most: int) -> list[int]:
    """Lengths that are tried, from the shortest up: taps in multiples of 4, eight to an octave; every number of sections."""
    if form == "biquad":
        return list(range(1, most + 1))
    steps, first = [], LEAST_TAPS
    while first <= most:
        steps += [first + 4 * round(first * n / STEPS_AN_OCTAVE / 4) for n in range(STEPS_AN_OCTAVE)]
        first *= 2
    return [length for length in sorted(set(steps)) if length <= most]


@dataclass
class _Search:
    channels: Sequence[ChannelDesign]
    scene: Scene
    table: Realization
    cost: Callable[[Realization], FormCost]
    judges: Sequence[LossJudge]
    rows: list[Candidate] = field(default_factory=list)

    @property
    def rate(self) -> float:
        return self.scene.problem.sample_rate_hz

    @property
    def best(self) -> Candidate | None:
        """The cheapest so far that keeps everything."""
        return min((row for row in self.rows if row.keeps and not row.beyond), key=lambda row: row.order, default=None)

    def run(self, word: str | None, forms: Sequence[str] = tuple(LENGTH)) -> None:
        for form in forms:
            self.search(form, self.affordable(form, word), word)

    def search(self, form: str, sizes: Sequence[int], word: str | None) -> None:
        """Judge few of the lengths of a form: from where its losses are likely to be kept, down or up in growing steps."""
        if not sizes:
            return
        begin = self.begun(sizes, word) if form == "fir" else len(sizes) - 1 if form == "rtf" else len(sizes) // 2
        if self.judged(form, sizes[begin], word):
            keeps, misses, step = begin, -1, 1
            while keeps - step > misses:
                if not self.judged(form, sizes[keeps - step], word):
                    misses = keeps - step
                    break
                keeps, step = keeps - step, 2 * step
        else:
            keeps, misses, step = len(sizes), begin, 1
            while misses + 1 < len(sizes):
                at = min(misses + step, len(sizes) - 1)
                if self.judged(form, sizes[at], word):
                    keeps = at
                    break
                misses, step = at, 2 * step
            if keeps == len(sizes):
                return
        while keeps - misses > 1:
            middle = (keeps + misses) // 2
            keeps, misses = (middle, misses) if self.judged(form, sizes[middle], word) else (keeps, middle)

    def affordable(self, form: str, word: str | None) -> list[int]:
        """Lengths of a form that its limits allow, and that are cheaper than the best so far."""
        key = LENGTH[form]
        most = {"taps": min(MAX_TAPS_TRIED, MAX_TAPS), "sections": MAX_SECTIONS_TRIED}[key]
        sizes = lengths(form, getattr(self.table, key) if key in self.table.model_fields_set else most)
        best = self.best

        def is_dear(size: int) -> bool:
            cost = self.cost_of(form, size, word)
            return cost is None or bool(self.beyond(cost)) or (best is not None and cost[:2] >= best.order[:2])

        return sizes[: bisect_left(range(len(sizes)), True, key=lambda n: is_dear(sizes[n]))]

    def cost_of(self, form: str, size: int, word: str | None) -> FormCost | None:
        """Cost of a form, or None where a target cannot hold it."""
        try:
            return self.cost(self.as_table(form, size, word))
        except UsageError:
            return None

    def beyond(self, cost: FormCost, latency_ms: float = 0.0) -> tuple[str, ...]:
        """Limits that are broken."""
        numbers = {**cost._asdict(), "latency_ms": latency_ms}
        bounds = {key: getattr(self.table, key) for key in LIMITS}
        return tuple(key for key, bound in bounds.items() if bound is not None and numbers[LIMITS[key]] > bound)

    def as_table(self, form: str, size: int, word: str | None) -> Realization:
        """[realization] with a form of its own."""
        return self.table.model_copy(
            update={"form": form, LENGTH[form]: size, "word": word, "bulk_delay_samples": self.delay(form, size)}
        )

    def delay(self, form: str, size: int) -> int | str | None:
        """The file's bulk delay, or that of the form, as far as the latency allows."""
        of_file, limit_ms = self.table.bulk_delay_samples, self.table.max_latency_ms
        if form == "biquad" and not isinstance(of_file, int):
            return None
        if isinstance(of_file, int) or limit_ms is None:
            return of_file
        most = int(limit_ms * self.rate / 1e3 + 1e-9)
        return of_file if form == "fir" and of_file is None and size // 2 <= most else min(size // 2, most)

    def begun(self, sizes: Sequence[int], word: str | None) -> int:
        """Index of the first number of taps whose quick fit keeps the level, and misses nothing by more than can be mended."""

        def is_enough(size: int) -> bool:
            table = self.as_table("fir", size, word)
            loss_db, level_db = self.losses(fit_form(self.channels, self.scene, table, quick=True))
            return self.keeps(loss_db / MENDED, level_db)

        return min(bisect_left(range(len(sizes)), True, key=lambda n: is_enough(sizes[n])), len(sizes) - 1)

    def losses(self, realised: Realized) -> tuple[float, float]:
        """The largest loss of all channels, and the largest change of level."""
        losses = [
            judge.losses(taps, realised.bulk_delay_samples)
            for judge, taps in zip(self.judges, realised.taps, strict=True)
        ]
        return max(max(loss.requirements_db, loss.bands_db) for loss in losses), max(
            loss.level_change_db for loss in losses
        )

    def keeps(self, loss_db: float, level_db: float) -> bool:
        """Whether losses are within the bounds of the file."""
        return loss_db <= self.table.max_loss_db and level_db <= self.table.max_level_change_db

    def judged(self, form: str, size: int, word: str | None) -> bool:
        """Realise and judge a form, and note it; whether it keeps everything within the limits."""
        for row in self.rows:
            if (row.form, row.length, row.word) == (form, size, word):
                return row.keeps and not row.beyond
        table, cost = self.as_table(form, size, word), self.cost_of(form, size, word)
        if cost is None:
            return False
        try:
            realised = as_run(fit_form(self.channels, self.scene, table), self.channels, self.scene, table)
        except ProblemError:  # a bulk delay of the file that is too short for the form
            return False
        late_ms = 1e3 * realised.bulk_delay_samples / self.rate
        loss_db, level_db = self.losses(realised)
        row = Candidate(
            form,
            size,
            word,
            realised.bulk_delay_samples,
            late_ms,
            float(cost.multiply_adds_per_s),
            cost.bytes,
            loss_db,
            level_db,
            self.keeps(loss_db, level_db),
            self.beyond(cost, late_ms),
        )
        self.rows.append(row)
        return row.keeps and not row.beyond


def _won(search: _Search, best: Candidate) -> Choice:
    rows = search.rows
    others = [min((row for row in rows if row.form == form and row.keeps and not row.beyond), key=lambda row: row.order, default=None)
              for form in LENGTH if form != best.form]  # fmt: skip
    next_best = min((row for row in others if row is not None), key=lambda row: row.order, default=None)
    against = (
        f"the next that keeps these bounds, {next_best.text}, takes {next_best.multiply_adds_per_s / 1e6:,.2f} million"
        if next_best
        else "no other form that is as cheap keeps these bounds"
    )
    table, millions = search.table, best.multiply_adds_per_s / 1e6
    reason = (
        f'form = "auto" chose {best.text}: at {millions:,.2f} million multiply-adds a second, {best.bytes:,} bytes and'
        f" {best.latency_ms:.2f} ms the cheapest of {len(rows)} realised that misses requirements by at most {table.max_loss_db:g} dB more"
        f" than the weights do ({best.loss_db:.2f}), and changes the level by at most {table.max_level_change_db:g} dB"
        f" ({best.level_change_db:.2f}); {against}"
    )
    return Choice(tuple(rows), rows.index(best), reason)


def _bound(search: _Search) -> Choice:
    """The candidate that loses least within the limits, and the limits that bind: those of the cheapest that keeps without them.

    Work and bytes are freed first, and only if nothing keeps then the latency, too.
    """
    table = search.table
    freed = [search]
    for keys in (("max_mac_per_s", "max_bytes"), tuple(LIMITS)):
        if freed[-1].best is None and any(getattr(table, key) is not None for key in keys):
            changed = table.model_copy(update=dict.fromkeys(keys))
            freed.append(_Search(search.channels, search.scene, changed, search.cost, search.judges))
            freed[-1].run(table.word, ("fir",))
    free = freed[-1]
    rows = [row for row in search.rows if not row.beyond]
    if not rows:  # not even the shortest fits
        shortest = search.as_table("fir", LEAST_TAPS, table.word)
        search.cost(shortest)  # says what a target cannot hold
        search.judged("fir", LEAST_TAPS, table.word)
        rows = search.rows[-1:]
    best = min(
        rows,
        key=lambda row: (
            max(row.loss_db / table.max_loss_db, row.level_change_db / table.max_level_change_db),
            row.order,
        ),
    )
    head = (
        f'form = "auto": no form keeps max_loss_db = {table.max_loss_db:g} and max_level_change_db = {table.max_level_change_db:g};'
        f" {best.text} comes nearest, with a loss of {best.loss_db:z.2f} dB and a change in level of {best.level_change_db:z.2f} dB"
    )
    fitting = free.best
    if fitting is None:
        reason = f"{head}; remedy: raise max_loss_db or max_level_change_db, or set taps or sections higher"
        return Choice(tuple(search.rows), search.rows.index(best), reason)
    broken = search.beyond(FormCost(fitting.multiply_adds_per_s, fitting.bytes), fitting.latency_ms)
    needs = [f"{key} = {_whole(getattr(fitting, LIMITS[key]))}" for key in broken]
    binding = ", ".join(broken)
    verb = "binds" if len(broken) == 1 else "bind"
    reason = f"{head}; {binding or 'the limits'} {verb}: {fitting.text} would keep them, with {', '.join(needs) or 'a longer delay'}"
    beyond = [search.beyond(FormCost(row.multiply_adds_per_s, row.bytes), row.latency_ms) for row in free.rows]
    freed_rows = [replace(row, beyond=keys) for row, keys in zip(free.rows, beyond, strict=True)]
    return Choice((*search.rows, *freed_rows), search.rows.index(best), reason, binding)


def _whole(value: float) -> str:
    """A number rounded up, as it may stand in the file."""
    return f"{-(-value // 1):.0f}" if value >= 100 else f"{-(-value * 100 // 1) / 100:g}"
