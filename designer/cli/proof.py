"""`designer proof`: its options, its verdict and its exit code."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Annotated

import typer

from designer.cli.application import Force, app, arguments
from designer.cli.terminal import Stages, say, say_all, warn_missing
from designer.errors import UsageError


@app.command()
def proof(
    folder: Annotated[Path, typer.Argument(metavar="OUT", help="A design folder, or a bank's.")],
    target: Annotated[
        str, typer.Option(metavar="NAME", help="Target to prove, one of those of `designer export --help`.")
    ],
    recorded: Annotated[
        Path | None,
        typer.Option(
            metavar="feeds.wav",
            help="Judge this recording of a device instead of running the export: a column a driver, while it plays the stimulus.",
        ),
    ] = None,
    stimulus: Annotated[
        Path | None,
        typer.Option(metavar="stimulus.wav", help="Write what a device is to play, a column a channel, and end."),
    ] = None,
    machine: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="Machine for C: host, cortex-m4, cortex-m7 or riscv64; by default the host, for cmsis targets cortex-m4.",
        ),
    ] = None,
    cmsis: Annotated[Path | None, typer.Option(metavar="DIR", help="Sources of CMSIS-DSP, for cmsis targets.")] = None,
    out: Annotated[
        Path | None, typer.Option("-o", metavar="DIR", help="The folder to write; by default OUT/proof/NAME.")
    ] = None,
    force: Force = False,
) -> None:
    """Prove an export, run here or recorded on a device.

    The feeds that it plays are written against the design.

    Of a bank the C is run along a path of positions, against the desktop's interpolation.

    A target whose program is not installed ends with exit code 8, and says what to install; a proof that failed with 7.
    """
    from designer import job
    from designer.commands.proof import PAGE, SUMMARY, check_design, write_stimulus
    from designer.commands.proof import proof as prove
    from designer.proof.outcome import Proof
    from designer.proof.responses import residual_words

    if stimulus is not None and recorded is not None:
        raise UsageError("--stimulus: got it with --recorded; expected one; write the stimulus first, and record it")
    with Stages("reading") as shown:
        if stimulus is not None:
            check_design(folder)
            design = job.open_folder(folder)
            warn_missing(design)
            written = write_stimulus(design, target, stimulus, force=force)
            say(
                f"wrote {stimulus}: {len(written.samples) / written.sample_rate_hz:.2f} s, {written.channels} columns"
                f" ({', '.join(design.taps)}); play it, record the feed of every driver ({', '.join(design.drivers)}), and give --recorded"
            )
            return
        place = folder / "proof" / target if out is None else out
        outcome = prove(
            folder,
            target,
            place,
            recorded=recorded,
            machine=machine or "",
            cmsis=cmsis,
            command=shlex.join(["designer", *arguments()]),
            progress=shown.update,
            force=force,
        )
    say_all(outcome.notes, "note")
    if not isinstance(outcome, Proof):
        for driver in outcome.numbers:
            say(
                f"{driver.driver}: signal to noise {driver.signal_to_noise_db:z.1f} dB along {len(outcome.values)} positions, largest error"
                f" {driver.worst_sample_db:z.1f} dB of full scale"
            )
        say_all(outcome.failures or [outcome.verdict], "failed" if outcome.failures else "")
        say(f"wrote {place} ({SUMMARY})")
        if outcome.status:
            raise typer.Exit(outcome.status)
        return
    for row, fit in zip(outcome.numbers, outcome.diagnosis.designed_fits, strict=True):
        say(
            f"{row.driver}: level {row.level_error_db:+z.2f} dB, time {row.time_error_us:+z.2f} µs, {residual_words(fit.residual_db)},"
            f" signal to noise {row.signal_to_noise_db:z.1f} dB"
        )
    say_all(outcome.failures or [outcome.verdict], "failed" if outcome.failures else "")
    say(f"wrote {place} (open {place / PAGE})")
    if outcome.status:
        raise typer.Exit(outcome.status)
