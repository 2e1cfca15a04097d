"""The job of `designer bank`: the fewest sets, and the proof that filters between them lose no more than the limit.

One after the other: one set alone, where the ends of the range allow it; sets as far apart as the loss allows on a few places of each
interval (`bank_spacing`), the slack of the last interval spread over all; and the proof on a grid ten times as fine. Where it fails, sets
are placed anew with all tenths checked. Then uniform spacing is tried on the same places: with a set less, which is taken where it holds,
and for how many sets it needs. At last the bank without alignment, which spares a firmware its delays, is taken where it holds too.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from designer import job
from designer.arrays import Real
from designer.bank.filter_bank import FilterBank, with_chain
from designer.errors import EXIT_DONE, EXIT_INFEASIBLE, EXIT_MISSED, ProblemError, UsageError
from designer.problem.schema import Problem
from designer.realization.choice import Candidate
from designer.requirements.slacks import SLACK_TOLERANCE_DB
from designer.search.bank_keys import Followed, followed_keys, place_words, problem_at
from designer.search.bank_places import Places, Values
from designer.search.bank_proof import Cells, Proof, bank_of, proven
from designer.search.bank_section_fit import MissedError, SectionFit, forms_of_bank, ruled_out, section_fit
from designer.search.bank_spacing import (
    FRACTIONS,
    LINES,
    SHARES,
    TENTHS,
    JumpError,
    evened,
    lone_place,
    proof_values,
    spaced,
)
from designer.stereo.chain import chain_of, has_chain

MOST_TIMES = 8
"""Times as many values of a key as the bank has up to which uniform spacing is tried."""
LOOKS = {1: 5, 2: 3}
"""Places along each of one key or two at which sections of a form that need not be taken are looked at first."""
LEAST_LOSS_DB = 0.01
"""A smaller loss is below what the rounding of filters changes."""


@dataclass(frozen=True)
class BankDesign:
    """A bank with its proof.

    Attributes
    ----------
    problem : Problem, that all sets share, with what its file leaves open chosen
    keys : tuple of Followed
    loss_db : float, limit on the loss
    bank : FilterBank
    proof : Proof
    aligned : bool, whether delays between sets are taken off
    uniform : tuple of int, values of each key that uniform spacing needs for the same loss on the same places; at MOST_TIMES those of the
        bank even more; 1 of a bank of one set
    designs : int, designs that were made
    infeasible : tuple of tuple, values of the keys and slack in dB of the places that are infeasible as asked
    fixed : Design, that the bank is compared with at all places
    refusals : mapping of str to str, target of [export] that was not written -> why
    section_fit : SectionFit or None, how well sections follow; None of taps
    passed_over : tuple of str, cheaper forms of `form = "auto"` that do not hold over the range, each with the reason
    no_form : str, why no form of `form = "auto"` holds at the place of the fixed design; empty where one does

    """

    problem: Problem
    keys: tuple[Followed, ...]
    loss_db: float
    bank: FilterBank
    proof: Proof
    aligned: bool
    uniform: tuple[int, ...]
    designs: int
    infeasible: tuple[tuple[Values, float], ...]
    fixed: job.Design
    refusals: Mapping[str, str] = field(default_factory=dict)
    section_fit: SectionFit | None = None
    passed_over: tuple[str, ...] = ()
    no_form: str = ""

    @property
    def status(self) -> int:
        """The exit code: 4 where a place of the proof is infeasible as asked, 7 where filters miss there what weights meet."""
        if self.infeasible:
            return EXIT_INFEASIBLE
        return EXIT_MISSED if self.no_form or (self.section_fit and self.section_fit.is_missed) else EXIT_DONE

    @property
    def uniform_sets(self) -> int:
        """Sets that uniform spacing needs."""
        return int(np.prod(self.uniform))

    def _uniform_words(self) -> str:
        counts = [axis.values.size for axis in self.bank.axes]
        is_most = all(most == MOST_TIMES * count for most, count in zip(self.uniform, counts, strict=True))
        return f"{'more than ' if is_most else ''}{self.uniform_sets} sets"

    def sentences(self) -> list[str]:
        """Outcome in words: sets, losses, uniform spacing, and places that are infeasible."""
        largest, bank = self.proof.largest_db, self.bank
        lost = (
            f"at most {max(largest['interpolated'], 0.0):.2f} dB lost at {len(self.proof.places)} places"
            f" (most at {place_words(self.keys, self.proof.worst_place)})"
        )
        fixed = f"one fixed design, for {place_words(self.keys, self.proof.fixed_at)}: up to {largest['fixed']:.1f} dB"
        followed = [] if self.section_fit is None else [self.section_fit.sentence()]
        followed += [f'form = "auto" passed over {text}' for text in self.passed_over]
        if bank.sets == 1:
            at = place_words(self.keys, [float(axis.values[0]) for axis in bank.axes])
            return [f"one set, for {at}, with nothing to interpolate: {lost}", fixed, *followed]
        kind = f"interpolated as {self.interpolation.replace(', delays apart', ' with their delays apart')}"
        counts = " x ".join(str(axis.values.size) for axis in bank.axes)
        return [
            f"{bank.sets} sets{f' ({counts})' if len(bank.axes) > 1 else ''}, {kind}: {lost}",
            f"nearest set: up to {largest['nearest']:.1f} dB lost; {fixed}",
            f"equally spaced, {self._uniform_words()} are needed to lose no more at the same places",
            *followed,
        ]

    @property
    def interpolation(self) -> str:
        """How filters between the sets are made: "none" of one set."""
        if self.bank.sets == 1:
            return "none"
        if self.section_fit is not None:
            return "numerators of sections, delays apart"
        return "aligned taps, delays apart" if self.aligned else "taps"

    def shortfalls(self) -> list[str]:
        """Sentences on places that are infeasible, and on requirements that filters miss there; none where all are held."""
        out = [self.no_form] if self.no_form else []
        if self.infeasible:
            values, slack_db = max(self.infeasible, key=lambda item: item[1])
            out.append(
                f"infeasible as asked at {len(self.infeasible)} of {len(self.proof.places)} places, by up to {slack_db:.1f} dB at"
                f" {place_words(self.keys, values)}; the bank holds the best compromise there; shorten the range, or lower the"
                " requirements"
            )
        if self.section_fit is not None:
            out += self.section_fit.shortfalls(self.keys)
        return out


def design_bank(
    problem: Problem,
    over: Sequence[str],
    loss_db: float,
    *,
    processes: int = 1,
    progress: Callable[[str], None] | None = None,
) -> BankDesign:
    """Design a bank.

    Parameters
    ----------
    over : sequence of str, one or two of the form KEY=FROM:TO
    loss_db : float, the most that filters may lose anywhere
    processes : int, of this machine, for designs that do not wait for each other
    progress : callable or None, called with the stage and how many designs are made

    Raises
    ------
    UsageError : a key or a range that cannot be followed, or a loss that cannot be reached
    ProblemError, DataError, SolverError : naming the place

    """
    if not LEAST_LOSS_DB <= loss_db < np.inf:
        raise UsageError(f"--loss: got {loss_db:g}; expected {LEAST_LOSS_DB:g} dB or more, a finite number")
    keys = followed_keys(problem, over)
    say = progress or (lambda _: None)
    if problem.realization.form != "auto":
        return _designed(problem, keys, loss_db, processes, say)
    say("form of the filters")
    choice = job.design(problem_at(problem, keys, _values_of(problem, keys))).choice
    assert choice is not None
    passed_over = ruled_out(choice, problem)
    missed: list[tuple[float, Candidate]] = []
    no_form = choice.reason if choice.is_short else ""
    forms = forms_of_bank(choice, problem)

    def designed(form: Candidate, *, holds: bool) -> BankDesign:
        changes = {f"realization.{key}": value for key, value in form.changes(problem.realization).items()}
        bank = _designed(
            problem.replace(changes), keys, loss_db, processes, lambda text: say(f"{form.text}: {text}"), holds=holds
        )
        return replace(bank, passed_over=tuple(passed_over), no_form=no_form)

    for form in forms:
        try:
            return designed(form, holds=True)
        except (UsageError, ProblemError) as error:  # they lose too much, or take a longer delay than the file has
            if form is forms[-1] and not missed:
                raise
            why = "; ".join(map(str, error.faults)) if isinstance(error, ProblemError) else str(error)
            passed_over.append(f"{form.text}: {why}")
        except MissedError as error:
            missed.append((error.fit.missed_db, form))
            passed_over.append(f"{form.text}: {error.fit.missed(keys)}")
    return designed(min(missed, key=lambda item: item[0])[1], holds=False)


def _designed(
    problem: Problem,
    keys: tuple[Followed, ...],
    loss_db: float,
    processes: int,
    say: Callable[[str], None],
    *,
    holds: bool = False,
) -> BankDesign:
    """The bank of a form that is named; errors as `design_bank`, and with `holds` a MissedError as soon as one is known."""
    stage = ["first design"]
    fixed_at = _values_of(problem, keys)
    places = Places(problem, keys, fixed_at, lambda count: say(f"{stage[0]}: {count} designs"))
    cells = Cells(places)
    looks = LOOKS[len(keys)] if holds else 2
    first = itertools.product(*(np.linspace(key.low, key.high, looks).tolist() for key in keys))
    section_fit(places, [fixed_at, *first], loss_db, holds=holds)
    stage[0] = "spacing"
    try:
        for axes in _candidates(cells, loss_db):
            stage[0] = "proof"
            bank, proof = _proof(places, axes, fixed_at, processes)
            if proof.largest_db["interpolated"] <= loss_db:
                break
            stage[0] = "spacing"
    except JumpError as error:
        raise UsageError(_jump_words(keys, loss_db, error)) from None
    if proof.largest_db["interpolated"] > loss_db:
        raise UsageError(
            f"--loss {loss_db:g}: got sets that lose {proof.largest_db['interpolated']:.2f} dB at {place_words(keys, proof.worst_place)};"
            f" expected sets that lose at most {loss_db:g} dB; raise --loss, or shorten the range"
        )
    stage[0] = "uniform spacing"
    uniform = (1,) * len(keys) if bank.sets == 1 else _uniform(cells, axes, proof, loss_db)
    if np.prod(uniform) < bank.sets:
        axes = [np.linspace(key.low, key.high, count) for key, count in zip(keys, uniform, strict=True)]
        bank = bank_of(places, axes)
        proof = _replaced(places, proof, bank, fixed_at)
    aligned = True
    if places.shared is None:
        straight = bank_of(places, axes, align=False)
        without = _replaced(places, proof, straight, fixed_at)
        if without.largest_db["interpolated"] <= loss_db:
            bank, proof, aligned = straight, without, False
    fit = section_fit(places, proof.places.tolist(), loss_db, holds=holds)
    if has_chain(places.fixed):
        chain = chain_of(places.fixed)
        bank = with_chain(bank, chain.delay_samples, upmix=chain.upmix)
    slacks = [(tuple(row), places.at(row).slack_db) for row in proof.places.tolist()]
    infeasible = tuple((values, slack) for values, slack in slacks if slack > SLACK_TOLERANCE_DB)
    return BankDesign(
        places.problem,
        keys,
        loss_db,
        bank,
        proof,
        aligned,
        uniform,
        places.count,
        infeasible,
        places.fixed,
        section_fit=fit,
    )


def _values_of(problem: Problem, keys: Sequence[Followed]) -> Values:
    """Values of the keys in the file, where they are in the ranges; else the middles."""
    values = []
    for key in keys:
        value: Any = problem.model_dump()
        for step in key.variation.places[0]:
            value = value[step] if value is not None else None
        inside = isinstance(value, int | float) and key.low <= value <= key.high
        values.append(float(value) if inside else (key.low + key.high) / 2)
    return tuple(values)


def _candidates(cells: Cells, limit_db: float) -> Iterator[list[Real]]:
    """Values of each key at which sets could stand, the fewest first."""
    keys = cells.places.keys

    def of_one(place: Values, at: Values) -> float:
        return cells.loss_db([(value,) for value in place], at)

    lone = lone_place([key.low for key in keys], [key.high for key in keys], of_one, limit_db)
    if lone is not None:
        yield [np.array([value]) for value in lone]
    for fractions, even in ((FRACTIONS, True), (FRACTIONS, False), (TENTHS, False)):
        yield _spaced(cells, limit_db, fractions, even=even)


def _spaced(cells: Cells, limit_db: float, fractions: Sequence[float], *, even: bool) -> list[Real]:
    """Values of each key at which sets stand; of two keys for the largest share of the limit whose grid holds.

    Raises
    ------
    JumpError : filters change by more than the limit between places that are as good as the same

    """
    keys = cells.places.keys
    if len(keys) == 1:
        (key,) = keys
        loss = cells.interval(0, (), fractions, limit_db)
        values = spaced(key.low, key.high, loss, limit_db)
        return [evened(values) if even else values]
    for share in SHARES:
        axes = []
        for axis, key in enumerate(keys):
            other_key = keys[1 - axis]
            lines = np.linspace(other_key.low, other_key.high, LINES).tolist()
            loss = cells.interval(axis, lines, fractions, share * limit_db)
            values = spaced(key.low, key.high, loss, share * limit_db)
            axes.append(evened(values) if even else values)
        middles = [np.interp(np.arange(2 * len(v) - 1) / 2, np.arange(len(v)), v) for v in axes]
        if cells.holds(axes, itertools.product(*middles), limit_db) or share == SHARES[-1]:
            break
    return axes


def _proof(places: Places, axes: Sequence[Real], fixed_at: Values, processes: int) -> tuple[FilterBank, Proof]:
    """The bank of sets at the product of values, and its proof."""
    spans = [[key.low, key.high] if len(v) == 1 else v for key, v in zip(places.keys, axes, strict=True)]
    fine = [proof_values(values, len(axes)) for values in spans]
    places.prepare([*itertools.product(*fine), fixed_at], processes)
    bank = bank_of(places, axes)
    return bank, proven(places, bank, fine, fixed_at)


def _replaced(places: Places, proof: Proof, bank: FilterBank, fixed_at: Values) -> Proof:
    """Another bank on the places of a proof."""
    axes = [np.unique(proof.places[:, n]) for n in range(proof.places.shape[1])]
    return proven(places, bank, axes, fixed_at)


def _uniform(cells: Cells, axes: Sequence[Real], proof: Proof, limit_db: float) -> tuple[int, ...]:
    """Values of each key that equal steps need to lose no more on the places of a proof."""
    order = np.argsort(-proof.loss_db(proof.interpolated_db))
    checked = [tuple(row) for row in proof.places[order].tolist()]
    keys = cells.places.keys

    def holds(counts: Sequence[int]) -> bool:
        grid = [np.linspace(key.low, key.high, count) for key, count in zip(keys, counts, strict=True)]
        return cells.holds(grid, checked, limit_db)

    counts = [len(values) for values in axes]
    if len(axes) == 1 and counts[0] > 2 and holds([counts[0] - 1]):
        return (counts[0] - 1,)
    most = [MOST_TIMES * count for count in counts]
    needed = [
        min(int(np.ceil((values[-1] - values[0]) / np.diff(values).min() - 1e-9)) + 1, limit)
        for values, limit in zip(axes, most, strict=True)
    ]
    while not holds(needed):
        if needed == most:
            return tuple(most)
        needed = [min(2 * count - 1, limit) for count, limit in zip(needed, most, strict=True)]
    for axis in range(len(axes)):
        fails = (counts[axis] if len(axes) == 1 else 2) - 1
        while needed[axis] - fails > 1:
            middle = (needed[axis] + fails) // 2
            if holds([middle if n == axis else count for n, count in enumerate(needed)]):
                needed[axis] = middle
            else:
                fails = middle
    return tuple(needed)


def _jump_words(keys: Sequence[Followed], loss_db: float, error: JumpError) -> str:
    return (
        f"--loss {loss_db:g}: got filters that jump, by {error} dB, next to {error.place} of {', '.join(key.key for key in keys)};"
        " expected filters that change steadily over the range; name the drivers of plain playback (designs.NAME.plain), shorten the"
        " range, or raise --loss"
    )
