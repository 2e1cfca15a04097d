// One painter a kind of panel: its axes, and its traces and shapes.

const lineOf = (scheme, line) => ({ color: colour(scheme, line.color), dash: DASHES[line.dash] ?? "solid", width: line.width * PIXELS });

// Places of the points that carry a marker: at even steps of the axis where the look says so.
function marked(line, xs, box) {
  if (!line.spacing) return xs.map((_, i) => i);
  const [begin, step] = line.spacing, at = value => (box.log[0] ? Math.log10(value) : value);
  const share = xs.map(value => (at(value) - box.xr[0]) / (box.xr[1] - box.xr[0]));
  const places = [];
  for (let want = begin; want < 1; want += step) {
    let best = -1;
    share.forEach((value, i) => { if (best < 0 || Math.abs(value - want) < Math.abs(share[best] - want)) best = i; });
    if (best >= 0 && Math.abs(share[best] - want) < step) places.push(best);
  }
  return places;
}

function paintLine({ scheme, put, box }, line, xs, ys, index, more = {}) {
  const of = { line: index, overlay: line.overlay ?? "" }, opacity = line.opacity ?? 1;
  if (line.width > 0)
    put({ x: xs, y: ys, opacity, line: { ...lineOf(scheme, line), shape: line.shape ?? "linear", simplify: false }, connectgaps: false, ...more }, line, of);
  if (line.marker) {
    const places = line.width > 0 ? marked(line, xs, box) : xs.map((_, i) => i), color = colour(scheme, line.color);
    put({ x: places.map(i => xs[i]), y: places.map(i => ys[i]), mode: "markers", opacity, ...more,
          marker: { symbol: MARKERS[line.marker] + (line.hollow ? "-open" : ""), size: (line.size ?? 4) * PIXELS * 1.25, color,
                    line: { width: line.hollow || line.marker === "plus" ? 1.5 : 0, color } } }, line.width > 0 ? { ...line, name: line.name } : line, of);
  }
}

const rectangle = (axes, x0, x1, more) =>
  ({ type: "rect", xref: axes.xaxis, yref: `${axes.yaxis} domain`, x0, x1, y0: 0, y1: 1, line: { width: 0 }, layer: "below", ...more });
const upright = (axes, x, more) =>
  ({ type: "line", xref: axes.xaxis, yref: `${axes.yaxis} domain`, x0: x, x1: x, y0: 0, y1: 1, ...more });

function runs(x, low, high, opacityOf) {
  const xs = [], ys = [];
  let run = [];
  const close = () => {
    if (run.length) {
      xs.push(...run.map(i => x[i]), ...run.toReversed().map(i => x[i]), null);
      ys.push(...run.map(i => high[i]), ...run.toReversed().map(i => low[i]), null);
    }
    run = [];
  };
  for (let i = 0; i < x.length; i++) Number.isFinite(low[i]) && Number.isFinite(high[i]) ? run.push(i) : close();
  close();
  return [xs, ys];
}

const curves = {
  axes: panel => [panel.x, panel.y],
  paint(context) {
    const { panel, box, scheme, put, layout, axes } = context;
    const [low, high] = panel.x.range;
    for (const [start, stop] of [...(panel.shaded ?? []), ...outside(panel.band_hz, low, high)])
      layout.shapes.push(rectangle(axes, start, stop, { fillcolor: scheme.shade }));
    for (const edge of panel.band_hz ?? [])
      if (edge > low && edge < high) layout.shapes.push(upright(axes, edge, { line: { color: scheme.soft, width: 1, dash: "3px,3px" }, layer: "below" }));
    for (const span of panel.spans ?? []) {
      const [x, y] = runs(list(span.x), list(span.low), list(span.high));
      put({ x, y, fill: "toself", fillcolor: faded(colour(scheme, span.color), span.opacity ?? 0.35), line: { width: 0 } }, { name: span.name, fill: span.color, opacity: span.opacity });
    }
    for (const short of panel.shortfalls ?? []) {
      const [x, y] = runs(list(short.x), list(short.low), list(short.high));
      put({ x, y, fill: "toself", line: { width: 0.5, color: scheme.bad }, fillcolor: faded(scheme.bad, 0.05),
            fillpattern: { shape: "/", size: 6, solidity: 0.25, fgcolor: scheme.bad, bgcolor: "rgba(0,0,0,0)" } },
          { name: short.name, hatch: true, color: "alarm" });
    }
    for (const mark of panel.marks ?? []) {
      layout.shapes.push(upright(axes, mark.x, { line: { color: scheme.soft, width: 1, dash: "3px,3px" } }));
      if (mark.text)
        layout.annotations.push({ xref: axes.xaxis, yref: `${axes.yaxis} domain`, x: box.log[0] ? Math.log10(mark.x) : mark.x, y: 1, text: escaped(mark.text), showarrow: false,
                                  xanchor: "left", yanchor: "top", xshift: 2, font: { size: 10.5, color: scheme.soft } });
    }
    for (const limit of panel.limits ?? []) {
      layout.shapes.push({ type: "line", xref: `${axes.xaxis} domain`, yref: axes.yaxis, x0: 0, x1: 1, y0: limit.y, y1: limit.y,
                           line: { color: colour(scheme, limit.color ?? "ink"), width: 1.2, dash: DASHES[limit.dash ?? "dot"] } });
      if (limit.text)
        layout.annotations.push({ xref: `${axes.xaxis} domain`, yref: axes.yaxis, x: 0.005, y: limit.y, text: escaped(limit.text), showarrow: false,
                                  xanchor: "left", yanchor: limit.above === false ? "top" : "bottom", font: { size: 10.5, color: scheme.ink } });
    }
    panel.lines.forEach((line, i) => paintLine(context, line, list(line.x), list(line.y), i));
  },
};

function outside(band, low, high) {
  return band ? [[low, band[0]], [band[1], high]].filter(([start, stop]) => stop > start) : [];
}

const map = {
  axes: panel => [panel.x, panel.y],
  paint({ panel, box, scheme, put, layout, axes, width, height }) {
    const { levels } = panel, edges = list(levels.edges), plot = box.plot;
    const scale = { colorscale: steps(levels), zmin: edges[0], zmax: edges[edges.length - 1] };
    const bar = { x: (plot.x + plot.w + 6) / width, xanchor: "left", xpad: 0, y: 1 - (plot.y + plot.h / 2) / height, len: plot.h / height,
                  thickness: 10, ypad: 0, outlinewidth: 0, tickvals: list(levels.ticks), tickfont: { size: 10, color: scheme.soft },
                  title: { text: escaped(levels.label), side: "right", font: { size: 11, color: scheme.ink } } };
    if (panel.xs.length) {
      layout.images.push({ xref: axes.xaxis, yref: axes.yaxis, x: box.xr[0], y: box.yr[1], sizex: Math.abs(box.xr[1] - box.xr[0]), sizey: Math.abs(box.yr[1] - box.yr[0]),
                           xanchor: "left", yanchor: "top", sizing: "stretch", layer: "below", source: picture(panel, box, scheme) });
      if (box.bar) put({ x: [null], y: [null], mode: "markers", marker: { color: [0], colorscale: scale.colorscale, cmin: scale.zmin, cmax: scale.zmax, showscale: true, colorbar: bar } });
    }
    const double = (white, ink) => [[scheme.paper, white], [scheme.ink, ink]];
    if (panel.contour !== undefined)
      for (const [color, thick] of double(3, 1.5)) isolines(put, panel, panel.contour, panel.contour, 1, { color, width: thick });
    for (const other of panel.others ?? []) {
      const ticks = list(levels.ticks);
      for (const [color, thick] of double(2.4, 1.1))
        isolines(put, other, ticks[1], ticks[ticks.length - 1], ticks[1] - ticks[0], { color, width: thick, dash: "4px,2px" }, other.overlay);
    }
    for (const edge of panel.band_hz ?? [])
      for (const [[color, thick], dash] of [[double(1.6, 0.8)[0], "solid"], [double(1.6, 0.8)[1], "3px,3px"]])
        layout.shapes.push(upright(axes, edge, { line: { color, width: thick, dash } }));
    for (const { x, y } of panel.boxes ?? [])
      for (const [color, thick] of double(2.4, 1.2))
        layout.shapes.push({ type: "rect", xref: axes.xaxis, yref: axes.yaxis, x0: x[0], x1: x[1], y0: y[0], y1: y[1], line: { color, width: thick } });
    if (panel.crossed) {
      const [x, y] = crosses(panel, plot, box);
      for (const [color, size] of double(7, 5))
        put({ x, y, mode: "markers", marker: { symbol: "x-thin", size, line: { color, width: color === scheme.ink ? 1 : 2.4 } } });
    }
    if (panel.dots)
      put({ x: list(panel.dots.x), y: list(panel.dots.y), mode: "markers",
            marker: { size: 6, color: list(panel.dots.z), colorscale: scale.colorscale, cmin: scale.zmin, cmax: scale.zmax,
                      line: { width: 0.5, color: scheme.ink }, showscale: box.bar && !panel.xs.length, colorbar: bar } });
    for (const mark of panel.marks ?? []) {
      const at = { x: list(mark.x), y: list(mark.y), mode: "markers" }, symbol = MARKERS[mark.marker], color = colour(scheme, mark.color);
      put({ ...at, marker: { symbol, size: 11, color: scheme.paper, line: { width: 4, color: scheme.paper } } });
      put({ ...at, marker: { symbol, size: 9, color, line: { width: 1.6, color } } }, { name: mark.name, color: mark.color, marker: mark.marker, width: 0 });
    }
    if (panel.gaps) put({ x: [null], y: [null] }, { name: panel.gaps, fill: "faint" });
  },
};

// The cells of a map in its colors as a picture of the panel's size: a thousand times fewer shapes than cells.
function picture(panel, box, scheme) {
  const density = box.plot.w * box.plot.h < MOST_PICTURE / 4 ? 2 : 1, width = Math.round(box.plot.w * density), height = Math.round(box.plot.h * density);
  const canvas = Object.assign(document.createElement("canvas"), { width, height }), context = canvas.getContext("2d");
  const image = context.createImageData(width, height), pixels = new Uint32Array(image.data.buffer);
  const edges = list(panel.levels.edges), count = edges.length - 1, step = (edges[count] - edges[0]) / count;
  const packed = text => text.match(/\d+/g).map(Number).reduce((sum, part, i) => sum | (part << (8 * i)), 0xff000000) >>> 0;
  const colours = edges.slice(1).map((_, i) => packed(scaleColour(panel.levels.palette, count > 1 ? i / (count - 1) : 0)));
  const unknown = packed(faded(scheme.faint, 1).replace(/,1\)$/, ")"));
  const columns = cellsAlong(list(panel.xs), box.log[0], box.xr, width), rows = cellsAlong(list(panel.ys), box.log[1], [box.yr[1], box.yr[0]], height), z = panel.z;
  for (let j = 0; j < height; j++) {
    if (rows[j] < 0) continue;
    const row = z[rows[j]];
    for (let i = 0; i < width; i++) {
      if (columns[i] < 0) continue;
      const value = row[columns[i]], level = Math.max(0, Math.min(count - 1, Math.floor((value - edges[0]) / step)));
      pixels[j * width + i] = value === value ? colours[level] : unknown;
    }
  }
  context.putImageData(image, 0, 0);
  return canvas.toDataURL();
}
const MOST_PICTURE = 7e5; // pixels
const MOST_CELLS = 2e4; // that lines of equal level are searched in

// Index of the cell at each pixel along an axis; -1 beyond half a cell from the outer ones.
function cellsAlong(middles, log, range, pixels) {
  const places = middles.map(value => ((log ? Math.log10(value) : value) - range[0]) / (range[1] - range[0])), order = places.map((_, i) => i).sort((a, b) => places[a] - places[b]);
  const sorted = order.map(i => places[i]), last = sorted.length - 1, half = last ? [sorted[1] - sorted[0], sorted[last] - sorted[last - 1]].map(gap => gap / 2) : [1, 1];
  let cell = 0;
  return Array.from({ length: pixels }, (_, i) => {
    const at = (i + 0.5) / pixels;
    while (cell < last && Math.abs(sorted[cell + 1] - at) <= Math.abs(sorted[cell] - at)) cell++;
    return at < sorted[0] - half[0] - MINUTE || at > sorted[last] + half[1] + MINUTE ? -1 : order[cell];
  });
}

function isolines(put, panel, start, end, size, line, overlay = "") {
  const every = panel.xs.length * panel.ys.length > MOST_CELLS ? 2 : 1, thin = values => values.filter((_, i) => i % every === 0);
  put({ type: "contour", mode: undefined, x: thin(list(panel.xs)), y: thin(list(panel.ys)), z: thin(panel.z).map(row => thin(list(row))), showscale: false, connectgaps: false,
        contours: { coloring: "none", start, end, size }, line: { smoothing: 0, ...line } }, null, { overlay });
}

// Middles of the cells that are crossed, at most one in 8 by 8 pixels.
function crosses(panel, plot, box) {
  const xs = list(panel.xs), ys = list(panel.ys), taken = new Set(), x = [], y = [];
  const at = value => (box.log[0] ? Math.log10(value) : value);
  panel.crossed.forEach((row, j) => row.forEach((is, i) => {
    if (!is) return;
    const cell = [((at(xs[i]) - box.xr[0]) / (box.xr[1] - box.xr[0])) * plot.w, ((ys[j] - box.yr[0]) / (box.yr[1] - box.yr[0])) * plot.h];
    const key = cell.map(pixels => Math.floor(pixels / 8)).join();
    if (!taken.has(key)) { taken.add(key); x.push(xs[i]); y.push(ys[j]); }
  }));
  return [x, y];
}

// A polar plot on plain axes: its radius is 1, the front is down, azimuth counter-clockwise.
const EDGE = 1.2;
const polarPoint = (degrees, radius) => [radius * Math.sin((degrees * Math.PI) / 180), -radius * Math.cos((degrees * Math.PI) / 180)];
const polarRadius = (panel, level) => Math.max(0, (level - panel.range_db[0]) / (panel.range_db[1] - panel.range_db[0]));
const polar = {
  axes: () => [{ label: "", unit: "", range: [-EDGE, EDGE] }, { label: "", unit: "", range: [-EDGE, EDGE] }],
  paint(context) {
    const { panel, scheme, put, box } = context, x = [], y = [], around = Array.from({ length: 49 }, (_, i) => i * 7.5);
    const path = points => { for (const point of points) { x.push(point[0]); y.push(point[1]); } x.push(null); y.push(null); };
    const rings = list(panel.rings_db).filter(ring => polarRadius(panel, ring) > 0);
    for (const ring of rings) path(around.map(degrees => polarPoint(degrees, polarRadius(panel, ring))));
    path(around.map(degrees => polarPoint(degrees, 1)));
    for (let degrees = 0; degrees < 360; degrees += 45) path([[0, 0], polarPoint(degrees, 1)]);
    for (const sector of panel.sectors ?? []) {
      const size = (sector.stop_deg - sector.start_deg + 360) % 360 || 360;
      const arc = Array.from({ length: 17 }, (_, i) => polarPoint(sector.start_deg + (size * i) / 16, 1));
      put({ x: [0, ...arc.map(p => p[0]), 0], y: [0, ...arc.map(p => p[1]), 0], fill: "toself", fillcolor: faded(colour(scheme, sector.color), 0.25), line: { width: 0 } });
    }
    put({ x, y, line: { color: scheme.faint, width: 1 } });
    const angles = [0, 45, 90, 135, 180, -135, -90, -45].filter(degrees => !panel.sides || Math.abs(degrees) === 90);
    const words = (points, text, color, size) =>
      put({ x: points.map(p => p[0]), y: points.map(p => p[1]), mode: "text", text, textfont: { size, color }, cliponaxis: false });
    words(angles.map(degrees => polarPoint(degrees, 1.11)), angles.map(degrees => `${degrees}°`.replace("-", "−")), scheme.soft, 9.5);
    panel.lines.forEach((line, i) => {
      const degrees = list(line.x), radii = list(line.y).map(level => polarRadius(panel, level)), points = degrees.map((d, k) => polarPoint(d, radii[k]));
      points.push(points[0]);
      paintLine(context, line, points.map(p => p[0]), points.map(p => p[1]), i);
    });
    words(rings.map(ring => polarPoint(158, polarRadius(panel, ring))), rings.map(ring => `${ring}`.replace("-", "−")), scheme.ink, box.plot.w < 150 ? 8 : 9);
  },
};

// Whether an upright text would lie on one before it, on its side, that is shown.
const LETTER_PIXELS = 11;
function isCrowded(shape, panel, perPixel) {
  let last = -Infinity;
  for (const other of panel.shapes.filter(one => one.upright && Math.sign(one.away?.[1] ?? 0) === Math.sign(shape.away?.[1] ?? 0)).sort((a, b) => a.x - b.x)) {
    const hidden = (other.x - last) / perPixel < LETTER_PIXELS;
    if (other === shape) return hidden;
    if (!hidden) last = other.x;
  }
  return false;
}

const drawing = {
  axes: panel => [panel.x, panel.y],
  paint({ panel, box, scheme, put, layout, axes }) {
    const perPixel = [(box.xr[1] - box.xr[0]) / box.plot.w, (box.yr[1] - box.yr[0]) / box.plot.h];
    for (const shape of panel.shapes) {
      const line = colour(scheme, shape.color ?? "ink"), fill = shape.fill === undefined ? "rgba(0,0,0,0)" : colour(scheme, shape.fill);
      const width = (shape.width ?? 1) * PIXELS, refs = { xref: axes.xaxis, yref: axes.yaxis }, stroke = { color: line, width };
      const points = ["line", "polygon", "points"].includes(shape.form) && { x: list(shape.x), y: list(shape.y) };
      const look = shape.name ? { name: shape.name, color: shape.color ?? "ink", point: shape.form === "points", fill: shape.form === "polygon" ? shape.fill : undefined } : null;
      if (shape.form === "circle")
        layout.shapes.push({ type: "circle", ...refs, x0: shape.x - shape.radius, x1: shape.x + shape.radius, y0: shape.y - shape.radius, y1: shape.y + shape.radius,
                             fillcolor: fill, line: stroke, layer: shape.fill === "shade" ? "below" : "between" });
      else if (shape.form === "strip") layout.shapes.push(rectangle(axes, shape.x[0], shape.x[1], { fillcolor: fill, line: stroke }));
      else if (shape.form === "line") put({ ...points, line: stroke }, look);
      else if (shape.form === "polygon")
        put({ x: [...points.x, points.x[0]], y: [...points.y, points.y[0]], fill: "toself", fillcolor: fill, line: stroke }, look);
      else if (shape.form === "points")
        put({ ...points, mode: "markers", marker: { color: shape.hollow ? "rgba(0,0,0,0)" : line, size: (shape.size ?? 4) * PIXELS, line: { color: line, width: shape.hollow ? 1.5 : 0 } } }, look);
      else if (shape.form === "arrow")
        layout.annotations.push({ ...refs, axref: axes.xaxis, ayref: axes.yaxis, ax: shape.x[0], ay: shape.y[0], x: shape.x[1], y: shape.y[1], text: "",
                                  showarrow: true, arrowhead: 2, arrowsize: 1, arrowwidth: width, arrowcolor: line });
      else {
        const [right, up] = (shape.away ?? [0, 0]).map(points => points * PIXELS), text = shape.bold ? `<b>${escaped(shape.text)}</b>` : escaped(shape.text);
        const font = { size: (shape.size ?? 8.5) * PIXELS * 1.08, color: line }, side = { left: "right", right: "left", center: "center" }[shape.align ?? "center"];
        if (shape.upright && isCrowded(shape, panel, perPixel[0])) continue;
        if (shape.upright)
          layout.annotations.push({ ...refs, x: shape.x, y: shape.y, xshift: right, yshift: up, text, textangle: -90, showarrow: false, font,
                                    yanchor: up < 0 ? "top" : up > 0 ? "bottom" : "middle" });
        else
          put({ x: [shape.x + right * perPixel[0]], y: [shape.y + up * perPixel[1]], mode: "text", text: [text], cliponaxis: false,
                textposition: side === "center" ? "middle center" : `middle ${side}`, textfont: font });
      }
    }
  },
};

const PAINTERS = { curves, map, polar, drawing };
