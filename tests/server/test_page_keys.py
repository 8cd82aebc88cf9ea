"""Keys with Caps Lock and on keyboards whose letters or digits are others."""

import pytest
from choice_sessions import TEXTS
from pages import playwright, saved, send

from spacy_causal.types import NONE_OF_THESE


@pytest.mark.parametrize(
    ("key", "code", "more", "accepted"),
    [
        ("X", "KeyX", {}, NONE_OF_THESE),
        ("A", "KeyA", {}, "LABEL 1"),
        ("ч", "KeyX", {}, NONE_OF_THESE),
        ("Ф", "KeyA", {"shiftKey": True}, "LABEL 1"),
        ("&", "Digit1", {}, "LABEL 1"),
        ("é", "Digit2", {}, "LABEL 2"),
        ("à", "Digit0", {}, "O"),
        ("1", "Digit1", {"shiftKey": True}, "LABEL 1"),
        ("۲", "Digit2", {}, "LABEL 2"),
        # French and Dvorak: the letter counts, not its place.
        ("a", "KeyQ", {}, "LABEL 1"),
        ("x", "KeyB", {}, NONE_OF_THESE),
    ],
)
def test_a_key_of_any_layout_answers(site, visit, key, code, more, accepted):
    here = site(TEXTS[:2])
    page = visit(here.url)
    page.locator("mark").wait_for()
    send(page, key, code, **more)
    saved(page, 1)
    assert here.said() == [("accept", accepted)]


def test_other_keys_of_that_place_answer_nothing(site, visit):
    here = site(TEXTS[:2])
    page = visit(here.url)
    page.locator("mark").wait_for()
    send(page, "q", "KeyA")
    send(page, "!", "Digit1", shiftKey=True)
    send(page, "@", "Digit0", modifierAltGraph=True)
    send(page, "F1", "F1")
    send(page, "?", "KeyM", shiftKey=True)
    playwright.expect(page.locator("#help")).to_be_visible()
    page.keyboard.press("Escape")
    send(page, "ы", "KeyS", ctrlKey=True)
    playwright.expect(page.locator("#saved")).to_contain_text("the model learns")
    assert here.said() == []
