// How a figure looks: colours of both schemes, dashes, markers, scales, and numbers with their units.

const PALETTE = ["blue", "orange", "green", "pink", "amber", "sky", "ink", "brown"];
const DASHES = { solid: "solid", dash: "7px,3px", dot: "2px,2px", dashdot: "8px,3px,2px,3px" };
const MARKERS = {
  circle: "circle",
  square: "square",
  "triangle-up": "triangle-up",
  diamond: "diamond",
  "triangle-down": "triangle-down",
  x: "x",
  cross: "cross",
  "triangle-left": "triangle-left",
  "triangle-right": "triangle-right",
  star: "star",
  plus: "cross-thin",
};
const SCALES = {
  gray: "000000 ffffff",
  viridis: "440154 482475 414487 355f8d 2a788e 21918c 22a884 44bf70 7ad151 bddf26 fde725",
  RdBu_r: "053061 2166ac 4393c3 92c5de d1e5f0 f7f7f7 fddbc7 f4a582 d6604d b2182b 67001f",
  PuOr: "7f3b08 b35806 e08214 fdb863 fee0b6 f7f7f7 d8daeb b2abd2 8073ac 542788 2d004b",
};
const FONT = 'system-ui, "Segoe UI", Helvetica, Arial, sans-serif';
const PIXELS = 1.2; // a point of a printed figure
const MINUTE = 1e-9;

// A colour of a scale at a share from 0 to 1.
function scaleColour(name, share) {
  const stops = SCALES[name].split(" ").map(hex => [0, 2, 4].map(at => parseInt(hex.slice(at, at + 2), 16)));
  const place = Math.min(Math.max(share, 0), 1) * (stops.length - 1);
  const below = Math.min(Math.floor(place), stops.length - 2);
  const mixed = stops[below].map((part, i) => Math.round(part + (stops[below + 1][i] - part) * (place - below)));
  return `rgb(${mixed.join(",")})`;
}

// A colour by its name or place in the palette, in a scheme.
function colour(scheme, name) {
  if (typeof name === "number") return scheme[PALETTE[name % PALETTE.length]];
  if (name === "alarm") return scheme.bad;
  if (name.includes(":")) return scaleColour(name.split(":")[0], Number(name.split(":")[1]));
  return scheme[name] ?? name;
}

// A colour with an opacity.
function faded(text, opacity) {
  const parts = text.startsWith("#")
    ? [1, 3, 5].map(at => parseInt(text.slice(at, at + 2), 16))
    : text.match(/[\d.]+/g).slice(0, 3);
  return `rgba(${parts.join(",")},${opacity})`;
}

// Steps of a scale as Plotly takes them, each color from edge to edge.
function steps(levels) {
  const edges = list(levels.edges),
    low = edges[0],
    width = edges[edges.length - 1] - low;
  return edges.slice(1).flatMap((edge, i) => {
    const color = scaleColour(levels.palette, edges.length > 2 ? i / (edges.length - 2) : 0);
    return [
      [(edges[i] - low) / width, color],
      [(edge - low) / width, color],
    ];
  });
}

function list(values) {
  return Array.from(values);
}

// A number with its unit: a tenth of a dB, else three digits; frequencies from 1 kHz on in kHz.
function measure(value, unit) {
  if (!Number.isFinite(value)) return "–";
  if (unit === "Hz") return value >= 1000 ? `${digits(value / 1000)} kHz` : `${digits(value)} Hz`;
  const text = unit === "dB" ? (Math.round(value * 10) / 10 + 0).toFixed(1) : String(digits(value));
  const signed = text.replace("-", "−"); // as on the axes
  return unit === "°" || unit === "degrees" ? `${signed}°` : unit ? `${signed} ${unit}` : signed;
}

function digits(value) {
  return Number(value.toPrecision(3)) + 0;
}

// The page's line of a legend: dash, color and marker as in the figure.
function swatch(scheme, look) {
  const line = colour(scheme, look.color ?? "ink"),
    fill = look.fill === undefined ? "none" : faded(colour(scheme, look.fill), look.opacity ?? 0.35);
  const dash = (DASHES[look.dash] ?? "solid").replaceAll("px", "");
  const stroke = dash === "solid" ? "" : ` stroke-dasharray="${dash}"`;
  const parts = [];
  if (look.fill !== undefined) parts.push(`<rect x="1" y="1" width="28" height="10" fill="${fill}"/>`);
  if (look.hatch) parts.push(`<path d="M3 11L11 1M11 11L19 1M19 11L27 1" stroke="${line}" fill="none"/>`);
  if (look.width !== 0 && look.fill === undefined && !look.hatch && !look.point)
    parts.push(`<line x1="0" y1="6" x2="30" y2="6" stroke="${line}" stroke-width="${Math.max(2, look.width ?? 2)}" opacity="${look.opacity ?? 1}"${stroke}/>`);
  const corners = CORNERS[look.marker];
  if (corners) parts.push(`<polygon points="${corners}" fill="${line}" stroke="${line}"/>`);
  else if (look.marker || look.point) parts.push(`<circle cx="15" cy="6" r="3.6" fill="${line}"/>`);
  return `<svg class="swatch" width="30" height="12" viewBox="0 0 30 12" aria-hidden="true">${parts.join("")}</svg>`;
}
const CORNERS = {
  square: "12,3 18,3 18,9 12,9",
  "triangle-up": "15,2 19,9 11,9",
  "triangle-down": "15,10 19,3 11,3",
  diamond: "15,1 19,6 15,11 11,6",
  "triangle-left": "11,6 18,2 18,10",
  "triangle-right": "19,6 12,2 12,10",
  x: "12,2 15,5 18,2 19,3 16,6 19,9 18,10 15,7 12,10 11,9 14,6 11,3",
  cross: "14,2 16,2 16,5 19,5 19,7 16,7 16,10 14,10 14,7 11,7 11,5 14,5",
  star: "15,1 16.2,4.6 20,4.6 17,7 18,10.6 15,8.4 12,10.6 13,7 10,4.6 13.8,4.6",
  plus: "14.6,2 15.4,2 15.4,5.6 19,5.6 19,6.4 15.4,6.4 15.4,10 14.6,10 14.6,6.4 11,6.4 11,5.6 14.6,5.6",
};
