// What can be dragged, upon the figures themselves: by pointer, or by keys once it has the focus.

const EDGES = new Set(["mask", "window", "null", "band", "effort", "gain-limit"]);
const handles = new Map(); // id -> its handle, element, panel and box
let offered = [], // handles of the document as it stands
  shown = []; // as a hand has them

const panelOf = handle => panels.get(handle.panel.split("-")[0]);
const LAYOUT = ["layout-scene", "layout-plan", "layout-side", "layout-scene"]; // the layout's panels in their order; the last close by
const boxOf = handle => {
  const { boxes } = panelOf(handle).spec,
    last = handle.kind === "gain-limit" || handle.kind === "cloud" || (handle.kind === "head" && handle.id !== "head");
  return boxes[last ? boxes.length - 1 : Math.max(LAYOUT.indexOf(handle.panel), 0)];
};

// Pixels of a place of a handle in its panel, and back.
function pixelsOfHandle(box, { x, y, axis }) {
  if (box.panel.kind !== "polar") return [pixelsAcross(box, x), pixelsUp(box, y)];
  const [across, up] = polarPoint(x, axis === "x" ? 1 : polarRadius(box.panel, y));
  return [pixelsAcross(box, across), pixelsUp(box, up)];
}
function placeAt(box, left, top) {
  const across = at(box.xr, (left - box.plot.x) / box.plot.w, box.log[0]),
    up = at(box.yr, 1 - (top - box.plot.y) / box.plot.h, box.log[1]);
  if (box.panel.kind !== "polar") return { x: across, y: up };
  const [low, high] = box.panel.range_db;
  return { x: (Math.atan2(across, -up) * 180) / Math.PI, y: low + Math.hypot(across, up) * (high - low) };
}

// A place that a handle may take, next to one that it is wanted at.
function admitted(handle, { x, y }) {
  const within = (value, range) => (range ? Math.min(Math.max(value, Math.min(...range)), Math.max(...range)) : value);
  return {
    x: handle.axis === "y" ? handle.x : within(x, handle.x_range),
    y: handle.axis === "x" ? handle.y : within(y, handle.y_range),
  };
}

const clean = value => (Math.abs(value) < MINUTE ? 0 : value);
function valueOf({ x, y, axis }, box) {
  const { panel } = box,
    [across, up] = panel.kind === "polar" ? ["°", panel.unit] : [panel.x.unit, panel.y.unit],
    values = [measure(clean(x), across), measure(clean(y), up)];
  return (axis === "x" ? values.slice(0, 1) : axis === "y" ? values.slice(1) : values).join(", ");
}

// The layer of a panel's handles.
function layerOf(panel) {
  return (panel.grips ??= node("div", "grips", panel.plot));
}

function grip(handle) {
  const element = node("div", `grip ${handle.kind} ${handle.axis}`, layerOf(panelOf(handle)));
  element.setAttribute("role", "slider");
  element.tabIndex = 0;
  element.dataset.handle = handle.id;
  if (EDGES.has(handle.kind) && handle.axis !== "both") node("i", "edge", element);
  node("i", "dot", element);
  element.addEventListener("pointerdown", event => seize(event, meant(event, handle.id)));
  element.addEventListener("pointerleave", () => drag.active || tip.hide());
  element.addEventListener("pointermove", event => {
    event.stopPropagation();
    if (!drag.active) tellHandle(raise(meant(event, handle.id)));
  });
  element.addEventListener("focus", () => tellHandle(handle.id));
  element.addEventListener("blur", () => {
    settle();
    tip.hide();
  });
  element.addEventListener("keydown", event => keyOn(event, handle.id));
  element.addEventListener("dblclick", event => event.stopPropagation());
  return element;
}

// The handle that a pointer on handle `id` means: the closest within CLOSE_PIXELS, else `id` itself (the pointer is at its edge).
const CLOSE_PIXELS = 12;
function meant({ clientX, clientY }, id) {
  let [closest, least] = [id, CLOSE_PIXELS];
  for (const [other, { element, panel }] of handles) {
    const { left, top } = element.getBoundingClientRect(),
      distance = Math.hypot(clientX - left, clientY - top);
    if (panel === handles.get(id).panel && (distance < least || (distance === least && other === id)))
      [closest, least] = [other, distance];
  }
  return closest;
}

// Puts a handle above those that it overlaps.
function raise(id) {
  for (const [other, { element }] of handles) element.style.zIndex = other === id ? 1 : "";
  return id;
}

// Put every handle of the channel where it is.
function placeHandles(all = shown) {
  shown = all;
  const standing = new Set();
  for (const handle of all) {
    const panel = panelOf(handle);
    if (!panel?.drawn || (handle.channel && handle.channel !== hub.channel)) continue;
    standing.add(handle.id);
    let held = handles.get(handle.id);
    if (held && held.panel !== panel) {
      held.element.remove();
      held = null;
    }
    if (!held) handles.set(handle.id, (held = { element: grip(handle), panel }));
    held.handle = handle.id === drag.active?.id && !drag.follows ? { ...handle, ...drag.at } : handle;
    draw(held);
  }
  for (const [id, { element }] of handles)
    if (!standing.has(id) && id !== drag.active?.id) {
      element.remove();
      handles.delete(id);
    }
  countStacks();
}

// Drivers that a drawing shows at one place: the last one shows their number, and the tip their names.
const stacks = new Map(); // place -> handles
function countStacks() {
  stacks.clear();
  for (const held of handles.values()) {
    if (held.handle.kind !== "driver") continue;
    const key = held.handle.panel + held.element.style.translate;
    stacks.set(key, [...(stacks.get(key) ?? []), held]);
  }
  for (const stack of stacks.values())
    stack.forEach(({ element }, i) => {
      const count = i === stack.length - 1 && i > 0 ? `×${stack.length}` : "";
      if ((element.dataset.count ?? "") !== count) element.dataset.count = count;
    });
}
const stackOf = ({ handle, element }) => stacks.get(handle.panel + element.style.translate) ?? [];

// An answer brings all handles; those that did not change are not drawn again.
function draw(held) {
  const { handle, element, panel } = held,
    words = JSON.stringify(handle);
  if (held.spec === panel.spec && held.words === words) return;
  Object.assign(held, { spec: panel.spec, words });
  const box = boxOf(handle),
    [left, top] = pixelsOfHandle(box, handle),
    { plot } = box;
  const inside =
    left >= plot.x - 1 && left <= plot.x + plot.w + 1 && top >= plot.y - 1 && top <= plot.y + plot.h + 1;
  element.classList.toggle("outside", !inside);
  element.classList.toggle("faulty", Boolean(handle.fault));
  element.style.translate = `${Math.min(Math.max(left, plot.x), plot.x + plot.w)}px ${Math.min(Math.max(top, plot.y), plot.y + plot.h)}px`;
  const value = valueOf(handle, box);
  for (const [key, text] of [
    ["aria-label", handle.label],
    ["aria-valuetext", handle.fault ? `${value}: ${handle.fault}` : value],
    ["aria-valuenow", String(digits(clean(handle.axis === "y" ? handle.y : handle.x)))],
    ["aria-orientation", handle.axis === "y" ? "vertical" : "horizontal"],
  ])
    element.setAttribute(key, text);
  const range = handle.axis === "y" ? handle.y_range : handle.x_range;
  if (range) {
    element.setAttribute("aria-valuemin", String(digits(Math.min(...range))));
    element.setAttribute("aria-valuemax", String(digits(Math.max(...range))));
  }
  const edge = element.querySelector(".edge");
  if (!edge || box.panel.kind === "polar") return;
  const along = (value, from, size) => Math.min(Math.max(value, from), from + size);
  const whole = handle.axis === "x" ? [plot.y, plot.y + plot.h] : [plot.x, plot.x + plot.w];
  const ends = (handle.extent?.map(value => (handle.axis === "x" ? pixelsUp(box, value) : pixelsAcross(box, value))) ?? whole).map(
    pixels => (handle.axis === "x" ? along(pixels, plot.y, plot.h) - top : along(pixels, plot.x, plot.w) - left),
  );
  const [start, length] = [Math.min(...ends), Math.abs(ends[1] - ends[0])];
  Object.assign(
    edge.style,
    handle.axis === "x" ? { top: `${start}px`, height: `${length}px` } : { left: `${start}px`, width: `${length}px` },
  );
}

// A handle's name and value beside it.
function tellHandle(id) {
  const held = handles.get(id);
  if (!held) return;
  const { handle, panel } = held,
    box = boxOf(handle),
    bounds = panel.plot.getBoundingClientRect(),
    [left, top] = pixelsOfHandle(box, handle);
  const rows = handle.fault ? [{ name: handle.fault, look: {}, text: "" }] : [];
  if (!drag.active)
    for (const other of stackOf(held)) if (other !== held) rows.push({ name: `here too: ${other.handle.label}`, look: {}, text: "" });
  const isDrawn = box.panel.kind === "drawing",
    isAhead = drag.active && !isDrawn, // ahead of the answer, which brings the label
    { plot } = box;
  // A drawing is small: during a drag the tip stands below it, at the left edge of the window.
  const [x, y] = drag.active && isDrawn ? [0 - bounds.left, plot.y + plot.h] : [left, top];
  tip.show(isAhead ? valueOf(handle, box) : handle.label, rows, bounds.left + x, bounds.top + y, panel.scheme);
}

// A drag, by pointer or by keys.
const drag = {
  active: null, // the handle as it was
  at: null, // where the hand has it
  follows: false, // whether the handle stands where the answer puts it, as on an enclosure's surface, rather than under the hand
  begin(handle) {
    if (this.active) return;
    this.active = handle;
    this.at = { x: handle.x, y: handle.y };
    this.moved = this.follows = false;
    live.since = hub.asked + 1;
    document.body.classList.add("dragging");
    hub.tell("drag", true);
  },
  to(place) {
    this.at = admitted(this.active, place);
    this.moved = true;
    if (!this.follows) {
      const held = handles.get(this.active.id);
      held.handle = { ...held.handle, ...this.at };
      draw(held);
    }
    tellHandle(this.active.id);
    this.send("drag"); // the connection passes one a frame on
  },
  send(phase) {
    const { id, channel } = this.active;
    return hub.send({ do: "move", handle: id, ...this.at, phase, channel: channel || hub.channel });
  },
  end() {
    const { moved, active, at, follows } = this;
    if (moved) this.send("drop");
    if (!follows) shown = shown.map(handle => (handle.id === active.id ? { ...handle, ...at } : handle));
    this.over();
  },
  cancel() {
    if (this.moved) {
      this.at = { x: this.active.x, y: this.active.y };
      this.send("cancel");
    }
    live.since = hub.asked + 1;
    live.clear();
    hub.tell("still");
    this.over();
    placeHandles(offered);
    announce("as before");
  },
  over() {
    this.active = null;
    document.body.classList.remove("dragging");
    hub.tell("drag", false);
  },
};

function seize(event, id) {
  if (event.button !== 0 || drag.active) return;
  event.preventDefault();
  event.stopPropagation();
  settle();
  const { handle, element, panel } = handles.get(id),
    bounds = panel.plot.getBoundingClientRect(),
    [left, top] = pixelsOfHandle(boxOf(handle), handle),
    off = [event.clientX - bounds.left - left, event.clientY - bounds.top - top];
  element.focus();
  element.setPointerCapture(event.pointerId);
  drag.begin(handle);
  const move = now => {
    if (!drag.active) return;
    const bounds = panel.plot.getBoundingClientRect();
    drag.to(placeAt(boxOf(handle), now.clientX - bounds.left - off[0], now.clientY - bounds.top - off[1]));
  };
  const stop = (act, keep) => () => {
    for (const [kind, listener] of listeners) removeEventListener(kind, listener, true);
    if (drag.active) act.call(drag);
    if (!keep) tip.hide();
  };
  const cancel = stop(drag.cancel);
  const listeners = [
    ["pointermove", move],
    ["pointerup", stop(drag.end, true)],
    ["pointercancel", cancel],
    [
      "keydown",
      pressed => {
        if (pressed.key !== "Escape") return;
        pressed.preventDefault();
        pressed.stopPropagation();
        cancel();
      },
    ],
  ];
  for (const [kind, listener] of listeners) addEventListener(kind, listener, true);
}

// Arrow keys move a handle on the screen, Shift in large steps, Ctrl in small ones; a pause makes it one step of the history.
const PAUSE_MS = 600;
let settling = 0;
function settle() {
  if (!settling) return;
  clearTimeout(settling);
  settling = 0;
  drag.end();
}

const STEPS = { Hz: 1 / 12, m: 0.005, dB: 0.5, "°": 1 };
function stepped(axis, log, value, count, size) {
  const step = (STEPS[axis.unit] ?? Math.abs(axis.range[1] - axis.range[0]) / 100) * size * count;
  return log ? value * 2 ** step : value + step;
}

function keyOn(event, id) {
  const { handle } = handles.get(id),
    box = boxOf(handle),
    arrow = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[event.key];
  if (event.key === "Escape" && settling) {
    clearTimeout(settling);
    settling = 0;
    event.stopPropagation();
    return drag.cancel();
  }
  if (event.key === "Enter") return settle();
  if ((event.key === "Delete" || event.key === "Backspace") && handle.removable) {
    event.preventDefault();
    return hub.send({ do: "remove", handle: id });
  }
  if (!arrow || event.altKey || event.metaKey) return;
  event.preventDefault();
  event.stopPropagation();
  const size = event.shiftKey ? 4 : event.ctrlKey ? 0.1 : 1,
    { panel } = box;
  if (!drag.active) drag.begin(handle);
  const { x, y } = drag.at;
  let [across, up] = arrow;
  if (panel.kind === "polar") {
    const turn = across || up,
      [low, high] = panel.range_db;
    drag.to(
      handle.axis === "x" || across
        ? { x: x + turn * size, y }
        : { x, y: y + turn * STEPS.dB * size * Math.sign(high - low) },
    );
  } else {
    // An edge that moves along one axis alone takes both pairs of arrows.
    if (handle.axis === "x") across ||= up;
    if (handle.axis === "y") up ||= across;
    drag.to({
      x: across ? stepped(panel.x, box.log[0], x, across * Math.sign(box.xr[1] - box.xr[0]), size) : x,
      y: up ? stepped(panel.y, box.log[1], y, up * Math.sign(box.yr[1] - box.yr[0]), size) : y,
    });
  }
  announce(valueOf(handles.get(id).handle, box));
  clearTimeout(settling);
  settling = setTimeout(settle, PAUSE_MS);
}

hub.on("state", message => {
  offered = message.handles;
  if (!drag.active) placeHandles(offered);
});
hub.on("channel", () => {
  if (drag.active) drag.cancel();
  placeHandles(offered);
});
hub.on("moved", message => {
  drag.follows ||= drag.active?.kind === "driver";
  placeHandles(message.handles);
  if (drag.active) tellHandle(drag.active.id);
});
