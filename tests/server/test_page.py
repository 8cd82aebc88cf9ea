"""A session of choices in a real Chromium: by keyboard alone, by mouse, by two."""

import time

import pytest
from choice_sessions import TEXTS, choice_session
from pages import playwright, saved

from spacy_causal.types import NONE_OF_THESE


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
        page.locator("#task").get_by_role("button", name=name).click()
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
    # A page holds up to three more: of eight questions each has one left.
    for _ in range(2):
        for page in pages:
            press(page, "1")
    for page in pages:
        saved(page, 2)
    assert len(here.said("ann")) == len(here.said("bob")) == 2
    tasks = {x.task_hash for x in here.controller.ledger.answers.values()}
    assert len(tasks) == 4


def test_two_windows_of_one_annotator(site, visit):
    here = site(TEXTS[:5])
    first, second = visit(here.url), visit(here.url)
    for page in (first, second):
        playwright.expect(page.locator(".text")).to_contain_text("Number 0")
    press(first, "1", "1")
    saved(first, 2)
    press(second, "2")
    playwright.expect(second.locator("#trouble")).to_contain_text(
        "Not kept: 1 answer of yours came after another one to the same question"
    )
    playwright.expect(second.locator("#saved")).to_have_text("not all saved")
    playwright.expect(second.locator(".text")).to_contain_text("Number 2")
    press(second, "3")
    saved(second, 3)
    said = [("accept", "LABEL 1")] * 2 + [("accept", "LABEL 3")]
    assert here.said() == said
    playwright.expect(second.locator("#trouble")).to_be_visible()


def test_an_answer_that_came_too_late_is_said_to_be_lost(site, visit):
    here = site(TEXTS[:5])
    page = visit(f"{here.url}?session=ann")
    playwright.expect(page.locator(".text")).to_contain_text("Number 0")
    here.controller._clock = lambda: time.monotonic() + 1000
    (task,) = here.controller.questions("bob", 1)
    assert "Number 0" in task["text"]
    page.keyboard.press("1")
    playwright.expect(page.locator("#trouble")).to_have_text(
        "Not kept: 1 answer of yours came too late: somebody else was given the "
        "question."
    )
    assert here.said("ann") == []


def test_after_a_restart_the_question_comes_again(site, visit):
    here = site(TEXTS[:3])
    answer, first = here.controller.answer, iter(["unasked"])
    here.controller.answer = lambda *given: next(first, None) or answer(*given)
    page = visit(here.url)
    playwright.expect(page.locator(".text")).to_contain_text("Number 0")
    page.keyboard.press("1")
    playwright.expect(page.locator("#saved")).to_contain_text("asks that again")
    playwright.expect(page.locator("#trouble")).to_be_hidden()
    press(page, "1", "2")
    playwright.expect(page.locator(".text")).to_contain_text("Number 0")
    page.keyboard.press("3")
    ending = page.locator("#pause-text")
    playwright.expect(ending).to_have_text("All your answers are saved. Thank you!")
    assert [x for _, x in here.said()] == ["LABEL 1", "LABEL 2", "LABEL 3"]


def test_who_is_done_first_hears_that_others_have_the_last_ones(site, visit):
    here = site(TEXTS[:4])
    ann = visit(f"{here.url}?session=ann")
    ann.locator("mark").wait_for()
    bob = visit(f"{here.url}?session=bob")
    bob.locator("mark").wait_for()
    bob.keyboard.press("1")
    ending = bob.locator("#pause-text")
    playwright.expect(ending).to_contain_text("Others have the last questions")
    press(ann, "1", "1")
    ann.keyboard.press("1")
    ending = ann.locator("#pause-text")
    playwright.expect(ending).to_have_text("All your answers are saved. Thank you!")
    assert len(here.said("ann")) == 3 and len(here.said("bob")) == 1


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
    page = visit(here.url, expected="status of 503")
    page.locator("mark").wait_for()
    with pytest.MonkeyPatch.context() as patch:

        def fail(*args):
            raise OSError("the database cannot be written: no space left on device")

        patch.setattr(here.controller._file, "append", fail)
        press(page, "1")
        playwright.expect(page.locator("#trouble")).to_have_text(
            "The server failed (503): the database cannot be written: no space left on "
            "device. 1 answered and not saved yet; trying again."
        )
    saved(page, 1)
    playwright.expect(page.locator("#trouble")).to_be_hidden()
    assert here.said() == [("accept", "LABEL 1")]


def test_a_refused_answer_is_asked_for_again(site, visit):
    here = site(TEXTS[:1])
    page = visit(here.url, expected="status of 422")
    page.route("**/api/answers", lambda route: route.fulfill(status=422, body="{}"))
    page.locator("mark").wait_for()
    with page.expect_response("**/api/questions*"):
        page.keyboard.press("1")
    playwright.expect(page.locator("mark")).to_be_visible()
    playwright.expect(page.locator("#trouble")).to_contain_text("refused that (422)")
    playwright.expect(page.locator("#saved")).to_have_text("not all saved")
    page.unroute("**/api/answers")
    page.keyboard.press("1")
    playwright.expect(page.locator("#pause-title")).to_have_text("No questions left.")
    playwright.expect(page.locator("#saved")).to_have_text("all saved")
    playwright.expect(page.locator("#trouble")).to_be_hidden()
    assert here.said() == [("accept", "LABEL 1")]


def test_the_page_says_why_the_server_refused(site, visit):
    here = site(TEXTS[:1])
    page = visit(f"{here.url}?session=a/b", expected="status of 422")
    playwright.expect(page.locator("#trouble")).to_have_text(
        "The server refused that (422): query.session: 'a/b' is no name of a session: "
        "letters, digits, blanks and _ . @ + - are, at most 100."
    )
    page = visit(here.url, expected="status of 413")
    page.locator("mark").wait_for()
    long = page.evaluate(
        """async () => {
          const { Session } = await import("/static/session.js");
          const session = new Session("", () => {}, () => {});
          session.answer({ task_hash: 1, accept: ["x".repeat(1e6)] }, 1, () => {});
          await session.sending;
          return [...session.refused.values()];
        }"""
    )
    assert long == ["The server refused that (413): The request is too large."]


def test_a_link_from_elsewhere_lets_in(in_thread, visit):
    """The page that has it is another site's: of a name that only it has."""
    token = "a-token-that-is-long-enough"
    url = in_thread(choice_session(TEXTS), token)
    address = f"{url}?token={token}&session=ann"
    page = visit("about:blank")
    page.route(
        "http://mail.example/",
        lambda route: route.fulfill(
            content_type="text/html", body=f'<a href="{address}">Annotate</a>'
        ),
    )
    page.goto("http://mail.example/")
    page.get_by_role("link").click()
    playwright.expect(page.locator("mark")).to_have_text("Paris")
    assert page.url == f"{url}?session=ann"
    press(page, "1")
    saved(page, 1)
