"""One problem file, one engine, and every tab that looks on: requests in, answers out, and what concerns all to all.

What changes the document is answered by `state`, with the request's `id` to who asked, without it to the others; then the engine judges it.
A request that comes again, because a tab lost its connection before the answer, is not done again: its answer is given again.
"""

from __future__ import annotations

import asyncio
import contextlib
import traceback
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import TYPE_CHECKING, Any

from designer.errors import DesignerError
from designer.studio.document import Document
from designer.studio.errands import Errands
from designer.studio.on_disk import LOOK_S, OnDisk
from designer.studio.saving import Saving
from designer.studio.shelf import Shelf
from designer.studio.tab import Remembered, Tab, checked, encoded, number_of

if TYPE_CHECKING:
    from designer.studio.engine import Engine

Message = dict[str, Any]


class Session:
    """A document being worked on.

    Parameters
    ----------
    document : Document
    disk : OnDisk, its file
    engine : Engine, started, whose messages go to `from_engine`
    address : callable, the address of a path in the studio
    autosave : bool, save after every verdict that is good

    """

    def __init__(
        self,
        document: Document,
        disk: OnDisk,
        engine: Engine,
        address: Callable[[str], str] = str,
        *,
        autosave: bool = False,
    ) -> None:
        self.document = document
        self.shelf = Shelf()
        self._saving = Saving(document, disk, self._tell, self._show_state)
        self._saving.autosave = autosave
        self._engine = engine
        self._errands = Errands(document, self.shelf, address)
        self._tabs: list[Tab] = []
        self._judged: dict[str, Message] = {}  # channel -> the newest verdict on it
        self._first: dict[
            tuple[int, str], Message | None
        ] = {}  # version, channel -> curves before a verdict; None if asked for
        self._judged_state: tuple[int, dict[str, str]] = (0, {})  # version and overlays, as of the last request
        self._remembered = Remembered()
        self._tasks: set[asyncio.Task[None]] = set()
        self._listening: asyncio.Task[None] | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    async def run(self) -> None:
        """Judge the document, and watch its file for as long as the studio runs."""
        self._loop = asyncio.get_running_loop()
        self._show_first(self._channels())
        self._follow()
        while True:
            await asyncio.sleep(LOOK_S)
            self._guarded(self._saving.look)
            self._follow()

    def close(self) -> None:
        """End the processes at once, and remove what was kept for this session; from any thread."""
        self._engine.close()
        self._errands.close()
        self.shelf.close()

    @property
    def unsaved(self) -> str:
        """Changes that would be lost if the studio ended now, and how to make them again; empty where none would."""
        if not self.document.dirty:
            return ""
        if self.document.problem is None:
            return "not saved: a text with faults"
        return f"not saved: {self.document.command or 'the text'}"

    @contextlib.asynccontextmanager
    async def tab(self) -> AsyncIterator[Tab]:
        """A connected tab."""
        tab = Tab()
        self._tabs.append(tab)
        try:
            yield tab
        finally:
            self._tabs.remove(tab)

    # requests

    def receive(self, tab: Tab, text: str) -> None:
        """Do what a tab asks for; what is wrong with it is an `error`."""
        try:
            request = checked(text)
        except DesignerError as error:
            tab.put(_with_id({"is": "error", "message": str(error)}, number_of(text)))
            return
        number = request.get("id")
        if past := self._remembered.again(tab, request):
            if past.answer is not None:
                tab.put(self._state(number) if past.answer["is"] == "state" else past.answer)
            return
        self._guarded(lambda: self._do(tab, request, number), tab, number)
        self._follow()

    def _do(self, tab: Tab, request: Message, number: int | None) -> None:
        if channel := request.get("channel"):
            tab.channel = channel
            self._channels()  # it may be none
        match request["do"], request.get("phase"):
            case "hello", _:
                self._channels()
                tab.put(self._state(number))
                if question := self._saving.of_disk():
                    tab.put(question)
                self._show_judged(tab)
            case "show", _:
                self._show_judged(tab)
            case "set", "drag":
                tab.drags.append(number)
                self._engine.live(self.document, self._channels(tab), values=request["values"], id=number)
            case "move", "drag":
                tab.drags.append(number)
                move = request["handle"], request["x"], request["y"]
                self._engine.live(self.document, self._channels(tab), move=move, id=number)
            case _, "cancel":
                self._engine.cancel_live()
                for other in self._tabs:
                    self._show_judged(other)
            case "autosave", _:
                self._saving.autosave = request["on"]
                self._show_state(tab, number)
                self._saving.save_by_itself()
            case "save", _:
                self._begin(self._saved(despite=request.get("despite", False)), tab, number)
            case "listen", _:
                self._listen(tab, request, number)
            case "hand", _:
                self._begin(self._errands.hand(request), tab, number)
            case _:
                self._edit(request)
                self._show_state(tab, number)

    def _edit(self, request: Message) -> None:
        """Change the document, or what is kept beside it."""
        document = self.document
        match request["do"]:
            case "move":
                document.move(request["handle"], request["x"], request["y"])
            case "set":
                document.set(request["values"])
            case "add":
                document.add(request["addition"], request["x"], request["y"])
            case "remove":
                document.remove(request["handle"])
            case "text":
                document.edit(request["text"])
            case "undo":
                document.undo()
            case "redo":
                document.redo()
            case "reload":
                self._saving.reload()
            case "snapshot":
                document.snapshot(request["name"])
            case "forget":
                document.forget(request["name"])
            case "recall":
                document.recall(request["name"])
            case "lay":
                document.lay(request["names"])

    async def _saved(self, *, despite: bool) -> Message:
        try:
            return await self._saving.save(despite=despite)
        finally:
            self._show_state()
            self._follow()

    def _listen(self, tab: Tab, request: Message, number: int | None) -> None:
        """Begin to render, in place of what is being rendered."""
        if self._listening is not None:
            self._listening.cancel()
            self._listening = None
        if request.get("cancel"):
            self._answer(tab, number, {"is": "done", "message": "stopped", "path": ""})
        else:
            self._listening = self._begin(self._errands.listen(request), tab, number)

    # the engine

    def _follow(self) -> None:
        """Have judged what is not, after whatever changed the document or its overlays."""
        document = self.document
        overlays: dict[str, str] = {name: document.snapshots[name].text for name in document.laid}
        before, self._judged_state = self._judged_state, (document.version, overlays)
        if self._judged_state == before:
            return
        if document.version != before[0]:
            self._saving.begin()
        if document.problem is not None:
            self._engine.judge(document, self._channels())

    def from_engine(self, message: Message) -> None:
        """A message of the engine, in whatever thread it comes."""
        if self._loop is not None:
            with contextlib.suppress(RuntimeError):  # the studio has ended
                self._loop.call_soon_threadsafe(self._take, message)

    def _take(self, message: Message) -> None:
        kind, number = message["is"], message.get("id")
        if kind == "judged":
            if message["version"] != self.document.version:
                return  # the next is on its way
            known = {table.name for table in self.document.good.designs} if self.document.good else set()
            self._judged = {name: other for name, other in self._judged.items() if name in known}
            self._judged[message["channel"]] = message
            self._first.clear()
        elif kind == "live" and not message["values"] and (message["version"], message["channel"]) in self._first:
            self._first[message["version"], message["channel"]] = message
        others = {key: value for key, value in message.items() if key != "id"}
        text = encoded(others)
        for tab in self._tabs:
            if number is not None and number in tab.drags:
                tab.put(message)
            elif kind not in ("judged", "live") or message["channel"] == tab.channel:
                tab.put(others, text)
        if kind == "judged":
            self._guarded(lambda: self._saving.settle(message["verdict"]["status"]))
        elif kind == "error" and number is None:
            self._guarded(lambda: self._saving.settle(None))

    def _channels(self, first: Tab | None = None) -> list[str]:
        """Channels that tabs look at, that of one tab first; the document's first channel where nobody looks, or at one that is gone."""
        good = self.document.good
        known = [] if good is None else [table.name for table in good.designs]
        for tab in self._tabs:
            if tab.channel not in known:
                tab.channel = next(iter(known), "")
        shown = dict.fromkeys(tab.channel for tab in ([first] if first else []) + self._tabs)
        return list(shown) if self._tabs else known[:1]

    # answers

    def _show_judged(self, tab: Tab) -> None:
        """The verdict on the channel that a tab looks at; where there is none of this version, it is asked for."""
        judged = self._judged.get(tab.channel)
        if judged is not None:
            tab.put(judged)
        is_new = judged is not None and judged["version"] == self.document.version
        if self.document.problem is not None and not is_new:
            if judged is None:
                self._show_first([tab.channel], tab)
            self._engine.judge(self.document, [tab.channel])

    def _show_first(self, channels: list[str], tab: Tab | None = None) -> None:
        """Curves of ideal weights, which are there sooner than a verdict; asked for once."""
        for channel in channels:
            key = self.document.version, channel
            message = self._first.get(key)
            if message is not None and tab is not None:
                tab.put(message)
            elif key not in self._first:
                self._first[key] = None
                self._engine.live(self.document, [channel])

    def _state(self, number: int | None = None) -> Message:
        return _with_id({"is": "state", "autosave": self._saving.autosave, **self.document.state()}, number)

    def _show_state(self, asking: Tab | None = None, number: int | None = None) -> None:
        """The document's state to all; to who asked, with the request's id."""
        state = self._state()
        text = encoded(state)
        for tab in self._tabs:
            if tab is not asking or number is None:
                tab.put(state, text)
        if asking is not None and number is not None:
            self._answer(asking, number, state)

    def _answer(self, tab: Tab, number: int | None, answer: Message) -> None:
        """Answer a request, wherever its tab is by now."""
        answer = _with_id(answer, number)
        self._remembered.answered(tab, number, answer).put(answer)

    def _tell(self, message: Message) -> None:
        text = encoded(message)
        for tab in self._tabs:
            tab.put(message, text)

    def _begin(self, work: Coroutine[Any, Any, Message], tab: Tab, number: int | None) -> asyncio.Task[None]:
        """Do something that takes its time, and answer with what comes of it."""

        async def answered() -> None:
            try:
                answer = await work
            except asyncio.CancelledError:
                answer = {"is": "done", "message": "stopped", "path": ""}
            except Exception as error:
                answer = _error(error)
            self._answer(tab, number, answer)

        task = asyncio.get_running_loop().create_task(answered())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    def _guarded(self, act: Callable[[], object], tab: Tab | None = None, number: int | None = None) -> None:
        """Do something; an error is told, and the studio goes on."""
        try:
            act()
        except Exception as error:
            if tab is None:
                self._tell(_error(error))
            else:
                self._answer(tab, number, _error(error))


def _error(error: Exception) -> Message:
    """An error as a tab hears of it; one of this tool is printed, too."""
    if isinstance(error, DesignerError):
        return {"is": "error", "message": str(error)}
    traceback.print_exception(error)
    return {"is": "error", "message": f"an error of this tool: {type(error).__name__}: {error}"}


def _with_id(message: Message, number: int | None) -> Message:
    return message if number is None else {**message, "id": number}
