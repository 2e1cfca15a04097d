"""The cheapest form that keeps the requirements: FIR, RTF or biquads, their length, their word and the delay that all filters share.

    minimise    multiply-adds a second, then bytes, then latency of the whole path
    subject to  requirements missed by at most max_loss_db, level changed by at most max_level_change_db (`losses.py`, as realised)
                the stereo chain's verdict: its angle, level and bands as it is judged, its balance within max_level_change_db
                max_latency_ms, max_mac_per_s, max_bytes

Cost rises with the length, and the losses fall, all in all. So each form takes a bisection, not a scan, over the lengths that the limits
and the cheapest form so far leave: of taps first by a quick fit of the weights that nothing holds to the requirements; then from there,
in steps that double, by filters that are realised, rounded and judged. Ratios begin at the longest, because their level hardly comes with
their length, and sections in the middle, because a fit that is not held yet says little of them. A requirement that is mended may be
kept by chance at a length below one that misses it; the winner is judged itself, and only what is shorter than the last one that was
judged is taken to lose more.

FIR comes first. A ratio form is taken up to the lengths that are cheaper than it, and sections up to the number that is cheaper than
both: what cannot win is not realised. A shorter word is tried only where the bytes leave nothing else. A stereo chain is judged only where
its channels keep what they are asked.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from designer.acoustics.scene import Scene
from designer.designs.channel import ChannelDesign
from designer.errors import ProblemError, UsageError
from designer.problem.replacing import may_hold
from designer.problem.schema import Realization
from designer.problem.table import AUTO
from designer.realization.choice import LENGTH, LIMITS, Candidate, ChainJudge, Choice, FormCost, named
from designer.realization.forms import as_run, fit_form
from designer.realization.losses import LossJudge
from designer.realization.realized import Realized

LEAST_TAPS, STEPS_AN_OCTAVE = 16, 8
MENDED = 6.0
"""Factor by which the quick fit may miss a requirement more: what is realised is mended, or held, and rarely wins more."""
SHORT_WORD = "q15"
FREED = (("max_mac_per_s", "max_bytes"), ("max_latency_ms",), ("bulk_delay_samples",), ("taps",))
"""Keys whose bounds are freed one after another, where nothing within them keeps, to learn which of them bind."""


def cheapest(
    channels: Sequence[ChannelDesign],
    scene: Scene,
    table: Realization,
    cost: Callable[[Realization], FormCost],
    *,
    chain: ChainJudge | None = None,
    added_samples: int = 0,
) -> Choice:
    """The cheapest form of the filters of all channels.

    Parameters
    ----------
    table : Realization, with form = "auto"
    cost : callable, cost of a form by its table; raises UsageError where a target cannot hold it
    chain : callable or None, judges the stereo chain of filters that are realised by a table
    added_samples : int, latency of the path beside the bulk delay and the chain's wait

    """
    judges = [LossJudge.of(channel, scene) for channel in channels]
    search = _Search(channels, scene, table, cost, judges, chain, added_samples)
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
    chain: ChainJudge | None
    added_samples: int
    wait_samples: int = 0  # of the chain that was judged last
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
        sizes = self.valid(form, getattr(self.table, key) if key in self.table.model_fields_set else AUTO[key])
        best = self.best

        def is_dear(size: int) -> bool:
            cost = self.cost_of(form, size, word)
            return cost is None or bool(self.beyond(cost)) or (best is not None and cost[:2] >= best.order[:2])

        return sizes[: bisect_left(range(len(sizes)), True, key=lambda n: is_dear(sizes[n]))]

    def valid(self, form: str, most: int) -> list[int]:
        """Lengths of a form up to one that a problem file may name: what a stereo chain or an exact frequency takes is a least one."""
        sizes, problem = lengths(form, most), self.scene.problem

        def is_valid(size: int) -> bool:
            return may_hold(
                problem, {f"realization.{key}": value for key, value in named(self.table, form, size).items()}
            )

        return sizes if sizes and is_valid(sizes[0]) else sizes[bisect_left(sizes, True, key=is_valid) :]

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
        most = max(int(limit_ms * self.rate / 1e3 + 1e-9) - self.added_samples - self.wait_samples, 0)
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
        loss_db, level_db = self.losses(realised)
        keeps, heard = self.keeps(loss_db, level_db), None
        if keeps and self.chain is not None:
            shared = None if form == "biquad" else realised.bulk_delay_samples
            heard = self.chain(realised, table.model_copy(update={"bulk_delay_samples": shared}))
            before, self.wait_samples = self.wait_samples, heard.wait_samples
            keeps = heard.is_met and abs(heard.balance_db) <= self.table.max_level_change_db
            if (
                self.as_table(form, size, word).bulk_delay_samples != table.bulk_delay_samples
                and before < self.wait_samples
            ):
                return self.judged(form, size, word)  # with a bulk delay that leaves room for the wait
        late_samples = realised.bulk_delay_samples + self.added_samples + (heard.wait_samples if heard else 0)
        late_ms = 1e3 * late_samples / self.rate
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
            keeps,
            self.beyond(cost, late_ms),
            heard and heard.angle_error_deg,
            heard and heard.level_db,
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
    chain = (
        ""
        if best.chain_angle_error_deg is None
        else f"; the stereo chain's angle within {abs(best.chain_angle_error_deg):.1f} degrees"
    )
    reason = (
        f'form = "auto" chose {best.text}: at {millions:,.2f} million multiply-adds a second, {best.bytes:,} bytes and'
        f" {best.latency_ms:.2f} ms the cheapest of {len(rows)} realised that misses requirements by at most {table.max_loss_db:g} dB more"
        f" than the weights do ({best.loss_db:.2f}), and changes the level by at most {table.max_level_change_db:g} dB"
        f" ({best.level_change_db:.2f}){chain}; {against}"
    )
    remedy = 'remedy: a smaller [realization] max_loss_db, within which form = "auto" chose these filters'
    return Choice(tuple(rows), rows.index(best), reason, remedy=remedy)


def _bound(search: _Search) -> Choice:
    """The candidate that loses least within the limits, and the keys that bind: those of the cheapest that keeps without them."""
    table, free = search.table, search
    freed: tuple[str, ...] = ()
    for keys in FREED:
        bounding = [key for key in keys if key in table.model_fields_set and getattr(table, key) is not None]
        if free.best is None and bounding:
            freed += keys
            changed = Realization.model_validate(table.model_dump(include=table.model_fields_set.difference(freed)))
            free = replace(search, table=changed, rows=[])
            free.run(table.word, ("fir",))
    rows = [row for row in search.rows if not row.beyond]
    if not rows:  # not even the shortest fits
        shortest = min(search.valid("fir", AUTO["taps"]))
        search.cost(search.as_table("fir", shortest, table.word))  # says what a target cannot hold
        search.judged("fir", shortest, table.word)
        rows = search.rows[-1:]

    def loss(row: Candidate) -> tuple[float, ...]:
        share = max(row.loss_db / table.max_loss_db, row.level_change_db / table.max_level_change_db)
        return (max(share, 1.0 + abs(row.chain_angle_error_deg or 0.0) / 90 if share <= 1 else share), *row.order)

    best = min(rows, key=loss)
    chain = (
        ""
        if best.chain_angle_error_deg is None
        else f", the chain's angle off by {abs(best.chain_angle_error_deg):.1f} degrees and its level by {best.chain_level_db:.2f} dB"
    )
    held = "" if search.chain is None else " and the stereo chain's verdict"
    head = (
        f'form = "auto": no form keeps max_loss_db = {table.max_loss_db:g} and max_level_change_db = {table.max_level_change_db:g}{held};'
        f" {best.text} comes nearest, with a loss of {best.loss_db:z.2f} dB and a change in level of {best.level_change_db:z.2f} dB{chain}"
    )
    fitting = free.best
    if fitting is None:
        longest = table.taps if "taps" in table.model_fields_set and "taps" not in freed else AUTO["taps"]
        nearest = min(free.rows, key=loss, default=best)
        raised = [
            f"{key} = {_whole(lost)}"
            for key, lost in (("max_loss_db", nearest.loss_db), ("max_level_change_db", nearest.level_change_db))
            if lost > getattr(table, key)
        ]
        remedy = f"remedy: {'[realization] ' + ' and '.join(raised) + ', or ' if raised else ''}taps = {2 * longest}, more than were tried"
        return Choice(tuple(search.rows), search.rows.index(best), f"{head}; {remedy}", remedy=remedy)
    needs = {
        key: getattr(fitting, LIMITS[key])
        for key in search.beyond(FormCost(fitting.multiply_adds_per_s, fitting.bytes), fitting.latency_ms)
    }
    delay = table.bulk_delay_samples
    if isinstance(delay, int) and "bulk_delay_samples" in freed and fitting.bulk_delay_samples != delay:
        needs["bulk_delay_samples"] = fitting.bulk_delay_samples
    if "taps" in freed and fitting.length > table.taps:
        needs["taps"] = fitting.length
    binding, verb = ", ".join(needs), "binds" if len(needs) == 1 else "bind"
    settings = ", ".join(f"{key} = {_whole(value)}" for key, value in needs.items())
    reason = f"{head}; {binding} {verb}: {fitting.text} would keep them, with {settings}"
    beyond = [search.beyond(FormCost(row.multiply_adds_per_s, row.bytes), row.latency_ms) for row in free.rows]
    freed_rows = [replace(row, beyond=broken) for row, broken in zip(free.rows, beyond, strict=True)]
    return Choice(
        (*search.rows, *freed_rows), search.rows.index(best), reason, binding, f"remedy: [realization] {settings}"
    )


def _whole(value: float) -> str:
    """A number rounded up, as it may stand in the file."""
    return f"{-(-value // 1):.0f}" if value >= 100 else f"{-(-value * 100 // 1) / 100:g}"
