"""Filters as impulse responses, for targets that know nothing else: delays as leading zeros, sections cut to taps."""

from __future__ import annotations

import numpy as np

from designer.arrays import Real
from designer.export.filter_set import Filter, FilterSet
from designer.measures import amplitude_db

UNHEARD_DB = -120.0
"""A remainder below this needs no word."""
LOOKED_AT = 8
"""How many lengths of the cut response are looked at for what the cut leaves out."""


def delayed_taps(filters: FilterSet, one: Filter) -> Real:
    """The taps of one filter behind its channel's delay (D + T,)."""
    return np.concatenate([np.zeros(filters.delays.get(one.channel, 0)), one.taps])


def response_length(filters: FilterSet) -> int:
    """Samples that hold every filter behind its channel's delay."""
    return max(delayed_taps(filters, one).size for one in filters.filters)


def cut_note(filters: FilterSet) -> tuple[str, ...]:
    """What is said where sections become taps: how far below the whole response the part is that the cut leaves out."""
    lost = [_lost_db(one) for one in filters.filters if one.cascade is not None]
    if not lost:
        return ()
    said = f"sections as impulse responses of {filters.taps} taps"
    if max(lost) < UNHEARD_DB:
        return (said,)
    return (f"{said}; what comes later is up to {max(lost):.0f} dB of a whole response: more taps lower it",)


def _lost_db(one: Filter) -> float:
    assert one.cascade is not None
    whole = one.cascade.impulse_response(LOOKED_AT * one.taps.size)
    tail = np.linalg.norm(whole[one.taps.size :])
    return float(amplitude_db(np.atleast_1d(tail / np.linalg.norm(whole)))[0])
