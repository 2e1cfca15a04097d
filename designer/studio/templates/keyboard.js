// Keys that hold for the whole page, and the list of them that "?" shows.

const keyboard = {
  entries: [],

  // Keys as "Ctrl+Shift+Z" or "?", what they do in words, and the act; `anywhere`: even where one writes; `hidden`: told by another entry.
  on(keys, words, act, more = {}) {
    this.entries.push({ keys: [keys].flat(), words, act, ...more });
  },

  named(event) {
    const control = event.ctrlKey || event.metaKey ? "Ctrl+" : "",
      shift = event.shiftKey && (control || event.key.length > 1) ? "Shift+" : "";
    const key = event.altKey
      ? event.code.replace(/^(Key|Digit)/, "")
      : control && event.key.length === 1
        ? event.key.toUpperCase()
        : event.key;
    return control + (event.altKey ? "Alt+" : "") + (event.altKey && event.shiftKey ? "Shift+" : shift) + key;
  },

  press(event) {
    if (event.defaultPrevented || document.querySelector("dialog[open]")) return;
    const name = this.named(event);
    const entry = this.entries.find(({ keys, act }) => act && keys.includes(name));
    if (!entry || (isWriting(event.target) && !entry.anywhere)) return;
    if (entry.act(event) === false) return;
    event.preventDefault();
  },

  help() {
    const dialog = put(document.body, "dialog", { class: "c-help", "aria-labelledby": "c-help-title" });
    put(dialog, "h2", { id: "c-help-title" }, "Keyboard");
    const list = put(dialog, "dl");
    for (const { keys, words, between = " or " } of [...this.entries.filter(({ hidden }) => !hidden), ...FIGURE_KEYS]) {
      const name = put(list, "dt");
      keys.forEach((key, i) =>
        name.append(i ? between : "", put(null, "kbd", {}, key.length > 1 ? key.replaceAll("+", " + ") : key)),
      );
      put(list, "dd", {}, words);
    }
    const foot = put(dialog, "p");
    pressable(foot, "Show the tour", "Three steps through the page", () => {
      dialog.close();
      tour.start();
    });
    pressable(foot, "Close", "Close this list", () => dialog.close(), { autofocus: true });
    dialog.addEventListener("close", () => dialog.remove());
    dialog.addEventListener("click", event => event.target === dialog && dialog.close());
    dialog.showModal();
  },
};

const FIGURE_KEYS = [
  { keys: ["Tab", "Shift+Tab"], words: "the next or the previous control" },
  { keys: ["←", "→", "↑", "↓"], between: " ", words: "on a figure: move the cursor; on a handle or slider: move it" },
  { keys: ["Enter"], words: "on a figure: enlarge it, and back; on a key's value: set it" },
  { keys: ["+", "double click"], words: "on a figure: add a point, a null, a mask line or a place of the head" },
  { keys: ["Delete"], words: "on a handle: take out its point, null or mask line" },
  { keys: ["Alt+1", "Alt+7"], words: "the first to the last panel", between: " to " },
  { keys: ["Escape"], words: "close, or give a value up" },
];

// The parts of the page, which F6 goes round; the focus goes to the first control in each that takes it.
const REGIONS = ["#bar", "#layout", "#sliders", "#form", "#verdict", "#panels", "#tools", "#tray"];
const CONTROL = "button:enabled, input:enabled, select:enabled, textarea, summary, [tabindex='0']";
function turnTo(step) {
  const places = REGIONS.map(name => document.querySelector(name)),
    current = places.findIndex(place => place.contains(document.activeElement));
  for (let n = 1; n <= places.length; n++) {
    const place = places[(Math.max(current, step < 0 ? 0 : -1) + step * n + 2 * places.length) % places.length],
      control = [...place.querySelectorAll(CONTROL)].find(element => element.checkVisibility());
    if (control) return control.focus();
  }
}

addEventListener("keydown", event => keyboard.press(event));
keyboard.on("?", "this list", () => keyboard.help());
keyboard.on("F6", "the next part of the page", () => turnTo(1), { anywhere: true });
keyboard.on("Shift+F6", "the part before", () => turnTo(-1), { anywhere: true });
