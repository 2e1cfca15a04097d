// New points: a double click upon a figure, or the key + at its cursor, puts in what the panel takes.

const menu = node("div", "menu", document.body);
menu.setAttribute("role", "menu");
menu.hidden = true;

function additionsOf(panel, at) {
  const place = panel.name === "layout" ? LAYOUT[at] : panel.name;
  return (hub.state?.additions ?? []).filter(
    ({ panel, channel }) => panel === place && (!channel || channel === hub.channel),
  );
}

function add(panel, at, place, left, top) {
  const choices = additionsOf(panel, at),
    put = ({ id }) => hub.send({ do: "add", addition: id, ...place });
  if (choices.length < 2) return choices.forEach(put);
  menu.replaceChildren();
  for (const choice of choices) {
    const button = node("button", "tool", menu, choice.label);
    button.type = "button";
    button.setAttribute("role", "menuitem");
    button.addEventListener("click", () => {
      menu.hidden = true;
      put(choice);
      panel.plot.focus();
    });
  }
  menu.hidden = false;
  const { width, height } = menu.getBoundingClientRect();
  Object.assign(menu.style, {
    left: `${Math.min(left, innerWidth - width - 4)}px`,
    top: `${Math.min(top, innerHeight - height - 4)}px`,
  });
  menu.firstChild.focus();
}

menu.addEventListener("keydown", event => {
  const all = [...menu.children],
    step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (event.key === "Escape") menu.hidden = true;
  if (step) all[(all.indexOf(document.activeElement) + step + all.length) % all.length].focus();
});
menu.addEventListener("focusout", event => {
  if (!menu.contains(event.relatedTarget)) menu.hidden = true;
});

for (const panel of panels.values()) {
  panel.plot.addEventListener("dblclick", event => {
    if (!panel.drawn) return;
    const { x, y, at } = panel.place(event);
    if (at < 0) return;
    tip.hide();
    add(panel, at, placeAt(panel.spec.boxes[at], x, y), event.clientX, event.clientY);
  });
  panel.plot.addEventListener("keydown", event => {
    if (event.target !== panel.plot || event.key !== "+" || !panel.drawn) return;
    const box = panel.spec.boxes[panel.active],
      bounds = panel.plot.getBoundingClientRect(),
      left = (xShare(box) ?? 0.5) * box.plot.w + box.plot.x,
      value = box.panel.kind === "curves" ? (box.panel.lines[0]?.y[nearest(list(box.panel.lines[0].x), cursor.frequency ?? 0)] ?? 0) : null,
      top = value === null ? box.plot.y + box.plot.h / 2 : pixelsUp(box, value);
    const place = placeAt(box, left, top);
    if (box.panel.kind === "polar") place.x = cursor.azimuth ?? 0;
    else if (box.panel.y.quantity === "azimuth" && cursor.azimuth !== null) place.y = cursor.azimuth;
    add(panel, panel.active, place, bounds.left + left, bounds.top + top);
  });
}
