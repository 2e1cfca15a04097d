"""Facts of each measured driver and head in `designer check`: file, convention, angles, time reference, polarity, centre, level."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from command import run

from designer.acoustics.measured import formats, head
from designer.acoustics.measured.directivity import MeasuredDirectivity
from designer.acoustics.measured.drivers import explain_drivers, measured_responses
from designer.acoustics.measured.head import read_head
from designer.acoustics.measured.head_facts import head_lines
from designer.acoustics.scene_of_problem import scene
from designer.arrays import Complex, Real
from designer.problem import Problem, load

from .head_files import grid_deg, sphere, unit
from .made_sets import C, cap, frd_text

FREQUENCY_HZ = np.geomspace(100.0, 8000.0, 120)
ANGLES_DEG = (-120.0, -90.0, -60.0, -30.0, 0.0, 30.0, 60.0, 90.0, 120.0, 180.0)


def problem(folder: Path, sign: float, other: str) -> Problem:
    """One measured driver, 3 ms late, on a loopback, and another beside it."""
    for angle in ANGLES_DEG:
        towards = unit(np.array([[angle, 0.0]]))
        p: Complex = sign * cap(FREQUENCY_HZ, towards)[:, 0] * np.exp(-2j * np.pi * FREQUENCY_HZ * 3e-3)
        text = frd_text(FREQUENCY_HZ, p).replace("* Measurement data", "* 1 sweep using a loopback as timing reference")
        (folder / f"a hor {angle:g}.txt").write_text(text)
    (folder / "p.toml").write_text(
        'title = "pair"\nsample_rate_hz = 48000\n[enclosure]\nmodel = "free-field"\n'
        '[[drivers]]\nname = "a"\nposition_m = [0.0, -0.1, 0.0]\nresponse = "a hor *.txt"\n'
        f'[[drivers]]\nname = "b"\nposition_m = [0.0, 0.1, 0.0]\n{other}\n[listener]\nposition_m = [2.0, 0.0, 0.0]\n'
        '[[designs]]\nname = "left"\nkind = "ctc"\near = "left"\nband_hz = [500.0, 4000.0]\n'
        "cancellation_gain_db = [[500, 3], [4000, 3]]\n"
    )
    return load(folder / "p.toml")


def test_a_driver(tmp_path: Path) -> None:
    """Each fact is the known driver's: the cap sits 5 cm in front of the sphere's middle that it was turned about."""
    made = problem(tmp_path, 1.0, 'response = "a hor *.txt"')
    said = "\n".join(explain_drivers(made, measured_responses(made)[0]))
    assert said.count("-120, -90") == 2  # once a driver
    for words in (
        'measured driver "a": text files over angle, 10 files, a hor -120.txt to a hor 90.txt',
        "10 directions (horizontal plane): horizontal -120, -90, -60, -30, 0, 30, 60, 90, 120, 180; 100 to 8000 Hz",
        "on axis at 1 kHz",
        "time reference: shared by a, b (their files name a loopback): 0 ms after the earliest of them",
        "polarity upright; fitted centre 5",
        "mm in front of its place",
    ):
        assert words in said


@pytest.mark.parametrize(
    ("lost", "said"),
    [
        ("phase", "polarity not known, because the files hold no phase; centre not fitted, for the same reason"),
        ("time", "polarity upright; centre not fitted, because the files have no timing reference"),
    ],
)
def test_no_centre_is_told_where_the_files_hold_none(lost: str, said: str, tmp_path: Path) -> None:
    """A place is told by arrival times: none where the exporter dropped the phase, or put each file's peak at time 0."""
    problem(tmp_path, 1.0, 'response = "a hor *.txt"')
    for path in tmp_path.glob("a hor *.txt"):
        text = path.read_text().replace(
            "1 sweep using a loopback as timing reference", "1 sweep with no timing reference"
        )
        if lost == "phase":
            rows = [line if line.startswith("*") else f"{' '.join(line.split()[:2])} 0.0" for line in text.splitlines()]
            text = "\n".join(rows) + "\n"
        path.write_text(text)
    made = load(tmp_path / "p.toml")
    lines = "\n".join(explain_drivers(made, measured_responses(made)[0]))
    assert said in lines and "fitted centre" not in lines


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_an_inverted_driver_beside_a_modelled_one(tmp_path: Path, sign: float) -> None:
    """A model's pressure starts upwards; a measured driver that starts downwards beside it is named, one that does not is not."""
    warnings = scene(problem(tmp_path, sign, "radius_m = 0.02")).warnings
    named = [w for w in warnings if "polarity of a is inverted" in w and "that of the modelled b upwards" in w]
    assert len(named) == (sign < 0)


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_a_head(tmp_path: Path, sign: float) -> None:
    """A sphere's ears moved by [20, 10, -30] mm from the turntable's axis, and inverted: both are told from the file."""
    grid, moved_m = grid_deg(20.0), np.array([0.02, 0.01, -0.03])

    def move(sofa: object) -> None:
        f = np.fft.rfftfreq(512, 1 / 48000)
        early: Real = unit(grid) @ moved_m / C
        spectra = np.fft.rfft(sofa.Data_IR, axis=2)  # type: ignore[attr-defined]  # sofar's fields
        spectra *= sign * np.exp(2j * np.pi * f * early[:, None])[:, None, :]
        sofa.Data_IR = np.fft.irfft(spectra, 512, axis=2)  # type: ignore[attr-defined]  # sofar's fields

    head = read_head(sphere(tmp_path / "head.sofa", grid, change=move), 0.0875, C, name="head.sofa")
    np.testing.assert_allclose(head.centre_m, moved_m, atol=1e-3)
    assert head.polarity == sign
    said = "\n".join(head_lines(head))
    assert "head head.sofa:" in said and "SimpleFreeFieldHRIR, azimuths" in said
    assert (
        f"time reference: the samples; polarity {'upright' if sign > 0 else 'inverted'}; fitted centre 20 mm in front"
        in said
    )


def test_check_says_each_thing_once_and_calls_a_measured_driver_measured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """One reading, one line a warning, and no point source where a file stands for the driver."""
    problem(tmp_path, 1.0, 'response = "b hor *.txt"')
    for path in tmp_path.glob("a hor *.txt"):
        text = path.read_text()
        if "hor 120" not in path.name:
            path.with_name(path.name.replace("a hor", "b hor")).write_text(text)
    reads = []
    read_response = formats.read_response

    def counted(*what: Any, **how: Any) -> MeasuredDirectivity:
        reads.append(what)
        return read_response(*what, **how)

    monkeypatch.setattr(formats, "read_response", counted)
    ended = run(capsys, monkeypatch, "check", str(tmp_path / "p.toml"))
    assert ended.code == 0
    assert "point source" not in ended.out
    assert "measured: a hor *.txt, facing 0, 0 degrees" in ended.out
    warnings = [line for line in ended.err.splitlines() if line]
    assert len(warnings) == len(set(warnings)) > 0
    assert len(reads) == 2


def test_a_run_reads_each_file_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many scenes, speeds of sound and geometries a run makes of them; and again when a file has changed."""
    for each in ("driver", "head"):
        (tmp_path / each).mkdir()
    made = problem(tmp_path / "driver", 1.0, "")
    sphere(tmp_path / "driver" / "head.sofa", grid_deg(30), taps=256)
    listener = made.listener.model_copy(update={"head": "head.sofa"})
    made = made.model_copy(update={"listener": listener})
    reads: list[str] = []
    for module, reader in ((formats, "read_set"), (head, "read_recording")):
        whole = getattr(module, reader)

        def counted(*what: Any, _whole: Any = whole, _name: str = reader, **how: Any) -> Any:
            reads.append(_name)
            return _whole(*what, **how)

        monkeypatch.setattr(module, reader, counted)
    for speed_m_s in (made.speed_of_sound_m_s, 340.0):
        there = scene(made).with_problem(made.model_copy(update={"speed_of_sound_m_s": speed_m_s}))
        assert there.responses
        assert there.heads[0].pressure(there.k, np.ones(1), np.array([[[1.0, 0.0, 0.0]]])).size
    assert sorted(reads) == ["read_recording", "read_set"]
    path = tmp_path / "driver" / "a hor 0.txt"
    path.write_text(path.read_text() + "9000 80 0\n")
    scene(made).responses  # noqa: B018
    assert sorted(reads) == ["read_recording", "read_set", "read_set"]
