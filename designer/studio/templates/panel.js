// A panel: a figure that fills its cell, drawn by Plotly while the page is idle, with the live layer over it.

const panels = new Map(); // name -> Panel
const MOST_BESIDE = 3; // values
const LAID_DB = -6; // level of the one line of each snapshot on a map, and of the current state's beside them
const isLaid = ({ overlay }) => !hiddenDesigns.has(SNAPSHOTS.indexOf(overlay));

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
    const looked = other => {
      const look = { ...snapshotLook(SNAPSHOTS.indexOf(other.overlay)), name: other.overlay, overlay: other.overlay };
      return { ...other, look, contour: LAID_DB };
    };
    const panels = parts.map(part =>
      part.others ? { ...part, contour: LAID_DB, others: part.others.map(looked), title: `${part.title}; lines at −6 dB` } : part,
    );
    return { ...this.base, panels, height: ((height - top) / base) * 7.2 + 0.3 };
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

  update() {
    super.update();
    this.tellValues();
  }

  // Values at the cursor, live or judged, beside each title in the legend's order: a legend that grew would move the figure.
  tellValues() {
    if (!this.drawn) return;
    this.spec.boxes.forEach((box, i) => {
      const { value, vertical } = this.parts[i],
        panel = live.figures?.[this.name]?.panels[i] ?? box.panel;
      if (panel.kind !== box.panel.kind || !(panel.kind === "map" || (panel.kind === "curves" && this.chips.size))) return;
      const rows = vertical.hidden ? [] : reading(this, { ...box, panel }).rows;
      const numbers = rows.filter(row => row.high === undefined && row.look.design === undefined);
      const texts = numbers.slice(0, MOST_BESIDE).map(({ text }, n, all) => (n < all.length - 1 ? text.split(" ")[0] : text));
      value.textContent = texts.join(" · ") + (numbers.length > MOST_BESIDE ? " …" : "");
    });
  }

  // A snapshot has one name in a legend, however many of its curves are shown.
  fillLegend() {
    super.fillLegend();
    for (const [name, { chip, look }] of this.chips)
      if (look.design !== undefined && name !== SNAPSHOTS[look.design]) {
        chip.remove();
        this.chips.delete(name);
      }
  }

  resized() {
    if (!this.base || !this.room.clientHeight) return;
    this.stale = true;
    enqueue(this);
  }

  show(figure) {
    const looked = line => (line.design === undefined ? line : { ...line, ...snapshotLook(line.design) });
    const parts = figure.panels.map(part => (part.lines ? { ...part, lines: part.lines.map(looked) } : part));
    this.base = { ...figure, panels: parts };
    this.stale = true;
    enqueue(this);
  }
}

// One figure an idle task, so that events of a drag are answered in between; during a drag no finished figure is redrawn.
const queue = [];
let running = false;
const whenIdle = window.requestIdleCallback ?? (act => setTimeout(act));
function enqueue(panel) {
  if (!queue.includes(panel)) queue.push(panel);
  document.documentElement.classList.add("drawing");
  work();
}
const next = () => queue.findIndex(panel => !hub.dragging || !panel.drawn);
function work() {
  if (running || next() < 0 || !window.Plotly) return;
  running = true;
  whenIdle(
    () => {
      running = false;
      const place = next();
      if (place < 0) return;
      const [panel] = queue.splice(place, 1);
      if (panel.stale) panel.draw();
      document.documentElement.classList.toggle("drawing", queue.length > 0);
      work();
    },
    { timeout: 250 },
  );
}
hub.on("drag", moving => moving || work());
