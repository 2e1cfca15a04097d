// Packed numbers of figures, opened.

// The figures of a page's data with their numbers: ["@", place, count] is a stretch of the packed floats; ["#", ...] a table in steps, which is
// opened when it is first drawn.
function unpacked(data) {
  const floats = new Float32Array(bytesOf(data.arrays)),
    levels = new Int16Array(bytesOf(data.tables)),
    tables = new Map();
  const table = ([, place, count, rows, least, step]) => {
    if (!tables.has(place)) {
      const values = new Float32Array(count);
      for (let i = 0; i < count; i++)
        values[i] = levels[place + i] === -32768 ? NaN : least + (levels[place + i] + 32767) * step;
      tables.set(
        place,
        Array.from({ length: rows }, (_, i) => values.subarray((i * count) / rows, ((i + 1) * count) / rows)),
      );
    }
    return tables.get(place);
  };
  const open = value => {
    if (Array.isArray(value)) return value[0] === "@" ? floats.subarray(value[1], value[1] + value[2]) : value.map(open);
    if (!value || typeof value !== "object") return value;
    const opened = {};
    for (const [key, part] of Object.entries(value))
      if (Array.isArray(part) && part[0] === "#")
        Object.defineProperty(opened, key, { enumerable: true, get: () => table(part) });
      else opened[key] = open(part);
    return opened;
  };
  return { ...data, figures: open(data.figures) };
}

function bytesOf(text) {
  const letters = atob(text),
    bytes = new Uint8Array(letters.length);
  for (let i = 0; i < letters.length; i++) bytes[i] = letters.charCodeAt(i);
  return bytes.buffer;
}
