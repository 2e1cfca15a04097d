"""Stereo in, a WAV file out: driver feeds or what the ears get, with the level that makes comparisons fair.

Three rules set the gain, unless one is given:

- What is for headphones (at the ears, or the crosstalk model alone) gets the loudness of the input, so that the bypass,
  which is the input bit for bit, compares with it. The loudness is ITU-R BS.1770's.
- Plain feeds get the loudness at the listener's ears that the design's feeds have there. Those are left as designed.
- A peak above `HIGHEST_PEAK_DB` of full scale lowers the gain until it is there.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Protocol

import numpy as np

from designer.arrays import Real
from designer.errors import UsageError
from designer.result import Result
from designer.stereo.chain import StereoChain, chain_of, ear_responses
from designer.stereo.loudness import Loudness
from designer.stereo.signal_path import EARS, Running, SignalPath, feeds_path, headphones_path, plain_path
from designer.stereo.sound_file import HeldSound, StereoFile, WavFile, check_writable, wav_file

HIGHEST_PEAK_DB = -0.1
EAR_RESPONSE_S = 0.02
"""Length of the ears' responses: what lies between the drivers' arrivals, and what head and enclosure leave ringing."""


@dataclass(frozen=True)
class RenderOptions:
    """Choice of what to play; default: driver feeds of the design's chain."""

    at_ears: bool = False
    headphones: bool = False
    bypass: bool = False
    plain: bool = False
    room: bool = False
    gain_db: float | None = None

    def check(self) -> None:
        """Refuse what does not go together, by a UsageError that names the flags."""
        alone = {"--bypass": self.bypass, "--headphones": self.headphones}
        flags = [flag for flag, on in {**alone, "--plain": self.plain, "--at-ears": self.at_ears}.items() if on]
        for flag in alone:
            if flag in flags and len(flags) > 1:
                raise UsageError(
                    f"{flag}: got {' and '.join(partner for partner in flags if partner != flag)} with it; expected --at-ears"
                    " and --plain together, every other alone; leave one out"
                )
        if self.room and not self.at_ears:
            raise UsageError(
                "--room: got no --at-ears with it; expected both together, what the two ears hear in the room; add --at-ears"
            )
        if self.bypass and self.gain_db is not None:
            raise UsageError(
                "--bypass: got --gain with it; expected the input bit for bit; leave --gain out, or give it to the others"
            )

    @property
    def is_for_ears(self) -> bool:
        """Whether the output is what two ears hear."""
        return self.at_ears or self.headphones


class Player(Protocol):
    """Plays blocks of stereo."""

    def push(self, block: Real) -> Real:
        """The outputs that are known after this block (n, 2)."""

    def finish(self) -> Real:
        """Rest of the outputs."""


class Listened:
    """A running path whose peak is watched, and beside it the same at the ears, where its loudness is measured.

    Parameters
    ----------
    player : Player, whose first outputs are those named, and, where it is heard, the last two the ears
    outputs : tuple of str
    tail : int, samples of output beyond those of the input
    sample_rate_hz : float
    heard : bool, whether the last two outputs are the ears

    """

    def __init__(
        self, player: Player, outputs: tuple[str, ...], tail: int, sample_rate_hz: float, *, heard: bool
    ) -> None:
        self._player = player
        self.outputs = outputs
        self.remaining = tail  # samples still to be kept: the tail, and what came in
        self.peak = 0.0
        self.meter = Loudness(sample_rate_hz) if heard else None

    @classmethod
    def of(cls, path: SignalPath, sample_rate_hz: float, heard: SignalPath | None = None) -> Listened:
        """A path, and beside it the same at the ears."""
        player = Running(path.beside(heard) if heard else path, sample_rate_hz)
        at_ears = path.outputs == EARS or heard is not None
        return cls(player, path.outputs, path.filters.shape[2] - 1, sample_rate_hz, heard=at_ears)

    def push(self, block: Real) -> Real:
        """Outputs of the path itself (m, O) for the next block."""
        self.remaining += len(block)
        return self._listen(self._player.push(block))

    def finish(self) -> Real:
        """The last of them."""
        return self._listen(self._player.finish())

    @property
    def peak_db(self) -> float:
        """The highest sample of what is kept, over full scale; -inf of silence."""
        return float(20 * np.log10(self.peak)) if self.peak > 0 else -np.inf

    @property
    def lufs(self) -> float:
        """Loudness at the ears."""
        return self.meter.integrated_lufs() if self.meter else -np.inf

    def _listen(self, out: Real) -> Real:
        samples = out[: self.remaining, : len(self.outputs)]
        self.remaining -= len(samples)
        self.peak = float(np.abs(samples).max(initial=self.peak))
        if self.meter:
            self.meter.push(out[:, -2:])
        return samples


def render(
    design: Result,
    source: Path,
    out: Path,
    *,
    options: RenderOptions | None = None,
    progress: Callable[[float], None] | None = None,
    force: bool = False,
) -> list[str]:
    """Play a stereo WAV or FLAC file through a design into a WAV file, and say in a few lines what was done.

    Parameters
    ----------
    progress : callable, optional, called with the share that is done, 0 to 1
    force : bool, replace a file that this tool did not write, or that was edited since

    Raises
    ------
    UsageError : options that do not go together, an output that is not free, a gain that would clip, a design without
        left and right, or without the room that was asked for
    DataError : the recording cannot be used
    OutputError : the file cannot be written; what was there is as it was

    """
    options = options or RenderOptions()
    options.check()
    check_writable(out, source, force=force)
    *lines, written = _play(design, source, options, progress, partial(wav_file, out))
    return [*lines, f"wrote {out} ({written})"]


def rendered(
    design: Result,
    source: Path,
    *,
    options: RenderOptions | None = None,
    progress: Callable[[float], None] | None = None,
) -> tuple[Real, float]:
    """Samples (N, outputs) that `render` would write, and their rate; errors as there."""
    options, sound = options or RenderOptions(), HeldSound()
    options.check()
    _play(design, source, options, progress, lambda _: nullcontext(sound))
    return sound.samples, sound.sample_rate_hz


def _play(
    design: Result,
    source: Path,
    options: RenderOptions,
    progress: Callable[[float], None] | None,
    taking: Callable[[int], AbstractContextManager[WavFile | HeldSound]],
) -> list[str]:
    """Play into what takes so many channels; lines of what was done, the last of the output."""
    recording = StereoFile(source)
    if options.bypass:
        with taking(2) as sound:
            sound.copy(recording.stored(), recording.frames, recording.sample_rate_hz, recording.subtype)
        return [
            f"bypass: the input bit for bit, {recording.sample_rate_hz} Hz, {recording.subtype}",
            "2 channels: left, right",
        ]
    chain = chain_of(design)
    playing, compared = _listened(design, chain, options)
    lines = stream(recording, playing, compared, chain.sample_rate_hz, options, progress, taking)
    return [*_heading(recording, chain, options), *lines]


def stream(
    recording: StereoFile,
    playing: Listened,
    compared: Listened | None,
    rate: float,
    options: RenderOptions,
    progress: Callable[[float], None] | None,
    taking: Callable[[int], AbstractContextManager[WavFile | HeldSound]],
) -> list[str]:
    """Play a recording into what takes so many channels, at a sample rate; lines on the level, the last on the output."""
    input_loudness = Loudness(rate)
    with taking(len(playing.outputs)) as sound:
        done = 0
        for block in recording.resampled(rate):
            if options.is_for_ears:
                input_loudness.push(block)
            sound.keep(playing.push(block))
            if compared:
                compared.push(block)
            done += len(block)
            if progress:
                progress(min(1.0, done / rate * recording.sample_rate_hz / recording.frames))
        sound.keep(playing.finish())
        if compared:
            compared.finish()
        gain_db, lines = level(playing, compared, input_loudness, options)
        sound.finish(10 ** (gain_db / 20), rate)
    outputs = f"{len(playing.outputs)} channels: {', '.join(playing.outputs)}"
    return [*lines, f"{outputs}; 24 bit, {round(rate)} Hz, {sound.frames / rate:.1f} s"]


def _listened(design: Result, chain: StereoChain, options: RenderOptions) -> tuple[Listened, Listened | None]:
    """Sound that is played, and the reference of its loudness."""
    rate = chain.sample_rate_hz
    if options.headphones:
        return Listened.of(headphones_path(chain), rate), None
    feeds = feeds_path(chain)
    path = plain_path(design.problem, design.bulk_delay_samples) if options.plain else feeds
    if not options.at_ears and not options.plain:
        return Listened.of(feeds, rate), None
    ears = design.room_ears if options.room else ear_responses(design, ear_samples(rate))
    if ears is None:
        raise UsageError(
            f"--room: got no [room] in {design.problem.source}; expected a design in a room; add the table to the problem"
            " file and design it again, or leave --room out"
        )
    if options.at_ears:
        return Listened.of(path.heard(ears), rate), None
    return Listened.of(path, rate, path.heard(ears)), Listened.of(feeds, rate, feeds.heard(ears))


def ear_samples(sample_rate_hz: float) -> int:
    """Length of the responses to the ears: EAR_RESPONSE_S, up to the next power of two."""
    return 1 << int(np.ceil(np.log2(EAR_RESPONSE_S * sample_rate_hz)))


def level(
    playing: Listened, compared: Listened | None, input_loudness: Loudness, options: RenderOptions
) -> tuple[float, list[str]]:
    """The gain in dB, and what to say of it."""
    peak_db = playing.peak_db
    if options.gain_db is not None:
        if peak_db + options.gain_db > 0:
            raise UsageError(
                f"--gain {options.gain_db:g}: got a peak of {peak_db + options.gain_db:+z.2f} dB over full scale;"
                f" expected up to 0; give at most {np.floor(-100 * peak_db) / 100:g}, or leave --gain out for the gain that fits"
            )
        return options.gain_db, [f"gain {options.gain_db:+z.2f} dB, as given; {_peak(peak_db + options.gain_db)}"]
    equal_db, lines = 0.0, list[str]()
    if options.is_for_ears or compared:
        target_lufs, whose = input_loudness.integrated_lufs(), "the input's"
        if compared:
            target_lufs = compared.lufs - max(0.0, compared.peak_db - HIGHEST_PEAK_DB)
            whose = "the design's feeds, at the ears"
        lufs = playing.lufs
        if np.isfinite([target_lufs, lufs]).all():
            equal_db = target_lufs - lufs
            lines = [f"loudness: {lufs:z.1f} LUFS brought to {target_lufs:.1f}, {whose} (ITU-R BS.1770)"]
        else:
            lines = ["loudness: nothing above -70 LUFS to compare; left as it is"]
    lowered_db = max(0.0, peak_db + equal_db - HIGHEST_PEAK_DB)
    gain_db = equal_db - lowered_db
    gain = f"gain {gain_db:+z.2f} dB; {_peak(peak_db + gain_db)}"
    if not lowered_db:
        return gain_db, [*lines, gain]
    quieter = f"not at equal loudness: {lowered_db:z.2f} dB quieter; turn the other down by as much"
    lowered = f"peaks: lowered by {lowered_db:z.2f} dB, or they would be over full scale"
    return gain_db, [*lines, lowered, gain, *([quieter] if lines else [])]


def _peak(peak_db: float) -> str:
    return f"peak {peak_db:+z.2f} dBFS" if np.isfinite(peak_db) else "silent"


def _heading(recording: StereoFile, chain: StereoChain, options: RenderOptions) -> list[str]:
    is_same = recording.sample_rate_hz == chain.sample_rate_hz
    resampled = "" if is_same else f", resampled to {chain.sample_rate_hz:g} Hz (soxr)"
    seconds = recording.frames / recording.sample_rate_hz
    subject = "the crosstalk model alone" if options.headphones else "plain stereo" if options.plain else "the design"
    place = f" at the ears{', in the room' if options.room else ''}" if options.at_ears else ""
    upmixed = chain.upmix and not (options.plain or options.headphones)
    split = ", upmixed to left, right and centre" if upmixed else ""
    return [
        f"{recording.path}: {seconds:.1f} s of stereo, {recording.sample_rate_hz} Hz{resampled}",
        f"plays {subject}{place}{split}",
    ]
