"""SeqMix's protocol: active learning with mixed sequences, and two controls.

    python benchmarks/seqmix.py --policies random,token_entropy --arms none,sub
    python benchmarks/seqmix.py --data webpage --grid full --seeds 0,1
    python benchmarks/seqmix.py --table

700 sentences of CoNLL-2003 are the pool, another draw each seed: 200 to begin with,
100 more in each of five rounds, ten epochs. Each row has the F1 after the last epoch
and at the epoch that is best on dev; the arm `updates` is trained on no mixed sequences
and for as many updates as with them. The encoder is frozen (MiniLM's vectors, with a
layer of 128 maxout units trained on top) or, by `--encoder minilm`, trained along.
Webpage's training labels are noisy.

Rows go to benchmarks/results/seqmix.jsonl; a run that is there is not run again.
"""

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import mean
from typing import Any

import numpy as np
import spacy
import typer
from active_data import COMPONENT, DATA, read_annotated
from citisl_data import VECTORS, key_of
from encoders import LISTENER, minilm
from features import add_features, encode
from numpy.random import Generator, default_rng
from scipy.stats import wilcoxon
from spacy.language import Language
from spacy.tokens import Doc

from spacy_causal.augment.perplexity.ngram import create_ngram_perplexity
from spacy_causal.augment.seqmix.settings import SeqMixSettings
from spacy_causal.experiments.active import Augment, Course, Key, run_rounds
from spacy_causal.experiments.active_setup import make_strategy
from spacy_causal.experiments.active_simulation import create_look
from spacy_causal.experiments.feedback_simulation import f1_of
from spacy_causal.experiments.fitting import fit
from spacy_causal.experiments.results import Results, cell_key
from spacy_causal.learning.augmenting import create_mixing
from spacy_causal.learning.reading import bare_copy
from spacy_causal.learning.weights import pipes_from_bytes, pipes_to_bytes
from spacy_causal.types import Budget

ROWS = Path(__file__).parent / "results" / "seqmix.jsonl"
# Table 3 of the paper, and its windows.
SIZES: dict[str, dict[str, Any]] = {
    "conll2003": {"pool": 700, "first": 200, "round": 100, "window": 5, "density": 0.6},
    "webpage": {"pool": 385, "first": 85, "round": 60, "window": 4, "density": 0.5},
}
ROUNDS, EPOCHS, BATCH_SIZE, RATE, DEV = 5, 10, 32, 0.2, 1000
# The paper's; for a layer on frozen vectors, where 0.02 was worse on dev.
RATES = {"minilm": 5e-5, "frozen": 0.005}
POLICIES = ("random", "least_confidence", "token_entropy", "vote_entropy")
VARIANTS = {"whole": "whole", "sub": "sub", "constrained": "label_constrained"}
# "ours" is "sub" with a screen in percentiles of the corpus's own perplexity.
ARMS = ("none", "updates", *VARIANTS, "ours")


@dataclass
class Trial:
    """One policy and arm with one seed: its data, and what was seen on the way.

    mean, sd (np.ndarray | None): Of the frozen encoder's vectors.
    best (float): The last model's F1 at the epoch that was best on dev.
    """

    data: str
    encoder: str
    arm: str
    pool: dict[str, Doc]
    dev: list[Doc]
    test: list[Doc]
    mean: np.ndarray | None
    sd: np.ndarray | None
    best: float = 0.0

    def pipeline(self) -> Language:
        """Untrained, with all labels of the pool."""
        vocab = next(iter(self.pool.values())).vocab
        nlp = spacy.blank("en", vocab=vocab)
        nlp.config["training"]["dropout"] = 0.1
        encoder: dict[str, Any] = LISTENER
        if self.encoder == "frozen":
            hidden = {"@layers": "Maxout.v1", "nO": 128, "nI": 384, "nP": 2}
            encoder = {
                "@layers": "chain.v1",
                "*": {
                    "frozen": {"@architectures": "benchmarks.FrozenVectors.v1"},
                    "hidden": {"@layers": "with_array.v1", "layer": hidden},
                },
            }
        else:
            nlp.add_pipe("transformer", config={"model": minilm()})
        nlp.config["training"]["optimizer"]["learn_rate"] = RATES[self.encoder]
        model = {"@architectures": "spacy-causal.LinearTagger.v1", "tok2vec": encoder}
        nlp.add_pipe(COMPONENT, config={"scheme": "bio", "model": model})
        pipe: Any = nlp.get_pipe(COMPONENT)
        for label in sorted({e.label_ for d in self.pool.values() for e in d.ents}):
            pipe.add_label(label)
        return nlp

    def fit(
        self, docs: Sequence[Doc], key: Key, before: Language | None = None
    ) -> Language:
        """Ten epochs from scratch; the weights of the epoch that is best on dev are
        scored beside the last one's."""
        nlp = self.pipeline()
        longer = 1 + RATE if self.arm == "updates" else 1
        epoch = -(-round(longer * len(docs)) // BATCH_SIZE)
        best: list[tuple[float, dict[str, bytes]]] = [(-1.0, {})]

        def check(step: int) -> None:
            if step % epoch == 0:
                reached = self.f1(nlp, self.dev)
                if reached > best[0][0]:
                    best[0] = reached, pipes_to_bytes(nlp, nlp.pipe_names)

        fit(
            nlp,
            COMPONENT,
            docs,
            key=key,
            steps=EPOCHS * epoch,
            batch_size=BATCH_SIZE,
            check=check,
        )
        last = pipes_to_bytes(nlp, nlp.pipe_names)
        pipes_from_bytes(nlp, best[0][1])
        self.best = self.f1(nlp, self.test)
        pipes_from_bytes(nlp, last)
        return nlp

    def score(self, nlp: Language) -> float:
        """Strict F1 on test after the last epoch."""
        return self.f1(nlp, self.test)

    def f1(self, nlp: Language, docs: Sequence[Doc]) -> float:
        """Strict F1."""
        said = list(nlp.pipe([bare_copy(doc) for doc in docs]))
        return f1_of(said, docs, "ner")

    def augment(self) -> Augment | None:
        """What the arm generates; a frozen encoder reads it at once."""
        if self.arm in ("none", "updates"):
            return None
        size = SIZES[self.data]
        mixing = create_mixing(
            COMPONENT,
            SeqMixSettings(
                variant=VARIANTS.get(self.arm, "sub"),  # type: ignore[arg-type]
                window=size["window"],
                density=size["density"],
                rate=RATE,
            ),
            source="contextual" if self.encoder == "frozen" else "input",
            fit_screen=create_ngram_perplexity() if self.arm == "ours" else None,
        )
        return self.read_too(mixing) if self.encoder == "frozen" else mixing

    def read_too(self, mixing: Augment) -> Augment:
        """Put the generated texts' vectors where the frozen encoder finds them."""

        def mix(labelled: Sequence[Doc], nlp: Language, rng: Generator) -> list[Doc]:
            made = mixing(labelled, nlp, rng)
            for doc, rows in zip(made, encode(made) if made else [], strict=True):
                VECTORS[key_of(doc)] = ((rows - self.mean) / self.sd).astype("float16")
            return made

        return mix


def main(
    data: str = "conll2003",
    encoder: str = "frozen",
    policies: str = "random,token_entropy",
    arms: str = "none,updates,sub,constrained,ours",
    seeds: str = "0,1,2,3,4",
    grid: str = "",
    rows: Path = ROWS,
    table: bool = False,
) -> None:
    """Run what no rows are there for, or print the tables."""
    results = Results(rows)
    if table:
        return print_tables(results.rows())
    if grid == "full":
        policies, arms = ",".join(POLICIES), ",".join(ARMS)
    load = create_load(data, encoder)
    runs = itertools.product(
        map(int, seeds.split(",")), policies.split(","), arms.split(",")
    )
    for seed, policy, arm in runs:
        run(load, data, encoder, policy, arm, seed, results)
    return None


def create_load(data: str, encoder: str) -> Callable[[str, int], Trial]:
    """Read a corpus once; each arm and seed gets its trial."""
    vocab, entry = spacy.blank("en").vocab, DATA[data]
    parts = [read_annotated(entry[n], vocab) for n in ("train", "dev", "test")]
    centre = spread = None
    if encoder == "frozen":
        parts = [add_features(docs) for docs in parts]
        sample = np.concatenate([doc.tensor for doc in parts[0][:2000]])
        centre, spread = sample.mean(axis=0), sample.std(axis=0)
        spread[spread < 1e-4] = 1
        for doc in itertools.chain(*parts):
            VECTORS[key_of(doc)] = ((doc.tensor - centre) / spread).astype("float16")
            doc.tensor = np.zeros((0,), dtype="float32")
    train, dev, test = parts

    def load(arm: str, seed: int) -> Trial:
        drawn = default_rng([seed, 7]).permutation(len(train))[: SIZES[data]["pool"]]
        pool = {str(i): train[i] for i in drawn.tolist()}
        return Trial(data, encoder, arm, pool, dev[:DEV], test, centre, spread)

    return load


def run(
    load: Callable[[str, int], Trial],
    data: str,
    encoder: str,
    policy: str,
    arm: str,
    seed: int,
    results: Results,
) -> None:
    """One policy and arm with one seed, from the seed set to all of the pool."""
    cells = [
        {
            "data": data,
            "encoder": encoder,
            "policy": policy,
            "arm": arm,
            "seed": seed,
            "round": number,
        }
        for number in range(ROUNDS + 1)
    ]
    if all(cell_key(cell) in results.done() for cell in cells):
        return
    trial, size = load(arm, seed), SIZES[data]
    course = Course(
        pool=trial.pool,
        fit=trial.fit,
        score=trial.score,
        look=create_look(COMPONENT),
        rounds=ROUNDS,
        budget=Budget(size["round"], "sentences"),
        augment=trial.augment(),
    )
    initial = list(trial.pool)[: size["first"]]
    for found in run_rounds(course, make_strategy(policy), initial, seed):
        outcome = {
            "sentences": found.sentences,
            "words": found.words,
            "score": found.score,
            "best": trial.best,
            "generated": found.generated,
            "fit_seconds": found.fit_seconds,
            "pick_seconds": found.pick_seconds,
            "digest": found.digest,
        }
        if cell_key(cells[found.number]) not in results.done():
            results.append(cells[found.number], outcome)
        print(data, encoder, policy, arm, seed, outcome, flush=True)


def print_tables(rows: list[dict[str, Any]]) -> None:
    """F1 by sentences labelled, and the gain of each arm over `none` and `updates`."""
    for data, encoder in dict.fromkeys((r["data"], r["encoder"]) for r in rows):
        own = [r for r in rows if (r["data"], r["encoder"]) == (data, encoder)]
        sizes = sorted({row["sentences"] for row in own})
        for measure in ("score", "best"):
            what = "last epoch" if measure == "score" else "best epoch on dev"
            print(f"\n## {data}, {encoder}, {what}\n")
            columns = ["policy", "arm", "seeds", *map(str, sizes), "mean"]
            columns += ["to none", "to updates"]
            print("|", " | ".join(columns), "|")
            print("|", " | ".join("---" for _ in columns), "|")
            for policy, arm in dict.fromkeys((r["policy"], r["arm"]) for r in own):
                print("|", " | ".join(line(own, policy, arm, sizes, measure)), "|")


def line(
    rows: list[dict[str, Any]], policy: str, arm: str, sizes: list[int], measure: str
) -> list[str]:
    """A line of the table."""
    values = values_of(rows, policy, arm, measure)
    means = [[v for (_, n), v in values.items() if n == size] for size in sizes]
    cells = [f"{100 * mean(each):.1f}" if each else "–" for each in means]
    seeds = len({seed for seed, _ in values})
    line = [policy, arm, str(seeds), *cells, f"{100 * mean(values.values()):.2f}"]
    bases = [values_of(rows, policy, base, measure) for base in ("none", "updates")]
    return [*line, *(gain(values, base) if base != values else "" for base in bases)]


def values_of(
    rows: list[dict[str, Any]], policy: str, arm: str, measure: str
) -> dict[tuple[int, int], float]:
    """An arm's F1 by seed and sentences labelled."""
    return {
        (row["seed"], row["sentences"]): row[measure]
        for row in rows
        if (row["policy"], row["arm"]) == (policy, arm)
    }


def gain(
    values: dict[tuple[int, int], float], base: dict[tuple[int, int], float]
) -> str:
    """The mean difference in points, with Wilcoxon's two-sided signed-rank test over
    (seed, usage) pairs."""
    differences = [values[key] - base[key] for key in values if key in base]
    if not differences:
        return "–"
    p = wilcoxon(differences).pvalue if any(differences) else 1.0
    return f"{100 * mean(differences):+.2f} (p = {p:.3g}, n = {len(differences)})"


if __name__ == "__main__":
    typer.run(main)
