"""CITISL's protocol: a share of the labels to begin with, some classes unseen, and the
rest of the corpus streamed once past a simulated user who is shown K labels.

    python benchmarks/citisl.py --data conll_pos --share 0.1
    python benchmarks/citisl.py --data ewt --split dev --sentences 5000
    python benchmarks/citisl.py --data conll_pos --grid full --gpu-id 0
    python benchmarks/citisl.py --data conll_pos --encoder minilm --bfloat16
    python benchmarks/citisl.py --table

The encoder is frozen (MiniLM's vectors, standardised, with a layer of 128 maxout units
trained on top), or MiniLM itself, trained along. Rows go to citisl.jsonl, or
citisl_minilm.jsonl, in benchmarks/results; finished cells are not run again.
"""

import itertools
from collections import Counter
from collections.abc import Iterable
from functools import partial
from pathlib import Path
from typing import Any

import spacy
import typer
from citisl_data import DATA, Corpus, load
from citisl_methods import METHODS, TRIED, UNSAID
from citisl_table import print_table
from encoders import BATCH, minilm, use_bfloat16
from numpy.random import default_rng
from spacy.tokens import Doc
from thinc.api import Adam, warmup_linear
from tqdm import tqdm

from spacy_causal.corpus.bare import bare_copy
from spacy_causal.experiments.results import Results
from spacy_causal.experiments.session import importance_filter, simulate_session
from spacy_causal.experiments.streaming import (
    classes_of,
    draw_unseen,
    split_initial,
    without_classes,
)
from spacy_causal.experiments.training import train
from spacy_causal.experiments.users import (
    create_mistaken_user,
    create_partial_user,
    perfect_user,
    telling_user,
)
from spacy_causal.learning.imputation import imputer_from
from spacy_causal.learning.learner import Learner, LearnerSettings
from spacy_causal.scorers.tokens import token_f1

RESULTS = Path(__file__).parent / "results"
ROWS = {
    "frozen": RESULTS / "citisl.jsonl",
    "minilm": RESULTS / "citisl_minilm.jsonl",
}
CHECKS = 10
SHARES = (0.1, 0.15, 0.2)
FEWER = (0.03, 0.05, 0.1)
# A transformer that learns along takes fewer passes at a rate of its own.
SESSION: dict[str, dict[str, Any]] = {
    "frozen": {},
    "minilm": {"learn_rate": 1e-4, "updates": 2},
}


def main(
    data: str = "conll_pos",
    methods: str = ",".join(METHODS),
    share: float = 0.1,
    seeds: str = "0,1,2",
    split: str = "test",
    sentences: int = 0,
    k: int = 3,
    user: str = "perfect",
    rows: Path | None = None,
    encoder: str = "frozen",
    grid: str = "",
    gpu_id: int = -1,
    bfloat16: bool = False,
    if_there: bool = False,
    table: bool = False,
) -> None:
    """Run the cells that are not done yet, or print the table.

    encoder (str): "frozen" or "minilm".
    grid (str): "full" is all methods at three shares and three K.
    gpu_id (int): The GPU to run on; -1 is the CPU.
    bfloat16 (bool): MiniLM is trained in half precision.
    if_there (bool): A corpus that is not at hand is passed over.
    """
    if encoder not in ROWS or grid not in ("", "full"):
        raise typer.BadParameter(
            f'--encoder is {" or ".join(ROWS)}, --grid is "full" or left out.'
        )
    results = Results(rows or ROWS[encoder])
    if table:
        return print_table(results.rows())
    if gpu_id >= 0:
        spacy.require_gpu(gpu_id)
    if bfloat16:
        use_bfloat16()
    try:
        corpus = load(data, split, sentences, encoder)
    except FileNotFoundError as error:
        if not if_there:
            raise
        return print(f"Passed over: {error}")
    shares, ks, names = [share], [k], methods.split(",")
    if grid == "full":
        shares = [*(FEWER if data.startswith("fewnerd") else SHARES)]
        ks, names = [3, 5, 7], list(METHODS)
    trained: dict[str, Any] = {}
    if encoder != "frozen":
        trained = {"encoder": encoder, "learning": SESSION[encoder]}
    if bfloat16:
        trained["precision"] = "bfloat16"
    cells = (
        {
            "data": data,
            "split": split,
            "sentences": sentences,
            "share": share,
            "method": method,
            "settings": (METHODS | TRIED)[method],
            "k": k,
            "user": user,
            "seed": seed,
            **trained,
        }
        for share, k, seed, method in itertools.product(
            shares, ks, map(int, seeds.split(",")), names
        )
    )
    for cell, row in results.run(cells, partial(run_cell, corpus=corpus)):
        brief = {n: row[n] for n in ("all", "unseen", "first", "session", "seconds")}
        at = [cell[n] for n in ("data", "share", "k", "user", "method", "seed")]
        print(*at, brief, flush=True)
    return None


def run_cell(cell: dict[str, Any], corpus: Corpus) -> dict[str, Any]:
    """One session, or none where everything is labelled beforehand."""
    settings, layer = cell["settings"], corpus.layer
    rng = default_rng(cell["seed"])
    counts = Counter(c for doc in corpus.test for c in classes_of(doc, layer))
    counts = Counter({c: n for c, n in counts.items() if c not in ("", "O")})
    unseen = draw_unseen(counts, DATA[cell["data"]]["unseen"], rng)
    labelled, stream = split_initial(corpus.train, cell["share"], rng)
    initial = [without_classes(doc, layer, unseen) for doc in labelled]
    if settings["session"] is None:
        nlp = pipeline(settings, corpus)
        fit(nlp, [*labelled, *stream], corpus, cell["seed"])
        return {**scores(nlp, corpus, unseen, corpus.test), **NO_SESSION}
    nlp = pipeline(settings, corpus)
    fit(nlp, initial, corpus, cell["seed"])
    nlp.add_pipe(
        "candidate_scorer",
        config={**settings["display"], "k": cell["k"], "unit": "token"},
    )
    component: Any = nlp.get_pipe(corpus.factory)
    nlp.get_pipe("candidate_scorer").seed = cell["seed"]
    imputer = None
    if settings["imputer"]:
        sigma = pipeline(METHODS["BERT"], corpus)
        knows_all = settings["imputer"] == "all"
        fit(sigma, labelled if knows_all else initial, corpus, cell["seed"] + 100)
        imputer = imputer_from(sigma, corpus.factory, component.tag_set)
    said = {**UNSAID, **settings["session"], **SESSION[corpus.kind]}
    learner = Learner(
        nlp,
        corpus.factory,
        initial=initial,
        imputer=imputer,
        settings=LearnerSettings(**said),
        seed=cell["seed"],
    )
    return session(cell, corpus, learner, stream, unseen)


NO_SESSION: dict[str, Any] = {
    "questions": 0,
    "first": None,
    "session": None,
    "frequent": None,
    "random": None,
    "curve": [],
}


def session(
    cell: dict[str, Any],
    corpus: Corpus,
    learner: Learner,
    stream: list[Doc],
    unseen: list[str],
) -> dict[str, Any]:
    """Run the session; scores on a fifth of the test on the way, on all at its end."""
    seen = Counter(c for d in learner.initial for c in classes_of(d, corpus.layer))
    seen = Counter({c: n for c, n in seen.items() if c not in ("", "O")})
    fifth = corpus.test[::5]
    before = tags(learner.nlp, corpus, fifth)
    steps, curve = [], [scores_of(*before, unseen)]
    batches = simulate_session(
        learner,
        stream,
        user_of(cell, corpus),
        frequent=[name for name, _ in seen.most_common()],
        keep=importance(cell["settings"]["importance"], seen),
        rng=default_rng([cell["seed"], 1]),
    )
    n_batches = -(-len(stream) // 32)
    checks = {round(i * n_batches / CHECKS) for i in range(1, CHECKS)}
    for number, step in enumerate(tqdm(batches, total=n_batches, disable=None), 1):
        steps.append(step)
        if number in checks:
            curve.append(scores(learner.nlp, corpus, unseen, fifth))
    after = tags(learner.nlp, corpus, fifth)
    tenth = steps[: max(1, len(steps) // 10)]
    return {
        **scores(learner.nlp, corpus, unseen, corpus.test),
        "questions": sum(step.questions for step in steps),
        "first": ratio(tenth, "shown"),
        "session": ratio(steps, "shown"),
        "frequent": ratio(steps, "frequent"),
        "random": ratio(steps, "random"),
        "curve": [point["all"] for point in curve],
        "curve_unseen": [point["unseen"] for point in curve],
        "unseen_classes": unseen,
        "classes": {
            c: [f1_on(*side, [c]) for side in (before, after)] for c in corpus.labels
        },
        "unknown": [f1_on(*side, unknown_of(cell, corpus)) for side in (before, after)],
    }


def ratio(steps: Iterable[Any], name: str) -> float:
    """The share of the questions counted that had their class among the K."""
    steps = list(steps)
    counted = sum(step.counted for step in steps)
    return round(sum(getattr(step, name) for step in steps) / max(counted, 1), 4)


def user_of(cell: dict[str, Any], corpus: Corpus) -> Any:
    """ "perfect", "mistaken 0.1", "half": knows every second label; a method can say
    that the user always tells the label."""
    if cell["settings"]["told"]:
        return telling_user
    kind, _, rate = cell["user"].partition(" ")
    if kind == "mistaken":
        return create_mistaken_user(float(rate))
    if kind == "half":
        unknown = unknown_of(cell, corpus)
        return create_partial_user({*corpus.labels, "O"}.difference(unknown))
    return perfect_user


def unknown_of(cell: dict[str, Any], corpus: Corpus) -> list[str]:
    """The classes that the user does not know."""
    return corpus.labels[1::2] if cell["user"] == "half" else []


def importance(kind: str | None, seen: Counter[str]) -> Any:
    """Weights by label frequency, as the paper words it, or their inverse."""
    if kind is None:
        return None
    total = seen.total()
    weights = {c: n / total for c, n in seen.items()}
    if kind == "inverse":
        weights = {c: 1 / w for c, w in weights.items()}
    return importance_filter(weights)


def pipeline(settings: dict[str, Any], corpus: Corpus) -> spacy.Language:
    """A blank pipeline with the method's head on the corpus's encoder."""
    nlp = spacy.blank("en")
    if corpus.kind == "minilm":
        nlp.add_pipe("transformer", config={"model": minilm()})
    config = {**corpus.config, **settings["component"]}
    config["model"] = {**settings["component"]["model"], "tok2vec": corpus.encoder}
    nlp.add_pipe(corpus.factory, config=config)
    return nlp


def fit(nlp: spacy.Language, docs: list[Doc], corpus: Corpus, seed: int) -> None:
    """Train for fifteen passes over the Docs (six where there are many); MiniLM along
    with the head for six, and for 100 steps at least."""
    component = nlp.get_pipe(corpus.factory)
    for label in corpus.labels:
        component.add_label(label)
    if corpus.kind == "frozen":
        passes = 15 if len(docs) < 4000 else 6
        train(nlp, docs, steps=passes * -(-len(docs) // 32), batch_size=32, seed=seed)
        return
    size = BATCH[corpus.kind]
    steps = max(100, 6 * -(-len(docs) // size))
    learn_rate = warmup_linear(2e-4, steps // 10, steps + steps // 10)
    optimizer = Adam(learn_rate, L2=0.01, grad_clip=1.0)
    train(nlp, docs, steps=steps, batch_size=size, seed=seed, optimizer=optimizer)


def scores(
    nlp: spacy.Language, corpus: Corpus, unseen: list[str], docs: list[Doc]
) -> dict[str, float]:
    """Token F1, micro over all classes and over those unseen at first, and macro."""
    return scores_of(*tags(nlp, corpus, docs), unseen)


def tags(
    nlp: spacy.Language, corpus: Corpus, docs: list[Doc]
) -> tuple[list[str], list[str]]:
    """The class of each token that is annotated, and what is predicted; "" for "O"."""
    asks = [name for name in nlp.pipe_names if name == "candidate_scorer"]
    with nlp.select_pipes(disable=asks):
        predicted = list(nlp.pipe([bare_copy(doc) for doc in docs]))
    pairs = [
        (gold if gold != "O" else "", said if said != "O" else "")
        for doc, out in zip(docs, predicted, strict=True)
        for gold, said in zip(
            classes_of(doc, corpus.layer), classes_of(out, corpus.layer), strict=True
        )
        if gold
    ]
    return [gold for gold, _ in pairs], [said for _, said in pairs]


def scores_of(gold: list[str], said: list[str], unseen: list[str]) -> dict[str, float]:
    """`scores` of classes that were predicted."""
    micro, macro = token_f1(gold, said)
    return {
        "all": round(micro or 0.0, 4),
        "macro": round(macro or 0.0, 4),
        "unseen": f1_on(gold, said, unseen) or 0.0,
    }


def f1_on(gold: list[str], said: list[str], classes: list[str]) -> float | None:
    """Token F1, micro over some classes; None where neither side has any of them."""
    only = [[x if x in classes else "" for x in side] for side in (gold, said)]
    micro = token_f1(*only)[0]
    return None if micro is None else round(micro, 4)


if __name__ == "__main__":
    typer.run(main)
