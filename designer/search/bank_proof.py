"""Losses of a bank at places: its filters, the nearest set's and one fixed set's against those designed for each place."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from designer.arrays import Real
from designer.bank.filter_bank import Axis, FilterBank, aligned_bank
from designer.bank.section_bank import SectionBank, section_bank
from designer.search.bank_places import PlaceDesign, Places, Values
from designer.search.bank_sections import PlaceSections, SharedSections

Curves = Mapping[str, Real]
"""Channel -> gain in dB at each place of a proof (N,)."""


def bank_of(places: Places, axes: Sequence[Sequence[float] | Real], *, align: bool = True) -> FilterBank:
    """The bank of the designs at the product of some values of each key."""
    if places.shared is not None:
        return _bank_of_sections(places, places.shared, axes)
    sets = [places.at(values).taps for values in itertools.product(*axes)]
    first, shape = places.at([values[0] for values in axes]), tuple(len(values) for values in axes)
    taps = {name: np.array([taps[name] for taps in sets]).reshape(*shape, *first.taps[name].shape) for name in sets[0]}
    table = places.problem.realization
    return aligned_bank(
        _named(places, axes),
        places.problem.driver_names,
        places.problem.sample_rate_hz,
        taps,
        first.bulk_delay_samples,
        word=table.fixed_point,
        align=align,
    )


def _bank_of_sections(places: Places, shared: SharedSections, axes: Sequence[Sequence[float] | Real]) -> SectionBank:
    """The bank of the sections at the product of some values of each key."""
    sets = [places.at(values).sections for values in itertools.product(*axes)]
    shape = tuple(len(values) for values in axes)

    def grid(part: Callable[[PlaceSections], Real]) -> dict[str, Real]:
        rows = {name: np.array([part(sections[name]) for sections in sets]) for name in sets[0]}
        return {name: array.reshape(*shape, *array.shape[1:]) for name, array in rows.items()}

    return section_bank(
        _named(places, axes),
        places.problem.driver_names,
        places.problem.sample_rate_hz,
        grid(lambda sections: sections.numerators),
        shared.denominators,
        grid(lambda sections: sections.delay_samples),
        shared.bulk_delay_samples,
    )


def _named(places: Places, axes: Sequence[Sequence[float] | Real]) -> list[Axis]:
    """The keys with the values at which sets stand."""
    return [Axis(key.key, np.asarray(values, dtype=float)) for key, values in zip(places.keys, axes, strict=True)]


def bank_loss_db(bank: FilterBank, place: PlaceDesign) -> float:
    """Loss of a bank's filters at a place."""
    return place.loss_db({name: bank.at(name, place.values) for name in place.points})


@dataclass(frozen=True)
class Proof:
    """Gains at the places of the proof.

    Attributes
    ----------
    places : (N, K) float array, values of the keys
    shape : tuple of int, how many values of each key: the places are their product
    designed_db : mapping of str to float array, channel -> gain of the filters designed for the place (N,)
    interpolated_db, nearest_db, fixed_db : mapping of str to float array, of the bank, of its nearest set, and of one design at all places
    fixed_at : tuple of float, values of the keys that the fixed design is for

    """

    places: Real
    shape: tuple[int, ...]
    designed_db: Curves
    interpolated_db: Curves
    nearest_db: Curves
    fixed_db: Curves
    fixed_at: Values

    def loss_db(self, gains_db: Curves) -> Real:
        """Loss of one of the curves at each place (N,), the worst channel's."""
        return np.asarray(np.max([self.designed_db[name] - gains_db[name] for name in self.designed_db], axis=0))

    @cached_property
    def largest_db(self) -> dict[str, float]:
        """Largest losses: "interpolated", "nearest", "fixed"."""
        curves = {"interpolated": self.interpolated_db, "nearest": self.nearest_db, "fixed": self.fixed_db}
        return {way: float(self.loss_db(curve).max()) for way, curve in curves.items()}

    @property
    def worst_place(self) -> Values:
        """Where the bank loses most."""
        return tuple(self.places[int(np.argmax(self.loss_db(self.interpolated_db)))].tolist())


def proven(places: Places, bank: FilterBank, axes: Sequence[Real], fixed_at: Values) -> Proof:
    """The proof of a bank on the product of some values of each key, whose designs are at hand or made."""
    designs = [places.at(values) for values in itertools.product(*axes)]
    fixed = places.at(fixed_at).taps
    names = list(designs[0].points)

    def curves(filters: Callable[[str, Values], Real]) -> Curves:
        return {
            name: np.array(
                [place.points[name].gain_db(filters(name, place.values), place.sample_rate_hz) for place in designs]
            )
            for name in names
        }

    return Proof(
        np.array([place.values for place in designs]),
        tuple(len(values) for values in axes),
        {name: np.array([place.gain_db[name] for place in designs]) for name in names},
        curves(bank.at),
        curves(bank.nearest),
        curves(lambda name, _: fixed[name]),
        fixed_at,
    )


class Cells:
    """Losses of banks before they are whole: of the two or four sets around a place alone."""

    def __init__(self, places: Places) -> None:
        self.places = places
        self._banks: dict[tuple[Values, ...], FilterBank] = {}

    def loss_db(self, corners: Sequence[Values], values: Sequence[float]) -> float:
        """Loss at a place of the filters between sets at the product of one or two values of each key."""
        key = tuple(corners)  # of a set that is alone, one value of each key
        if key not in self._banks:
            self._banks[key] = bank_of(self.places, key)
        return bank_loss_db(self._banks[key], self.places.at(values))

    def around(self, axes: Sequence[Real], values: Sequence[float]) -> list[Values]:
        """The values of each key around a place."""
        corners: list[Values] = []
        for axis, value in zip(axes, values, strict=True):
            below = int(np.clip(np.searchsorted(axis, value, side="right") - 1, 0, axis.size - 2))
            corners.append((float(axis[below]), float(axis[below + 1])))
        return corners

    def holds(self, axes: Sequence[Real], checked: Iterable[Values], limit_db: float) -> bool:
        """Whether sets at the product of values lose at most the limit at some places; ends at the first that fails."""
        return all(self.loss_db(self.around(axes, values), values) <= limit_db for values in checked)

    def interval(
        self, axis: int, lines: Sequence[float], fractions: Sequence[float], limit_db: float
    ) -> Callable[[float, float], float]:
        """Loss between two values of a key, largest over values of the other, or the first above the limit."""

        def loss(start: float, stop: float) -> float:
            worst = -np.inf
            for fraction, line in itertools.product(fractions, lines or (0.0,)):
                between = start + fraction * (stop - start)
                corners: list[Values] = [(start, stop)]
                values = [between]
                if lines:
                    corners.insert(1 - axis, (line,))
                    values.insert(1 - axis, line)
                worst = max(worst, self.loss_db(corners, values))
                if worst > limit_db:
                    break
            return float(worst)

        return loss
