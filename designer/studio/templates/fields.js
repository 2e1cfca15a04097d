// Editors of one key's value, by its shapes. An editor shows a value and hands on what was typed, sound or not: the loader judges.

// A value of a single line. What is typed is set by Enter or on leaving; Escape gives it up; arrows step a number.
class Entry {
  constructor(parent, shapes, label, commit) {
    this.isText = shapes.every(({ form }) => form === "text");
    this.commit = commit;
    const words = shapes.flatMap(shape => shape.words ?? []),
      menu = words.length ? `words-${(Entry.menus += 1)}` : null;
    this.input = put(parent, "input", {
      class: this.isText ? "c-text" : "c-number",
      "aria-label": label,
      inputmode: this.isText || words.length ? null : "decimal",
      list: menu,
      autocomplete: "off",
      spellcheck: "false",
      onchange: () => this.settle(),
      onblur: () => this.settle(),
      onkeydown: event => this.key(event),
    });
    if (menu)
      put(put(parent, "datalist", { id: menu }), "option", { value: words[0] }).after(
        ...words.slice(1).map(word => put(null, "option", { value: word })),
      );
  }

  settle() {
    if (this.input.value === this.input.defaultValue) return;
    this.input.defaultValue = this.input.value;
    this.commit(this.value());
  }

  value() {
    return this.isText ? this.input.value.trim() || null : typed(this.input.value);
  }

  key(event) {
    const up = { ArrowUp: 1, ArrowDown: -1 }[event.key];
    if (event.key === "Enter") this.settle();
    else if (event.key === "Escape") this.input.value = this.input.defaultValue;
    else if (up && typeof this.value() === "number" && !this.input.list) {
      event.preventDefault();
      this.input.value = written(nudged(this.value(), up));
    }
  }

  show(value, normal) {
    const text = value === undefined || value === null ? "" : written(value);
    this.input.placeholder = normal === undefined || normal === null ? "" : written(normal);
    if (document.activeElement === this.input && this.input.value !== this.input.defaultValue) return; // being written
    this.input.value = this.input.defaultValue = text;
  }
}
Entry.menus = 0;

// A number moved by one in its second digit.
function nudged(value, up) {
  const size = value === 0 ? 1 : 10 ** (Math.floor(Math.log10(Math.abs(value))) - 1);
  return Number((value + up * size).toPrecision(12));
}

class Choice {
  constructor(parent, words, label, commit, required) {
    this.words = words;
    this.input = put(parent, "select", {
      "aria-label": label,
      onchange: () => commit(this.input.value === "" ? null : this.words[Number(this.input.value)]),
    });
    if (!required) this.none = put(this.input, "option", { value: "" });
    words.forEach((word, i) => put(this.input, "option", { value: i }, String(word)));
  }

  show(value, normal) {
    if (this.none) this.none.textContent = normal === undefined || normal === null ? "–" : `${normal} (default)`;
    this.other?.remove();
    const place = this.words.indexOf(value);
    if (place < 0 && value !== undefined && value !== null)
      this.other = put(this.input, "option", { value: "other", disabled: true }, written(value)); // none of the words
    this.input.value = value === undefined || value === null ? "" : place < 0 ? "other" : String(place);
  }
}

class Flag {
  constructor(parent, label, commit) {
    this.input = put(parent, "input", { type: "checkbox", "aria-label": label, onchange: () => commit(this.input.checked) });
  }

  show(value, normal) {
    this.input.checked = value ?? normal ?? false;
  }
}

// Names of which several are chosen.
class Names {
  constructor(parent, names, label, commit) {
    Object.assign(this, { names, commit, buttons: [] });
    this.box = put(parent, "div", { class: "c-names", role: "group", "aria-label": label });
  }

  show(value, normal) {
    const names = this.names();
    this.chosen = Array.isArray(value) ? value : (normal ?? []);
    if (String(names) !== String(this.buttons.map(button => button.textContent))) {
      this.box.replaceChildren();
      this.buttons = names.map(name => pressable(this.box, name, name, () => this.turn(name), { class: "c-name" }));
    }
    this.input = this.buttons[0];
    for (const button of this.buttons) pressed(button, this.chosen.includes(button.textContent));
  }

  turn(name) {
    const chosen = this.names().filter(other => this.chosen.includes(other) !== (other === name));
    this.commit(chosen.length ? chosen : null);
  }
}

// Numbers or texts with commas between.
class Line {
  constructor(parent, shape, label, commit) {
    const isText = shape.items.every(({ form }) => form === "text");
    const parse = text =>
      text
        .split(isText ? "," : /[,;\s]+/)
        .map(part => (isText ? part.trim() : typed(part)))
        .filter(part => part !== null && part !== "");
    this.entry = new Entry(parent, [{ form: "text" }], label, text => commit(text === null ? null : parse(text)));
    this.input = this.entry.input;
    this.input.setAttribute("placeholder", "none");
  }

  show(value, normal) {
    const text = values => (Array.isArray(values) ? values.map(written).join(", ") : values);
    this.entry.show(text(value), text(normal?.length ? normal : undefined));
  }
}

// Lists of one length each, one a row; or one such list alone. A row is set once it is full.
class Rows {
  constructor(parent, shape, label, commit) {
    this.single = shape.columns.length > 0;
    this.columns = this.single ? shape.columns : shape.items[0].columns;
    this.shapes = this.single ? shape.items : shape.items[0].items;
    Object.assign(this, { label, commit, rows: [] });
    this.box = put(parent, "div", { class: this.single ? "c-row" : "c-rows" });
    if (this.single) return;
    const head = put(this.box, "div", { class: "c-row c-head", "aria-hidden": "true" });
    for (const column of this.columns)
      put(head, "span", {}, column.replace("_hz", " in Hz").replace("_db", " in dB").replaceAll("_", " "));
    this.more = pressable(this.box, "+ row", `One more row of ${label}`, () => this.add(), { class: "tool c-more" });
  }

  get input() {
    return this.rows[0]?.entries[0].input ?? this.more;
  }

  add() {
    this.build(this.rows.length);
    this.rows.at(-1).entries[0].input.focus();
  }

  build(number) {
    const place = this.single ? this.box : put(null, "div", { class: "c-row" });
    if (!this.single) this.more.before(place);
    const words = column => `${this.label}${this.single ? "" : ` ${number + 1}`}, ${column}`;
    const entries = this.columns.map(column => new Entry(place, this.shapes, words(column), () => this.settle()));
    if (this.single) entries.forEach((entry, i) => (entry.input.title = this.columns[i]));
    else pressable(place, "✕", `Take out row ${number + 1}`, () => this.remove(place), { class: "tool c-reset" });
    this.rows.push({ place, entries });
  }

  settle() {
    const rows = this.rows.map(({ entries }) =>
      entries.map((entry, i) => entry.value() ?? (this.single ? (this.normal?.[i] ?? null) : null)),
    );
    if (this.single && this.rows[0].entries.every(entry => entry.value() === null)) return this.commit(null);
    const full = rows.filter(row => row.every(value => value !== null));
    if (full.length < rows.length && rows.some(row => row.some(value => value !== null) && row.includes(null))) return;
    this.commit(this.single ? full[0] : full.length ? full : null);
  }

  remove(place) {
    this.rows.splice(
      this.rows.findIndex(row => row.place === place),
      1,
    );
    place.remove();
    this.settle();
  }

  show(value, normal) {
    this.normal = normal;
    const shown = Array.isArray(value) ? value : this.single ? [] : (normal ?? []),
      lists = this.single ? [shown] : shown;
    while (this.rows.length < lists.length) this.build(this.rows.length);
    while (this.rows.length > lists.length) this.rows.pop().place.remove();
    this.rows.forEach(({ entries }, i) =>
      entries.forEach((entry, column) =>
        entry.show(Array.isArray(lists[i]) ? lists[i][column] : undefined, this.single ? normal?.[column] : undefined),
      ),
    );
  }
}

// A value of one of several forms: which, and its editor.
class Several {
  constructor(parent, shapes, label, commit, names) {
    Object.assign(this, { shapes, label, commit, names, chosen: null });
    this.box = put(parent, "div", { class: "c-several" });
    this.which = put(this.box, "select", {
      class: "c-which",
      "aria-label": `Form of ${label}`,
      onchange: () => this.choose(Number(this.which.value)),
    });
    shapes.forEach((shape, i) => put(this.which, "option", { value: i }, FORMS[shape.form]));
    this.place = put(this.box, "div");
  }

  get input() {
    return this.editor.input;
  }

  choose(number) {
    if (number !== this.chosen) {
      this.chosen = number;
      this.place.replaceChildren();
      const shape = this.shapes[number];
      this.editor = editor(this.place, [shape], this.label, this.commit, this.names);
      this.editor.show(undefined, fits(shape, this.normal) ? this.normal : undefined);
    }
    this.which.value = number;
  }

  show(value, normal) {
    this.normal = normal;
    const known = value ?? normal,
      number = this.shapes.findIndex(shape => fits(shape, known));
    if (known !== undefined && known !== null && number >= 0) this.choose(number);
    else if (this.chosen === null) this.choose(0);
    this.editor.show(value, fits(this.shapes[this.chosen], normal) ? normal : undefined);
  }
}
const FORMS = { number: "number", text: "text", choice: "word", flag: "yes or no", list: "list", table: "table" };

function fits({ form, words }, value) {
  if (form === "list") return Array.isArray(value);
  if (form === "table") return typeof value === "object" && value !== null && !Array.isArray(value);
  if (form === "choice") return words.includes(value);
  return typeof value === { number: "number", flag: "boolean", text: "string" }[form];
}

// The editor of some shapes; `names` are what a list of texts may hold, where that is known.
function editor(parent, shapes, label, commit, { names = null, required = false } = {}) {
  const [shape] = shapes;
  if (shapes.length > 1)
    return shapes.some(({ form }) => form === "list" || form === "flag")
      ? new Several(parent, shapes, label, commit, { names, required })
      : new Entry(parent, shapes, label, commit);
  if (shape.form === "choice") return new Choice(parent, shape.words, label, commit, required);
  if (shape.form === "flag") return new Flag(parent, label, commit);
  if (shape.form !== "list")
    return names
      ? new Entry(parent, [{ form: "text" }, { form: "choice", words: names() }], label, commit)
      : new Entry(parent, shapes, label, commit);
  const [item] = shape.items;
  if (shape.columns.length || item.columns?.length) return new Rows(parent, shape, label, commit);
  if (item.form === "choice") return new Names(parent, () => item.words, label, commit);
  return names ? new Names(parent, names, label, commit) : new Line(parent, shape, label, commit);
}
