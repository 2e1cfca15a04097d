// The one WebSocket. A request is kept until an answer repeats its id, and goes out again over a new connection: the studio does nothing twice
// that has the same id, so that nothing is lost. What only follows a hand that moves is not kept; of it the newest goes out, once a frame.

const AGAIN_MS = [150, 300, 600, 1200, 2500];
const ANSWERS = ["state", "question", "error", "done", "sound"];
const REFUSED = 4403; // the token is that of an earlier studio

const connection = {
  socket: null,
  failures: 0,
  status: "connecting", // "open", "lost", "refused"
  pending: new Map(), // id -> request without an answer
  awaiting: new Map(), // id -> what takes the answer
  dragged: null,
  frame: 0,

  connect() {
    const address = new URL("socket", location.href);
    address.protocol = location.protocol === "https:" ? "wss:" : "ws:";
    address.search = new URLSearchParams({ token: new URLSearchParams(location.search).get("token") ?? "" });
    const socket = new WebSocket(address);
    this.socket = socket;
    socket.onopen = () => {
      this.failures = 0;
      this.turn("open");
      this.write({ do: "hello", channel: hub.channel ?? undefined });
      for (const request of this.pending.values()) this.write(request);
    };
    socket.onmessage = ({ data }) => this.take(JSON.parse(data));
    socket.onclose = ({ code }) => {
      if (code === REFUSED) return this.turn("refused");
      this.turn("lost");
      setTimeout(() => this.connect(), AGAIN_MS[Math.min(this.failures++, AGAIN_MS.length - 1)]);
    };
  },

  turn(status) {
    if (status === this.status) return;
    this.status = status;
    hub.tell("connected", status === "open");
  },

  write(request) {
    if (this.socket?.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify(request));
  },

  take(message) {
    const answers = ANSWERS.includes(message.is) && this.pending.delete(message.id);
    if (answers) this.awaiting.get(message.id)?.(message);
    hub.receive(message);
    if (!answers) return;
    this.awaiting.delete(message.id);
    hub.tell("pending", this.pending.size);
  },

  // Whether some tool has asked for this answer, and shows it itself.
  isAwaited(id) {
    return this.awaiting.has(id);
  },

  // The outlet of all requests.
  pass(request) {
    if (request.phase === "drag") {
      this.dragged = request;
      this.frame ||= requestAnimationFrame(() => {
        this.frame = 0;
        if (this.dragged) this.write(this.dragged);
        this.dragged = null;
      });
      return;
    }
    this.dragged = null; // what was on its way is overtaken
    if (request.do !== "show" && request.phase !== "cancel") {
      this.pending.set(request.id, request);
      hub.tell("pending", this.pending.size);
    }
    this.write(request);
  },

  // A request with what takes its answer.
  ask(request) {
    return new Promise(answered => this.awaiting.set(hub.send(request), answered));
  },
};

hub.outlet = request => connection.pass(request);
addEventListener("beforeunload", event => connection.pending.size && connection.status !== "open" && event.preventDefault());

connection.connect();
