// What keys say, whatever the keyboard's layout and Caps Lock.

/** A letter is the same with and without Shift. */
export function keyOf({ key }) {
  return key.length === 1 ? key.toLowerCase() : key;
}

/** The letter or digit that a US keyboard has at a key's place, "" where it has none. */
export function placeOf(event) {
  const { key, code, shiftKey } = event;
  // A layout that has Latin letters in other places means what it says.
  if (/^[a-z0-9]$/i.test(key) || event.getModifierState("AltGraph")) return "";
  if (/^Key[A-Z]$/.test(code)) return code.slice(3).toLowerCase();
  return /^Digit[0-9]$/.test(code) && !shiftKey ? code.slice(5) : "";
}
