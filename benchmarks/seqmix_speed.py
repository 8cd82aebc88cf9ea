"""Three costs of SeqMix: the nearest word, the screen, and finding pairs.

    python benchmarks/seqmix_speed.py --peers FOLDER   # quiet machine
    OMP_NUM_THREADS=1 python benchmarks/seqmix_speed.py --clock processor   # busy one

Processor time with one thread is disturbed least by other processes, but does not show
what more threads gain: the loop cannot use them, a matrix product can.

`nearest` compares matrix products with a loop over queries, on random unit vectors. If
FOLDER holds a clone of rz-zhang/SeqMix (SeqMix/), the loop is the authors' own
`most_similar`, which sorts out the seven closest; otherwise it is one of ours. A loop
reads `--looped` of the queries and its time is scaled to all of them. `screen` scores
texts by a GPT-2-shaped model of random weights, in batches and, with transformers, one
at a time. `pairs` reads CoNLL-2003's training sentences and counts their pairs.
`--cases` runs only some of the three. One row for each case goes to
benchmarks/results/seqmix_speed.jsonl.
"""

import ast
import os
import platform
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import spacy
import torch
import typer
from corpora import find_corpus, read_corpus
from spacy.tokens import Doc
from transformers import GPT2Config, GPT2LMHeadModel

from spacy_causal.augment.perplexity.causal_lm import CausalLM
from spacy_causal.augment.perplexity.screen import perplexity
from spacy_causal.augment.seqmix.generate import Mixer
from spacy_causal.augment.seqmix.settings import SeqMixSettings
from spacy_causal.augment.seqmix.token_table import TokenTable
from spacy_causal.experiments.results import Results

RESULTS = Results(Path(__file__).parent / "results" / "seqmix_speed.jsonl")
RUN = time.strftime("%Y-%m-%dT%H:%M:%S")
VOCABULARY, WIDTH = 28_996, 768
CLOCKS = {"wall": time.perf_counter, "processor": time.process_time}
CLOCK: list[str] = []
SIZES = (1000, 2000, 4000, 8000)


class WordIds:
    """A tokenizer that needs no download: an id a word, two for a long one."""

    bos_token_id = 50_256

    def __call__(self, texts: list[str], **_: Any) -> dict[str, list[list[int]]]:
        """Numbers that depend on the letters alone."""
        return {"input_ids": [list(self._ids(text)) for text in texts]}

    def _ids(self, text: str) -> Iterator[int]:
        for word in text.split():
            for part in (word[:6], word[6:]) if len(word) > 6 else (word,):
                yield sum(map(ord, part)) * 7919 % self.bos_token_id


def main(
    queries: int = 10_000,
    looped: int = 100,
    sentences: int = 256,
    clock: str = "wall",
    peers: Path | None = None,
    cases: str = "nearest,screen,pairs",
) -> None:
    """Measure each case once after a warm-up."""
    if clock not in CLOCKS:
        raise typer.BadParameter(f"one of {', '.join(CLOCKS)}", param_hint="--clock")
    CLOCK.append(clock)
    docs = labelled(max(SIZES))
    chosen = cases.split(",")
    if "nearest" in chosen:
        nearest(queries, looped, peers)
    if "screen" in chosen:
        screen([doc.text for doc in docs if len(doc) > 3][:sentences])
    for size in SIZES if "pairs" in chosen else ():
        pairs(docs[:size])


def nearest(n_queries: int, looped: int, peers: Path | None) -> None:
    """The closest of 28,996 rows, two of them excluded."""
    rng = np.random.default_rng(0)
    vectors, queries = unit(rng, VOCABULARY), unit(rng, n_queries)
    table = TokenTable(tuple(map(str, range(VOCABULARY))), vectors)
    excluded = rng.integers(VOCABULARY, size=(n_queries, 2)).tolist()
    table.nearest(queries[:64], excluded[:64])
    found, ours = timed(lambda: table.nearest(queries, excluded))
    rest = list(zip(queries[:looped], excluded[:looped], strict=True))
    one = closest if peers is None else reference(peers, vectors)
    expected, theirs = timed(lambda: [one(vectors, *pair) for pair in rest])
    scaled = theirs * n_queries / looped
    RESULTS.append(
        {"run": RUN, "case": "nearest", "queries": n_queries, "rows": VOCABULARY},
        {
            "seconds": round(ours, 3),
            "loop_seconds_scaled": round(scaled, 1),
            "looped": looped,
            "loop": "ours" if peers is None else "the authors'",
            "ratio": round(scaled / ours, 1),
            "same": int((found[:looped] == np.array(expected)).sum()),
            **machine(),
        },
    )


def closest(vectors: np.ndarray, query: np.ndarray, excluded: list[int]) -> int:
    """One query at a time, its distance to all rows."""
    distances = np.sqrt(((vectors - query) ** 2).sum(axis=1))
    distances[excluded] = np.inf
    return int(distances.argmin())


def reference(folder: Path, vectors: np.ndarray) -> Callable[..., int]:
    """The authors' search, its functions as they are, over these rows."""
    names: dict[str, Any] = {"np": np, "mydict_values": vectors, "tokenizer": Ids()}
    for file, name in (("active_learn", "multi_argmax"), ("seqmix", "most_similar")):
        tree = ast.parse((folder / "SeqMix" / f"{file}.py").read_text())
        tree.body = [x for x in tree.body if getattr(x, "name", "") == name]
        exec(compile(tree, file, "exec"), names)

    def search(_: np.ndarray, query: np.ndarray, excluded: list[int]) -> int:
        pool = names["most_similar"](query, 7)
        return next(row for row in pool if row not in excluded)

    return search


class Ids:
    """Rows instead of words."""

    def convert_ids_to_tokens(self, row: int) -> int:
        """The row itself."""
        return row


def unit(rng: np.random.Generator, n: int) -> np.ndarray:
    """Random rows of length 1."""
    rows = rng.standard_normal((n, WIDTH), dtype=np.float32)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def screen(texts: list[str]) -> None:
    """GPT-2's shape, 124 million random weights."""
    torch.manual_seed(0)
    model = GPT2LMHeadModel(GPT2Config())
    seconds, scores = {}, {}
    for precision in ("float32", "bfloat16"):
        lm = CausalLM(model.to(getattr(torch, precision)), WordIds())
        for name, score in (("alone", partial(one_by_one, lm)), ("batched", lm.log2)):
            score(texts[:8])
            key = f"{precision}_{name}"
            scored, seconds[key] = timed(partial(score, texts))
            scores[key] = np.array([perplexity(log2) for log2 in scored])
    alone = scores["float32_alone"]
    fp32 = seconds["float32_alone"]
    RESULTS.append(
        {"run": RUN, "case": "screen", "texts": len(texts), "model": "gpt2, random"},
        {
            **{f"{key}_per_s": round(len(texts) / s, 1) for key, s in seconds.items()},
            "ratio_float32": round(fp32 / seconds["float32_batched"], 2),
            "ratio_bfloat16": round(fp32 / seconds["bfloat16_batched"], 2),
            "largest_difference_float32": relative(scores["float32_batched"], alone),
            "largest_difference_bfloat16": relative(scores["bfloat16_batched"], alone),
            **machine(),
        },
    )


def one_by_one(lm: CausalLM, texts: list[str]) -> list[np.ndarray]:
    """The loop that a user of transformers writes, over all logits of a text."""
    found = []
    for text in texts:
        (ids,) = lm.tokenizer([text])["input_ids"]
        read = torch.tensor([[lm.tokenizer.bos_token_id, *ids]])
        with torch.inference_mode():
            logits = lm.model(input_ids=read).logits[0, :-1].float()
        said = logits.log_softmax(-1).gather(1, read[0, 1:, None])[:, 0]
        found.append((said / np.log(2)).numpy())
    return found


def pairs(docs: list[Doc]) -> None:
    """What is read and found of a corpus before the first pair is mixed."""
    words = tuple(dict.fromkeys(token.text for doc in docs for token in doc))
    table = TokenTable(words, np.zeros((len(words), 1), dtype=np.float32))
    mixer, seconds = timed(lambda: Mixer.of(docs, table, settings=SeqMixSettings()))
    drawn = mixer.pairs.draw(np.random.default_rng(0))
    _, drawing = timed(lambda: [next(drawn) for _ in range(1000)])
    RESULTS.append(
        {"run": RUN, "case": "pairs", "sentences": len(docs)},
        {
            "seconds": round(seconds, 3),
            "ms_a_sentence": round(1000 * seconds / len(docs), 4),
            "windows": mixer.counts.windows,
            "pairs": mixer.counts.pairs,
            "draw_1000_seconds": round(drawing, 4),
            **machine(),
        },
    )


def labelled(n: int) -> list[Doc]:
    """The first sentences of CoNLL-2003's training file."""
    path = find_corpus("conll2003/eng.train")
    return read_corpus(path, spacy.blank("en").vocab, limit=n)


def timed(run: Callable[[], Any]) -> tuple[Any, float]:
    """What a call returns, and how many seconds it takes by the clock."""
    clock = CLOCKS[CLOCK[-1]]
    start = clock()
    return run(), clock() - start


def relative(found: np.ndarray, expected: np.ndarray) -> float:
    """The largest relative difference."""
    return float(f"{np.max(abs(found - expected) / expected):.2g}")


def machine() -> dict[str, Any]:
    """What a figure depends on."""
    return {
        "clock": CLOCK[-1],
        "threads": torch.get_num_threads(),
        "load": round(os.getloadavg()[0], 2),
        "processor": platform.processor() or platform.machine(),
        "numpy": np.__version__,
        "torch": torch.__version__,
    }


if __name__ == "__main__":
    typer.run(main)
