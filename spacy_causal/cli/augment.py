"""`augment`: entity swaps that a trained pipeline vouches for, as a `.spacy` file."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from wasabi import msg

from spacy_causal.cli.report import require_report

if TYPE_CHECKING:
    from spacy.language import Language
    from spacy.training import Example

    from spacy_causal.augment.bank import EntityBank
    from spacy_causal.experiments.swaps_page import SwapTally


def augment(
    source: Annotated[
        Path, typer.Argument(metavar="INPUT", help="Annotated .spacy.", exists=True)
    ],
    output: Annotated[Path, typer.Argument(help="The .spacy file to write.")],
    *,
    model: Annotated[
        str | None,
        typer.Option(help="Discriminator: a trained pipeline. None: no screen."),
    ] = None,
    per_example: Annotated[int, typer.Option(help="Swaps of each text.", min=1)] = 1,
    seed: Annotated[int, typer.Option(help="Of all draws.")] = 0,
    all_entities: Annotated[
        bool, typer.Option("--all-entities", help="Swap all of a text, not one.")
    ] = False,
    compatible: Annotated[
        bool, typer.Option("--compatible", help="Donors of like casing and length.")
    ] = False,
    like: Annotated[
        int,
        typer.Option(help="Of donors only so many, the nearest by vectors.", min=0),
    ] = 0,
    balance: Annotated[
        bool, typer.Option("--balance", help="Swap rare types more often.")
    ] = False,
    keep_original: Annotated[
        bool, typer.Option("--keep-original/--only-new", help="Write the input too.")
    ] = True,
    min_score: Annotated[float, typer.Option(help="Lowest P(type).")] = 0.0,
    max_score: Annotated[float, typer.Option(help="Highest P(type).")] = 1.0,
    donors: Annotated[
        Path | None,
        typer.Option(help="Unlabelled .spacy whose entities are found.", exists=True),
    ] = None,
    donor_score: Annotated[float, typer.Option(help="Lowest P(type) of those.")] = 0.9,
    lang: Annotated[
        str, typer.Option(help="Tokenizer where there is no model.")
    ] = "en",
    bank: Annotated[
        Path | None, typer.Option(help="Write the entities as .json here.")
    ] = None,
    html: Annotated[
        Path | None, typer.Option(help="Write a page of swaps here.")
    ] = None,
    gpu_id: Annotated[int, typer.Option(help="-1 for the CPU.")] = -1,
) -> None:
    """Swap entities for others of their type; keep what the discriminator still finds.

    CFGen (EMNLP 2020). The output can be trained on as it is, and with --only-new be
    drawn from by the augmenter spacy-causal.counterfactual.v1.
    """
    import spacy
    from numpy.random import default_rng
    from spacy.cli._util import setup_gpu
    from tqdm import tqdm

    from spacy_causal.augment.bank import write_bank
    from spacy_causal.augment.counterfactuals import SwapSettings, counterfactuals
    from spacy_causal.augment.discriminator import discriminate
    from spacy_causal.augment.likeness import with_vectors
    from spacy_causal.corpus.files import SUFFIX, empty_docbin, write_docbin
    from spacy_causal.experiments.swaps_page import SwapTally, render_swaps

    if output.suffix != SUFFIX:
        msg.fail(f"the output has to end in {SUFFIX}: {output}", exits=1)
    if model is None and (donors or like or (min_score, max_score) != (0, 1)):
        options = "--donors, --like, --min-score and --max-score"
        msg.fail(f"{options} take a --model", exits=1)
    if html is not None:
        require_report()
    setup_gpu(gpu_id, silent=True)
    settings = SwapSettings(per_example, all_entities, balance, compatible, like)
    tally, docs = SwapTally(), empty_docbin()
    try:
        nlp = spacy.blank(lang) if model is None else spacy.load(model)
        bounds = min_score, max_score
        screen = (
            None if model is None else partial(discriminate, nlp=nlp, bounds=bounds)
        )
        examples = list(_examples(source, nlp))
        entities = _entities(nlp, examples, donors, donor_score)
        if like:
            entities = with_vectors(entities, nlp)
        attempts = counterfactuals(
            nlp, examples, entities, settings, default_rng(seed), screen=screen
        )
        for example in examples if keep_original else ():
            docs.add(example.reference)
        for attempt in tqdm(attempts, unit=" swaps"):
            tally.add(attempt)
            if attempt.example is not None and attempt.verdict.kept:
                docs.add(attempt.example.reference)
    except (ValueError, OSError, ImportError) as error:
        msg.fail(str(error), exits=1)
    _show(tally)
    if not tally.attempts["kept"]:
        msg.fail("No swap was kept: nothing written.", exits=1)
    if bank is not None:
        write_bank(bank, entities)
    if html is not None:
        from spacy_causal.experiments.page import write_page

        write_page(html, render_swaps(tally, source.name))
    write_docbin(output, docs)
    msg.good(f"Wrote {output} ({len(docs):,} documents)")


def _examples(path: Path, nlp: "Language") -> "Iterator[Example]":
    from spacy_causal.corpus.reader import create_corpus

    yield from create_corpus(path)(nlp)


def _entities(
    nlp: "Language", examples: "list[Example]", donors: Path | None, score: float
) -> "EntityBank":
    from spacy_causal.augment.bank import collect_entities, merge_banks
    from spacy_causal.augment.outside import find_entities
    from spacy_causal.corpus.files import read_spacy

    found = collect_entities(example.reference for example in examples)
    if donors is None:
        return found
    outside = find_entities(nlp, read_spacy(donors, nlp.vocab), min_score=score)
    return merge_banks(found, outside)


def _show(tally: "SwapTally") -> None:
    labels = sorted({label for types in tally.counts.values() for label in types})
    generated = sum(tally.counts[reason].total() for reason in tally.counts)
    texts = sum(n for reason, n in tally.attempts.items() if reason in tally.counts)
    rows = [
        ("generated", texts, generated, *_by_type(tally, list(tally.counts), labels))
    ]
    for reason, count in tally.attempts.most_common():
        types = _by_type(tally, [reason], labels)
        rows.append((reason, count, sum(types), *types))
    header = ("swaps", "texts", "mentions", *labels)
    msg.table(
        [(name, *(f"{n:,}" for n in counts)) for name, *counts in rows],
        header=header,
        aligns=("l", *("r" for _ in header[1:])),
        divider=True,
    )


def _by_type(tally: "SwapTally", reasons: list[str], labels: list[str]) -> list[int]:
    empty: dict[str, int] = {}
    return [sum(tally.counts.get(r, empty).get(x, 0) for r in reasons) for x in labels]
