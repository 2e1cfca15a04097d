"""The job of `designer compare`: designs read or made, laid side by side, and written as one folder."""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from designer import job
from designer.arguments import checked_arguments
from designer.comparison.entry import Entry, SharedChannel, band_notes, check_count, check_shown, shared_channels
from designer.comparison.head_shift import HeadShift, head_shift
from designer.comparison.key_differences import scene_note
from designer.comparison.measured import measured_entries
from designer.comparison.numbers import tidy_table
from designer.errors import SolverError, UsageError
from designer.folders.summary import no_design
from designer.problem import Problem
from designer.problem.messages import shown
from designer.problem.methods import check_methods
from designer.problem.replacing import with_method
from designer.report import comparison_page
from designer.report.figures import Picture, comparison_pictures
from designer.versions import WRITER, versions
from designer.writing import COMPARISON, check_folder, lay, reserve, write_folder

if TYPE_CHECKING:
    import pandas as pd

POINTS_PER_OCTAVE = 12


@dataclass(frozen=True)
class Comparison:
    """Designs side by side, ready to be drawn and written.

    Attributes
    ----------
    shifts : mapping of tuple of 2 str to HeadShift, (entry's label, channel) -> its head shifts
    notes : tuple of str, what is not compared, and why

    """

    entries: tuple[Entry, ...]
    channels: tuple[SharedChannel, ...]
    shifts: Mapping[tuple[str, str], HeadShift]
    notes: tuple[str, ...] = ()
    show: tuple[str, ...] = ()
    command: str = ""
    points_per_octave: int = POINTS_PER_OCTAVE
    pictures: Mapping[str, Picture] = field(default_factory=dict)

    def __repr__(self) -> str:
        """One line: the designs, and the channels that they share."""
        entries = ", ".join(entry.label for entry in self.entries)
        return f"<Comparison of {entries}: channels {', '.join(channel.name for channel in self.channels)}>"

    @cached_property
    def table(self) -> pd.DataFrame:
        """The table of `comparison.csv`: design, channel, metric, frequency_hz, value."""
        return tidy_table(self.channels, self.shifts, self.points_per_octave)

    @property
    def title(self) -> str:
        """Title of the page."""
        titles = dict.fromkeys(entry.problem.title for entry in self.entries)
        subject = f" of {next(iter(titles))}" if len(titles) == 1 else ""
        return f"Comparison{subject}: {len(self.entries)} designs"

    def draw(self) -> Comparison:
        """Comparison with its figures."""
        return replace(self, pictures=comparison_pictures(self.channels, self.shifts, self.show))

    def files(self) -> dict[str, bytes]:
        """Content of the folder: a path in it -> its content."""
        pictures = self.pictures or self.draw().pictures
        facts = comparison_page.Facts(self.title, self.notes, versions(), self.command)
        record = {
            "writer": WRITER,
            "command": self.command,
            "designs": {entry.label: entry.source for entry in self.entries},
            "notes": list(self.notes),
            "versions": versions(),
        }
        contents = {
            "comparison.html": comparison_page.render(self.entries, self.channels, pictures, facts, self.show),
            "comparison.csv": self.table.round({"frequency_hz": 3, "value": 3}).to_csv(
                index=False, lineterminator="\n"
            ),
            "comparison.json": json.dumps(record, indent=2) + "\n",
        }
        drawn = {f"figures/{name}.svg": picture.file() for name, picture in pictures.items()}
        return {path: text.encode("utf-8") for path, text in contents.items()} | drawn

    @checked_arguments()
    def save(self, folder: str | Path, *, force: bool = False) -> Path:
        """Write the folder, whole or not at all.

        Parameters
        ----------
        force : bool, replace files of an older comparison that were edited since

        Raises
        ------
        UsageError : the folder holds files that are no comparison of this tool
        OutputError : it cannot be written; what was there is as it was

        """
        write_folder(Path(folder), COMPARISON, lay(self.files()), force=force)
        return Path(folder)


def check_free(folder: Path, *, force: bool = False) -> None:
    """Find out before anything is compared whether the folder could be written.

    Raises
    ------
    UsageError : naming the folder, what stands in the way, and the remedy
    OutputError : no room there, or a folder that is read-only

    """
    check_folder(folder, COMPARISON, force=force)
    reserve(folder)


Item = str | Path | Problem | job.Design
"""A design folder or a problem file, or what is in them."""


@checked_arguments()
def compare(
    items: Item | Sequence[Item] | Mapping[str, Item],
    folder: str | Path | None = None,
    *,
    methods: Sequence[str] = (),
    measured: Sequence[str] = (),
    show: Sequence[str] = (),
    points_per_octave: int = POINTS_PER_OCTAVE,
    command: str = "",
    progress: Callable[[str], None] | None = None,
    force: bool = False,
) -> Comparison:
    """Lay designs side by side: `table` has all their numbers on one grid, and `save` writes the page.

    Parameters
    ----------
    items : str, Path, Problem or Design, or sequence or mapping of label to these, designs and design folders, problems, which are
        designed, and their files; with `methods` one of them, whose problem each method designs
    folder : str, Path or None, where page, figures and table are written; None for nowhere
    methods : sequence of str, of the problem file; each designs all channels that can take it
    measured : sequence of str, files of a measured device, DRIVER=FILES of measured drivers, or channel:NAME=FILES of a channel as it
        plays, laid over
        their prediction
    show : sequence of str, labels to draw as curves of their own where there are many
    points_per_octave : int, of the table's frequencies
    command : str, what regenerates the folder
    progress : callable, optional, called with the name of each stage as it begins
    force : bool, replace files of an older comparison that were edited since

    Raises
    ------
    UsageError : too few or too many designs, an unknown method, driver or label, or a folder that holds something else
    ProblemError, DataError : an item that cannot be used, or designs that share no channel
    SolverError : a solver ended without a certified answer, and fewer than two designs are left; a design or a channel of one that
        is left out is a note
    OutputError : the folder cannot be written; what was there is as it was

    Examples
    --------
    >>> import designer
    >>> problem = designer.load("problems/laptop-pair.toml")
    >>> comparison = designer.compare({"long": problem, "short": problem.replace("realization.taps", 64)})
    >>> table = comparison.table  # design, channel, metric, frequency_hz, value
    >>> mean = table[(table.metric == "mean_cancellation_gain_db") & (table.channel == "left")].set_index("design").value
    >>> bool(mean["short"] < mean["long"] + 0.5)
    True

    """
    say = progress or (lambda _: None)
    if folder is not None:
        check_free(Path(folder), force=force)
    check_methods(list(methods))
    if isinstance(items, Item):
        items = [items]
    named = dict(items) if isinstance(items, Mapping) else dict(zip(labels(items), items, strict=True))
    sources = [_source(item) for item in named.values()]
    notes: list[str] = []
    if methods:
        if len(named) != 1:
            raise UsageError(
                f"--methods: got {len(named)} problems; expected one, which each method designs; leave the others out"
            )
        problem = job.problem_of(*named.values())
        variants = [(method, *with_method(problem, method)) for method in methods]
        notes += [note for _, _, remarks in variants for note in remarks]
        planned: list[tuple[str, Item]] = [(method, changed) for method, changed, _ in variants]
        sources *= len(planned)
    else:  # problem files are checked before anything is designed
        planned = [(label, item if _is_design(item) else job.problem_of(item)) for label, item in named.items()]
    if not measured:
        check_count(len(planned))
    entries: list[Entry] = []
    stopped: list[str] = []
    for (label, item), source in zip(planned, sources, strict=True):
        say(f"design {label}")
        try:
            result = job.design(item, keep_going=True) if isinstance(item, Problem) else job.design_of(item)
        except SolverError as error:
            stopped.append(f"{label}: {error}")
            continue
        entries.append(Entry(label, result, source))
        notes += [f'the channel "{name}" of {label} is missing: {why}' for name, why in result.failures.items()]
    if stopped and len(entries) < (1 if measured else 2):  # nothing is left to be compared
        raise SolverError("; ".join(stopped))
    notes += [f"left out: {text}" for text in stopped]
    notes += scene_note([entry.problem for entry in entries])
    if measured:
        say("measurement")
        beside, remarks = measured_entries(entries, measured)
        entries += beside
        notes += remarks
    check_count(len(entries))
    check_shown(show, entries)
    channels, remarks = shared_channels(entries)
    notes += [*remarks, *band_notes(channels)]
    say("head shifts")
    shifts = {}
    for channel in channels:
        for entry in () if channel.is_beam else channel.entries:
            shift = head_shift(entry, channel.name)
            if shift is not None:
                shifts[entry.label, channel.name] = shift
    comparison = Comparison(
        tuple(entries),
        tuple(channels),
        shifts,
        tuple(notes),
        tuple(show),
        command or _command(list(named.values()), sources),
        points_per_octave,
    )
    if folder is not None:
        say("report")
        comparison.save(folder, force=force)
    return comparison


def _command(items: Sequence[Item], sources: Sequence[str]) -> str:
    """Command that compares these; of what has no path of its own the call in Python, in words."""
    if all(isinstance(item, str | Path) for item in items):
        return shlex.join(["designer", "compare", *sources])
    return f"designer.compare, in Python, of {', '.join(sources)}"


def _is_design(item: Item) -> bool:
    """Whether it is designed already; a folder that is none is refused.

    Raises
    ------
    DataError : a folder without a summary

    """
    if isinstance(item, Problem | job.Design):
        return isinstance(item, job.Design)
    if Path(item).is_dir() and not (Path(item) / "summary.json").is_file():
        raise no_design(Path(item), "a design folder or a problem file")
    return Path(item).is_dir()


def _source(item: Item) -> str:
    """File or folder of an item; of a problem or a design the file that it was read from, and what was changed since."""
    if isinstance(item, str | Path):
        return str(item)
    problem = job.problem_of(item)
    return " ".join([problem.source, *(f"{key}={shown(value)}" for key, value in problem.changes.items())])


def labels(items: Sequence[Item]) -> list[str]:
    """Label of each item: its file's or folder's name, with folders before it or a number where two would be alike.

    That of a problem or a design is followed by what was changed since its file was read.
    """
    paths, names = [], []
    for item in items:
        problem = None if isinstance(item, str | Path) else job.problem_of(item)
        path = Path(str(item) if problem is None else problem.source).resolve()
        changes = {} if problem is None else problem.changes
        paths.append(path)
        names.append(
            " ".join([path.name if path.is_dir() else path.stem, *(f"{k}={shown(v)}" for k, v in changes.items())])
        )
    if len(set(names)) < len(names):
        names = [
            f"{path.parent.name}/{name}" if names.count(name) > 1 else name
            for path, name in zip(paths, names, strict=True)
        ]
    return [f"{name} ({names[: i + 1].count(name)})" if names.count(name) > 1 else name for i, name in enumerate(names)]
