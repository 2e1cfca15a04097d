"""States of a problem to listen to one against the other: sounds of one length, in time with each other, and equally loud.

Each is what `designer render --at-ears` writes of that state's design, but for its gain and its delay: the way through filters and
air is taken out, so that a page may go from one to the other in the middle of a note. Loudness is that of the input, after ITU-R BS.1770
over the samples that are heard; where a peak would exceed full scale all are lowered alike.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from designer.arrays import Real
from designer.errors import DataError, DesignerError
from designer.problem.schema import Problem
from designer.result import Result
from designer.stereo.chain import PRE_RESPONSE, chain_of
from designer.stereo.excerpts import programme
from designer.stereo.loudness import integrated_lufs
from designer.stereo.render import HIGHEST_PEAK_DB, RenderOptions, ear_samples, rendered
from designer.stereo.sound_file import StereoFile
from designer.studio.design_store import stored_design

CURRENT, PLAIN, BYPASS = "current", "plain", "bypass"
"""Names of the sounds beside those of snapshots."""
EXCERPT_HZ = 48_000
LONGEST_S = 120.0
"""Beginning of a longer recording that is played: a page holds every sound whole."""
Place = Literal["ears", "room"]


@dataclass(frozen=True)
class Sounds:
    """Sounds that were written.

    Attributes
    ----------
    files : dict, name of a state, "plain" or "bypass" -> its WAV file
    seconds : float, length of each
    notes : tuple of str, what was left out or cut, and why

    """

    files: dict[str, Path]
    seconds: float
    notes: tuple[str, ...]


def write_sounds(states: Mapping[str, Problem], source: Path | None, place: Place, folder: Path) -> Sounds:
    """Write the sounds of states, of plain playback and of the input, as WAV files of 24 bit.

    Parameters
    ----------
    states : mapping of str to Problem, with "current", which sets the sample rate and plays plain
    source : Path or None, a stereo WAV or FLAC file; None for the built-in excerpt
    place : str, "ears" in the free field, or "room": in the problem's room
    folder : Path, that gets the files

    Raises
    ------
    UsageError : the current state has no channels left and right, or no room that it is to be heard in
    DataError : the recording, or a file that the current state names, cannot be used

    """
    import soundfile

    folder.mkdir(parents=True)
    recording, notes = _recording(source, folder)
    current = stored_design(states[CURRENT])
    rate = current.problem.sample_rate_hz
    heard = {CURRENT: at_the_ears(current, recording, place)}
    for name, problem in states.items():
        if name != CURRENT:
            try:
                heard[name] = at_the_ears(stored_design(problem), recording, place, rate)
            except DesignerError as error:
                notes.append(f"{name} is left out: {error}")
    try:
        heard[PLAIN] = at_the_ears(current, recording, place, plain=True)
    except DataError as error:
        notes.append(f"plain playback is left out: {error}")
    heard[BYPASS] = np.concatenate(list(StereoFile(recording).resampled(rate)))
    files = {name: folder / f"{name}.wav" for name in heard}
    played = equally_loud(heard, rate)
    for name, samples in played.items():
        soundfile.write(files[name], samples, round(rate), subtype="PCM_24")
    return Sounds(files, len(played[BYPASS]) / rate, tuple(notes))


def _recording(source: Path | None, folder: Path) -> tuple[Path, list[str]]:
    """The file to play, and what to say of it: the excerpt is written, and of what is too long its beginning."""
    import soundfile

    place = folder / "recording.wav"
    if source is None:
        soundfile.write(place, programme(EXCERPT_HZ), EXCERPT_HZ, subtype="DOUBLE")
        return place, []
    file = StereoFile(source)
    seconds = file.frames / file.sample_rate_hz
    if seconds <= LONGEST_S:
        return source, []
    soundfile.write(place, _beginning(file), file.sample_rate_hz, subtype="DOUBLE")
    return place, [f"of the recording's {seconds:.0f} s the first {LONGEST_S:g} are played"]


def _beginning(file: StereoFile) -> Real:
    """The first LONGEST_S of a recording (n, 2)."""
    count = round(LONGEST_S * file.sample_rate_hz)

    def blocks() -> Iterator[Real]:
        taken = 0
        for block in file.samples():
            yield block
            taken += len(block)
            if taken >= count:
                return

    return np.concatenate(list(blocks()))[:count]


def at_the_ears(
    design: Result, recording: Path, place: Place, rate_hz: float | None = None, *, plain: bool = False
) -> Real:
    """Sound that `designer render --at-ears` plays (n, 2), from the moment on at which the recording's first sample is heard.

    Parameters
    ----------
    rate_hz : float or None, sample rate of the result; by default the problem's
    plain : bool, stereo on the outermost drivers in place of the design's chain

    Raises
    ------
    UsageError, DataError : as `render`

    """
    in_room = place == "room"
    samples, own_hz = rendered(design, recording, options=RenderOptions(at_ears=True, plain=plain, room=in_room))
    samples = samples[delay_samples(design, in_room=in_room, plain=plain) :]
    if rate_hz is not None and rate_hz != own_hz:
        import soxr

        samples = soxr.resample(samples, own_hz, rate_hz, quality="VHQ")
    return samples


def delay_samples(design: Result, *, in_room: bool, plain: bool) -> int:
    """How late the sound of the nearest driver is heard in what `render` plays at the ears: filters, alignment, and the way there."""
    rate = design.problem.sample_rate_hz
    chain = chain_of(design)
    filters = design.bulk_delay_samples + (0 if plain else chain.delay_samples[chain.sides[0]])
    if in_room:
        assert design.room is not None  # or nothing was rendered
        return filters + round(design.room.responses.first_s * rate)
    return filters + int(PRE_RESPONSE * ear_samples(rate))


def equally_loud(heard: Mapping[str, Real], rate_hz: float) -> dict[str, Real]:
    """Sounds (n, 2), of the input's length, each at the input's loudness, and all lowered alike where one would exceed full scale."""
    length = len(heard[BYPASS])
    target_lufs = integrated_lufs(heard[BYPASS], rate_hz)
    played = {}
    for name, samples in heard.items():
        cut = np.pad(samples[:length], ((0, max(0, length - len(samples))), (0, 0)))
        gain_db = target_lufs - integrated_lufs(cut, rate_hz)
        played[name] = cut * 10 ** (gain_db / 20) if np.isfinite(gain_db) else cut
    peak = max(float(np.abs(samples).max(initial=0.0)) for samples in played.values())
    lowered = min(1.0, 10 ** (HIGHEST_PEAK_DB / 20) / peak) if peak > 0 else 1.0
    return {name: lowered * samples for name, samples in played.items()}
