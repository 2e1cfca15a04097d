// What comes from the server goes to all that asked for its kind; requests leave through one outlet, which the connection sets.

const start = JSON.parse(document.getElementById("data").textContent);

const hub = {
  state: null, // the last `state`
  channel: null, // name of the channel that this tab looks at
  dragging: false, // whether a hand moves a handle or a slider
  listeners: new Map(),
  outlet: () => {},
  asked: Math.floor(Math.random() * 2 ** 21) * 2 ** 31, // unlike any other tab's
  on(kind, act) {
    if (!this.listeners.has(kind)) this.listeners.set(kind, []);
    this.listeners.get(kind).push(act);
  },
  receive(message) {
    if (message.is === "state") {
      this.state = message;
      if (!message.channels.some(({ name }) => name === this.channel)) this.channel = message.channels[0]?.name ?? null;
    }
    this.tell(message.is, message);
  },
  // Events of the page itself have names of their own: "channel", "scheme", "drag", "still" (a hand has given up).
  tell(kind, content) {
    for (const act of this.listeners.get(kind) ?? []) act(content);
  },
  // Sends a request with a new id, which it gives back.
  send(request) {
    const id = ++this.asked;
    this.outlet({ channel: this.channel ?? undefined, ...request, id });
    return id;
  },
  show(channel) {
    if (channel === this.channel) return;
    this.channel = channel;
    this.tell("channel", channel);
    this.send({ do: "show", channel });
  },
};
hub.on("drag", moving => (hub.dragging = moving));
