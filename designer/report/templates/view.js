// One figure of the page: drawn at its width in the scheme, its titles, legend, cursor and values.

const cursor = { frequency: null, azimuth: null }; // shared by all axes of a quantity
const views = [];
const hiddenDesigns = new Set();
const STEP_DEG = 5;
const MOST_VALUES = 12;

const node = (tag, className, parent, text = "") => {
  const element = document.createElement(tag);
  element.className = className;
  element.textContent = text;
  parent?.append(element);
  return element;
};

class View {
  constructor(element, name, figure) {
    Object.assign(this, {
      element,
      name,
      base: figure,
      figure,
      hidden: new Set(),
      stale: true,
      drawn: false,
      near: false,
      active: 0,
      spec: null,
      cuts: null,
    });
    this.plot = element.querySelector(".plot") ?? node("div", "plot", element);
    this.chart = node("div", "chart", this.plot);
    this.over = node("div", "over", this.plot);
    this.legend = element.querySelector(".legend") ?? node("div", "legend", element);
    this.plot.tabIndex = 0;
    this.plot.setAttribute("role", "group");
    this.plot.setAttribute("aria-roledescription", "figure; arrow keys move the cursor");
    const caption = element.querySelector("figcaption") ?? element.closest("figure")?.querySelector("figcaption");
    if (caption?.id) this.plot.setAttribute("aria-labelledby", caption.id);
    this.plot.addEventListener("pointermove", event => this.point(event));
    this.plot.addEventListener("pointerdown", event => event.pointerType !== "mouse" && this.point(event));
    this.plot.addEventListener("pointerleave", () => tip.hide());
    this.plot.addEventListener("keydown", event => this.key(event));
    views.push(this);
  }

  // Height that the figure will take, so that nothing moves when it is drawn.
  reserve() {
    const width = this.plot.clientWidth;
    if (width) this.plot.style.height = `${placed(this.figure, width).height}px`;
  }

  // What Plotly is told beside the figure.
  get config() {
    return { displayModeBar: false, doubleClick: "reset", showTips: false, responsive: false, typesetMath: false };
  }

  // What is drawn: the figure, and what lies over it.
  overlaid() {
    return laidOver(this.base, this.name);
  }

  draw(scheme = currentScheme(), width = this.plot.clientWidth) {
    if (!width) return;
    this.figure = this.overlaid();
    this.spec = specification(this.figure, width, scheme, new Set([...this.hidden, ...hiddenDesigns]));
    this.plot.style.height = `${this.spec.height}px`;
    if (this.drawn) Plotly.react(this.chart, this.spec.traces, this.spec.layout, this.config);
    else {
      Plotly.newPlot(this.chart, this.spec.traces, this.spec.layout, this.config);
      this.chart.on("plotly_relayout", () => this.zoomed());
    }
    Object.assign(this, { drawn: true, stale: false, width, scheme });
    this.label();
    this.fillLegend();
    this.update();
  }

  zoomed() {
    this.spec.boxes.forEach((box, i) => {
      const n = i ? i + 1 : "",
        layout = this.chart.layout;
      box.xr = list(layout[`xaxis${n}`].range);
      box.yr = list(layout[`yaxis${n}`].range);
    });
    this.update();
  }

  // Titles and the places of cursor and values, over the chart.
  label() {
    this.over.replaceChildren();
    if (this.figure.title) node("b", "title", this.over, this.figure.title);
    this.parts = this.spec.boxes.map(({ panel, x, plot, y, w }) => {
      const head = node("div", "head", this.over);
      Object.assign(head.style, {
        left: `${x + (panel.kind === "polar" ? 0 : 4)}px`,
        width: `${w - 8}px`,
        bottom: `${this.spec.height - plot.y + 2}px`,
      });
      head.classList.toggle("soft", Boolean(panel.soft));
      head.classList.toggle("middle", panel.kind === "polar");
      node("b", "name", head, panel.title);
      const value = node("span", "value", head);
      const area = node("div", "area", this.over);
      Object.assign(area.style, { left: `${plot.x}px`, top: `${plot.y}px`, width: `${plot.w}px`, height: `${plot.h}px` });
      return { value, area, vertical: node("i", "v", area), level: node("i", "h", area), ray: node("i", "r", area) };
    });
  }

  fillLegend() {
    const looks = new Map(this.spec.named.map(({ name, look }) => [name, look]).toReversed());
    const names = [...new Set(this.spec.named.map(({ name }) => name))];
    this.chips = new Map();
    this.legend.replaceChildren();
    if (names.length < 2 && !this.spec.named.some(({ look }) => look.overlay)) return;
    for (const name of names) {
      const chip = node("button", "chip", this.legend),
        look = looks.get(name);
      chip.type = "button";
      chip.innerHTML = swatch(this.scheme, look);
      node("span", "", chip, name);
      const value = node("span", look.fill === undefined ? "value" : "value wider", chip);
      chip.addEventListener("click", () => toggle(this, name, look));
      this.chips.set(name, { chip, value, look });
    }
    this.mark();
  }

  isHidden(name, look) {
    return this.hidden.has(name) || (look?.design !== undefined && hiddenDesigns.has(look.design));
  }

  mark() {
    for (const [name, { chip, look }] of this.chips) chip.setAttribute("aria-pressed", String(!this.isHidden(name, look)));
  }

  // Show and hide the traces of hidden names and designs.
  apply() {
    const looks = new Map(this.spec.named.map(({ name, look }) => [name, look]));
    const visible = this.spec.traces.map(({ meta }) => !(meta.name && this.isHidden(meta.name, looks.get(meta.name))));
    Plotly.restyle(
      this.chart,
      { visible },
      visible.map((_, i) => i),
    );
    this.mark();
    this.update();
  }

  place(event) {
    const bounds = this.plot.getBoundingClientRect(),
      x = event.clientX - bounds.left,
      y = event.clientY - bounds.top;
    return {
      x,
      y,
      at: this.spec.boxes.findIndex(({ plot }) => x >= plot.x && x <= plot.x + plot.w && y >= plot.y && y <= plot.y + plot.h),
    };
  }

  point(event) {
    if (!this.drawn) return;
    const { x, y, at } = this.place(event);
    if (at < 0) return tip.hide();
    this.active = at;
    const box = this.spec.boxes[at];
    this.put(box, (x - box.plot.x) / box.plot.w, 1 - (y - box.plot.y) / box.plot.h);
    this.tell(event.clientY);
  }

  // The cursor at a share of the panel's width and height.
  put(box, acrossShare, upShare) {
    const across = at(box.xr, acrossShare, box.log[0]),
      up = at(box.yr, upShare, box.log[1]);
    if (box.panel.kind === "polar") cursor.azimuth = Math.round(((Math.atan2(across, -up) * 180) / Math.PI) * 10) / 10;
    else {
      const { x, y } = box.panel;
      const snapped = snap(box, across);
      if (x.quantity) cursor[x.quantity] = snapped;
      if (box.panel.kind === "map" && y.quantity) cursor[y.quantity] = nearestValue(list(box.panel.ys), up);
      box.local = { x: snapped, y: up };
    }
    refresh();
  }

  tell(clientY) {
    const box = this.spec.boxes[this.active],
      bounds = this.plot.getBoundingClientRect();
    const { heading, rows } = reading(this, box);
    const where = xShare(box);
    const left = bounds.left + box.plot.x + (where === null ? box.plot.w / 2 : where * box.plot.w);
    tip.show(heading, rows, left, clientY ?? bounds.top + box.plot.y + 12, this.scheme);
  }

  key(event) {
    const steps = {
      ArrowLeft: [-1, 0],
      ArrowRight: [1, 0],
      ArrowUp: [0, 1],
      ArrowDown: [0, -1],
      Home: [-Infinity, 0],
      End: [Infinity, 0],
    };
    if (event.key === "Escape") return tip.hide();
    if (!this.drawn || !(event.key in steps) || event.target !== this.plot) return;
    event.preventDefault();
    const [across, up] = steps[event.key],
      count = this.spec.boxes.length;
    let box = this.spec.boxes[this.active];
    const turns = box.panel.kind === "polar" || (box.panel.kind === "map" && box.panel.y.quantity);
    if (up && !turns) box = this.spec.boxes[(this.active = (this.active - up + count) % count)];
    if (box.panel.kind === "polar")
      cursor.azimuth = Math.max(-180, Math.min(180, (cursor.azimuth ?? 0) + (across || up) * STEP_DEG));
    else {
      const xs = box.panel.kind === "map" ? list(box.panel.xs) : list(box.panel.lines?.[0]?.x ?? []);
      if (xs.length) {
        const value = box.panel.x.quantity
          ? (cursor[box.panel.x.quantity] ?? xs[xs.length >> 1])
          : (box.local?.x ?? xs[xs.length >> 1]);
        const low = Math.min(...box.panel.x.range),
          high = Math.max(...box.panel.x.range),
          inside = xs.filter(x => x >= low && x <= high);
        const i = Math.max(0, Math.min(inside.length - 1, nearest(inside, value) + across));
        box.local = { x: inside[i], y: box.local?.y ?? 0 };
        if (box.panel.x.quantity) cursor[box.panel.x.quantity] = inside[i];
      }
      if (up && turns) {
        const ys = list(box.panel.ys),
          i = nearest(ys, cursor.azimuth ?? 0) + up * Math.sign(box.yr[1] - box.yr[0]);
        cursor.azimuth = ys[Math.max(0, Math.min(ys.length - 1, i))];
      }
    }
    refresh();
    this.tell();
    const { heading, rows } = reading(this, box);
    announce(`${heading}: ${rows.map(row => `${row.name} ${row.text}`).join(", ")}`);
  }

  // Cursor lines and values after the cursor moved.
  update() {
    if (!this.drawn) return;
    for (const [, { value }] of this.chips) value.textContent = "";
    const told = new Set();
    this.spec.boxes.forEach((box, i) => {
      const { value, vertical, level, ray } = this.parts[i],
        { panel } = box,
        across = xShare(box);
      vertical.hidden = panel.kind === "polar" || panel.kind === "drawing" || across === null || across < 0 || across > 1;
      if (!vertical.hidden) vertical.style.left = `${across * 100}%`;
      const upShare =
        panel.kind === "map" && panel.y.quantity && cursor.azimuth !== null ? share(box.yr, cursor.azimuth, false) : null;
      level.hidden = upShare === null || upShare < 0 || upShare > 1;
      if (!level.hidden) level.style.bottom = `${upShare * 100}%`;
      ray.hidden = panel.kind !== "polar" || cursor.azimuth === null;
      if (!ray.hidden)
        Object.assign(ray.style, {
          height: `${Math.min(box.plot.w, box.plot.h) / 2 / EDGE}px`,
          transform: `rotate(${-cursor.azimuth}deg)`,
        });
      const nowhere = vertical.hidden && level.hidden && ray.hidden;
      const rows = nowhere ? [] : reading(this, box).rows;
      const single = panel.kind === "map" || panel.kind === "polar" || !this.chips.size;
      value.textContent = single && rows.length && rows.length <= 3 ? rows.map(row => row.text).join(" · ") : "";
      for (const row of rows)
        if (this.chips.has(row.name) && !told.has(row.name)) {
          told.add(row.name);
          this.chips.get(row.name).value.textContent = row.text;
        }
    });
    this.cuts?.follow();
  }
}

const share = (range, value, log) => ((log ? Math.log10(value) : value) - range[0]) / (range[1] - range[0]);
const at = (range, part, log) => {
  const value = range[0] + part * (range[1] - range[0]);
  return log ? 10 ** value : value;
};

// Where the cursor stands in a panel, as a share of its width; null where it does not.
function xShare(box) {
  const { panel } = box,
    value = panel.x?.quantity ? cursor[panel.x.quantity] : box.local?.x;
  return value === null || value === undefined || panel.kind === "drawing" ? null : share(box.xr, value, box.log[0]);
}

// Index of the nearest of some numbers.
function nearest(values, value) {
  let best = 0;
  for (let i = 1; i < values.length; i++) if (Math.abs(values[i] - value) < Math.abs(values[best] - value)) best = i;
  return best;
}
const nearestValue = (values, value) => values[nearest(values, value)];

// A place of the x axis at which something was computed.
function snap(box, value) {
  const xs = box.panel.kind === "map" ? box.panel.xs : (box.panel.lines?.find(line => line.x.length > 2)?.x ?? []);
  return xs.length ? nearestValue(xs, value) : value;
}

// The cursor's place in words, and the values of a panel there.
function reading(view, box) {
  const { panel } = box;
  if (panel.kind === "polar") {
    const azimuth = cursor.azimuth ?? 0;
    const rows = panel.lines.map(line => ({
      name: line.name || panel.title,
      look: line,
      value:
        line.y[
          nearest(
            list(line.x).map(x => Math.abs(((x - azimuth + 540) % 360) - 180)),
            0,
          )
        ],
      unit: panel.unit,
    }));
    return { heading: measure(azimuth, "°"), rows: textRows(view, rows) };
  }
  if (panel.kind === "drawing") return { heading: "", rows: [] };
  const value = (panel.x.quantity ? cursor[panel.x.quantity] : box.local?.x) ?? panel.x.range[0];
  if (panel.kind === "map") {
    const up = (panel.y.quantity ? cursor[panel.y.quantity] : box.local?.y) ?? 0,
      column = nearest(list(panel.xs), value),
      row = nearest(list(panel.ys), up);
    const heading = `${measure(panel.xs[column], panel.x.unit)}, ${measure(panel.ys[row], panel.y.unit)}`;
    const others = (panel.others ?? []).map(other => ({
      name: other.overlay,
      look: { color: "ink", dash: "dash" },
      value: mapValue(other, value, up),
      unit: panel.levels.unit,
    }));
    return {
      heading,
      rows: textRows(view, [
        { name: panel.levels.label, look: {}, value: panel.z[row][column], unit: panel.levels.unit },
        ...others,
      ]),
    };
  }
  const rows = panel.lines
    .filter(line => line.x.length > 2)
    .map(line => ({
      name: line.name || panel.title,
      look: line,
      value: line.y[nearest(list(line.x), value)],
      unit: panel.y.unit,
    }));
  for (const span of panel.spans ?? []) {
    const i = nearest(list(span.x), value);
    rows.push({
      name: span.name,
      look: { fill: span.color, opacity: span.opacity },
      value: span.low[i],
      high: span.high[i],
      unit: panel.y.unit,
    });
  }
  return { heading: measure(value, panel.x.unit), rows: textRows(view, rows) };
}

const mapValue = (map, x, y) => map.z[nearest(list(map.ys), y)][nearest(list(map.xs), x)];

function textRows(view, rows) {
  return rows
    .filter(row => Number.isFinite(row.value) && !view.isHidden(row.name, row.look))
    .map(row => ({
      ...row,
      text:
        row.high === undefined ? measure(row.value, row.unit) : `${measure(row.value, "")} to ${measure(row.high, row.unit)}`,
    }));
}
