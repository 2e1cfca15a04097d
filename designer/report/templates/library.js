// The traces that these figures need, put in place of the library's.

const NEEDED = ["contour"];

function putInPlace() {
  const missing = new Set(NEEDED);
  for (const part of Plotly.later ?? []) {
    if (!missing.size) break;
    const module = part();
    Plotly.register([module]);
    missing.delete(module.name);
  }
}
