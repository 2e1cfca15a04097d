// The panels in the frame's cells, and what enlarges one.

const CELLS = {
  gain: "Cancellation gain",
  map: "Level over frequency and azimuth",
  polar: "Level over azimuth at the cursor",
  effort: "Effort and gain of each driver",
  ear: "Magnitude at the ear",
  impulse: "Impulse responses",
  layout: "Layout",
};
const frame = document.getElementById("panels");

function enlarge(panel) {
  const single = !panel.element.classList.contains("enlarged"),
    side = panels.get("layout"),
    place = single && panel === side ? frame : document.getElementById("layout");
  if (side.element.parentElement !== place) place.append(side.element);
  for (const other of panels.values()) other.element.classList.toggle("enlarged", single && other === panel);
  frame.classList.toggle("single", single);
  for (const { button } of panels.values()) button?.setAttribute("aria-pressed", String(single));
  panel.plot.focus();
}

for (const [name, words] of Object.entries(CELLS)) {
  const Kind = { polar: PolarAtCursor, layout: Layout }[name] ?? Panel,
    panel = new Kind(name, words, name === "layout" ? document.getElementById("layout") : frame);
  panel.button = node("button", "enlarge", panel.element, "⤢");
  panel.button.type = "button";
  panel.button.title = `Enlarge or restore: ${words} (Enter)`;
  panel.button.setAttribute("aria-label", `Enlarge or restore: ${words}`);
  panel.button.addEventListener("click", () => enlarge(panel));
  panel.plot.addEventListener("keydown", event => {
    const single = frame.classList.contains("single");
    if (event.target === panel.plot && (event.key === "Enter" || (event.key === "Escape" && single))) enlarge(panel);
  });
}

// Alt with a digit goes to a panel.
addEventListener("keydown", event => {
  const panel = event.altKey && [...panels.values()][Number(event.key) - 1];
  if (!panel) return;
  event.preventDefault();
  panel.plot.focus();
});
