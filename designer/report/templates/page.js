// The page: its data, when each figure is drawn, schemes, paper, and files of figures.

const NEAR_PIXELS = 250;
const PAPER_PIXELS = { wide: 880, half: 430 }; // within the margins of A4, where the style sheet draws them smaller
const queue = [];
let ready = false,
  running = false,
  printing = false;

const page = unpacked(JSON.parse(document.getElementById("data").textContent));
// A new list for each question: in Chromium a list that is read between a change and its event never fires the event.
const DARK = "(prefers-color-scheme: dark)",
  PAPER = "print";
const holds = query => matchMedia(query).matches;
const currentScheme = () => (holds(DARK) && !holds(PAPER) && !printing ? page.schemes.dark : page.schemes.light);

// One figure a task, those in view first, so that the page answers in between; in idle time those out of view, so that a picture of the
// whole page shows them all. A page of very many stays as it is: each figure takes some megabytes.
const MOST_IDLE = 60;
const whenIdle = window.requestIdleCallback ?? (task => setTimeout(task, 200));
function idle() {
  if (running || queue.length || printing || views.length > MOST_IDLE) return; // work calls it again
  const view = views.find(candidate => candidate.stale && candidate.plot.clientWidth);
  if (view) enqueue(view);
}

function enqueue(view) {
  if (!queue.includes(view)) queue.push(view);
  work();
}

function work() {
  if (!ready || running) return;
  if (!queue.length) return void whenIdle(idle);
  running = true;
  setTimeout(() => {
    const first = queue.findIndex(view => view.near),
      view = queue.splice(Math.max(first, 0), 1)[0];
    if (!printing && (view.stale || view.width !== view.plot.clientWidth)) view.draw();
    running = false;
    work();
  });
}

function marks() {
  for (const mark of document.querySelectorAll(".mark"))
    mark.innerHTML = swatch(currentScheme(), JSON.parse(mark.dataset.look));
}

function redraw(those = views) {
  for (const view of those) {
    view.stale = true;
    if (view.near) enqueue(view);
  }
  work(); // those out of view too
}

function recolour() {
  marks();
  redraw();
}

const watch = new IntersectionObserver(
  entries => {
    for (const { target, isIntersecting } of entries) {
      const view = views.find(candidate => candidate.plot === target);
      view.near = isIntersecting;
      if (!isIntersecting) continue;
      if (view.stale || view.width !== view.plot.clientWidth) enqueue(view);
      else view.update();
    }
  },
  { rootMargin: `${NEAR_PIXELS}px` },
);

const sizes = new ResizeObserver(entries => {
  if (printing) return;
  for (const { target } of entries) {
    const view = views.find(candidate => candidate.plot === target),
      width = target.clientWidth;
    if (!width || width === view.width) continue;
    view.stale = true;
    if (!view.drawn) view.reserve();
    if (view.near) enqueue(view);
  }
  work();
});

function follow(view) {
  view.reserve();
  watch.observe(view.plot);
  sizes.observe(view.plot);
}

for (const element of document.querySelectorAll("figure[data-figure]")) {
  const figure = page.figures[element.dataset.figure],
    maps = figure.panels.some(isCut);
  const view = new View(element, element.dataset.figure, figure);
  if (maps) {
    const pair = node("div", "pair", null);
    element.prepend(pair);
    const main = node("div", "main", pair);
    main.append(view.plot, view.legend);
    view.cuts = new Cuts(view, node("div", "cuts", pair));
  }
  buttons(view);
}
views.forEach(follow);

// A figure as a file: on white, with its titles and its legend.
async function save(view, format) {
  const light = page.schemes.light,
    figure = laidOver(view.base, view.name),
    width = Math.max(view.width ?? MOST_PIXELS, 560);
  const spec = specification(figure, width, light, new Set([...view.hidden, ...hiddenDesigns])),
    { layout } = spec;
  const text = (words, x, y, pixels, yanchor) =>
    layout.annotations.push({
      xref: "paper",
      yref: "paper",
      x: x / width,
      y: 1 - y / spec.height,
      xanchor: "left",
      yanchor,
      showarrow: false,
      align: "left",
      text: `<b>${wrapped(words, pixels).map(escaped).join("<br>")}</b>`,
      font: { size: 12, color: light.ink },
    });
  if (figure.title) text(figure.title, 4, 0, width, "top");
  for (const { panel, x, w, plot } of spec.boxes) if (panel.title) text(panel.title, x + 4, plot.y - 2, w - 8, "bottom");
  const names = new Set();
  const shown = spec.traces.filter(
    trace => trace.visible && trace.meta.name && !names.has(trace.meta.name) && names.add(trace.meta.name),
  );
  for (const trace of spec.traces) Object.assign(trace, { name: escaped(trace.meta.name), showlegend: shown.includes(trace) });
  const rows = Math.ceil((shown.reduce((sum, trace) => sum + trace.name.length * 7 + 50, 0) / width) * 1.15);
  if (shown.length > 1)
    Object.assign(layout, {
      showlegend: true,
      margin: { ...layout.margin, b: 10 + rows * 20 },
      height: spec.height + 10 + rows * 20,
      legend: { orientation: "h", x: 0, y: 0, yanchor: "top", font: { size: 11 } },
    });
  const address = await Plotly.toImage(
    { data: spec.traces, layout },
    { format, width, height: layout.height, scale: format === "png" ? 2 : 1 },
  );
  const link = document.createElement("a");
  Object.assign(link, { href: address, download: `${view.name}.${format}` });
  link.click();
}

function buttons(view) {
  const place = node("div", "files", view.element);
  for (const format of ["png", "svg"]) {
    const button = node("button", "", place, format.toUpperCase());
    button.type = "button";
    button.title = `Save this figure as ${format.toUpperCase()}`;
    button.setAttribute("aria-label", `Save ${view.name} as ${format.toUpperCase()}`);
    button.addEventListener("click", () => ready && save(view, format));
  }
}

// On paper every table stands but those of every frequency, and every figure but a twin's, light and as wide as the sheet has room.
const FOLDED = "details:not(.long, .twin, [open])";
let unfolded = [];
function print() {
  if (printing) return;
  if (!ready) beginAtOnce();
  printing = true;
  unfolded = [...document.querySelectorAll(FOLDED)];
  for (const fold of unfolded) fold.open = true;
  document.documentElement.classList.add("printing"); // a switch's figures all have a size from here on
  for (const view of views) {
    if (!view.plot.checkVisibility()) continue;
    const wide = view.element.closest("figure").classList.contains("wide"),
      sheet = PAPER_PIXELS[wide ? "wide" : "half"];
    view.draw(page.schemes.light, view.cuts ? sheet * 0.61 : view instanceof Cuts ? sheet * 0.38 : sheet);
  }
}

function screen() {
  if (!printing) return;
  printing = false;
  document.documentElement.classList.remove("printing");
  for (const fold of unfolded) fold.open = false;
  recolour();
}
addEventListener("beforeprint", print);
addEventListener("afterprint", screen);
matchMedia(PAPER).addEventListener("change", event => (event.matches ? print() : screen()));
matchMedia(DARK).addEventListener("change", recolour);

for (const box of document.querySelectorAll("input[data-design]")) {
  const number = Number(box.dataset.design);
  if (!box.checked) hiddenDesigns.add(number);
  box.addEventListener("change", () => {
    box.checked ? hiddenDesigns.delete(number) : hiddenDesigns.add(number);
    showDesigns();
  });
}

// The library is parsed beside the page, not in it, and begins once the tables stand; of its traces these alone are put in place.
function begin() {
  if (ready) return; // printed before
  const script = document.createElement("script"),
    text = document.getElementById("plotly");
  script.src = URL.createObjectURL(new Blob([text.textContent], { type: "text/javascript" }));
  script.onload = () => {
    URL.revokeObjectURL(script.src);
    begun();
  };
  document.head.append(script);
}

function begun() {
  putInPlace();
  ready = true;
  document.getElementById("plotly")?.remove();
  document.documentElement.classList.add("ready");
  work();
}

// A sheet waits for nothing: printed before the library is there, the page parses it in its own task.
function beginAtOnce() {
  const script = document.createElement("script");
  script.textContent = document.getElementById("plotly").textContent;
  document.head.append(script);
  begun();
}

marks();
if (bar) startOverlays();
addEventListener("DOMContentLoaded", () => requestAnimationFrame(() => setTimeout(begin)));
