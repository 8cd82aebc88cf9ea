"""A session of choices in a real Chromium: by keyboard alone, by mouse, by two."""

import pytest
from choice_sessions import TEXTS, task
from pages import CONTRAST, HOSTILE, playwright, saved

from spacy_causal.types import NONE_OF_THESE


def marked(page):
    return page.locator("mark").text_content()


def press(page, *keys):
    """Press keys one after the other, each on a question of its own."""
    for key in keys:
        before = page.locator(".text").text_content()
        page.keyboard.press(key)
        playwright.expect(page.locator(".text")).not_to_have_text(before)


def test_a_whole_session_by_keyboard(site, visit):
    here = site(TEXTS[:8])
    page = visit(here.url)
    playwright.expect(page.locator("mark")).to_have_text("Paris")
    press(page, "1", "x", "0", "Space", "a", "3", "4")
    saved(page, 7)
    press(page, "Backspace")
    saved(page, 6)
    playwright.expect(page.locator(".text")).to_contain_text("Number 6")
    press(page, "2")
    page.keyboard.press("1")
    playwright.expect(page.locator("#pause-title")).to_have_text("No questions left.")
    page.keyboard.press("Control+s")
    playwright.expect(page.locator("#saved")).to_contain_text("the model learns")
    assert here.said() == [
        ("accept", "LABEL 1"),
        ("accept", NONE_OF_THESE),
        ("accept", "O"),
        ("ignore",),
        ("accept", "LABEL 1"),
        ("accept", "LABEL 3"),
        ("accept", "LABEL 2"),
        ("accept", "LABEL 1"),
    ]
    answers = here.controller.ledger.answers.values()
    assert all(0 <= answer.content["seconds"] < 60 for answer in answers)
    assert not here.controller.ledger.waiting


def test_undo_from_the_end_and_further_back(site, visit):
    here = site(TEXTS[:2])
    page = visit(here.url)
    press(page, "1")
    page.keyboard.press("2")
    playwright.expect(page.locator("#pause")).to_be_visible()
    # The second press comes while the first is on its way.
    page.keyboard.press("Backspace")
    page.keyboard.press("Backspace")
    playwright.expect(page.locator(".text")).to_contain_text("Number 0")
    saved(page, 0)
    page.keyboard.press("Backspace")
    playwright.expect(page.locator("#saved")).to_have_text("nothing to undo")
    press(page, "3")
    saved(page, 1)
    assert here.said() == [("accept", "LABEL 3")]


def test_by_mouse(site, visit):
    here = site(TEXTS[:5])
    page = visit(here.url)
    for name in ("LABEL 2", "none of these", "not a mention", "skip"):
        before = page.locator(".text").text_content()
        page.get_by_role("button", name=name).click()
        playwright.expect(page.locator(".text")).not_to_have_text(before)
    page.get_by_role("button", name="Undo").click()
    playwright.expect(page.locator(".text")).to_contain_text("Number 3")
    saved(page, 3)
    assert here.said() == [
        ("accept", "LABEL 2"),
        ("accept", NONE_OF_THESE),
        ("accept", "O"),
    ]


def test_another_label_from_the_list(site, visit):
    here = site()
    page = visit(here.url)
    page.locator("mark").wait_for()
    page.keyboard.press("/")
    page.keyboard.type("label 4")
    options = page.get_by_role("option")
    assert options.all_text_contents()[0] == "LABEL 4"
    assert options.count() == 11
    page.keyboard.press("ArrowDown")
    press(page, "Enter")
    page.keyboard.press("/")
    page.keyboard.type("no such")
    playwright.expect(page.get_by_text("No label has that")).to_be_visible()
    page.keyboard.press("Enter")
    page.keyboard.press("Escape")
    playwright.expect(page.get_by_role("combobox")).to_have_count(0)
    press(page, "1")
    saved(page, 2)
    assert here.said() == [("accept", "LABEL 40"), ("accept", "LABEL 1")]


def test_the_full_list_mode(site, visit):
    here = site(all_labels=True)
    page = visit(here.url)
    playwright.expect(page.get_by_role("option")).to_have_count(66)
    page.get_by_role("option", name="LABEL 65").click()
    saved(page, 1)
    assert here.said() == [("accept", "LABEL 65")]


def test_the_next_k_after_none_of_these(site, visit):
    here = site(follow_up="next")
    page = visit(here.url)
    page.locator("mark").wait_for()
    page.keyboard.press("x")
    playwright.expect(page.get_by_role("button", name="LABEL 5")).to_be_visible()
    page.keyboard.press("Backspace")
    playwright.expect(page.get_by_role("button", name="LABEL 5")).to_have_count(0)
    page.keyboard.press("x")
    press(page, "2")
    page.keyboard.press("x")
    press(page, "x")
    saved(page, 2)
    assert here.said() == [("accept", "LABEL 5"), ("accept", NONE_OF_THESE)]
    also = [x.content["also_shown"] for x in here.controller.ledger.answers.values()]
    assert also == [["LABEL 4", "LABEL 5", "LABEL 6"]] * 2


def test_or_the_list(site, visit):
    here = site(follow_up="list")
    page = visit(here.url)
    page.locator("mark").wait_for()
    page.keyboard.press("x")
    page.keyboard.type("33")
    press(page, "Enter")
    page.keyboard.press("x")
    page.keyboard.press("Escape")
    press(page, "x")
    saved(page, 2)
    assert here.said() == [("accept", "LABEL 33"), ("accept", NONE_OF_THESE)]


def test_a_reload_goes_on_where_it_was(site, visit):
    here = site()
    page = visit(here.url)
    press(page, "1", "1")
    saved(page, 2)
    before = page.locator(".text").text_content()
    page.reload()
    playwright.expect(page.locator(".text")).to_have_text(before)
    saved(page, 2)


def test_two_annotators(site, visit):
    here = site(TEXTS[:8])
    pages = [visit(f"{here.url}?session={name}") for name in ("ann", "bob")]
    for _ in range(3):
        for page in pages:
            press(page, "1")
    saved(pages[0], 3)
    assert len(here.said("ann")) == len(here.said("bob")) == 3
    tasks = {x.task_hash for x in here.controller.ledger.answers.values()}
    assert len(tasks) == 6


def test_a_held_key_answers_once(site, visit):
    here = site()
    page = visit(here.url)
    page.locator("mark").wait_for()
    for _ in range(5):
        page.keyboard.down("1")
    page.keyboard.up("1")
    saved(page, 1)
    assert here.said() == [("accept", "LABEL 1")]


def test_answers_wait_for_a_server_that_is_away(site, visit):
    here = site()
    page = visit(here.url, expected="status of 500")
    page.locator("mark").wait_for()
    with pytest.MonkeyPatch.context() as patch:

        def fail(*args):
            raise OSError("no space left on device")

        patch.setattr(here.controller._file, "append", fail)
        press(page, "1")
        playwright.expect(page.locator("#trouble")).to_contain_text("not saved yet")
    saved(page, 1)
    playwright.expect(page.locator("#trouble")).to_be_hidden()
    assert here.said() == [("accept", "LABEL 1")]


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_hostile_text_is_text(site, visit, kind):
    text = HOSTILE[kind]
    start = max(0, len(text) // 2 - 2)
    page = visit(site([task(text, start, start + 4)]).url)
    page.locator("mark").wait_for()
    assert page.locator(".text").text_content() == text
    assert marked(page) == text[start : start + 4]
    assert page.locator(".text img, .text script, .text b").count() == 0
    assert page.title() == "<i>one</i>: annotate"
    playwright.expect(page.locator("mark")).to_be_in_viewport()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_what_turns_text_round_is_kept_in_a_box(site, visit):
    page = visit(site([task(HOSTILE["override"], 0, 4)]).url)
    box = page.locator(".hidden-character").first
    assert box.get_attribute("data-code") == "U+202E"
    assert box.evaluate("box => getComputedStyle(box).unicodeBidi") == "isolate"


def test_bad_lines_stand_in_the_footer(site, visit):
    page = visit(site().url)
    page.get_by_role("button", name="1 bad line passed over").click()
    items = page.get_by_role("dialog").get_by_role("listitem")
    assert items.all_text_contents() == ["texts.txt:4: <b>no text</b>"]


def test_guidelines_and_keys(site, visit):
    page = visit(site(instructions="Cities are <b>LABEL 1</b>.").url)
    page.locator("mark").wait_for()
    page.keyboard.press("?")
    help_box = page.get_by_role("dialog", name="Help")
    playwright.expect(help_box).to_contain_text("Cities are <b>LABEL 1</b>.")
    page.keyboard.press("1")
    page.keyboard.press("Escape")
    saved(page, 0)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [(1200, 800), (360, 640)])
def test_it_can_be_read(site, visit, scheme, size):
    """Contrast as WCAG 2.2 AA has it, names on buttons, no sideways scroll."""
    view = {"width": size[0], "height": size[1]}
    page = visit(site().url, color_scheme=scheme, viewport=view)
    page.locator("mark").wait_for()
    measured = page.evaluate(CONTRAST)
    assert len(measured) > 10
    assert [(what, ratio) for what, ratio in measured if ratio < 4.5] == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    for button in page.get_by_role("button").all():
        assert button.inner_text().strip()
    assert page.locator("#announcer").text_content().startswith("Paris: 1 LABEL 1")
    assert page.evaluate("document.activeElement.id") == "task"
