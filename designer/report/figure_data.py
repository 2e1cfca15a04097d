"""A figure as a plain dictionary of numbers and words, which a renderer draws: matplotlib to print, the page's JavaScript on a screen.

A figure is panels on a grid of rows and columns; a panel is curves, a map, polar plots or a drawing. Numbers are arrays, which the same
object in several places shares; colours, dashes and markers are names that a renderer resolves, so that
light and dark paper, grey and colour work. A key that is absent has the default beside it.

The legend stands below the figure: each name of its panels once, with the look of the first that has it; panels with a `legend` of
their own have it there instead. Maps of one figure whose levels are alike share one bar, at the right of the block of their panels.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Literal, NotRequired, TypedDict, cast

from designer.arrays import Bool, Real

Colour = int | str
"""Place in the palette, counted round; or "ink", "soft", "faint", "alarm", "shade", "paper"; or "viridis:0.35", a share of that scale."""
Dash = Literal["solid", "dash", "dot", "dashdot"]
Marker = Literal[
    "circle", "square", "triangle-up", "diamond", "triangle-down", "x", "cross", "triangle-left", "triangle-right", "star",
    "plus",
]  # fmt: skip
Palette = Literal["viridis", "RdBu_r", "PuOr"]
DASHES: tuple[Dash, ...] = ("solid", "dash", "dot", "dashdot")
MARKERS: tuple[Marker, ...] = (
    "circle", "square", "triangle-up", "diamond", "triangle-down", "x", "cross", "triangle-left", "triangle-right", "star",
)  # fmt: skip
COLOURS = 8
"""Colours of the palette."""
LONGEST = 40
"""Characters of a name in a legend."""


class Axis(TypedDict):
    """An axis: its words with the unit, and the unit alone for what stands beside a value."""

    label: str
    unit: str
    range: list[float]  # from its left or lower end to the other; the first may be the larger
    scale: NotRequired[Literal["linear", "log"]]  # linear
    quantity: NotRequired[Literal["frequency", "azimuth"]]  # axes of the same quantity share a cursor
    ticks: NotRequired[list[tuple[float, str]]]  # the renderer's


class Line(TypedDict):
    """A curve, or points alone where its width is 0."""

    name: str  # empty: not in the legend
    x: Real  # (N,); of a polar plot degrees, once around
    y: Real  # (N,); NaN breaks the line
    color: Colour
    dash: Dash
    width: float  # points
    opacity: NotRequired[float]  # 1
    marker: NotRequired[Marker]  # none
    size: NotRequired[float]  # of a marker in points, 4
    hollow: NotRequired[bool]  # the marker, False
    spacing: NotRequired[list[float]]  # shares of the axis where markers begin and are apart; else a marker a point
    shape: NotRequired[Literal["hv", "vh"]]  # steps: first across, or first up; else straight
    design: NotRequired[int]  # number of a compared design
    metric: NotRequired[str]  # column of metrics.csv that it shows
    hidden: NotRequired[bool]  # not shown until a reader asks for it, False


class Span(TypedDict):
    """The area between two curves."""

    name: str
    x: Real  # (N,)
    low: Real  # (N,)
    high: Real  # (N,)
    color: Colour
    opacity: NotRequired[float]  # 0.35


class Shortfall(TypedDict):
    """Lack between two curves, hatched; NaN where there is none."""

    name: str
    x: Real  # (N,)
    low: Real  # (N,)
    high: Real  # (N,)


class Limit(TypedDict):
    """A bound across the panel."""

    y: float
    text: str  # at its left end; may be empty
    above: NotRequired[bool]  # whether the text is above the line, True
    dash: NotRequired[Dash]  # dot
    color: NotRequired[Colour]  # ink


class Mark(TypedDict):
    """A place on the x axis, as a line from the bottom to the top."""

    x: float
    text: str  # at its upper end; may be empty


class Note(TypedDict):
    """Words at a point of the panel."""

    x: float
    y: float
    text: str
    color: NotRequired[Colour]  # ink
    share: NotRequired[bool]  # x and y are shares of the panel's width and height, from its lower left; False


class Curves(TypedDict):
    """Lines and areas over one x axis."""

    kind: Literal["curves"]
    title: str
    place: list[int]  # row, column, rows, columns
    x: Axis
    y: Axis
    lines: list[Line]
    spans: NotRequired[list[Span]]
    shortfalls: NotRequired[list[Shortfall]]
    limits: NotRequired[list[Limit]]
    marks: NotRequired[list[Mark]]
    notes: NotRequired[list[Note]]
    band_hz: NotRequired[list[float]]  # shaded outside, with a line at each end inside the axis
    shaded: NotRequired[list[list[float]]]  # stretches of x that are shaded
    legend: NotRequired[str]  # a corner, "upper left", where the panel has a legend of its own


class Levels(TypedDict):
    """Colours in steps between edges; what is beyond them has the colour of the end."""

    edges: Real  # (E,)
    ticks: Real
    label: str
    unit: str
    palette: Palette


class Box(TypedDict):
    """A rectangle on a map."""

    x: list[float]
    y: list[float]


class Dots(TypedDict):
    """Places whose colour is their value."""

    x: Real  # (N,)
    y: Real  # (N,)
    z: Real  # (N,)


class PointMark(TypedDict):
    """A marked place on a map."""

    x: Real  # (N,)
    y: Real  # (N,)
    name: str  # empty: not in the legend
    marker: Marker
    color: Colour


class Gaps(TypedDict):
    """Cells that are grey, because nothing is known there."""

    name: str  # in the legend
    where: Bool  # (Y, X)


class Map(TypedDict):
    """Values as colours over x and y: of cells, of places measured, or of both."""

    kind: Literal["map"]
    title: str
    place: list[int]
    x: Axis
    y: Axis
    xs: Real  # (X,) middles of cells
    ys: Real  # (Y,)
    z: NotRequired[Real]  # (Y, X), NaN where nothing is known; without it there are dots alone
    levels: Levels
    equal: NotRequired[bool]  # both axes in one scale, False
    boxes: NotRequired[list[Box]]
    band_hz: NotRequired[list[float]]  # lines at its ends
    crossed: NotRequired[Bool]  # (Y, X), hatched
    contour: NotRequired[float]  # a line at this value
    dots: NotRequired[Dots]
    marks: NotRequired[list[PointMark]]
    gaps: NotRequired[Gaps]
    design: NotRequired[int]  # number of a compared design


class Sector(TypedDict):
    """A range of directions, counter-clockwise."""

    start_deg: float
    stop_deg: float
    color: Colour


class Polar(TypedDict):
    """Levels over azimuth: the front down, as in the layout, so that the listener's left is on the left."""

    kind: Literal["polar"]
    title: str
    place: list[int]
    lines: list[Line]
    range_db: list[float]  # centre, edge; what is below the centre lies on it
    rings_db: Real
    unit: str
    sectors: NotRequired[list[Sector]]
    soft: NotRequired[bool]  # title in the soft colour, False
    sides: NotRequired[bool]  # angles at the sides alone, as for small plots, False


class Shape(TypedDict):
    """A part of a drawing. Coordinates are the panel's.

    circle: x, y, radius; strip: x, the two ends of an area from the bottom to the top; line, polygon, points: x and y (N,);
    arrow: x and y of both ends; text: x, y.
    """

    form: Literal["circle", "strip", "line", "polygon", "points", "arrow", "text"]
    x: Any
    y: NotRequired[Any]
    radius: NotRequired[float]
    name: NotRequired[str]  # in the legend
    color: NotRequired[Colour]  # of line, point or text, ink
    fill: NotRequired[Colour]  # none
    width: NotRequired[float]  # of lines in points, 1
    size: NotRequired[float]  # of points or letters in points
    text: NotRequired[str]
    away: NotRequired[list[float]]  # a text's distance from its place in points, right and up
    align: NotRequired[Literal["left", "center", "right"]]  # center
    upright: NotRequired[bool]  # a text that reads upwards, False
    bold: NotRequired[bool]


class Drawing(TypedDict):
    """Shapes in metres, both axes in one scale."""

    kind: Literal["drawing"]
    title: str
    place: list[int]
    x: Axis
    y: Axis
    shapes: list[Shape]


Panel = Curves | Map | Polar | Drawing


class Figure(TypedDict):
    """Panels on a grid."""

    title: str  # over all panels; may be empty
    rows: int
    columns: int
    height: float  # of a figure that is 7.2 wide
    panels: list[Panel]
    widths: NotRequired[list[float]]  # of the columns, by ratio; else alike
    heights: NotRequired[list[float]]  # of the rows
    legend_columns: NotRequired[int]


def driver_look(number: int) -> dict[str, Any]:
    """Colour, dash and marker of a driver: no two alike among the first 32, and none of the first 8 needs a marker."""
    group = number // COLOURS
    look: dict[str, Any] = {"color": number % COLOURS, "dash": DASHES[(number + group) % len(DASHES)]}
    if group:
        offset = 0.02 + 0.024 * (number % 6)
        look |= {"marker": MARKERS[(group - 1) % len(MARKERS)], "spacing": [offset, 0.15]}
    return look


def design_look(number: int) -> dict[str, Any]:
    """Colour, dash and marker of a compared design: no two of the first 20 alike in colour and marker both."""
    return {
        "color": number % COLOURS,
        "dash": DASHES[(number + number // COLOURS) % len(DASHES)],
        "marker": MARKERS[number % len(MARKERS)],
        "spacing": [0.02 + 0.024 * (number % 6), 0.15],
        "design": number,
    }


def line(
    x: Real, y: Real, name: str = "", *, color: Colour = 0, dash: Dash = "solid", width: float = 1.6, **look: Any
) -> Line:
    """A line with its look."""
    shown: Any = {"name": name, "x": x, "y": y, "color": color, "dash": dash, "width": width, **look}
    return cast(Line, shown)


def frequency_axis(shown_hz: Sequence[float]) -> Axis:
    """A logarithmic axis of frequency."""
    low_hz, high_hz = (float(end) for end in shown_hz)
    return {
        "label": "Frequency in Hz", "unit": "Hz", "range": [low_hz, high_hz], "scale": "log", "quantity": "frequency",
    }  # fmt: skip


def axis(label: str, unit: str, low: float, high: float, ticks: Iterable[float] | None = None) -> Axis:
    """A linear axis, with ticks at these places alone."""
    ends: Axis = {"label": label, "unit": unit, "range": [float(low), float(high)]}
    if ticks is not None:
        ends["ticks"] = [(float(tick), f"{round(tick, 9) + 0.0:g}".replace("-", "\N{MINUS SIGN}")) for tick in ticks]
    return ends


def curves(
    x: Axis, y: Axis, lines: Iterable[Line], *, title: str = "", place: Sequence[int] = (0, 0), **more: Any
) -> Curves:
    """A panel of curves; of its lists those that are empty are left out."""
    more = {key: value for key, value in more.items() if value is not None and (key == "band_hz" or len(value))}
    panel: Any = {"kind": "curves", "title": title, "place": [*place, 1, 1][:4], "x": x, "y": y, "lines": list(lines)}
    return cast(Curves, panel | more)


def level_map(
    x: Axis, y: Axis, xs: Real, ys: Real, z: Real | None, levels: Levels, *, title: str = "", place: Sequence[int] = (0, 0),
    **more: Any,
) -> Map:  # fmt: skip
    """A panel of values (Y, X) as colours; of its lists those that are empty are left out."""
    more = {key: value for key, value in more.items() if not (isinstance(value, list) and not value)}
    if z is not None:
        more["z"] = z
    panel: Any = {
        "kind": "map",
        "title": title,
        "place": [*place, 1, 1][:4],
        "x": x,
        "y": y,
        "xs": xs,
        "ys": ys,
        "levels": levels,
    }
    return cast(Map, panel | more)


def steps(edges: Real, ticks: Real, label: str, unit: str, palette: Palette = "viridis") -> Levels:
    """Colours in steps between edges."""
    return {"edges": edges, "ticks": ticks, "label": label, "unit": unit, "palette": palette}


def figure(panels: Iterable[Panel], height: float, *, title: str = "", **more: Any) -> Figure:
    """A figure of panels, on as many rows and columns as they take."""
    listed = list(panels)
    rows, columns = (max(panel["place"][n] + panel["place"][n + 2] for panel in listed) for n in (0, 1))
    whole: Any = {"title": title, "rows": rows, "columns": columns, "height": height, "panels": listed, **more}
    return cast(Figure, whole)


def shortened(text: str, longest: int = LONGEST) -> str:
    """A text of at most so many characters."""
    return text if len(text) <= longest else f"{text[: longest - 1]}…"
