"""The feedback recipe as Prodigy would take it."""

import inspect
import subprocess
import sys
import types
from pathlib import Path

import pytest
import spacy
from prodigy_shapes import check_recipe, check_task

from recipes.feedback import command, feedback
from recipes.serving import register_with_prodigy
from spacy_causal.server import beginning
from spacy_causal.server.teaching import answer_of
from spacy_causal.types import NONE_OF_THESE

ROOT = Path(__file__).parents[2]


def test_the_dict_and_its_tasks_are_prodigys(model, source):
    components = feedback("one", model, source, unit="token")
    check_recipe(components)
    tasks = list(components["stream"])
    for task in tasks:
        check_task(task)
    assert "".join(x["text"] for x in tasks[0]["tokens"]) == "Annaé livesin\tParis."
    assert len({task["_task_hash"] for task in tasks}) == len(tasks)
    assert components["progress"](None, None) == 1


@pytest.mark.parametrize(
    ("options", "n_shown", "n_next"),
    [
        ({"k": 1}, 1, 0),
        ({"k": 9}, 3, 0),
        ({"k": 1, "follow_up": "next"}, 1, 1),
        ({"k": 2, "follow_up": "next"}, 2, 1),
        ({"all_labels": True}, 1, 0),
    ],
)
def test_what_is_shown(model, source, options, n_shown, n_next):
    components = feedback("one", model, source, unit="token", **options)
    for task in components["stream"]:
        assert len(task["shown"]) == n_shown and len(task["next"]) == n_next
        named = [option["id"] for option in task["options"]]
        assert named[:n_shown] == task["shown"]
        assert named[n_shown] == NONE_OF_THESE
        assert set(named) - {NONE_OF_THESE} <= {*components["config"]["labels"], "O"}


@pytest.mark.parametrize(
    "options", [{}, {"k": 1}, {"explore": 0.0}, {"follow_up": "next"}]
)
def test_a_task_says_how_probable_what_it_shows_was(model, tmp_path, options):
    """By hand for three types: the last of K is the K-th, unless it is drawn from the
    4 - K that are not among the first K - 1; and as often as that it is shown."""
    path = tmp_path / "many.txt"
    path.write_text("".join(f"Anna{i} lives in Rome{i}\n" for i in range(150)))
    options = {"k": 2, "explore": 0.4, **options}
    components = feedback("one", model, str(path), unit="token", **options)
    k, explore = options["k"], options["explore"]
    others = explore / (4 - k)
    drawn = total = 0
    for task in components["stream"]:
        *first, last = task["propensities"]
        assert first == pytest.approx([1] * (k - 1)) and len(task["shown"]) == k
        assert not {*task["next"], "none"} & {*task["shown"]}
        total += 1
        if last == pytest.approx(others) and explore:
            drawn += 1
        else:
            assert last == pytest.approx(1 - explore + others)
        assert task["explore"] == components["config"]["explore"] == explore
        said = {**task, "answer": "accept", "accept": [task["shown"][-1]]}
        assert answer_of(said).propensity == last
    expected = others * (3 - k)
    assert total == 600
    assert abs(drawn / total - expected) < 5 * (expected / total) ** 0.5 + 1e-9


def test_the_full_list_shows_nothing_by_chance(model, source):
    components = feedback("one", model, source, unit="token", all_labels=True)
    for task in components["stream"]:
        assert task["propensities"] == [1] and task["explore"] == 0
    assert components["config"]["explore"] == 0


def test_labels_are_added_and_a_blank_pipeline_is_begun(source):
    components = feedback("one", "blank:en", source, labels="PER, ORG", unit="token")
    assert components["config"]["labels"] == ["PER", "ORG"]
    for task in components["stream"]:
        words = {option["id"]: option["text"] for option in task["options"]}
        assert words.pop("O") == "no label"
        assert all(text == label for label, text in words.items())


def test_answers_go_to_the_learner_and_back(model, source):
    components = feedback("one", model, source, unit="token")
    task = next(iter(components["stream"]))
    background = components["update"].background
    said = {**task, "_session_id": "ann", "answer": "accept", "accept": ["PER"]}
    components["update"]([said, {**said, "answer": "ignore"}])
    ((what, batch),) = background.asked
    ((key, answered),) = batch
    assert what == "learn" and key == (task["_task_hash"], "ann")
    assert answered.answers[0].chosen == "PER"
    assert answered.answers[0].shown == tuple(task["shown"])
    components["update"].forget([said])
    assert background.asked[-1] == ("forget", [key])
    components["on_exit"](None)
    assert background.asked[-1] == ("close",)


@pytest.mark.parametrize(
    ("said", "chosen", "shown"),
    [
        ({"answer": "accept", "accept": ["PER"]}, "PER", ("PER",)),
        ({"answer": "accept", "accept": ["O"]}, "O", ("PER",)),
        ({"answer": "accept", "accept": [NONE_OF_THESE]}, None, ("PER",)),
        ({"answer": "accept", "accept": []}, None, ("PER",)),
        ({"answer": "reject"}, None, ("PER",)),
        (
            {"answer": "accept", "accept": ["LOC"], "also_shown": ["LOC", "ORG"]},
            "LOC",
            ("PER", "LOC", "ORG"),
        ),
    ],
)
def test_how_an_answer_is_read(said, chosen, shown):
    task = {
        "spans": [{"token_start": 0, "token_end": 1}],
        "tokens": [{"text": "Anna", "ws": True}, {"text": "Li", "ws": False}],
        "shown": ["PER"],
        "unit": "mention",
        "seed": 3,
        "round": 4,
    }
    answer = answer_of({**task, **said})
    assert (answer.start, answer.end, answer.unit) == (0, 2, "mention")
    assert (answer.chosen, answer.shown) == (chosen, shown)
    assert (answer.seed, answer.round) == (3, 4)
    assert answer_of({**task, "answer": "ignore"}) is None


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"source": "nowhere.txt"}, "no such file"),
        ({"source": "a.pdf"}, "a source ends in"),
        ({"model": "blank:en"}, "has no labels"),
        ({"component": "ner"}, "has no ner that is a causal_ner or causal_tagger"),
        ({"follow_up": "more"}, "follow_up is one of"),
        ({"unit": "word"}, "^unit is one of mention, token, not 'word'.$"),
        ({"imputer": None, "k": 0}, "k is at least 1"),
    ],
)
def test_what_cannot_be_asked_is_said_before(model, source, changes, message):
    given = {"dataset": "one", "model": model, "source": source, **changes}
    with pytest.raises(ValueError, match=message):
        feedback(**given)


@pytest.mark.parametrize(
    "changes",
    [
        {"initial": Path("nowhere.spacy")},
        {"dev": Path("nowhere.spacy")},
        {"imputer": "nowhere"},
        {"output": Path("/dev/null/nowhere")},
    ],
)
def test_what_only_the_learner_reads_or_the_end_writes_is_tried_before(
    model, source, changes, monkeypatch
):
    begun = []
    monkeypatch.setattr(beginning, "BackgroundLearner", begun.append)
    with pytest.raises(OSError, match="nowhere"):
        feedback("one", model, source, **changes)
    assert not begun


@pytest.mark.parametrize("changes", [{"k": 0}, {"explore": 2.0}, {"sure": 99}])
def test_what_cannot_be_asked_is_said_before_anything_is_loaded(source, changes):
    (name,) = changes
    with pytest.raises(ValueError, match=f"{name} (is|lies)"):
        feedback("one", "no such model", source, **changes)


def test_the_learner_ends_where_nothing_can_be_asked(model, source, monkeypatch):
    """Its process would be ended while it begins, with a traceback."""
    begun = []

    class Learner(beginning.BackgroundLearner):
        def __init__(self, build):
            super().__init__(build)
            begun.append(self)

    monkeypatch.setattr(beginning, "BackgroundLearner", Learner)
    with pytest.raises(ValueError, match="sure is about tokens"):
        feedback("one", model, source, unit="mention", sure=0.9)
    assert begun[0].asked[-1] == ("close",)


def test_a_file_that_is_none_and_a_folder_that_is_not_there_yet(
    model, source, tmp_path
):
    path = tmp_path / "a.spacy"
    path.write_text("Anna")
    with pytest.raises(ValueError, match=r"a\.spacy: not a \.spacy file"):
        feedback("one", model, source, initial=path)
    feedback("one", model, source, output=tmp_path / "new" / "taught")
    assert not list((tmp_path / "new" / "taught").iterdir())


def test_guidelines_are_text(model, source, tmp_path):
    path = tmp_path / "guide.txt"
    path.write_bytes("\ufeffA city is a LOC. 城市".encode())
    config = feedback("one", model, source, instructions=path)["config"]
    assert config["instructions"] == "A city is a LOC. 城市"
    path.write_bytes("城市".encode("gbk"))
    with pytest.raises(ValueError, match=r"guide\.txt: the guidelines are no UTF-8"):
        feedback("one", model, source, instructions=path)


@pytest.mark.parametrize("begun_with", ["model", "imputer"])
def test_what_a_session_begins_with_is_not_written_over(
    model, source, tmp_path, begun_with
):
    given = {"model": model, "imputer": None, begun_with: str(tmp_path / "taught")}
    with pytest.raises(ValueError, match="teach it everything twice"):
        feedback("one", source=source, output=tmp_path / "x/../taught", **given)


def test_a_folder_of_other_things_is_not_written_over(model, source, tmp_path):
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "a.txt").write_text("kept")
    with pytest.raises(ValueError, match="not empty and holds no pipeline"):
        feedback("one", model, source, output=tmp_path / "notes")
    assert (tmp_path / "notes" / "a.txt").read_text() == "kept"


def test_the_end_says_which_model_was_saved(model, source, tmp_path, monkeypatch):
    components = feedback("one", model, source, output=tmp_path / "taught")
    learner = components["update"].background
    monkeypatch.setattr(learner, "save", spacy.load(model).to_disk)
    ending = components["on_exit"](None)
    assert ending == {"weights": components["config"]["weights"]}


@pytest.mark.parametrize("imputes", [False, True])
def test_the_learner_is_what_the_options_say(model, source, labelled, imputes):
    options = {"doubt": 0.2, "seed": 7, "labels": "DISH", **labelled}
    imputer = model if imputes else None
    update = feedback("one", model, source, imputer=imputer, **options)["update"]
    learner = update.background.build()
    assert learner.settings.mode == (
        "imputed_ruled_out" if imputes else "own_ruled_out"
    )
    assert (learner.settings.mistakes, learner.seed) == (0.2, 7)
    assert (len(learner.initial), len(learner.dev)) == (2, 1)
    assert learner.nlp.get_pipe("causal_ner").labels == ("PER", "LOC", "DISH")
    assert (learner._teacher.imputer is not None) == imputes


def test_an_imputer_that_has_nothing_to_say_is_refused(model, source, tmp_path):
    spacy.blank("en").to_disk(tmp_path / "blank")
    with pytest.raises(ValueError, match="it has no pipes"):
        feedback("one", model, source, imputer=str(tmp_path / "blank"))
    feedback("one", model, source, imputer=model)


def test_the_learner_ends_also_where_it_is_not_saved(
    model, source, tmp_path, monkeypatch
):
    components = feedback("one", model, source, output=tmp_path / "taught")
    learner = components["update"].background

    def fail(path):
        raise OSError("no space left on device")

    monkeypatch.setattr(learner, "save", fail)
    with pytest.raises(OSError, match="no space left"):
        components["on_exit"](None)
    assert learner.asked == [("close",)]


def test_prodigy_and_all_that_is_heavy_is_not_loaded_to_look_at_a_recipe():
    heavy = ("prodigy", "torch", "spacy", "fastapi", "sqlalchemy")
    code = (
        f"import sys, recipes.feedback; print([x for x in {heavy} if x in sys.modules])"
    )
    run = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True
    )
    assert run.stdout.strip() == "[]", run.stderr


def test_with_prodigy_it_is_one_of_its_recipes(monkeypatch, model, source):
    registered = {}
    prodigy = types.ModuleType("prodigy")
    prodigy.recipe = lambda name: lambda recipe: registered.setdefault(name, recipe)
    register_with_prodigy("causal.feedback", feedback)
    assert not registered
    monkeypatch.setitem(sys.modules, "prodigy", prodigy)
    register_with_prodigy("causal.feedback", feedback)
    recipe = registered["causal.feedback"]
    parameters = inspect.signature(recipe).parameters
    assert list(parameters) == list(inspect.signature(feedback).parameters)
    assert parameters["k"].annotation is int and parameters["k"].default == 3
    check_recipe(recipe("one", model, source))


def test_the_command_has_the_options_of_recipe_and_server():
    parameters = inspect.signature(command).parameters
    assert {"k", "unit", "imputer", "all_labels", "labels"} <= set(parameters)
    assert {"port", "host", "token", "terminal", "ephemeral"} <= set(parameters)


def test_only_what_the_model_is_not_sure_of_is_asked_about(model, source):
    """By default every token of a text or every mention is."""
    every = list(feedback("one", model, source, unit="token", explore=0)["stream"])
    scores = sorted(task["options"][0]["score"] for task in every)
    widest = max(range(1, len(scores)), key=lambda i: scores[i] - scores[i - 1])
    sure = (scores[widest - 1] + scores[widest]) / 2
    components = feedback("one", model, source, sure=sure, explore=0)
    config, fewer = components["config"], list(components["stream"])
    assert (config["sure"], config["unit"]) == (sure, "token")
    assert config["mode"] == fewer[0]["mode"] == "K = 3, where unsure"
    assert {task["sure"] for task in fewer} == {sure}
    assert {task["sure"] for task in every} == {1.0}
    left = [task for task in every if task["options"][0]["score"] <= sure]
    assert 0 < len(left) < len(every)
    assert [task["spans"] for task in fewer] == [task["spans"] for task in left]
    assert components["update"].background.build().settings.fill
