// Light or dark: the system's, until the button says otherwise, which the browser remembers.

// A new list for each question: in Chromium a list that is read between a change and its event never fires the event.
const darkness = () => matchMedia("(prefers-color-scheme: dark)");
const remembered = {
  get(key) {
    try {
      return localStorage.getItem(`studio.${key}`);
    } catch {
      return null;
    }
  },
  set(key, value) {
    try {
      value === null ? localStorage.removeItem(`studio.${key}`) : localStorage.setItem(`studio.${key}`, value);
    } catch {
      // A browser that keeps nothing.
    }
  },
};
const scheme = {
  button: document.getElementById("scheme"),
  chosen: remembered.get("scheme"),
  get name() {
    return this.chosen ?? (darkness().matches ? "dark" : "light");
  },
  apply() {
    const root = document.documentElement;
    this.chosen ? (root.dataset.scheme = this.chosen) : delete root.dataset.scheme;
    this.button.textContent = this.name === "dark" ? "☀" : "☾";
    this.button.setAttribute("aria-label", this.name === "dark" ? "Light colours" : "Dark colours");
    this.button.title = this.button.getAttribute("aria-label");
    hub.tell("scheme", this.name);
  },
  turn() {
    const system = darkness().matches ? "dark" : "light";
    const next = this.name === "dark" ? "light" : "dark";
    this.chosen = next === system ? null : next;
    remembered.set("scheme", this.chosen);
    this.apply();
  },
};
const currentScheme = () => SCHEMES[scheme.name];
scheme.button.addEventListener("click", () => scheme.turn());
darkness().addEventListener("change", () => scheme.apply());
