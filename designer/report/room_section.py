"""The section "in the room" of the design page: its sentences and its table."""

from __future__ import annotations

from typing import Any

from designer.evaluation.room import STEREO
from designer.problem import room_places
from designer.problem.messages import number
from designer.result import Result

COLUMNS = (  # the number's name, its words, its form
    ("direct_to_reverberant_db", "Direct over reverberant, at the ears", "{:.1f} dB"),
    ("critical_distance_m", "Critical distance", "{:.2f} m"),
    ("clarity_db", "Clarity C50", "{:.1f} dB"),
    ("interaural_coherence", "Interaural coherence", "{:.2f}"),
    ("early_lateral_fraction", "Early lateral fraction", "{:.2f}"),
    ("reverberation_time_s", "Reverberation time T20", "{:.2f} s"),
)


def room_section(result: Result) -> dict[str, Any] | None:
    """What the page's template shows; None without [room]."""
    found, room = result.room, result.problem.room
    if found is None or room is None:
        return None
    responses = found.responses
    times_s = room_places.eyring_rt60_s(room, result.problem.speed_of_sound_m_s)
    eyring = f"{min(times_s):.2f}" + (f" to {max(times_s):.2f}" if len(times_s) > 1 else "")
    return {
        "words": (
            f"{' x '.join(number(side) for side in room.size_m)} m, reverberation time {eyring} s after Eyring, the listener at"
            f" {responses.distance_m:.2f} m: {responses.images:,} image sources, until the energy has fallen by"
            f" {responses.decayed_db:.0f} dB. Directions are encoded to {responses.truncation_error_db:.0f} dB."
        ),
        "changes": [found.in_words(name, channel.table.band_hz) for name, channel in result.channels.items()],
        "columns": [words for _, words, _ in COLUMNS],
        "channels": [
            (
                name,
                [
                    (
                        name if one.name == name else STEREO if one.name == STEREO else "its plain driver",
                        [form.format(one.measures.mean(channel.table.band_hz)[key]) for key, _, form in COLUMNS],
                    )
                    for one in found.compared(name)
                ],
            )
            for name, channel in result.channels.items()
        ],
    }
