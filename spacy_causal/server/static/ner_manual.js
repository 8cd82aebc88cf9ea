// The view "ner_manual": a text whose mentions are made, moved and relabelled.

import { LabelList } from "./choice.js";
import { appendText, element, unitsAt } from "./text.js";
import { VersionList } from "./versions.js";

export class ManualView {
  /** @param {HTMLElement} root the section that this view fills
   *  @param {object} config the recipe's
   *  @param {(given: object) => void} onAnswer called with what was answered
   *  @param {(text: string) => void} announce says something to a screen reader */
  constructor(root, config, onAnswer, announce) {
    this.root = root;
    this.config = config;
    this.onAnswer = onAnswer;
    this.announce = announce;
    this.label = config.labels[0];
    // What somebody takes back comes back as they had left it.
    this.left = new Map();
    addEventListener("pointermove", (event) => this.#drag(event));
    addEventListener("pointerup", (event) => this.#drop(event));
    addEventListener("pointercancel", () => this.#cancel());
  }

  static keys(config) {
    return [
      ...(config.reviews ? [["v", "begin from what the next annotator said"]] : []),
      ["← →", "go from token to token"],
      ["shift + ← →", "select more or fewer; of a mention: move its end"],
      [", .", "move the start of a mention"],
      ["↑ ↓", "go from mention to mention"],
      ["1 – 9", "give what is selected that label"],
      ["/", "a label from the list of all"],
      ["delete, r", "remove the mention"],
      ["a", "accept the sentence as it is shown"],
      ["x", "reject it: nothing is learnt from it"],
      ["space", "skip it"],
    ];
  }

  show(task) {
    this.task = task;
    this.#take(this.left.get(task._task_hash) ?? task.spans);
    const offsets = task.tokens.flatMap(({ start, end }) => [start, end]);
    this.units = unitsAt(task.text, new Set(offsets));
    this.cursor = null;
    this.pressed = null;
    this.list = null;
    this.#build();
    this.#draw();
    window.scrollTo(0, 0);
  }

  /** Whether the key meant something here. */
  key(key, { shiftKey }) {
    const rtl = getComputedStyle(this.line).direction === "rtl";
    const step = { ArrowRight: rtl ? -1 : 1, ArrowLeft: rtl ? 1 : -1 }[key];
    if (step) this.#step(step, shiftKey);
    else if (key === "ArrowDown" || key === "ArrowUp") this.#jump(key === "ArrowDown" ? 1 : -1);
    else if (key === "," || key === ".") this.#resize(key === "," ? -1 : 1, 0);
    else if (/^[1-9]$/.test(key) && key <= this.config.labels.length) {
      this.#give(this.config.labels[key - 1]);
    } else if (key === "/") this.#openList();
    else if (key === "Delete" || key === "r") this.#remove();
    else if (key === "v" && this.versions) this.versions.next();
    else if (key === "a") this.#answer("accept");
    else if (key === "x") this.#answer("reject");
    else if (key === " ") this.#answer("ignore");
    else if (key === "Escape") this.#escape();
    else return false;
    return true;
  }

  describe() {
    const said = this.spans.map((span) => `${this.#text(span)}, ${span.label}`);
    return `${this.task.text}. ${said.length ? said.join("; ") : "No mentions"}.`;
  }

  #take(spans) {
    this.spans = spans.map(({ token_start, token_end, label }) => ({ token_start, token_end, label }));
  }

  #answer(answer) {
    this.left.set(this.task._task_hash, this.spans);
    const given = { task_hash: this.task._task_hash, answer };
    this.onAnswer(answer === "accept" ? { ...given, spans: this.spans } : given);
  }

  // What is selected: tokens `from` to `to`, the last one inside; `from` stays when the
  // selection grows.

  get #first() {
    return Math.min(this.cursor.from, this.cursor.to);
  }

  get #last() {
    return Math.max(this.cursor.from, this.cursor.to);
  }

  /** The mention that is selected as a whole. */
  get #selected() {
    if (!this.cursor) return null;
    const [first, last] = [this.#first, this.#last];
    return this.spans.find((x) => x.token_start === first && x.token_end === last) ?? null;
  }

  #at(token) {
    return this.spans.find((x) => x.token_start <= token && token <= x.token_end) ?? null;
  }

  #select(from, to = from) {
    this.cursor = { from, to };
    this.#draw();
    this.tokens[to].scrollIntoView({ block: "nearest" });
    const span = this.#selected;
    const text = this.#text({ token_start: this.#first, token_end: this.#last });
    this.announce(span ? `${text}, ${span.label}` : text);
  }

  #step(step, grow) {
    const n = this.task.tokens.length;
    if (!this.cursor) return this.#select(step > 0 ? 0 : n - 1);
    if (grow && this.#selected) return this.#resize(step, 1);
    const beyond = step > 0 ? this.#last : this.#first;
    const to = Math.max(0, Math.min(n - 1, (grow ? this.cursor.to : beyond) + step));
    this.#select(grow ? this.cursor.from : to, to);
  }

  #jump(step) {
    if (!this.spans.length) return;
    const here = this.cursor ? this.#first : step > 0 ? -1 : Infinity;
    const ordered = step > 0 ? this.spans : [...this.spans].reverse();
    const next = ordered.find((x) => (x.token_start - here) * step > 0) ?? ordered[0];
    this.#select(next.token_start, next.token_end);
  }

  /** Moves the start (`side` 0) or the end (1) of the mention that is selected. */
  #resize(step, side) {
    const span = this.#selected;
    if (!span) return;
    const start = span.token_start + (side ? 0 : step);
    const end = span.token_end + (side ? step : 0);
    if (start >= 0 && start <= end && end < this.task.tokens.length) {
      this.#put(start, end, span.label, span);
    }
  }

  /** A mention of these tokens, in place of all that it overlaps. */
  #put(start, end, label, instead = null) {
    const kept = this.spans.filter(
      (x) => x !== instead && (x.token_end < start || x.token_start > end),
    );
    kept.push({ token_start: start, token_end: end, label });
    this.spans = kept.sort((a, b) => a.token_start - b.token_start);
    this.#select(start, end);
  }

  #give(label) {
    this.label = label;
    if (this.cursor) this.#put(this.#first, this.#last, label);
    else this.#draw();
  }

  #remove() {
    if (!this.cursor) return;
    const [first, last] = [this.#first, this.#last];
    this.spans = this.spans.filter((x) => x.token_end < first || x.token_start > last);
    this.#draw();
    this.announce("Removed.");
  }

  #escape() {
    if (this.list) this.#closeList();
    this.pressed = null;
    this.cursor = null;
    this.#draw();
  }

  // By mouse: dragging over tokens makes a mention, from one moves its nearer border.

  #press(event) {
    const token = this.#tokenOf(event.target);
    if (token === null || event.button) return;
    event.preventDefault();
    this.root.focus({ preventScroll: true });
    this.pressed = { from: token, to: token, span: this.#at(token) };
  }

  #drag({ clientX, clientY }) {
    if (!this.pressed) return;
    const to = this.#tokenOf(document.elementFromPoint(clientX, clientY));
    if (to === null || to === this.pressed.to) return;
    this.pressed.to = to;
    const [start, end] = this.#dragged();
    this.cursor = { from: start, to: end };
    this.#mark();
  }

  #drop() {
    if (!this.pressed) return;
    const { from, to, span } = this.pressed;
    const [start, end] = this.#dragged();
    this.pressed = null;
    if (span && from === to) this.#select(span.token_start, span.token_end);
    else this.#put(start, end, span ? span.label : this.label, span);
  }

  #cancel() {
    if (!this.pressed) return;
    this.pressed = null;
    this.cursor = null;
    this.#draw();
  }

  #dragged() {
    const { from, to, span } = this.pressed;
    if (!span) return [Math.min(from, to), Math.max(from, to)];
    const toEnd = span.token_end - from;
    const toStart = from - span.token_start;
    const end = toEnd < toStart || (toEnd === toStart && to > from);
    const fixed = end ? span.token_start : span.token_end;
    return [Math.min(fixed, to), Math.max(fixed, to)];
  }

  #tokenOf(node) {
    const token = node?.closest?.(".token");
    return token && this.line.contains(token) ? Number(token.dataset.token) : null;
  }

  #text({ token_start, token_end }) {
    const { text, tokens } = this.task;
    return text.slice(this.units.get(tokens[token_start].start), this.units.get(tokens[token_end].end));
  }

  // What is on the page.

  #build() {
    const prompt = element("h1", "prompt", "Is every mention marked, and labelled right?");
    const { versions } = this.task;
    const takeVersion = (spans) => {
      this.#take(spans);
      this.cursor = null;
      this.#draw();
      this.announce(this.describe());
      this.root.focus({ preventScroll: true });
    };
    this.versions = versions && new VersionList(versions, (span) => this.#text(span), takeVersion);
    this.labels = element("div", "labels");
    this.labels.setAttribute("role", "group");
    this.labels.setAttribute("aria-label", "Labels");
    this.buttons = this.config.labels.map((label, i) => {
      const button = this.#button(i < 9 ? String(i + 1) : "", label, () => this.#give(label));
      this.labels.append(button);
      return button;
    });
    const box = element("div", "text tokens");
    box.tabIndex = 0;
    box.setAttribute("role", "region");
    box.setAttribute("aria-label", "Text");
    this.line = element("p");
    this.line.dir = "auto";
    this.line.addEventListener("pointerdown", (event) => this.#press(event));
    box.append(this.line);
    this.edit = element("div", "beside edit");
    this.edit.append(
      this.#button(",", "start earlier", () => this.#resize(-1, 0)),
      this.#button(".", "start later", () => this.#resize(1, 0)),
      this.#button("⇧ ←", "end earlier", () => this.#resize(-1, 1)),
      this.#button("⇧ →", "end later", () => this.#resize(1, 1)),
      this.#button("r", "remove", () => this.#remove()),
    );
    const answers = element("div", "answers");
    const beside = element("div", "beside");
    const accept = this.#button("a", "accept", () => this.#answer("accept"));
    accept.classList.add("accept");
    beside.append(
      accept,
      this.#button("x", "reject", () => this.#answer("reject")),
      this.#button("Space", "skip", () => this.#answer("ignore")),
    );
    answers.append(prompt, this.edit, beside);
    this.root.replaceChildren(this.labels, box, ...this.#reviewed(), answers);
  }

  #reviewed() {
    if (!this.versions) return [];
    const several = this.task.versions.length > 1;
    const said = several ? "Annotators disagree. Who said what:" : "Annotators agree:";
    const reviewed = element("div", "reviewed");
    const head = element("div", "who-said");
    const next = this.#button("v", "take the next", () => this.versions.next());
    head.append(element("h2", "prompt", said), next);
    reviewed.append(head, this.versions.root);
    return [reviewed];
  }

  /** The text anew: mentions may have changed. */
  #draw() {
    this.versions?.mark(this.spans);
    const { text, tokens } = this.task;
    this.line.replaceChildren();
    let done = 0;
    let parent = this.line;
    this.tokens = tokens.map(({ start, end }, i) => {
      const [from, to] = [this.units.get(start), this.units.get(end)];
      appendText(parent, text.slice(done, from));
      const span = this.#at(i);
      if (span?.token_start === i) {
        parent = element("mark");
        this.line.append(parent);
      }
      const token = element("span", "token");
      token.dataset.token = i;
      parent.append(appendText(token, text.slice(from, to)));
      if (span?.token_end === i) {
        const tag = appendText(element("bdi", "tag"), span.label);
        parent.append(tag);
        parent = this.line;
      }
      done = to;
      return token;
    });
    appendText(this.line, text.slice(done));
    this.#mark();
  }

  /** Which tokens are selected, and what can be done with them. */
  #mark() {
    const [first, last] = this.cursor ? [this.#first, this.#last] : [0, -1];
    this.tokens.forEach((token, i) => {
      token.classList.toggle("chosen", first <= i && i <= last);
    });
    const span = this.#selected;
    for (const button of this.edit.children) button.disabled = !span;
    this.buttons.forEach((button, i) => {
      const pressed = this.config.labels[i] === (span?.label ?? this.label);
      button.setAttribute("aria-pressed", String(pressed));
    });
  }

  #button(key, text, onClick) {
    const button = element("button");
    button.type = "button";
    if (key) {
      const cap = element("kbd", "", key);
      cap.setAttribute("aria-hidden", "true");
      button.append(cap);
    }
    button.append(appendText(element("bdi", "label"), text));
    button.addEventListener("click", () => {
      onClick();
      this.root.focus({ preventScroll: true });
    });
    return button;
  }

  #openList() {
    if (!this.list) {
      const pick = (label) => {
        this.#closeList();
        this.#give(label);
      };
      this.list = new LabelList(this.config.labels, pick, () => this.#closeList());
      this.edit.before(this.list.root);
    }
    this.list.input.focus();
  }

  #closeList() {
    this.list?.root.remove();
    this.list = null;
    this.root.focus({ preventScroll: true });
  }
}
