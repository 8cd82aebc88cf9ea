"""Entity swaps: how many are wrong, and how many are made per second, next to
augmenty's entity replacement on the same texts and donors in the same run.

    SPACY_CAUSAL_CORPORA=... python benchmarks/swaps.py --swaps 20000

One row a corpus goes to benchmarks/results/swaps.jsonl. Texts are CoNLL-2003's in its
own words ("words") and with the spaces known, so that a tokenizer cuts them ("text");
CLUENER's characters; and the hostile texts of the property tests. An entity whose edges
the tokenizer misses already in the original text is not counted against a swap.
augmenty is optional: without it its columns are empty.
"""

import os
import random
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from itertools import cycle, islice
from pathlib import Path

import spacy
import typer
from corpora import find_corpus
from encoders import CNN
from numpy.random import default_rng
from spacy.language import Language
from spacy.tokens import Doc
from spacy.training import Example

from spacy_causal.augment.bank import EntityBank, collect_entities
from spacy_causal.augment.counterfactuals import SwapSettings, counterfactuals
from spacy_causal.augment.discriminator import discriminate
from spacy_causal.corpus.convert import Summary, read_docs
from spacy_causal.corpus.records import Options
from spacy_causal.experiments.results import Results
from spacy_causal.experiments.training import train

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "augment"))

from adversarial import random_doc

RESULTS = Results(Path(__file__).parent / "results" / "swaps.jsonl")
RUN = time.strftime("%Y-%m-%dT%H:%M:%S")
MARK = "marked"
ROUNDS = 3

Swapper = Callable[[Language, list[Example]], Iterator[tuple[Example, Example]]]


def main(swaps: int = 20_000, sentences: int = 3_000, seed: int = 0) -> None:
    """Swap, check every new example, and time both in turn."""
    if not Doc.has_extension(MARK):
        Doc.set_extension(MARK, default=None)
    for name, (nlp, docs) in corpora(sentences).items():
        examples = [Example(predicted(nlp, doc), doc) for doc in docs]
        examples = [e for e in examples if mark(e) and e.reference.ents]
        bank = collect_entities(e.reference for e in examples)
        rivals = {"ours": create_ours(bank, seed), "augmenty": create_augmenty(bank)}
        outcome = {"texts": len(examples), "load": round(os.getloadavg()[0], 2)}
        for rival, swap in rivals.items():
            if swap is not None:
                stream = islice(swap(nlp, repeated(examples, swaps)), swaps)
                faults = count_faults(stream)
                outcome[rival] = dict(faults)
        outcome["ours"]["refused"] = refusals(nlp, examples, bank, swaps, seed)
        rivals["ours, 5 a text"] = create_ours(bank, seed, per_example=5)
        outcome |= rates(nlp, examples, rivals)
        if name == "conll2003 text":
            outcome["screen"] = screen_cost(examples, bank)
        RESULTS.append(
            {"run": RUN, "corpus": name, "swaps": swaps, "seed": seed}, outcome
        )
        typer.echo(f"{name}: {outcome}")


def corpora(limit: int) -> dict[str, tuple[Language, list[Doc]]]:
    """Pipelines, and annotated Docs in their vocabularies."""
    english, chinese = spacy.blank("en"), spacy.blank("zh")
    conll = load(english, find_corpus("conll2003/eng.train"), Options(), limit)
    cluener = Options(lang="zh", by_character=True)
    rng = default_rng(0)
    return {
        "conll2003 words": (english, conll),
        "conll2003 text": (english, [with_spaces(doc) for doc in conll]),
        "cluener": (
            chinese,
            load(chinese, find_corpus("cluener2020/train.json"), cluener, limit),
        ),
        "hostile": (english, [random_doc(english.vocab, rng) for _ in range(limit)]),
    }


def load(nlp: Language, path: Path, options: Options, limit: int) -> list[Doc]:
    found = islice(read_docs(path, options, Summary()), limit)
    return [Doc(nlp.vocab).from_bytes(doc.to_bytes()) for _, doc in found]


def with_spaces(doc: Doc) -> Doc:
    """The same Doc, its words set as a newspaper would."""
    tight = {".", ",", ";", ":", "'s", ")", "%", "?", "!", "n't"}
    words = [token.text for token in doc]
    after = [*words[1:], ""]
    spaces = [
        word not in "($" and following not in tight
        for word, following in zip(words, after, strict=True)
    ]
    attributes = ["ENT_IOB", "ENT_TYPE", "TAG", "POS"]
    spaced = Doc(doc.vocab, words=words, spaces=spaces)
    return spaced.from_array(attributes, doc.to_array(attributes))


def predicted(nlp: Language, doc: Doc) -> Doc:
    if doc.has_unknown_spaces:
        return Doc(nlp.vocab, words=[token.text for token in doc])
    return nlp.make_doc(doc.text)


def mark(example: Example) -> bool:
    """Give every seventh known label outside of entities back as missing, and a mark
    that should come out again."""
    doc = example.reference
    doc._.marked = "here"
    outside = [t for t in doc if t.ent_iob_ == "O" and t.i % 7 == 3]
    doc.set_ents(
        list(doc.ents),
        missing=[doc[t.i : t.i + 1] for t in (*outside, *missing_of(doc))],
        default="outside",
    )
    return True


def missing_of(doc: Doc) -> list:
    return [token for token in doc if token.ent_iob == 0]


def repeated(examples: list[Example], swaps: int) -> Iterator[Example]:
    return islice(cycle(examples), 2 * swaps)


def create_ours(bank: EntityBank, seed: int, per_example: int = 1) -> Swapper:
    settings = SwapSettings(per_example, all_entities=True)

    def swap(nlp: Language, examples: Iterator[Example]) -> Iterator:
        rng = default_rng(seed)
        for source, new, verdict in counterfactuals(nlp, examples, bank, settings, rng):
            if new is not None and verdict.kept:
                yield source, new

    return swap


def create_augmenty(bank: EntityBank) -> Swapper | None:
    """augmenty's replacement of all entities, by the same donors."""
    try:
        import augmenty
    except ImportError:
        return None
    donors = {
        label: [list(donor.words) for donor in donors]
        for label, donors in bank.donors.items()
    }
    augment = augmenty.load("ents_replace_v1", level=1.0, ent_dict=donors)

    def swap(nlp: Language, examples: Iterator[Example]) -> Iterator:
        random.seed(0)
        for source in examples:
            try:
                for new in augment(nlp, source):
                    yield source, new
            except Exception as error:
                yield source, error

    return swap


def count_faults(stream: Iterator) -> Counter[str]:
    """Swaps, and those among them with each fault."""
    faults = Counter({"swaps": 0, "misaligned": 0, "missing to O": 0, "lost": 0})
    faults["raised"] = 0
    for source, new in stream:
        faults["swaps"] += 1
        if isinstance(new, Exception):
            faults["raised"] += 1
            continue
        old, reference = source.reference, new.reference
        misaligned = [not fits(new, span) for span in reference.ents]
        was = sum(not fits(source, span) for span in old.ents)
        faults["misaligned"] += sum(misaligned) > was
        faults["missing to O"] += len(missing_of(reference)) < len(missing_of(old))
        faults["lost"] += reference._.marked != "here"
    return faults


def refusals(
    nlp: Language, examples: list[Example], bank: EntityBank, swaps: int, seed: int
) -> dict[str, int]:
    """What was refused on the way to as many swaps as were counted."""
    refused: Counter[str] = Counter()
    settings = SwapSettings(all_entities=True)
    attempts = counterfactuals(
        nlp, repeated(examples, swaps), bank, settings, default_rng(seed)
    )
    kept = 0
    for attempt in attempts:
        kept += attempt.verdict.kept
        refused[attempt.verdict.reason] += not attempt.verdict.kept
        if kept == swaps:
            break
    return {reason: n for reason, n in refused.items() if n}


def screen_cost(examples: list[Example], bank: EntityBank) -> dict[str, float]:
    """Processor time of swaps with a discriminator, and of its bare `nlp.pipe` over the
    same texts, the best of several rounds in turn."""
    judge = spacy.blank("en")
    judge.add_pipe("causal_ner", config={"model": {"tok2vec": CNN}})
    golds = [
        Doc(judge.vocab).from_bytes(e.reference.to_bytes()) for e in examples[:800]
    ]
    train(judge, golds, steps=150, batch_size=32, seed=0)
    examples = [Example(predicted(judge, doc), doc) for doc in golds]
    best = {"with swaps": float("inf"), "bare": float("inf")}
    for _ in range(ROUNDS):
        started = time.process_time()
        attempts = list(
            counterfactuals(
                judge,
                examples,
                bank,
                SwapSettings(),
                default_rng(0),
                screen=partial(discriminate, nlp=judge),
            )
        )
        best["with swaps"] = min(best["with swaps"], time.process_time() - started)
        texts = [a.example.reference.text for a in attempts if a.example is not None]
        started = time.process_time()
        for _ in judge.pipe(texts):
            pass
        best["bare"] = min(best["bare"], time.process_time() - started)
    kept = sum(attempt.verdict.kept for attempt in attempts)
    ratio = best["with swaps"] / best["bare"]
    return {"texts": len(texts), "kept": kept, "ratio": round(ratio, 2)}


def fits(example: Example, span) -> bool:
    """Whether a span of the reference is one of predicted tokens."""
    found = example.predicted.char_span(span.start_char, span.end_char)
    return found is not None and found.text == span.text


def rates(nlp: Language, examples: list[Example], rivals: dict) -> dict[str, float]:
    """New examples per second of processor time, the best of several rounds in turn."""
    best: dict[str, float] = {}
    for _ in range(ROUNDS):
        for rival, swap in rivals.items():
            if swap is not None:
                started = time.process_time()
                stream = swap(nlp, iter(examples))
                made = sum(not isinstance(new, Exception) for _, new in stream)
                rate = made / (time.process_time() - started)
                best[rival] = max(best.get(rival, 0.0), rate)
    found = {f"{rival} per second": round(rate) for rival, rate in best.items()}
    if "augmenty" in best:
        ratios = {
            f"{name} ratio": rate / best["augmenty"] for name, rate in best.items()
        }
        found |= {name: round(ratio, 2) for name, ratio in ratios.items()}
    return found


if __name__ == "__main__":
    typer.run(main)
