"""`designer.render`: stereo through a design, as samples or as a file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import overload

from designer import job
from designer.acoustics.several_listeners import sides_listener
from designer.arguments import checked_arguments
from designer.arrays import Real
from designer.errors import UsageError
from designer.search.bank_folder import is_bank, open_bank
from designer.search.bank_listening import ear_bank, ear_places
from designer.stereo.moving import read_path, render_along
from designer.stereo.render import RenderOptions, rendered
from designer.stereo.render import render as render_file


@overload
def render(
    design: job.Design | str | Path,
    recording: str | Path,
    out: None = None,
    *,
    path: None = ...,
    at_ears: bool = ...,
    headphones: bool = ...,
    bypass: bool = ...,
    plain: bool = ...,
    room: bool = ...,
    gain_db: float | None = ...,
    progress: Callable[[float], None] | None = ...,
    force: bool = ...,
) -> Real: ...
@overload
def render(
    design: job.Design | str | Path,
    recording: str | Path,
    out: str | Path,
    *,
    path: str | Path | None = ...,
    at_ears: bool = ...,
    headphones: bool = ...,
    bypass: bool = ...,
    plain: bool = ...,
    room: bool = ...,
    gain_db: float | None = ...,
    progress: Callable[[float], None] | None = ...,
    force: bool = ...,
) -> Path: ...
@checked_arguments(gain="gain_db")
def render(
    design: job.Design | str | Path,
    recording: str | Path,
    out: str | Path | None = None,
    *,
    path: str | Path | None = None,
    at_ears: bool = False,
    headphones: bool = False,
    bypass: bool = False,
    plain: bool = False,
    room: bool = False,
    gain_db: float | None = None,
    progress: Callable[[float], None] | None = None,
    force: bool = False,
) -> Real | Path:
    """Play a stereo file through a design: driver feeds, or what two ears hear.

    Parameters
    ----------
    design : Design, str or Path, a design or its folder; or, with `path`, the folder of a bank
    recording : str or Path, a stereo WAV or FLAC file, at any sample rate
    out : str, Path or None, the WAV file to write; None for none
    path : str, Path or None, of a bank: a CSV file with columns time_s and the bank's keys, which its filters follow
    at_ears : bool, the sound at the two ears, through the acoustics, for headphones
    headphones : bool, the output of the crosstalk model alone, for headphones
    bypass : bool, the input bit for bit, for comparison
    plain : bool, stereo on the outermost left and right drivers, for comparison
    room : bool, with `at_ears`, add the reflections of the problem's [room]
    gain_db : float or None, in dB; by default that of equal loudness, lowered where peaks would exceed full scale
    progress : callable or None, called with the share that is done, 0 to 1
    force : bool, replace a file that this tool did not write, or that was edited since

    Returns
    -------
    (N, outputs) float array : a column a driver or an ear, full scale 1, at the problem's sample rate (with `bypass` at the file's);
        or, with `out`, the Path of the file

    Raises
    ------
    UsageError : options that do not go together, a gain that would clip, or a design without left and right
    DataError : the recording or the design folder cannot be used
    OutputError : the file cannot be written; what was there is as it was

    Examples
    --------
    >>> import designer, numpy as np, pathlib, tempfile
    >>> from scipy.io import wavfile
    >>> design = designer.design(designer.load("problems/laptop-pair.toml"))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     recording = pathlib.Path(folder) / "noise.wav"
    ...     wavfile.write(recording, 48000, np.random.default_rng(1).integers(-999, 999, (4800, 2), dtype=np.int16))
    ...     feeds = designer.render(design, recording)
    >>> feeds.shape  # samples with the filters' tail, drivers
    (5311, 2)

    """
    options = RenderOptions(at_ears, headphones, bypass, plain, room, gain_db)
    options.check()
    if path is not None or (isinstance(design, str | Path) and is_bank(Path(design))):
        if out is None or isinstance(design, job.Design):
            raise UsageError(
                "--path: got no bank's folder, or no file to write; expected both, as --path path.csv -o out.wav"
            )
        render_bank(Path(design), Path(recording), Path(out), path, options, progress=progress, force=force)
        return Path(out)
    opened = job.design_of(design)
    if out is None:
        return rendered(opened, Path(recording), options=options, progress=progress)[0]
    render_file(opened, Path(recording), Path(out), options=options, progress=progress, force=force)
    return Path(out)


def render_bank(
    folder: Path,
    recording: Path,
    out: Path,
    path: str | Path | None,
    options: RenderOptions,
    *,
    progress: Callable[[float], None] | None = None,
    force: bool = False,
) -> list[str]:
    """Play a stereo file through a bank along a path, and say in a few lines what was done; parameters and errors as `render`."""
    opened = open_bank(folder)
    if path is None:
        columns = ", ".join(["time_s", *(key.key for key in opened.keys)])
        raise UsageError(f"--path: got none for the bank {folder}; expected a CSV file with columns {columns}")
    if options.headphones or options.bypass or options.plain or options.room:
        raise UsageError(
            "--path: got --headphones, --bypass, --plain or --room with it; expected --at-ears and --gain alone; leave it out"
        )
    values = read_path(Path(path), {key.key: (key.low, key.high) for key in opened.keys})
    ears = None
    if options.at_ears:
        ears = ear_bank(opened.problem, opened.keys, ear_places(opened.keys), sides_listener(opened.problem))
    return render_along(
        opened.bank, recording, out, values, ears=ears, gain_db=options.gain_db, progress=progress, force=force
    )
