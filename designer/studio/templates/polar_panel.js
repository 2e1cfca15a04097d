// The polar plot at the cursor's frequency: columns of the map, live and judged.
class PolarAtCursor extends Panel {
  // With room for the title, whose frequency is the cursor's.
  show(figure) {
    super.show({ ...figure, panels: figure.panels.map(panel => ({ ...panel, title: "At the cursor" })) });
  }

  layer() {
    const [judged, moving] = [panels.get("map").base, live.figures?.map].map(figure => figure?.panels[0]);
    const source = moving ?? judged,
      laid = (judged?.others ?? []).filter(isLaid);
    if (!source) return [];
    const [low, high] = source.band_hz ?? source.x.range,
      wanted = cursor.frequency ?? Math.sqrt(Math.max(low, source.x.range[0]) * high),
      [box] = this.spec.boxes;
    const cut = (map, look) => {
      const column = nearest(list(map.xs), wanted);
      return { name: "", x: map.ys, y: map.z.map(row => row[column]), color: 0, dash: "solid", width: 1.8, ...look };
    };
    const lines = [
      ...laid.map(other => cut(other, { name: other.overlay, ...snapshotLook(SNAPSHOTS.indexOf(other.overlay)) })),
    ];
    if (moving && judged) lines.push(cut(judged, { opacity: 0.35 }));
    lines.push(cut(source, moving ? { dash: "dash" } : {}));
    box.panel.lines = lines;
    this.parts[0].area.previousElementSibling.querySelector(".name").textContent = `At ${measure(nearestValue(list(source.xs), wanted), "Hz")}`;
    return [{ ...box.panel, lines, moving: live.figures?.polar?.panels[0].sectors }];
  }

  update() {
    this.paint();
    super.update();
  }
}
