// Listening: what is played, where, and which state's sound is heard; a loop whose ends can be set.

const STEP_S = 0.05;
const LEAST_LOOP_S = 0.2;
const BARS = 600; // of the drawn sound
const SOUND_WORDS = { current: "current", plain: "plain", bypass: "bypass" };

const listening = {
  place: document.getElementById("listen"),
  player: null,
  sources: ["excerpt", ...(start.excerpts ?? []).filter(name => name !== "excerpt")].map(name => [
    name,
    name === "excerpt" ? "built-in excerpt" : name,
  ]),
  version: null,

  build() {
    const head = put(this.place, "div", { class: "c-head" });
    this.source = put(put(head, "label", {}, "Play "), "select", { "aria-label": "Sound", onchange: () => this.stale() });
    this.file = put(head, "input", {
      type: "file",
      accept: "audio/*,.wav,.flac,.aiff",
      class: "voice",
      tabindex: -1,
      "aria-label": "Sound file",
      onchange: () => this.upload(),
    });
    pressable(head, "Add a file…", "A stereo file of this computer, to be played through the filters", () =>
      this.file.click(),
    );
    const where = put(head, "select", { "aria-label": "Where", onchange: () => this.stale() });
    put(where, "option", { value: "ears" }, "at the ears, for headphones");
    this.room = put(where, "option", { value: "room" }, "in the room");
    this.where = where;
    this.make = pressable(
      head,
      "Make the sounds",
      "Render the current state, the snapshots, plain playback and bypass",
      () => this.ask(),
    );
    this.stop = pressable(head, "Stop", "End the rendering", () => hub.send({ do: "listen", cancel: true }), {
      hidden: true,
    });
    this.note = put(head, "span", { class: "soft", role: "status" });
    this.deck = put(this.place, "div", { class: "c-deck", hidden: true });
    const row = put(this.deck, "div", { class: "c-head" });
    this.play = pressable(row, "▶ Play", "Play or pause (P)", () => this.turn());
    this.items = put(row, "div", { class: "c-group", role: "radiogroup", "aria-label": "Heard" });
    this.clock = put(row, "span", { class: "soft c-clock" });
    this.buildLoop();
    keyboard.on("p", "play or pause the sounds", () => (this.player ? this.turn() : false));
    keyboard.on(["1", "9"], "hear the first to the ninth sound", null, { between: " to " });
    for (let i = 1; i <= 9; i++) keyboard.on(`${i}`, "", () => this.hear(this.names()[i - 1]), { hidden: true });
    this.fillSources();
  },

  buildLoop() {
    this.wave = put(this.deck, "div", { class: "c-wave" });
    this.canvas = put(this.wave, "canvas", { width: BARS, height: 60, "aria-hidden": "true" });
    this.region = put(this.wave, "div", { class: "c-region" });
    this.needle = put(this.wave, "div", { class: "c-needle" });
    this.ends = ["begin", "end"].map((name, i) =>
      put(this.wave, "div", {
        class: "c-end",
        role: "slider",
        tabindex: 0,
        "aria-label": `Loop's ${name}`,
        title: `Loop's ${name}: drag, or arrow keys`,
        onpointerdown: event => this.grab(event, i),
        onkeydown: event => this.nudge(event, i),
      }),
    );
    this.wave.addEventListener("pointerdown", event => event.target === this.canvas && this.sweep(event));
    this.wave.addEventListener("dblclick", () => this.repeat(0, this.player.seconds));
  },

  names() {
    return [...(this.player?.sounds.keys() ?? [])];
  },

  fillSources() {
    const chosen = this.source.value;
    this.source.replaceChildren(...this.sources.map(([value, words]) => put(null, "option", { value }, words)));
    if (this.sources.some(([value]) => value === chosen)) this.source.value = chosen;
  },

  async upload() {
    const [file] = this.file.files;
    if (!file) return;
    this.note.textContent = `reading ${file.name}`;
    const query = new URLSearchParams({ token: start.token, name: file.name });
    try {
      const answer = await fetch(`upload?${query}`, { method: "POST", body: file });
      const { name, message } = await answer.json();
      if (!answer.ok) throw new Error(message);
      this.note.textContent = "";
      if (!this.sources.some(([value]) => value === name)) this.sources.push([name, file.name]);
      this.fillSources();
      this.source.value = name;
      this.stale();
    } catch (error) {
      this.note.textContent = "";
      notices.show("error", "error", error.message || `${file.name}: could not be sent`);
    }
    this.file.value = "";
  },

  async ask() {
    this.make.disabled = true;
    this.stop.hidden = false;
    this.note.textContent = "rendering";
    const version = `${hub.state.version} ${this.choices()}`;
    const answer = await connection.ask({ do: "listen", source: this.source.value, place: this.where.value });
    try {
      if (answer.is === "error") throw new Error(answer.message);
      if (answer.is !== "sound") return void (this.note.textContent = "");
      await this.take(answer);
      this.version = version;
      this.note.textContent = (answer.notes ?? []).join("; ");
    } catch (error) {
      this.note.textContent = "";
      notices.show("error", "error", error.message);
    } finally {
      this.make.disabled = false;
      this.stop.hidden = true;
      this.stale();
    }
  },

  // What the sounds depend on, beside the state.
  choices() {
    return `${this.source.value} ${this.where.value} ${hub.state?.snapshots.map(({ name, command }) => name + command)}`;
  },

  async take({ items }) {
    this.player ??= new Player(new AudioContext());
    const buffers = await Promise.all(
      items.map(async ({ url }) => {
        const answer = await fetch(url);
        if (!answer.ok) throw new Error(`${url.split("?")[0]}: status ${answer.status}`);
        return this.player.context.decodeAudioData(await answer.arrayBuffer());
      }),
    );
    this.player.load(
      new Map(items.map(({ name, gain_db }, i) => [name, { buffer: buffers[i], gain: 10 ** (gain_db / 20) }])),
    );
    this.deck.hidden = false;
    this.fillItems();
    this.draw();
    this.showLoop();
    if (!this.player.isOn) this.turn();
  },

  fillItems() {
    this.items.replaceChildren();
    this.buttons = new Map(
      this.names().map((name, i) => {
        const words = SOUND_WORDS[name] ?? name;
        const button = pressable(this.items, "", `Hear ${words} (${i + 1})`, () => this.hear(name), {
          role: "radio",
          class: "tool c-sound",
          "data-name": name,
        });
        put(button, "kbd", {}, `${i + 1}`);
        button.append(` ${words}`);
        return [name, button];
      }),
    );
    this.mark();
  },

  mark() {
    for (const [name, button] of this.buttons) button.setAttribute("aria-checked", String(name === this.player.heard));
  },

  hear(name) {
    if (!name) return false;
    this.player.hear(name);
    this.mark();
    announce(`Hearing ${SOUND_WORDS[name] ?? name}`);
  },

  turn() {
    this.player.isOn ? this.player.pause() : this.player.play();
    this.play.textContent = this.player.isOn ? "❚❚ Pause" : "▶ Play";
    this.follow();
  },

  // The needle goes with the sound.
  follow() {
    const { place, seconds, isOn } = this.player;
    this.needle.style.left = `${(100 * place) / seconds}%`;
    this.clock.textContent = `${place.toFixed(1)} of ${seconds.toFixed(1)} s`;
    if (isOn && !this.deck.hidden) requestAnimationFrame(() => this.player.isOn && this.follow());
  },

  repeat(begin, end) {
    const [from, to] = [Math.max(Math.min(begin, end), 0), Math.min(Math.max(begin, end), this.player.seconds)];
    if (to - from < LEAST_LOOP_S) return this.showLoop();
    this.player.repeat(from, to);
    this.showLoop();
    this.follow();
  },

  showLoop([begin, end] = this.player.loop) {
    const { seconds } = this.player,
      share = at => `${(100 * at) / seconds}%`;
    [begin, end].forEach((at, i) => {
      this.ends[i].style.left = share(at);
      const values = { valuemin: 0, valuemax: seconds.toFixed(2), valuenow: at.toFixed(2), valuetext: `${at.toFixed(2)} s` };
      for (const [name, value] of Object.entries(values)) this.ends[i].setAttribute(`aria-${name}`, value);
    });
    Object.assign(this.region.style, { left: share(begin), right: share(seconds - end) });
  },

  seconds(event) {
    const { left, width } = this.wave.getBoundingClientRect();
    return Math.min(Math.max((event.clientX - left) / width, 0), 1) * this.player.seconds;
  },

  // Until the pointer lets go: the loop as it would be.
  drag(event, ends) {
    event.preventDefault();
    const { target } = event;
    target.setPointerCapture(event.pointerId);
    let loop = this.player.loop;
    const move = moved => this.showLoop((loop = ends(this.seconds(moved)).sort((a, b) => a - b)));
    target.addEventListener("pointermove", move);
    target.addEventListener("pointerup", () => (target.removeEventListener("pointermove", move), this.repeat(...loop)), {
      once: true,
    });
  },

  grab(event, i) {
    const other = this.player.loop[1 - i];
    this.drag(event, at => [at, other]);
    event.currentTarget.focus();
  },

  sweep(event) {
    const begin = this.seconds(event);
    this.drag(event, at => [begin, at]);
  },

  nudge(event, i) {
    const by = {
      ArrowLeft: -1,
      ArrowDown: -1,
      ArrowRight: 1,
      ArrowUp: 1,
      PageDown: -10,
      PageUp: 10,
      Home: -Infinity,
      End: Infinity,
    }[event.key];
    if (!by) return;
    event.preventDefault();
    const loop = [...this.player.loop],
      limits = [
        [0, loop[1] - LEAST_LOOP_S],
        [loop[0] + LEAST_LOOP_S, this.player.seconds],
      ][i];
    loop[i] = Math.min(Math.max(loop[i] + by * STEP_S, limits[0]), limits[1]);
    this.repeat(...loop);
  },

  // The first sound's peaks.
  draw() {
    const { buffer } = this.player.sounds.values().next().value,
      pen = this.canvas.getContext("2d"),
      channels = Array.from({ length: buffer.numberOfChannels }, (_, i) => buffer.getChannelData(i));
    const width = buffer.length / BARS,
      { height } = this.canvas;
    const peaks = Array.from({ length: BARS }, (_, i) => {
      let most = 0;
      for (const channel of channels)
        for (let n = Math.floor(i * width); n < (i + 1) * width && n < channel.length; n += 4)
          most = Math.max(most, Math.abs(channel[n]));
      return most;
    });
    const largest = Math.max(...peaks, 1e-6);
    pen.clearRect(0, 0, BARS, height);
    pen.fillStyle = currentScheme().soft;
    peaks.forEach((peak, i) =>
      pen.fillRect(i, (height - (peak / largest) * height) / 2, 1, Math.max((peak / largest) * height, 1)),
    );
  },

  // Whether the sounds are those of the current state.
  stale() {
    const isOld = this.version !== null && `${hub.state?.version} ${this.choices()}` !== this.version;
    this.make.classList.toggle("due", this.version === null || isOld);
    this.make.textContent = this.version === null ? "Make the sounds" : isOld ? "Make the sounds again" : "Make again";
  },

  show({ data }) {
    this.room.disabled = !data.room;
    this.room.textContent = data.room ? "in the room" : "in the room (the file has none)";
    if (!data.room && this.where.value === "room") this.where.value = "ears";
    this.stale();
  },
};

listening.build();
hub.on("state", state => listening.show(state));
hub.on("scheme", () => listening.player?.sounds.size && listening.draw());
hub.on("working", ({ stage }) => listening.make.disabled && (listening.note.textContent = stage));
