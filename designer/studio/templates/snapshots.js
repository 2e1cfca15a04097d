// Snapshots A to D: kept states, to be laid over the panels, made current again, and told apart by their keys.

const snapshots = {
  place: document.getElementById("snapshots"),
  names: ["A", "B", "C", "D"],

  build() {
    this.slots = put(this.place, "div", { class: "c-slots" });
    for (const name of this.names) {
      const slot = put(this.slots, "div", {
        class: "c-slot",
        role: "group",
        "aria-label": `Snapshot ${name}`,
        "data-name": name,
      });
      put(slot, "strong", {}, name);
      const act = request => () => hub.send({ do: request, name });
      this[name] = {
        slot,
        take: pressable(slot, "Take", `Keep the current state as ${name} (Alt + Shift + ${name})`, act("snapshot")),
        lay: pressable(slot, "Lay over", `Show ${name} over the panels (Alt + ${name})`, () => this.lay(name)),
        recall: pressable(slot, "Recall", `Make ${name} the current state; a step that can be undone`, act("recall")),
        forget: pressable(slot, "✕", `Forget ${name}`, act("forget"), { "aria-label": `Forget ${name}` }),
        copy: pressable(slot, "Copy command", `Copy the command that makes ${name}`, event =>
          copy(this.named(name).command, event.currentTarget),
        ),
        note: put(slot, "span", { class: "soft" }),
      };
      keyboard.on(`Alt+Shift+${name}`, "", act("snapshot"), { hidden: true });
      keyboard.on(`Alt+${name}`, "", () => this.named(name) && this.lay(name), { hidden: true });
    }
    keyboard.on(["Alt+Shift+A", "Alt+Shift+D"], "take a snapshot", null, { between: " to " });
    keyboard.on(["Alt+A", "Alt+D"], "lay a snapshot over the panels, or away", null, { between: " to " });
    this.table = put(this.place, "div", {
      class: "c-differences",
      tabindex: 0,
      role: "region",
      "aria-label": "Differences",
    });
  },

  named(name) {
    return hub.state?.snapshots.find(snapshot => snapshot.name === name);
  },

  lay(name) {
    const { laid } = hub.state;
    hub.send({ do: "lay", names: laid.includes(name) ? laid.filter(other => other !== name) : [...laid, name].sort() });
  },

  show(state) {
    for (const name of this.names) {
      const snapshot = this.named(name),
        count = snapshot?.differences.length,
        { slot, take, lay, recall, forget, copy: command, note } = this[name];
      slot.classList.toggle("empty", !snapshot);
      take.textContent = snapshot ? "Take again" : "Take";
      for (const button of [lay, recall, forget, command]) button.disabled = !snapshot;
      recall.disabled = !count;
      pressed(lay, state.laid.includes(name));
      note.textContent = !snapshot ? "" : count ? `${count} key${count > 1 ? "s differ" : " differs"}` : "the current state";
    }
    this.list(state.snapshots);
  },

  // One row a key that some snapshot has otherwise.
  list(states) {
    this.table.replaceChildren();
    const keys = [...new Set(states.flatMap(({ differences }) => differences.map(({ key }) => key)))];
    this.table.hidden = !keys.length;
    if (!keys.length) return;
    const table = put(this.table, "table");
    const head = put(put(table, "thead"), "tr");
    for (const words of ["Key", "current", ...states.map(({ name }) => name)]) put(head, "th", { scope: "col" }, words);
    const body = put(table, "tbody");
    for (const key of keys) {
      const row = put(body, "tr"),
        cells = states.map(({ differences }) => differences.find(difference => difference.key === key)),
        current = cells.find(Boolean).here;
      put(row, "th", { scope: "row" }, key);
      put(row, "td", {}, current);
      for (const cell of cells) put(row, "td", cell ? {} : { class: "soft" }, cell?.there ?? current);
    }
  },
};

snapshots.build();
hub.on("state", state => snapshots.show(state));
