"""A design in its room: each channel with its filters, beside the plain driver alone and the middle of plain stereo.

A beam that sends less to the walls raises the critical distance, so that sound comes forward; what becomes of the coherence between
the ears depends on the room and the place. Both are comparisons, and no page says of them what its own numbers do not: the same
room, the same head, the same place, with the channel's realised filters; with its plain driver instead; and, as what a stereo
device without any of this would play, the middle on the outermost drivers, both alike.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

import numpy as np

from designer.arrays import Complex, Real
from designer.evaluation.room_measures import RoomMeasures, room_measures
from designer.evaluation.room_responses import RoomResponses
from designer.measures import amplitude_db
from designer.problem import geometry
from designer.problem.schema import DesignTable, Problem
from designer.requirements.channel_target import driver_index
from designer.requirements.plain import Plain

if TYPE_CHECKING:
    import pandas as pd

STEREO = "plain stereo's middle"
EARS = slice(0, 2)
DISTANCE, COHERENCE = "critical_distance_m", "interaural_coherence"
MIN_CHANGE_DB, MIN_COHERENCE_CHANGE = 0.1, 0.01  # smaller changes are none


@dataclass(frozen=True)
class Played:
    """One way to play through the device in the room."""

    name: str  # the channel, the channel's plain driver, or plain stereo's middle
    channel: str  # whose comparison it belongs to; empty for plain stereo, which belongs to all
    response: Real  # (4, T) at the receivers, direct and reflected
    measures: RoomMeasures


@dataclass(frozen=True)
class InRoom:
    """A design in its room."""

    responses: RoomResponses
    played: tuple[Played, ...]

    def compared(self, channel: str) -> list[Played]:
        """With the channel's filters, with its plain driver, and plain stereo's middle where there is one."""
        return [playback for playback in self.played if playback.channel in (channel, "")]

    def in_words(self, channel: str, band_hz: list[float]) -> str:
        """Changes that a channel makes in the room, against its plain driver and plain stereo's middle, from the numbers of its band."""
        filtered, *references = self.compared(channel)
        mine = filtered.measures.mean(band_hz)
        parts = []
        for reference in references:
            theirs = reference.measures.mean(band_hz)
            further_db = float(amplitude_db(np.array(mine[DISTANCE] / theirs[DISTANCE])))
            whose = STEREO if reference.name == STEREO else "its plain driver"
            parts.append(
                f"against {whose} the critical distance {_moves(further_db, MIN_CHANGE_DB, f'by {abs(further_db):z.1f} dB')}"
                f" ({theirs[DISTANCE]:.2f} m to {mine[DISTANCE]:.2f} m) and the coherence between the ears"
                f" {_moves(mine[COHERENCE] - theirs[COHERENCE], MIN_COHERENCE_CHANGE)} ({theirs[COHERENCE]:.2f} to {mine[COHERENCE]:.2f})"
            )
        return f"{channel}: {'; '.join(parts)}"

    def table(self) -> pd.DataFrame:
        """Every measure of everything that is compared, by octave: `room/measures.csv`."""
        import pandas as pd

        tables = [
            pd.DataFrame(
                {
                    "played": playback.name,
                    **{key.name: getattr(playback.measures, key.name) for key in fields(RoomMeasures)},
                }
            )
            for playback in self.played
        ]
        return pd.concat(tables, ignore_index=True).rename(columns={"middle_hz": "octave_hz"})

    def as_json(self, bands_hz: Mapping[str, list[float]]) -> dict[str, Any]:
        """Content of `summary.json`: the response, and each channel's comparison over its band."""
        responses = self.responses
        return {
            "images": responses.images,
            "seconds": responses.direct.shape[2] / responses.sample_rate_hz,
            "decayed_db": responses.decayed_db,
            "truncation_error_db": responses.truncation_error_db,
            "distance_m": responses.distance_m,
            "channels": {
                channel: {playback.name: playback.measures.mean(band) for playback in self.compared(channel)}
                for channel, band in bands_hz.items()
            },
        }


def _moves(change: float, least: float, by: str = "") -> str:
    if abs(change) < least:
        return "stays as it is"
    return f"{'rises' if change > 0 else 'falls'}{by and ' ' + by}"


def in_room(
    problem: Problem,
    responses: RoomResponses,
    taps: Mapping[str, Real],
    plain: Mapping[str, Plain],
    bulk_delay_samples: int,
) -> InRoom:
    """Judge every channel.

    Parameters
    ----------
    responses : RoomResponses, of the problem's room
    taps : mapping of str to float array, channel -> (L, T) realised
    plain : mapping of str to Plain, channel -> its plain driver; a design that is not among them is left out

    """
    rate = problem.sample_rate_hz
    longest = max(filters.shape[1] for filters in taps.values())
    size = 1 << int(np.ceil(np.log2(responses.direct.shape[2] + longest)))
    f = np.fft.rfftfreq(size, 1 / rate)
    length = responses.direct.shape[2] + longest - 1
    d, h = np.fft.rfft(responses.direct, size), np.fft.rfft(responses.reflected, size)
    first_s = responses.first_s + bulk_delay_samples / rate
    played = []
    for name, channel, W in _ways(problem, taps, plain, f, size, bulk_delay_samples):
        direct, reflected = (np.fft.irfft(np.einsum("elf,lf->ef", X, W), size)[:, :length] for X in (d, h))
        measures = room_measures(direct, reflected, rate, distance_m=responses.distance_m, first_s=first_s)
        played.append(Played(name, channel, direct + reflected, measures))
    return InRoom(responses, tuple(played))


def _ways(
    problem: Problem, taps: Mapping[str, Real], plain: Mapping[str, Plain], f: Real, size: int, bulk: int
) -> Iterator[tuple[str, str, Complex]]:
    """Name, channel and driver weights (L, F) of everything that is compared."""
    delay = np.exp(-2j * np.pi * f / problem.sample_rate_hz * bulk)
    for table in (table for table in problem.designs if table.name in plain):
        yield table.name, table.name, np.fft.rfft(taps[table.name], size)
        yield f"{table.name}: plain driver", table.name, _plain_weights(problem, table, plain[table.name], f) * delay
    sides = geometry.outermost(problem)
    if sides is not None:
        W = np.zeros((len(problem.drivers), f.size), dtype=complex)
        W[list(sides)] = delay / 2
        yield STEREO, "", W


def _plain_weights(problem: Problem, table: DesignTable, plain: Plain, f: Real) -> Complex:
    drivers = driver_index(table, problem.driver_names)
    W = np.zeros((len(problem.drivers), f.size), dtype=complex)
    W[drivers] = plain.weights(f, drivers.size).T
    return W
