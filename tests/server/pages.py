"""What tests of pages in a real Chromium share; without Playwright they are skipped."""

import pytest

playwright = pytest.importorskip("playwright.sync_api")
HOSTILE = {
    "html": '<img src=x onerror="document.title=1"><script>document.title=2</script>',
    "markup": "</p></section><b>&lt;i&gt; &amp;",
    "right to left": "שלום עולם, Anna ‏lives‏ here",
    "override": "Anna \u202eevil\u202c lives",
    "zero width": "An\u200bna\ufeff li\u200dves",
    "emoji": "👩‍👩‍👧 Anna 😀 lives",
    "Chinese": "安娜住在巴黎，她在那里工作。",
    "long": "x" * 4999 + " " + "word " * 1000,
    "spaces": "Anna\t  lives\n\n here",
}
CONTRAST = """() => {
  const channels = (text) => text.match(/[\\d.]+/g).map(Number);
  const light = ([r, g, b]) => [r, g, b].map((c) => c / 255)
    .map((c) => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
    .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
  const ground = (node) => {
    for (; node; node = node.parentElement) {
      const colour = channels(getComputedStyle(node).backgroundColor);
      if (colour.length === 3 || colour[3] === 1) return colour;
    }
  };
  return [...document.querySelectorAll("*")]
    .filter((node) => node.checkVisibility() && [...node.childNodes].some(
      (child) => child.nodeType === 3 && child.data.trim()))
    .map((node) => {
      const pair = [light(channels(getComputedStyle(node).color)), light(ground(node))];
      pair.sort((a, b) => b - a);
      const ratio = (pair[0] + 0.05) / (pair[1] + 0.05);
      return [node.className + " " + node.textContent, ratio];
    });
}"""
SEND = """([key, code, more]) => document.activeElement.dispatchEvent(
  new KeyboardEvent("keydown", { key, code, bubbles: true, cancelable: true, ...more })
)"""


def press(page, *keys):
    for key in keys:
        page.keyboard.press(key)


def send(page, key, code, **more):
    """A key as a keyboard of another layout sends it."""
    page.evaluate(SEND, [key, code, more])


def saved(page, n):
    playwright.expect(page.locator("#answered")).to_contain_text(f"{n} answered")
    playwright.expect(page.locator("#saved")).to_contain_text("saved")
