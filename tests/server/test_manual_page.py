"""The view `ner_manual` in a real Chromium: spans by keyboard and by mouse."""

import pytest
from pages import CONTRAST, HOSTILE, playwright, press, saved, send

from spacy_causal.server.controller import Controller
from spacy_causal.server.manual import VIEW, checked_spans
from spacy_causal.store.database import Database
from spacy_causal.store.hashing import set_hashes

LABELS = ["PER", "LOC", "ORG", *(f"OTHER {i}" for i in range(20))]


class Teacher:
    """One that has learnt twice."""

    busy = False
    status = {  # noqa: RUF012
        "busy": False,
        "batches": 2,
        "failure": None,
        "curve": [
            {"answered": 0, "f1": 0.5},
            {"answered": 3, "f1": 0.625},
            {"answered": 6, "f1": 0.75},
        ],
    }

    def __call__(self, answers):
        pass


def task(text, *spans, split=" "):
    """Tokens by blanks; spans of first token, last token, label."""
    tokens, at = [], 0
    for i, word in enumerate(text.split(split)):
        place = {"start": at, "end": at + len(word), "id": i, "ws": True}
        tokens.append({"text": word, **place})
        at += len(word) + 1
    made = set_hashes({"text": text, "tokens": tokens, "_view_id": VIEW}, VIEW)
    given = [dict(zip(("token_start", "token_end", "label"), x, strict=True))
             for x in spans]  # fmt: skip
    return {**made, "spans": checked_spans(made, given, LABELS)}


TASKS = [
    task(f"Anna Li met 😀 Bo number {i} in New York now", (0, 0, "PER"), (8, 8, "ORG"))
    for i in range(4)
]


def test_mentions_neither_begin_nor_end_with_white_space():
    asked = task("Anna  Li spoke")
    spans = [{"token_start": 0, "token_end": 1, "label": "PER"}]
    assert [token["text"] for token in asked["tokens"]] == ["Anna", "", "Li", "spoke"]
    asked["tokens"][1]["text"] = " "
    (kept,) = checked_spans(asked, spans, LABELS)
    assert (kept["token_start"], kept["token_end"], kept["end"]) == (0, 0, 4)
    with pytest.raises(ValueError, match="only white space"):
        checked_spans(asked, [{**spans[0], "token_start": 1}], LABELS)


@pytest.fixture
def site(in_thread):
    """Makes sessions and serves them: address and controller."""

    def make(tasks=TASKS, labels=LABELS):
        config = {"labels": labels, "batch_size": 50, "waiting": "Wait for it."}
        components = {"dataset": "one", "view_id": VIEW, "stream": tasks}
        components |= {"update": Teacher(), "config": config}
        controller = Controller(components, Database("sqlite://"))
        return in_thread(controller), controller

    return make


def said(controller):
    return [
        (
            x.content["answer"],
            [
                (s["token_start"], s["token_end"], s["label"])
                for s in x.content["spans"]
            ],
        )
        for x in controller.ledger.answers.values()
    ]


def shown(page):
    """The mentions on the page, with their labels."""
    return sorted(page.locator("mark").all_text_contents())


def number(page, i):
    playwright.expect(page.locator(".text")).to_contain_text(f"number {i}")


def test_by_keyboard(site, visit):
    """Moved, relabelled, made, removed, accepted, taken back, rejected, skipped."""
    url, controller = site()
    page = visit(url)
    number(page, 0)
    assert shown(page) == ["AnnaPER", "NewORG"]
    # Anna → Anna Li; New is left, and York taken in after a label was changed.
    press(page, "ArrowDown", "Shift+ArrowRight", "ArrowDown", "2", "Shift+ArrowRight")
    assert shown(page) == ["Anna LiPER", "New YorkLOC"]
    # A mention of two tokens, made by a selection, then cut to one; another, removed.
    press(page, "ArrowUp", "ArrowRight", "ArrowRight", "ArrowRight")
    press(page, "Shift+ArrowRight", "1", "Shift+ArrowLeft")
    assert shown(page) == ["Anna LiPER", "BoPER", "New YorkLOC"]
    press(page, "ArrowRight", "3")
    assert shown(page) == ["Anna LiPER", "BoPER", "New YorkLOC", "numberORG"]
    press(page, "r")
    assert page.locator("#announcer").text_content() == "Removed."
    press(page, "ArrowLeft", "3")
    assert shown(page) == ["Anna LiPER", "BoORG", "New YorkLOC"]
    assert page.locator("#announcer").text_content() == "Bo, ORG"
    press(page, "a")
    number(page, 1)
    # The start of a mention: New → in New → New; a label from the list.
    press(page, "ArrowUp", ",")
    assert shown(page) == ["AnnaPER", "in NewORG"]
    press(page, ".", "/")
    page.keyboard.type("other 17")
    press(page, "Enter")
    assert shown(page) == ["AnnaPER", "NewOTHER 17"]
    press(page, "a")
    number(page, 2)
    saved(page, 2)
    # What is taken back comes back as it was left.
    press(page, "Backspace")
    number(page, 1)
    assert shown(page) == ["AnnaPER", "NewOTHER 17"]
    press(page, "ArrowDown", "Delete", "a")
    number(page, 2)
    press(page, "x")
    number(page, 3)
    press(page, "Space")
    playwright.expect(page.locator("#pause-title")).to_have_text("No questions left.")
    saved(page, 4)
    suggested = [(0, 0, "PER"), (8, 8, "ORG")]
    assert said(controller) == [
        ("accept", [(0, 1, "PER"), (4, 4, "ORG"), (8, 9, "LOC")]),
        ("accept", [(8, 8, "OTHER 17")]),
        ("reject", suggested),
        ("ignore", suggested),
    ]
    text = page.locator("#learning").text_content()
    assert text == "model: 2 updates, F1 on dev 75.0 %"


def test_by_keys_of_other_layouts(site, visit):
    url, controller = site([task("Anna Li met Bo", (0, 0, "PER")), TASKS[0]])
    page = visit(url)
    page.locator("mark").wait_for()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Shift+ArrowRight")
    send(page, '"', "Digit3")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    send(page, "é", "Digit2")
    page.keyboard.press("ArrowLeft")
    send(page, "1", "Digit1")
    send(page, "R", "KeyR")
    send(page, "ф", "KeyA")
    saved(page, 1)
    assert said(controller) == [("accept", [(0, 1, "ORG"), (3, 3, "LOC")])]


def drag(page, first, last):
    for i, act in ((first, page.mouse.down), (last, page.mouse.up)):
        box = page.locator(f"[data-token='{i}']").bounding_box()
        page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
        act()


def button(page, name):
    page.get_by_role("button", name=name, exact=True).click()


def test_by_mouse(site, visit):
    url, controller = site()
    page = visit(url)
    number(page, 0)
    drag(page, 8, 9)  # from a mention on: its end moves
    assert shown(page) == ["AnnaPER", "New YorkORG"]
    button(page, "LOC")  # it is selected, and relabelled
    assert shown(page) == ["AnnaPER", "New YorkLOC"]
    drag(page, 4, 3)  # no mention there: a new one, with the label last used
    assert shown(page) == ["AnnaPER", "New YorkLOC", "😀 BoLOC"]
    drag(page, 3, 4)  # its start moves
    assert shown(page) == ["AnnaPER", "BoLOC", "New YorkLOC"]
    button(page, "ORG")
    drag(page, 0, 0)  # a click selects
    assert shown(page) == ["AnnaPER", "BoORG", "New YorkLOC"]
    button(page, "end later")
    assert shown(page) == ["Anna LiPER", "BoORG", "New YorkLOC"]
    button(page, "start later")
    assert shown(page) == ["BoORG", "LiPER", "New YorkLOC"]
    drag(page, 4, 4)
    button(page, "remove")
    assert shown(page) == ["LiPER", "New YorkLOC"]
    button(page, "accept")
    number(page, 1)
    drag(page, 1, 8)  # over a mention: it is replaced
    button(page, "accept")
    number(page, 2)
    saved(page, 2)
    assert said(controller) == [
        ("accept", [(1, 1, "PER"), (8, 9, "LOC")]),
        ("accept", [(0, 0, "PER"), (1, 8, "ORG")]),
    ]


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_text_is_text(site, visit, name):
    url, controller = site([task(HOSTILE[name])])
    page = visit(url)
    line = page.locator(".text p")
    playwright.expect(line).to_be_visible()
    assert line.text_content() == HOSTILE[name]
    assert page.title() == "one: annotate"
    # At its beginning: a token may be longer than the page.
    page.locator("[data-token='0']").click(position={"x": 3, "y": 9})
    assert page.locator("mark .token").text_content() == HOSTILE[name].split(" ")[0]
    page.keyboard.press("a")
    saved(page, 1)
    assert said(controller) == [("accept", [(0, 0, "PER")])]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [(1200, 800), (360, 640)])
def test_it_can_be_read(site, visit, scheme, size):
    """Contrast as WCAG 2.2 AA has it, except of buttons that do nothing just now."""
    view = {"width": size[0], "height": size[1]}
    page = visit(site()[0], color_scheme=scheme, viewport=view)
    number(page, 0)
    page.keyboard.press("ArrowDown")
    measured = page.evaluate(CONTRAST)
    assert len(measured) > 10
    assert [(what, ratio) for what, ratio in measured if ratio < 4.5] == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert page.evaluate("document.activeElement.id") == "task"


def test_long_names_of_labels_are_read_whole(site, visit):
    long = ["PER", "a_name_of_a_label_that_is_long_" * 3, "an event in many words " * 4]
    page = visit(site(labels=long)[0], viewport={"width": 360, "height": 640})
    number(page, 0)
    cut = """() => {
      const box = document.querySelector(".labels");
      const edge = box.getBoundingClientRect().right;
      return box.scrollWidth > box.clientWidth || [...box.children].some(
        (button) => button.getBoundingClientRect().right > edge + 1
          || button.scrollWidth > button.clientWidth);
    }"""
    assert not page.evaluate(cut)
