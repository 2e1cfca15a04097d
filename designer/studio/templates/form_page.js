// The form as a whole: its groups as the file has them, its search, and the faults by key.

// The shape of the table at a place; null where there is none.
function shapeAt(place, data = form.data) {
  let shape = { form: "table", tables: { "": start.form.top } },
    value = data;
  for (const step of place) {
    if (typeof step === "number") shape = shape?.items?.[0];
    else {
      const key = shape?.tables && keysOf(shape, value).find(({ key }) => key === step);
      shape = key ? (tableShape(key) ?? null) : null;
    }
    value = value?.[step];
    if (!shape) return null;
  }
  return shape;
}

// `designs[0].band_hz[1]` as a place.
const placeOf = path =>
  [...path.matchAll(/"((?:[^"\\]|\\.)*)"|([\w-]+)|\[(\d+)\]/g)].map(([, quoted, plain, number]) =>
    number !== undefined ? Number(number) : (quoted ?? plain),
  );

// Faults by the key or the table that shows them: the longest part of a fault's place that the form knows.
class Faults {
  constructor(faults, data) {
    this.messages = new Map();
    for (const { key, message } of faults) {
      const owner = dotted(this.owner(placeOf(key), data)),
        before = this.messages.get(owner);
      this.messages.set(owner, before ? `${before}\n${message}` : message);
    }
  }

  owner(place, data) {
    for (let length = place.length; length > 0; length--) {
      const table = place.slice(0, length - 1),
        shape = shapeAt(table, data),
        last = place[length - 1];
      if (shapeAt(place.slice(0, length), data)) return place.slice(0, length);
      if (shape?.tables && keysOf(shape, valueAt(data, table)).some(({ key }) => key === last))
        return place.slice(0, length);
    }
    return [];
  }

  at(path) {
    return this.messages.get(path) ?? "";
  }

  below(path) {
    return [...this.messages.keys()].filter(key => key === path || key.startsWith(`${path}.`) || key.startsWith(`${path}[`))
      .length;
  }
}

const FIELDS = "input, select, summary, button";

const form = {
  place: document.getElementById("form"),
  data: {},
  faults: new Faults([], {}),
  opened: new Set(),
  all: new Set(),
  parts: [],
  matching: [],

  build() {
    const head = put(this.place, "div", { class: "c-search" });
    this.search = put(head, "input", {
      type: "search",
      placeholder: "Search all keys ( / )",
      "aria-label": "Search all keys",
      autocomplete: "off",
      oninput: () => this.find(),
      onkeydown: event => event.key === "Escape" && ((this.search.value = ""), this.find()),
    });
    this.fault = put(this.place, "div", { class: "c-fault", role: "status" });
    this.results = put(this.place, "div", { class: "c-matching", hidden: true });
    this.tree = put(this.place, "div", { class: "c-tree" });
    keyboard.on("/", "search the keys of the file", () => this.search.focus());
  },

  driverNames() {
    return (this.data.drivers ?? []).map(driver => driver?.name).filter(name => typeof name === "string");
  },

  isOptional(place) {
    const key = KEYS.get(start.form.top).find(({ key }) => key === place[0]);
    return place.length === 1 && !key.required && key.default === null;
  },

  // A row or a group, as the key's shapes and its value want.
  part(parent, place, key) {
    const shape = tableShape(key),
      value = valueAt(this.data, place);
    const hasOther = key.shapes.some(other => !isTable(other) && !isList(other));
    if (!shape || (hasOther && (typeof value !== "object" || value === null))) return new FieldPart(parent, place, key);
    const group = new Group(parent, place, shape, this.groupWords(place, key, value));
    group.box.classList.toggle("absent", value === undefined);
    group.open();
    return group;
  },

  groupWords(place, key, value) {
    if (key.required || key.default !== null) return {};
    const path = dotted(place);
    if (value !== undefined)
      return { remove: `Take ${path} out of the file`, act: event => (event.preventDefault(), set({ [path]: null })) };
    return {};
  },

  // What the groups depend on: kinds of tables, lengths of lists of tables, names, and which optional tables are there.
  structure(data) {
    return JSON.stringify(data, (key, value) => {
      if (Array.isArray(value))
        return value.some(part => part && typeof part === "object" && !Array.isArray(part)) ? value : undefined;
      if (typeof value === "object" && value !== null) return value;
      return ["name", "kind", "model"].includes(key) ? value : undefined;
    });
  },

  show(state) {
    this.data = state.data;
    this.faults = new Faults(state.faults, state.data);
    const structure = this.structure(state.data);
    if (structure !== this.built) {
      this.built = structure;
      this.rebuild();
    }
    for (const part of [...this.parts, ...this.matching]) part.show(this.data, this.faults);
    this.fault.textContent = this.faults.at("");
  },

  // During a drag the rows show the values that it sets, until a state arrives or the drag is given up.
  follow(values) {
    const keys = Object.keys(values);
    if (!keys.length) return;
    const data = structuredClone(this.data);
    for (const key of keys) {
      const place = placeOf(key),
        table = valueAt(data, place.slice(0, -1));
      if (table) table[place.at(-1)] = values[key] ?? undefined;
    }
    for (const part of this.leaves())
      if (keys.some(key => part.path === key || key.startsWith(`${part.path}[`))) part.show(data, this.faults);
  },

  *leaves(parts = [...this.parts, ...this.matching]) {
    for (const part of parts)
      if (part.parts) yield* this.leaves(part.parts);
      else yield part;
  },

  rebuild() {
    const hold = this.held(),
      top = document.getElementById("left").scrollTop;
    this.tree.replaceChildren();
    const keys = KEYS.get(start.form.top);
    const scalars = keys.filter(key => !tableShape(key));
    this.parts = scalars.map(key => new FieldPart(this.tree, [key.key], key));
    for (const key of keys.filter(tableShape)) {
      if (this.data[key.key] === undefined && this.isOptional([key.key])) this.offer(key);
      else this.parts.push(this.part(this.tree, [key.key], key));
    }
    if (this.search.value) this.find();
    document.getElementById("left").scrollTop = top;
    if (hold && document.activeElement === document.body) this.restore(hold);
  },

  // What has the focus in the tree, and what is being written there.
  held() {
    const input = document.activeElement,
      row = input?.closest?.("#form .c-tree [data-key]");
    if (!row) return null;
    const place = [...row.querySelectorAll(FIELDS)].indexOf(input),
      isWritten = input.matches("input") && input.value !== input.defaultValue;
    const text = isWritten ? input.value : null;
    if (isWritten) input.defaultValue = text; // it is not done: leaving the page does not set it
    return { path: row.dataset.key, place, text };
  },

  restore({ path, place, text }) {
    const inputs = this.row(path)?.querySelectorAll(FIELDS),
      input = inputs?.[place] ?? inputs?.[0];
    input?.focus();
    if (text !== null && input) input.value = text;
  },

  row(path) {
    return [...this.place.querySelectorAll("[data-key]")].find(
      element => element.dataset.key === path && element.checkVisibility(),
    );
  },

  offer(key) {
    const shape = tableShape(key),
      table = isList(shape) ? shape.items[0] : shape; // of a list the first entry
    const row = put(this.tree, "div", { class: "c-offer", "data-key": key.key });
    put(row, "span", {}, key.key);
    const about = start.form.tables[Object.values(table.tables)[0]].about,
      value = () => (isList(shape) ? [blank(table)] : blank(table));
    pressable(row, "+ add", about, () => this.opened.add(key.key) && set({ [key.key]: value() }), {
      "aria-label": `Add ${key.key}: ${about}`,
    });
  },

  // Every key in the file's tables: place and key.
  *walk(shape = { tables: { "": start.form.top } }, place = []) {
    const value = valueAt(this.data, place);
    if (isList({ form: "list", ...shape, items: shape.items ?? [{}] }))
      for (let i = 0; i < (value ?? []).length; i++) yield* this.walk(shape.items[0], [...place, i]);
    else
      for (const key of keysOf(shape, value)) {
        const inner = tableShape(key),
          inside = [...place, key.key];
        if (!inner || key.shapes.length > 1) yield [inside, key];
        if (inner && (valueAt(this.data, inside) !== undefined || !this.isOptional(inside))) yield* this.walk(inner, inside);
      }
  },

  find() {
    const words = this.search.value.trim().toLowerCase().split(/\s+/);
    const isOn = words.join("").length >= LEAST_MATCH;
    this.results.hidden = !isOn;
    this.tree.hidden = isOn;
    this.results.replaceChildren();
    this.matching = [];
    if (!isOn) return;
    const matches = [...this.walk()].filter(([place, key]) => {
      const names = place.map((_, i) => valueAt(this.data, place.slice(0, i))?.name ?? "");
      const text = `${dotted(place)} ${names.join(" ")} ${key.about} ${key.unit}`.toLowerCase();
      return words.every(word => text.includes(word));
    });
    for (const [place, key] of matches.slice(0, MOST_FOUND)) {
      const part = new FieldPart(this.results, place, key, { path: true });
      part.show(this.data, this.faults);
      this.matching.push(part);
    }
    const count = `${matches.length || "No"} key${matches.length === 1 ? "" : "s"}`;
    put(
      this.results,
      "p",
      { class: "soft", role: "status" },
      matches.length > MOST_FOUND ? `${count}, of which the first ${MOST_FOUND}` : count,
    );
    if (document.activeElement === this.search) this.place.scrollIntoView(); // the results may lie below the edge
  },

  // Open the groups around a key and put the focus there.
  reveal(path) {
    const place = placeOf(path);
    this.search.value = "";
    this.find();
    for (let length = 1; length <= place.length; length++) {
      const row = [...this.tree.querySelectorAll("[data-key]")].find(
        element => element.dataset.key === dotted(place.slice(0, length)),
      );
      if (!row) continue;
      if (row.tagName === "DETAILS") {
        row.open = true;
        row.dispatchEvent(new Event("toggle")); // built now, not after a task
      }
      this.target = row;
    }
    const table = this.target?.parentElement.closest("details");
    if (this.target?.classList.contains("absent") && table) table.classList.add("all");
    this.target?.scrollIntoView({ block: "center" });
    this.target?.querySelector("input, select, textarea, summary")?.focus();
  },
};

class FieldPart extends Field {
  show(data, faults) {
    super.show(data, faults.at(this.path));
  }
}

form.build();
hub.on("state", state => form.show(state));
hub.on("live", ({ values }) => hub.dragging && form.follow(values ?? {}));
hub.on("still", () => form.show(hub.state));
