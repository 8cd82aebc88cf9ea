// The view "choice": a text with a span marked, and labels to choose from.

import { appendText, element, unitsAt } from "./text.js";
import { whoChose } from "./versions.js";

const MOST_LISTED = 200;

export class ChoiceView {
  /** @param {HTMLElement} root the section that this view fills
   *  @param {object} config the recipe's
   *  @param {(given: object) => void} onAnswer called with what was answered */
  constructor(root, config, onAnswer) {
    this.root = root;
    this.config = config;
    this.onAnswer = onAnswer;
  }

  static keys(config) {
    return [
      ["1 – 9", "the label with that number"],
      ["a", "the first label"],
      ["x", "none of these"],
      ...(config.outside ? [["0", "not a mention, or no label"]] : []),
      ["/", "another label, from the list of all"],
      ["space", "skip this question"],
    ];
  }

  show(task) {
    this.task = task;
    this.choices = this.#labels(task.options);
    this.asked = [];
    this.chose = whoChose(task.versions, this.config.none);
    this.#render(this.#prompt(), this.choices);
    if (this.config.all_labels) this.#openList(false);
  }

  /** Whether the key meant something here. */
  key(key) {
    if (key === "a") key = "1";
    const numbered = this.#numbered(this.following ?? this.choices);
    const digit = /^[1-9]$/.test(key) ? Number(key) : 0;
    if (digit && digit <= numbered.length) this.#accept(numbered[digit - 1].id);
    else if (key === "x" || (digit && digit === numbered.length + 1)) this.#none();
    else if (key === "0" && this.#outside()) this.#accept(this.config.outside);
    else if (key === " ") this.#give("ignore", []);
    else if (key === "/") this.#openList(true);
    else if (key === "Backspace" && this.following) this.show(this.task);
    else if (key === "Escape" && this.list) this.#closeList();
    else return false;
    return true;
  }

  describe() {
    const [span] = this.task.spans;
    const at = unitsAt(this.task.text, [span.start, span.end]);
    const marked = this.task.text.slice(at.get(span.start), at.get(span.end));
    const named = this.choices.map((each) => `${this.#keyOf(each, this.choices)} ${each.text}${this.#by(each.id)}`);
    return `${marked}: ${named.join(", ")}, x none of these${this.#by(this.config.none)}`;
  }

  #prompt() {
    const which = "Which label does the marked text have?";
    if (!this.chose.size) return which;
    return this.chose.size > 1 ? `Annotators disagree. ${which}` : "Annotators agree. Are they right?";
  }

  #by(label) {
    return this.chose.has(label) ? ` (${this.chose.get(label)})` : "";
  }

  #labels(options) {
    const shown = new Set(this.task.shown ?? []);
    const special = [this.config.none, this.config.outside];
    return options.filter(({ id }) => shown.has(id) || !special.includes(id));
  }

  /** The answer that it is no mention, or part of none, where there is such an answer. */
  #outside() {
    return this.#option(this.config.outside);
  }

  #option(label) {
    return this.task.options.find(({ id }) => id === label);
  }

  /** Labels: that it is outside of all mentions has the key 0, wherever it stands. */
  #numbered(choices) {
    return choices.filter(({ id }) => id !== this.config.outside);
  }

  #keyOf(option, choices) {
    return 1 + this.#numbered(choices).indexOf(option);
  }

  #accept(label) {
    this.#give("accept", [label]);
  }

  #none() {
    const next = this.task.next ?? [];
    if (this.config.follow_up === "next" && next.length && !this.following) {
      this.following = next.map((label) => ({ id: label, text: this.#option(label)?.text ?? label }));
      this.asked = next;
      this.#render("None of those. One of these?", this.following);
    } else if (this.config.follow_up === "list" && !this.following) {
      this.following = [];
      this.#render("None of those. Which, then?", []);
      this.#openList(true);
    } else {
      this.#give("accept", [this.config.none]);
    }
  }

  #give(answer, accept) {
    const also_shown = answer === "ignore" ? [] : this.asked;
    this.onAnswer({ task_hash: this.task._task_hash, answer, accept, also_shown });
  }

  #render(question, choices) {
    if (choices === this.choices) this.following = null;
    this.list = null;
    const prompt = element("h1", "prompt", question);
    prompt.id = "prompt";
    const group = element("div", "choices");
    group.setAttribute("role", "group");
    group.setAttribute("aria-labelledby", "prompt");
    choices.forEach((option) => group.append(this.#choice(option, this.#keyOf(option, choices))));
    const none = this.#button("choice none", "x", this.config.none, () => this.#none());
    this.#note(none, this.config.none);
    const digit = this.#numbered(choices).length + 1;
    if (digit <= 9) none.dataset.digit = digit;
    group.append(none);
    const beside = element("div", "beside");
    const outside = this.#outside();
    if (outside && !choices.some(({ id }) => id === outside.id)) {
      const button = this.#button("", "0", outside.text, () => this.#accept(outside.id));
      this.#note(button, outside.id);
      beside.append(button);
    }
    beside.append(this.#button("other", "/", "another label", () => this.#openList(true)));
    beside.append(this.#button("", "Space", "skip", () => this.#give("ignore", [])));
    const answers = element("div", "answers");
    answers.append(prompt, group, beside);
    this.root.replaceChildren(this.#text(), answers);
    this.root.querySelector("mark").scrollIntoView({ block: "center" });
    window.scrollTo(0, 0);
  }

  #text() {
    const { text, spans } = this.task;
    const [span] = spans;
    const at = unitsAt(text, [span.start, span.end]);
    const [start, end] = [at.get(span.start), at.get(span.end)];
    const box = element("div", "text");
    box.tabIndex = 0;
    box.setAttribute("role", "region");
    box.setAttribute("aria-label", "Text");
    const whole = element("p");
    whole.dir = "auto";
    const mark = element("mark");
    appendText(whole, text.slice(0, start));
    whole.append(appendText(mark, text.slice(start, end)));
    appendText(whole, text.slice(end));
    box.append(whole);
    return box;
  }

  #choice(option, number) {
    const key = number <= 9 ? String(number) : "";
    const accept = () => this.#accept(option.id);
    const button = this.#button("choice", key, option.text, accept);
    this.#note(button, option.id);
    if (option.score !== undefined) {
      const rounded = Math.round(100 * option.score);
      const percent = element("span", "score", rounded ? `${rounded} %` : "< 1 %");
      const bar = element("span", "bar");
      bar.style.inlineSize = `${100 * option.score}%`;
      button.append(percent, bar);
    }
    return button;
  }

  /** Who chose that before. */
  #note(button, label) {
    if (!this.chose.has(label)) return;
    button.append(appendText(element("bdi", "who"), this.chose.get(label)));
  }

  #button(className, key, text, onClick) {
    const button = element("button", className);
    button.type = "button";
    const label = appendText(element("bdi", "label"), text);
    if (key) {
      const cap = element("kbd", "", key);
      cap.setAttribute("aria-hidden", "true");
      button.append(cap);
      button.setAttribute("aria-keyshortcuts", key);
    }
    button.append(label);
    button.addEventListener("click", onClick);
    return button;
  }

  #openList(focus) {
    if (!this.list) {
      const pick = (label) => this.#accept(label);
      const leave = () => this.#closeList();
      this.list = new LabelList(this.config.labels, pick, leave);
      this.root.querySelector(".beside").before(this.list.root);
    }
    if (focus) this.list.input.focus();
  }

  #closeList() {
    if (!this.config.all_labels) {
      this.list?.root.remove();
      this.list = null;
    }
    this.root.focus({ preventScroll: true });
  }
}

/** A searchable list of all labels: a combobox with a list that is always open. */
export class LabelList {
  constructor(labels, onPick, onLeave) {
    this.labels = labels;
    this.onPick = onPick;
    this.onLeave = onLeave;
    this.root = element("div", "all-labels");
    this.input = element("input");
    this.input.type = "text";
    this.input.placeholder = "Search all labels";
    this.input.autocomplete = "off";
    this.input.spellcheck = false;
    for (const [name, value] of Object.entries({
      role: "combobox",
      "aria-label": "Search all labels",
      "aria-controls": "all-labels",
      "aria-expanded": "true",
      "aria-autocomplete": "list",
    })) {
      this.input.setAttribute(name, value);
    }
    this.listbox = element("ul");
    this.listbox.id = "all-labels";
    this.listbox.setAttribute("role", "listbox");
    this.listbox.setAttribute("aria-label", "All labels");
    this.root.append(this.input, this.listbox);
    this.input.addEventListener("input", () => this.#filter());
    this.input.addEventListener("keydown", (event) => this.#key(event));
    this.#filter();
  }

  #filter() {
    const wanted = this.input.value.trim().toLowerCase();
    this.found = this.labels.filter((label) => label.toLowerCase().includes(wanted));
    this.found.sort((a, b) => this.#rank(a, wanted) - this.#rank(b, wanted));
    const items = this.found.slice(0, MOST_LISTED).map((label, i) => {
      const item = appendText(element("li"), label);
      item.id = `label-${i}`;
      item.dir = "auto";
      item.setAttribute("role", "option");
      item.addEventListener("mousedown", (event) => event.preventDefault());
      item.addEventListener("click", () => this.onPick(label));
      return item;
    });
    const more = this.found.length - items.length;
    if (more) items.push(element("li", "nothing", `${more} more: type a part of the name.`));
    if (!items.length) items.push(element("li", "nothing", "No label has that in its name."));
    this.listbox.replaceChildren(...items);
    this.#move(0);
  }

  #rank(label, wanted) {
    return label.toLowerCase().startsWith(wanted) ? 0 : 1;
  }

  #move(to) {
    const n = Math.min(this.found.length, MOST_LISTED);
    this.at = n ? Math.max(0, Math.min(to, n - 1)) : -1;
    [...this.listbox.children].forEach((item, i) => {
      if (item.id) item.setAttribute("aria-selected", String(i === this.at));
      if (i === this.at) item.scrollIntoView({ block: "nearest" });
    });
    if (n) this.input.setAttribute("aria-activedescendant", `label-${this.at}`);
    else this.input.removeAttribute("aria-activedescendant");
  }

  #key(event) {
    // A key that picks a word in an input method is not ours.
    if (event.isComposing) return;
    if (event.key === "ArrowDown") this.#move(this.at + 1);
    else if (event.key === "ArrowUp") this.#move(this.at - 1);
    else if (event.key === "Enter" && this.at >= 0) this.onPick(this.found[this.at]);
    else if (event.key === "Escape") this.onLeave();
    else return;
    event.preventDefault();
    event.stopPropagation();
  }
}
