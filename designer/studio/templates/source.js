// The file's text, as it will be written, with its faults at their lines.

const MOST_BYTES = 4_000_000; // largest problem file: a longer message would end the connection

const source = {
  place: document.getElementById("text"),

  build() {
    const head = put(this.place, "div", { class: "c-head" });
    this.apply = pressable(head, "Apply", "Take this text, as one step (Ctrl + Enter)", () => this.send(), {
      disabled: true,
    });
    this.revert = pressable(head, "Give up", "Show the file's text again", () => this.take(), { disabled: true });
    this.note = put(head, "span", { class: "soft", role: "status" });
    const box = put(this.place, "div", { class: "c-source" });
    this.gutter = put(box, "div", { class: "c-lines", "aria-hidden": "true" });
    this.area = put(box, "textarea", {
      wrap: "off",
      spellcheck: "false",
      autocomplete: "off",
      "aria-label": "Text of the problem file",
      oninput: () => this.mark(),
      onscroll: () => (this.gutter.scrollTop = this.area.scrollTop),
      onkeydown: event => event.key === "Enter" && (event.ctrlKey || event.metaKey) && this.send(),
    });
    this.faults = put(this.place, "ul", { class: "c-faults", "aria-label": "Faults" });
  },

  get isEdited() {
    return this.area.value !== this.area.defaultValue;
  },

  send() {
    if (!this.isEdited) return;
    if (new Blob([this.area.value]).size > MOST_BYTES)
      return hub.receive({ is: "error", message: `the text: got more than ${MOST_BYTES / 1e6} MB; expected a problem file of at most that size; shorten it` });
    this.area.defaultValue = this.area.value;
    hub.send({ do: "text", text: this.area.value });
    this.mark();
  },

  take() {
    const { selectionStart, selectionEnd, scrollTop } = this.area;
    this.area.value = this.area.defaultValue = hub.state.text;
    this.area.setSelectionRange(selectionStart, selectionEnd);
    this.area.scrollTop = scrollTop;
    this.mark();
  },

  mark() {
    this.apply.disabled = this.revert.disabled = !this.isEdited;
    const moved = this.isEdited && hub.state.text !== this.area.defaultValue;
    this.note.textContent = moved ? "not applied, and the file has changed meanwhile" : this.isEdited ? "not applied" : "";
    const count = this.area.value.split("\n").length;
    if (this.gutter.childElementCount !== count)
      this.gutter.replaceChildren(...Array.from({ length: count }, (_, i) => put(null, "span", {}, String(i + 1))));
    for (const [i, line] of [...this.gutter.children].entries())
      line.classList.toggle("at-fault", !this.isEdited && this.lines.has(i + 1));
  },

  lines: new Set(),
  show({ text, faults }) {
    this.lines = new Set(faults.map(({ line }) => line));
    this.faults.replaceChildren();
    for (const { key, message, line } of faults) {
      const item = put(this.faults, "li");
      const place = line ? `line ${line}` : key;
      if (place) pressable(item, place, "Show it", () => (line ? this.select(line) : form.reveal(key)));
      put(item, "span", {}, place === key ? beside(message, key) : message);
    }
    if (!this.isEdited) {
      if (text !== this.area.value) this.take();
      else this.mark();
    } else this.mark();
  },

  select(line) {
    const lines = this.area.value.split("\n"),
      begin = lines.slice(0, line - 1).reduce((sum, text) => sum + text.length + 1, 0);
    this.area.focus();
    this.area.setSelectionRange(begin, begin + lines[line - 1].length);
    this.area.scrollTop = (line - 4) * parseFloat(getComputedStyle(this.area).lineHeight);
  },
};

source.build();
hub.on("state", state => source.show(state));
hub.on("tool", name => name === "File" && source.area.scrollTo({ top: source.area.scrollTop }));
