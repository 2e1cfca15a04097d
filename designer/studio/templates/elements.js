// Elements of the controls. Text is always text: nothing that a file or the studio says is ever read as markup.

// An element with its attributes and its content; an attribute `on...` is a listener, one that is false or absent is left out.
function put(parent, tag, attributes = {}, ...content) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes))
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) element.setAttribute(name, value);
  element.append(...content);
  parent?.append(element);
  return element;
}

// A button; one that has a sign in place of words is named by its title.
function pressable(parent, text, title, onclick, more = {}) {
  const name = /\p{L}/u.test(text) ? null : title;
  return put(parent, "button", { type: "button", class: "tool", title, "aria-label": name, onclick, ...more }, text);
}

const pressed = (button, on) => button.setAttribute("aria-pressed", String(Boolean(on)));

// Whether a key of the keyboard belongs to what has the focus, because one writes there.
const isWriting = element => element.matches("textarea, select, input:not([type=range], [type=checkbox], [type=radio])");

async function copy(text, button) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    const area = put(document.body, "textarea", { class: "voice" }, text); // a browser without that permission
    area.select();
    document.execCommand("copy");
    area.remove();
    button.focus();
  }
  const before = button.textContent;
  button.textContent = "Copied";
  announce("Copied");
  setTimeout(() => (button.textContent = before), 1200);
}

// A number as one types it.
const written = value => (typeof value === "number" ? String(Number(value.toPrecision(12))) : String(value));

// What was typed, as JSON has it: a number where it is one, nothing where it is empty, else the text, for the loader to judge.
function typed(text) {
  const trimmed = text.trim().replace("−", "-");
  if (trimmed === "") return null;
  return /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(trimmed) ? Number(trimmed) : trimmed;
}

// `["designs", 0, "band_hz"]` as `designs[0].band_hz`.
function dotted(place) {
  return place.reduce(
    (path, step) => (typeof step === "number" ? `${path}[${step}]` : `${path}${path && "."}${keyText(step)}`),
    "",
  );
}
const keyText = key => (/^[\w-]+$/.test(key) ? key : JSON.stringify(key));

// A message without the key that it stands beside.
const beside = (message, key) =>
  (message ?? "")
    .split("\n")
    .map(line => (line.startsWith(`${key}: `) ? line.slice(key.length + 2) : line))
    .join("\n");

// A key that may break after its underscores.
const breakable = key => key.split(/(?<=_)/).flatMap((part, i) => (i ? [document.createElement("wbr"), part] : [part]));

const valueAt = (data, place) => place.reduce((value, step) => value?.[step], data);
