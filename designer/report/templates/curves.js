// Curves over one x axis: their lines with dashes and markers, areas, bounds and marks.

const lineOf = (scheme, line) => ({
  color: colour(scheme, line.color),
  dash: DASHES[line.dash] ?? "solid",
  width: line.width * PIXELS,
});

// Places of the points that carry a marker: at even steps of the axis where the look says so.
function marked(line, xs, box) {
  if (!line.spacing) return xs.map((_, i) => i);
  const [begin, step] = line.spacing,
    at = value => (box.log[0] ? Math.log10(value) : value);
  const share = xs.map(value => (at(value) - box.xr[0]) / (box.xr[1] - box.xr[0]));
  const places = [];
  for (let want = begin; want < 1; want += step) {
    let best = -1;
    share.forEach((value, i) => {
      if (best < 0 || Math.abs(value - want) < Math.abs(share[best] - want)) best = i;
    });
    if (best >= 0 && Math.abs(share[best] - want) < step) places.push(best);
  }
  return places;
}

function paintLine({ scheme, put, box }, line, xs, ys, index, more = {}) {
  const of = { line: index, overlay: line.overlay ?? "" },
    opacity = line.opacity ?? 1;
  if (line.width > 0)
    put(
      {
        x: xs,
        y: ys,
        opacity,
        line: { ...lineOf(scheme, line), shape: line.shape ?? "linear", simplify: false },
        connectgaps: false,
        ...more,
      },
      line,
      of,
    );
  if (line.marker) {
    const places = line.width > 0 ? marked(line, xs, box) : xs.map((_, i) => i),
      color = colour(scheme, line.color);
    put(
      {
        x: places.map(i => xs[i]),
        y: places.map(i => ys[i]),
        mode: "markers",
        opacity,
        ...more,
        marker: {
          symbol: MARKERS[line.marker] + (line.hollow ? "-open" : ""),
          size: (line.size ?? 4) * PIXELS * 1.25,
          color,
          line: { width: line.hollow || line.marker === "plus" ? 1.5 : 0, color },
        },
      },
      line.width > 0 ? { ...line, name: line.name } : line,
      of,
    );
  }
}

const rectangle = (axes, x0, x1, more) => ({
  type: "rect",
  xref: axes.xaxis,
  yref: `${axes.yaxis} domain`,
  x0,
  x1,
  y0: 0,
  y1: 1,
  line: { width: 0 },
  layer: "below",
  ...more,
});
const upright = (axes, x, more) => ({
  type: "line",
  xref: axes.xaxis,
  yref: `${axes.yaxis} domain`,
  x0: x,
  x1: x,
  y0: 0,
  y1: 1,
  ...more,
});

function runs(x, low, high, opacityOf) {
  const xs = [],
    ys = [];
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

// Whether a text above this level would stand in the panel's title.
const TEXT_PIXELS = 15;
const isNearTop = ({ yr, plot }, y) => ((yr[1] - y) / (yr[1] - yr[0])) * plot.h < TEXT_PIXELS;

const curves = {
  axes: panel => [panel.x, panel.y],
  paint(context) {
    const { panel, box, scheme, put, layout, axes } = context;
    const [low, high] = panel.x.range;
    for (const [start, stop] of [...(panel.shaded ?? []), ...outside(panel.band_hz, low, high)])
      layout.shapes.push(rectangle(axes, start, stop, { fillcolor: scheme.shade }));
    for (const edge of panel.band_hz ?? [])
      if (edge > low && edge < high)
        layout.shapes.push(upright(axes, edge, { line: { color: scheme.soft, width: 1, dash: "3px,3px" }, layer: "below" }));
    for (const span of panel.spans ?? []) {
      const [x, y] = runs(list(span.x), list(span.low), list(span.high));
      put(
        { x, y, fill: "toself", fillcolor: faded(colour(scheme, span.color), span.opacity ?? 0.35), line: { width: 0 } },
        { name: span.name, fill: span.color, opacity: span.opacity },
      );
    }
    for (const short of panel.shortfalls ?? []) {
      const [x, y] = runs(list(short.x), list(short.low), list(short.high));
      put(
        {
          x,
          y,
          fill: "toself",
          line: { width: 0.5, color: scheme.bad },
          fillcolor: faded(scheme.bad, 0.05),
          fillpattern: { shape: "/", size: 6, solidity: 0.25, fgcolor: scheme.bad, bgcolor: "rgba(0,0,0,0)" },
        },
        { name: short.name, hatch: true, color: "alarm" },
      );
    }
    for (const mark of panel.marks ?? []) {
      layout.shapes.push(upright(axes, mark.x, { line: { color: scheme.soft, width: 1, dash: "3px,3px" } }));
      const left = share(box.xr, mark.x, box.log[0]) * box.plot.w,
        shift = box.plot.w - left > Math.min(pixelsOf(mark.text, 10.5) + 4, left) ? 2 : -2; // to where it has room
      if (mark.text)
        layout.annotations.push({
          xref: axes.xaxis,
          yref: `${axes.yaxis} domain`,
          x: box.log[0] ? Math.log10(mark.x) : mark.x,
          y: 1,
          text: escaped(mark.text),
          showarrow: false,
          xanchor: shift > 0 ? "left" : "right",
          yanchor: "top",
          xshift: shift,
          font: { size: 10.5, color: scheme.soft },
        });
    }
    for (const limit of panel.limits ?? []) {
      layout.shapes.push({
        type: "line",
        xref: `${axes.xaxis} domain`,
        yref: axes.yaxis,
        x0: 0,
        x1: 1,
        y0: limit.y,
        y1: limit.y,
        line: { color: colour(scheme, limit.color ?? "ink"), width: 1.2, dash: DASHES[limit.dash ?? "dot"] },
      });
      if (limit.text)
        layout.annotations.push({
          xref: `${axes.xaxis} domain`,
          yref: axes.yaxis,
          x: 0.005,
          y: limit.y,
          text: escaped(limit.text),
          showarrow: false,
          xanchor: "left",
          yanchor: limit.above === false || isNearTop(box, limit.y) ? "top" : "bottom",
          font: { size: 10.5, color: scheme.ink },
        });
    }
    panel.lines.forEach((line, i) => paintLine(context, line, list(line.x), list(line.y), i));
  },
};

function outside(band, low, high) {
  return band
    ? [
        [low, band[0]],
        [band[1], high],
      ].filter(([start, stop]) => stop > start)
    : [];
}
