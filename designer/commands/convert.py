"""`designer.convert`: measured data, or a problem's model, as a SOFA file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from designer.acoustics.measured.convert import DriverOptions
from designer.acoustics.measured.convert import convert as write
from designer.arguments import checked_arguments


@checked_arguments(
    distance="distance_m", facing="facing_deg", turned_about="turned_about_m", speed_of_sound="speed_of_sound_m_s"
)
def convert(
    files: str | Path | Sequence[str | Path],
    out: str | Path,
    *,
    name: str | None = None,
    gate_ms: float | None = None,
    distance_m: float | None = None,
    clockwise: bool = False,
    facing_deg: tuple[float, float] = (0.0, 0.0),
    angles: str | None = None,
    channel: int | None = None,
    turned_about_m: tuple[float, float, float] | None = None,
    time: Literal["auto", "shared", "own"] = "auto",
    speed_of_sound_m_s: float = 343.0,
    convention: Literal["FreeFieldDirectivityTF", "GeneralTF", "GeneralTF-E"] | None = None,
    force: bool = False,
) -> Path:
    """Write measured drivers, a head or a whole device, or a problem's device as modelled, as one SOFA file, for use elsewhere.

    Parameters
    ----------
    files : str, Path or sequence of these, files or patterns; "device.sofa#tweeter" picks one driver; or
        one problem file
    out : str or Path, the .sofa file to write
    name : str or None, take all files as one driver of this name
    gate_ms : float or None, window against reflections, in ms
    distance_m : float or None, of the measurement, if its file does not state it; radius of the sphere around a problem's device
    clockwise : bool, whether horizontal angles count clockwise seen from above
    facing_deg : tuple of 2 float, azimuth and elevation where the driver faces in a file that holds a whole device
    angles : str or None, pattern of the names that hold angles, as "woofer_{azimuth}_*"
    channel : int or None, of the sound files, from 1
    turned_about_m : tuple of 3 float, or None, place of the driver relative to the point that its set was turned about
    time : str, "auto", "shared" or "own": whether drivers share a time reference
    speed_of_sound_m_s : float, in the air of measured drivers
    convention : str or None, of a problem's device: "FreeFieldDirectivityTF" (default), its drivers on a sphere, or "GeneralTF" and
        "GeneralTF-E", these at the ears and on the circle
    force : bool, replace a file that this tool did not write, or that was edited since

    Returns
    -------
    Path : of the file

    Raises
    ------
    UsageError : the output is not free, or the inputs do not belong together
    DataError : the data cannot be used
    ProblemError : with every fault of the problem file
    OutputError : it cannot be written; what was there is as it was

    Examples
    --------
    >>> import designer, pathlib, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     table = pathlib.Path(folder) / "woofer.frd"
    ...     lines = [f"{100 * 1.1**n:.3f} 90.0 0.0" for n in range(50)]
    ...     _ = table.write_text(chr(10).join(lines))
    ...     designer.convert(table, pathlib.Path(folder) / "woofer.sofa").name
    'woofer.sofa'

    """
    options = DriverOptions(name, gate_ms, distance_m, clockwise, facing_deg, angles, channel, turned_about_m, time)
    patterns = [files] if isinstance(files, str | Path) else files
    write(
        list(map(str, patterns)),
        Path(out),
        options=options,
        speed_of_sound_m_s=speed_of_sound_m_s,
        convention=convention,
        force=force,
    )
    return Path(out)
