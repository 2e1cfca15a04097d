"""A bank as a firmware takes it, and what it costs in each target that interpolates."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import PurePath

from designer.bank.filter_bank import FilterBank
from designer.bank.section_bank import SectionBank
from designer.errors import UsageError
from designer.export.bank_export import bank_facts
from designer.export.bank_plan import bank_plan
from designer.export.bank_set import BankSet
from designer.export.filter_set import filters_of
from designer.export.of_design import origin
from designer.export.targets import TARGETS
from designer.problem.schema import Problem
from designer.problem.toml_text import set_options
from designer.search.bank_keys import Followed
from designer.stereo.chain import CENTRE


def firmware_set(
    bank: FilterBank, problem: Problem, keys: Sequence[Followed], start: tuple[float, ...], loss_db: float, folder: str
) -> BankSet:
    """The channels of a bank that a firmware plays: of a stereo chain its own.

    Parameters
    ----------
    start : tuple of float, values of the keys at which a firmware starts
    loss_db : float, the limit on the loss, for the command that makes the bank again
    folder : str, of the bank, for that command

    """
    sides = [name for name in bank.waiting_samples if name != CENTRE]
    channels = (*sides, CENTRE) if bank.upmix else tuple(sides) or bank.channels
    return BankSet(
        **origin(problem),
        sample_rate_hz=bank.sample_rate_hz,
        channels=channels,
        drivers=bank.drivers,
        filters=filters_of({name: bank.at(name, start) for name in channels}, bank.drivers, {}),
        form="biquad" if isinstance(bank, SectionBank) else "fir",
        bulk_delay_samples=bank.bulk_delay_samples,
        word=bank.word,
        shifts=dict(bank.shifts),
        delays={name: bank.waiting_samples.get(name, 0) for name in channels},
        made_by=_command(problem, keys, loss_db, folder),
        made_into=folder,
        fed_by_upmix=bank.upmix,
        bank=bank,
        start=start,
        units=tuple(key.unit for key in keys),
    )


def firmware_costs(filters: BankSet) -> dict[str, dict[str, object]]:
    """Target -> cost, as a manifest holds it; without the targets whose words cannot hold the bank."""
    costs = {}
    for name, target in TARGETS.items():
        if target.bank_word is not None:
            try:
                costs[name] = bank_facts(bank_plan(filters, target.bank_word))
            except UsageError:
                continue
    return costs


def _command(problem: Problem, keys: Sequence[Followed], loss_db: float, folder: str) -> str:
    """Command that makes the bank again; of a path on the machine that made it, the name alone."""
    name = PurePath(problem.source).name
    over = [text for key in keys for text in ("--over", f"{key.key}={key.low:.12g}:{key.high:.12g}")]
    return shlex.join(
        ["designer", "bank", name, *set_options(problem.changes), *over, "--loss", f"{loss_db:g}", "-o", folder]
    )
