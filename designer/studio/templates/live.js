// What moves while a hand does: ideal weights' curves as paths on a canvas over each panel, on the axes of the plot beneath; nothing of
// it is Plotly's. The polar plot at the cursor is drawn here always.

const pixelsAcross = (box, value) => box.plot.x + share(box.xr, value, box.log[0]) * box.plot.w;
const pixelsUp = (box, value) => box.plot.y + (1 - share(box.yr, value, box.log[1])) * box.plot.h;
const DASH_PIXELS = Object.fromEntries(
  Object.entries(DASHES).map(([name, text]) => [name, name === "solid" ? [] : text.split(",").map(parseFloat)]),
);

// The look of a snapshot: a dash and a colour of its own.
const SNAPSHOTS = ["A", "B", "C", "D"];
const SNAPSHOT_DASHES = ["dash", "dot", "dashdot", "solid"];
const snapshotLook = design => ({ design, color: PALETTE[design + 2], dash: SNAPSHOT_DASHES[design], width: 1.3 });

class Canvas {
  constructor(panel) {
    this.panel = panel;
    this.element = node("canvas", "live", null);
    this.element.setAttribute("aria-hidden", "true");
    panel.plot.insertBefore(this.element, panel.over);
    this.cells = document.createElement("canvas");
  }

  // An empty canvas of the plot's size.
  clear() {
    const { element, panel } = this,
      density = devicePixelRatio || 1,
      [width, height] = [panel.width, panel.spec.height].map(pixels => Math.round(pixels * density));
    if (element.width !== width || element.height !== height) Object.assign(element, { width, height });
    const context = element.getContext("2d");
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, width, height);
    context.scale(density, density);
    context.lineJoin = "round";
    return context;
  }

  paint(parts) {
    const context = this.clear(),
      scheme = this.panel.scheme;
    parts.forEach((part, i) => {
      const box = this.panel.spec.boxes[i];
      if (!part || !box || part.kind !== box.panel.kind) return;
      context.save();
      if (part.kind !== "polar") {
        context.beginPath();
        context.rect(box.plot.x, box.plot.y, box.plot.w, box.plot.h);
        context.clip();
      }
      LIVE[part.kind]({ context, part, box, scheme, cells: this.cells });
      context.restore();
    });
  }
}

// A path through points of a box; what is not finite breaks it.
function trace(context, box, xs, ys) {
  let down = false;
  context.beginPath();
  for (let i = 0; i < xs.length; i++) {
    const x = pixelsAcross(box, xs[i]),
      y = pixelsUp(box, ys[i]);
    if (!Number.isFinite(x) || !Number.isFinite(y)) down = false;
    else if (down) context.lineTo(x, y);
    else {
      context.moveTo(x, y);
      down = true;
    }
  }
}

function stroke(context, scheme, look) {
  Object.assign(context, {
    strokeStyle: colour(scheme, look.color ?? "ink"),
    lineWidth: (look.width ?? 1) * PIXELS,
    globalAlpha: look.opacity ?? 1,
  });
  context.setLineDash(DASH_PIXELS[look.dash] ?? []);
  context.stroke();
  context.globalAlpha = 1;
  context.setLineDash([]);
}

// On any colour: the paper's line under the ink's.
function strokeTwice(context, scheme, width, dash = "solid") {
  stroke(context, scheme, { color: "paper", width: width + 1.2 });
  stroke(context, scheme, { color: "ink", width, dash });
}

function area(context, box, span, fill) {
  const [xs, ys] = runs(list(span.x), list(span.low), list(span.high));
  trace(context, box, xs, ys.map(y => y ?? NaN));
  context.fillStyle = fill;
  context.fill();
}

const LIVE = {
  curves({ context, part, box, scheme }) {
    for (const span of part.spans ?? []) area(context, box, span, faded(colour(scheme, span.color), span.opacity ?? 0.35));
    for (const short of part.shortfalls ?? []) area(context, box, short, faded(scheme.bad, 0.18));
    const [left, right] = [box.plot.x, box.plot.x + box.plot.w];
    for (const limit of part.limits ?? []) {
      const y = pixelsUp(box, limit.y);
      context.beginPath();
      context.moveTo(left, y);
      context.lineTo(right, y);
      stroke(context, scheme, { color: limit.color ?? "ink", width: 1, dash: limit.dash ?? "dot" });
    }
    for (const line of part.lines) {
      trace(context, box, line.x, line.y);
      stroke(context, scheme, line);
    }
  },
  map({ context, part, box, scheme, cells }) {
    colourCells(cells, part, box, scheme, 1);
    context.drawImage(cells, box.plot.x, box.plot.y, box.plot.w, box.plot.h);
    for (const edge of part.band_hz ?? []) {
      trace(context, box, [edge, edge], box.yr);
      strokeTwice(context, scheme, 0.8, "dash");
    }
    for (const { x, y } of part.boxes ?? []) {
      trace(context, box, [x[0], x[1], x[1], x[0], x[0]], [y[0], y[0], y[1], y[1], y[0]]);
      strokeTwice(context, scheme, 1);
    }
  },
  polar({ context, part, box, scheme }) {
    for (const { start_deg, stop_deg, color } of part.moving ?? []) {
      const size = (stop_deg - start_deg + 360) % 360 || 360,
        arc = Array.from({ length: 17 }, (_, i) => polarPoint(start_deg + (size * i) / 16, 1));
      trace(context, box, [0, ...arc.map(p => p[0])], [0, ...arc.map(p => p[1])]);
      context.fillStyle = faded(colour(scheme, color), 0.25);
      context.fill();
    }
    for (const line of part.lines) {
      const points = list(line.x).map((degrees, i) => polarPoint(degrees, Math.min(polarRadius(part, line.y[i]), EDGE)));
      points.push(points[0]);
      trace(
        context,
        box,
        points.map(p => p[0]),
        points.map(p => p[1]),
      );
      stroke(context, scheme, line);
    }
  },
  drawing({ context, part, box, scheme }) {
    const perPixel = Math.abs(box.xr[1] - box.xr[0]) / box.plot.w;
    for (const shape of part.shapes) {
      const look = { color: shape.color ?? "ink", width: shape.width ?? 1 },
        fill = shape.fill === undefined ? null : colour(scheme, shape.fill);
      if (shape.form === "circle") {
        context.beginPath();
        context.arc(pixelsAcross(box, shape.x), pixelsUp(box, shape.y), shape.radius / perPixel, 0, 2 * Math.PI);
      } else if (shape.form === "line") trace(context, box, list(shape.x), list(shape.y));
      else if (shape.form === "polygon") trace(context, box, [...shape.x, shape.x[0]], [...shape.y, shape.y[0]]);
      else if (shape.form === "points") {
        context.beginPath();
        list(shape.x).forEach((x, i) => {
          const [across, up] = [pixelsAcross(box, x), pixelsUp(box, shape.y[i])],
            radius = ((shape.size ?? 4) * PIXELS) / 2;
          context.moveTo(across + radius, up);
          context.arc(across, up, radius, 0, 2 * Math.PI);
        });
        context.fillStyle = colour(scheme, look.color);
        context.fill();
        continue;
      } else continue;
      if (fill) {
        context.fillStyle = fill;
        context.fill();
      }
      stroke(context, scheme, look);
    }
  },
};

// The newest live answer, drawn once a frame, until the judged design has taken its place.
const live = {
  version: -1, // of the document that it moves away from
  seen: 0, // id of the newest answer
  since: 0, // answers to requests before this are of a drag that is over
  figures: null, // name -> figure, of hub.channel
  waits: false, // whether that is too fine to be solved under a hand
  coarse: "", // the body of which they are a coarser solution
  frame: 0,
  shown: 0, // pictures drawn
  take(message) {
    if (message.channel !== hub.channel) return;
    if (message.id !== undefined) {
      if (message.id < Math.max(this.seen, this.since)) return;
      this.seen = message.id;
    } else if (hub.dragging) return;
    // The document as it stands, when it is judged already.
    const isStill = !Object.keys(message.values).length && !message.faults.length;
    if (isStill && verdict.channel === hub.channel && verdict.version === message.version) return;
    hub.tell("moved", message);
    this.waits = message.coarse !== "" && !Object.keys(message.panels).length;
    if (this.waits) this.coarse = message.coarse;
    if (message.faults.length || !Object.keys(message.panels).length) return fillVerdict();
    const { figures } = unpacked({ figures: message.panels, arrays: message.arrays, tables: message.tables });
    this.numbers = message.numbers;
    this.coarse = message.coarse;
    if (!panels.get("gain").base) return this.showFirst(figures);
    this.version = message.version;
    this.figures = figures;
    this.paint();
  },
  // The first picture, before there is any judged design.
  showFirst(figures) {
    for (const [name, figure] of Object.entries(figures)) panels.get(name)?.show(figure);
    const text = `${hub.channel}, dashed: ${this.words()}; they are being realised and judged.`;
    Object.assign(verdict, { outcome: "moving", text, numbers: this.numbers });
    fillVerdict();
  },
  // What the curves are.
  words() {
    return `ideal weights on a coarse grid${this.coarse && `, of a coarse solution of the ${this.coarse}`}`;
  },
  paint() {
    this.frame ||= requestAnimationFrame(() => {
      this.frame = 0;
      if (!this.figures) return;
      this.showAll();
      this.shown++;
    });
  },
  showAll() {
    for (const panel of panels.values()) {
      panel.paint();
      panel.tellValues();
    }
    fillVerdict();
  },
  clear() {
    this.figures = null;
    this.showAll();
  },
};
hub.on("live", message => live.take(message));
hub.on("channel", () => live.clear());
