// What stands beside the cursor, what a legend switches, and the cuts of a map at the cursor.

const tip = {
  element: node("div", "tip", document.body),
  show(heading, rows, left, top, scheme) {
    if (!heading) return this.hide();
    const shown = rows.slice(0, MOST_VALUES);
    this.element.replaceChildren();
    node("b", "", this.element, heading);
    for (const row of shown) {
      const line = node("div", "", this.element);
      line.innerHTML = row.look.color === undefined && row.look.fill === undefined ? "" : swatch(scheme, row.look);
      node("span", "", line, row.name);
      node("span", "value", line, row.text);
    }
    if (rows.length > shown.length) node("div", "soft", this.element, `and ${rows.length - shown.length} more`);
    this.element.hidden = false;
    const { width, height } = this.element.getBoundingClientRect();
    const right = left + 14 + width > innerWidth - 4;
    Object.assign(this.element.style, {
      left: `${Math.max(4, right ? left - width - 14 : left + 14)}px`,
      top: `${Math.max(4, Math.min(top + 14, innerHeight - height - 4))}px`,
    });
  },
  hide() {
    this.element.hidden = true;
  },
};
tip.hide();

const voice = node("div", "voice", document.body);
voice.setAttribute("aria-live", "polite");
const announce = text => {
  voice.textContent = text;
};

let awaited = 0;
function refresh() {
  awaited ||= requestAnimationFrame(() => {
    awaited = 0;
    for (const view of views) if (view.near || view.forced) view.update();
  });
}

// Switch a name of a figure's legend; of a compared design, in all figures.
function toggle(view, name, look) {
  const set = look?.design === undefined ? view.hidden : hiddenDesigns,
    key = look?.design ?? name;
  set.has(key) ? set.delete(key) : set.add(key);
  if (set === view.hidden) return view.apply();
  const box = document.querySelector(`input[data-design="${key}"]`);
  if (box) box.checked = !hiddenDesigns.has(key);
  showDesigns();
}

function showDesigns() {
  for (const view of views) if (view.drawn) view.near ? view.apply() : (view.stale = true);
}

const isCut = panel => panel.kind === "map" && panel.x.quantity === "frequency" && panel.y.quantity === "azimuth";

// Level over azimuth at the cursor's frequency and over frequency at its azimuth, beside a figure of maps.
class Cuts extends View {
  constructor(owner, element) {
    super(element, `${owner.name}-cuts`, cutsAt(owner));
    this.owner = owner;
  }

  draw(scheme, width) {
    this.base = cutsAt(this.owner);
    super.draw(scheme, width);
    this.shown = this.where();
  }

  where() {
    return `${cursor.frequency}/${cursor.azimuth}`;
  }

  follow() {
    if (!this.drawn || this.shown === this.where()) return;
    this.shown = this.where();
    const figure = cutsAt(this.owner),
      lines = figure.panels.flatMap(panel => panel.lines);
    this.figure = figure;
    this.spec.boxes.forEach((box, i) => {
      box.panel = figure.panels[i];
      this.parts[i].area.previousElementSibling.querySelector(".name").textContent = box.panel.title;
    });
    Plotly.restyle(
      this.chart,
      { y: lines.map(line => line.y) },
      lines.map((_, i) => i),
    );
    super.update();
  }
}

function cutsAt(owner) {
  const maps = owner.figure.panels.filter(isCut),
    first = maps[0],
    band = first.band_hz ?? first.x.range;
  const f = nearestValue(list(first.xs), cursor.frequency ?? Math.sqrt(Math.max(band[0], first.x.range[0]) * band[1]));
  const azimuth = nearestValue(list(first.ys), cursor.azimuth ?? 0);
  const level = {
    label: first.levels.unit,
    unit: first.levels.unit,
    range: [first.levels.edges[0], first.levels.edges[first.levels.edges.length - 1]],
  };
  const several = maps.length > 1;
  const sources = maps.flatMap((map, i) => [
    {
      map,
      look: {
        name: several ? map.title : map.others ? "this design" : "",
        color: map.design ?? i,
        dash: Object.keys(DASHES)[((map.design ?? i) + Math.floor((map.design ?? i) / PALETTE.length)) % 4],
        design: map.design,
      },
    },
    ...(map.others ?? []).map((other, k) => ({
      map: other,
      look: { name: other.overlay, color: several ? i : k + 1, dash: "dot", overlay: other.overlay },
    })),
  ]);
  const lines = (xs, values) => sources.map(({ map, look }) => ({ ...look, x: xs(map), y: values(map), width: 1.6 }));
  return {
    title: "",
    rows: 2,
    columns: 1,
    height: 4.4,
    panels: [
      {
        kind: "curves",
        title: `Cut at ${measure(f, "Hz")}`,
        place: [0, 0, 1, 1],
        y: level,
        x: {
          label: "Azimuth in degrees",
          unit: "°",
          range: [-180, 180],
          quantity: "azimuth",
          ticks: [-180, -90, 0, 90, 180].map(a => [a, `${a}`.replace("-", "−")]),
        },
        lines: lines(
          map => list(map.ys).map(turned),
          map => map.z.map(row => row[nearest(list(map.xs), f)]),
        ).map(sorted),
      },
      {
        kind: "curves",
        title: `Cut at ${measure(azimuth, "°")}`,
        place: [1, 0, 1, 1],
        y: level,
        x: first.x,
        band_hz: first.band_hz,
        lines: lines(
          map => list(map.xs),
          map => list(map.z[nearest(list(map.ys).map(turned), turned(azimuth))]),
        ),
      },
    ],
  };
}

const turned = degrees => ((((degrees + 180) % 360) + 360) % 360) - 180;

// A line around the circle from -180 degrees on, closed.
function sorted(line) {
  const order = line.x.map((_, i) => i).sort((a, b) => line.x[a] - line.x[b]);
  const x = order.map(i => line.x[i]),
    y = order.map(i => line.y[i]);
  return { ...line, x: [...x, x[0] + 360], y: [...y, y[0]] };
}
