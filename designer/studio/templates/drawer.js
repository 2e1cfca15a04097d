// The drawer's tabs: one tool is open, or none.

const tray = document.getElementById("tray"),
  tools = document.getElementById("tools");
function openTool(name) {
  tray.hidden = name === null;
  for (const place of tray.children) place.hidden = place.dataset.tool !== name;
  for (const tab of tools.children) tab.setAttribute("aria-selected", String(tab.dataset.tool === name));
  hub.tell("tool", name);
}
for (const place of tray.children) {
  const { tool } = place.dataset,
    tab = node("button", "tool", tools, tool);
  Object.assign(tab, { type: "button", id: `tab-${place.id}` });
  tab.dataset.tool = tool;
  tab.setAttribute("role", "tab");
  tab.setAttribute("aria-controls", place.id);
  tab.setAttribute("aria-selected", "false");
  place.setAttribute("aria-labelledby", tab.id);
  tab.addEventListener("click", () => openTool(tab.getAttribute("aria-selected") === "true" ? null : tool));
}
