"""The problem file's schema: what each key is, its unit (in its name), its default and its range.

Faults that one key shows alone are found here; faults that need two keys are found in `checks.py`. A description stands in
`designer schema` and in messages: it says what the numbers of a list are, or all that a key of several types may hold. A title says what a
key is, for a form or an editor; messages go without it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any, Literal, cast

from pydantic import ConfigDict, Field, create_model

from designer.declared import TARGETS, declared
from designer.problem.designs import AnyDesign
from designer.problem.designs import DesignTable as DesignTable
from designer.problem.designs import Region as Region
from designer.problem.designs import Spread as Spread
from designer.problem.driver import Driver as Driver
from designer.problem.enclosures import AnyEnclosure
from designer.problem.enclosures.enclosure import Enclosure
from designer.problem.enclosures.free_field import FreeField
from designer.problem.listeners import Listener as Listener
from designer.problem.listeners import Listeners, OneListener, Place, Places, Population
from designer.problem.placement_table import Placement
from designer.problem.sourced import Sourced
from designer.problem.table import (
    AUTO,
    Angle,
    Frequency,
    Name,
    Point,
    SpreadDecibel,
    SpreadDegree,
    Table,
    Weight,
)
from designer.problem.table import MAX_FREQUENCIES as MAX_FREQUENCIES
from designer.problem.table import MAX_ORDER as MAX_ORDER
from designer.problem.table import MAX_SECTIONS as MAX_SECTIONS
from designer.problem.table import MAX_TAPS as MAX_TAPS
from designer.problem.word_format import Word

MAX_SOLVED_FADE_OCTAVES = 0.5
"""Largest part of a design's fade, in octaves, up to which a body is solved: farther out plain playback dominates."""
MAX_NAMED = 6
"""Designs that a problem's line names."""


class SceneTable(Table):
    """A whole device measured, and what the air absorbs."""

    transfer: Name | None = Field(
        default=None, title="SOFA file of the whole device: in place of enclosure, models of drivers, and head"
    )
    air_absorption: bool = Field(default=False, title="whether the air takes high frequencies away")
    temperature_c: Annotated[float, Field(ge=-20.0, le=50.0)] = Field(default=20.0, title="of the air")
    relative_humidity_percent: Annotated[float, Field(ge=1.0, le=100.0)] = Field(default=50.0, title="of the air")


class Grid(Table):
    """Where the design is solved and judged."""

    frequencies: Annotated[int, Field(ge=3, le=MAX_FREQUENCIES)] = Field(
        default=257, title="design frequencies, from 0 to the Nyquist frequency"
    )
    spacing: Literal["linear", "logarithmic"] = Field(default="linear", title="of the design frequencies")
    refine: bool = Field(default=False, title="more frequencies where the result changes between two")
    azimuth_step_deg: Annotated[float, Field(ge=0.1, le=90.0)] = Field(
        default=5.0, title="between directions of masks and maps"
    )
    azimuth_distance_m: Annotated[float, Field(gt=0, allow_inf_nan=True)] | None = Field(
        default=None, description="inf is the far field; default: the listener's distance"
    )


class Realization(Table):
    """The form that the filters take."""

    form: Literal["fir", "rtf", "biquad", "auto"] = Field(
        default="fir", title="of the filters: taps, ratios to a reference driver, biquads, or the cheapest of these"
    )
    taps: Annotated[int, Field(ge=8, le=MAX_TAPS)] = Field(
        default=512, title=f'length of each filter; with form = "auto" the longest, by default {AUTO["taps"]}'
    )
    max_latency_ms: Annotated[float, Field(ge=0, le=1_000.0)] | None = Field(
        default=None, title="upper limit of bulk delay (shortened to keep it), chain's wait, upmix and targets' blocks"
    )
    max_mac_per_s: Annotated[float, Field(gt=0, le=1e12)] | None = Field(
        default=None, title="limit of the multiply-adds a second of all filters, as the targets of [export] run them"
    )
    max_bytes: Annotated[int, Field(ge=1, le=10**10)] | None = Field(
        default=None, title="limit of the bytes of all coefficients and states, as the targets of [export] store them"
    )
    max_loss_db: Annotated[float, Field(gt=0, le=20.0)] = Field(
        default=0.5, description='with form = "auto": how far filters may miss what weights meet, anywhere in the band'
    )
    max_level_change_db: Annotated[float, Field(gt=0, le=20.0)] = Field(
        default=1.0, description='with "auto": largest change of level, 100 Hz to 16 kHz, and of a chain\'s balance'
    )
    bulk_delay_samples: Annotated[int, Field(ge=0, le=MAX_TAPS - 1)] | Literal["least"] | None = Field(
        default=None,
        description='a whole number, or "least": the smallest that keeps the result; default: half the taps',
    )
    pre_ringing_weight: Weight = Field(
        default=0.0, title="of what comes before the bulk delay, beside the audible error"
    )
    tail_weight: Weight = Field(default=0.0, title="of what comes long after the bulk delay, beside the audible error")
    zero_at_dc: bool = Field(default=False, title="no gain at 0 Hz")
    exact_at_hz: Annotated[list[Frequency], Field(max_length=16)] = Field(
        default=[], title="frequencies at which the filters are the weights exactly"
    )
    hold_requirements: bool = Field(default=False, title="the fit itself keeps the requirements, not the weights alone")
    refine: bool = Field(
        default=False,
        description="refine the fitted taps of ear channels for the largest gain over drawn heads, places and devices, and keep them"
        " where they gain more than the fit on other draws",
    )
    floor_weight: Annotated[float, Field(ge=0, le=1)] | None = Field(
        default=None,
        description="which gains refined taps raise: 1 the lowest alone, 0 the middle ones; default: 0.4, else 0.6 or 0.8"
        " where that loses against the fit",
    )
    max_ratio_db: Annotated[float, Field(ge=-20.0, le=60.0)] = Field(
        default=20.0, title="largest gain of a filter relative to the reference driver's"
    )
    equaliser_taps: Annotated[int, Field(ge=0, le=MAX_TAPS)] = Field(
        default=0, title="of a common filter that brings back the reference's tone"
    )
    sections: Annotated[int, Field(ge=1, le=MAX_SECTIONS)] = Field(
        default=8, title=f'second-order sections of each filter; with "auto" the most, by default {AUTO["sections"]}'
    )
    max_pole_radius: Annotated[float, Field(gt=0, le=10.0)] = Field(
        default=0.998, title="of sections: how long they may ring"
    )
    word: Name | None = Field(
        default=None,
        description='the coefficients\' fixed-point word: "q15", "q31", or bits before and after the binary point, as "5.23"',
    )
    word_scale: Literal["channel", "driver"] = Field(
        default="channel",
        description="whose taps share a power of two: a channel's drivers, or each driver's alone, by which short words gain",
    )

    @property
    def fixed_point(self) -> Word | None:
        """The word of the coefficients, if they are to be integers."""
        return None if self.word is None else Word.of(self.word)


class Virtualizer(Table):
    """The stereo chain over the designs named left, right and centre."""

    angle_deg: Annotated[float, Field(gt=0, le=90.0)] = Field(
        default=30.0, title="of the virtual loudspeakers, to each side"
    )
    chain: Literal["matched", "combined"] = Field(
        default="matched",
        description="both ears matched by all drivers of the designs within their limits, or the designs' filters combined",
    )
    priority: Literal["time", "level", "tone"] = Field(
        default="time",
        description="what a matched chain keeps where drivers' limits bind: the interaural time (levels fall there), the level (the"
        " angle shrinks there), or time and tone (the level falls everywhere)",
    )
    max_effort_db: Annotated[float, Field(ge=0, le=60.0)] | None = Field(
        default=None,
        description="limit of a matched chain: power of its drivers over the best single driver's at equal level",
    )
    crosstalk_model: Literal["sphere", "measured"] = Field(
        default="sphere", title="of the far ear: a sphere's, or fitted to the listener's measured head"
    )
    upmix: bool = Field(default=True, title="left, right and centre made of stereo")


class Room(Table):
    """A shoebox room around the device: x, y and z from one lower corner; the listener is [listener]'s, or stands elsewhere."""

    size_m: Annotated[
        list[Annotated[float, Field(ge=0.5, le=100.0)]],
        Field(min_length=3, max_length=3, description="length, width, height", title="of the room"),
    ] = [5.0, 4.0, 2.5]
    rt60_s: Annotated[float, Field(gt=0)] | None = Field(
        default=None, description="reverberation time by Eyring's formula; 0.4 if absorption is not given either"
    )
    absorption: float | Annotated[list[float], Field(min_length=1, max_length=8)] | None = Field(
        default=None,
        description="the walls' share of energy, above 0 and below 1: a number, or one an octave from 125 Hz up, at most 8",
    )
    device_m: Point = Field(default=[0.6, 2.0, 1.0], description="x, y, z in the room", title="place of the device")
    heading_deg: Angle = Field(
        default=0.0, description="where the device faces, counter-clockwise from the room's x axis"
    )
    listener_m: Point | None = Field(
        default=None, description="x, y, z in the room of another listener; default: [listener]'s place"
    )
    listener_heading_deg: Angle | None = Field(
        default=None,
        description="where that listener faces in the room; default: the device, turned by listener.turn_deg",
    )


class Tolerance(Table):
    """Standard deviations of what a product line and its rooms vary, for the draws that a design is judged over."""

    gain_db: SpreadDecibel = Field(default=0.5, title="of the drivers' gains")
    phase_deg: SpreadDegree = Field(default=3.0, title="of the drivers' phases")
    position_m: Annotated[float, Field(ge=0, le=0.05)] = Field(default=0.001, title="of the drivers' places")
    temperature_c: Annotated[float, Field(ge=0, le=20.0)] = Field(default=5.0, title="of the air")
    head_radius_m: Annotated[float, Field(ge=0, le=0.01)] = Field(default=0.004, title="of listeners' heads")
    draws: Annotated[int, Field(ge=1, le=100_000)] = Field(default=1000, title="devices that are drawn")
    seed: Annotated[int, Field(ge=0, le=2**63 - 1)] = Field(default=1, title="of the draws")


def target_names() -> tuple[str, ...]:
    """Targets, in the order of every list."""
    return tuple(target["name"] for target in declared(TARGETS, "Target"))


def option_fields() -> dict[str, Any]:
    """Key of `[export]` -> type and field of the option that it sets."""
    fields: dict[str, Any] = {}
    for option in declared(TARGETS, "Option"):
        names, pattern = option.get("names"), option.get("pattern")
        kind = Literal[tuple(names)] if names else Annotated[str, Field(pattern=pattern)]
        fields[option["key"]] = (kind | None, Field(default=None, description=option["about"]))
    return fields


def targets_of_options() -> dict[str, tuple[str, ...]]:
    """Key of `[export]` -> targets that its option is for."""
    targets = declared(TARGETS, "Target")
    return {
        option["key"]: tuple(target["name"] for target in targets if option["declared_as"] in target.get("options", ()))
        for option in declared(TARGETS, "Option")
    }


if TYPE_CHECKING:

    class Export(Table):
        """The firmware targets that a design folder is written for, and a key for each of their options."""

        targets: list[str] = []

else:
    Export = create_model(
        "Export",
        __base__=Table,
        __module__=__name__,
        __doc__="The firmware targets that a design folder is written for.",
        targets=(
            list[Literal[target_names()]],
            Field(default=[], title="firmware, hosts and files that the filters are written for"),
        ),
        **option_fields(),
    )


class Problem(Sourced):
    """A whole problem file, read and checked.

    Made by `designer.load` and `designer.loads`; `text` and `folder` are what it was read from.
    """

    model_config = ConfigDict(json_schema_extra={"anyOf": [{"required": ["listener"]}, {"required": ["listeners"]}]})

    title: Annotated[Name, Field(title="of the problem, on its pages")]
    sample_rate_hz: Annotated[float, Field(ge=1000.0, le=1_000_000.0, title="at which the filters run")]
    speed_of_sound_m_s: Annotated[float, Field(ge=100.0, le=2000.0)] = Field(
        default=343.0, title="in the air around the device"
    )
    enclosure: AnyEnclosure | None = None
    drivers: Annotated[list[Driver], Field(min_length=1, max_length=256)]
    listener: OneListener = cast(Listener, None)
    listeners: Listeners = None
    places: Places = None
    population: Population | None = None
    scene: SceneTable | None = None
    grid: Grid = Grid()
    designs: Annotated[list[AnyDesign], Field(min_length=1, max_length=64)]
    realization: Realization = Realization()
    virtualizer: Virtualizer | None = None
    room: Room | None = None
    tolerance: Tolerance = Tolerance()
    placement: Placement | None = None
    export: Export = Export()

    def model_post_init(self, context: Any, /) -> None:
        """Take the first of several listeners for the one that everything without a name is for; no key is set by it."""
        super().model_post_init(context)
        for design in self.__dict__.get("designs") or ():
            design.hold_over(self.__dict__.get("population"))
        if self.__dict__.get("listener") is None:
            first = next(iter(self.__dict__.get("listeners") or ()), None)
            if first is None:
                self.__dict__.pop("listener", None)  # the checks say that it is missing
            else:
                self.__dict__["listener"] = first

    def heard_by(self, name: str | None) -> Problem:
        """The problem with the listener of that name as its `listener`; itself without a name, and for the first."""
        named = {} if self.listeners is None else {listener.name: listener for listener in self.listeners}
        listener = self.listener if name is None else named[name]
        return self if listener is self.listener else self.model_copy(update={"listener": listener})

    def place(self, name: str) -> Place | None:
        """The place without a head that has this name."""
        return next((place for place in self.places or () if place.name == name), None)

    def __repr__(self) -> str:
        """One line: the title, where it was read from and what was changed since, its drivers, designs and filters."""
        designs = ", ".join(f"{table.name} ({table.kind})" for table in self.designs[:MAX_NAMED])
        more = f" and {len(self.designs) - MAX_NAMED} more" if len(self.designs) > MAX_NAMED else ""
        drivers = "1 driver" if len(self.drivers) == 1 else f"{len(self.drivers)} drivers"
        changed = f" with {', '.join(self._changes)} changed" if self._changes else ""
        return (
            f'<Problem "{self.title}" of {self.source}{changed}: {drivers}, {self.body.model_name}; {designs}{more};'
            f" {self.realization.form}, {self.sample_rate_hz:g} Hz>"
        )

    __str__ = __repr__

    @property
    def data_files(self) -> tuple[str, ...]:
        """Data files that the problem names, as it names them."""
        listeners: Sequence[Listener] = self.listeners or [self.listener]
        heads = dict.fromkeys(name for table in listeners for name in table.heads if name.lower().endswith(".sofa"))
        return (
            *self.body.data_files,
            *([] if self.measured_device is None else [self.measured_device]),
            *heads,
            *(driver.response for driver in self.drivers if driver.response is not None),
        )

    @property
    def measured_device(self) -> str | None:
        """SOFA file of the whole device as it was measured or solved elsewhere; None where it is modelled."""
        return None if self.scene is None else self.scene.transfer

    @property
    def body(self) -> Enclosure:
        """The enclosure; free field where the file has none."""
        return self.enclosure or FreeField()

    @property
    def solved_to_hz(self) -> float:
        """Frequency up to which the field of a body without a closed form is solved, at most half of the sample rate."""
        ends = (table.band_hz[1] * 2 ** min(table.fade_octaves, MAX_SOLVED_FADE_OCTAVES) for table in self.designs)
        highest_hz = getattr(self.body, "highest_hz", None) or max(ends)
        return float(min(highest_hz, self.sample_rate_hz / 2))

    @property
    def solved_to_k(self) -> float:
        """Wave number of `solved_to_hz`, rad/m."""
        return 2 * math.pi * self.solved_to_hz / self.speed_of_sound_m_s

    @property
    def driver_names(self) -> tuple[str, ...]:
        """Names of the drivers, in the file's order (L,)."""
        return tuple(driver.name for driver in self.drivers)

    @property
    def heads(self) -> tuple[str, ...]:
        """The heads designed over, outermost first."""
        return self.listener.heads

    @property
    def head_places(self) -> int:
        """Heads at their places that ear designs look at."""
        return len(self.heads) * len(self.listener.ear_cloud_m)

    @property
    def azimuth_distance_m(self) -> float:
        """Radius of the circle of masks and maps: given, or the listener's distance."""
        distance_m = self.grid.azimuth_distance_m
        return float(sum(x * x for x in self.listener.position_m) ** 0.5) if distance_m is None else distance_m
