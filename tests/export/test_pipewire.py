"""PipeWire's own filter-chain plays the export: each channel's taps as impulse response, and noise, without a device."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from importing.test_round_trip import problem

from designer.arrays import Real
from designer.commands.import_coefficients import read_coefficients
from designer.errors import DataError
from designer.export import FilterSet, target_named
from designer.export.runners.bench import Bench
from designer.export.runners.pipewire import QUANTUM, run_pipewire
from export import filter_cases


def many(channels: int, drivers: int, **keys: object) -> FilterSet:
    """Short random taps."""
    draw = np.random.default_rng(4)
    taps = {f"c{c}": np.asarray(draw.uniform(-0.3, 0.3, (drivers, 12))) for c in range(channels)}
    return filter_cases.made(taps, tuple(f"d{d}" for d in range(drivers)), {}, "fir", **keys)  # type: ignore[arg-type]


def with_a_silent_driver() -> FilterSet:
    """Of three drivers the second is silent, and a channel is a pure delay without samples at the third."""
    draw = np.random.default_rng(6)
    channels = {"left": filter_cases.decaying(draw, 30), "right": filter_cases.decaying(draw, 30)}
    for taps in channels.values():
        taps[1] = 0.0
    channels["right"][2] = np.eye(1, 30)[0]
    return filter_cases.made(channels, filter_cases.DRIVERS, {}, "fir", 44100.0, delays={"left": 700})


CASES = {"a silent driver, a pure delay and a waiting channel, at 44.1 kHz": with_a_silent_driver()}
LONG = {
    "a pure delay and a waiting channel": filter_cases.fir(taps=300),
    "two lengths": filter_cases.two_lengths(),
    "sections as responses": filter_cases.biquads(),
    "more taps than a block of the tail": filter_cases.fir(taps=9000),
    "names that nothing takes": filter_cases.odd_names(),
    "more channels than a mixer's inputs": many(11, 2),
    "as many controls as are written": many(2, 60, delays={"c0": 3}),
    "delays that cut seconds would shorten": many(6, 1, delays={f"c{c}": 1000 * c + c for c in range(6)}),
    "192 kHz": filter_cases.fir(taps=100, rate=192000.0),
}


def written(filters: FilterSet, folder: Path) -> Path:
    for path, content in target_named("pipewire").write(filters).files.items():
        (folder / path).write_bytes(content)
    return folder


@pytest.mark.parametrize(
    ("case", "filters"),
    [*CASES.items(), *(pytest.param(*item, marks=pytest.mark.long) for item in LONG.items())],
)
def test_pipewire_plays_the_filters(case: str, filters: FilterSet, tmp_path: Path) -> None:
    """Impulses are the taps within 1e-6, at once; noise is their convolution within 1e-6 of the loudest feed there is.

    A daemon, a filter-chain and a client start, which takes their seconds.
    """
    channels = len(filters.channels)
    length = max(filters.delayed_taps(one).size for one in filters.filters)
    segment = QUANTUM * -(-(length + 1000) // QUANTUM)
    x = np.zeros((channels + 1, segment, channels))
    x[np.arange(channels), 0, np.arange(channels)] = 1.0
    x[channels, : segment - length] = np.random.default_rng(3).uniform(-1, 1, (segment - length, channels))
    x = x.astype(np.float32).astype(float)
    driven = {one.driver for one in filters.filters}
    silent = [d for d, name in enumerate(filters.drivers) if name not in driven]
    y = run_pipewire(written(filters, tmp_path), x.reshape(-1, channels), filters, Bench())
    expected = expected_feeds(filters, x.reshape(-1, channels))
    impulses = slice(0, channels * segment)
    assert np.abs(y[impulses] - expected[impulses]).max() <= 1e-6 * max(1.0, np.abs(expected[impulses]).max()), case
    assert np.abs(y - expected).max() <= 1e-6 * max(1.0, filters.headroom.worst_output), case
    assert not y[:, silent].any()


def expected_feeds(filters: FilterSet, x: Real) -> Real:
    """The feeds by numpy's direct convolution of the delayed taps."""
    out = np.zeros((len(x), len(filters.drivers)))
    for one in filters.filters:
        wait, c, d = (
            filters.delays.get(one.channel, 0),
            filters.channels.index(one.channel),
            filters.drivers.index(one.driver),
        )
        taps = np.concatenate([np.zeros(wait), one.taps])
        out[:, d] += np.convolve(x[:, c], taps)[: len(x)]
    return out


USERS = """
# a filter-chain.conf.d file, with = and : and nothing at all between names and values
context.modules: [ { "name": "libpipewire-module-filter-chain", "args": {
    "filter.graph": {
        nodes = [
            { type = builtin label = copy name = l }
            { type = builtin label = convolver name = twice config = { filename = ir.wav channel = 1 offset = 1 length = 2 gain = 2 } }
            { type = builtin label = convolver name = late config = { filename = /dirac delay = 4 gain = -0.5 } }
            { type = builtin label = delay name = d config = { max-delay = 1 } control = { "Delay (s)" = 0.0001 } }  # 4.8
            { type = builtin label = mixer name = sum control = { "Gain 2" = 0.25 } }
        ]
        links = [
            { output = "l:Out" input = "twice:In" } { output = "l:Out" input = "late:In" }
            { output = "twice:Out" input = "sum:In 1" } { output = "late:Out" input = "sum:In 2" } { output = "d:Out" input = "sum:In 3" }
        ]
        inputs = [ "l:In" "d:In" ]
        outputs = [ null "sum:Out" "l:Out" ]
    } } } ]
"""


def test_a_users_own_graph_is_read(tmp_path: Path) -> None:
    """By hand: h[1..2] of track 1 doubled, and -1/8 behind 4 samples; the other channel behind 4 of 4.8 samples; a copy; a null."""
    import soundfile

    tracks = np.array([[9.0, 0.1], [9.0, 0.25], [9.0, -0.5], [9.0, 0.7]])
    soundfile.write(tmp_path / "ir.wav", tracks, 48000, subtype="FLOAT")
    (tmp_path / "mine.conf").write_text(USERS, encoding="utf-8")
    read = read_coefficients(tmp_path / "mine.conf", problem(("a", "b"), filter_cases.DRIVERS))
    assert set(read.taps["a"]) == {"front", "tweeter"} and set(read.taps["b"]) == {"front"}
    np.testing.assert_array_equal(read.taps["a"]["front"], [0.5, -1.0, 0.0, 0.0, -0.125])
    np.testing.assert_array_equal(read.taps["a"]["tweeter"], [1.0])
    np.testing.assert_array_equal(read.taps["b"]["front"], [0.0, 0.0, 0.0, 0.0, 1.0])


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            "label = copy",
            "label = bq_peaking",
            "got the node 'l': 'builtin' 'bq_peaking'; expected builtin copy, mixer",
        ),
        ('output = "late:Out"', 'output = "l:Out"', None),
        ('"sum:In 2"', '"sum:In 9"', "got the port 'sum:In 9' as one that is fed; expected In 1, .*, In 8 of a mixer"),
        ('"sum:In 2"', '"sum:Gain 2"', "got the port 'sum:Gain 2' as one that is fed"),
        (
            'input = "late:In"',
            'input = "late:In 1"',
            "got the port 'late:In 1' as one that is fed; expected In of a convolver",
        ),
        (
            'output = "late:Out"',
            'output = "late:In"',
            "got the port 'late:In' as one that feeds; expected Out of a convolver",
        ),
        ('"sum:In 2"', '"sum:In 1"', "got two links to 'sum:In 1'; expected one; a mixer sums"),
        (
            'output = "l:Out" input = "late:In"',
            'output = "sum:Out" input = "late:In"',
            "got a loop through the node '(sum|late)'",
        ),
        ("nodes = [", "audio.rate = 3 nodes = {", "got no SPA-JSON"),
        ('[ null "sum:Out" "l:Out" ]', '[ "sum:Out" ]', "got 1 outputs; expected the problem's 3"),
        ("= 0.0001", "= soon", r"got 'soon' for Delay \(s\) of 'd'; expected a finite number"),
    ],
)
def test_a_graph_that_cannot_be_read_is_refused(old: str, new: str, message: str | None, tmp_path: Path) -> None:
    """The message names the node or the port; a change that leaves a valid graph is no fault."""
    import soundfile

    soundfile.write(tmp_path / "ir.wav", np.ones((4, 2)), 48000, subtype="FLOAT")
    assert old in USERS
    (tmp_path / "mine.conf").write_text(USERS.replace(old, new), encoding="utf-8")
    asked = problem(("a", "b"), filter_cases.DRIVERS)
    if message is None:
        assert read_coefficients(tmp_path / "mine.conf", asked).taps
        return
    with pytest.raises(DataError, match=message):
        read_coefficients(tmp_path / "mine.conf", asked)


def test_speakers_of_the_sink() -> None:
    """Sides and centre are FL, FR and FC; other channels, and those of an upmix, are no speakers; a single channel is mono."""
    two, chained = ("left", "right"), ("virtual-left", "virtual-right", "centre")
    for names, upmix, speakers in (
        (two, False, "FL FR"),
        (chained, False, "FL FR FC"),
        (chained, True, "AUX0 AUX1 AUX2"),
        (("left", "beam"), False, "AUX0 AUX1"),
        (("beam",), False, "MONO"),
    ):
        taps: dict[str, Real] = {name: np.ones((1, 2)) for name in names}
        filters = filter_cases.made(taps, ("d",), {}, "fir", fed_by_upmix=upmix)
        conf = target_named("pipewire").write(filters).files["filter-chain.conf"].decode()
        assert re.findall(r"audio\.position = \[ (.*) \]", conf) == [speakers, "AUX0"]
