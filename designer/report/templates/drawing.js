// A drawing of shapes in metres, both axes in one scale; and the table of all painters of panels.

// As much of a text's end as fits: there is the number of a driver.
function shortened(text, pixels, size) {
  if (pixelsOf(text, size) <= pixels) return text;
  for (let cut = 1; cut < text.length; cut++) {
    const rest = `…${text.slice(cut)}`;
    if (pixelsOf(rest, size) <= pixels) return rest;
  }
  return "";
}

// Whether an upright text would lie on one before it, on its side, that is shown.
const LETTER_PIXELS = 11;
function isCrowded(shape, panel, perPixel) {
  let last = -Infinity;
  for (const other of panel.shapes
    .filter(one => one.upright && Math.sign(one.away?.[1] ?? 0) === Math.sign(shape.away?.[1] ?? 0))
    .sort((a, b) => a.x - b.x)) {
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
      const line = colour(scheme, shape.color ?? "ink"),
        fill = shape.fill === undefined ? "rgba(0,0,0,0)" : colour(scheme, shape.fill);
      const width = (shape.width ?? 1) * PIXELS,
        refs = { xref: axes.xaxis, yref: axes.yaxis },
        stroke = { color: line, width };
      const points = ["line", "polygon", "points"].includes(shape.form) && { x: list(shape.x), y: list(shape.y) };
      const look = shape.name
        ? {
            name: shape.name,
            color: shape.color ?? "ink",
            point: shape.form === "points",
            fill: shape.form === "polygon" ? shape.fill : undefined,
          }
        : null;
      if (shape.form === "circle")
        layout.shapes.push({
          type: "circle",
          ...refs,
          x0: shape.x - shape.radius,
          x1: shape.x + shape.radius,
          y0: shape.y - shape.radius,
          y1: shape.y + shape.radius,
          fillcolor: fill,
          line: stroke,
          layer: shape.fill === "shade" ? "below" : "between",
        });
      else if (shape.form === "strip")
        layout.shapes.push(rectangle(axes, shape.x[0], shape.x[1], { fillcolor: fill, line: stroke }));
      else if (shape.form === "line") put({ ...points, line: stroke }, look);
      else if (shape.form === "polygon")
        put(
          { x: [...points.x, points.x[0]], y: [...points.y, points.y[0]], fill: "toself", fillcolor: fill, line: stroke },
          look,
        );
      else if (shape.form === "points")
        put(
          {
            ...points,
            mode: "markers",
            marker: {
              color: shape.hollow ? "rgba(0,0,0,0)" : line,
              size: (shape.size ?? 4) * PIXELS,
              line: { color: line, width: shape.hollow ? 1.5 : 0 },
            },
          },
          look,
        );
      else if (shape.form === "arrow")
        layout.annotations.push({
          ...refs,
          axref: axes.xaxis,
          ayref: axes.yaxis,
          ax: shape.x[0],
          ay: shape.y[0],
          x: shape.x[1],
          y: shape.y[1],
          text: "",
          showarrow: true,
          arrowhead: 2,
          arrowsize: 1,
          arrowwidth: width,
          arrowcolor: line,
        });
      else {
        const [right, up] = (shape.away ?? [0, 0]).map(points => points * PIXELS),
          text = shape.bold ? `<b>${escaped(shape.text)}</b>` : escaped(shape.text);
        const font = { size: (shape.size ?? 8.5) * PIXELS * 1.08, color: line },
          side = { left: "right", right: "left", center: "center" }[shape.align ?? "center"];
        if (shape.upright && isCrowded(shape, panel, perPixel[0])) continue;
        if (shape.upright)
          layout.annotations.push({
            ...refs,
            x: shape.x,
            y: shape.y,
            xshift: right,
            yshift: up,
            text: escaped(
              shortened(shape.text, (up < 0 ? shape.y - box.yr[0] : box.yr[1] - shape.y) / perPixel[1] - Math.abs(up), font.size),
            ),
            textangle: -90,
            showarrow: false,
            font,
            yanchor: up < 0 ? "top" : up > 0 ? "bottom" : "middle",
          });
        else
          put({
            x: [shape.x + right * perPixel[0]],
            y: [shape.y + up * perPixel[1]],
            mode: "text",
            text: [text],
            cliponaxis: false,
            textposition: side === "center" ? "middle center" : `middle ${side}`,
            textfont: font,
          });
      }
    }
  },
};

// Of each kind of panel its axes, and what paints it.
const PAINTERS = { curves, map, polar, drawing };
