// The view "ner_manual": a text whose mentions are made, moved and relabelled, as drawn.

import { LabelList } from "./choice.js";
import { Mentions } from "./mentions.js";
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
    this.mentions = new Mentions(config.labels[0], (what) => this.#changed(what));
    // What somebody takes back comes back as they had left it.
    this.left = new Map();
    addEventListener("pointermove", (event) => this.#drag(event));
    addEventListener("pointerup", () => this.mentions.drop());
    addEventListener("pointercancel", () => this.mentions.cancel());
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
    this.mentions.begin(task.tokens.length, this.left.get(task._task_hash) ?? task.spans);
    const offsets = task.tokens.flatMap(({ start, end }) => [start, end]);
    this.units = unitsAt(task.text, new Set(offsets));
    this.list = null;
    this.#build();
    this.#draw();
    window.scrollTo(0, 0);
  }

  /** Whether the key meant something here. */
  key(key, { shiftKey }) {
    const rtl = getComputedStyle(this.line).direction === "rtl";
    const step = { ArrowRight: rtl ? -1 : 1, ArrowLeft: rtl ? 1 : -1 }[key];
    if (step) this.mentions.step(step, shiftKey);
    else if (key === "ArrowDown" || key === "ArrowUp") this.mentions.jump(key === "ArrowDown" ? 1 : -1);
    else if (key === "," || key === ".") this.mentions.resize(key === "," ? -1 : 1, 0);
    else if (/^[1-9]$/.test(key) && key <= this.config.labels.length) {
      this.mentions.give(this.config.labels[key - 1]);
    } else if (key === "/") this.#openList();
    else if (key === "Delete" || key === "r") this.mentions.remove();
    else if (key === "v" && this.versions) this.versions.next();
    else if (key === "a") this.#answer("accept");
    else if (key === "x") this.#answer("reject");
    else if (key === " ") this.#answer("ignore");
    else if (key === "Escape") this.#escape();
    else return false;
    return true;
  }

  describe() {
    const said = this.mentions.spans.map((span) => `${this.#text(span)}, ${span.label}`);
    return `${this.task.text}. ${said.length ? said.join("; ") : "No mentions"}.`;
  }

  #answer(answer) {
    this.left.set(this.task._task_hash, this.mentions.spans);
    const given = { task_hash: this.task._task_hash, answer };
    this.onAnswer(answer === "accept" ? { ...given, spans: this.mentions.spans } : given);
  }

  /** Shows what has become of the mentions. */
  #changed(what) {
    if (what === "dragged") return this.#mark();
    this.#draw();
    if (what === "removed") this.announce("Removed.");
    if (what !== "selected") return;
    const { first, last, selected, cursor } = this.mentions;
    this.tokens[cursor.to].scrollIntoView({ block: "nearest" });
    const text = this.#text({ token_start: first, token_end: last });
    this.announce(selected ? `${text}, ${selected.label}` : text);
  }

  #escape() {
    if (this.list) this.#closeList();
    this.mentions.leave();
  }

  #press(event) {
    const token = this.#tokenOf(event.target);
    if (token === null || event.button) return;
    event.preventDefault();
    this.root.focus({ preventScroll: true });
    this.mentions.press(token);
  }

  #drag({ clientX, clientY }) {
    if (!this.mentions.pressed) return;
    const token = this.#tokenOf(document.elementFromPoint(clientX, clientY));
    if (token !== null) this.mentions.dragTo(token);
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
      this.mentions.take(spans);
      this.#draw();
      this.announce(this.describe());
      this.root.focus({ preventScroll: true });
    };
    this.versions = versions && new VersionList(versions, (span) => this.#text(span), takeVersion);
    this.labels = element("div", "labels");
    this.labels.setAttribute("role", "group");
    this.labels.setAttribute("aria-label", "Labels");
    this.buttons = this.config.labels.map((label, i) => {
      const button = this.#button(i < 9 ? String(i + 1) : "", label, () => this.mentions.give(label));
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
      this.#button(",", "start earlier", () => this.mentions.resize(-1, 0)),
      this.#button(".", "start later", () => this.mentions.resize(1, 0)),
      this.#button("⇧ ←", "end earlier", () => this.mentions.resize(-1, 1)),
      this.#button("⇧ →", "end later", () => this.mentions.resize(1, 1)),
      this.#button("r", "remove", () => this.mentions.remove()),
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
    this.versions?.mark(this.mentions.spans);
    const { text, tokens } = this.task;
    this.line.replaceChildren();
    let done = 0;
    let parent = this.line;
    this.tokens = tokens.map(({ start, end }, i) => {
      const [from, to] = [this.units.get(start), this.units.get(end)];
      appendText(parent, text.slice(done, from));
      const span = this.mentions.at(i);
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
    const { cursor, label } = this.mentions;
    const [first, last] = cursor ? [this.mentions.first, this.mentions.last] : [0, -1];
    this.tokens.forEach((token, i) => {
      token.classList.toggle("chosen", first <= i && i <= last);
    });
    const span = this.mentions.selected;
    for (const button of this.edit.children) button.disabled = !span;
    this.buttons.forEach((button, i) => {
      const pressed = this.config.labels[i] === (span?.label ?? label);
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
        this.mentions.give(label);
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
