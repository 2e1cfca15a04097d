"""The protocol between page and studio: every message, as JSON over one WebSocket.

A page's request says in `do` what is wanted, and may carry an `id` that the answer repeats; the studio's message says in `is` what it
holds. Keys of the problem file are those of `--set`, with every table counted: `designs[0].cancellation_gain_db[2][1]`. Coordinates of
handles are their panel's data units. What is absent has the default beside it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, NotRequired

from typing_extensions import TypedDict  # pydantic checks requests by these, and takes Python's own from 3.12 on

from designer.report.figure_data import Figure

PanelName = Literal["gain", "effort", "map", "polar", "impulse", "ear", "layout"]
Phase = Literal["drag", "drop", "cancel"]
"""drag: the state while a hand moves, answered by `live` and in no history; drop: a step of the history, judged; cancel: as it was."""
SnapshotName = Literal["A", "B", "C", "D"]
HandlePanel = Literal["gain", "effort", "map", "polar", "layout-scene", "layout-plan", "layout-side"]
"""Panels with handles; of the layout: scene and device from above (x is the device's y, y its x), device from the side (x, z)."""
HandleKind = Literal["driver", "head", "cloud", "curve", "mask", "window", "null", "band", "effort", "gain-limit"]


class Request(TypedDict):
    """Keys of every request."""

    id: NotRequired[int]


class Hello(Request):
    """A page has connected: answered by `state`, and by `judged` and `live` as far as they are there."""

    do: Literal["hello"]
    channel: NotRequired[str]  # what the tab looks at, the first


class Move(Request):
    """A handle is at a place."""

    do: Literal["move"]
    handle: str
    x: float
    y: float
    phase: Phase
    channel: NotRequired[str]


class Set(Request):
    """Keys have values; null takes a key out of the file."""

    do: Literal["set"]
    values: dict[str, Any]
    phase: Phase
    channel: NotRequired[str]


class Add(Request):
    """A new point of a curve, mask line, null or place of the cloud, at a place; one step."""

    do: Literal["add"]
    addition: str  # id of an Addition
    x: float
    y: float
    channel: NotRequired[str]


class Remove(Request):
    """The point, mask line, null or place that a handle belongs to is taken out; one step."""

    do: Literal["remove"]
    handle: str
    channel: NotRequired[str]


class Text(Request):
    """The whole file's text; one step, with its faults where it has any."""

    do: Literal["text"]
    text: str


class Show(Request):
    """The tab looks at this channel: answered by its `judged`, or `live`."""

    do: Literal["show"]
    channel: str


class Plain(Request):
    """A request without content: one step back, one forth, or the file as it is on disk (one step)."""

    do: Literal["undo", "redo", "reload"]


class Snapshot(Request):
    """Keep the current state under a name, forget it, or make it the current one (one step)."""

    do: Literal["snapshot", "forget", "recall"]
    name: SnapshotName


class Lay(Request):
    """Snapshots over the panels, in every tab."""

    do: Literal["lay"]
    names: list[SnapshotName]


class Save(Request):
    """Write the file; a state that is faulty, infeasible or changed on disk since is answered by `question` first."""

    do: Literal["save"]
    despite: NotRequired[bool]  # False


class Autosave(Request):
    """Whether every good state is written at once."""

    do: Literal["autosave"]
    on: bool


class Listen(Request):
    """Sounds of the current state, snapshots, plain playback and bypass: answered by `sound`."""

    do: Literal["listen"]
    source: NotRequired[str]  # "excerpt", or the name of an uploaded file
    place: NotRequired[Literal["ears", "room"]]  # ears
    cancel: NotRequired[bool]  # the rendering that runs is to end, False


class Hand(Request):
    """Write something for others: answered by `done` or `error`."""

    do: Literal["hand"]
    over: Literal["export", "figures", "page", "comparison", "folder"]
    target: NotRequired[str]  # of an export
    options: NotRequired[dict[str, Any]]
    force: NotRequired[bool]  # False


AnyRequest = Hello | Move | Set | Add | Remove | Text | Show | Plain | Snapshot | Lay | Save | Autosave | Listen | Hand


class Handle(TypedDict):
    """Something that can be dragged, where it is drawn."""

    id: str
    kind: HandleKind
    panel: HandlePanel
    channel: str  # empty: of all
    x: float
    y: float
    axis: Literal["x", "y", "both"]
    label: str  # what it is, with its value and unit
    keys: list[str]  # what a drag sets
    x_range: NotRequired[list[float]]  # how far it may go
    y_range: NotRequired[list[float]]
    extent: NotRequired[
        list[float]
    ]  # of an edge, the ends of its line along the other axis; of a cloud, radius_m alone
    group: NotRequired[str]  # handles of one thing, as the points of a curve in order
    removable: NotRequired[bool]  # False
    fault: NotRequired[str]  # why the place is no good


class Addition(TypedDict):
    """Something that can be put into a panel."""

    id: str
    kind: HandleKind
    panel: HandlePanel
    channel: str
    label: str


class Slider(TypedDict):
    """A number of the file with a range worth trying."""

    key: str
    keys: list[str]  # what it sets: `key`, and those that mirror it
    label: str
    unit: str
    low: float
    high: float
    step: float
    value: Any  # None: no such limit; of `choices`, one of them
    scale: Literal["linear", "log"]
    default: Any
    description: str
    optional: bool  # whether null may be set: the limit is then absent
    channel: str  # empty: of all
    choices: NotRequired[list[Any]]  # instead of low to high


class Fault(TypedDict):
    """Something in the file that does not hold."""

    key: str  # empty: of the file as a whole
    message: str
    line: NotRequired[int]  # of the text, from 1


class ChannelWords(TypedDict):
    """A channel that can be looked at."""

    name: str
    kind: str
    band_hz: list[float]
    ear: NotRequired[str]


Difference = TypedDict("Difference", {"key": str, "here": str, "there": str})  # noqa: UP013 # two are words, and no names of fields
"""A key whose value in a snapshot (`there`) is not that in the current state (`here`)."""


class SnapshotWords(TypedDict):
    """A kept state."""

    name: SnapshotName
    command: str
    differences: list[Difference]


_IsState = TypedDict("_IsState", {"is": Literal["state"]})
_IsLive = TypedDict("_IsLive", {"is": Literal["live"]})
_IsJudged = TypedDict("_IsJudged", {"is": Literal["judged"]})
_IsWorking = TypedDict("_IsWorking", {"is": Literal["working"]})
_IsIdle = TypedDict("_IsIdle", {"is": Literal["idle"]})
_IsQuestion = TypedDict("_IsQuestion", {"is": Literal["question"]})
_IsError = TypedDict("_IsError", {"is": Literal["error"]})
_IsDone = TypedDict("_IsDone", {"is": Literal["done"]})
_IsSound = TypedDict("_IsSound", {"is": Literal["sound"]})


class DocumentState(TypedDict):
    """A document as a page sees it."""

    version: int  # grows with every change of the text
    file: str  # its name
    title: str
    text: str
    data: dict[str, Any]  # the tables of the text; of the last good one where it is no TOML
    channels: list[ChannelWords]
    handles: list[Handle]
    additions: list[Addition]
    sliders: list[Slider]
    faults: list[Fault]
    dirty: bool  # differs from what was read or saved last
    on_disk: Literal["same", "changed", "new"]  # against what was read or saved last
    undo: str | None  # what one step back takes away
    redo: str | None
    command: str  # the command that makes this state's design
    snapshots: list[SnapshotWords]
    laid: list[SnapshotName]


class State(_IsState, DocumentState):
    """The document; to every tab after every change."""

    id: NotRequired[int]
    autosave: bool


class Number(TypedDict):
    """A reported number."""

    name: str
    label: str
    value: float
    text: str  # with its unit
    definition: str


class Panels(TypedDict):
    """Panels of one channel, packed as a page's data block is (`report.page_data.Packer`)."""

    channel: str
    panels: Mapping[PanelName, Figure]
    arrays: str
    tables: str
    numbers: list[Number]


class Live(_IsLive, Panels):
    """Ideal weights on a coarse grid; its lines are dashed, and named so."""

    id: NotRequired[int]
    version: int  # of the document that it moves away from
    handles: list[Handle]  # as the drag has them, of all channels
    values: dict[str, Any]  # the keys that the drag sets
    faults: list[Fault]  # where the place is no good, and then no panels
    coarse: Literal[
        "", "box", "mesh"
    ]  # the body whose field is of a coarser solution; without panels it is too fine for one
    seconds: float  # of the computation


class Verdict(TypedDict):
    """A channel's outcome, and the design's."""

    words: str  # the channel's sentence
    status: int  # the design's exit code
    outcome: Literal["met", "missed", "infeasible", "failed"]  # the channel's
    missed: list[str]  # rows of requirements that do not hold, in words
    met: int
    required: int


class Judged(_IsJudged, Panels):
    """Realised filters, judged as `designer.design` judges them. Lines of snapshots that are laid over have a `design` number."""

    id: NotRequired[int]
    version: int
    verdict: Verdict
    warnings: list[str]
    seconds: float


class Working(_IsWorking):
    """A stage of the judged design has begun."""

    stage: str
    version: int


class Idle(_IsIdle):
    """Nothing is computed."""


class Question(_IsQuestion):
    """Something that is done only when asked for again, with `despite` or `force`."""

    id: NotRequired[int]
    about: Literal["faulty", "infeasible", "unjudged", "disk", "gone", "exists"]
    message: str
    remedy: str


class Error(_IsError):
    """A request that could not be answered."""

    id: NotRequired[int]
    message: str


class Done(_IsDone):
    """Something is written."""

    id: NotRequired[int]
    message: str
    path: str


class SoundItem(TypedDict):
    """One sound."""

    name: str
    url: str
    gain_db: float  # that makes all equally loud


class Sound(_IsSound):
    """Sounds of equal length."""

    id: NotRequired[int]
    items: list[SoundItem]
    seconds: float
    notes: NotRequired[list[str]]  # what was left out, and why


AnyMessage = State | Live | Judged | Working | Idle | Question | Error | Done | Sound
