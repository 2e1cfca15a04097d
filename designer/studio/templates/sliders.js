// Sliders: the numbers that are worth turning. The page follows while one moves; letting go is one step; the number beside it is typed exactly.

const FINE = 1000; // places of a slider over its range
const REST_MS = 350; // a slider moved by keys has come to rest

class Knob {
  constructor(parent, slider) {
    this.key = slider.key;
    this.row = put(parent, "div", { class: "c-slider", "data-key": slider.key });
    const id = `slider-${slider.key}`;
    this.name = put(this.row, "label", { for: id });
    this.range = put(this.row, "input", { type: "range", id, oninput: () => this.move(), onchange: () => this.settle() });
    this.number = put(this.row, "input", {
      class: "c-number",
      inputmode: "decimal",
      autocomplete: "off",
      spellcheck: "false",
    });
    this.unit = put(this.row, "span", { class: "c-unit" });
    this.reset = pressable(this.row, "✕", "", () => this.set(this.slider.optional ? null : this.slider.default), {
      class: "tool c-reset",
    });
    this.fault = put(this.row, "div", { class: "c-fault", id: `${id}-fault`, role: "status" });
    this.number.setAttribute("aria-describedby", this.fault.id);
    this.number.addEventListener("change", () => this.type());
    this.number.addEventListener("keydown", event => {
      if (event.key === "Escape") this.show(this.slider);
    });
    this.range.addEventListener("pointerdown", () => (this.held = true));
    for (const end of ["pointerup", "pointercancel"]) this.range.addEventListener(end, () => (this.held = false));
    this.range.addEventListener("blur", () => this.due && this.drop());
    this.range.addEventListener("keydown", event => {
      if (event.key === "Escape" && this.due !== undefined) this.giveUp();
      else this.nudge(event);
    });
  }

  get isMoved() {
    return this.held || this.due !== undefined;
  }

  // The value for each key that goes with it.
  all(value) {
    return Object.fromEntries(this.slider.keys.map(key => [key, value]));
  }

  // A value's place on the range, and back.
  at(value) {
    const { choices, low, high, scale } = this.slider;
    if (choices) return Math.max(choices.indexOf(value), 0);
    const [a, b, v] = scale === "log" ? [low, high, Math.min(Math.max(value, low), high)].map(Math.log) : [low, high, value];
    return Math.round(((v - a) / (b - a)) * FINE);
  }

  value() {
    const { choices, low, high, step, scale } = this.slider,
      share = Number(this.range.value) / FINE;
    if (choices) return choices[Number(this.range.value)];
    const value = scale === "log" ? low * (high / low) ** share : low + share * (high - low);
    return Math.min(Math.max(Number((Math.round(value / step) * step).toPrecision(10)), low), high);
  }

  // An arrow key moves to the next value, which may be several positions of the range away.
  nudge(event) {
    const by = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1 }[event.key];
    if (!by || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    const { value: from, max } = this.range,
      before = this.value();
    let place = Number(from);
    while (this.value() === before && place + by >= 0 && place + by <= Number(max)) this.range.value = place += by;
    if (this.value() !== before) this.move();
    else this.range.value = from;
  }

  show(slider, fault) {
    this.slider = slider;
    const { label, unit, choices, value, default: normal, optional, low, high, description } = slider;
    this.name.textContent = label;
    this.name.title = `${slider.keys.join(", ")}\n${description}`;
    this.unit.textContent = unit;
    Object.assign(this.range, { min: 0, max: choices ? choices.length - 1 : FINE, step: 1 });
    const absent = value === null || value === undefined;
    this.row.classList.toggle("absent", absent);
    this.number.setAttribute("aria-label", `${label}, exactly`);
    this.number.placeholder = absent && normal !== null ? String(normal) : "none";
    this.reset.disabled = optional ? absent : value === normal;
    this.reset.title = optional ? `No ${label}: take ${slider.key} out` : `Default: ${normal}`;
    this.reset.setAttribute("aria-label", this.reset.title);
    this.fault.textContent = beside(fault, slider.key);
    if (!fault) this.rejected = undefined;
    this.number.toggleAttribute("aria-invalid", Boolean(fault));
    if (!this.isMoved) this.put(absent ? (normal ?? (choices ? choices[0] : high)) : value, absent, Boolean(fault));
    this.range.setAttribute("aria-label", choices ? label : `${label}, ${low} to ${high} ${unit}`);
  }

  // Both show a value; a text that is at fault stays until it is another.
  put(value, absent = false, faulty = false) {
    this.range.value = this.at(value);
    this.range.setAttribute("aria-valuetext", absent ? "none" : `${written(value)} ${this.slider.unit}`);
    this.range.style.setProperty("--share", `${(100 * this.range.value) / (this.range.max || 1)}%`);
    if (faulty && this.rejected !== undefined) this.number.value = this.rejected;
    else if (document.activeElement !== this.number || this.number.value === this.number.defaultValue) {
      this.number.value = this.number.defaultValue = absent ? "" : written(value);
    }
  }

  move() {
    const value = this.value();
    this.row.classList.remove("absent");
    this.rejected = undefined;
    this.put(value);
    hub.send({ do: "set", values: this.all(value), phase: "drag" });
    hub.tell("drag", true);
    clearTimeout(this.due);
    this.due = this.held ? 0 : setTimeout(() => this.drop(), REST_MS);
  }

  // The pointer has let go, or one press of a key is done.
  settle() {
    if (this.due === 0) this.drop();
  }

  giveUp() {
    clearTimeout(this.due);
    this.due = undefined;
    this.held = false;
    hub.tell("drag", false);
    hub.send({ do: "set", values: {}, phase: "cancel" });
    hub.tell("still");
  }

  drop() {
    clearTimeout(this.due);
    this.due = undefined;
    hub.tell("drag", false);
    this.set(this.value());
  }

  type() {
    const value = typed(this.number.value);
    this.rejected = this.number.value;
    this.number.defaultValue = this.number.value;
    this.set(value);
  }

  set(value) {
    if (value === null) this.rejected = undefined;
    hub.send({ do: "set", values: this.all(value), phase: "drop" });
  }
}

const sliders = {
  place: document.getElementById("sliders"),
  knobs: new Map(),

  show(state) {
    const ofChannel = state.sliders.filter(({ channel }) => channel && channel === hub.channel),
      shown = [...ofChannel, ...state.sliders.filter(({ channel }) => !channel)],
      keys = shown.map(({ key }) => key).join();
    if (keys !== this.keys) {
      this.keys = keys;
      const focused = document.activeElement?.closest?.(".c-slider")?.dataset.key;
      this.place.replaceChildren();
      this.knobs = new Map(shown.map(slider => [slider.key, new Knob(this.place, slider)]));
      this.knobs.get(focused)?.range.focus();
    }
    const faults = new Map(state.faults.map(({ key, message }) => [key, message]));
    for (const slider of shown) this.knobs.get(slider.key).show(slider, faults.get(slider.key));
  },

  // What a hand on a figure sets is shown here too.
  follow({ values }) {
    for (const [key, value] of Object.entries(values ?? {})) {
      const knob = this.knobs.get(key);
      if (knob && !knob.isMoved && value !== null) knob.put(value);
    }
  },
};

hub.on("state", state => sliders.show(state));
hub.on("channel", () => hub.state && sliders.show(hub.state));
hub.on("live", live => sliders.follow(live));
hub.on("still", () => sliders.show(hub.state));
