"""`designer.proof`: a target built and run here, or a recording of a device, set beside the design."""

from __future__ import annotations

import io
import json
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np

from designer import job
from designer.arguments import checked_arguments
from designer.arrays import Real
from designer.commands.export import bank_filters_for, filters_for
from designer.errors import MissingProgramError, ProgramError, UsageError
from designer.export.filter_set import FilterSet
from designer.export.rates import of_rate
from designer.export.runners.bench import Bench
from designer.export.target import Target
from designer.export.targets import target_named
from designer.export.wave import wave_float
from designer.export.write import export_of
from designer.proof.along_path import BankProof, bank_proof
from designer.proof.ears import gain_curves
from designer.proof.outcome import Proof, proof_of
from designer.proof.recording import laid_under, read_feeds
from designer.proof.stimulus import Stimulus, stimulus_of
from designer.search.bank_folder import is_bank
from designer.writing import BANK, DESIGN, EXPORT, check_file, lay, update_folder, write_file

PAGE, SUMMARY, FEEDS = "proof.html", "proof.json", "feeds.wav"
UPMIXED = "the stimulus feeds the channels {} behind the upmix, which is not part of the proof"


@checked_arguments()
def proof(
    design: job.Design | str | Path,
    target: str,
    folder: str | Path | None = None,
    *,
    recorded: str | Path | None = None,
    machine: str = "",
    cmsis: str | Path | None = None,
    command: str = "",
    progress: Callable[[str], None] | None = None,
    force: bool = False,
) -> Proof | BankProof:
    """Play noise, sweeps and silence through a target's export here, or judge a recording of a device that runs it.

    The files of the export in a design folder are run as they lie there; without them the export is written for the run. An export of a
    bank plays noise along a path of positions, and is set beside the desktop's interpolation.

    Parameters
    ----------
    design : Design, str or Path, a design or its folder; or the folder of a bank
    target : str, as `designer export --help` lists them
    folder : str, Path or None, where page, numbers and feeds are written; None for nowhere
    recorded : str, Path or None, a sound file of the drivers' feeds, a column a driver, while the device played the stimulus
    machine : str, on which C runs: "host", "cortex-m4", "cortex-m7" or "riscv64"; by default the host, for cmsis targets cortex-m4
    cmsis : str, Path or None, the sources of CMSIS-DSP, for cmsis targets
    command : str, what makes the page again
    progress : callable, optional, called with the name of each stage as it begins
    force : bool, replace files of an older proof that were edited since

    Returns
    -------
    Proof : `verdict` in words, `failures`, `status` (0, or 7), `diagnosis`, `numbers` a driver, `ears` a channel, `feeds` (N, drivers);
        of a bank a BankProof: `verdict`, `failures`, `status`, `numbers`, `feeds`, and `values`, the positions

    Raises
    ------
    UsageError : no such target, one that nothing here runs, or files in the way
    DataError : the recording, or the folder of CMSIS-DSP, cannot be used
    MissingProgramError : what runs the export is not installed; the message says what to install
    ProgramError : what runs the export did not end well
    OutputError : the folder cannot be written

    Examples
    --------
    >>> import designer, pathlib, soundfile, tempfile
    >>> from designer.export.of_design import filter_set
    >>> from designer.proof.reference import exact_feeds
    >>> from designer.proof.stimulus import stimulus_of
    >>> design = designer.design(designer.load("problems/laptop-pair.toml"))
    >>> feeds = exact_feeds(filter_set(design), stimulus_of(filter_set(design)).samples)  # of a device without a fault
    >>> feeds[:, 0] *= -1
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     recording = pathlib.Path(folder) / "feeds.wav"
    ...     soundfile.write(recording, feeds, 48000, subtype="FLOAT")
    ...     proof = designer.proof(design, "wav", recorded=recording)
    >>> proof.verdict
    'left is inverted'

    """
    say = progress or (lambda _: None)
    chosen, bench = target_named(target, runs=recorded is None), Bench(machine, Path(cmsis) if cmsis else None)
    _check_flags(target, machine, cmsis)
    if isinstance(design, str | Path) and is_bank(Path(design)):
        if recorded is not None:
            raise UsageError(
                f"--recorded: got it for the bank {design}, whose filters follow a position that no recording holds; expected its export to"
                " be run here; leave --recorded out"
            )
        return _proof_of_bank(Path(design), chosen, folder, bench, command, say, force=force)
    opened = job.design_of(design)
    if recorded is None:
        check_runs(chosen)
    filters = filters_for(opened, target)
    say("stimulus")
    stimulus = stimulus_of(filters)
    gains = partial(gain_curves, opened)
    notes = tuple(UPMIXED.format(", ".join(filters.channels)) for _ in range(filters.fed_by_upmix))
    if recorded is None:
        say(f"running {target}")
        export = None if isinstance(design, job.Design) else Path(design) / "export" / target
        feeds = played(filters, chosen, stimulus.samples, bench, export)
        say("comparing")
        ran = bench.text
        outcome = proof_of(feeds, filters, stimulus, target=target, ran=ran, gains=gains, notes=notes, command=command)
    else:
        say("recording")
        samples, remarks = read_feeds(Path(recorded), filters)
        recording = laid_under(samples, filters, stimulus, str(recorded))
        say("comparing")
        ran = f"a device, recorded in {Path(recorded).name}"
        notes += remarks
        outcome = proof_of(
            recording.feeds,
            filters,
            stimulus,
            target=target,
            ran=ran,
            recording=recording,
            gains=gains,
            notes=notes,
            command=command,
        )
    if folder is not None:
        say("report")
        write_proof(outcome, Path(folder), force=force)
    return outcome


def _check_flags(target: str, machine: str, cmsis: str | Path | None) -> None:
    for flag, value, prefixes in (("machine", machine, ("c", "cmsis")), ("cmsis", cmsis, ("cmsis",))):
        if value and target.split("-")[0] not in prefixes:
            raise UsageError(
                f"--{flag}: got it for the target {target}; expected a target of {' or '.join(prefixes)}; leave --{flag} out"
            )


def _proof_of_bank(
    bank: Path,
    target: Target,
    folder: str | Path | None,
    bench: Bench,
    command: str,
    say: Callable[[str], None],
    *,
    force: bool,
) -> BankProof:
    """The export of a bank's folder, or one that is written for the run, along a path here; written into a folder where one is named."""
    filters = bank_filters_for(bank, target.name)
    export, notes = (
        bank / "export" / target.name,
        tuple(UPMIXED.format(", ".join(filters.channels)) for _ in range(filters.fed_by_upmix)),
    )
    say(f"running {target.name}")
    with tempfile.TemporaryDirectory(prefix="proof") as work:
        place = Path(work)
        if export.is_dir():
            shutil.copytree(export, place, dirs_exist_ok=True)
        else:
            lay(export_of(replace(filters, judge_between=None), target.name).files)(place)
        outcome = replace(bank_proof(filters, target, bench, place, command=command), notes=notes)
    if folder is not None:
        write_proof(outcome, Path(folder), force=force)
    return outcome


def check_runs(target: Target) -> None:
    """Refuse a target that nothing here runs.

    Raises MissingProgramError: naming what to install for it; UsageError: files of numbers, naming the targets that are run; both with
    the way to a proof by a recording.
    """
    if target.run is not None:
        return
    from designer.export.targets import TARGETS

    recorded = f"write the stimulus by `designer proof OUT --target {target.name} --stimulus stimulus.wav`"
    if target.to_play:
        raise MissingProgramError(
            f"target {target.name}: {target.to_play}, and give --recorded feeds.wav; to begin, {recorded}"
        )
    raise UsageError(
        f"target {target.name}: no program runs it here; expected {', '.join(t.name for t in TARGETS.values() if t.run)}; or"
        f" {recorded}, record the device's feeds while it plays that, and give --recorded feeds.wav"
    )


def played(filters: FilterSet, target: Target, signals: Real, bench: Bench, export: Path | None = None) -> Real:
    """Feeds (N, drivers) of signals (N, channels) by a target: of the export in a folder where it holds one.

    Raises ProgramError: what runs it is missing, does not end well, or gives other feeds than of these drivers and samples.
    """
    assert target.run is not None
    with tempfile.TemporaryDirectory(prefix="proof") as work:
        place = Path(work)
        if export is not None and export.is_dir():
            _copy(export, place, filters.sample_rate_hz)
        else:
            lay(export_of(filters, target.name).files)(place)
        feeds = target.run(place, signals, filters, bench)
    if feeds.shape != (len(signals), len(filters.drivers)):
        raise ProgramError(
            f"target {target.name}: got feeds of {feeds.shape[0]} samples and {feeds.shape[1]} drivers; expected {len(signals)} and"
            f" {len(filters.drivers)}; export it again"
        )
    if not np.isfinite(feeds).all():
        raise ProgramError(f"target {target.name}: got feeds that are no finite numbers; expected those of the design")
    return feeds


def _copy(export: Path, place: Path, rate_hz: float) -> None:
    """Copy an export for a run; of several rates the files at one, and of C those in place of what switches between them."""
    chosen, _ = of_rate(export, rate_hz)
    if chosen.is_dir():
        shutil.copytree(chosen, place, dirs_exist_ok=True)
    else:
        for path in export.glob(f"{chosen.stem}.*"):
            shutil.copy(path, place)


def files_of(outcome: Proof | BankProof) -> dict[str, bytes]:
    """Content of a proof's folder: numbers and what came out, and of a design its page."""
    pages = dict[str, bytes]()
    if isinstance(outcome, Proof):
        from designer.report.proof_page import render

        pages[PAGE] = render(outcome).encode()
    return pages | {
        SUMMARY: (json.dumps(outcome.summary, indent=1, ensure_ascii=False) + "\n").encode(),
        FEEDS: wave_float(
            outcome.feeds, round(outcome.filters.sample_rate_hz), f"feeds of {', '.join(outcome.filters.drivers)}"
        ),
    }


def write_proof(outcome: Proof | BankProof, folder: Path, *, force: bool = False) -> None:
    """Write a proof into a folder: inside the folder of a design or a bank, as a part of it."""
    design = next((above for above in folder.parents if (above / "summary.json").is_file() or is_bank(above)), None)
    files = files_of(outcome)
    if design is None:
        update_folder(folder, EXPORT, lay(files), within=".", force=force)
        return
    within = folder.relative_to(design).as_posix()
    update_folder(
        design,
        BANK if is_bank(design) else DESIGN,
        lay({f"{within}/{name}": content for name, content in files.items()}),
        within=within,
        force=force,
    )


def check_design(design: job.Design | str | Path) -> None:
    """Refuse a bank where a device is to play a sound file. Raises UsageError: as said."""
    if isinstance(design, str | Path) and is_bank(Path(design)):
        raise UsageError(
            f"--stimulus: got it for the bank {design}, whose filters follow a position that no sound file holds; expected a design; leave"
            " --stimulus out, and its export is run here"
        )


def write_stimulus(design: job.Design | str | Path, target: str, path: Path, *, force: bool = False) -> Stimulus:
    """Write what a device is to play, a column a channel. Raises UsageError: no such target, or a file in the way."""
    import soundfile

    check_design(design)
    filters = filters_for(job.design_of(design), target)
    stimulus, content = stimulus_of(filters), io.BytesIO()
    soundfile.write(content, stimulus.samples, round(filters.sample_rate_hz), format="WAV", subtype="PCM_16")
    wave = content.getvalue()
    check_file(path, is_own=lambda present: present.read_bytes() == wave, force=force)

    def fill(place: Path) -> None:
        place.write_bytes(wave)

    write_file(path, fill)
    return stimulus
