// Over the panels: the channels' tabs, the channel's verdict and its numbers; a judged design goes to the panels from here.

const tabs = document.getElementById("channels");
function fillTabs() {
  const names = hub.state?.channels.map(({ name }) => name) ?? [];
  if (names.join("\n") !== [...tabs.children].map(tab => tab.textContent).join("\n")) {
    tabs.replaceChildren();
    for (const name of names) {
      const tab = node("button", "tool", tabs, name);
      tab.type = "button";
      tab.setAttribute("role", "tab");
      tab.addEventListener("click", () => hub.show(name));
    }
  }
  for (const tab of tabs.children) {
    const chosen = tab.textContent === hub.channel;
    tab.setAttribute("aria-selected", String(chosen));
    tab.tabIndex = chosen ? 0 : -1;
  }
}
tabs.addEventListener("keydown", event => {
  const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
  if (!step) return;
  const all = [...tabs.children],
    next = all[(all.indexOf(event.target) + step + all.length) % all.length];
  next.click();
  next.focus();
});
hub.on("state", fillTabs);
hub.on("channel", fillTabs);

// The channel's outcome in words and numbers.
const words = document.getElementById("words"),
  numbers = document.getElementById("numbers");
const verdict = { version: -1, channel: null, outcome: "", text: "", numbers: [], solving: "" };
const FAULTY = "The file has faults; the figures show its last state without faults.";
const EMPTY = "The file has faults; figures appear once they are mended.";
function verdictWords(isFaulty, isStale) {
  if (live.waits && hub.dragging)
    return `The ${live.coarse} is too fine to be solved while you drag: the curves show the state before. It is solved on release.`;
  if (live.figures && hub.dragging) return `Dashed: ${live.words()}; realised and judged on release.`;
  if (drag.active && drag.moved && !live.figures && live.seen < live.since)
    return "The curves show the state before; those of this position are being computed.";
  const waiting = verdict.solving && isStale ? `${verdict.solving}. ` : "";
  if (live.figures) return `${waiting}Dashed: ${live.words()}; being realised and judged.`;
  if (isFaulty) return verdict.text ? FAULTY : EMPTY;
  return waiting + verdict.text;
}
function fillVerdict() {
  const isFaulty = hub.state?.faults.length > 0,
    isStale = verdict.version !== hub.state?.version;
  words.className = live.figures ? "moving" : isFaulty ? "failed" : verdict.outcome;
  words.textContent = verdictWords(isFaulty, isStale);
  words.title = verdict.text; // where it is longer than its two lines
  document.getElementById("verdict").classList.toggle("stale", !live.figures && isStale);
  numbers.replaceChildren();
  for (const { label, text, definition } of live.figures ? live.numbers : verdict.numbers) {
    const place = node("span", "number", numbers);
    place.title = definition;
    node("span", "", place, label);
    node("b", "", place, text);
  }
}

// A late answer is announced.
const LATE_MS = 500;
let looking = 0;
hub.on("drag", moving => {
  clearInterval(looking);
  if (moving) looking = setInterval(fillVerdict, LATE_MS);
});
// Solving a body takes seconds: its progress stands in the place of the verdict.
hub.on("working", ({ stage }) => {
  const solving = stage.startsWith("solving") ? stage[0].toUpperCase() + stage.slice(1) : "";
  if (solving === verdict.solving) return;
  verdict.solving = solving;
  fillVerdict();
});
hub.on("judged", message => {
  if (message.channel !== hub.channel) return;
  const { figures } = unpacked({ figures: message.panels, arrays: message.arrays, tables: message.tables });
  if (!hub.dragging || message.version > live.version) live.figures = null;
  for (const [name, panel] of panels) figures[name] ? panel.show(figures[name]) : panel.paint();
  Object.assign(verdict, {
    version: message.version,
    channel: message.channel,
    outcome: message.verdict.outcome,
    text: `${message.channel}: ${message.verdict.words}.`,
    numbers: message.numbers,
  });
  fillVerdict();
});
hub.on("state", ({ version }) => {
  // A drag that ends where it began changes nothing, and nothing is judged anew.
  if (!hub.dragging && version === verdict.version) live.clear();
  fillVerdict();
});
hub.on("scheme", () => {
  for (const panel of panels.values()) if (panel.base) panel.resized();
});
