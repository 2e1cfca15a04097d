"""Programmes that play together: all channels for the same listeners and places are one, and each listener hears the others' too.

Channels are uncorrelated, so that powers add. With P_c(x) the power of channel c at x, mean over the points there, a programme S with
its bright places s and its dark places d, and the volumes v of all programmes,

    inter-zone isolation        Σ_{c in S} P_c(s) / Σ_{c in S} P_c(d),
    inter-programme isolation   v_S Σ_{c in S} P_c(s) / Σ_{T != S} v_T Σ_{c in T} P_c(s):

what of a programme stays where it is wanted, and how far it is above the others there. All programmes are equally loud:
v_T Σ_{c in T} P_c(t) is 1 in the mean over log f in the band of its channels, in free field, at its listeners' clouds.

Source: Y. Qiao, L. Guadagnin and E. Choueiri, Isolation performance metrics for personal sound zone reproduction systems (JASA Express
Letters 2, 104801, 2022).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from designer.acoustics.scene import Scene
from designer.acoustics.several_listeners import heard_at
from designer.arrays import Complex, Real
from designer.measures import FLOOR, db, mean_power, octave_shares, ratio
from designer.problem.schema import DesignTable, Problem
from designer.realization import response
from designer.requirements.curves import in_band
from designer.requirements.plain import Plain, driver_index

if TYPE_CHECKING:  # whose verdict is of outcomes, which are of programmes too
    from designer.evaluation.channel import Channel

PowerAt = Callable[[str, Sequence[str]], Real]
"""Channel, names of listeners and places -> mean over these of the channel's mean power at each, an array of any one shape."""


@dataclass(frozen=True)
class Programme:
    """Channels of the same bright listeners and places, and the factor of their powers that makes all programmes equally loud."""

    channels: tuple[str, ...]
    bright: tuple[str, ...]
    volume: float


@dataclass(frozen=True)
class Isolations:
    """Isolation of one channel's programme, in dB; None where it names nobody as dark, or plays alone."""

    zones_db: Real | None = None
    programmes_db: Real | None = None

    def of(self, numbers: Callable[[Real], Real]) -> Isolations:
        """A function of both."""
        values = (self.zones_db, self.programmes_db)
        return Isolations(*(None if value is None else numbers(value) for value in values))


@dataclass(frozen=True)
class Playback:
    """All channels as a device plays them: taps (L, T) and plain driver of each, the delay of all taps, and the programmes they make."""

    taps: Mapping[str, Real]
    plain: Mapping[str, Plain]
    delay_samples: int
    programmes: tuple[Programme, ...]

    @classmethod
    def of(
        cls, channels: Mapping[str, Channel], taps: Mapping[str, Real], delay_samples: int, scene: Scene
    ) -> Playback | None:
        """Playback of a problem's channels, None where none has a name to play to; the scene, at all clouds, says how loud each is."""
        tables, plain = (
            [channel.table for channel in channels.values()],
            {name: c.plain for name, c in channels.items()},
        )
        together = programmes(tables, taps, scene)
        return cls({name: taps[name] for name in channels}, plain, delay_samples, together) if together else None

    def filters(self, channel: str, scene: Scene) -> Complex:
        """Responses of a channel's filters (F, L)."""
        return response(self.taps[channel], scene.frequency_hz, scene.problem.sample_rate_hz)

    def desired(self, design: DesignTable, scene: Scene) -> Complex:
        """Responses (F, L) of a channel's plain playback, as late as its filters."""
        f, index = scene.frequency_hz, driver_index(design, scene.drivers)
        w = np.zeros((f.size, len(scene.drivers)), dtype=complex)
        late = np.exp(-2j * np.pi * f / scene.problem.sample_rate_hz * self.delay_samples)
        w[:, index] = self.plain[design.name].weights(f, index.size) * late[:, None]
        return w

    def kinds(self, design: DesignTable) -> frozenset[str]:
        """Which isolations a channel's programme has: of "zones", of "programmes"."""
        at_home = programme_of(design, self.programmes)
        has = {"zones": bool(design.dark), "programmes": len(self.programmes) > 1}
        return frozenset(kind for kind, is_had in has.items() if is_had and at_home is not None)

    def isolations(self, design: DesignTable, scene: Scene) -> Isolations:
        """Isolations of a channel's programme in a scene (F,), over all its displacements together."""
        return isolations(design, self.programmes, power_in(scene, self.taps))


def bright_names(design: DesignTable, problem: Problem) -> tuple[str, ...]:
    """Listeners and places whom a channel is for; none for a beam, and where the only listener has no name."""
    if design.is_beam or not problem.listeners:
        return tuple(design.bright or ())
    return tuple(design.bright or (design.listener or problem.listeners[0].name,))


def programmes(designs: Sequence[DesignTable], taps: Mapping[str, Real], scene: Scene) -> tuple[Programme, ...]:
    """The programmes of a problem's channels, by their taps (L, T) in a scene at the listeners' clouds."""
    channels: dict[tuple[str, ...], list[DesignTable]] = {}
    for design in designs:
        if bright := bright_names(design, scene.problem):
            channels.setdefault(bright, []).append(design)
    loudness = {bright: _loudness(tables, bright, taps, scene) for bright, tables in channels.items()}
    return tuple(
        Programme(tuple(table.name for table in tables), bright, 1 / max(loudness[bright], FLOOR))
        for bright, tables in channels.items()
    )


def _loudness(tables: Sequence[DesignTable], bright: Sequence[str], taps: Mapping[str, Real], scene: Scene) -> float:
    total = 0.0
    for table in tables:
        inside = in_band(scene.frequency_hz, table.band_hz)
        power = power_in(scene, taps)(table.name, bright)[inside]
        total += float(power @ octave_shares(scene.frequency_hz[inside], table.band_hz))
    return total


def power_in(scene: Scene, taps: Mapping[str, Real]) -> PowerAt:
    """Powers (F,) in a scene, over all its displacements together."""

    def power(channel: str, names: Sequence[str]) -> Real:
        w = response(taps[channel], scene.frequency_hz, scene.problem.sample_rate_hz)
        return np.asarray(np.mean([mean_power(heard_at(scene, name), w) for name in names], axis=0))

    return power


def programme_of(design: DesignTable, together: Sequence[Programme]) -> Programme | None:
    """The programme that a channel is a part of."""
    return next((programme for programme in together if design.name in programme.channels), None)


def isolations(design: DesignTable, together: Sequence[Programme], power: PowerAt) -> Isolations:
    """Both isolations of a channel's programme, in the shape of the powers."""
    at_home = programme_of(design, together)
    if at_home is None:
        return Isolations(None, None)

    def of(programme: Programme, names: Sequence[str]) -> Real:
        return np.asarray(sum(power(channel, names) for channel in programme.channels))

    heard, others = of(at_home, at_home.bright), [programme for programme in together if programme is not at_home]
    zones_db = db(ratio(heard, of(at_home, design.dark))) if design.dark else None
    if not others:
        return Isolations(zones_db, None)
    disturbing = sum(programme.volume * of(programme, at_home.bright) for programme in others)
    return Isolations(zones_db, db(ratio(at_home.volume * heard, np.asarray(disturbing))))
