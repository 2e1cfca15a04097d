// Hand over: what is written for others, each with its options; results stay in a list with their paths.

const handOver = {
  place: document.getElementById("handover"),

  build() {
    const grid = put(this.place, "div", { class: "c-hand" });
    this.buildExport(this.card(grid, "Export", "Filters for a firmware or host"));
    const figures = this.card(grid, "Figures", "Every figure, to print");
    this.format = put(
      put(figures, "label", {}, "as "),
      "select",
      { "aria-label": "Format of figures" },
      ...["svg", "pdf", "png"].map(name => put(null, "option", {}, name)),
    );
    this.go(figures, "Write figures", () => ({ over: "figures", options: { format: this.format.value } }));
    this.go(this.card(grid, "Page", "One page that anyone can open"), "Write the page", () => ({ over: "page" }));
    const comparison = this.card(grid, "Comparison", "Snapshots side by side");
    this.compared = put(comparison, "span", { role: "group", "aria-label": "Compared states" });
    this.compare = this.go(comparison, "Write comparison", () => ({
      over: "comparison",
      options: { snapshots: [...this.compared.querySelectorAll("input:checked")].map(box => box.value) },
    }));
    this.go(this.card(grid, "Folder", "The folder that designer design makes again"), "Write the folder", () => ({
      over: "folder",
    }));
    const label = put(this.place, "label", { class: "c-into" }, "into ");
    this.folder = put(label, "input", {
      placeholder: "out/… beside the file",
      autocomplete: "off",
      spellcheck: "false",
      "aria-label": "Folder, relative to the file's",
    });
    this.results = put(this.place, "ul", { class: "c-results", role: "log", "aria-label": "Results" });
  },

  card(parent, title, about) {
    const card = put(parent, "div", { class: "c-card", role: "group", "aria-label": title, title: about });
    put(card, "strong", {}, title);
    return card;
  },

  buildExport(card) {
    this.target = put(card, "select", { "aria-label": "Target", onchange: () => this.fillOptions() });
    for (const { name, summary } of start.targets) put(this.target, "option", { value: name, title: summary }, name);
    this.options = put(card, "span", { class: "c-options" });
    this.go(card, "Export", () => {
      const options = Object.fromEntries(
        [...this.options.querySelectorAll("input, select")]
          .filter(({ value }) => value)
          .map(({ name, value }) => [name, value]),
      );
      return { over: "export", target: this.target.value, options };
    });
    this.about = put(card, "span", { class: "soft" });
    this.fillOptions();
  },

  fillOptions() {
    const target = start.targets.find(({ name }) => name === this.target.value);
    this.about.textContent = target.summary;
    this.options.replaceChildren();
    for (const { key, about, choices } of target.options) {
      const attributes = { name: key, title: about, "aria-label": `${key}: ${about}` };
      if (choices.length)
        put(
          this.options,
          "select",
          attributes,
          put(null, "option", { value: "" }, `${key}…`),
          ...choices.map(choice => put(null, "option", { value: choice }, choice)),
        );
      else put(this.options, "input", { ...attributes, placeholder: key, autocomplete: "off" });
    }
  },

  go(card, words, request) {
    const button = pressable(card, words, words, () => this.ask(button, request(), words));
    return button;
  },

  async ask(button, request, words) {
    const place = this.folder.value.trim(),
      item = put(null, "li", { class: "busy" }, `${words}: in progress`);
    if (place) request.options = { ...request.options, place };
    this.results.prepend(item);
    button.disabled = true;
    const answer = await connection.ask({ do: "hand", ...request });
    button.disabled = false;
    item.className = answer.is;
    item.replaceChildren(put(null, "span", {}, answer.message ?? ""));
    if (answer.is === "question") {
      put(item, "span", { class: "soft" }, answer.remedy);
      pressable(
        item,
        "Write all the same",
        answer.remedy,
        () => (item.remove(), this.ask(button, { ...request, force: true }, words)),
      );
    }
    if (answer.path) {
      if (!answer.message.includes(answer.path)) put(item, "code", {}, answer.path);
      const copying = pressable(item, "Copy the path", "Copy the path", () => copy(answer.path, copying));
    }
  },

  show({ snapshots: states }) {
    const names = ["current", ...states.map(({ name }) => name)];
    if (String(names) !== this.names) {
      this.names = String(names);
      const off = new Set([...this.compared.querySelectorAll("input:not(:checked)")].map(box => box.value));
      this.compared.replaceChildren();
      for (const name of names) {
        const label = put(this.compared, "label", { class: "c-check" });
        put(label, "input", { type: "checkbox", value: name, checked: !off.has(name), onchange: () => this.mark() });
        label.append(name);
      }
    }
    this.mark();
  },

  mark() {
    this.compare.disabled = this.compared.querySelectorAll("input:checked").length < 2;
  },
};

handOver.build();
hub.on("state", state => handOver.show(state));
