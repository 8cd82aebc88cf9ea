"""Review of answers that several people gave, as recipe and as stream."""

import inspect
import subprocess
import sys
import types
from pathlib import Path

import pytest
import spacy
from annotated_answers import NAMES, annotate, asked_of, sentence, token_question
from prodigy_shapes import check_recipe, check_task, check_tokens
from spacy.tokens import DocBin
from typer.testing import CliRunner

from recipes.review import command, review
from recipes.serving import register_with_prodigy
from spacy_causal.cli.app import app
from spacy_causal.server.answering import Given
from spacy_causal.server.controller import Controller
from spacy_causal.server.export import read_answers
from spacy_causal.server.review import ReviewStream
from spacy_causal.server.teaching import answer_of
from spacy_causal.server.texts import texts_of
from spacy_causal.store.database import Database
from spacy_causal.store.records import AGREED
from spacy_causal.types import NONE_OF_THESE

ROOT = Path(__file__).parents[2]
PER, ORG, NONE, O = ["PER"], ["ORG"], [NONE_OF_THESE], ["O"]  # noqa: E741
# What ann, bob and cy said of six questions; a dot is a question not answered.
CHOSEN = [
    (PER, PER, PER),
    (PER, ORG, ORG),
    (NONE, O, None),
    (["LOC"], PER, None),
    (None, ORG, None),
    ("ignore", PER, PER),
]
SENTENCES = [
    ([(0, 1, "PER")], [(0, 1, "PER")], [(0, 1, "PER")]),
    ([(0, 0, "PER")], [(0, 1, "PER"), (3, 3, "LOC")], [(3, 3, "LOC"), (0, 1, "PER")]),
    ([], "reject", None),
    ("reject", "reject", "ignore"),
]


@pytest.fixture
def db(tmp_path):
    return f"sqlite:///{tmp_path}/answers.db"


@pytest.fixture
def choices(db):
    annotate(db, "one", "choice", [token_question(i) for i in range(6)], CHOSEN)
    return db


@pytest.fixture
def sentences(db):
    annotate(db, "whole", "ner_manual", [sentence(i) for i in range(4)], SENTENCES)
    return db


def test_the_dict_and_its_tasks_are_prodigys(choices):
    components = review("one", db=choices, everything=True)
    check_recipe(components)
    assert components["dataset"] == "one-reviewed"
    assert review("one", into="gold", db=choices)["dataset"] == "gold"
    assert components["view_id"] == "choice"
    assert components["config"]["labels"] == ["PER", "ORG", "LOC"]
    tasks = list(components["stream"])
    assert [task["text"][:6] for task in tasks] == [f"Text {i}" for i in range(6)]
    for task in tasks:
        check_task(task)


def test_who_said_what_stands_in_the_task(choices):
    components = review("one", db=choices)
    tasks = list(components["stream"])
    assert [task["text"][:6] for task in tasks] == ["Text 1", "Text 2", "Text 3"]
    said = [[(x["sessions"], x["accept"]) for x in task["versions"]] for task in tasks]
    assert said == [
        [(["bob", "cy"], ORG), (["ann"], PER)],
        [(["ann"], NONE), (["bob"], O)],
        [(["ann"], ["LOC"]), (["bob"], PER)],
    ]
    # What was said most stands first; a label from the list of all is among them.
    assert tasks[0]["shown"] == ["ORG", "PER"]
    assert tasks[1]["shown"] == ["PER", "ORG"]
    assert tasks[2]["shown"] == ["LOC", "PER", "ORG"]
    options = [option["id"] for option in tasks[2]["options"]]
    assert options == ["LOC", "PER", "ORG", NONE_OF_THESE, "O"]


def test_of_sentences_what_most_said_is_suggested(sentences):
    components = review("whole", db=sentences)
    assert components["view_id"] == "ner_manual"
    first, second = components["stream"]
    check_tokens(first)
    places = [(x["token_start"], x["token_end"], x["label"]) for x in first["spans"]]
    assert places == [(0, 1, "PER"), (3, 3, "LOC")]
    assert [x["sessions"] for x in first["versions"]] == [["bob", "cy"], ["ann"]]
    assert [x["answer"] for x in second["versions"]] == ["accept", "reject"]
    assert second["spans"] == []


def controller_of(dataset, db, **options):
    return Controller(review(dataset, db=db), Database(db), **options)


def test_a_session(choices):
    """What all agree on is there without a question; the rest is asked, once."""
    controller = controller_of("one", choices)
    assert controller.progress("rev")["fraction"] == 0
    assert controller.progress("rev")["agreed"] == 3
    questions = controller.questions("rev", 9, wait=5)
    assert len(questions) == 3
    number = questions[0]["_task_hash"]
    assert controller.answer("rev", Given(number, "accept", PER)) == "saved"
    assert controller.progress("rev")["fraction"] == pytest.approx(1 / 3)
    controller.close()
    again = controller_of("one", choices)
    assert asked_of(again, "rev") == ["Text 2", "Text 3"]
    assert again.undo("rev")["_task_hash"] == number
    again.answer("rev", Given(number, "reject"))
    again.close()
    answers = {task["text"][:6]: task for task in read_answers("one-reviewed", choices)}
    given = {
        text: (task["_session_id"], answer_of(task).chosen)
        for text, task in sorted(answers.items())
    }
    assert given == {
        "Text 0": (AGREED, "PER"),
        "Text 1": ("rev", None),
        "Text 4": (AGREED, "ORG"),
        "Text 5": (AGREED, "PER"),
    }
    # The reviewer saw who had said what.
    assert len(answers["Text 1"]["versions"]) == 2
    assert [text.spans() for text in texts_of([answers["Text 0"]])] == [[(0, 4, "PER")]]


def test_sentences_that_agree_are_taken_over(sentences):
    controller = controller_of("whole", sentences)
    number = controller.questions("rev", 1, wait=5)[0]["_task_hash"]
    span = {"token_start": 0, "token_end": 0, "label": "PER"}
    assert controller.answer("rev", Given(number, "accept", spans=[span])) == "saved"
    controller.close()
    agreed, rejected, mine = read_answers("whole-reviewed", sentences)
    assert [x["label"] for x in agreed["spans"]] == ["PER"]
    assert rejected["answer"] == "reject"
    assert (mine["spans"][0]["token_end"], mine["_session_id"]) == (0, "rev")


def test_what_is_no_longer_agreed_on_is_asked(choices):
    """And what has come to be agreed on is not, unless somebody has settled it."""
    controller = controller_of("one", choices)
    number = controller.questions("rev", 1, wait=5)[0]["_task_hash"]
    controller.answer("rev", Given(number, "accept", PER))
    controller.close()
    later = [(None, None, None, given) for given in (ORG, None, None, None, PER)]
    questions = [token_question(i) for i in range(5)]
    annotate(choices, "one", "choice", questions, later, names=(*NAMES, "dee"))
    # Ann's last two: a skipped question, and LOC where bob says PER.
    undone = [token_question(5), questions[3]]
    annotate(choices, "one", "choice", undone, [("undo", None, None)] * 2)
    again = controller_of("one", choices)
    assert asked_of(again, "rev") == ["Text 0", "Text 2", "Text 4"]
    again.close()
    tasks = read_answers("one-reviewed", choices)
    texts = sorted((task["text"][:6], task["_session_id"]) for task in tasks)
    assert texts == [("Text 1", "rev"), ("Text 3", AGREED), ("Text 5", AGREED)]


def test_two_reviewers_are_asked_only_what_differs(choices):
    for _ in range(2):
        controller = controller_of("one", choices, overlap=2)
        for name in ("rev", "sam"):
            assert asked_of(controller, name) == ["Text 1", "Text 2", "Text 3"]
        controller.close()


def test_mentions_that_overlap_are_reviewed_both(db):
    """A session asks about one of them only; of two sessions' answers all are shown."""
    wide = {**token_question(0), "_task_hash": 7}
    wide["spans"] = [{**wide["spans"][0], "end": 6, "token_end": 1}]
    tasks = [{**x, "versions": []} for x in (token_question(0), wide)]
    components = {"dataset": "two", "view_id": "choice", "stream": tasks}
    components["config"] = {"labels": ["PER"]}
    controller = Controller(components, Database(db))
    for _ in tasks:
        (question,) = controller.questions("", 1, wait=5)
        controller.answer("", Given(question["_task_hash"], "accept", PER))
    controller.close()
    assert len(read_answers("two", db)) == 2


def test_where_agreement_cannot_be_kept_it_says_so(choices):
    for everything in (False, True):
        components = review("one", db=choices, everything=everything)
        if everything:
            components["on_load"](types.SimpleNamespace())
            assert components["progress"](None, None) is None
        else:
            with pytest.raises(ValueError, match="give --all"):
                components["on_load"](types.SimpleNamespace())


def test_nothing_to_review():
    stream = ReviewStream([])
    assert list(stream) == [] and stream.fraction is None


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"dataset": "two"}, "no dataset 'two': there is one"),
        ({"into": "one"}, "another dataset than 'one'"),
        ({"view": "ner_manual"}, "no answers of ner_manual"),
        ({"db": "sqlite:///nowhere.db"}, "no database"),
    ],
)
def test_what_cannot_be_reviewed_is_said_before(choices, changes, message):
    with pytest.raises(ValueError, match=message):
        review(**{"dataset": "one", "db": choices, **changes})


def test_two_views(choices):
    annotate(choices, "one", "ner_manual", [sentence(0)], [([], None, None)])
    with pytest.raises(ValueError, match="give --view"):
        review("one", db=choices)
    assert review("one", db=choices, view="choice")["view_id"] == "choice"


def test_stats_and_the_start_show_the_agreement(choices, sentences, capsys):
    run = CliRunner().invoke(app, ["stats", "one", "--db", choices])
    lines = [line.split() for line in run.output.splitlines()]
    # One of four alike, and by chance 2 · 2 of 4 · 4: (4 · 1 - 4) / (16 - 4).
    assert ["ann,", "bob", "4", "25.0", "%", "-", "-", "0.00"] in lines
    assert ["bob,", "cy", "3", "100.0", "%", "-", "-", "1.00"] in lines
    assert any(line[:2] == ["all", "5"] for line in lines)
    review("whole", db=sentences)
    printed = capsys.readouterr().out
    assert "2 questions to review, 2 copied unasked; 0 answered by one" in printed


def test_a_dataset_without_answers_has_no_stats(choices):
    annotate(choices, "begun", "choice", [], [])
    run = CliRunner().invoke(app, ["stats", "begun", "--db", choices])
    assert run.exit_code == 0
    assert "'begun' has no answers yet" in run.output
    assert "annotators" not in run.output


def test_gold_of_other_texts_is_named(choices, tmp_path):
    doc = spacy.blank("en")("Another text.")
    doc.set_ents([], default="outside")
    DocBin(docs=[doc]).to_disk(tmp_path / "gold.spacy")
    arguments = [
        "stats",
        "one",
        "--db",
        choices,
        "--gold",
        str(tmp_path / "gold.spacy"),
    ]
    run = CliRunner().invoke(app, arguments)
    assert run.exit_code == 0
    assert "says nothing of what was answered" in " ".join(run.output.split())


def test_all_that_is_heavy_is_not_loaded_to_look_at_the_recipe():
    heavy = ("prodigy", "torch", "spacy", "fastapi", "sqlalchemy")
    code = f"import sys, recipes.review; print(sorted({set(heavy)} & set(sys.modules)))"
    run = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True
    )
    assert run.stdout.strip() == "[]", run.stderr


def test_with_prodigy_it_is_one_of_its_recipes(monkeypatch, choices):
    registered = {}
    prodigy = types.ModuleType("prodigy")
    prodigy.recipe = lambda name: lambda recipe: registered.setdefault(name, recipe)
    monkeypatch.setitem(sys.modules, "prodigy", prodigy)
    register_with_prodigy("causal.review", review)
    check_recipe(registered["causal.review"]("one", db=choices))
    options = list(inspect.signature(command).parameters)
    assert {"into", "everything", "port", "token"} <= set(options)
    assert options.count("db") == 1
