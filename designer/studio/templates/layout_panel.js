// The device from above and from the side, the scene, and the head in it close by, where its cloud can be taken hold of.
class Layout extends Panel {
  show(figure) {
    const bare = axis => ({ ...axis, label: "" }),
      parts = [...figure.panels, closeBy(figure.panels[0])].map((panel, i) => ({
        ...panel,
        ...LAYOUT_PARTS[i],
        x: bare(panel.x),
        y: bare(panel.y),
      }));
    super.show({ ...figure, rows: 2, columns: 2, widths: [1.45, 1], heights: [1, 1], panels: parts });
  }

  layer(figure) {
    return figure ? [...figure.panels, figure.panels[0]] : [];
  }
}
const LAYOUT_PARTS = [
  { title: "Scene in m", place: [0, 1, 1, 1] },
  { title: "Device in m, from above", place: [0, 0, 1, 1] },
  { title: "From the side", place: [1, 0, 1, 1] },
  { title: "Head", place: [1, 1, 1, 1], notes: [] },
];

// The scene's drawing around the head and the places of its cloud.
const LEAST_CLOSE_M = 0.16;
function closeBy(scene) {
  const near = hub.state.handles.filter(({ panel, kind }) => panel === "layout-scene" && (kind === "head" || kind === "cloud")),
    middle = near.find(({ id }) => id === "head") ?? { x: 0, y: 0 };
  const half = Math.max(LEAST_CLOSE_M, ...near.map(({ x, y }) => 1.4 * Math.max(Math.abs(x - middle.x), Math.abs(y - middle.y)))),
    around = (axis, value) => ({ ...axis, range: axis.range[0] < axis.range[1] ? [value - half, value + half] : [value + half, value - half] });
  return { ...scene, x: around(scene.x, middle.x), y: around(scene.y, middle.y) };
}
