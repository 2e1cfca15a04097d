"""Faults that are planted by naive loops are named, with the driver and the number, through a recorder's gain, latency and noise."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import numpy as np
import pytest

from designer.arrays import Real
from designer.export.filter_set import FilterSet
from designer.proof.diagnosis import ACCEPTED_DB, Diagnosis, diagnose
from designer.proof.recording import laid_under
from designer.proof.stimulus import Stimulus, stimulus_of
from proof import plants
from proof.plants import GAIN, LATENCY, SOUND, Plant, at_another_clock, played, recorded


@cache
def case(make: Callable[[], FilterSet]) -> tuple[FilterSet, Stimulus]:
    filters = make()
    return filters, stimulus_of(filters)


def diagnosed(make: Callable[[], FilterSet], plant: Plant = SOUND) -> Diagnosis:
    filters, stimulus = case(make)
    return of_recording(filters, stimulus, recorded(played(filters, stimulus.samples, plant)))


def of_recording(filters: FilterSet, stimulus: Stimulus, feeds: Real) -> Diagnosis:
    recording = laid_under(feeds, filters, stimulus)
    return diagnose(recording.feeds, filters, stimulus, is_recorded=True, clock_hz=recording.clock_hz)


def named(diagnosis: Diagnosis) -> list[tuple[tuple[str, ...], str]]:
    return [(fault.drivers, fault.kind) for fault in diagnosis.faults]


DESIGNS = (plants.fir, plants.mirrored, plants.pair, plants.twins, plants.sections, plants.mild)


@pytest.mark.parametrize("make", DESIGNS, ids=lambda make: make.__name__)
def test_nothing_is_wrong_with_a_sound_device(make: Callable[[], FilterSet]) -> None:
    """No fault; the recorder's gain and latency are found to a thousandth; what is left of every driver is the noise."""
    filters, stimulus = case(make)
    recording = laid_under(recorded(played(filters, stimulus.samples)), filters, stimulus)
    diagnosis = diagnose(recording.feeds, filters, stimulus, is_recorded=True)
    assert diagnosis.faults == ()
    assert diagnosis.gain == pytest.approx(GAIN, rel=2e-3)
    assert recording.late + diagnosis.delay == pytest.approx(LATENCY, abs=5e-3)
    for fit, accepted_db in zip(diagnosis.designed_fits, diagnosis.accepted_db, strict=True):
        assert fit.residual_db <= accepted_db <= -15


SHAPES: tuple[tuple[Callable[[], FilterSet], Plant, list[tuple[tuple[str, ...], str]]], ...] = (
    (plants.fir, Plant(turned=("woofer",)), [(("woofer",), "reversed")]),
    (plants.mirrored, Plant(turned=("m",)), [(("m",), "reversed")]),
    (plants.twins, Plant(turned=("l", "m", "r")), [(("l",), "reversed"), (("m",), "reversed"), (("r",), "reversed")]),
    (plants.fir, Plant(swapped=("woofer", "tweeter")), [(("woofer", "tweeter"), "swapped")]),
    (plants.mirrored, Plant(swapped=("l", "r")), [(("l", "r"), "swapped")]),
    (plants.pair, Plant(swapped=("l", "r")), [(("l", "r"), "swapped")]),
    (plants.pair, Plant(turned=("l", "r")), [(("l",), "reversed"), (("r",), "reversed")]),
    (plants.twins, Plant(swapped=("l", "m")), [(("l", "m"), "swapped")]),
    (plants.twins, Plant(swapped=("l", "r")), []),  # the same filter on both: no fault
    (plants.sections, Plant(swapped=("woofer", "front")), [(("woofer", "front"), "swapped")]),
    (plants.sections, Plant(feedback=("woofer",)), [(("woofer",), "feedback")]),
    (plants.sections, Plant(feedback=("front",)), [(("front",), "feedback")]),
    (plants.mild, Plant(feedback=("y",)), [(("y",), "feedback")]),
)


@pytest.mark.parametrize(("make", "plant", "expected"), SHAPES, ids=lambda value: getattr(value, "__name__", None))
def test_other_filters_are_named(
    make: Callable[[], FilterSet], plant: Plant, expected: list[tuple[tuple[str, ...], str]]
) -> None:
    """Reversed taps, changed drivers, the feedback's sign, stable with it and not; what is no fault is not named."""
    diagnosis = diagnosed(make, plant)
    assert named(diagnosis) == expected
    for fault in diagnosis.faults:
        assert all(name in fault.words for name in fault.drivers)


@pytest.mark.parametrize("make", [plants.fir, plants.mirrored, plants.sections], ids=lambda make: make.__name__)
def test_sign_gain_delay_and_saturation_have_their_numbers(make: Callable[[], FilterSet]) -> None:
    """A driver inverted; half as loud: -6.02 dB; late by one sample; the last held at half of its largest feed, to 0.2 dB."""
    filters, stimulus = case(make)
    name = filters.drivers[0]
    (sign,) = diagnosed(make, Plant(gain={name: -1.0})).faults
    assert (sign.drivers, sign.kind, sign.words) == ((name,), "sign", f"{name} is inverted")
    if len(filters.drivers) > 2:  # of two either might be the one
        (half,) = diagnosed(make, Plant(gain={name: 0.5})).faults
        assert (half.drivers, half.kind) == ((name,), "gain") and half.value == pytest.approx(-6.0206, abs=0.02)
    (late,) = diagnosed(make, Plant(late={name: 1})).faults
    assert (late.drivers, late.kind) == ((name,), "time") and late.value == pytest.approx(1.0, abs=0.01)
    assert "20.8 µs) late" in late.words
    name = filters.drivers[-1]
    level = np.abs(played(filters, stimulus.samples)[:, -1]).max() / 2
    (bound,) = diagnosed(make, Plant(bound={name: level})).faults
    assert (bound.drivers, bound.kind) == ((name,), "saturation")
    assert bound.value == pytest.approx(20 * np.log10(level), abs=0.2)


@pytest.mark.parametrize("make", [plants.fir, plants.sections], ids=lambda make: make.__name__)
def test_a_wrong_rate_is_named(make: Callable[[], FilterSet]) -> None:
    """At 44.1 kHz for 48 kHz: everything that the device plays, as its clock would, or the filters alone, behind a converter."""
    filters, stimulus = case(make)
    slow = recorded(at_another_clock(played(filters, stimulus.samples), 160, 147))
    (clock,) = of_recording(filters, stimulus, slow).faults
    assert (clock.drivers, clock.kind, clock.value) == (filters.drivers, "clock", 44100.0)
    converted = at_another_clock(played(filters, at_another_clock(stimulus.samples, 147, 160)), 160, 147)
    (rate,) = of_recording(filters, stimulus, recorded(converted)).faults
    assert (rate.drivers, rate.kind, rate.value) == (filters.drivers, "rate", 44100.0)
    assert rate.words == "all drivers play their filters at 44100 Hz, not at 48000 Hz"


def test_two_faults_on_two_drivers_are_both_named() -> None:
    """Half gain and a sample; reversed taps and a sign; a swap and half gain; feedback and a sample: each at its driver."""
    pairs = (
        (plants.fir, Plant(gain={"woofer": 0.5}, late={"tweeter": 1}), {("woofer", "gain"), ("tweeter", "time")}),
        (plants.mirrored, Plant(turned=("l",), gain={"m": -1.0}), {("l", "reversed"), ("m", "sign")}),
        (plants.fir, Plant(swapped=("woofer", "tweeter"), gain={"front": -1.0}),
         {("woofer", "swapped"), ("tweeter", "swapped"), ("front", "sign")}),
        (plants.sections, Plant(late={"front": 1}, feedback=("woofer",)), {("woofer", "feedback")}),
        (plants.sections, Plant(gain={"front": -1.0}, feedback=("woofer",)), {("woofer", "feedback"), ("front", "sign")}),
    )  # fmt: skip
    for make, plant, expected in pairs:
        diagnosis = diagnosed(make, plant)
        assert {(name, fault.kind) for fault in diagnosis.faults for name in fault.drivers} == expected


def test_what_runs_here_has_no_recorder() -> None:
    """Half gain, a sample or a sign that all drivers share is a recorder's, but not of an export that runs here."""
    filters, stimulus = case(plants.fir)
    feeds = played(filters, stimulus.samples, Plant(gain=dict.fromkeys(filters.drivers, 0.5)))
    here = diagnose(feeds, filters, stimulus, is_recorded=False)
    assert named(here) == [((name,), "gain") for name in filters.drivers]
    assert all(fault.value == pytest.approx(-6.0206, abs=1e-3) for fault in here.faults)
    assert of_recording(filters, stimulus, recorded(feeds)).faults == ()
    late = played(filters, stimulus.samples, Plant(late=dict.fromkeys(filters.drivers, 1)))
    assert named(diagnose(late, filters, stimulus, is_recorded=False)) == [
        ((name,), "time") for name in filters.drivers
    ]


def test_one_filter_of_a_driver_is_named_by_its_channel() -> None:
    """The filter from one channel inverted, the other right: the fault is that filter's."""
    filters, stimulus = case(plants.mirrored)
    x = stimulus.samples.copy()
    feeds = played(filters, x)
    x[:, 1] *= -1
    feeds[:, 2] = played(filters, x)[:, 2]
    (fault,) = of_recording(filters, stimulus, recorded(feeds)).faults
    assert (fault.drivers, fault.kind, fault.channel) == (("r",), "sign", "right")
    assert fault.words == "r, for right, is inverted"


def test_another_filter_is_none_of_the_known_faults() -> None:
    """Random taps in place of a driver's: said so, with what the nearest fault leaves, by numpy within 0.5 dB of its own least squares."""
    filters, stimulus = case(plants.twins)
    other = np.random.default_rng(99).standard_normal(48) * 0.2
    feeds = played(plants.with_filters_of(filters, "m", other), stimulus.samples)
    (fault,) = of_recording(filters, stimulus, recorded(feeds)).faults
    assert (fault.drivers, fault.kind) == (("m",), "none") and fault.value is not None
    assert fault.words.startswith("m fits no known fault; the nearest, that it ")
    assert ACCEPTED_DB < fault.value < 0
    own, outer = filters.filters[1].taps, filters.filters[0].taps
    best = max(
        np.abs(np.correlate(other, taps, "full")).max() / np.linalg.norm(taps) / np.linalg.norm(other)
        for taps in (own, own[::-1], outer)
    )  # over whole samples of delay; of a part of one a little more, and of other rates
    assert fault.value <= 10 * np.log10(1 - best**2) + 0.5


def test_a_silent_driver_is_named() -> None:
    """A cable that is off."""
    filters, stimulus = case(plants.fir)
    feeds = played(filters, stimulus.samples)
    feeds[:, 1] = 0
    assert named(diagnose(feeds, filters, stimulus, is_recorded=False)) == [(("front",), "silent")]


def test_mirrored_channels_and_drivers_are_told_as_one() -> None:
    """Where changed drivers and changed channels predict the same feeds, the sentence says both."""
    (fault,) = diagnosed(plants.mirrored, Plant(swapped=("l", "r"))).faults
    assert "(or l has its channels left and right swapped: here that is the same)" in fault.words
