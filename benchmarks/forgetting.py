"""Does a session on one domain cost what was learnt on another?

    python benchmarks/forgetting.py
    python benchmarks/forgetting.py --table

A CNN `causal_tagger` learns Penn tags on 3,000 sentences of newswire (CoNLL-2003); then
a user is asked about 2,000 sentences of web text (EWT, Penn tags) that are streamed
past. Accuracy on CoNLL-2003's dev and on EWT's, before and after the session. Rows go
to benchmarks/results/forgetting.jsonl; finished cells are not run again.
"""

from pathlib import Path
from statistics import mean, stdev
from typing import Any

import spacy
import typer
from corpora import find_corpus, read_corpus
from encoders import CNN
from numpy.random import default_rng
from spacy.tokens import Doc
from tqdm import tqdm

from spacy_causal.experiments.results import Results
from spacy_causal.experiments.session import simulate_session
from spacy_causal.experiments.training import evaluate, train
from spacy_causal.experiments.users import perfect_user
from spacy_causal.learning.learner import Learner, LearnerSettings

RESULTS = Results(Path(__file__).parent / "results" / "forgetting.jsonl")
EWT = "ud_english_ewt/en_ewt-ud"


def main(seeds: str = "0,1,2", replay: str = "2.0,0.0", table: bool = False) -> None:
    """Run the cells that are not done yet, or print the table."""
    if table:
        return print_table()
    cells = (
        {
            "seed": seed,
            "replay": ratio,
            "initial": 3000,
            "streamed": 2000,
            "settings": LearnerSettings(replay_ratio=ratio).to_dict(),
        }
        for seed in map(int, seeds.split(","))
        for ratio in map(float, replay.split(","))
    )
    for cell, outcome in RESULTS.run(cells, run_cell):
        print(cell["seed"], cell["replay"], outcome, flush=True)
    return None


def run_cell(cell: dict[str, Any]) -> dict[str, float]:
    """Train on news, ask about web text, score on both."""
    nlp = spacy.blank("en")
    config = {"model": {"tok2vec": CNN}}
    pipe: Any = nlp.add_pipe("causal_tagger", config=config)
    rng = default_rng(cell["seed"])
    news = read("conll2003/eng.train", nlp.vocab)
    news = [news[i] for i in rng.permutation(len(news))[: cell["initial"]]]
    web = read(f"{EWT}-train.conllu", nlp.vocab)
    web = [web[i] for i in rng.permutation(len(web))[: cell["streamed"]]]
    dev = {
        "news": read("conll2003/eng.testa", nlp.vocab),
        "web": read(f"{EWT}-dev.conllu", nlp.vocab),
    }
    for label in sorted({token.tag_ for doc in (*news, *web) for token in doc} - {""}):
        pipe.add_label(label)
    train(nlp, news, steps=800, batch_size=32, seed=cell["seed"])
    before = {f"{x}_before": evaluate(nlp, dev[x])["tag_acc"] for x in dev}
    nlp.add_pipe("candidate_scorer", config={"modulation": "none"})
    settings = LearnerSettings(**cell["settings"])
    learner = Learner(
        nlp, "causal_tagger", initial=news, settings=settings, seed=cell["seed"]
    )
    session = simulate_session(
        learner, web, perfect_user, frequent=pipe.labels, rng=rng
    )
    for _ in tqdm(session, total=-(-len(web) // 32), disable=None):
        pass
    after = {f"{x}_after": evaluate(nlp, dev[x])["tag_acc"] for x in dev}
    return {name: round(value, 4) for name, value in (before | after).items()}


def read(path: str, vocab: spacy.Vocab) -> list[Doc]:
    """A file's annotated Docs."""
    return read_corpus(find_corpus(path), vocab)


def print_table() -> None:
    """Mean ± sd over seeds, a line a replay ratio."""
    rows = RESULTS.rows()
    for form, ratio in sorted({(form_of(row), row["replay"]) for row in rows}):
        own = [r for r in rows if (form_of(r), r["replay"]) == (form, ratio)]
        cells = []
        for name in ("news_before", "news_after", "web_before", "web_after"):
            values = [100 * row[name] for row in own]
            sd = stdev(values) if len(values) > 1 else 0.0
            cells.append(f"{name} {mean(values):.1f} ± {sd:.1f}")
        print(f"{form}, replay {ratio}  n={len(own)}", *cells, sep="  ")


def form_of(row: dict[str, Any]) -> str:
    """Rows without settings are from before refusals were believed softly."""
    return "soft" if row.get("settings", {}).get("trust_prior") else "hard"


if __name__ == "__main__":
    typer.run(main)
