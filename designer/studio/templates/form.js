// A form of every key of the file, made from its schema: tables as groups that open, a row a key, faults beside their keys, and a search.

const LEAST_MATCH = 2; // letters of a search
const MOST_FOUND = 60;
const KEYS = new Map(Object.entries(start.form.tables).map(([name, { keys }]) => [name, keys]));

const DRIVER_KEYS = ["drivers", "plain", "reference"]; // of a design: they hold names of drivers
const isTable = shape => shape.form === "table";
const isList = shape => shape.form === "list" && isTable(shape.items[0]);
const tableShape = key => key.shapes.find(shape => isTable(shape) || isList(shape));

// The keys of a table that has this value; of one of several kinds, the key that tells them takes the words of all.
function keysOf(shape, value) {
  const names = Object.values(shape.tables),
    keys = KEYS.get(shape.tables[value?.[shape.tag] ?? ""] ?? names[0]);
  const words = Object.keys(shape.tables);
  return keys.map(key => (key.key === shape.tag ? { ...key, required: true, shapes: [{ form: "choice", words }] } : key));
}

// The least that a new table holds.
function blank(shape, tag) {
  const table = shape.tag ? { [shape.tag]: tag ?? Object.keys(shape.tables)[0] } : {};
  for (const { key, required, shapes } of keysOf(shape, table))
    if (required && !(key in table)) table[key] = blankValue(shapes[0]);
  return table;
}

function blankValue(shape) {
  if (shape.form === "list") return Array(shape.least).fill(0);
  return { number: 0, choice: shape.words?.[0], flag: false }[shape.form] ?? "";
}

const set = values => hub.send({ do: "set", values, phase: "drop" });

// One key: its name with the unit, its editor, what it is, and what the loader says of it.
class Field {
  constructor(parent, place, key, { path = false } = {}) {
    Object.assign(this, { place, key, path: dotted(place) });
    this.row = put(parent, "div", { class: "c-key", "data-key": this.path });
    const rows = key.shapes.some(shape => shape.columns || shape.items);
    this.row.classList.toggle("three", key.shapes[0].columns?.length === 3);
    const help = `help-${this.path}${path ? "-found" : ""}`;
    const name = put(this.row, "div", { class: "c-name-of" });
    if (path && place.length > 1) put(name, "div", { class: "soft" }, named(place.slice(0, -1)));
    name.append(...breakable(key.key));
    const box = put(this.row, "div", { class: rows ? "c-value wide" : "c-value" });
    const names = DRIVER_KEYS.includes(key.key) && place[0] === "designs" ? () => form.driverNames() : null;
    const shapes = key.shapes.filter(shape => !isTable(shape));
    this.editor = editor(box, shapes, this.path, value => this.commit(value), { names, required: key.required });
    this.reset = pressable(this.row, "✕", this.resetWords(), () => this.commit(null), {
      class: "tool c-reset",
      "aria-label": `Take ${this.path} out`,
    });
    const words = [
      key.about,
      [key.expected, key.unit].filter(Boolean).join(", in "),
      key.required ? "required" : `default: ${defaultWords(key.default)}`,
    ];
    put(this.row, "div", { class: "c-about", id: help }, words.filter(Boolean).join("; "));
    this.fault = put(this.row, "div", { class: "c-fault", id: `${help}-fault`, role: "status" });
    this.described = `${help} ${this.fault.id}`;
  }

  resetWords() {
    return `Take ${this.key.key} out of the file: ${defaultWords(this.key.default)}`;
  }

  // A table of several kinds changes its kind as a whole: it keeps the keys that the new kind has too.
  commit(value) {
    const table = this.place.slice(0, -1),
      shape = shapeAt(table);
    this.faulty = null;
    if (shape?.tag === this.key.key) {
      const known = new Set(keysOf(shape, { [shape.tag]: value }).map(({ key }) => key)),
        before = Object.entries(valueAt(form.data, table) ?? {});
      const values = Object.fromEntries(before.filter(([key]) => known.has(key)));
      return set({ [dotted(table)]: { ...blank(shape, value), ...values, [shape.tag]: value } });
    }
    set({ [this.path]: value, ...(this.key.key === "name" ? renamed(table, valueAt(form.data, this.place), value) : {}) });
  }

  show(data, fault) {
    const value = valueAt(data, this.place);
    const absent = value === undefined || value === null;
    this.row.classList.toggle("absent", absent && !fault);
    this.row.classList.toggle("faulty", Boolean(fault));
    this.reset.hidden = absent || this.key.required;
    const words = beside(fault, this.path);
    if (this.fault.textContent !== words) {
      this.fault.textContent = words;
      if (words && this.row.contains(document.activeElement)) this.fault.scrollIntoView({ block: "nearest" });
    }
    this.editor.show(value, this.key.default);
    for (const input of this.row.querySelectorAll("input, select, .c-name")) {
      input.setAttribute("aria-describedby", this.described);
      input.toggleAttribute("aria-invalid", Boolean(fault));
    }
  }
}

// A place with tables by their names, as one may write it: `designs.left`.
function named(place) {
  const steps = place.map((step, i) =>
    typeof step === "number" ? (valueAt(form.data, place.slice(0, i + 1))?.name ?? step) : step,
  );
  return steps.reduce((path, step) => (typeof step === "number" ? `${path}[${step}]` : `${path}${path && "."}${step}`), "");
}

function defaultWords(value) {
  if (value === null || value === undefined) return "none";
  return Array.isArray(value)
    ? `[${value.map(defaultWords).join(", ")}]`
    : typeof value === "string"
      ? `"${value}"`
      : String(value);
}

// What follows a driver's new name, or its end: designs name their drivers.
function renamed(table, before, after) {
  if (table[0] !== "drivers" || before === undefined) return {};
  const values = {};
  (form.data.designs ?? []).forEach((design, i) => {
    for (const key of DRIVER_KEYS) {
      const value = design[key],
        place = dotted(["designs", i, key]);
      if (value === before) values[place] = after;
      else if (Array.isArray(value) && value.includes(before)) {
        const names = value.map(name => (name === before ? after : name)).filter(name => name !== null);
        values[place] = names.length ? names : null;
      }
    }
  });
  return values;
}

// A table, or a list of tables, which opens.
class Group {
  constructor(parent, place, shape, words = {}) {
    Object.assign(this, { place, shape, path: dotted(place), parts: [], built: false });
    this.box = put(parent, "details", { class: "c-table", "data-key": this.path, ontoggle: () => this.turn() });
    const head = put(this.box, "summary");
    this.title = put(head, "span", { class: "c-title" }, words.title ?? String(place.at(-1)));
    this.note = put(head, "span", { class: "soft c-note" });
    this.badge = put(head, "span", { class: "c-badge" });
    if (words.remove) pressable(head, "✕", words.remove, words.act, { class: "tool c-reset" });
    this.body = put(this.box, "div", { class: "c-body" });
    this.fault = put(this.body, "div", { class: "c-fault", role: "status" });
  }

  turn() {
    this.box.open ? form.opened.add(this.path) : form.opened.delete(this.path);
    if (!this.box.open || this.built) return;
    this.build();
    for (const part of this.parts) part.show(form.data, form.faults);
  }

  build() {
    this.built = true;
    const value = valueAt(form.data, this.place);
    if (isList(this.shape)) return this.buildList(value ?? []);
    if (value === undefined && form.isOptional(this.place)) return; // a table that the file does not have
    this.buildTable(value);
  }

  buildTable(value) {
    const keys = keysOf(this.shape, value);
    for (const key of keys) this.parts.push(form.part(this.body, [...this.place, key.key], key));
    this.more = pressable(this.body, "", "", () => this.showAll(!this.box.classList.contains("all")), {
      class: "tool c-more",
    });
    this.showAll(form.all.has(this.path));
  }

  // Absent keys stand behind a button, where there are others.
  showAll(on) {
    on ? form.all.add(this.path) : form.all.delete(this.path);
    const value = valueAt(form.data, this.place),
      keys = keysOf(this.shape, value),
      absent = keys.filter(({ key, required }) => !required && value?.[key] === undefined).length;
    this.more.hidden = absent === 0 || absent === keys.length;
    this.box.classList.toggle("all", on || this.more.hidden);
    this.more.textContent = on ? "only the keys in the file" : `${absent} more keys`;
    this.more.setAttribute("aria-expanded", String(on));
  }

  buildList(entries) {
    const item = this.shape.items[0];
    entries.forEach((entry, i) => {
      const name = entry?.name ?? `${i + 1}`;
      const words = {
        title: name,
        remove: `Take out ${this.path} ${name}`,
        act: event => (event.preventDefault(), this.remove(entries, i)),
      };
      this.parts.push(new Group(this.body, [...this.place, i], item, words));
    });
    for (const part of this.parts) part.open();
    const what = this.path.split(".").at(-1).replace(/s$/, "").replace("_", " ");
    pressable(this.body, `+ ${what}`, `One more entry of ${this.path}, like the last`, () => this.add(entries), {
      class: "tool c-more",
    });
  }

  open() {
    if (!form.opened.has(this.path)) return;
    this.box.open = true;
    this.turn(); // at once: the event comes in a later task
  }

  remove(entries, i) {
    const rest = entries.filter((_, other) => other !== i);
    const name = entries[i]?.name;
    const others = name === undefined ? {} : renamed([...this.place, i], name, null);
    set({ ...others, [this.path]: rest.length ? rest : null });
  }

  add(entries) {
    const last = structuredClone(entries.at(-1) ?? { ...blank(this.shape.items[0]), ...FIRST[this.place.at(-1)] });
    if (last.name !== undefined) last.name = unused(last.name, new Set(entries.map(({ name }) => name)));
    if (this.place[0] === "drivers") moveOn(last, entries);
    form.opened.add(dotted([...this.place, entries.length]));
    set({ [this.path]: [...entries, last] });
  }

  show(data, faults) {
    const value = valueAt(data, this.place);
    const count = faults.below(this.path);
    this.badge.textContent = count ? `${count} fault${count > 1 ? "s" : ""}` : "";
    this.fault.textContent = beside(faults.at(this.path), this.path);
    if (this.more) this.showAll(form.all.has(this.path));
    this.note.textContent = Array.isArray(value) ? `${value.length}` : summary(this.shape, value);
    for (const part of this.parts) part.show(data, faults);
  }
}

const FIRST = { mask: { azimuth_deg: [75, 105], max_db: -10 } };

// A name that no other has: `right`, `right 2`, `right 3`.
function unused(name, names) {
  const stem = name.replace(/ \d+$/, "");
  let number = 2;
  while (names.has(`${stem} ${number}`)) number++;
  return `${stem} ${number}`;
}

// A new driver stands beside the last: further around a round body, or as far to the left as the last two are apart.
function moveOn(driver, drivers) {
  const [x, y, z] = driver.position_m;
  if (["sphere", "cylinder"].includes(form.data.enclosure?.model)) {
    const turn = Math.PI / 12,
      rounded = value => Number(value.toFixed(5));
    driver.position_m = [x * Math.cos(turn) - y * Math.sin(turn), x * Math.sin(turn) + y * Math.cos(turn), z].map(rounded);
    if (driver.facing_deg) driver.facing_deg = [driver.facing_deg[0] + 15, driver.facing_deg[1]];
  } else
    driver.position_m = [
      x,
      Number((y + Math.max(Math.abs(y - (drivers.at(-2)?.position_m[1] ?? y - 0.06)), 0.02)).toFixed(5)),
      z,
    ];
}

// A closed table in a word or two.
function summary(shape, value) {
  if (value === undefined || value === null) return "";
  const words = [
    value[shape.tag],
    value.position_m && `[${value.position_m.join(", ")}]`,
    value.max_db !== undefined && `${value.max_db} dB`,
  ];
  return words.filter(Boolean).join(" ");
}
