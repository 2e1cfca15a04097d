// The panels of the judged design, their cells in the frame, enlarging, and the channels' tabs.

const CELLS = { gain: "Gain", map: "Map", polar: "Polar", effort: "Effort", ear: "Magnitude", impulse: "Impulse" };
const frame = document.getElementById("panels");
const panels = new Map(); // name -> Panel

// A view that fills its cell.
class Panel extends View {
  constructor(name, words, parent) {
    const element = node("figure", `panel ${name}`, parent),
      room = node("div", "room", element);
    node("div", "plot", room);
    super(element, name, null);
    Object.assign(this, { room, words, near: true, version: -1 });
    element.dataset.figure = name;
    this.plot.setAttribute("aria-label", words);
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

  draw() {
    if (this.base && this.room.clientHeight) super.draw();
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
  const single = !panel.element.classList.contains("enlarged");
  for (const other of panels.values()) other.element.classList.toggle("enlarged", single && other === panel);
  frame.classList.toggle("single", single);
  for (const { button } of panels.values()) button?.setAttribute("aria-pressed", String(single));
  panel.plot.focus();
}

for (const [name, words] of Object.entries(CELLS)) {
  const panel = new Panel(name, words, frame);
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
new Panel("layout", "Layout, from above and from the side", document.getElementById("layout"));

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
function fillNumbers(shown) {
  numbers.replaceChildren();
  for (const { label, text, definition } of shown) {
    const place = node("span", "number", numbers);
    place.title = definition;
    node("span", "", place, label);
    node("b", "", place, text);
  }
}

hub.on("judged", message => {
  if (message.channel !== hub.channel) return;
  const { figures } = unpacked({ figures: message.panels, arrays: message.arrays, tables: message.tables });
  for (const [name, figure] of Object.entries(figures)) panels.get(name)?.show(figure);
  words.className = message.verdict.outcome;
  words.textContent = `${message.channel}: ${message.verdict.words}.`;
  fillNumbers(message.numbers);
});
hub.on("scheme", () => {
  for (const panel of panels.values()) if (panel.base) panel.resized();
});
