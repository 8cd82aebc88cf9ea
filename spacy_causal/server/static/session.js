// What the page says to the server: answers go out one after the other, in order, and
// are sent again until the server has them on its disk.

const FIRST_PAUSE = 500;
const LONGEST_PAUSE = 5000;

export class Refused extends Error {}

export class Session {
  /** @param {string} name whose answers these are
   *  @param {(waiting: number, trouble: string) => void} onState called when how many
   *    answers wait, or why, has changed
   *  @param {() => void} onRefused called when an answer was not kept: its question,
   *    like any that was handed out and not answered, can be had again */
  constructor(name, onState, onRefused) {
    this.name = name;
    this.onState = onState;
    this.onRefused = onRefused;
    this.outbox = [];
    this.refused = new Map();
    this.sending = null;
  }

  config() {
    return this.#call("GET", "config");
  }

  questions(n) {
    const query = new URLSearchParams({ session: this.name, n });
    return this.#call("GET", `questions?${query}`);
  }

  /** Sends an answer once all before it have been kept. `then` gets the reply. */
  answer(given, n, then) {
    this.outbox.push({ given, n, then });
    this.onState(this.outbox.length, "");
    this.sending ??= this.#send();
  }

  /** The question whose answer was taken back, once all answers have been kept. */
  async undo() {
    await this.sending;
    return this.#call("POST", "undo", { session: this.name });
  }

  async save() {
    await this.sending;
    return this.#call("POST", "save", { session: this.name });
  }

  isUnsent(hash) {
    return this.outbox.some(({ given }) => given.task_hash === hash);
  }

  async #send() {
    let pause = FIRST_PAUSE;
    while (this.outbox.length) {
      const { given, n, then } = this.outbox[0];
      const body = { session: this.name, answers: [given], n };
      try {
        const reply = await this.#call("POST", "answers", body);
        this.outbox.shift();
        this.refused.delete(given.task_hash);
        pause = FIRST_PAUSE;
        this.onState(this.outbox.length, "");
        then(reply);
      } catch (error) {
        if (error instanceof Refused) {
          this.outbox.shift();
          this.refused.set(given.task_hash, error.message);
          this.onState(this.outbox.length, "");
          this.onRefused();
          continue;
        }
        this.onState(this.outbox.length, error.message);
        await new Promise((go) => setTimeout(go, pause));
        pause = Math.min(2 * pause, LONGEST_PAUSE);
      }
    }
    this.sending = null;
  }

  async #call(method, path, body) {
    const options = { method, headers: {} };
    if (body !== undefined) {
      options.body = JSON.stringify(body);
      options.headers["Content-Type"] = "application/json";
    }
    let reply;
    try {
      reply = await fetch(`/api/${path}`, options);
    } catch {
      throw new Error("The server does not answer.");
    }
    if (reply.ok) return reply.json();
    if (reply.status === 401) throw new Error("The server no longer knows this browser: open its address with the token again.");
    const why = `(${reply.status})${await reason(reply)}`;
    if (reply.status >= 500) throw new Error(`The server failed ${why}`);
    throw new Refused(`The server refused that ${why}`);
  }
}

/** What the server says about it, if it does: the end of a sentence. */
async function reason(reply) {
  const said = await reply.json().catch(() => null);
  const detail = [said?.detail ?? []].flat().join("; ");
  return detail ? `: ${detail.replace(/\.$/, "")}.` : ".";
}
