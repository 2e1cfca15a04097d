"""`designer render`: what it plays, at which level, and that nothing half-written is left."""

from __future__ import annotations

import functools
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile
from command import Ended, run
from pyloudnorm import Meter

from designer import errors, job
from designer.arrays import Real
from designer.stereo.chain import chain_of, ear_responses
from stereo.signals import panned, pink, voice
from stereo.small_designs import RATE_HZ, design_of

Render = Callable[..., Ended]
STEP = 2.0**-23
TESTS = Path(__file__).parents[1]
ALL = ("left", "right", "centre")


@pytest.fixture
def render(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Render:
    """The command in an empty folder; "all", "sides" and "centre" stand for folders of designs made here."""
    monkeypatch.chdir(tmp_path)
    names = {"all": ALL, "sides": ALL[:2], "centre": ALL[2:]}
    really_open = job.open_folder

    def opened(folder: Path) -> job.Design:
        return design_of(*names[str(folder)]) if str(folder) in names else really_open(folder)

    monkeypatch.setattr(job, "open_folder", opened)
    return functools.partial(run, capsys, monkeypatch, "render")


def write(sound: Real, name: str = "in.wav", rate_hz: int = RATE_HZ) -> None:
    soundfile.write(name, sound, rate_hz, subtype="DOUBLE" if name.endswith("wav") else "PCM_24")


def read(name: str = "out.wav") -> Real:
    return np.asarray(soundfile.read(name, always_2d=True)[0])


def impulse(left: float, right: float) -> Real:
    sound = np.zeros((3000, 2))
    sound[1000] = left, right
    return sound


def music(level: float = 0.05) -> Real:
    sides = np.column_stack([pink(3.0, 1, RATE_HZ), pink(3.0, 2, RATE_HZ)])
    return level * (panned(voice(3.0, RATE_HZ), 0.1) + 0.3 * sides)


def lufs(stereo: Real) -> float:
    return float(Meter(RATE_HZ, filter_class="DeMan").integrated_loudness(stereo))


def nothing_left(*names: str) -> bool:
    return {path.name for path in Path().iterdir()} == {*names}


@pytest.mark.parametrize(
    ("sound", "channel", "level"),
    [((0.5, 0.0), "left", 0.5), ((0.0, 0.5), "right", 0.5), ((0.5, 0.5), "centre", 0.5)],
)
def test_an_impulse_is_the_convolution_of_the_parts(
    render: Render, sound: tuple[float, float], channel: str, level: float
) -> None:
    """Hard-panned and centred impulses come out as that channel's own filters, later by their place and its wait, and no other."""
    write(impulse(*sound))
    assert render("all", "in.wav", "-o", "out.wav", "--gain", "0").code == errors.EXIT_DONE
    taps = design_of(*ALL).taps[channel]
    waiting = chain_of(design_of(*ALL)).delay_samples
    start, out = 1000 + waiting[channel], read()
    assert out.shape == (3000 + max(waiting.values()) + 63, 3)
    assert np.abs(out[start : start + 64] - level * taps.T).max() < 2 * STEP
    assert np.abs(np.delete(out, range(start, start + 64), axis=0)).max() < 2 * STEP


def test_at_the_ears_it_is_the_feeds_through_the_acoustics(render: Render) -> None:
    """What the ears get is the feeds, each convolved with its ear's response, and summed; with and without --plain."""
    write(music())
    for more in ([], ["--plain"]):
        assert render("all", "in.wav", "-o", "out.wav", "--gain", "-20", *more).code == errors.EXIT_DONE
        assert render("all", "in.wav", "-o", "ears.wav", "--gain", "-20", "--at-ears", *more).code == errors.EXIT_DONE
        feeds, ears = read(), read("ears.wav")
        length = len(ears) - len(feeds) + 1
        responses = ear_responses(design_of(*ALL), length)
        expected = [sum(np.convolve(x, e) for x, e in zip(feeds.T, ear, strict=True)) for ear in responses]
        assert np.abs(ears - np.column_stack(expected)).max() < 50 * STEP


def test_without_a_centre_there_is_no_upmix(render: Render) -> None:
    """Left and right go through their own filters, both, where no centre is designed."""
    write(impulse(0.5, 0.5))
    assert "upmix" not in render("sides", "in.wav", "-o", "out.wav", "--gain", "0").out
    taps = design_of("left", "right").taps
    assert np.abs(read()[1000:1064] - 0.5 * (taps["left"] + taps["right"]).T).max() < 2 * STEP


def test_plain_is_stereo_on_the_outermost_drivers(render: Render) -> None:
    """Left comes from the driver furthest to the listener's left, at -y, right from the other; the middle one is silent."""
    write(0.1 * np.random.default_rng(0).standard_normal((2000, 2)))
    assert render("all", "in.wav", "-o", "out.wav", "--plain", "--gain", "-6").code == errors.EXIT_DONE
    delay = design_of(*ALL).bulk_delay_samples
    assert np.abs(read()[delay:, [0, 2]] - 10 ** (-6 / 20) * read("in.wav")).max() < 2 * STEP
    assert (read()[:, 1] == 0).all()


@pytest.mark.parametrize(
    ("name", "subtype"), [("in.wav", "PCM_16"), ("in.wav", "PCM_24"), ("in.wav", "PCM_32"), ("in.wav", "FLOAT"),
                          ("in.wav", "DOUBLE"), ("in.flac", "PCM_16"), ("in.flac", "PCM_24")]
)  # fmt: skip
def test_bypass_is_bit_for_bit(render: Render, name: str, subtype: str) -> None:
    """The bypass has the input's samples, its rate and its word, whatever the design's rate; full scale included."""
    sound = np.clip(np.random.default_rng(0).standard_normal((40_000, 2)), -1.0, 1.0)
    soundfile.write(name, sound, 44_100, subtype=subtype)
    assert render("all", name, "-o", "out.wav", "--bypass").code == errors.EXIT_DONE
    kind = "float64" if subtype in ("FLOAT", "DOUBLE") else "int32"
    (place, rate), (point, same) = (soundfile.read(file, dtype=kind) for file in (name, "out.wav"))
    np.testing.assert_array_equal(point, place)
    assert (rate, soundfile.info("out.wav").subtype) == (same, subtype)


def test_for_headphones_it_is_as_loud_as_the_input(render: Render) -> None:
    """At the ears, designed and plain, the loudness is that of the bypass, within 0.05 LU."""
    write(music())
    for more in ([], ["--plain"]):
        assert render("all", "in.wav", "-o", "out.wav", "--at-ears", *more).code == errors.EXIT_DONE
        assert lufs(read()) == pytest.approx(lufs(music()), abs=0.05)


@pytest.mark.parametrize("level", [0.05, 0.6])
def test_plain_feeds_are_as_loud_as_the_designs(render: Render, level: float) -> None:
    """At the listener's ears plain feeds are as loud as the design's within 0.02 LU, also where those were turned down.

    Where plain has the higher peaks it stays quieter, by as much as is said.
    """
    write(music(level))
    responses = ear_responses(design_of(*ALL), 1024)
    heard, message = [], ""
    for more in ([], ["--plain"]):
        message = render("all", "in.wav", "-o", "out.wav", *more).out
        assert more or ("lowered" in message) == (level > 0.1)
        ears = [sum(np.convolve(x, e) for x, e in zip(read().T, ear, strict=True)) for ear in responses]
        heard.append(lufs(np.column_stack(ears)))
    quieter = re.search(r"not at equal loudness: (\S+) dB quieter", message)
    assert heard[0] - heard[1] == pytest.approx(float(quieter.group(1)) if quieter else 0.0, abs=0.02)


def test_peaks_are_never_clipped(render: Render) -> None:
    """A peak over full scale lowers the gain until it is 0.1 dB below, and it is said; a given gain that clips is refused."""
    write(np.clip(music(0.8), -1, 1))
    message = render("all", "in.wav", "-o", "out.wav").out
    assert "or they would be over full scale" in message
    assert "peak -0.10 dBFS" in message
    assert 20 * np.log10(np.abs(read()).max()) == pytest.approx(-0.1, abs=1e-4)
    Path("out.wav").unlink()
    ended = render("all", "in.wav", "-o", "out.wav", "--gain", "3")
    assert ended.code == errors.EXIT_USAGE
    assert "error: --gain 3: got a peak of +" in ended.err
    most = ended.err.split("give at most ")[1].split(",")[0]
    assert nothing_left("in.wav")
    assert render("all", "in.wav", "-o", "out.wav", "--gain", most).code == errors.EXIT_DONE
    assert -0.02 < 20 * np.log10(np.abs(read()).max()) <= 0


def test_another_rate_is_said(render: Render) -> None:
    """The feeds have the design's rate, and the command says that it resampled."""
    write(music(), "in.flac", 44_100)
    message = render("all", "in.flac", "-o", "out.wav").out
    assert "44100 Hz, resampled to 16000 Hz (soxr)" in message
    assert soundfile.info("out.wav").samplerate == RATE_HZ


def test_silence_stays_silent(render: Render) -> None:
    """Nothing is divided by the loudness of silence."""
    write(np.zeros((20_000, 2)))
    message = render("all", "in.wav", "-o", "out.wav", "--at-ears").out
    assert "nothing above -70 LUFS to compare" in message
    assert "silent" in message
    assert (read() == 0).all()


def test_the_same_file_twice(render: Render) -> None:
    """Rendering again replaces the file that was rendered, by the same bytes."""
    write(music())
    render("all", "in.wav", "-o", "out.wav")
    before = Path("out.wav").read_bytes()
    assert render("all", "in.wav", "-o", "out.wav").code == errors.EXIT_DONE
    assert Path("out.wav").read_bytes() == before
    assert nothing_left("in.wav", "out.wav")


@pytest.mark.parametrize("flags", [[], ["--at-ears"], ["--plain"], ["--bypass"]])
@pytest.mark.parametrize("name", ["in.wav", "in.flac"])
def test_a_broken_file_leaves_nothing(render: Render, name: str, flags: list[str]) -> None:
    """A file that was cut short ends with 3 and its message, and neither an output nor a part of one stays."""
    write(np.tile(music(), (2, 1)), name)
    Path(name).write_bytes(Path(name).read_bytes()[:-5000])
    ended = render("all", name, "-o", "out.wav", *flags)
    assert ended.code == errors.EXIT_BAD_INPUT
    assert f"error: {name}: got a truncated or corrupt file" in ended.err
    assert nothing_left(name)


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["centre", "in.wav", "-o", "out.wav"], 2, "got the channels centre; expected left and right, which stereo is played through"),
        (["nowhere", "in.wav", "-o", "out.wav"], 3, "nowhere: no such folder; expected a folder that `designer design` wrote"),
        (["all", "in.wav", "-o", "out.mp3"], 2, "got the suffix .mp3; expected .wav"),
        (["all", "in.wav", "-o", "in.wav"], 2, "in.wav: is what the command reads"),
        (["all", "in.wav", "-o", "other.wav"], 2, "other.wav: file exists; expected a new file, or one as `designer render` wrote it"),
        (["all", "in.wav", "-o", "other.wav/out.wav"], 2, "other.wav is a file; expected a folder"),
        (["all", "in.wav", "-o", "out.wav", "--bypass", "--plain"], 2, "--bypass: got --plain with it"),
        (["all", "in.wav", "-o", "out.wav", "--headphones", "--at-ears"], 2, "--headphones: got --at-ears with it"),
        (["all", "in.wav", "-o", "out.wav", "--bypass", "--gain", "-3"], 2, "--bypass: got --gain with it"),
        (["all", "in.wav", "-o", "out.wav", "--headphones"], 2, "got a design without a crosstalk model"),
    ],
)  # fmt: skip
def test_what_is_refused(render: Render, arguments: list[str], code: int, words: str) -> None:
    """Each wrong use ends with its exit code and says what is allowed; no file changes."""
    write(music())
    shutil.copy("in.wav", "other.wav")
    before = Path("other.wav").read_bytes()
    ended = render(*arguments)
    assert ended.code == code
    assert words in ended.err
    assert nothing_left("in.wav", "other.wav")
    assert Path("other.wav").read_bytes() == before


PEAKS = """
import pathlib, re, sys
from designer.stereo.render import RenderOptions, render
from stereo.small_designs import design_of
design = design_of("left", "right", "centre", sample_rate_hz=8000)
for name in sys.argv[1:]:
    render(design, pathlib.Path(name), pathlib.Path("out.wav"), options=RenderOptions(at_ears=True), force=True)
    print(re.search(r"VmHWM:\\s+(\\d+) kB", pathlib.Path("/proc/self/status").read_text()).group(1))
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the kernel does not tell a process its peak there")
def test_memory_does_not_grow_with_the_length(tmp_path: Path) -> None:
    """Three minutes take at most 9 MB more memory at the peak than half a minute before, half of what their samples take.

    The peak is the kernel's VmHWM, which begins anew with each program; that of getrusage begins with the parent's.
    """
    half = np.tile(music()[:48_000], (5, 1))
    for name, halves in (("short.wav", 1), ("long.wav", 6)):
        soundfile.write(tmp_path / name, np.tile(half, (halves, 1)), 8000, subtype="PCM_16")
        assert soundfile.info(tmp_path / name).duration == halves * 30
    done = subprocess.run(
        [sys.executable, "-c", PEAKS, "short.wav", "long.wav"],
        cwd=tmp_path, capture_output=True, text=True, check=False,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(TESTS), str(TESTS.parent)])},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    short_mb, long_mb = (int(line) / 1024 for line in done.stdout.split())
    print(f"half a minute {short_mb:.0f} MB, three minutes {long_mb:.0f} MB")
    assert long_mb - short_mb < 9
