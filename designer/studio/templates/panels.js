// The panels of the judged design, their cells in the frame, enlarging, and the channels' tabs.

const CELLS = {
  gain: "Cancellation gain",
  map: "Level over frequency and azimuth",
  polar: "Level over azimuth at the cursor",
  effort: "Effort and gain of each driver",
  ear: "Magnitude at the ear",
  impulse: "Impulse responses",
  layout: "Layout",
};
const frame = document.getElementById("panels");
const panels = new Map(); // name -> Panel

// A view that fills its cell.
class Panel extends View {
  constructor(name, words, parent) {
    const element = node("figure", `panel ${name}`, parent),
      room = node("div", "room", element);
    node("div", "plot", room);
    super(element, name, null);
    Object.assign(this, { room, words, near: true });
    element.dataset.figure = name;
    this.plot.setAttribute("aria-label", words);
    this.canvas = new Canvas(this);
    new ResizeObserver(() => this.resized()).observe(room);
    panels.set(name, this);
  }

  // The figure as high as its cell.
  overlaid() {
    const { clientWidth: width, clientHeight: height } = this.room,
      { panels: parts, title } = this.base;
    const base = parts.every(isSquare)
      ? Math.min(width, MOST_PIXELS)
      : Math.min(Math.max(width, LEAST_PIXELS), MOST_PIXELS);
    const top = title ? wrapped(title, width - 8).length * LINE_PIXELS + 4 : 0;
    return { ...this.base, height: ((height - top) / base) * 7.2 + 0.3 };
  }

  // Nothing of the chart takes the pointer, which moves the cursor and the handles.
  get config() {
    return { ...super.config, staticPlot: true, doubleClick: false };
  }

  draw() {
    if (!this.base || !this.room.clientHeight) return;
    super.draw();
    this.paint();
    placeHandles();
  }

  // What of the live layer is drawn over the chart.
  layer(figure) {
    return figure?.panels ?? [];
  }

  paint() {
    if (!this.drawn) return;
    const figure = live.figures?.[this.name];
    this.element.classList.toggle("moving", Boolean(figure));
    this.canvas.paint(this.layer(figure));
  }

  resized() {
    if (!this.base || !this.room.clientHeight) return;
    this.stale = true;
    enqueue(this);
  }

  show(figure) {
    this.base = figure;
    this.stale = true;
    enqueue(this);
  }
}

// The polar plot at the cursor's frequency: columns of the map, live and judged.
class PolarAtCursor extends Panel {
  // With room for the title, whose frequency is the cursor's.
  show(figure) {
    super.show({ ...figure, panels: figure.panels.map(panel => ({ ...panel, title: "At the cursor" })) });
  }

  layer() {
    const [judged, moving] = [panels.get("map").base, live.figures?.map].map(figure => figure?.panels[0]);
    const source = moving ?? judged;
    if (!source) return [];
    const [low, high] = source.band_hz ?? source.x.range,
      wanted = cursor.frequency ?? Math.sqrt(Math.max(low, source.x.range[0]) * high),
      [box] = this.spec.boxes;
    const cut = (map, look) => {
      const column = nearest(list(map.xs), wanted);
      return { name: "", x: map.ys, y: map.z.map(row => row[column]), color: 0, dash: "solid", width: 1.8, ...look };
    };
    const lines = [
      ...(source.others ?? []).map(other => cut(other, { name: other.overlay, ...snapshotLook(other.overlay) })),
    ];
    if (moving && judged) lines.push(cut(judged, { opacity: 0.35 }));
    lines.push(cut(source, moving ? { dash: "dash" } : {}));
    box.panel.lines = lines;
    this.parts[0].area.previousElementSibling.querySelector(".name").textContent = `At ${measure(nearestValue(list(source.xs), wanted), "Hz")}`;
    return [{ ...box.panel, lines }];
  }

  update() {
    this.paint();
    super.update();
  }
}

// The device from above and from the side, the scene, and the head in it close by, where its cloud can be taken hold of.
class Layout extends Panel {
  show(figure) {
    const bare = axis => ({ ...axis, label: "" }),
      parts = [...figure.panels, closeBy(figure.panels[0])].map((panel, i) => ({
        ...panel,
        ...LAYOUT_PARTS[i],
        x: { ...panel.x, label: panel.x.label.replace(/.*(?=y in m)|(?<=y in m).*| \(.*/g, "") },
        y: bare(panel.y),
      }));
    super.show({ ...figure, rows: 2, columns: 2, widths: [1.45, 1], heights: [1, 1], panels: parts });
  }

  layer(figure) {
    return figure ? [...figure.panels, figure.panels[0]] : [];
  }
}
const LAYOUT_PARTS = [
  { title: "Scene", place: [0, 1, 1, 1] },
  { title: "Device from above", place: [0, 0, 1, 1] },
  { title: "From the side", place: [1, 0, 1, 1] },
  { title: "Head", place: [1, 1, 1, 1], notes: [] },
];

// The scene's drawing around the head and the places of its cloud.
const LEAST_CLOSE_M = 0.16;
function closeBy(scene) {
  const near = hub.state.handles.filter(({ panel, kind }) => panel === "layout-scene" && (kind === "head" || kind === "cloud")),
    middle = near.find(({ id }) => id === "head") ?? { x: 0, y: 0 };
  const half = Math.max(LEAST_CLOSE_M, ...near.map(({ x, y }) => 1.4 * Math.max(Math.abs(x - middle.x), Math.abs(y - middle.y)))),
    around = (axis, value) => ({ ...axis, range: axis.range[0] < axis.range[1] ? [value - half, value + half] : [value + half, value - half] });
  return { ...scene, x: around(scene.x, middle.x), y: around(scene.y, middle.y) };
}

// One figure an idle task, so that a hand's events are answered in between.
const queue = [];
let running = false;
const whenIdle = window.requestIdleCallback ?? (act => setTimeout(act));
function enqueue(panel) {
  if (!queue.includes(panel)) queue.push(panel);
  work();
}
function work() {
  if (running || !queue.length || !window.Plotly) return;
  running = true;
  whenIdle(
    () => {
      const panel = queue.shift();
      if (panel.stale) panel.draw();
      running = false;
      work();
    },
    { timeout: 250 },
  );
}

function enlarge(panel) {
  const single = !panel.element.classList.contains("enlarged"),
    side = panels.get("layout");
  (single && panel === side ? frame : document.getElementById("layout")).append(side.element);
  for (const other of panels.values()) other.element.classList.toggle("enlarged", single && other === panel);
  frame.classList.toggle("single", single);
  for (const { button } of panels.values()) button?.setAttribute("aria-pressed", String(single));
  panel.plot.focus();
}

for (const [name, words] of Object.entries(CELLS)) {
  const Kind = { polar: PolarAtCursor, layout: Layout }[name] ?? Panel,
    panel = new Kind(name, words, name === "layout" ? document.getElementById("layout") : frame);
  panel.button = node("button", "enlarge", panel.element, "⤢");
  panel.button.type = "button";
  panel.button.title = `Enlarge or restore: ${words} (Enter)`;
  panel.button.setAttribute("aria-label", `Enlarge or restore: ${words}`);
  panel.button.addEventListener("click", () => enlarge(panel));
  panel.plot.addEventListener("keydown", event => {
    const single = frame.classList.contains("single");
    if (event.target === panel.plot && (event.key === "Enter" || (event.key === "Escape" && single))) enlarge(panel);
  });
}

// Alt with a digit goes to a panel.
addEventListener("keydown", event => {
  const panel = event.altKey && [...panels.values()][Number(event.key) - 1];
  if (!panel) return;
  event.preventDefault();
  panel.plot.focus();
});

// Tabs of the channels.
const tabs = document.getElementById("channels");
function fillTabs() {
  const names = hub.state?.channels.map(({ name }) => name) ?? [];
  if (names.join("\n") !== [...tabs.children].map(tab => tab.textContent).join("\n")) {
    tabs.replaceChildren();
    for (const name of names) {
      const tab = node("button", "tool", tabs, name);
      tab.type = "button";
      tab.setAttribute("role", "tab");
      tab.addEventListener("click", () => hub.show(name));
    }
  }
  for (const tab of tabs.children) {
    const chosen = tab.textContent === hub.channel;
    tab.setAttribute("aria-selected", String(chosen));
    tab.tabIndex = chosen ? 0 : -1;
  }
}
tabs.addEventListener("keydown", event => {
  const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
  if (!step) return;
  const all = [...tabs.children],
    next = all[(all.indexOf(event.target) + step + all.length) % all.length];
  next.click();
  next.focus();
});
hub.on("state", fillTabs);
hub.on("channel", fillTabs);

// The channel's outcome in words and numbers.
const words = document.getElementById("words"),
  numbers = document.getElementById("numbers");
const verdict = { version: -1, outcome: "", text: "", numbers: [] };
const MOVING = "Dashed: ideal weights on a coarse grid; realised and judged when let go.";
const FAULTY = "The file has faults; the figures are of its last state without any.";
const EMPTY = "The file has faults; there are figures as soon as it has none.";
function fillVerdict() {
  const isFaulty = hub.state?.faults.length > 0;
  words.className = live.figures ? "moving" : isFaulty ? "failed" : verdict.outcome;
  words.textContent = live.figures ? MOVING : isFaulty ? (verdict.text ? FAULTY : EMPTY) : verdict.text;
  words.title = verdict.text; // where it is longer than its two lines
  document.getElementById("verdict").classList.toggle("stale", !live.figures && verdict.version !== hub.state?.version);
  numbers.replaceChildren();
  for (const { label, text, definition } of live.figures ? live.numbers : verdict.numbers) {
    const place = node("span", "number", numbers);
    place.title = definition;
    node("span", "", place, label);
    node("b", "", place, text);
  }
}

hub.on("judged", message => {
  if (message.channel !== hub.channel) return;
  const { figures } = unpacked({ figures: message.panels, arrays: message.arrays, tables: message.tables });
  if (!hub.dragging || message.version > live.version) live.figures = null;
  for (const [name, panel] of panels) figures[name] ? panel.show(figures[name]) : panel.paint();
  Object.assign(verdict, {
    version: message.version,
    outcome: message.verdict.outcome,
    text: `${message.channel}: ${message.verdict.words}.`,
    numbers: message.numbers,
  });
  fillVerdict();
});
hub.on("state", ({ version }) => {
  // A hand that let go where it began has changed nothing, and nothing is judged anew.
  if (!hub.dragging && version === verdict.version) live.clear();
  fillVerdict();
});
hub.on("scheme", () => {
  for (const panel of panels.values()) if (panel.base) panel.resized();
});
