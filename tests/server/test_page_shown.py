"""What the page shows in a real Chromium: hostile texts, bad lines, help, contrast."""

import pytest
from choice_sessions import task
from pages import CONTRAST, HOSTILE, playwright, saved


def marked(page):
    return page.locator("mark").text_content()


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
    page.get_by_role("button", name="1 bad line skipped").click()
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


def test_a_list_that_is_cut_says_so(site, visit):
    here = site(all_labels=True, labels=[f"LABEL {i}" for i in range(250)])
    page = visit(here.url)
    playwright.expect(page.get_by_role("option")).to_have_count(200)
    more = page.get_by_text("50 more: type a part of the name.")
    playwright.expect(more).to_have_count(1)
    page.get_by_role("combobox").fill("label 24")
    playwright.expect(page.get_by_role("option")).to_have_count(11)
    playwright.expect(more).to_have_count(0)
