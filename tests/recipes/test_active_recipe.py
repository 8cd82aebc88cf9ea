"""The active learning recipe as Prodigy would take it."""

import inspect
import subprocess
import sys
import types
from pathlib import Path

import pytest
import spacy
from prodigy_shapes import SPAN, check_components, check_tokens, check_types
from spacy.tokens import Doc, DocBin, Span

from recipes.active import active, command
from recipes.serving import register_with_prodigy
from spacy_causal.learning.feedback import targets_of
from spacy_causal.server import beforehand, beginning
from spacy_causal.server.manual import checked_spans
from spacy_causal.server.rounds import entity_f1
from spacy_causal.server.teaching import answered_of, answers_of
from spacy_causal.tags.scheme import TagSet

ROOT = Path(__file__).parents[2]


@pytest.fixture
def pool(tmp_path):
    path = tmp_path / "pool.txt"
    path.write_text("".join(f"Anna {i} lives in Paris.\n" for i in range(7)) * 2)
    return str(path)


def answered(tasks, **said):
    return [{"answer": "accept", **task, **said} for task in tasks]


def take(stream, n):
    return [next(stream) for _ in range(n)]


def check_manual_task(task, labels):
    check_tokens(task)
    assert task["_view_id"] == "ner_manual"
    for span in task["spans"]:
        check_types(span, SPAN)
        assert task["tokens"][span["token_start"]]["start"] == span["start"]
        assert task["tokens"][span["token_end"]]["end"] == span["end"]
        assert span["label"] in labels
    again = checked_spans(task, task["spans"], labels)
    assert again == task["spans"]


@pytest.mark.parametrize(
    "strategy", ["random", "mnlp", "coreset", "wbadge", "token_entropy"]
)
def test_the_dict_and_its_tasks_are_prodigys(model, source, pool, strategy):
    for path in (source, pool):
        components = active("one", model, path, strategy=strategy, batch=2)
        check_components(components)
        config = components["config"]
        assert components["view_id"] == "ner_manual"
        assert sorted(config["labels"]) == ["LOC", "PER"]
        for task in take(iter(components["stream"]), 2):
            check_manual_task(task, config["labels"])


def test_what_the_model_finds_is_suggested(source):
    components = active("one", "blank:en", source, labels="PER", batch=2)
    stream = components["stream"]
    ruler = stream.nlp.add_pipe("entity_ruler")
    ruler.add_patterns([{"label": "PER", "pattern": "Annaé"}])
    tasks = {task["text"]: task for task in take(iter(stream), 2)}
    task = tasks["Annaé  lives in\tParis."]
    check_manual_task(task, ["PER"])
    place = {"start": 0, "end": 5, "token_start": 0, "token_end": 0}
    assert {**place, "label": "PER"} in task["spans"]


def test_labels_are_split_at_commas(source):
    components = active("one", "blank:en", source, labels=" PER, LOC ,")
    assert sorted(components["config"]["labels"]) == ["LOC", "PER"]


def test_batch_after_batch_and_nothing_twice(model, pool):
    """The next batch waits for the answers to the one before; equal texts are one."""
    components = active("one", model, pool, batch=3)
    stream, update = iter(components["stream"]), components["update"]
    asked = []
    for size in (3, 3, 1):
        tasks = take(stream, size)
        asked += [task["_task_hash"] for task in tasks]
        update(answered(tasks))
        assert components["progress"](None, None) == pytest.approx(len(asked) / 7)
    assert list(stream) == []
    assert len(set(asked)) == 7
    learnt = [batch for what, batch in update.feedback.background.asked]
    assert [len(batch) for batch in learnt] == [3, 3, 1]
    update.forget(answered(tasks))
    assert update.feedback.background.asked[-1][0] == "forget"
    components["on_exit"](None)
    assert update.feedback.background.asked[-1] == ("close",)


def test_augmentation_goes_to_the_learner(model, pool):
    """By the words that `simulate-active --augment` takes."""
    components = active("one", model, pool, augment="counterfactual:per_example=2")
    assert components["config"]["augment"] == "counterfactual:per_example=2"
    learner = components["update"].feedback.background.build()
    assert learner._augment is not None
    assert (
        active("one", model, pool)["update"].feedback.background.build()._augment
        is None
    )


def test_the_learner_is_what_the_options_say(model, pool, labelled):
    update = active("one", model, pool, seed=7, labels="DISH", **labelled)["update"]
    learner = update.feedback.background.build()
    assert (len(learner.initial), len(learner.dev), learner.seed) == (2, 1, 7)
    assert learner.nlp.get_pipe("causal_ner").labels == ("PER", "LOC", "DISH")


def test_a_budget_in_words(model, pool):
    """Each text has six tokens, so that two are all that 14 words buy."""
    stream = active("one", model, pool, budget="14w")["stream"]
    tasks = take(iter(stream), 2)
    assert [len(task["tokens"]) for task in tasks] == [6, 6]
    assert stream._batch == [task["_task_hash"] for task in tasks]


def test_a_strategy_with_settings_of_its_own(model, pool):
    """By the words that `select` and `simulate-active` take."""
    spec = "wbadge:weight=l2,engine=factors,sketch_width=64"
    acquire = active("one", model, pool, strategy=spec)["stream"].acquire
    assert (acquire.needs.gradients, acquire.needs.sketch_width) == ("factors", 64)
    assert acquire.fill.keywords == {"weight": "l2"}
    needs = active("one", model, pool, strategy="bald:samples=7")["stream"].acquire
    assert needs.needs.samples == 7


def test_near_duplicates_of_what_was_answered_are_not_asked(model, pool):
    """The texts differ by a digit: with the first all are known, batches later too."""
    spec = "mnlp:near_duplicates=0.9"
    components = active("one", model, pool, strategy=spec, batch=1)
    stream = iter(components["stream"])
    components["update"](answered(take(stream, 1)))
    assert next(stream, None) is None


def test_a_session_that_is_taken_up_again_goes_on_with_its_batch(model, pool):
    first = active("one", model, pool, batch=3)
    stream = iter(first["stream"])
    before = take(stream, 3)
    first["update"](answered(before))
    second = active("one", model, pool, batch=3)
    second["update"](answered(before))
    assert take(iter(second["stream"]), 3) == take(stream, 3)


def test_a_task_says_by_what_seed_and_in_which_round_it_was_chosen(model, pool):
    components = active("one", model, pool, batch=3, seed=5)
    stream, rounds = iter(components["stream"]), []
    for size in (3, 3, 1):
        tasks = take(stream, size)
        rounds.append([(task["seed"], task["round"]) for task in tasks])
        components["update"](answered(tasks))
        if size == 3:
            components["update"].forget(answered(tasks[:1]))
            components["update"](answered(tasks[:1]))
    assert rounds == [[(5, 0)] * 3, [(5, 1)] * 3, [(5, 2)]]
    older = [{k: v for k, v in x.items() if k != "round"} for x in answered(tasks)]
    again = active("one", model, pool, batch=3, seed=5)
    again["update"](older)
    assert [task["round"] for task in take(iter(again["stream"]), 3)] == [0, 0, 0]


def task_of(words, spans):
    tokens, at = [], 0
    for i, word in enumerate(words):
        end = at + len(word)
        tokens.append({"text": word, "start": at, "end": end, "id": i, "ws": True})
        at = end + 1
    task = {"text": " ".join(words), "tokens": tokens, "_view_id": "ner_manual"}
    return {**task, "spans": checked_spans(task, spans, ["PER", "LOC"])}


SPANS = [
    {"token_start": 3, "token_end": 3, "label": "LOC"},
    {"token_start": 0, "token_end": 1, "label": "PER"},
]


def test_an_accepted_sentence_is_gold_at_each_token():
    """Against the rows that BILUO spells out by hand, whatever the model thinks."""
    task = task_of(["Anna", "Li", "in", "Paris"], SPANS)
    said = answered_of({**task, "answer": "accept"})
    tags = TagSet("biluo", ("PER", "LOC"))
    own = spacy.util.numpy.full((4, len(tags)), 1 / len(tags))
    rows = targets_of(said.answers, tags, own).rows
    assert [tags.names[i] for i in rows.argmax(1)] == ["B-PER", "L-PER", "O", "U-LOC"]
    assert (rows.max(1) == 1).all() and (rows.sum(1) == 1).all()


@pytest.mark.parametrize("answer", ["reject", "ignore"])
def test_what_is_not_accepted_teaches_nothing(answer):
    task = {**task_of(["Anna", "Li", "in", "Paris"], SPANS), "answer": answer}
    assert answers_of(task) == () and answered_of(task) is None


@pytest.mark.parametrize(
    ("spans", "message"),
    [
        ([{"token_start": 2, "token_end": 1, "label": "PER"}], "not in the text"),
        ([{"token_start": 0, "token_end": 4, "label": "PER"}], "not in the text"),
        ([{"token_start": 0, "token_end": 0, "label": "X"}], "session's labels"),
        ([*SPANS, {"token_start": 1, "token_end": 2, "label": "PER"}], "have token 1"),
    ],
)
def test_spans_that_cannot_be(spans, message):
    with pytest.raises(ValueError, match=message):
        task_of(["Anna", "Li", "in", "Paris"], spans)


def test_f1_on_dev_is_exact(model, pool, tmp_path):
    """Two entities said, one of them right, of three that there are: 2 · 1 / 5."""
    nlp = spacy.blank("en")
    ruler = nlp.add_pipe("entity_ruler")
    ruler.add_patterns([{"label": "PER", "pattern": x} for x in ("Anna", "Paris")])
    gold = Doc(spacy.blank("en").vocab, words=["Anna", "in", "Paris", "with", "Bo"])
    gold.set_ents([Span(gold, i, i + 1, x) for i, x in
                   [(0, "PER"), (2, "LOC"), (4, "PER")]])  # fmt: skip
    assert entity_f1(nlp, [gold]) == pytest.approx(2 / 5)
    gold.set_ents(gold.ents[:1], missing=[gold[2:]], default="outside")
    assert entity_f1(nlp, [gold]) == 1, "Paris was never judged"
    DocBin(docs=[gold]).to_disk(tmp_path / "dev.spacy")
    components = active("one", model, pool, batch=2, dev=tmp_path / "dev.spacy")
    take(iter(components["stream"]), 2)
    (point,) = components["update"].status["curve"]
    assert point["answered"] == 0 and 0 <= point["f1"] <= 1


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"source": "nowhere.txt"}, "no such file"),
        ({"strategy": "psychic"}, "Unknown strategy 'psychic': one of badge, bald"),
        ({"strategy": "bald:samples=1"}, "two passes"),
        ({"augment": "magic"}, "Unknown augmentation 'magic'"),
        ({"strategy": "vote_entropy"}, "one pipeline"),
        ({"batch": 3, "budget": "9w"}, "give one"),
        ({"budget": "many"}, "Write a budget as"),
        ({"gpu_id": 0}, "--gpu-id 0: there is no GPU"),
        ({"model": "blank:en"}, "has no labels"),
        (
            {"model": "blank:en", "labels": "A", "component": "causal_tagger"},
            "sets no entities",
        ),
    ],
)
def test_what_cannot_be_asked_is_said_before(
    model, source, changes, message, monkeypatch
):
    monkeypatch.setattr(beforehand, "has_gpu", False)
    given = {"dataset": "one", "model": model, "source": source, **changes}
    with pytest.raises(ValueError, match=message):
        active(**given)


@pytest.mark.parametrize(
    "changes",
    [
        {"initial": Path("nowhere.spacy")},
        {"dev": Path("nowhere.spacy")},
        {"output": Path("/dev/null/nowhere")},
    ],
)
def test_what_only_the_learner_reads_or_the_end_writes_is_tried_before(
    model, source, changes, monkeypatch
):
    begun = []
    monkeypatch.setattr(beginning, "BackgroundLearner", begun.append)
    with pytest.raises(OSError, match="nowhere"):
        active("one", model, source, **changes)
    assert not begun


def test_all_that_is_heavy_is_not_loaded_to_look_at_the_recipe():
    heavy = ("prodigy", "torch", "spacy", "fastapi", "sqlalchemy")
    code = f"import sys, recipes.active; print(sorted({set(heavy)} & set(sys.modules)))"
    run = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True
    )
    assert run.stdout.strip() == "[]", run.stderr


def test_with_prodigy_it_is_one_of_its_recipes(monkeypatch, model, source):
    registered = {}
    prodigy = types.ModuleType("prodigy")
    prodigy.recipe = lambda name: lambda recipe: registered.setdefault(name, recipe)
    monkeypatch.setitem(sys.modules, "prodigy", prodigy)
    register_with_prodigy("causal.active", active)
    check_components(registered["causal.active"]("one", model, source))
    options = set(inspect.signature(command).parameters)
    assert {"strategy", "batch", "budget", "dev"} <= options
    assert {"port", "host", "token", "ephemeral"} <= options
