"""`bank.sofa` (AES69, GeneralFIR-E): each set's filters as they are played there, delays included, a measurement a set.

Receivers are the channels, emitters the drivers at their places. Each measurement has the listener's position of its set (of several
listeners that of the one who moves, else of the one whom the first channel is for), and the values of the keys in `Key1Values` and
`Key2Values`, whose names stand in the comment. Sets follow the product of the keys' values, the last key fastest.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from designer.acoustics.measured.sofa_writers import describe
from designer.acoustics.scene import driver_places_m
from designer.bank.filter_bank import FilterBank
from designer.problem.schema import Problem

BANK_SOFA = "bank.sofa"


def bank_sofa(bank: FilterBank, problems: Sequence[Problem], version: str, listener: str | None = None) -> Any:
    """A Sofa object of a bank.

    Parameters
    ----------
    problems : sequence of Problem, of each set in order
    version : str, of this tool
    listener : str or None, whose position each measurement has; by default the first's

    """
    import sofar  # slow to import

    places = list(itertools.product(*(axis.values.tolist() for axis in bank.axes)))
    sofa = sofar.Sofa("GeneralFIR-E")
    sofa.Data_IR = np.array([[bank.at(name, values).T for name in bank.channels] for values in places])
    sofa.Data_SamplingRate = bank.sample_rate_hz
    sofa.Data_Delay = np.zeros((1, len(bank.channels), len(bank.drivers)))
    sofa.EmitterPosition = driver_places_m(problems[0])
    sofa.ReceiverPosition = np.zeros((len(bank.channels), 3))
    sofa.SourcePosition = np.zeros((1, 3))
    sofa.ListenerPosition = np.array(
        [problem.heard_by(listener).listener.position_m for problem in problems], dtype=float
    )
    for place in ("Receiver", "Emitter", "Source", "Listener"):
        setattr(sofa, f"{place}Position_Type", "cartesian")
        setattr(sofa, f"{place}Position_Units", "metre")
    for n, column in enumerate(np.array(places).T, start=1):
        sofa.add_variable(f"Key{n}Values", column[:, None], "double", "MI")
    keys = "; ".join(f"Key{n}Values: {axis.key}" for n, axis in enumerate(bank.axes, start=1))
    delay = f"all filters are late by {bank.bulk_delay_samples} samples"
    delay += f"; listener: {listener}" if listener is not None else ""
    comment = f"{keys}; receivers: {', '.join(bank.channels)}; emitters: {', '.join(bank.drivers)}; {delay}"
    source = Path(problems[0].source)
    files = [source] if source.is_file() else []
    describe(sofa, title=f"Filter bank: {problems[0].title}", comment=comment, files=files, version=version, texts={})
    return sofa
