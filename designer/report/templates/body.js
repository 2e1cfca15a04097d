// The body in three dimensions: dragged with the pointer, turned with the arrow keys, put back with Home.

{
  const TURN_DEG = 0.5,
    KEY_DEG = 10,
    LIGHT = [0.5, -0.35, 0.8].map(part => part / Math.hypot(0.5, 0.35, 0.8));
  const dot = (a, b) => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
  const minus = (a, b) => a.map((part, i) => part - b[i]);
  const cross = (a, b) => [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]];
  const along = (a, way, length) => a.map((part, i) => part + length * way[i]);

  class BodyView {
    constructor(svg, body) {
      Object.assign(this, { svg, body });
      this.corners = body.faces.map(face => face.map(n => body.vertices[n]));
      this.normals = this.corners.map(([a, b, c]) => {
        const normal = cross(minus(b, a), minus(c, a));
        return normal.map(part => part / (Math.hypot(...normal) || 1));
      });
      const half = 1.75 * body.radius;
      this.scale = 200 / half;
      svg.setAttribute("viewBox", "-200 -170 400 340");
      this.reset();
      svg.addEventListener("pointerdown", event => {
        svg.setPointerCapture(event.pointerId);
        this.last = [event.clientX, event.clientY];
      });
      svg.addEventListener("pointermove", event => {
        if (!this.last) return;
        this.turn((this.last[0] - event.clientX) * TURN_DEG, (event.clientY - this.last[1]) * TURN_DEG);
        this.last = [event.clientX, event.clientY];
      });
      for (const end of ["pointerup", "pointercancel"]) svg.addEventListener(end, () => (this.last = null));
      svg.addEventListener("keydown", event => {
        const step = { ArrowLeft: [-KEY_DEG, 0], ArrowRight: [KEY_DEG, 0], ArrowUp: [0, KEY_DEG], ArrowDown: [0, -KEY_DEG] }[event.key];
        if (step) this.turn(...step);
        else if (event.key === "Home") this.reset();
        else return;
        event.preventDefault();
      });
    }

    reset() {
      [this.azimuth, this.elevation] = this.body.view;
      this.draw();
    }

    turn(azimuth, elevation) {
      this.azimuth += azimuth;
      this.elevation = Math.min(Math.max(this.elevation + elevation, -90), 90);
      this.draw();
    }

    // Whether a face stands between a place and the eye.
    isHidden(place, eye) {
      return this.corners.some(([a, b, c], t) => {
        const facing = dot(this.normals[t], eye);
        if (facing <= 1e-6) return false;
        const way = dot(minus(a, place), this.normals[t]) / facing;
        if (way <= 0) return false;
        const hit = along(place, eye, way);
        return [[a, b], [b, c], [c, a]].every(([p, q]) => dot(cross(minus(q, p), minus(hit, p)), this.normals[t]) >= 0);
      });
    }

    draw() {
      const { body, scale } = this,
        a = (this.azimuth * Math.PI) / 180,
        e = (this.elevation * Math.PI) / 180;
      const right = [-Math.sin(a), Math.cos(a), 0],
        up = [-Math.sin(e) * Math.cos(a), -Math.sin(e) * Math.sin(a), Math.cos(e)],
        eye = cross(right, up);
      const at = place => [scale * dot(place, right), -scale * dot(place, up)].map(part => part.toFixed(1));
      const path = places => `M${places.map(place => at(place).join(" ")).join("L")}`;
      const faces = this.corners
        .map((corners, t) => ({ corners, t, depth: corners.reduce((sum, corner) => sum + dot(corner, eye), 0) }))
        .filter(({ t }) => dot(this.normals[t], eye) > 0)
        .sort((one, other) => one.depth - other.depth)
        .map(({ corners, t }) => {
          const dark = Math.round(28 - 22 * Math.max(dot(this.normals[t], LIGHT), 0));
          const edges = [0, 1, 2].filter(n => (body.edges[t] >> n) & 1).map(n => path([corners[n], corners[(n + 1) % 3]])).join("");
          return `<path class="face" style="--dark:${dark}%" d="${path(corners)}Z"/>${edges && `<path class="edge" d="${edges}"/>`}`;
        });
      const drivers = body.drivers.map((driver, l) => {
        const before = along(driver.middle, driver.normal, 1e-3 * body.radius);
        if (dot(driver.normal, eye) < 0.02 || this.isHidden(before, eye)) return "";
        const rim = driver.rim.map(at),
          top = Math.min(...rim.map(place => place[1]));
        const name = body.drivers.length <= 8 ? `<text x="${at(driver.middle)[0]}" y="${top - 5}">${escaped(driver.name)}</text>` : "";
        return `<path class="driver" fill="var(--${PALETTE[l % PALETTE.length]})" d="${path(driver.rim)}Z"><title>${escaped(driver.name)}</title></path>${name}`;
      });
      const [tail, tip] = body.arrow.map(share => along([0, 0, 0], body.listener, share * body.radius));
      const [x, y] = at(tip);
      const arrow = `<path class="way" marker-end="url(#tip)" d="${path([tail, tip])}"/><text x="${x}" y="${Number(y) + 14}">listener</text>`;
      const parts = dot(body.listener, eye) >= 0 ? [...faces, ...drivers, arrow] : [arrow, ...faces, ...drivers];
      this.svg.innerHTML = `<defs><marker id="tip" viewBox="0 0 8 8" refX="6" refY="4" markerWidth="7" markerHeight="7" orient="auto"><path d="M0 0L8 4L0 8Z"/></marker></defs>${parts.join("")}`;
    }
  }

  const body = document.getElementById("body-data");
  if (body) new BodyView(document.getElementById("body"), JSON.parse(body.textContent));
}
