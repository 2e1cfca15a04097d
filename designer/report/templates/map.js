// A map: its cells as a picture, the bar of its levels, lines of equal level, boxes and marks.

const map = {
  axes: panel => [panel.x, panel.y],
  paint({ panel, box, scheme, put, layout, axes, width, height }) {
    const { levels } = panel,
      edges = list(levels.edges),
      plot = box.plot;
    const bar = {
      x: (plot.x + plot.w + 6) / width,
      xanchor: "left",
      xpad: 0,
      y: 1 - (plot.y + plot.h / 2) / height,
      len: plot.h / height,
      thickness: 10,
      ypad: 0,
      outlinewidth: 0,
      tickvals: list(levels.ticks),
      tickfont: { size: 10, color: scheme.soft },
      title: { text: escaped(fitting(levels.label, plot.h) || levels.unit), side: "right", font: { size: 11, color: scheme.ink } },
    };
    layout.images.push({
      xref: axes.xaxis,
      yref: axes.yaxis,
      x: box.xr[0],
      y: box.yr[1],
      sizex: Math.abs(box.xr[1] - box.xr[0]),
      sizey: Math.abs(box.yr[1] - box.yr[0]),
      xanchor: "left",
      yanchor: "top",
      sizing: "stretch",
      layer: "below",
      source: picture(panel, box, scheme),
    });
    const shades = { colorscale: steps(levels), cmin: edges[0], cmax: edges[edges.length - 1], showscale: true, colorbar: bar };
    if (box.bar) put({ x: [null], y: [null], mode: "markers", marker: { color: [0], ...shades } });
    const double = (white, ink) => [
      [scheme.paper, white],
      [scheme.ink, ink],
    ];
    if (panel.contour !== undefined)
      for (const [color, thick] of double(3, 1.5))
        isolines(put, panel, panel.contour, panel.contour, 1, { color, width: thick });
    for (const other of panel.others ?? []) {
      const ticks = list(levels.ticks),
        { look, contour } = other; // a panel with its own look has one line alone
      if (look) {
        isolines(put, other, contour, contour, 1, { color: scheme.paper, width: 3.4 }, other.overlay, look);
        const line = { color: colour(scheme, look.color), width: 1.8, dash: DASHES[look.dash] };
        isolines(put, other, contour, contour, 1, line, other.overlay, look);
        continue;
      }
      for (const [color, thick] of double(2.4, 1.1))
        isolines(
          put,
          other,
          ticks[1],
          ticks[ticks.length - 1],
          ticks[1] - ticks[0],
          { color, width: thick, dash: "4px,2px" },
          other.overlay,
        );
    }
    for (const edge of panel.band_hz ?? [])
      for (const [[color, thick], dash] of [
        [double(1.6, 0.8)[0], "solid"],
        [double(1.6, 0.8)[1], "3px,3px"],
      ])
        layout.shapes.push(upright(axes, edge, { line: { color, width: thick, dash } }));
    for (const { x, y } of panel.boxes ?? [])
      for (const [color, thick] of double(2.4, 1.2))
        layout.shapes.push({
          type: "rect",
          xref: axes.xaxis,
          yref: axes.yaxis,
          x0: x[0],
          x1: x[1],
          y0: y[0],
          y1: y[1],
          line: { color, width: thick },
        });
    if (panel.crossed) {
      const [x, y] = crosses(panel, plot, box);
      for (const [color, size] of double(7, 5))
        put({
          x,
          y,
          mode: "markers",
          marker: { symbol: "x-thin", size, line: { color, width: color === scheme.ink ? 1 : 2.4 } },
        });
    }
    for (const mark of panel.marks ?? []) {
      const at = { x: list(mark.x), y: list(mark.y), mode: "markers" },
        symbol = MARKERS[mark.marker],
        color = colour(scheme, mark.color);
      put({ ...at, marker: { symbol, size: 11, color: scheme.paper, line: { width: 4, color: scheme.paper } } });
      put(
        { ...at, marker: { symbol, size: 9, color, line: { width: 1.6, color } } },
        { name: mark.name, color: mark.color, marker: mark.marker, width: 0 },
      );
    }
  },
};

// The cells of a map in its colors as a picture of the panel's size: a thousand times fewer shapes than cells.
function picture(panel, box, scheme) {
  const density = box.plot.w * box.plot.h < MOST_PICTURE / 4 ? 2 : 1,
    canvas = document.createElement("canvas");
  colourCells(canvas, panel, box, scheme, density);
  return canvas.toDataURL();
}

// A canvas as large as a panel, a density of pixels to each of its own, with the cells of a map.
function colourCells(canvas, panel, box, scheme, density) {
  const width = Math.round(box.plot.w * density),
    height = Math.round(box.plot.h * density);
  Object.assign(canvas, { width, height });
  const context = canvas.getContext("2d");
  const image = context.createImageData(width, height),
    pixels = new Uint32Array(image.data.buffer);
  const edges = list(panel.levels.edges),
    count = edges.length - 1,
    step = (edges[count] - edges[0]) / count;
  const packed = text =>
    text
      .match(/\d+/g)
      .map(Number)
      .reduce((sum, part, i) => sum | (part << (8 * i)), 0xff000000) >>> 0;
  const colours = edges.slice(1).map((_, i) => packed(scaleColour(panel.levels.palette, count > 1 ? i / (count - 1) : 0)));
  const unknown = packed(faded(scheme.faint, 1).replace(/,1\)$/, ")"));
  const columns = cellsAlong(list(panel.xs), box.log[0], box.xr, width),
    rows = cellsAlong(list(panel.ys), box.log[1], [box.yr[1], box.yr[0]], height),
    z = panel.z;
  for (let j = 0; j < height; j++) {
    if (rows[j] < 0) continue;
    const row = z[rows[j]];
    for (let i = 0; i < width; i++) {
      if (columns[i] < 0) continue;
      const value = row[columns[i]],
        level = Math.max(0, Math.min(count - 1, Math.floor((value - edges[0]) / step)));
      pixels[j * width + i] = value === value ? colours[level] : unknown;
    }
  }
  context.putImageData(image, 0, 0);
}
const MOST_PICTURE = 7e5; // pixels
const MOST_CELLS = 2e4; // that lines of equal level are searched in

// Index of the cell at each pixel along an axis; -1 beyond half a cell from the outer ones.
function cellsAlong(middles, log, range, pixels) {
  const places = middles.map(value => ((log ? Math.log10(value) : value) - range[0]) / (range[1] - range[0])),
    order = places.map((_, i) => i).sort((a, b) => places[a] - places[b]);
  const sorted = order.map(i => places[i]),
    last = sorted.length - 1,
    half = last ? [sorted[1] - sorted[0], sorted[last] - sorted[last - 1]].map(gap => gap / 2) : [1, 1];
  let cell = 0;
  return Array.from({ length: pixels }, (_, i) => {
    const at = (i + 0.5) / pixels;
    while (cell < last && Math.abs(sorted[cell + 1] - at) <= Math.abs(sorted[cell] - at)) cell++;
    return at < sorted[0] - half[0] - MINUTE || at > sorted[last] + half[1] + MINUTE ? -1 : order[cell];
  });
}

function isolines(put, panel, start, end, size, line, overlay = "", look = null) {
  const every = panel.xs.length * panel.ys.length > MOST_CELLS ? 2 : 1,
    thin = values => values.filter((_, i) => i % every === 0);
  put(
    {
      type: "contour",
      mode: undefined,
      x: thin(list(panel.xs)),
      y: thin(list(panel.ys)),
      z: thin(panel.z).map(row => thin(list(row))),
      showscale: false,
      connectgaps: false,
      contours: { coloring: "none", start, end, size },
      line: { smoothing: 0, ...line },
    },
    look,
    { overlay },
  );
}

// Middles of the cells that are crossed, at most one in 8 by 8 pixels.
function crosses(panel, plot, box) {
  const xs = list(panel.xs),
    ys = list(panel.ys),
    taken = new Set(),
    x = [],
    y = [];
  const at = value => (box.log[0] ? Math.log10(value) : value);
  panel.crossed.forEach((row, j) =>
    row.forEach((is, i) => {
      if (!is) return;
      const cell = [
        ((at(xs[i]) - box.xr[0]) / (box.xr[1] - box.xr[0])) * plot.w,
        ((ys[j] - box.yr[0]) / (box.yr[1] - box.yr[0])) * plot.h,
      ];
      const key = cell.map(pixels => Math.floor(pixels / 8)).join();
      if (!taken.has(key)) {
        taken.add(key);
        x.push(xs[i]);
        y.push(ys[j]);
      }
    }),
  );
  return [x, y];
}
