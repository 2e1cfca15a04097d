"""The studio in Chromium as a hand uses it: from the event to the curve, frames, from release to the judged design, memory.

Each is a wall time, as the hand feels it; the machine's load stands beside it.
"""

from __future__ import annotations

import json
import os
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from eight_driver_bar import eight_driver_bar
from studio_pictures import SEEN, opened, settled, taken

from designer.problem.library import library

if TYPE_CHECKING:
    from playwright.sync_api import Browser, CDPSession, Page

DRAGS, JUDGED_DRAGS, MEMORY_DRAGS = 200, 20, 2000
MEMORY_SEEN, JUDGED_EVERY = (200, 500, 1000, 2000), 10
"""Drags at which memory is looked at; before the first, each tenth is judged, so that the designs that are kept are there."""
MOVES, STEP_S = 8, 0.02
WINDOW = {"width": 1280, "height": 800}
WATCH = (
    SEEN
    + """;
  const watch = (window.watch = { moved: 0, asked: new Map(), latencies: [], frames: 0, pictures: 0, released: 0, judged: 0 });
  addEventListener("pointermove", event => (watch.moved = event.timeStamp), true);
  addEventListener("pointerdown", () => watch.asked.clear(), true);
  addEventListener("pointerup", event => (watch.released = event.timeStamp), true);
  const frame = () => { watch.frames++; requestAnimationFrame(frame); };
  requestAnimationFrame(frame);
  const look = () => { if (!watch.first && document.querySelector(".chart .scatterlayer path")) watch.first = Date.now(); };
  new MutationObserver(look).observe(document, { childList: true, subtree: true });
  const send = WebSocket.prototype.send;
  WebSocket.prototype.send = function (text) {
    const request = JSON.parse(text);
    if (request.phase === "drag") watch.asked.set(request.id, watch.moved);
    if (!this.watched) {
      this.watched = true;
      this.addEventListener("message", ({ data }) => {
        const message = JSON.parse(data);
        if (message.is === "live" && watch.asked.has(message.id)) {
          const since = watch.asked.get(message.id);
          requestAnimationFrame(() => { // behind the page's own, in the same frame
            watch.pictures++;
            watch.latencies.push(performance.now() - since);
          });
        }
        if (message.is === "judged") watch.judged = performance.now();
      });
    }
    return send.call(this, text);
  };
"""
)


@dataclass(frozen=True, kw_only=True)
class Case:
    """A problem, what is dragged, and the most that may pass in seconds."""

    problem: str
    handle: str
    curve_s: float
    judged_s: float


CASES = [
    Case(problem="smart-speaker", handle="curve:0:2", curve_s=0.1, judged_s=1.0),
    Case(problem="smart-speaker", handle="driver:1:layout-plan", curve_s=0.25, judged_s=1.0),
    Case(problem="eight-driver-bar", handle="curve:0:1", curve_s=0.15, judged_s=2.0),
    Case(problem="eight-driver-bar", handle="driver:1:layout-plan", curve_s=0.25, judged_s=2.0),
]


@pytest.fixture(scope="module", autouse=True)
def _stored_fields(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Fields are kept on disk, as a user's studio keeps them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DESIGNER_CACHE", str(tmp_path_factory.mktemp("fields")))
        yield


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("studio")
    texts = {
        "smart-speaker": library()["smart-speaker"][0].read_text(encoding="utf-8"),
        "eight-driver-bar": eight_driver_bar(),
    }
    for name, text in texts.items():
        (folder / f"{name}.toml").write_text(text, encoding="utf-8")
    return {name: folder / f"{name}.toml" for name in texts}


def drag(page: Page, handle: str, number: int, moves: int = MOVES) -> None:
    """Take a handle to another place near by, and let go."""
    x, y = taken(page, handle)
    across, up = ((6, 4), (-6, -4), (4, -6), (-4, 6))[number % 4]
    for n in range(1, moves + 1):
        page.mouse.move(x + across * n / moves, y + up * n / moves)
        time.sleep(STEP_S)
    page.mouse.up()


def load() -> str:
    return f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores"


def slowest(values: list[float]) -> float:
    return float(np.percentile(values, 95))


@pytest.mark.parametrize("name", ["smart-speaker", "eight-driver-bar"])
def test_the_first_picture_stands_three_seconds_after_the_command(
    files: dict[str, Path], chromium: Browser, name: str
) -> None:
    """The best of three: a cold disk is not what is asked."""
    times = []
    for _ in range(3):
        begin = time.time()
        with opened(chromium, files[name], watch=WATCH, viewport=WINDOW) as (page, _):
            times.append(page.evaluate("watch.first") / 1000 - begin)
    print(f"{name}: first picture after {min(times):.2f} s; {load()}")
    assert min(times) < 3


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.problem}-{case.handle}")
def test_curves_follow_the_hand(files: dict[str, Path], chromium: Browser, case: Case) -> None:
    """From the event to the curves at the 95th percentile over 200 drags, frames a second, and from release to the judged design."""
    judged: list[float] = []
    with opened(chromium, files[case.problem], watch=WATCH, viewport=WINDOW) as (page, _):
        settled(page)
        page.evaluate("watch.latencies.length = watch.frames = watch.pictures = 0")
        moving_s = 0.0
        for number in range(DRAGS):
            begin, before = time.perf_counter(), page.evaluate("watch.frames")
            drag(page, case.handle, number)
            moving_s += time.perf_counter() - begin
            page.evaluate(f"watch.moving = (watch.moving ?? 0) + watch.frames - {before}")
            if number % (DRAGS // JUDGED_DRAGS) == 0:
                settled(page)
                judged.append(page.evaluate("watch.judged - watch.released") / 1000)
        seen: dict[str, Any] = page.evaluate(
            "({ latencies: watch.latencies, moving: watch.moving, pictures: watch.pictures })"
        )
    curve_s, judged_s = slowest(seen["latencies"]) / 1000, slowest(judged)
    frames, pictures = seen["moving"] / moving_s, seen["pictures"] / moving_s
    print(
        f"{case.problem}, {case.handle}: event to curve {np.median(seen['latencies']):.0f} ms in the median, {curve_s * 1000:.0f} ms at the"
        f" 95th percentile of {len(seen['latencies'])}; {frames:.0f} frames and {pictures:.0f} new pictures a second; judged"
        f" {np.median(judged):.2f} s after release in the median, {judged_s:.2f} s at the 95th percentile of {len(judged)}; {load()}"
    )
    assert curve_s < case.curve_s and judged_s < case.judged_s and frames >= 30


def resident_mb(process: int) -> float:
    """Memory of a process and of those that it has started."""
    children: dict[int, list[int]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rsplit(")", 1)[1].split()
        except OSError:
            continue
        children.setdefault(int(fields[1]), []).append(int(stat.parent.name))
    family = [process]
    for one in family:
        family += children.get(one, [])
    statuses = (Path(f"/proc/{one}/status").read_text() for one in family)
    return sum(int(size) for status in statuses for size in re.findall(r"VmRSS:\s+(\d+)", status)) / 1024


def heap_mb(tools: CDPSession) -> tuple[float, float]:
    """What the page holds after a collection, and the code that V8 has compiled for it so far, from a snapshot of the heap.

    Compiled code grows as functions are called often enough to be optimised, whatever the page keeps; so it is told apart.
    """
    chunks: list[str] = []
    tools.on("HeapProfiler.addHeapSnapshotChunk", lambda part: chunks.append(part["chunk"]))
    tools.send("HeapProfiler.collectGarbage")
    tools.send("HeapProfiler.takeHeapSnapshot", {"reportProgress": False})
    heap = json.loads("".join(chunks))
    meta = heap["snapshot"]["meta"]
    nodes = np.array(heap["nodes"]).reshape(-1, len(meta["node_fields"]))
    kind, size = (nodes[:, meta["node_fields"].index(name)] for name in ("type", "self_size"))
    is_code = kind == meta["node_types"][0].index("code")
    return float(size[~is_code].sum()) / 2**20, float(size[is_code].sum()) / 2**20


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="memory of processes is read from /proc")
def test_memory_is_flat_over_two_thousand_drags(files: dict[str, Path], chromium: Browser) -> None:
    """From the 200th drag to the 2,000th what the page holds grows by less than 3 %, its elements and listeners not at all, and the
    studio's processes, whose designs of the last states are all there by then, by less than a tenth.
    """
    sizes = []
    with opened(chromium, files["smart-speaker"], watch=WATCH, viewport=WINDOW) as (page, process):
        tools = page.context.new_cdp_session(page)
        for number in range(MEMORY_DRAGS + 1):
            if number in MEMORY_SEEN:
                settled(page)
                data, code = heap_mb(tools)
                tools = page.context.new_cdp_session(page)
                counts = tools.send("Memory.getDOMCounters")
                sizes.append((data, resident_mb(process), counts["nodes"], counts["jsEventListeners"]))
                print(
                    f"drag {number}: page {data:.2f} MB, compiled code {code:.2f} MB, {counts['nodes']} nodes,"
                    f" {counts['jsEventListeners']} listeners; studio {sizes[-1][1]:.0f} MB; {load()}"
                )
            elif number < MEMORY_SEEN[0] and number % JUDGED_EVERY == 0:
                settled(page)
            drag(page, "curve:0:2", number, moves=2)
    (data, resident, nodes, listeners), (data_after, resident_after, nodes_after, listeners_after) = sizes[0], sizes[-1]
    assert data_after < 1.03 * data and resident_after < 1.1 * resident
    assert nodes_after < 1.02 * nodes and listeners_after <= listeners
