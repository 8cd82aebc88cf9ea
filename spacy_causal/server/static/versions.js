// Who said what, where several people have answered a question before.

import { appendText, element } from "./text.js";

export function namesOf({ sessions }) {
  return sessions.map((name) => name || "no name").join(", ");
}

/** Who chose each label, of a question in the view "choice". */
export function whoChose(versions, none) {
  const chose = new Map();
  for (const version of versions ?? []) {
    const label = version.answer === "accept" ? (version.accept[0] ?? none) : none;
    chose.set(label, namesOf(version));
  }
  return chose;
}

/** Whole sentences as they were annotated, to compare and to begin from. */
export class VersionList {
  /** @param {object[]} versions the question's
   *  @param {(span: object) => string} textOf the text of a mention
   *  @param {(spans: object[]) => void} onPick called with the mentions of one */
  constructor(versions, textOf, onPick) {
    this.onPick = onPick;
    this.versions = versions.filter(({ answer }) => answer === "accept");
    this.root = element("div", "versions");
    this.root.setAttribute("role", "group");
    this.root.setAttribute("aria-label", "Who said what");
    const keys = versions.map(({ spans }) => new Set((spans ?? []).map(keyOf)));
    this.buttons = [];
    for (const version of versions) {
      const row = element(version.answer === "accept" ? "button" : "p", "version");
      row.append(appendText(element("bdi", "who"), namesOf(version)));
      if (version.answer === "accept") {
        row.type = "button";
        row.addEventListener("click", () => this.onPick(version.spans));
        this.buttons.push(row);
        for (const span of version.spans) {
          const agreed = keys.every((each) => each.has(keyOf(span)));
          const chip = element("span", agreed ? "mention" : "mention differs");
          appendText(chip.appendChild(element("bdi")), textOf(span));
          chip.append(appendText(element("bdi", "tag"), span.label));
          row.append(chip);
        }
        if (!version.spans.length) row.append(element("span", "nothing", "no mentions"));
      } else {
        row.append(element("span", "nothing", "rejected the sentence"));
      }
      this.root.append(row);
    }
  }

  /** Shows which of them these mentions are. */
  mark(spans) {
    this.at = this.versions.findIndex((version) => alike(version.spans, spans));
    this.buttons.forEach((button, i) => {
      button.setAttribute("aria-pressed", String(i === this.at));
    });
  }

  /** Takes the one after that which is shown. */
  next() {
    if (!this.versions.length) return;
    this.onPick(this.versions[(this.at + 1) % this.versions.length].spans);
  }
}

function keyOf({ token_start, token_end, label }) {
  return JSON.stringify([token_start, token_end, label]);
}

function alike(first, second) {
  const keys = new Set(first.map(keyOf));
  return first.length === second.length && second.every((span) => keys.has(keyOf(span)));
}
