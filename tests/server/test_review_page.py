"""Review in a real Chromium: who said what, and an answer by keyboard."""

import pytest
from annotated_answers import annotate, sentence, token_question
from pages import CONTRAST, HOSTILE, playwright, press, saved

from recipes.review import review
from spacy_causal.server.controller import Controller
from spacy_causal.store.database import Database
from spacy_causal.types import NONE_OF_THESE

NAMES = ("ann", "bob", "<b>cy</b>")
NONE = [NONE_OF_THESE]
CHOSEN = [
    (["PER"], ["PER"], ["PER"]),
    (["PER"], ["ORG"], ["ORG"]),
    (NONE, ["O"], ["LOC"]),
    (["LOC"], ["PER"], NONE),
]
SENTENCES = [
    ([(0, 0, "PER")], [(0, 1, "PER"), (3, 3, "LOC")], [(0, 1, "PER"), (3, 3, "ORG")]),
    ([(3, 3, "LOC")], [(3, 3, "LOC")], [(3, 3, "LOC")]),
    ([], "reject", [(0, 1, "PER")]),
]


@pytest.fixture
def site(tmp_path, in_thread):
    """Makes reviews and serves them: address and controller."""

    def make(view, tasks, said, **options):
        db = f"sqlite:///{tmp_path}/answers.db"
        annotate(db, "one", view, tasks, said, names=NAMES)
        controller = Controller(review("one", db=db, **options), Database(db))
        return f"{in_thread(controller)}?session=rev", controller

    return make


def of(controller):
    """What the reviewer said."""
    answers = controller.ledger.answers.values()
    return [x.content for x in answers if x.session == "rev"]


def asked_about(page, text):
    playwright.expect(page.locator(".text")).to_contain_text(text)


def test_choices(site, visit):
    """Whoever chose a label stands beside it; names are text as well."""
    url, controller = site("choice", [token_question(i) for i in range(4)], CHOSEN)
    page = visit(url)
    asked_about(page, "Text 1")
    playwright.expect(page.locator(".prompt")).to_contain_text("Annotators disagree.")
    choices = page.locator(".choice")
    assert [x.split() for x in choices.all_text_contents()] == [
        ["1ORGbob,", "<b>cy</b>"],
        ["2PERann"],
        ["xnone", "of", "these"],
    ]
    said = page.locator("#announcer").text_content()
    assert said.startswith("Text: 1 ORG (bob, <b>cy</b>), 2 PER (ann)")
    playwright.expect(page.locator("#answered")).to_have_text(
        "0 answered, 1 taken over"
    )
    press(page, "2")
    asked_about(page, "Text 2")
    assert page.locator(".choice.none .who").text_content() == "ann"
    assert (
        page.get_by_role("button", name="not a mention").locator(".who").text_content()
        == "bob"
    )
    press(page, "x")
    asked_about(page, "Text 3")
    saved(page, 2)
    press(page, "Backspace")
    asked_about(page, "Text 2")
    press(page, "0")
    asked_about(page, "Text 3")
    press(page, "1")
    playwright.expect(page.locator("#pause-title")).to_have_text("No questions left.")
    saved(page, 3)
    assert [x["accept"] for x in of(controller)] == [["PER"], ["O"], ["LOC"]]


def test_sentences(site, visit):
    """From one version to the next by key or mouse, changed, accepted, taken back."""
    url, controller = site("ner_manual", [sentence(i) for i in range(3)], SENTENCES)
    page = visit(url)
    asked_about(page, "Li in Paris 0")
    marks, versions = page.locator("mark"), page.locator(".version")
    pressed = page.locator('.version[aria-pressed="true"]')
    assert versions.all_text_contents() == [
        "annAnnaPER",
        "bobAnna LiPERParisLOC",
        "<b>cy</b>Anna LiPERParisORG",
    ]
    # One each: that of who answered first is suggested.
    assert marks.all_text_contents() == ["AnnaPER"]
    assert pressed.all_text_contents() == ["annAnnaPER"]
    assert page.locator(".mention.differs").count() == 5
    press(page, "v")
    assert marks.all_text_contents() == ["Anna LiPER", "ParisLOC"]
    press(page, "v")
    assert marks.all_text_contents() == ["Anna LiPER", "ParisORG"]
    versions.nth(1).click()
    assert marks.all_text_contents() == ["Anna LiPER", "ParisLOC"]
    assert page.evaluate("document.activeElement.id") == "task"
    press(page, "ArrowDown", "Shift+ArrowLeft")
    assert marks.all_text_contents() == ["AnnaPER", "ParisLOC"]
    assert pressed.count() == 0
    press(page, "a")
    asked_about(page, "Li in Paris 2")
    assert versions.all_text_contents() == [
        "annno mentions",
        "bobrejected the sentence",
        "<b>cy</b>Anna LiPER",
    ]
    saved(page, 1)
    press(page, "Backspace")
    playwright.expect(marks).to_have_count(2)
    assert marks.all_text_contents() == ["AnnaPER", "ParisLOC"]
    press(page, "a")
    asked_about(page, "Li in Paris 2")
    press(page, "x")
    playwright.expect(page.locator("#pause-title")).to_have_text("No questions left.")
    saved(page, 2)
    first, second = of(controller)
    spans = [(x["token_start"], x["token_end"], x["label"]) for x in first["spans"]]
    assert spans == [(0, 0, "PER"), (3, 3, "LOC")]
    assert (second["answer"], len(second["versions"])) == ("reject", 3)


def test_what_all_agree_on_can_be_asked_too(site, visit):
    tasks = [token_question(0)]
    url, _ = site("choice", tasks, CHOSEN[:1], everything=True)
    page = visit(url)
    playwright.expect(page.locator(".prompt")).to_contain_text("Annotators agree.")
    assert page.locator(".choice .who").all_text_contents() == [", ".join(NAMES)]


@pytest.mark.parametrize("kind", HOSTILE)
def test_hostile_texts_are_text_in_versions_too(site, visit, kind):
    words = HOSTILE[kind].split(" ")
    task = sentence(0, words)
    said = [([(0, 0, "PER")], [(0, 0, "ORG")], [])]
    page = visit(site("ner_manual", [task], said)[0])
    page.locator("mark").wait_for()
    assert page.locator(".version .mention bdi:first-child").all_text_contents() == [
        words[0],
        words[0],
    ]
    assert page.locator("img, b, #task script").count() == 0
    assert page.title() == "one-reviewed: annotate"
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [(1200, 800), (360, 640)])
@pytest.mark.parametrize("view", ["choice", "ner_manual"])
def test_it_can_be_read(site, visit, view, scheme, size):
    """Contrast as WCAG 2.2 AA has it, names on buttons, no sideways scroll."""
    if view == "choice":
        url, _ = site(view, [token_question(1)], CHOSEN[1:2])
    else:
        url, _ = site(view, [sentence(0)], SENTENCES[:1])
    viewport = {"width": size[0], "height": size[1]}
    page = visit(url, color_scheme=scheme, viewport=viewport)
    page.locator("mark").first.wait_for()
    page.keyboard.press("ArrowDown")
    measured = page.evaluate(CONTRAST)
    assert len(measured) > 10
    assert [(what, ratio) for what, ratio in measured if ratio < 4.5] == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    for button in page.get_by_role("button").all():
        assert button.inner_text().strip()
