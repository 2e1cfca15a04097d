// The bar: the file and whether it is written, a step back and forth, saving, the command that makes this state, and what is being computed.

const topBar = {
  place: document.getElementById("state"),
  stage: "",

  build() {
    const name = put(this.place, "div", { class: "c-file" });
    this.title = put(name, "strong");
    this.file = put(name, "span", { class: "soft" });
    this.dirty = put(this.place, "span", { class: "c-dirty", role: "status" });
    const steps = put(this.place, "div", { class: "c-group", role: "group", "aria-label": "Steps" });
    this.undo = pressable(steps, "↶", "", () => hub.send({ do: "undo" }), { "aria-label": "Undo", disabled: true });
    this.redo = pressable(steps, "↷", "", () => hub.send({ do: "redo" }), { "aria-label": "Redo", disabled: true });
    const saving = put(this.place, "div", { class: "c-group", role: "group", "aria-label": "Saving" });
    this.save = pressable(saving, "Save", "Write the file (Ctrl + S)", () => store());
    const label = put(saving, "label", { class: "c-check", title: "Write every good state to the file at once" });
    this.autosave = put(label, "input", {
      type: "checkbox",
      onchange: () => hub.send({ do: "autosave", on: this.autosave.checked }),
    });
    label.append("autosave");
    const command = put(this.place, "div", { class: "c-command" });
    this.command = put(command, "code", { tabindex: 0, "aria-label": "Command that makes this state" });
    this.copy = pressable(command, "Copy", "Copy the command that makes this state", () =>
      copy(hub.state.command, this.copy),
    );
    this.progress = put(this.place, "span", { class: "c-stage", role: "status" });
    pressable(this.place, "?", "Keyboard (?)", () => keyboard.help(), { "aria-label": "Help: keyboard and tour" });
  },

  show(state) {
    this.title.textContent = state.title;
    this.file.textContent = state.file.split(/[\\/]/).at(-1);
    this.file.title = state.file;
    this.title.title = state.title;
    document.title = `${state.dirty ? "● " : ""}${state.title || state.file} – studio`;
    const faults = state.faults.length ? `${state.faults.length} fault${state.faults.length > 1 ? "s" : ""}, ` : "";
    this.dirty.textContent =
      faults +
      ({ new: "not on disk yet", changed: "changed on disk" }[state.on_disk] ?? (state.dirty ? "not saved" : "saved"));
    this.dirty.classList.toggle("on", state.dirty || state.on_disk !== "same");
    for (const [button, what, verb, keys] of [
      [this.undo, state.undo, "Undo", "Ctrl + Z"],
      [this.redo, state.redo, "Redo", "Ctrl + Shift + Z"],
    ]) {
      button.disabled = what === null;
      button.title = what === null ? `${verb}: nothing` : `${verb} ${what} (${keys})`;
    }
    this.autosave.checked = state.autosave;
    this.command.textContent = this.command.title = state.command;
  },

  tell() {
    const lost = { lost: "connection lost, trying again", refused: "the studio was started anew", connecting: "connecting" }[
      connection.status
    ];
    const waiting = lost && connection.pending.size ? `; ${connection.pending.size} to send` : "";
    this.progress.textContent = lost ? lost + waiting : this.stage;
    this.progress.classList.toggle("lost", Boolean(lost));
    this.progress.classList.toggle("busy", !lost && this.stage !== "");
  },
};

// Save; a question that comes back is asked in the page.
const store = (despite = false) => hub.send(despite ? { do: "save", despite } : { do: "save" });

topBar.build();
hub.on("state", state => topBar.show(state));
hub.on("working", ({ stage }) => {
  topBar.stage = stage;
  topBar.tell();
});
for (const kind of ["idle", "judged", "sound"])
  hub.on(kind, () => {
    topBar.stage = "";
    topBar.tell();
  });
for (const kind of ["connected", "pending"]) hub.on(kind, () => topBar.tell());

keyboard.on("Ctrl+Z", "undo", event => step(event, "undo"), { anywhere: true });
keyboard.on(["Ctrl+Shift+Z", "Ctrl+Y"], "redo", event => step(event, "redo"), { anywhere: true });
keyboard.on("Ctrl+S", "save", () => store(), { anywhere: true });

// A step back or forth; within a text that is being written it is the browser's own.
function step(event, what) {
  const { target } = event;
  if (target.matches("textarea") || (isWriting(target) && target.value !== target.defaultValue)) return false;
  if (hub.state?.[what] !== null) hub.send({ do: what });
}
