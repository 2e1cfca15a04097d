"""Loss of a bank's sections against the weights over its range, and by how much they miss requirements, in words."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from designer.errors import UsageError
from designer.evaluation.outcomes import MAX_MISSED_DB
from designer.problem.messages import shown
from designer.problem.schema import Problem
from designer.realization.choice import Candidate, Choice
from designer.realization.held_requirements import HELD_DB
from designer.search.bank_keys import Followed, place_words
from designer.search.bank_places import PlaceDesign, Places, Values


@dataclass(frozen=True)
class SectionFit:
    """How well sections with poles of their own range follow the weights, over the places of a proof.

    Attributes
    ----------
    sections : int, of each driver
    paper_loss_db : float, largest loss of the weights' mean cancellation gain
    lost_at : tuple of float, values of the keys there
    missed_db : float, by how much at most a requirement that the weights hold is missed
    requirement : str, which; empty where all are held
    missed_at : tuple of float, values of the keys there

    """

    sections: int
    paper_loss_db: float
    lost_at: Values
    missed_db: float
    requirement: str
    missed_at: Values

    def sentence(self) -> str:
        """Loss of the weights' gain, and whether requirements are held."""
        held = "hold the requirements of every place"
        if self.missed_db > HELD_DB:
            held = f"miss a requirement by at most {self.missed_db:.2f} dB"
        return (
            f"{self.sections} section{'s' * (self.sections > 1)} a driver, whose poles all sets share, lose at most"
            f" {max(self.paper_loss_db, 0.0):.2f} dB of the weights' gain and {held}"
        )

    @property
    def is_missed(self) -> bool:
        """Whether they miss a requirement by more than filters may."""
        return self.missed_db > MAX_MISSED_DB

    def missed(self, keys: Sequence[Followed]) -> str:
        """Words for the requirement that they miss, by how much and where."""
        return (
            f"sections miss {self.requirement}, which the weights hold, by up to {self.missed_db:.1f} dB at"
            f" {place_words(keys, self.missed_at)}"
        )

    def shortfalls(self, keys: Sequence[Followed]) -> list[str]:
        """Sentence on a requirement that they miss by more than filters may; else none."""
        return [f"{self.missed(keys)}; allow more sections, or shorten the range"] if self.is_missed else []


class MissedError(Exception):
    """Sections miss a requirement by more than filters may."""

    def __init__(self, fit: SectionFit) -> None:
        super().__init__()
        self.fit = fit


def forms_of_bank(choice: Choice, problem: Problem) -> list[Candidate]:
    """Forms to try, the cheapest first: those that keep everything at the fixed design's place; where none does, the one chosen there.

    Sections of a bank run in floats and without a stereo chain; a problem with either has taps alone.
    """
    taps_alone = bool(_reason_for_taps(problem))
    return [row for row in _keeping(choice) if not (taps_alone and row.form == "biquad")] or [choice.winner]


def ruled_out(choice: Choice, problem: Problem) -> list[str]:
    """Sections that are cheaper than every form to try, each with the reason why it is not one of them."""
    reason, first = _reason_for_taps(problem), forms_of_bank(choice, problem)[0]
    cheaper = [row for row in _keeping(choice) if row.form == "biquad" and row.order < first.order]
    return [f"{row.text}: {reason}" for row in cheaper if reason]


def _keeping(choice: Choice) -> list[Candidate]:
    """Forms that keep everything at the fixed design's place, the cheapest first."""
    return sorted((row for row in choice.candidates if row.keeps and not row.beyond), key=lambda row: row.order)


def _reason_for_taps(problem: Problem) -> str:
    """Key of the file that leaves a bank taps alone, with the remedy; empty where sections serve too."""
    if (word := problem.realization.word) is not None:
        return (
            f"a bank's sections run in floats, and realization.word is {shown(word)}; leave word out to have them tried"
        )
    if problem.virtualizer is not None:
        return "a bank's sections make no stereo chain; leave [virtualizer] out to have them tried"
    return ""


def section_fit(
    places: Places, checked: Iterable[Sequence[float]], loss_db: float, *, holds: bool = False
) -> SectionFit | None:
    """How well sections follow at some places; None of taps.

    Raises
    ------
    UsageError : they lose more of the weights' gain than the limit
    MissedError : with `holds`, they miss a requirement that the weights hold

    """
    if places.shared is None:
        return None
    at = [places.at(values) for values in checked]
    lost, requirement = (max(at, key=part) for part in (_paper_loss_db, _missed_db))
    fit = SectionFit(
        places.problem.realization.sections,
        _paper_loss_db(lost),
        lost.values,
        _missed_db(requirement),
        max(requirement.sections.values(), key=lambda sections: sections.excess_db).requirement,
        requirement.values,
    )
    if fit.paper_loss_db > loss_db:
        raise UsageError(
            f"realization.sections: got {fit.sections}, which lose {fit.paper_loss_db:.2f} dB of the weights' gain at"
            f" {place_words(places.keys, fit.lost_at)}; expected at most --loss {loss_db:g} dB; allow more sections or a shorter range,"
            ' raise --loss, or set form = "fir"'
        )
    if holds and fit.is_missed:
        raise MissedError(fit)
    return fit


def _paper_loss_db(place: PlaceDesign) -> float:
    """By how much the sections' gain is below the weights', in the worst channel."""
    return max(place.paper_db[name] - place.gain_db[name] for name in place.points)


def _missed_db(place: PlaceDesign) -> float:
    """Largest miss in dB of a requirement that the weights hold, over a place's sections."""
    return max(sections.excess_db for sections in place.sections.values())
