"""Keys with Caps Lock, keys of other layouts, and the key 0."""

import pytest
from choice_sessions import TEXTS, token_task
from pages import playwright, press, saved, send

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


def test_no_label_has_the_key_0_wherever_it_stands(site, visit):
    shown = [("O", "LABEL 1", "LABEL 2"), ("LABEL 1", "LABEL 2"), ("LABEL 1",)]
    follow = [(), (), ("LABEL 2", "O")]
    tasks = [token_task(*x, follow=y) for x, y in zip(shown, follow, strict=True)]
    tasks = [{**x, "text": f"{x['text']} {i}"} for i, x in enumerate(tasks)]
    here = site(tasks, follow_up="next")
    page = visit(here.url)
    choices, none = page.locator(".choice"), "xnone of these"
    button = page.get_by_role("button", name="no label", exact=False)
    playwright.expect(choices).to_have_text(
        ["0no label40 %", "1LABEL 140 %", "2LABEL 240 %", none]
    )
    assert page.locator("#announcer").text_content().startswith("Paris: 0 no label, 1 ")
    playwright.expect(button).to_have_count(1)
    press(page, "2")
    playwright.expect(choices).to_have_text(["1LABEL 140 %", "2LABEL 240 %", none])
    playwright.expect(button).to_have_count(1)
    press(page, "0")
    page.keyboard.press("x")
    playwright.expect(choices).to_have_text(["1LABEL 2", "0no label", none])
    page.keyboard.press("2")
    saved(page, 3)
    assert here.said() == [
        ("accept", "LABEL 2"),
        ("accept", "O"),
        ("accept", NONE_OF_THESE),
    ]
