// The tour of the first start: three steps, each beside the place that it is about.

const TOUR = [
  {
    at: ["#panels", "#layout"],
    title: "Move what you see",
    words:
      "Drag a point of the target curve, a null, a driver or the head. Dashed curves follow the hand; letting go designs the filters and judges them.",
  },
  {
    at: ["#sliders", "#form"],
    title: "Turn a number, or find any key",
    words:
      "Sliders for what is turned most, and a form of every key below them. Each change is a step: Ctrl + Z takes it back. The file is written when you save.",
  },
  {
    at: ["#drawer"],
    title: "Compare, listen, hand over",
    words: "Keep states as A to D and lay them over each other, listen to them without a gap, and export what is good.",
  },
];

const tour = {
  start() {
    this.end();
    this.box = put(document.body, "div", {
      class: "c-tour",
      role: "dialog",
      "aria-labelledby": "c-tour-title",
      tabindex: -1,
    });
    this.box.addEventListener("keydown", event => event.key === "Escape" && this.end());
    this.go(0);
  },

  go(number) {
    const { at, title, words } = TOUR[number];
    document.querySelectorAll(".c-shown").forEach(place => place.classList.remove("c-shown"));
    const places = at.map(selector => document.querySelector(selector));
    for (const place of places) place.classList.add("c-shown");
    this.box.replaceChildren();
    put(this.box, "strong", { id: "c-tour-title" }, title);
    put(this.box, "p", { "aria-live": "polite" }, words);
    const foot = put(this.box, "div", { class: "c-acts" });
    put(foot, "span", { class: "soft" }, `${number + 1} of ${TOUR.length}`);
    if (number) pressable(foot, "Back", "The step before", () => this.go(number - 1));
    const isLast = number === TOUR.length - 1;
    if (!isLast) pressable(foot, "Skip", "End the tour", () => this.end());
    pressable(
      foot,
      isLast ? "Begin" : "Next",
      isLast ? "End the tour" : "The next step",
      () => (isLast ? this.end() : this.go(number + 1)),
      { class: "tool c-main" },
    ).focus();
    this.beside(places[0].getBoundingClientRect());
  },

  // Inside of the window, beside or over the place.
  beside({ left, right, top, bottom }) {
    const { width, height } = this.box.getBoundingClientRect();
    const within = (value, size, room) => Math.max(8, Math.min(value, room - size - 8));
    const x = right + 12 + width < innerWidth ? right + 12 : (left + right - width) / 2,
      y = top > innerHeight / 2 ? top - height - 12 : (top + Math.min(bottom, innerHeight) - height) / 2;
    Object.assign(this.box.style, { left: `${within(x, width, innerWidth)}px`, top: `${within(y, height, innerHeight)}px` });
  },

  end() {
    this.box?.remove();
    this.box = null;
    document.querySelectorAll(".c-shown").forEach(place => place.classList.remove("c-shown"));
    remembered.set("tour", "seen");
  },
};

let isFirst = remembered.get("tour") === null;
hub.on("state", () => {
  if (isFirst) tour.start();
  isFirst = false;
});
