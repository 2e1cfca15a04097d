"""Targets of `designer export`: the options that it heeds, the files that it makes, and what it refuses.

A target is one file in `targets/`, which makes one `Target`. `name` and `place` of a target, and what an `Option` says, are
literals, because the problem file's schema reads them without importing the file.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from designer.arrays import Real
from designer.errors import UsageError
from designer.export.arithmetic import ArithmeticModel
from designer.export.coefficients import Coefficients
from designer.export.filter_set import FilterSet
from designer.export.provenance import Row
from designer.export.runners.bench import Runner
from designer.problem.messages import nearest
from designer.problem.word_format import Word
from designer.realization.cost import Memory

if TYPE_CHECKING:
    from designer.export.c_plan import CWord
Set = TypeVar("Set", bound=FilterSet)


@dataclass(frozen=True)
class Export:
    """The files of one target, in memory so that nothing half-written can be left behind, and what its manifest says of them.

    Attributes
    ----------
    files : dict, path inside the target's folder -> content; the order is that of the manifest
    coefficient_bytes, state_bytes : int, memory that the coefficients and the filters' state take in the firmware
    multiply_adds : int, products a sample
    scaling : str, in words: full scale, shifts, and the headroom that the input needs
    notes : tuple of str, what was changed on the way (a tap added, a name mangled), for the user
    names : dict, name in the problem -> name in the files, where they differ
    facts : dict, anything else that the manifest should hold
    preamp : str, where the user sets the preamp of -`tones_db`; no target applies it by itself
    word_bytes : int, of a coefficient in the files; of floats 4 or 8
    flash_bytes, ram_bytes : int or None, where the firmware stores more than coefficients, and has scratch beside the state
    cost : str, in words: `designer.export.cost`

    """

    files: dict[str, bytes]
    coefficient_bytes: int
    state_bytes: int
    multiply_adds: int
    scaling: str
    notes: tuple[str, ...] = ()
    names: dict[str, str] = field(default_factory=dict)
    facts: dict[str, Any] = field(default_factory=dict)
    preamp: str = "a volume ahead of the filters"
    word_bytes: int = 4
    flash_bytes: int | None = None
    ram_bytes: int | None = None
    cost: str = ""

    @property
    def flash(self) -> int:
        """Memory that is stored."""
        return self.coefficient_bytes if self.flash_bytes is None else self.flash_bytes

    @property
    def ram(self) -> int:
        """Memory that is computed in."""
        return self.state_bytes if self.ram_bytes is None else self.ram_bytes

    @classmethod
    def of_words(cls, files: dict[str, bytes], memory: Memory, width: int, scaling: str, **fields: Any) -> Export:
        """An export whose coefficients and state are words of so many bytes."""
        sizes = (width * memory.coefficients, width * memory.state, memory.multiply_adds)
        return cls(files, *sizes, scaling, word_bytes=width, **fields)


@dataclass(frozen=True, kw_only=True)
class Option:
    """Option of some targets: a key of `[export]`, and a flag of `designer export`; `place` orders them.

    `about` stands in the schema, `help` in the command's; `names` are allowed, or where there are none any text of a `pattern`.
    """

    place: int
    flag: str
    key: str
    about: str
    help: str
    names: dict[str, Any] = field(default_factory=dict)
    pattern: str = ""

    def check(self, value: str) -> None:
        """Refuse a value that is not known. Raises UsageError: naming those that are, and the nearest."""
        if value and self.names and value not in self.names:
            near = nearest(value.lower(), list(self.names))
            raise UsageError(f"--{self.flag}: got {value!r}; expected {', '.join(self.names)}{near and '; '}{near}")


class BareFile(NamedTuple):
    """A file of bare numbers, and what its row of `filters.csv` says of them."""

    path: Path
    row: Row
    bits: int
    step: float


@dataclass(frozen=True, kw_only=True)
class Target:
    """One firmware, host program or file format that filters are written for, and read back from.

    Attributes
    ----------
    place : int, in lists
    name : str, as `--target` and `[export] targets` take it
    summary : str, one line: what it is for
    write : callable, the files of a set of filters; raises `UsageError` where the target cannot hold them
    write_rates : callable or None, one set of files for filters with `at_rates`; None for a folder a rate
    channel_scale : tuple of Word, fixed-point words in which the drivers of a channel share one scale
    options : tuple of Option, that it heeds
    arithmetics : callable or None, of a target in fixed point: by name what its files compute; raises as `write` does
    for_tests : bool, written whatever its arithmetics do
    files : str, in words, what `read` reads
    read : callable or None, puts a file's filters into `Coefficients`; raises `DataError`
    endings : tuple of str, of the files that it reads
    is_own : callable or None, tells a file from that of another target with its ending, by its text
    in_folders : tuple of str, patterns of its files in a folder; files without a sign * are looked for first
    decode : callable or None, of a target that writes `filters.csv`: numbers of a bare file, b0 to a2 of each section
        or the first tap first, and gains of sections; raises `DataError`
    bare : tuple of tuple of str, endings, and layouts in `filters.csv`, of the files that `decode` reads
    bank_word : object or None, the CWord in which it plays a bank, in C; None where it does not interpolate
    block_samples : int, that it gathers before it computes; 0 where it answers sample by sample, or a host says how many
    run : Runner or None, plays signals through an export of it here; None where no program at hand does
    to_play : str, of a target that no package of a program runs: what to install, and how to play the stimulus with it

    """

    place: int
    name: str
    summary: str
    write: Callable[[FilterSet], Export]
    write_rates: Callable[[FilterSet], Export] | None = None
    channel_scale: tuple[Word, ...] = ()
    options: tuple[Option, ...] = ()
    arithmetics: Callable[[FilterSet], dict[str, ArithmeticModel]] | None = None
    for_tests: bool = False
    files: str = ""
    read: Callable[[Coefficients], None] | None = None
    endings: tuple[str, ...] = ()
    is_own: Callable[[str], bool] | None = None
    in_folders: tuple[str, ...] = ()
    decode: Callable[[Coefficients, BareFile], tuple[Real, Real | None]] | None = None
    bare: tuple[tuple[str, str], ...] = ()
    bank_word: CWord | None = None
    block_samples: int = 0
    run: Runner | None = None
    to_play: str = ""

    def heeded(self, filters: Set) -> Set:
        """The filters without the options that this target does not heed, so that no command names them.

        Raises UsageError: an option has a value that is not known.
        """
        for option in self.options:
            option.check(filters.options.get(option.flag, ""))
        flags = [option.flag for option in self.options if filters.options.get(option.flag)]
        return replace(filters, options={flag: filters.options[flag] for flag in flags})

    def check_scales(self, filters: FilterSet) -> None:
        """Refuse filters whose drivers each have a scale of their own, where the target gives a channel's drivers one.

        Raises UsageError: as said.
        """
        if filters.own_shifts and filters.word is not None and filters.word in self.channel_scale:
            raise refuse(
                self.name,
                f'a scale for each driver (word_scale = "driver") in words of {filters.word.bits} bits',
                "one scale a channel, to which every tap would be rounded again",
                'set [realization] word_scale = "channel", or export c-q31, c-q15, hex, mif or xilinx-coe, which hold a scale a filter',
            )


def refuse(target: str, actual: str, expected: str, remedy: str) -> UsageError:
    """The error of what a target cannot hold: what was found, what is allowed, what to do."""
    return UsageError(f"target {target}: got {actual}; expected {expected}; {remedy}")


def whole_rate(filters: FilterSet, target: str) -> int:
    """The sample rate, for formats that hold it as a whole number of hertz. Raises UsageError: it is none."""
    rate = round(filters.sample_rate_hz)
    if rate != filters.sample_rate_hz:
        raise refuse(
            target,
            f"a sample rate of {filters.sample_rate_hz:.17g} Hz",
            "a whole number of hertz, which is what its files hold",
            "design at such a rate, or export csv, json or npz",
        )
    return rate


def at_most_ports(target: str, filters: FilterSet, limit: int, remedy: str) -> None:
    """Refuse more channels or drivers than a limit; errors as `at_most`."""
    at_most(target, len(filters.channels), limit, "channels", remedy)
    at_most(target, len(filters.drivers), limit, "drivers", remedy)


def at_most(target: str, count: int, limit: int, subject: str, remedy: str) -> None:
    """Refuse more than a limit. Raises UsageError: naming both numbers."""
    if count > limit:
        raise refuse(target, f"{count:,} {subject}", f"at most {limit:,}", remedy)
