// A figure's dictionary to what Plotly draws: places of its panels in pixels, axes, traces.

const MOST_PIXELS = 660; // width beyond which a figure grows no higher
const LEAST_PIXELS = 600; // width below which it grows no lower
const FREQUENCIES = [20, 50, 100, 200, 500, 1000, 2000, 5000, 10000, 20000, 50000, 100000];
const FEW_FREQUENCIES = [20, 100, 500, 2000, 10000, 50000];
const BAR_PIXELS = 58;
const LINE_PIXELS = 16;
const LEAST_PLOT = 40; // width and height that an axis is left

const isSquare = panel => panel.kind === "polar" || panel.kind === "drawing" || Boolean(panel.equal);

// Lines of a title at a width, broken between words.
const ruler = document.createElement("canvas").getContext("2d");
function pixelsOf(text, size) {
  ruler.font = `${size}px ${FONT}`;
  return ruler.measureText(text).width;
}
function wrapped(text, pixels) {
  ruler.font = `bold 12.5px ${FONT}`;
  const lines = [];
  for (const word of text.split(" ").filter(Boolean)) {
    const longer = lines.length ? `${lines[lines.length - 1]} ${word}` : word;
    if (lines.length && ruler.measureText(longer).width <= pixels) lines[lines.length - 1] = longer;
    else lines.push(word);
  }
  return lines;
}

// Rectangles of the panels within a figure of this width, and its height.
function placed(figure, width) {
  const panels = figure.panels,
    least = panels.every(panel => panel.kind === "polar") ? 140 : panels.every(isSquare) ? 120 : figure.columns > 2 ? 140 : 215;
  const base = panels.every(isSquare) ? Math.min(width, MOST_PIXELS) : Math.min(Math.max(width, LEAST_PIXELS), MOST_PIXELS);
  const printed = ((figure.height - 0.3) / 7.2) * base;
  const columns = Math.min(figure.columns, Math.max(1, Math.floor(width / least)));
  const stacked = columns < figure.columns;
  const sum = (parts, from, count) => parts.slice(from, from + count).reduce((a, b) => a + b, 0);
  const shares = (given, count) => {
    const parts = given ?? Array(count).fill(1),
      sum = parts.reduce((a, b) => a + b, 0);
    return parts.map(part => part / sum);
  };
  const wide = shares(stacked ? null : figure.widths, columns),
    high = shares(figure.heights, figure.rows);
  const lines = wrapped(figure.title, width - 8).length,
    top = lines ? lines * LINE_PIXELS + 4 : 0;
  const bars = barPanels(panels),
    cells = panels.map((panel, i) => (stacked ? [Math.floor(i / columns), i % columns, 1, 1] : panel.place));
  const extra = Array(columns).fill(0); // pixels right of each column that a bar of levels takes
  for (const i of bars) extra[Math.min(cells[i][1] + cells[i][3], columns) - 1] = BAR_PIXELS;
  const room = width - sum(extra, 0, columns);
  const boxes = panels.map((panel, i) => {
    const [row, column, rows, across] = cells[i];
    return {
      panel,
      row,
      rows,
      column,
      x: sum(wide, 0, column) * room + sum(extra, 0, column),
      w: sum(wide, column, across) * room + sum(extra, column, across - 1),
      bar: bars.has(i),
      share: sum(high, panel.place[0], panel.place[2] ?? 1),
    };
  });
  const isPolar = box => box.panel.kind === "polar";
  const above = box => wrapped(box.panel.title, box.w - 8).length * LINE_PIXELS + 6;
  const xLabel = box => (!isPolar(box) && isLabelled(box, boxes) ? fitting(box.panel.x.label, box.w - 26) : "");
  const below = box => (isPolar(box) ? 4 : 20 + (xLabel(box) ? 18 : 0));
  let height = top;
  if (stacked) {
    const rowCount = Math.max(...boxes.map(box => box.row)) + 1;
    for (let row = 0; row < rowCount; row++) {
      const inRow = boxes.filter(box => box.row === row);
      const tall = Math.max(
        ...inRow.map(box => (isSquare(box.panel) ? box.w * 0.92 + 24 : Math.max(190, box.share * printed))),
      );
      inRow.forEach(box => Object.assign(box, { y: height, h: tall }));
      height += tall;
    }
  } else {
    const share = box => sum(high, box.row, box.rows);
    const tall = Math.max(printed, ...boxes.map(box => (above(box) + below(box) + LEAST_PLOT) / share(box)));
    boxes.forEach(box => Object.assign(box, { y: top + sum(high, 0, box.row) * tall, h: share(box) * tall }));
    height = top + tall;
  }
  for (const box of boxes) {
    const polar = isPolar(box),
      inner = Math.max(box.h - above(box) - below(box), LEAST_PLOT);
    box.labels = [xLabel(box), polar ? "" : fitting(box.panel.y.label, inner + 8)];
    const names = Math.max(0, ...(box.panel.y?.ticks ?? []).map(([, text]) => pixelsOf(text, 11))) + 6,
      lines = box.labels[1] ? box.labels[1].split("\n").length : 0;
    const left = polar ? 4 : Math.max(40, Math.min(names, 0.4 * box.w)) + 15 * lines,
      right = polar ? 4 : 12;
    box.plot = { x: box.x + left, y: box.y + above(box), w: Math.max(box.w - left - right, LEAST_PLOT), h: inner };
  }
  return { boxes, width, height: Math.round(height), top };
}

// Whether a panel names its x axis: of those one above the other with the same axis the lowest does.
function isLabelled(box, boxes) {
  const same = other =>
    other.panel.x &&
    other.column === box.column &&
    other.panel.x.label === box.panel.x.label &&
    String(other.panel.x.range) === String(box.panel.x.range);
  return !boxes.some(other => other.row > box.row && same(other));
}

// As much of an axis's words as fits: all, left and right without whose (the listener's), the part with the unit, that without brackets, or none.
function fitting(label, pixels) {
  const long = text => Math.max(...text.split("\n").map(line => pixelsOf(line, 11.5))) > pixels;
  if (!label || !long(label)) return label;
  const part = label.split(/\s*[|\n]\s*/).find(text => / in |^[a-z] |%/i.test(text)) ?? label;
  const bare = part.replace(/\s*\(.*\)|[←→]/g, "").trim();
  return [label.replaceAll("listener's ", ""), part, bare].find(text => !long(text)) ?? "";
}

// Places of the map panels that have the bar of levels at their right: the last of those whose levels are alike.
function barPanels(panels) {
  const last = new Map();
  panels.forEach((panel, i) => {
    if (panel.kind === "map") last.set(panel.levels.label + list(panel.levels.edges).join(), i);
  });
  return new Set(last.values());
}

// Range of an axis as Plotly has it, decades on a logarithmic one.
function ends(axis) {
  return axis.scale === "log" ? axis.range.map(Math.log10) : list(axis.range);
}

// Both ranges widened so that a unit is as long on both.
function equal(plot, xr, yr) {
  const scale = Math.max(Math.abs(xr[1] - xr[0]) / plot.w, Math.abs(yr[1] - yr[0]) / plot.h);
  const widen = (range, pixels) => {
    const middle = (range[0] + range[1]) / 2,
      half = (Math.sign(range[1] - range[0]) * scale * pixels) / 2;
    return [middle - half, middle + half];
  };
  return [widen(xr, plot.w), widen(yr, plot.h)];
}

function plotlyAxis(axis, label, scheme, pixels, range, isX) {
  const shown = {
    range,
    type: axis.scale === "log" ? "log" : "linear",
    gridcolor: scheme.faint,
    linecolor: scheme.soft,
    showline: true,
    zeroline: false,
    ticks: "",
    tickangle: 0,
    tickfont: { size: 11, color: scheme.soft },
    nticks: isX ? Math.max(3, Math.round(pixels / 60)) : Math.max(3, Math.min(4, Math.floor(pixels / 13)), Math.round(pixels / 32)),
    title: { text: escaped(label), font: { size: 11.5, color: scheme.ink }, standoff: isX ? 4 : 6 },
  };
  if (axis.ticks) {
    const widest = Math.max(...axis.ticks.map(([, text]) => pixelsOf(text, 11))) + 6;
    const step = isX ? Math.ceil((widest * (axis.ticks.length - 1)) / pixels) || 1 : 1;
    const ticks = axis.ticks.filter((_, i) => i % step === 0);
    Object.assign(shown, { tickvals: ticks.map(([at]) => at), ticktext: ticks.map(([, text]) => text) });
  }
  else if (axis.scale === "log" && axis.unit === "Hz") {
    const ticks = (pixels < 330 ? FEW_FREQUENCIES : FREQUENCIES).filter(
      f => f >= axis.range[0] * 0.999 && f <= axis.range[1] * 1.001,
    );
    Object.assign(shown, { tickvals: ticks, ticktext: ticks.map(f => (f >= 1000 ? `${f / 1000}k` : `${f}`)) });
  }
  return shown;
}

function escaped(text) {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll("\n", "<br>");
}

// What Plotly draws of a figure at a width in a scheme, and the panels' rectangles with their ranges.
function specification(figure, width, scheme, hidden = new Set()) {
  const place = placed(figure, width),
    traces = [],
    named = [];
  const layout = {
    width,
    height: place.height,
    margin: { l: 0, r: 0, t: 0, b: 0, pad: 0 },
    paper_bgcolor: scheme.paper,
    plot_bgcolor: scheme.paper,
    font: { family: FONT, size: 11, color: scheme.ink },
    showlegend: false,
    hovermode: false,
    shapes: [],
    annotations: [],
    images: [],
    dragmode: matchMedia("(pointer: coarse)").matches ? false : "zoom",
  };
  place.boxes.forEach((box, i) => {
    const { panel, plot } = box,
      n = i ? i + 1 : "",
      axes = { xaxis: `x${n}`, yaxis: `y${n}` };
    const painter = PAINTERS[panel.kind];
    const [x, y] = painter.axes(panel);
    [box.xr, box.yr] = isSquare(panel) ? equal(plot, ends(x), ends(y)) : [ends(x), ends(y)];
    box.log = [x.scale === "log", y.scale === "log"];
    const fixed = isSquare(panel);
    layout[`xaxis${n}`] = {
      ...plotlyAxis(x, box.labels[0], scheme, plot.w, box.xr, true),
      anchor: `y${n}`,
      fixedrange: fixed,
      showgrid: panel.kind !== "map",
      domain: [plot.x / width, (plot.x + plot.w) / width],
    };
    layout[`yaxis${n}`] = {
      ...plotlyAxis(y, box.labels[1], scheme, plot.h, box.yr, false),
      anchor: `x${n}`,
      fixedrange: fixed,
      showgrid: panel.kind !== "map",
      domain: [1 - (plot.y + plot.h) / place.height, 1 - plot.y / place.height],
    };
    if (panel.kind === "polar") layout[`xaxis${n}`].visible = layout[`yaxis${n}`].visible = false;
    const put = (trace, look = null, of = {}) => {
      if (look?.name) named.push({ name: look.name, look, panel: i });
      traces.push({
        type: "scatter",
        mode: "lines",
        hoverinfo: "skip",
        ...axes,
        ...trace,
        meta: { panel: i, name: look?.name ?? "", ...of },
        visible: !(look?.name && hidden.has(look.name)) && !(look?.design !== undefined && hidden.has(look.design)),
      });
    };
    painter.paint({ panel, box, scheme, put, layout, axes, width, height: place.height });
    for (const note of panel.notes ?? []) annotate(layout, axes, note, scheme);
  });
  return { traces, layout, named, ...place };
}

function annotate(layout, axes, note, scheme) {
  const refs = note.share
    ? { xref: `${axes.xaxis} domain`, yref: `${axes.yaxis} domain` }
    : { xref: axes.xaxis, yref: axes.yaxis };
  const at = layout[axes.xaxis.replace("x", "xaxis")];
  const x = !note.share && at.type === "log" ? Math.log10(note.x) : note.x;
  layout.annotations.push({
    ...refs,
    x,
    y: note.y,
    text: escaped(note.text),
    showarrow: false,
    xanchor: note.share && note.x > 0.5 ? "right" : "center",
    font: { size: 11, color: colour(scheme, note.color ?? "ink") },
    ...(note.boxed ? { bgcolor: scheme.paper } : {}),
  });
}
