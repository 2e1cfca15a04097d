// What the studio says and asks: questions with their answers, errors, what is written, and the file's faults; each stays until it is answered,
// put away, or no longer true.

const notices = {
  urgent: put(document.getElementById("messages"), "div", { class: "c-notices", role: "alert" }),
  calm: put(document.getElementById("messages"), "div", { class: "c-notices", role: "status" }),
  open: new Map(), // about -> element

  // A notice about something, in the place of an earlier one about the same; the acts are buttons.
  show(about, look, message, remedy = "", acts = []) {
    this.close(about);
    const notice = put(look === "done" ? this.calm : this.urgent, "div", { class: `c-notice ${look}`, "data-about": about });
    const words = put(notice, "div", { class: "c-words" });
    put(words, "p", {}, message);
    if (remedy) put(words, "p", { class: "soft" }, remedy);
    const foot = put(notice, "div", { class: "c-acts" });
    for (const [text, act] of acts)
      pressable(foot, text, text, () => {
        this.close(about);
        act();
      });
    pressable(foot, "✕", "Dismiss (Escape)", () => this.close(about), {
      "aria-label": "Dismiss",
      class: "tool c-away",
    });
    notice.addEventListener("keydown", event => event.key === "Escape" && this.close(about));
    this.open.set(about, notice);
    return notice;
  },

  close(about) {
    this.open.get(about)?.remove();
    this.open.delete(about);
  },
};

// They stand above the drawer.
new ResizeObserver(([{ target }]) =>
  document.documentElement.style.setProperty("--drawer", `${target.offsetHeight}px`),
).observe(document.getElementById("drawer"));

const QUESTIONS = {
  faulty: [["Save all the same", () => store(true)]],
  infeasible: [["Save all the same", () => store(true)]],
  unjudged: [["Save all the same", () => store(true)]],
  gone: [["Save all the same", () => store(true)]],
  disk: [
    ["Save over it", () => store(true)],
    ["Take the file on disk", () => hub.send({ do: "reload" })],
  ],
};

hub.on("question", ({ about, message, remedy, id }) => {
  if (!(about in QUESTIONS)) return; // asked by a tool, which answers it
  notices.close("faults"); // the question names them
  const notice = notices.show("question", "question", message, remedy, QUESTIONS[about]);
  notice.dataset.version = hub.state?.version;
  if (id !== undefined) notice.querySelector("button").focus(); // who asked answers; nobody else is taken from what they write
});
hub.on("error", ({ message, id }) => connection.isAwaited(id) || notices.show("error", "error", message));
hub.on("done", ({ message, path, id }) => connection.isAwaited(id) || finished(message, path));

// A thing is written: its path, to be copied.
function finished(message, path) {
  const notice = notices.show("done", "done", message, path);
  const button = pressable(null, "Copy the path", "Copy the path", () => copy(path, button));
  if (path) notice.querySelector(".c-acts").prepend(button);
  setTimeout(
    () => notices.open.get("done") === notice && !notice.matches(":hover, :focus-within") && notices.close("done"),
    8000,
  );
}

hub.on("state", ({ faults, dirty, version }) => {
  if (faults.length) {
    const [{ key, message }] = faults,
      more = faults.length > 1 ? ` And ${faults.length - 1} more.` : "";
    const where = key && !message.startsWith(key) ? `${key}: ` : "";
    const shown = notices.open.get("faults")?.dataset.words;
    if (shown !== message + more)
      notices.show("faults", "error", where + message + more, "The panels show the last state without faults.", [
        ["Show it", () => form.reveal(key)],
      ]).dataset.words = message + more;
  } else notices.close("faults");
  if (!dirty || notices.open.get("question")?.dataset.version !== String(version)) notices.close("question");
});
hub.on("connected", on => {
  if (on) return notices.close("connection");
  const refused = connection.status === "refused";
  notices.show(
    "connection",
    "error",
    refused ? "This address is that of an earlier studio." : "The connection to the studio is lost.",
    refused
      ? "Use the address that the command has printed."
      : "The page tries again; what is changed here meanwhile is kept and sent then.",
  );
});
