// Another design or a measurement, laid over every figure in which it has a counterpart.

const overlays = [];
const bar = document.querySelector(".overlays");

// A figure with the lines of what lies over it.
function laidOver(figure, name) {
  if (!overlays.length) return figure;
  return {
    ...figure,
    panels: figure.panels.map((panel, i) => overlays.reduce((over, other) => withOverlay(over, other, name, i), panel)),
  };
}

function withOverlay(panel, other, name, i) {
  const counterpart = counterpartOf(panel, other, name, i);
  if (!counterpart) return panel;
  if (panel.kind === "map") return { ...panel, others: [...(panel.others ?? []), { ...counterpart, overlay: other.name }] };
  if (panel.kind === "drawing") {
    const points = (counterpart.shapes ?? []).filter(shape => shape.form === "points");
    return {
      ...panel,
      shapes: [
        ...panel.shapes,
        ...points.map(shape => ({
          ...shape,
          color: "alarm",
          hollow: true,
          size: (shape.size ?? 4) * 1.6,
          name: shape.name && `${shape.name} (${other.name})`,
        })),
      ],
    };
  }
  return {
    ...panel,
    lines: [
      ...panel.lines,
      ...counterpart.lines.map(line => ({ ...line, dash: "dot", width: Math.max(line.width, 1.6), overlay: other.name })),
    ],
  };
}

// The panel of an overlay that shows the same thing as a panel of this page.
function counterpartOf(panel, other, name, i) {
  if (other.curve) {
    if (other.place?.name !== name || other.place.panel !== i || panel.kind !== "curves") return null;
    return { lines: [{ name: other.name, ...other.curve, color: "alarm", width: 1.6 }] };
  }
  const shown = other.figures?.[name]?.panels[i];
  if (shown?.kind === panel.kind && panel.kind === "drawing") return shown;
  if (shown?.kind === panel.kind && panel.kind === "map")
    return shown.z.length === panel.z.length &&
      shown.z.every((row, j) => row.every((value, k) => Math.abs(value - panel.z[j][k]) < ALIKE))
      ? null
      : shown;
  if (panel.kind !== "curves" && panel.kind !== "polar") return null;
  const lines = [];
  for (const line of panel.lines) {
    const same = shown?.kind === panel.kind ? shown.lines.find(candidate => candidate.name === line.name) : null;
    const column = line.metric && other.metrics?.get(page.channels[name])?.[line.metric];
    const points = same
      ? { x: same.x, y: same.y }
      : column
        ? { x: other.metrics.get(page.channels[name]).frequency_hz, y: column }
        : null;
    if (points && !alike(line, points))
      lines.push({ ...line, ...points, name: line.name ? `${line.name} (${other.name})` : other.name });
  }
  return lines.length ? { lines } : null;
}

// Whether two curves are one: what is asked for within what kinks lose between two grids, all else to a hundredth.
const ALIKE = 0.01,
  ASKED_ALIKE = 0.2;
function alike(line, points) {
  const apart = line.metric === "target_db" ? ASKED_ALIKE : ALIKE;
  const xs = list(line.x),
    ys = list(line.y);
  let j = 0;
  return list(points.x).every((x, i) => {
    const y = points.y[i];
    while (j < xs.length - 2 && xs[j + 1] < x) j++;
    const between = ys[j] + ((ys[j + 1] - ys[j]) * (x - xs[j])) / (xs[j + 1] - xs[j]);
    return (
      !Number.isFinite(y) || !Number.isFinite(between) || x < xs[0] || x > xs[xs.length - 1] || Math.abs(y - between) < apart
    );
  });
}

const coveredBy = overlay =>
  views.filter(view => view.base.panels.some((panel, i) => counterpartOf(panel, overlay, view.name, i)));

function addOverlay(overlay) {
  const covered = coveredBy(overlay);
  if (!covered.length)
    return complain(`${overlay.name}: nothing in it differs from a figure of this page, or no figure has a counterpart`);
  overlays.push(overlay);
  changed(`${overlay.name} lies over ${covered.length} figure${covered.length > 1 ? "s" : ""}`, covered);
}

// Chips and a message; of the figures only those that an overlay lies over, or lay over, are drawn anew, and the cuts of their maps.
function changed(message, covered) {
  for (const chip of bar.querySelectorAll(".overlay")) chip.remove();
  for (const overlay of overlays) {
    const chip = node("span", "overlay", null, overlay.name),
      remove = node("button", "", chip, "×");
    remove.type = "button";
    remove.setAttribute("aria-label", `Remove ${overlay.name}`);
    remove.addEventListener("click", () => {
      overlays.splice(overlays.indexOf(overlay), 1);
      changed("", coveredBy(overlay));
    });
    bar.prepend(chip);
  }
  say(message);
  redraw(views.filter(view => covered.includes(view) || covered.includes(view.owner)));
}

function say(message, wrong = false) {
  const place = bar.querySelector("output");
  place.textContent = message;
  place.classList.toggle("note", wrong);
}
const complain = message => say(message, true);

const MOST_BYTES = 60e6;
const LARGEST = 1e9; // no frequency, and no level, which a chart can place
const DATA = /<script type="application\/json" id="data">([\s\S]*?)<\/script>/;

// What a file holds: a design's page, its tables, or a curve of frequency and dB.
function overlayOf(name, text, place) {
  if (/\.html?$/i.test(name) || text.startsWith("<!doctype")) {
    const data = DATA.exec(text);
    if (!data) return { fault: "got no data of this tool's page; expected the report.html of a design folder" };
    const other = unpacked(JSON.parse(data[1]));
    return { name: name.replace(/\/?report\.html$/, "") || other.title, figures: other.figures };
  }
  const rows = text.split(/\r?\n/).filter(row => row.trim() && !/^\s*[*#;]/.test(row));
  const header = rows[0]?.split(",") ?? [];
  if (header.includes("cancellation_gain_db")) return { name, metrics: metricsOf(header, rows.slice(1)) };
  if (header.includes("azimuth_deg")) return responseOf(name, header, rows.slice(1));
  const numbers = rows
    .map(row =>
      row
        .trim()
        .split(/[\s,;]+/)
        .map(Number),
    )
    .filter(row => row.length > 1 && row.slice(0, 2).every(value => Math.abs(value) < LARGEST));
  if (numbers.length < 2)
    return {
      fault:
        "got no rows of frequency and dB; expected report.html, metrics.csv, response.csv, or a file of frequency in Hz and level in dB",
    };
  return { name, curve: { x: numbers.map(row => row[0]), y: numbers.map(row => row[1]) }, place };
}

function metricsOf(header, rows) {
  const channels = new Map();
  for (const row of rows) {
    const cells = row.split(","),
      extra = cells.length - header.length; // a channel's name may hold commas
    const channel = cells
      .slice(0, extra + 1)
      .join(",")
      .replace(/^"|"$/g, "")
      .replaceAll('""', '"');
    const values = cells.slice(extra + 1);
    if (!channels.has(channel)) channels.set(channel, Object.fromEntries(header.slice(1).map(key => [key, []])));
    header.slice(1).forEach((key, i) => channels.get(channel)[key].push(values[i] === "" ? NaN : Number(values[i])));
  }
  return channels;
}

// A beam's maps from its response; what an ear's channel is relative to is not in the table.
function responseOf(name, header, rows) {
  const columns = metricsOf(header, rows),
    figures = {};
  for (const view of views) {
    const table = columns.get(page.channels[view.name]),
      panel = view.base.panels[0];
    if (!table || !(view.name in page.looks) || !isCut(panel)) continue;
    const xs = [...new Set(table.frequency_hz)].filter(f => f > 0),
      ys = [...new Set(table.azimuth_deg)],
      look = nearest(ys, page.looks[view.name]);
    const places = new Map(table.frequency_hz.map((f, i) => [`${f}/${table.azimuth_deg[i]}`, table.magnitude_db[i]]));
    const z = ys.map(a => xs.map(f => places.get(`${f}/${a}`) - places.get(`${f}/${ys[look]}`)));
    figures[view.name] = { panels: [{ ...panel, xs, ys, z }] };
  }
  return Object.keys(figures).length
    ? { name, figures }
    : {
        fault: "got maps of an ear channel as pressure; expected them relative to plain playback; drop report.html in place of response.csv",
      };
}

async function take(file, place) {
  if (file.size > MOST_BYTES)
    return complain(`${file.name}: got ${Math.round(file.size / 1e6)} MB; expected at most ${MOST_BYTES / 1e6} MB; leave out rows`);
  const text = await file.text();
  lay(file.name, () => overlayOf(file.path ?? file.name, text, place));
}

// What is wrong with one overlay is said, and leaves the page as it is.
function lay(name, read) {
  try {
    const overlay = read();
    overlay.fault ? complain(`${name}: ${overlay.fault}`) : addOverlay(overlay);
  } catch (error) {
    complain(`${name}: it cannot be read: ${error.message}`);
  }
}

// The file of a dropped folder that says most.
async function fileOf(entry) {
  const reader = entry.createReader(),
    entries = await new Promise((done, failed) => reader.readEntries(done, failed));
  for (const name of ["report.html", "metrics.csv"]) {
    const inside = entries.find(candidate => candidate.name === name);
    if (inside) {
      const file = await new Promise((done, failed) => inside.file(done, failed));
      return Object.assign(file, { path: `${entry.name}/${name}` });
    }
  }
  return null;
}

// Where a curve alone goes: the panel under the pointer, or the first in view over frequency and in dB.
function placeFor(x, y) {
  const fits = panel => panel.kind === "curves" && panel.x.quantity === "frequency";
  const candidates = views.filter(view => !(view instanceof Cuts) && view.base.panels.some(fits));
  const inside = view => {
    const b = view.plot.getBoundingClientRect();
    return x >= b.left && x <= b.right && y >= b.top && y <= b.bottom;
  };
  const view = candidates.find(inside) ?? candidates.find(candidate => candidate.near) ?? candidates[0];
  if (!view) return null;
  const at = view.drawn && inside(view) ? view.place({ clientX: x, clientY: y }).at : -1;
  return { name: view.name, panel: at >= 0 && fits(view.base.panels[at]) ? at : view.base.panels.findIndex(fits) };
}

function startOverlays() {
  const input = bar.querySelector("input[type=file]");
  input.addEventListener("change", async () => {
    for (const file of input.files) await take(file, placeFor(-1, -1));
    input.value = "";
  });
  addEventListener("dragover", event => {
    event.preventDefault();
    document.body.classList.add("dropping");
  });
  addEventListener("dragleave", event => {
    if (!event.relatedTarget) document.body.classList.remove("dropping");
  });
  addEventListener("drop", async event => {
    event.preventDefault();
    document.body.classList.remove("dropping");
    const place = placeFor(event.clientX, event.clientY),
      items = [...event.dataTransfer.items].filter(item => item.kind === "file");
    const files = items.map(item => [item.webkitGetAsEntry?.(), item.getAsFile()]);
    for (const [entry, file] of files) {
      const chosen = entry?.isDirectory ? await fileOf(entry) : file;
      chosen ? await take(chosen, place) : complain(`${entry.name}: got no report.html; expected a design folder`);
    }
  });
  for (const { name, text, data } of page.overlays ?? [])
    lay(name, () => (data ? { name, figures: unpacked(data).figures } : overlayOf(name, text, placeFor(-1, -1))));
}
