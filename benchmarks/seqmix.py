"""SeqMix's protocol: active learning with mixed sequences, and two controls.

    python benchmarks/seqmix.py --policies random,token_entropy --arms none,sub
    python benchmarks/seqmix.py --encoder minilm --rounds 0 --policies random \\
        --arms "none,updates,sub,sub hard,hidden,hidden 0.5"
    python benchmarks/seqmix.py --data webpage --grid full --seeds 0,1
    python benchmarks/seqmix.py --table

700 sentences of CoNLL-2003 are the pool, another draw each seed: 200 to begin with,
100 more in each of five rounds (`--rounds 0`: none), ten epochs. Each row has the F1
after the last epoch and at the epoch that is best on dev; the arm `updates` is trained
on no mixed sequences and for as many updates as with them. An arm with `hard` trains
on the same sequences, annotated with the larger label; `hidden W` mixes the vectors of
entity tokens in the encoder's output, and has as many updates as `none`. Webpage's
training labels are noisy.

The encoder is MiniLM's vectors with a layer of 128 maxout units trained on top
(frozen), a CNN trained from nothing, or MiniLM trained along.

Rows go to benchmarks/results/seqmix.jsonl; a run that is there is not run again. They
have `epochs` and `precision` where these are not the usual ones.
"""

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import spacy
import typer
from active_data import COMPONENT, DATA, read_annotated
from citisl_data import VECTORS, key_of
from encoders import CNN, LISTENER, minilm, use_bfloat16
from features import add_features, encode
from numpy.random import Generator, default_rng
from seqmix_table import print_tables
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
ROUNDS, EPOCHS, RATE, DEV = 5, 10, 0.2, 1000
# On frozen vectors 0.02 was worse on dev; the others as in the other protocols, with a
# tenth of the steps for MiniLM to warm up.
TRAINING: dict[str, dict[str, Any]] = {
    "frozen": {"batch": 32, "learn_rate": 0.005, "dropout": 0.1},
    "cnn": {"batch": 16, "learn_rate": 0.004, "dropout": 0.3},
    "minilm": {"batch": 16, "learn_rate": 2e-4, "dropout": 0.1},
}
POLICIES = ("random", "least_confidence", "token_entropy", "vote_entropy")
VARIANTS = {"whole": "whole", "sub": "sub", "constrained": "label_constrained"}
# "screened" is "sub" with a screen in percentiles of the corpus's own perplexity. Rows
# of "ours" had that in percentiles of texts, not of words: it refused next to nothing.
MIXING = (*VARIANTS, "screened")
FROZEN: dict[str, Any] = {
    "@layers": "chain.v1",
    "*": {
        "frozen": {"@architectures": "benchmarks.FrozenVectors.v1"},
        "hidden": {
            "@layers": "with_array.v1",
            "layer": {"@layers": "Maxout.v1", "nO": 128, "nI": 384, "nP": 2},
        },
    },
}
HIDDEN, WEIGHT, ALPHA = "hidden", 0.2, 8.0
ARMS = ("none", "updates", *MIXING, "sub hard", HIDDEN, "hidden 0.5")
# A corpus is read once, and each arm and seed gets its trial.
Load = Callable[[str, int], "Trial"]
Looked = dict[Key, Language]


@dataclass
class Trial:
    """One policy and arm with one seed: its data, and what was seen on the way.

    mean, sd (np.ndarray | None): Of the frozen encoder's vectors.
    looked (dict): Models of the labelled sentences alone, which arms share.
    has_looked (bool): Whether there was a model to look at for the first sequences.
    best (float | None): The last model's F1 at the epoch that was best on dev.
    """

    data: str
    encoder: str
    arm: str
    epochs: int
    pool: dict[str, Doc]
    dev: list[Doc]
    test: list[Doc]
    mean: np.ndarray | None
    sd: np.ndarray | None
    looked: Looked
    has_looked: bool = False
    best: float | None = None

    @property
    def mixes(self) -> str:
        """The variant of the sequences that are mixed, or nothing."""
        name = self.arm.partition(" ")[0]
        return name if name in MIXING else ""

    def pipeline(self) -> Language:
        """Untrained, with all labels of the pool."""
        vocab = next(iter(self.pool.values())).vocab
        nlp = spacy.blank("en", vocab=vocab)
        nlp.config["training"]["dropout"] = TRAINING[self.encoder]["dropout"]
        if self.encoder == "minilm":
            nlp.add_pipe("transformer", config={"model": minilm()})
        tok2vec = {"frozen": FROZEN, "cnn": CNN, "minilm": LISTENER}[self.encoder]
        model = {"@architectures": "spacy-causal.LinearTagger.v1", "tok2vec": tok2vec}
        name, _, weight = self.arm.partition(" ")
        if name == HIDDEN:
            model = {
                "@architectures": "spacy-causal.HiddenMix.v1",
                "weight": float(weight or WEIGHT),
                "alpha": ALPHA,
                "labeller": model,
            }
        nlp.add_pipe(COMPONENT, config={"scheme": "bio", "model": model})
        pipe: Any = nlp.get_pipe(COMPONENT)
        for label in sorted({e.label_ for d in self.pool.values() for e in d.ents}):
            pipe.add_label(label)
        return nlp

    def fit(
        self, docs: Sequence[Doc], key: Key, before: Language | None = None
    ) -> Language:
        """So many epochs from scratch; the weights of the epoch that is best on dev are
        scored beside the last one's. Where sequences are mixed, the first model is only
        looked at: it is the one that `none` has there. A member of a committee is not
        scored either."""
        if self.mixes and not self.has_looked:
            self.has_looked = True
            if key not in self.looked:
                self.looked[key] = self.train(docs, key, scored=False)
            return self.looked[key]
        nlp = self.train(docs, key, scored=len(key) == 2)
        if self.arm == "none" and not key[1]:
            self.looked[key] = nlp
        return nlp

    def train(self, docs: Sequence[Doc], key: Key, *, scored: bool) -> Language:
        """Train from scratch.

        scored (bool): Find the epoch that is best on dev.
        """
        nlp, how = self.pipeline(), TRAINING[self.encoder]
        longer = 1 + RATE if self.arm == "updates" else 1
        epoch = -(-round(longer * len(docs)) // how["batch"])
        steps = self.epochs * epoch
        nlp.config["training"]["optimizer"]["learn_rate"] = how["learn_rate"]
        if self.encoder == "minilm":
            nlp.config["training"]["optimizer"]["learn_rate"] = {
                "@schedules": "warmup_linear.v1",
                "initial_rate": how["learn_rate"],
                "warmup_steps": steps // 10,
                "total_steps": steps * 11 // 10,
            }
        best: list[tuple[float, int, dict[str, bytes]]] = [(-1.0, 0, {})]

        def check(step: int) -> None:
            if step % epoch == 0:
                reached = self.f1(nlp, self.dev)
                if reached > best[0][0]:
                    best[0] = reached, step, pipes_to_bytes(nlp, nlp.pipe_names)

        fit(
            nlp,
            COMPONENT,
            docs,
            key=key,
            steps=steps,
            batch_size=how["batch"],
            check=check if scored else None,
        )
        _, step, weights = best[0]
        self.best = None
        if scored and step < steps:
            last = pipes_to_bytes(nlp, nlp.pipe_names)
            pipes_from_bytes(nlp, weights)
            self.best = self.f1(nlp, self.test)
            pipes_from_bytes(nlp, last)
        return nlp

    def score(self, nlp: Language) -> float:
        """Strict F1 on test after the last epoch, which may be the best one."""
        score = self.f1(nlp, self.test)
        self.best = score if self.best is None else self.best
        return score

    def f1(self, nlp: Language, docs: Sequence[Doc]) -> float:
        """Strict F1; a transformer reads texts of like length together."""
        docs = sorted(docs, key=len) if self.encoder == "minilm" else docs
        said = list(nlp.pipe([bare_copy(doc) for doc in docs]))
        return f1_of(said, docs, "ner")

    def augment(self) -> Augment | None:
        """What the arm generates; a frozen encoder reads it at once."""
        if not self.mixes:
            return None
        size = SIZES[self.data]
        mixing = create_mixing(
            COMPONENT,
            SeqMixSettings(
                variant=VARIANTS.get(self.mixes, "sub"),  # type: ignore[arg-type]
                window=size["window"],
                density=size["density"],
                rate=RATE,
                hardened=self.arm.endswith(" hard"),
            ),
            source="input" if self.encoder == "minilm" else "contextual",
            fit_screen=create_ngram_perplexity() if self.mixes == "screened" else None,
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
    arms: str = "none,updates,sub,constrained,screened",
    seeds: str = "0,1,2,3,4",
    rounds: int = ROUNDS,
    epochs: int = EPOCHS,
    bfloat16: Annotated[
        bool, typer.Option("--bfloat16", help="MiniLM is trained in half precision.")
    ] = False,
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
    for arm in arms.split(","):
        check_arm(arm)
    if encoder not in TRAINING:
        raise typer.BadParameter(f"Unknown encoder {encoder!r}: {', '.join(TRAINING)}.")
    others: dict[str, Any] = {} if epochs == EPOCHS else {"epochs": epochs}
    if bfloat16 and encoder == "minilm":
        use_bfloat16()
        others["precision"] = "bfloat16"
    load = create_load(data, encoder, epochs)
    runs = itertools.product(
        map(int, seeds.split(",")), policies.split(","), arms.split(",")
    )
    for seed, policy, arm in runs:
        run = {"data": data, "encoder": encoder, **others, "policy": policy, "arm": arm}
        run_cells(load, [run | {"seed": seed, "round": n} for n in range(rounds + 1)],
                  results)  # fmt: skip
    return None


def check_arm(arm: str) -> None:
    """Raise BadParameter for an arm that there is not."""
    name, _, form = arm.partition(" ")
    weight = form.replace(".", "", 1).isdigit()
    if (
        arm in ARMS
        or (name in MIXING and form == "hard")
        or (name == HIDDEN and weight and float(form))
    ):
        return
    raise typer.BadParameter(f"Unknown arm {arm!r}: {', '.join(ARMS)}, ...")


def create_load(data: str, encoder: str, epochs: int) -> Load:
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
    looked: Looked = {}

    def load(arm: str, seed: int) -> Trial:
        drawn = default_rng([seed, 7]).permutation(len(train))[: SIZES[data]["pool"]]
        pool = {str(i): train[i] for i in drawn.tolist()}
        for key in [key for key in looked if key[0] != seed]:
            del looked[key]
        return Trial(
            data, encoder, arm, epochs, pool, dev[:DEV], test, centre, spread, looked
        )

    return load


def run_cells(load: Load, cells: list[dict[str, Any]], results: Results) -> None:
    """One policy and arm with one seed, from the seed set through all rounds."""
    if all(cell_key(cell) in results.done() for cell in cells):
        return
    data, policy, arm, seed = (cells[0][x] for x in ("data", "policy", "arm", "seed"))
    trial, size = load(arm, seed), SIZES[data]
    course = Course(
        pool=trial.pool,
        fit=trial.fit,
        score=trial.score,
        look=create_look(COMPONENT),
        rounds=len(cells) - 1,
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
        print(*cells[found.number].values(), outcome, flush=True)


if __name__ == "__main__":
    typer.run(main)
