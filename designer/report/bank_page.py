"""The page of a bank: one self-contained HTML file; sets and losses on top, gain over place and over time below."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from designer.report import script
from designer.report.bank_figures import BankView
from designer.report.figures import bank_pictures
from designer.report.page import Shown
from designer.report.page_data import block


def render(view: BankView, facts: Mapping[str, Any], sentences: Sequence[str], shortfalls: Sequence[str]) -> str:
    """The page as HTML.

    Parameters
    ----------
    facts : mapping of str to object, the content of `bank.json`
    sentences, shortfalls : sequence of str, outcome in words, and where a place is infeasible

    Raises
    ------
    DataError : the package `plotly` is not installed

    """
    pictures = bank_pictures(view)
    title = f"Filter bank: {facts['title']}"
    return script.page(
        "bank.html",
        title,
        facts=facts,
        sentences=sentences,
        shortfalls=shortfalls,
        data=block(title, {name: picture.build() for name, picture in pictures.items()}),
        figures={name: Shown(name, picture.says()) for name, picture in pictures.items()},
        axes=[
            (label, ", ".join(f"{value:.4g}" for value in values.tolist()))
            for label, values in zip(view.labels, view.sets, strict=True)
        ],
        losses=[(way, float(values.max()), float(values.mean())) for way, values in view.loss_db.items()],
        walk=view.walk,
        walked=_walked(view),
    )


def _walked(view: BankView) -> list[tuple[str, float, float, float]]:
    """Each way of playing a walk: its mean gain, the 5th percentile and its clicks, in dB; none without a walk."""
    if view.walk is None:
        return []
    gain_db, clicks_db = view.walk.gain_db, view.walk.clicks_db
    return [
        (way, float(gain_db[way].mean()), float(np.percentile(gain_db[way], 5)), clicks_db[way]) for way in clicks_db
    ]
