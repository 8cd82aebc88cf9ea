"""The page in a real Chromium: a session by keyboard alone, and hostile texts."""

import shutil
import threading
import time

import pytest
import uvicorn

from spacy_causal.server.app import create_app
from spacy_causal.server.controller import Controller
from spacy_causal.store.database import Database
from spacy_causal.types import NONE_OF_THESE

playwright = pytest.importorskip("playwright.sync_api")
LABELS = [f"LABEL {i}" for i in range(66)]
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


@pytest.fixture(scope="module")
def browser():
    playwright.expect.set_options(timeout=30000)
    path = shutil.which("chromium")
    if path is None:
        pytest.skip("chromium is not installed")
    with playwright.sync_playwright() as p:
        browser = p.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        browser.close()


class Teacher:
    status = {"busy": False, "batches": 3, "failure": None}  # noqa: RUF012
    busy = False

    def __call__(self, answers):
        pass

    def forget(self, answers):
        pass


class Tasks(list):
    problems = ("texts.txt:4: <b>no text</b>",)


def task(text, start, end, outside=True):
    options = [{"id": x, "text": x, "score": p} for x, p in
               [("LABEL 1", 0.8), ("LABEL 2", 0.15), ("LABEL 3", 0.001)]]  # fmt: skip
    options += [{"id": x, "text": x} for x in (NONE_OF_THESE, "O")]
    span = {"start": start, "end": end, "token_start": 0, "token_end": 0}
    return {
        "text": text,
        "tokens": [],
        "spans": [{**span, "label": "mention"}],
        "options": options,
        "shown": [x["id"] for x in options[:3]],
        "next": ["LABEL 4", "LABEL 5", "LABEL 6"],
    }


TEXTS = [task(f"Number {i} lives in Paris.", 18, 23) for i in range(9)]


class Site:
    """A server in a thread."""

    def __init__(self, tasks, **config):
        options = {"none": NONE_OF_THESE, "outside": "O", "batch_size": 5}
        options |= {"labels": LABELS, "follow_up": "off", "all_labels": False}
        self.controller = Controller(
            {
                "dataset": "<i>one</i>",
                "view_id": "choice",
                "stream": Tasks(tasks),
                "update": Teacher(),
                "progress": lambda controller, returned: 0.4,
                "config": {**options, **config},
            },
            Database("sqlite://"),
        )
        app = create_app(self.controller)
        settings = uvicorn.Config(app, port=0, log_level="error", ws="none")
        self.server = uvicorn.Server(settings)
        self.thread = threading.Thread(target=self.server.run)
        self.thread.start()
        while not self.server.started:
            time.sleep(0.01)
        port = self.server.servers[0].sockets[0].getsockname()[1]
        self.url = f"http://127.0.0.1:{port}/"

    def said(self, session=""):
        answers = self.controller.ledger.answers.values()
        return [
            (x.content["answer"], *x.content["accept"])
            for x in answers
            if x.session == session
        ]

    def close(self):
        self.server.should_exit = True
        self.thread.join()


@pytest.fixture
def site():
    made = []

    def make(tasks=TEXTS, **config):
        made.append(Site(tasks, **config))
        return made[-1]

    yield make
    for each in made:
        each.close()


@pytest.fixture
def visit(browser):
    """Opens pages; whatever goes wrong in one fails the test."""
    contexts, errors = [], []

    def open_page(url, *, expected=None, **options):
        contexts.append(browser.new_context(**options))
        page = contexts[-1].new_page()
        page.set_default_timeout(30000)
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on(
            "console",
            lambda message: (
                message.type == "error"
                and (expected is None or expected not in message.text)
                and errors.append(message.text)
            ),
        )
        page.goto(url)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert not errors


def marked(page):
    return page.locator("mark").text_content()


def press(page, *keys):
    """Press keys one after the other, each on a question of its own."""
    for key in keys:
        before = page.locator(".text").text_content()
        page.keyboard.press(key)
        playwright.expect(page.locator(".text")).not_to_have_text(before)


def saved(page, n):
    playwright.expect(page.locator("#answered")).to_contain_text(f"{n} answered")
    playwright.expect(page.locator("#saved")).to_contain_text("saved")


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
