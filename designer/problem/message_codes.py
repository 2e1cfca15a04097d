"""Codes of errors and of the faults of a problem file: what each means, its cause and remedy, for the reference and `designer docs CODE`.

A check states the code of its faults by the decorator `coded`; a fault that has one already keeps it. An error has that of its class.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import ParamSpec

from designer.errors import Fault

P = ParamSpec("P")


@dataclass(frozen=True)
class Code:
    """Entry of the reference on a code."""

    code: str
    group: str
    meaning: str
    cause: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.code}: {self.meaning}\n  Cause: {self.cause}\n  Remedy: {self.remedy}"


REGISTERED = """
# The command and the machine
wrong-usage: The command was called wrongly.
  Cause: An unknown option or value, an output folder that holds something else, or an extra that is not installed.
  Remedy: Change the call as the message says; `designer COMMAND --help` lists the options.
faulty-problem: A problem file that cannot be used.
  Cause: One or more faults; each has a code of its own, below.
  Remedy: Mend every fault that the message lists.
bad-data: A data file that cannot be used.
  Cause: A SOFA, WAV or text file, a mesh, or a design folder that is missing, damaged, or of another form.
  Remedy: Give the file that the message expects, or export it anew.
solver-stopped: A solver that stopped without an answer that its certificate confirms.
  Cause: Numbers of very different size: drivers at almost one place, a curve of 100 dB, a band of many decades.
  Remedy: Part the drivers, lower the curve, narrow the band, or use another method; the other channels are written.
output-not-written: An output that could not be written; what was there before is as it was.
  Cause: A full disk, a folder that is read-only, or a file where a folder is to be.
  Remedy: Make room, or name another place with `-o`.
program-failed: Another program that this tool started and that failed.
  Cause: A compiler, an emulator or a convolver stopped; the message has its last lines.
  Remedy: Mend what these lines say, or run the program by hand in the folder that the message names.
missing-program: Another program that this tool starts and that is not installed.
  Cause: A proof runs the export in the target's own program.
  Remedy: Install what the message names, and run the command again.

# The file
unreadable-file: A problem file that is not there, is a folder, or may not be read.
  Cause: A misspelt path, or one that is relative to another folder.
  Remedy: Give the path from the folder that the command runs in; `designer problems` lists the library.
not-utf-8: A file in another encoding than UTF-8, or with a byte order mark.
  Cause: An editor that saves as UTF-16 or Latin-1.
  Remedy: Save the file as UTF-8 without a byte order mark.
empty-file: A file without any text.
  Cause: A file that was made and not written.
  Remedy: Begin from a file of the library, or with `designer new`.
not-toml: Text that TOML does not allow.
  Cause: A bracket or quote that is not closed, a key set twice, a file of another format.
  Remedy: Mend the line that the message names, or one above it.

# Single keys
unknown-key: A key that its table does not have.
  Cause: A misspelling, a key that belongs to another table or kind of table, or one of an older version.
  Remedy: Write the key that the message names, or move it to the table that knows it.
missing-key: A required key or table that is not there.
  Cause: It was left out, or stands below the header of another table.
  Remedy: Add it as the message writes it.
wrong-type: A value of another type: text for a number, a table for a list.
  Cause: Quotes around a number, a decimal point in a whole number, single brackets for a list of tables.
  Remedy: Write the value as the message expects it.
out-of-range: A number outside the range of its key, NaN or infinity.
  Cause: Often another unit: millimetres for metres, kilohertz for hertz.
  Remedy: Write it in the unit that the key's name ends with.
wrong-count: A list with too few or too many entries.
  Cause: A coordinate left out, or a list that is longer than what is computed in reasonable time.
  Remedy: Write as many as the message expects.
empty-text: A text without letters.
  Cause: A name or path that was not filled in.
  Remedy: Write it, or leave the key out.
unknown-word: A word that is none of those that a key may hold.
  Cause: A misspelling, or a word of another key.
  Remedy: Write one of the words of the message.

# Keys together
unknown-name: A name of nothing in the file.
  Cause: A misspelling, or a driver, listener or place that was renamed.
  Remedy: Write one of the names of the message.
name-taken: A name that something else has already.
  Cause: A table that was copied.
  Remedy: Rename one of the two.
named-twice: The same entry twice in one list.
  Cause: A list that was copied.
  Remedy: Leave one out.
control-character: A text with a line break, a tab, another control character, or one that turns the direction of writing.
  Cause: Text that was pasted.
  Remedy: Write the text in letters, digits and spaces.
key-out-of-place: A key that means something only beside another key or value, which is not there.
  Cause: The other key was changed or left out.
  Remedy: Leave the key out, or set the other one.
conflicting-keys: Two keys or tables of which each excludes the other.
  Cause: Two ways of saying one thing, or two methods that do not go together.
  Remedy: Leave one of the two out.
band-reversed: A band whose lowest frequency is not below its highest.
  Cause: Ends that are swapped, or equal.
  Remedy: Swap or part them.
above-nyquist: A frequency above half of the sample rate.
  Cause: A band for another sample rate.
  Remedy: Lower the frequency, or raise `sample_rate_hz`.
curve-points: A curve whose frequencies do not rise from above 0, or whose gains are out of range.
  Cause: Columns that are swapped, points out of order, or a point at 0 Hz.
  Remedy: Sort the points: each is [frequency_hz, gain_db].

# Designs
driver-count: A kind of design with too few or too many drivers.
  Cause: `kind = "ctc"` is for two drivers, `"null-steering"` for three or more.
  Remedy: Name other drivers, or use the other kind.
no-requirement: A design that asks for nothing.
  Cause: Curve, window, nulls or mask were left out.
  Remedy: Add one of the requirements that the message lists.
crossovers: Crossover frequencies that do not fit the drivers' ways.
  Cause: `crossover_hz` lies outside what both ways play, is unsorted, or has another count than the ways less one.
  Remedy: Move or sort them, or leave `crossover_hz` out.
band-off-grid: A band that holds no frequency of the design grid.
  Cause: A narrow band on a coarse grid, or a band in kilohertz.
  Remedy: Widen the band, raise `grid.frequencies`, or write hertz.
arc-off-grid: An arc of a mask, window or null that holds no azimuth of the grid.
  Cause: A narrow arc between two steps of the circle.
  Remedy: Widen the arc, or lower `grid.azimuth_step_deg`.
behind-baffle: A direction or region behind a baffle, where there is silence.
  Cause: The device stands in an infinite baffle, x = 0.
  Remedy: Turn it to the front, or use another enclosure.
bad-region: A region that is no cap and no band of elevations.
  Cause: Keys of both kinds in one region, a radius without a centre, or elevations that are swapped.
  Remedy: Write `around_deg` and `radius_deg`, or `azimuth_deg` and `elevation_deg`.
method-misfit: A method that a design of this kind, or with these requirements, cannot use.
  Cause: A method for beams in an ear channel, one for ears in a beam, or a percentile that it does not hold.
  Remedy: Use the method that the message names, or `"auto"`.
method-key: A value that a method's own key cannot have.
  Cause: For example another number of gains than of drivers.
  Remedy: Write what the message expects.
hold-misfit: Something that does not go with holding every place, or with dark listeners and places.
  Cause: `hold`, refined taps or weights beside a channel with `dark`.
  Remedy: Leave one of the two out, or add what the message expects.

# Drivers and bodies
driver-off-surface: A driver that is not on its enclosure.
  Cause: A place off the surface by more than 1 mm (2 mm on boxes and meshes), or in millimetres.
  Remedy: Write the place that the message names, or another size of the enclosure.
drivers-together: Two drivers at one place.
  Cause: A table that was copied.
  Remedy: Move one of the two.
piston-misfit: A piston that its enclosure cannot hold.
  Cause: It is as large as the body, reaches over an edge, or is tilted through a baffle.
  Remedy: Make it smaller, move it inwards, or leave `radius_m` out for a point source.
edge-radius: A radius of the edges that no box of this size has.
  Cause: It is above half of the smallest side, or above 0 and below 2 mm.
  Remedy: Make it smaller, or the box larger; 0 is a sharp edge.
mesh-file: A mesh that is no closed surface of a device's size.
  Cause: Holes, a wrong unit, or a file that cannot be read.
  Remedy: Mend or export the mesh anew, or set `enclosure.unit`.
mesh-group: A group of faces that cannot be a driver.
  Cause: The mesh does not name it, it is not on the outer surface, or the enclosure is no mesh.
  Remedy: Choose a group of the file, or give the driver a `radius_m`.
too-many-wavelengths: A body, head, piston or distance too large, in wavelengths at half of the sample rate, for its series.
  Cause: Often a size in millimetres.
  Remedy: Write metres, or lower the sample rate.
solution-too-large: A box or mesh whose solution takes more than 60 CPU minutes or 8 GB.
  Cause: A large body at a high frequency.
  Remedy: Set `enclosure.highest_hz` to what the message names.

# Listeners
bad-head: A head that is no word, no radius and no file.
  Cause: A misspelt word, a radius out of range, or a SOFA file that is not there.
  Remedy: Write "sphere", "sphere:0.0875", "points", or the path of a SOFA file.
head-weights: Another number of weights than of heads.
  Cause: A head was added or taken out.
  Remedy: Write a weight for each head, or leave `head_weights` out.
heads-overlap: Two listeners at one place.
  Cause: Places closer than two radii of heads.
  Remedy: Move one of the two.
listener-above: A listener straight above or below the device.
  Cause: There x = y = 0, and no direction to face.
  Remedy: Move the listener to the front.
head-in-device: A head, an ear or a displaced ear inside the device.
  Cause: A listener too near, or a device in millimetres.
  Remedy: Move the listener away, or shrink `ear_cloud_m`.
driver-in-head: A driver inside a listener's head, or at an ear.
  Cause: Places in another unit, or a listener at the device.
  Remedy: Move the driver or the listener.
place-shape: A place whose shape lacks its size, or has that of another shape.
  Cause: `size_m` is a box's, `radius_m` a sphere's.
  Remedy: Write the key of its shape alone.
place-points: A place with too many points, or with points inside the device.
  Cause: A fine `spacing_m`, or a place at the device.
  Remedy: Widen the spacing, or move the place.
dark-names: A name that is bright and dark at once, or dark without listeners and places.
  Cause: The bright listener stands in `dark`.
  Remedy: Leave it out of one of the two.
circle-radius: A circle of masks and maps that is inside the device, or beyond 10 km.
  Cause: `grid.azimuth_distance_m`, or the listener's distance, in another unit.
  Remedy: Set `grid.azimuth_distance_m` in metres; `inf` is the far field.
population-misfit: A population of fewer than three heads, or beside something that does not hold its percentile.
  Cause: The list `listener.head` is short, or `hold` or weights are set.
  Remedy: List more heads, or leave out what the message names.

# Rooms
bad-absorption: An absorption that no wall has.
  Cause: Percent instead of a share.
  Remedy: Write a number from 0.01 to 0.99.
bad-reverberation-time: A reverberation time that the room cannot have.
  Cause: Shorter than Sabine's for walls that absorb all, or above 20 s.
  Remedy: Write seconds, or change the room's size.
device-outside-room: A device that is outside the room, or cut by a wall.
  Cause: `room.device_m` is in the room's axes, from one lower corner.
  Remedy: Move or turn the device.
listener-outside-room: A listener whose head is not inside the room.
  Cause: The room is shorter than the listener's distance, or the device faces a wall.
  Remedy: Move or turn the device, or set `room.listener_m`.
room-misfit: A room around a device that is not known in every direction.
  Cause: A baffle has no end, and `scene.transfer` knows its receivers alone.
  Remedy: Use another enclosure, or leave [room] out.

# Filters
too-few-taps: Fewer taps than the delays between drivers, or between ears, need.
  Cause: Drivers far apart at a high sample rate, or places in millimetres.
  Remedy: Raise `realization.taps`.
bulk-delay: A bulk delay that the taps, the sections or the latency do not allow.
  Cause: It is beyond the last tap, later than `max_latency_ms`, or too short for the sections.
  Remedy: Change it as the message says, or leave it out.
equaliser-taps: A common equaliser that leaves too few taps to the filters.
  Cause: Both share `taps`.
  Remedy: Lower `equaliser_taps`, or raise `taps`.
exact-frequencies: Frequencies that the taps cannot be exact at.
  Cause: The same twice, or more equations than half of the taps.
  Remedy: Name fewer.
refined-taps: Something that refined taps do not do.
  Cause: Refinement needs an ear channel and taps, and holds no weights, zeros or equaliser.
  Remedy: Leave out what the message names.
bad-word: A word that is no fixed-point word, or that is too short or too long.
  Cause: A misspelling, or sections in 16 bits.
  Remedy: Write "q15" (16 bits) or "5.23" (28 bits).
pole-radius: A largest pole radius of 1 or nearly 1.
  Cause: Such sections ring for seconds, or are not stable.
  Remedy: Write 0.998 or less.
silent-reference: A reference driver that is silent in the band.
  Cause: A ratio to it has no bound.
  Remedy: Name the driver of the message, or leave `reference` out.
beyond-limits: Filters that no length within the file's limits of latency, products or bytes holds.
  Cause: `max_latency_ms`, `max_mac_per_s` or `max_bytes` is below what is stated, or below any form.
  Remedy: Lower what the message names, or raise the limit to its number.
too-large: A problem that would fill the memory or take too long.
  Cause: Drivers, frequencies, azimuths, displacements and taps multiply.
  Remedy: Lower one of those that the message names.

# The stereo chain, placement, sweeps
virtual-angle: A virtual loudspeaker at less than 1 degree.
  Cause: Radians instead of degrees.
  Remedy: Write degrees: a stereo pair stands at 30.
virtualizer-designs: A stereo chain without the designs that it plays through.
  Cause: It needs ear channels named "left" and "right", and for its upmix a beam named "centre".
  Remedy: Add or rename the design, or set `upmix = false`.
virtualizer-head: A measured crosstalk model without a measured head.
  Cause: `listener.head` names no SOFA file.
  Remedy: Name one, or write `crosstalk_model = "sphere"`.
placement-search: A search for places that has no places, no drivers, or too many layouts.
  Cause: Bounds, steps and keep-outs of [placement] that do not fit together.
  Remedy: Change what the message names.
surface-coordinate: A driver's azimuth or height on a surface that has none there.
  Cause: The enclosure has no surface (only a sphere, a cylinder, a box and a mesh have one), or none at that height.
  Remedy: Vary `position_m`, or keep to the surface.
"""
ENTRY = re.compile(
    r"# (?P<group>.*)|(?P<code>[a-z0-9-]+): (?P<meaning>.*)\n {2}Cause: (?P<cause>.*)\n {2}Remedy: (?P<remedy>.*)"
)


def _codes() -> Iterator[Code]:
    group = ""
    for entry in ENTRY.finditer(REGISTERED):
        if entry["group"]:
            group = entry["group"]
        else:
            yield Code(**{**entry.groupdict(), "group": group})


CODES = {code.code: code for code in _codes()}
"""Code -> what it means, in the order of the reference."""


def coded(code: str) -> Callable[[Callable[P, Iterator[Fault]]], Callable[P, Iterator[Fault]]]:
    """Decorator of a check: its faults have this code."""
    registered = CODES[code].code

    def decorated(check: Callable[P, Iterator[Fault]]) -> Callable[P, Iterator[Fault]]:
        @functools.wraps(check)
        def wrapped(*args: P.args, **kwargs: P.kwargs) -> Iterator[Fault]:
            return with_code(registered, check(*args, **kwargs))

        return wrapped

    return decorated


def with_code(code: str, faults: Iterable[Fault]) -> Iterator[Fault]:
    """Faults with a code; those that have one keep it."""
    registered = CODES[code].code
    for fault in faults:
        yield fault if fault.code else replace(fault, code=registered)
