"""A played studio for tests of its page: curves of known formulas, and a server that answers over the page's own WebSocket."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import urlparse

import numpy as np

from designer.report import script
from designer.report.figure_data import axis, curves, figure, frequency_axis, level_map, line, steps
from designer.report.page_data import Packer
from designer.studio import page as studio_page
from designer.studio.form import form, targets

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, Route, WebSocketRoute

FREQUENCY_HZ = np.geomspace(50, 20_000, 97)
AZIMUTH_DEG = np.arange(-180.0, 181.0, 5.0)
ADDRESS = "http://studio.test/"
TOKEN = "t0ken"
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; connect-src 'self' ws://studio.test;"
    " img-src 'self' data: blob:; media-src 'self' blob:"
)
TARGET = [[500.0, 4.0], [1000.0, 8.0], [2000.0, 12.0], [4000.0, 15.0]]
CHANNELS = ("left", "centre")


def gain_db(level_db: float) -> Any:
    """A gain that rises by 2 dB an octave, at 1 kHz the level."""
    return level_db + 2 * np.log2(FREQUENCY_HZ / 1000)


def map_db(level_db: float) -> Any:
    """Levels (azimuths, frequencies): a cosine that turns with the octave."""
    turn = 30 * np.log2(FREQUENCY_HZ / 1000)
    return level_db - 12 + 10 * np.cos(np.radians(AZIMUTH_DEG[:, None] - turn))


def panels(level_db: float, dash: Any = "solid") -> dict[str, Any]:
    """Figures of all panels, told apart by one level."""
    f, x = FREQUENCY_HZ, frequency_axis((50, 20_000))
    gain, flat = gain_db(level_db), np.full(f.size, level_db)
    azimuth = axis("Azimuth in degrees", "°", 180, -180, np.arange(-180, 181, 90)) | {"quantity": "azimuth"}
    levels = steps(np.arange(-31.5, 4.0, 3.0), np.arange(-30.0, 4.0, 6.0), "dB re on-axis", "dB")
    ms = np.linspace(0, 10, 200)
    y, plan = axis("Gain in dB", "dB", -6, 30), axis("y in m", "m", -0.2, 0.2)
    front, up = axis("x in m", "m", 0.2, -0.2), axis("z in m", "m", -0.2, 0.2)
    points = {"form": "points", "x": np.array([-0.08, 0.08]), "y": np.zeros(2), "color": 0}
    scene = axis("y in m", "m", -2, 2), axis("x in m", "m", 3, -1)
    drawings: list[Any] = [
        {"kind": "drawing", "title": title, "place": [n, 0, 1, 1], "x": across, "y": along, "shapes": [points]}
        for n, (title, across, along) in enumerate((("Scene", *scene), ("Plan", plan, front), ("Side", plan, up)))
    ]
    ring: Any = {"kind": "polar", "title": "", "place": [0, 0, 1, 1], "lines": [], "range_db": [-30.0, 6.0]}
    return {
        "gain": figure([curves(x, y, [line(f, gain, "realised", dash=dash)], title="Cancellation gain")], 3.4),
        "effort": figure(
            [
                curves(x, y, [line(f, flat, dash=dash)], title="Effort"),
                curves(x, y, [line(f, flat - 3, "front", dash=dash)], title="Gain of each driver", place=(1, 0)),
            ],
            5.0,
        ),
        "map": figure([level_map(x, azimuth, f, AZIMUTH_DEG, map_db(level_db), levels, title="Level on the circle")], 3.7),
        "polar": figure([ring | {"rings_db": np.arange(-24.0, 6.1, 6.0), "unit": "dB"}], 3.0),
        "ear": figure([curves(x, y, [line(f, flat + 1, "realised", dash=dash)], title="Magnitude at the ear")], 2.8),
        "impulse": figure([curves(axis("Time in ms", "ms", 0, 10), y, [line(ms, np.exp(-ms) * level_db)], title="Impulse")], 3),
        "layout": figure(drawings, 6.0),
    }  # fmt: skip


def _handle(of: str, kind: str, panel: str, x: float, y: float, **more: Any) -> dict[str, Any]:
    base = {"channel": "", "axis": "both", "label": of, "keys": [of]}
    return {"id": of, "kind": kind, "panel": panel, "x": x, "y": y, **base, **more}


def handles() -> list[dict[str, Any]]:
    """A target's points, a driver with its mirror image, the head, and a mask's edge."""
    ends = {"x_range": [20.0, 20_000.0], "y_range": [-20.0, 60.0], "channel": "left", "removable": True}
    curve = [_handle(f"curve:0:{n}", "curve", "gain", x, y, **ends) for n, (x, y) in enumerate(TARGET)]
    drivers = [_handle(f"driver:{n}", "driver", "layout-plan", x, 0.0) for n, x in enumerate((-0.08, 0.08))]
    mask = {"axis": "y", "extent": [250.0, 1200.0], "channel": "centre", "y_range": [-180.0, 180.0]}
    edge = _handle("mask:1", "mask", "map", float(np.sqrt(250 * 1200)), 75.0, **mask)
    return [*curve, *drivers, _handle("head", "head", "layout-scene", 0.0, 2.0), edge]


def state(version: int = 1, **more: Any) -> dict[str, Any]:
    """A document of two channels."""
    channels = [{"name": name, "kind": "ctc", "band_hz": [500.0, 6000.0]} for name in CHANNELS]
    additions = [{"id": "curve:0", "kind": "curve", "panel": "gain", "channel": "left", "label": "point of the target"}]
    plain = {"file": "bar.toml", "title": "A bar", "text": "", "data": {}, "sliders": [], "faults": [], "dirty": False}
    rest: dict[str, Any] = {
        "on_disk": "same",
        "undo": None,
        "redo": None,
        "command": "designer design bar.toml",
        "snapshots": [],
        "laid": [],
    }
    whole = {"is": "state", "version": version, "channels": channels, "handles": handles(), "additions": additions}
    return whole | plain | rest | {"autosave": False} | more


def packed(built: dict[str, Any], level_db: float, channel: str, definition: str = "the mean") -> dict[str, Any]:
    """Figures and a number as a message has them."""
    packer = Packer()
    figures = packer.packed(built)
    number = {
        "name": "mean",
        "label": "mean gain",
        "value": level_db,
        "text": f"{level_db:.1f} dB",
        "definition": definition,
    }
    return {"channel": channel, "panels": figures, **packer.texts, "numbers": [number]}


def judged(
    level_db: float, version: int = 1, channel: str = "left", definition: str = "the mean", **more: Any
) -> dict[str, Any]:
    """A judged design."""
    verdict = {"words": f"{level_db:g} dB hold", "status": 0, "outcome": "met", "missed": [], "met": 1, "required": 1}
    figures = packed(panels(level_db), level_db, channel, definition)
    return {"is": "judged", "version": version, "verdict": verdict, "warnings": [], "seconds": 0.1, **figures} | more


def live(level_db: float, request: dict[str, Any], version: int = 1) -> dict[str, Any]:
    """The answer to a drag, with the handle where it was asked for and a driver's mirror image with it."""
    moved = handles()
    for handle in moved:
        if handle["id"] == request.get("handle"):
            handle |= {"x": request["x"], "y": request["y"]}
        elif handle["kind"] == "driver" and request.get("handle", "").startswith("driver"):
            handle |= {"x": -request["x"], "y": request["y"]}
    figures = packed(panels(level_db, "dash"), level_db, request["channel"])
    at = {"is": "live", "id": request["id"], "version": version, "handles": moved, "coarse": ""}
    return at | {"values": {"a.key": 1.0}, "faults": [], "seconds": 0.01} | figures


class Played:
    """The server's side: requests in their order, and what the page is told."""

    def __init__(self, *, is_slow: bool = False) -> None:
        self.is_slow = is_slow  # a page sees ideal weights before any judged design
        self.requests: list[dict[str, Any]] = []
        self.answer: Callable[[dict[str, Any]], None] = self.greet
        self.level_db = 10.0
        self.judged = 0  # figures that the page was told of
        self._socket: WebSocketRoute | None = None

    def connect(self, socket: WebSocketRoute) -> None:
        """A page has opened its WebSocket."""
        self._socket = socket

        def take(text: str | bytes) -> None:
            request = json.loads(text)
            self.requests.append(request)
            self.answer(request)

        socket.on_message(take)

    def greet(self, request: dict[str, Any]) -> None:
        """State and judged design where a page asks for them."""
        if request["do"] == "hello":
            self.tell(state())
        if request["do"] == "hello" and self.is_slow:
            still = live(20.0, {"id": 0, "channel": CHANNELS[0]}) | {"values": {}}
            self.tell({key: value for key, value in still.items() if key != "id"})
        elif request["do"] in ("hello", "show"):
            self.tell(judged(self.level_db, channel=request.get("channel") or CHANNELS[0]))

    def tell(self, *messages: dict[str, Any]) -> None:
        """Send messages to the page."""
        assert self._socket is not None
        for message in messages:
            self.judged += message["is"] == "judged"
            self._socket.send(json.dumps(message))

    def of(self, do: str, **values: Any) -> list[dict[str, Any]]:
        """Requests of a kind, with these values."""
        return [r for r in self.requests if r["do"] == do and all(r.get(key) == value for key, value in values.items())]


@contextmanager
def opened(
    browser: Browser, *, width: int = 1280, height: int = 800, scheme: Any = "light", is_slow: bool = False
) -> Iterator[tuple[Page, Played]]:
    """The page under its policy, with a played server; it asks for nothing else, and says nothing on its console."""
    context = browser.new_context(viewport={"width": width, "height": height}, color_scheme=scheme)
    context.add_init_script("localStorage.setItem('studio.tour', 'seen')")
    page, played = context.new_page(), Played(is_slow=is_slow)
    texts = {
        "/": ("text/html", studio_page.html(TOKEN, form=form(), targets=targets(), excerpts=["voices"])),
        "/studio.js": ("text/javascript", studio_page.script()),
        "/studio.css": ("text/css", studio_page.style()),
        "/plotly.js": ("text/javascript", script.library()),
    }
    output: list[str] = []

    def serve(route: Route) -> None:
        kind, text = texts[urlparse(route.request.url).path]
        route.fulfill(body=text, headers={"content-type": f"{kind}; charset=utf-8", "content-security-policy": POLICY})

    page.on("console", lambda message: output.append(message.text))
    page.on("pageerror", lambda error: output.append(str(error)))
    page.route("**/*", serve)
    page.route_web_socket("**/socket?*", played.connect)
    page.goto(f"{ADDRESS}?token={TOKEN}")
    page.locator("html.ready").wait_for()
    page.locator("#panels .panel.impulse .chart svg").first.wait_for()
    yield page, played
    context.close()
    assert not output, output
