// The mentions of a sentence, and which tokens are selected: what keys and drags do to
// them. Nothing here knows how they are drawn.

export class Mentions {
  /** @param {string} label what the first new mention is labelled
   *  @param {(what: "selected" | "changed" | "dragged" | "removed") => void} onChange */
  constructor(label, onChange) {
    this.label = label;
    this.onChange = onChange;
    this.begin(0, []);
  }

  /** Another sentence, of so many tokens. */
  begin(length, spans) {
    this.length = length;
    this.take(spans);
  }

  /** Other mentions of the same sentence. */
  take(spans) {
    this.spans = spans.map(({ token_start, token_end, label }) => ({ token_start, token_end, label }));
    this.cursor = null;
    this.pressed = null;
  }

  // What is selected: tokens `from` to `to`, the last one inside; `from` stays when the
  // selection grows.

  get first() {
    return Math.min(this.cursor.from, this.cursor.to);
  }

  get last() {
    return Math.max(this.cursor.from, this.cursor.to);
  }

  /** The mention that is selected as a whole. */
  get selected() {
    if (!this.cursor) return null;
    const { first, last } = this;
    return this.spans.find((x) => x.token_start === first && x.token_end === last) ?? null;
  }

  /** The mention that a token is in. */
  at(token) {
    return this.spans.find((x) => x.token_start <= token && token <= x.token_end) ?? null;
  }

  /** Goes one token on, or lets the selection, or the mention that it is, grow. */
  step(step, grow) {
    if (!this.cursor) return this.#select(step > 0 ? 0 : this.length - 1);
    if (grow && this.selected) return this.resize(step, 1);
    const beyond = step > 0 ? this.last : this.first;
    const next = (grow ? this.cursor.to : beyond) + step;
    const to = Math.max(0, Math.min(this.length - 1, next));
    this.#select(grow ? this.cursor.from : to, to);
  }

  /** Goes to the next mention, or the one before. */
  jump(step) {
    if (!this.spans.length) return;
    const here = this.cursor ? this.first : step > 0 ? -1 : Infinity;
    const ordered = step > 0 ? this.spans : [...this.spans].reverse();
    const next = ordered.find((x) => (x.token_start - here) * step > 0) ?? ordered[0];
    this.#select(next.token_start, next.token_end);
  }

  /** Moves the start (`side` 0) or the end (1) of the mention that is selected. */
  resize(step, side) {
    const span = this.selected;
    if (!span) return;
    const start = span.token_start + (side ? 0 : step);
    const end = span.token_end + (side ? step : 0);
    if (start >= 0 && start <= end && end < this.length) this.#put(start, end, span.label, span);
  }

  /** Labels what is selected, or what will be made next. */
  give(label) {
    this.label = label;
    if (this.cursor) this.#put(this.first, this.last, label);
    else this.onChange("changed");
  }

  remove() {
    if (!this.cursor) return;
    const { first, last } = this;
    this.spans = this.spans.filter((x) => x.token_end < first || x.token_start > last);
    this.onChange("removed");
  }

  /** Selects nothing, and drags nothing. */
  leave() {
    this.pressed = null;
    this.cursor = null;
    this.onChange("changed");
  }

  // By mouse: dragging over tokens makes a mention, from one moves its nearer border.

  press(token) {
    this.pressed = { from: token, to: token, span: this.at(token) };
  }

  dragTo(token) {
    if (!this.pressed || token === this.pressed.to) return;
    this.pressed.to = token;
    const [from, to] = this.#dragged();
    this.cursor = { from, to };
    this.onChange("dragged");
  }

  drop() {
    if (!this.pressed) return;
    const { from, to, span } = this.pressed;
    const [start, end] = this.#dragged();
    this.pressed = null;
    if (span && from === to) this.#select(span.token_start, span.token_end);
    else this.#put(start, end, span ? span.label : this.label, span);
  }

  cancel() {
    if (this.pressed) this.leave();
  }

  #select(from, to = from) {
    this.cursor = { from, to };
    this.onChange("selected");
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

  #dragged() {
    const { from, to, span } = this.pressed;
    if (!span) return [Math.min(from, to), Math.max(from, to)];
    const toEnd = span.token_end - from;
    const toStart = from - span.token_start;
    const end = toEnd < toStart || (toEnd === toStart && to > from);
    const fixed = end ? span.token_start : span.token_end;
    return [Math.min(fixed, to), Math.max(fixed, to)];
  }
}
