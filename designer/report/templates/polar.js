// A polar plot on plain axes: its radius is 1, the front is down, azimuth counter-clockwise.
const EDGE = 1.2;
const polarPoint = (degrees, radius) => [
  radius * Math.sin((degrees * Math.PI) / 180),
  -radius * Math.cos((degrees * Math.PI) / 180),
];
const polarRadius = (panel, level) => Math.max(0, (level - panel.range_db[0]) / (panel.range_db[1] - panel.range_db[0]));
const polar = {
  axes: () => [
    { label: "", unit: "", range: [-EDGE, EDGE] },
    { label: "", unit: "", range: [-EDGE, EDGE] },
  ],
  paint(context) {
    const { panel, scheme, put, box } = context,
      x = [],
      y = [],
      around = Array.from({ length: 49 }, (_, i) => i * 7.5);
    const path = points => {
      for (const point of points) {
        x.push(point[0]);
        y.push(point[1]);
      }
      x.push(null);
      y.push(null);
    };
    const rings = list(panel.rings_db).filter(ring => polarRadius(panel, ring) > 0);
    for (const ring of rings) path(around.map(degrees => polarPoint(degrees, polarRadius(panel, ring))));
    path(around.map(degrees => polarPoint(degrees, 1)));
    for (let degrees = 0; degrees < 360; degrees += 45) path([[0, 0], polarPoint(degrees, 1)]);
    for (const sector of panel.sectors ?? []) {
      const size = (sector.stop_deg - sector.start_deg + 360) % 360 || 360;
      const arc = Array.from({ length: 17 }, (_, i) => polarPoint(sector.start_deg + (size * i) / 16, 1));
      put({
        x: [0, ...arc.map(p => p[0]), 0],
        y: [0, ...arc.map(p => p[1]), 0],
        fill: "toself",
        fillcolor: faded(colour(scheme, sector.color), 0.25),
        line: { width: 0 },
      });
    }
    put({ x, y, line: { color: scheme.faint, width: 1 } });
    const angles = [0, 45, 90, 135, 180, -135, -90, -45].filter(degrees => !panel.sides || Math.abs(degrees) === 90);
    const words = (points, text, color, size) =>
      put({
        x: points.map(p => p[0]),
        y: points.map(p => p[1]),
        mode: "text",
        text,
        textfont: { size, color },
        cliponaxis: false,
      });
    words(
      angles.map(degrees => polarPoint(degrees, 1.11)),
      angles.map(degrees => `${degrees}°`.replace("-", "−")),
      scheme.soft,
      9.5,
    );
    panel.lines.forEach((line, i) => {
      const degrees = list(line.x),
        radii = list(line.y).map(level => polarRadius(panel, level)),
        points = degrees.map((d, k) => polarPoint(d, radii[k]));
      points.push(points[0]);
      paintLine(
        context,
        line,
        points.map(p => p[0]),
        points.map(p => p[1]),
        i,
      );
    });
    words(
      rings.map(ring => polarPoint(158, polarRadius(panel, ring))),
      rings.map(ring => `${ring}`.replace("-", "−")),
      scheme.ink,
      box.plot.w < 150 ? 8 : 9,
    );
  },
};
