// Text as text: nothing here ever reads a string as HTML.

// Characters that are not seen or that turn the order of others round. Joiners and the
// marks that right-to-left scripts need stay as they are.
const HIDDEN = /[\u00ad\u200b\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff\u0080-\u009f]/g;

export function element(name, className = "", text = "") {
  const made = document.createElement(name);
  if (className) made.className = className;
  if (text) made.textContent = text;
  return made;
}

/** Appends a string; what cannot be seen in it gets a box of its own, whose
 *  `textContent` is still that character. */
export function appendText(parent, text) {
  let done = 0;
  for (const match of text.matchAll(HIDDEN)) {
    parent.append(text.slice(done, match.index));
    const box = element("span", "hidden-character", match[0]);
    const code = match[0].codePointAt(0).toString(16).toUpperCase().padStart(4, "0");
    box.dataset.code = `U+${code}`;
    box.title = `An invisible character, U+${code}`;
    parent.append(box);
    done = match.index + match[0].length;
  }
  parent.append(text.slice(done));
  return parent;
}

/** JavaScript counts UTF-16 units, Python characters: where a Python offset is. */
export function unitsAt(text, offsets) {
  const found = new Map();
  const wanted = [...offsets].sort((a, b) => a - b);
  let units = 0;
  let characters = 0;
  for (const character of text) {
    while (wanted.length && wanted[0] === characters) found.set(wanted.shift(), units);
    if (!wanted.length) break;
    units += character.length;
    characters += 1;
  }
  while (wanted.length) found.set(wanted.shift(), units);
  return found;
}
