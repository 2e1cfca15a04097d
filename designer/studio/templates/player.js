// Sounds of one length, all started together in one loop; which one is heard is a matter of gains, cross-faded, so that a switch leaves no gap.

const FADE_S = 0.01;

class Player {
  // `context`: a real one, or one that renders offline.
  constructor(context) {
    Object.assign(this, {
      context,
      sounds: new Map(),
      running: [],
      heard: null,
      loop: [0, 0],
      seconds: 0,
      isOn: false,
      from: 0,
      begun: 0,
    });
    this.out = context.createGain();
    this.out.connect(context.destination);
  }

  // Sounds by name: a buffer, and the gain that makes all equally loud.
  load(sounds) {
    const place = this.place;
    this.halt();
    this.sounds = sounds;
    const seconds = Math.min(...[...sounds.values()].map(({ buffer }) => buffer.duration));
    if (Math.abs(seconds - this.seconds) > 0.01 || !(this.loop[1] <= seconds)) this.loop = [0, seconds];
    this.seconds = seconds;
    if (!sounds.has(this.heard)) this.heard = sounds.keys().next().value;
    this.from = place >= this.loop[0] && place < this.loop[1] ? place : this.loop[0];
    if (this.isOn) this.begin();
  }

  // Seconds from the sounds' begin.
  get place() {
    if (!this.running.length) return this.from;
    const [start, end] = this.loop,
      gone = Math.max(this.context.currentTime - this.begun, 0);
    return start + ((this.from - start + gone) % Math.max(end - start, 1e-3));
  }

  begin(when = this.context.currentTime) {
    const [start, end] = this.loop;
    this.begun = when;
    this.running = [...this.sounds].map(([name, { buffer, gain }]) => {
      const source = new AudioBufferSourceNode(this.context, { buffer, loop: true, loopStart: start, loopEnd: end });
      const fader = new Fader(this.context);
      source.connect(fader.node).connect(this.out);
      if (name === this.heard) fader.go(gain, when);
      source.start(when, this.from);
      return { name, source, fader, gain };
    });
    this.isOn = true;
  }

  play() {
    if (!this.sounds.size) return;
    this.context.resume?.();
    if (!this.running.length) this.begin();
  }

  pause() {
    this.from = this.place;
    this.halt();
    this.isOn = false;
  }

  // All fade and end.
  halt(when = this.context.currentTime) {
    for (const { source, fader } of this.running) {
      fader.go(0, when);
      source.stop(when + FADE_S);
    }
    this.running = [];
  }

  hear(name, when = this.context.currentTime) {
    if (!this.sounds.has(name) || name === this.heard) return;
    for (const { name: other, fader, gain } of this.running) fader.go(other === name ? gain : 0, when);
    this.heard = name;
  }

  // The part that is repeated; all sounds start anew at one place, as one changed beside the others would be out of step with them.
  repeat(start, end) {
    const place = this.place,
      wasRunning = this.running.length > 0;
    this.halt();
    this.loop = [start, end];
    this.from = place >= start && place < end ? place : start;
    if (wasRunning) this.begin();
  }
}

// A gain that goes to its next value in a straight line, from wherever it is by then.
class Fader {
  constructor(context) {
    this.node = new GainNode(context, { gain: 0 });
    this.line = { from: 0, to: 0, at: 0 };
  }

  go(to, when) {
    const { from, to: last, at } = this.line,
      now = from + (last - from) * Math.min(Math.max((when - at) / FADE_S, 0), 1);
    if (to === last && now === last) return;
    this.line = { from: now, to, at: when };
    this.node.gain.cancelScheduledValues(when);
    this.node.gain.setValueAtTime(now, when).linearRampToValueAtTime(to, when + FADE_S);
  }
}
