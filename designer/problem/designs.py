"""A design's table: one class a kind of channel, told apart by `kind`, with what they share and the methods' own keys."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import permutations
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from pydantic import BeforeValidator, Field, PrivateAttr, create_model

from designer.problem.listeners import Population
from designer.problem.methods import formulations, method_names
from designer.problem.table import (
    MAX_ORDER,
    MAX_POINTS,
    MAX_WAYS,
    Angle,
    Arc,
    Band,
    Curve,
    Decibel,
    Facing,
    Frequency,
    Name,
    SpreadDecibel,
    SpreadDegree,
    Table,
    if_known,
)


class MaskLine(Table):
    """One line of a directivity mask: an arc, a band, and the level relative to on-axis that it must stay below."""

    azimuth_deg: Annotated[Arc, Field(title="arc of the line")]
    band_hz: Band | None = Field(default=None, title="of the line; default: the design's")
    max_db: Annotated[Decibel, Field(title="largest level relative to the axis")]


class Spread(Table):
    """Standard deviations of the drivers' gains and phases, where they differ from those of the product line."""

    gain_db: SpreadDecibel | None = Field(default=None, description="default: [tolerance]'s")
    phase_deg: SpreadDegree | None = Field(default=None, description="default: [tolerance]'s")


def _as_spread(value: Any) -> Any:
    """A table of defaults for true, none for false."""
    return ({} if value else None) if isinstance(value, bool) else value


class Region(Table):
    """A part of the sphere around the device: a cap around a direction, or a band of azimuth and elevation (by default all)."""

    azimuth_deg: Arc = Field(default=[-180.0, 180.0], title="of a band of the sphere")
    elevation_deg: Annotated[
        list[Annotated[float, Field(ge=-90.0, le=90.0)]],
        Field(min_length=2, max_length=2, description="lowest, highest", title="of a band of the sphere"),
    ] = [-90.0, 90.0]
    around_deg: Facing | None = Field(default=None, title="middle of a cap")
    radius_deg: Annotated[float, Field(ge=0, le=180.0)] | None = Field(default=None, title="of a cap")


if TYPE_CHECKING:
    Method = str
else:
    Method = Literal[method_names()]

MAX_DARK = 32
DarkWeight = Annotated[float, Field(gt=0, le=1e6)]
Regions = Annotated[list[Region], Field(min_length=1, max_length=MAX_POINTS)]


class DesignTable(Table):
    """One channel: what is required, within which limits, by which method. A key of another kind reads as None."""

    name: Annotated[Name, Field(title="of the channel")]
    kind: str
    drivers: Annotated[list[Name], Field(min_length=1)] | None = Field(default=None, title="that play it; default: all")
    band_hz: Annotated[Band, Field(title="in which the design holds; plain playback outside")]
    cancellation_gain_db: Curve | None = Field(
        default=None, title="least power at the bright points over that at the dark ones, as a curve"
    )
    max_effort_db: Decibel | None = Field(
        default=None, title="largest power of all drivers over the best single driver's at equal level"
    )
    min_white_noise_gain_db: Decibel | None = Field(
        default=None, title="least gain against noise and errors of the drivers"
    )
    plain: Annotated[list[Name], Field(min_length=1)] | None = Field(
        default=None, title="drivers that play the channel outside its band; default: the strongest"
    )
    crossover_hz: Annotated[list[Frequency], Field(min_length=1, max_length=MAX_WAYS - 1)] | None = Field(
        default=None,
        description="between plain playback's ways (its drivers grouped by band_hz), from the lowest up; default: the middles of what two"
        " ways both play",
    )
    crossover_order: Literal[2, 4, 8] = Field(
        default=4,
        description="of Linkwitz and Riley: slopes of 12, 24 or 48 dB an octave, and half of that where no other way takes over",
    )
    reference: Name | None = Field(default=None, description='the driver that form = "rtf" gives a pure delay')
    fade_octaves: Annotated[float, Field(ge=0, le=10.0)] = Field(
        default=0.5, title="width of the crossover to plain playback, outside the band"
    )
    driver_spread: Annotated[
        Spread | None,
        BeforeValidator(_as_spread, json_schema_input_type=Spread | bool | None),
        Field(description="the product line's spread to design over: true for [tolerance]'s, or a table"),
    ] = None
    hold: Literal["mean", "every"] | Annotated[float, Field(gt=0, lt=50)] = Field(
        default="mean",
        description='what must meet the curve: the "mean" power over the places and the drivers\' spread, "every" place with'
        " all errors of one deviation together, or a percentile over places and drawn devices, above 0 and below 50, as 5;"
        " places are an ear's displacements, or a beam's dark azimuths",
    )
    method: Method = Field(default="auto", title="that finds the weights")

    _over_heads: float | None = PrivateAttr(default=None)

    def hold_over(self, population: Population | None) -> None:
        """Take the percentile over heads of a problem's [population], where this is an ear channel."""
        an_ear = if_known(self, "ear") is not None
        self._over_heads = if_known(population, "percentile") if population is not None and an_ear else None

    @property
    def over_heads(self) -> float | None:
        """The percentile over the listener's heads that the curve holds at; None without [population]."""
        return self._over_heads

    tag_key: ClassVar[str] = "kind"
    is_beam: ClassVar[bool]
    """Whether it looks in a direction, and has points on the circle; else it reaches an ear or a zone."""
    requirements: ClassVar[tuple[str, ...]]
    """Keys of which it needs at least one."""

    @property
    def is_ear(self) -> bool:
        """Whether it reaches one ear of a listener, and has the ears' cloud."""
        return self.ear is not None

    if TYPE_CHECKING:  # keys of one kind
        ear: Literal["left", "right"] | None
        listener: str | None
        bright: list[str] | None
        dark: list[str] | None
        dark_gain_db: list[list[float]] | dict[str, list[list[float]]] | None
        dark_weight: float | dict[str, float] | None
        diffuse_gain_db: list[list[float]] | None
        look_deg: float
        window_deg: list[float] | None
        window_ripple_db: float
        window_phase_passes: int
        nulls_deg: list[float] | None
        null_width_deg: float
        mask: list[MaskLine] | None
        bright_regions: list[Region] | None
        dark_regions: list[Region] | None
        region_order: int | None


if not TYPE_CHECKING:
    DesignTable = create_model(
        "DesignTable",
        __base__=DesignTable,
        __module__=__name__,
        __doc__=DesignTable.__doc__,
        **{key: (k.annotation, k.field) for method in formulations().values() for key, k in method.keys.items()},
    )


def by_name(value: Any, name: str) -> Any:
    """Value of a key that holds one for all names, or a table by name; None where it has none for this one."""
    return value.get(name) if isinstance(value, dict) else value


class ProgrammeDesign(DesignTable):
    """A channel that listeners hear, and that other listeners and places are not to hear."""

    dark_gain_db: Curve | dict[Name, Curve] | None = Field(
        default=None,
        title="least power at the bright points over that at each of the dark listeners and places",
        description="[[frequency_hz, gain_db], ...] for all, or a table of such curves by name; default of an ear: cancellation_gain_db",
    )
    dark_weight: DarkWeight | dict[Name, DarkWeight] | None = Field(
        default=None,
        title="of each dark point beside the others",
        description="a number above 0 for all, or a table of such numbers by name; default: 1",
    )
    diffuse_gain_db: Curve | None = Field(
        default=None,
        title="least power at the bright points over the mean power in all directions at their distance",
        description="[[frequency_hz, gain_db], ...]: a directivity that lifts the direct sound above a room's reverberation",
    )

    is_beam: ClassVar[bool] = False
    requirements: ClassVar[tuple[str, ...]] = ("cancellation_gain_db", "dark_gain_db")


class EarDesign(ProgrammeDesign):
    """A channel for one ear: the other ear is cancelled, by two drivers or by more."""

    kind: Annotated[Literal["ctc", "null-steering"], Field(title="of the channel")]
    ear: Annotated[Literal["left", "right"], Field(title="the bright ear; the other is dark")]
    listener: Name | None = Field(default=None, title="whose ear it is, of [[listeners]]; default: the first")
    dark: Annotated[list[Name], Field(min_length=1, max_length=MAX_DARK)] | None = Field(
        default=None, title="other listeners, both of whose ears are dark too, and places of [[places]]"
    )


class ZoneDesign(ProgrammeDesign):
    """A programme for whole listeners, or for places without a head, that others are not to hear: both of a listener's ears are bright."""

    kind: Annotated[Literal["zone"], Field(title="of the channel")]
    bright: Annotated[
        list[Name], Field(min_length=1, max_length=MAX_DARK, title="listeners and places that are to hear it")
    ]
    dark: Annotated[list[Name], Field(min_length=1, max_length=MAX_DARK, title="listeners and places that are not")]


class BeamDesign(DesignTable):
    """A beam: a look direction, and what is quiet around it."""

    kind: Annotated[Literal["beamformer"], Field(title="of the channel")]
    look_deg: Annotated[Angle, Field(title="azimuth of the beam, counter-clockwise from the front")]
    window_deg: Arc | None = Field(default=None, title="arc around the look direction that keeps its level")
    window_ripple_db: Annotated[float, Field(gt=0, le=60.0)] = Field(
        default=3.0, title="how far the level may leave the on-axis level in the window"
    )
    window_phase_passes: Annotated[int, Field(ge=0, le=20, description="the fewest")] = Field(
        default=0, title="passes that free the window's phase"
    )
    nulls_deg: Annotated[list[Angle], Field(min_length=1, max_length=MAX_POINTS)] | None = Field(
        default=None, title="azimuths of nulls"
    )
    null_width_deg: Annotated[float, Field(ge=0, le=180.0)] = Field(default=10.0, title="arc of each null")
    mask: Annotated[list[MaskLine], Field(min_length=1, max_length=MAX_POINTS)] | None = Field(
        default=None, title="lines that the level stays below"
    )
    bright_regions: Regions | None = Field(
        default=None, title="parts of the sphere that are to be loud; default: the look direction"
    )
    dark_regions: Regions | None = Field(default=None, title="parts of the sphere that are to be quiet")
    region_order: Annotated[int, Field(ge=0, le=MAX_ORDER)] | None = Field(
        default=None, title="of spherical harmonics; default: as the device needs"
    )

    is_beam: ClassVar[bool] = True
    requirements: ClassVar[tuple[str, ...]] = (
        "cancellation_gain_db",
        "mask",
        "window_deg",
        "nulls_deg",
        "dark_regions",
    )


KINDS: tuple[type[DesignTable], ...] = (EarDesign, BeamDesign, ZoneDesign)
for _kind, _other in permutations(KINDS, 2):
    for _key in _other.model_fields.keys() - _kind.model_fields.keys():
        setattr(_kind, _key, None)


def _with_a_word(table: Any) -> Any:
    """A kind that is no text is none: pydantic would write it out, and a whole number of the file may have any size."""
    is_none = isinstance(table, Mapping) and not isinstance(table.get("kind", ""), str)
    return {**table, "kind": ""} if is_none else table


if TYPE_CHECKING:
    AnyDesign = DesignTable
else:
    AnyDesign = Annotated[
        EarDesign | BeamDesign | ZoneDesign, Field(discriminator="kind"), BeforeValidator(_with_a_word)
    ]
