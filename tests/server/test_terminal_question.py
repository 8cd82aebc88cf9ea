"""Keys as answers, of a question in a terminal: what is not offered is not said."""

import pytest
from choice_sessions import LABELS, task, token_task

from spacy_causal.server.terminal_question import Question, search
from spacy_causal.store.hashing import set_hashes
from spacy_causal.types import NONE_OF_THESE


def question(outside=True, **config):
    made = set_hashes(task("Anna lives in Paris.", 14, 19), "choice")
    if not outside:
        made["options"] = [x for x in made["options"] if x["id"] != "O"]
    config = {"none": NONE_OF_THESE, "outside": "O", "labels": LABELS, **config}
    return Question(made, config)


def nobody():
    raise AssertionError("Nothing is to be searched for.")


@pytest.mark.parametrize(
    ("key", "said"),
    [
        ("1", ("accept", ["LABEL 1"], ())),
        ("a", ("accept", ["LABEL 1"], ())),
        ("3", ("accept", ["LABEL 3"], ())),
        ("0", ("accept", ["O"], ())),
        ("x", ("reject", (), ())),
        (" ", ("ignore", (), ())),
        *((key, None) for key in ("4", "9", "A", "²", "\r", "\x1b[A", "?")),
    ],
)
def test_a_key_is_an_answer_or_nothing(key, said):
    given = question().press(key, nobody)
    assert (given and (given.answer, given.accept, given.also_shown)) == said


@pytest.mark.parametrize("config", [{}, {"follow_up": "next"}, {"follow_up": "list"}])
def test_zero_is_only_where_there_is_no_mention(config):
    asked = question(outside=False, **config)
    assert not [key for key in asked.keys if key.startswith("0")]
    assert asked.press("0", nobody) is None
    assert "0 not a mention" in question(**config).keys


@pytest.mark.parametrize(
    ("shown", "follow", "keys"),
    [
        (["O", "PER", "LOC"], [], ["0", "1", "2"]),
        (["PER", "O", "LOC"], [], ["1", "0", "2"]),
        (["PER", "LOC"], ["O"], ["0"]),
        (["PER"], ["LOC", "O", "ORG"], ["1", "0", "2"]),
        (["PER", "LOC"], ["ORG"], ["1"]),
    ],
)
def test_no_label_is_zero_wherever_it_stands(shown, follow, keys):
    asked = set_hashes(token_task(*shown, follow=follow), "choice")
    config = {"none": NONE_OF_THESE, "outside": "O", "follow_up": "next"}
    asked = Question(asked, config)
    if follow:
        asked.press("x", nobody)
    texts = {key: option["text"] for key, option in asked.choices.items()}
    assert list(texts) == keys and "O" not in texts.values()
    assert ("0 no label" in asked.keys) == ("0" not in keys)
    assert texts.get("0", "no label") == "no label"
    assert asked.press("0", nobody).accept == ["O"]
    assert asked.press("1", nobody) is None or texts["1"] != "no label"


def test_a_follow_up_is_offered_once_and_left():
    asked = question(follow_up="next")
    assert not asked.back()
    assert asked.press("x", nobody) is None
    assert [x["id"] for x in asked.choices.values()] == asked.task["next"]
    assert asked.prompt and asked.press("4", nobody) is None
    given = asked.press("2", nobody)
    assert given.accept == ["LABEL 5"] and given.also_shown == asked.task["next"]
    assert asked.press(" ", nobody).also_shown == ()
    assert asked.press("x", nobody).also_shown == asked.task["next"]
    assert asked.back() and asked.choices["1"]["id"] == "LABEL 1"
    asked.task["next"] = []
    assert asked.press("x", nobody).answer == "reject"


def test_the_list_opens_after_none_of_these_or_when_it_is_wanted():
    for asked, key in [(question(follow_up="list"), "x"), (question(), "/")]:
        assert asked.press(key, lambda: None) is None
        assert asked.press("/", lambda: "LABEL 60").accept == ["LABEL 60"]
        assert asked.press("x", nobody).answer == "reject"
    bare = question(labels=[])
    assert bare.press("/", nobody) is None
    assert not [key for key in bare.keys if key.startswith("/")]


def test_what_begins_with_the_word_comes_first():
    labels = ["WORK OF ART", "ART", "Event", "PART"]
    assert search(labels, " art ") == ["ART", "WORK OF ART", "PART"]
    assert search(labels, "") == labels
    assert search(labels, "zz") == []
