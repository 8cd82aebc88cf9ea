"""`augment`: entity swaps that a trained pipeline still finds, as a `.spacy` file."""

from collections import Counter
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from wasabi import msg

from spacy_causal.cli.inputs import keep_inputs
from spacy_causal.cli.options import GpuId, command_of, use_gpu
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
    output: Annotated[
        Path, typer.Argument(help="The .spacy file to write.", dir_okay=False)
    ],
    *,
    model: Annotated[
        str | None,
        typer.Option(
            help="Trained pipeline that must find each swap; without it all are kept."
        ),
    ] = None,
    per_example: Annotated[
        int, typer.Option(help="New texts made from each text.", min=1)
    ] = 1,
    seed: Annotated[int, typer.Option(help="Seed of all random draws.")] = 0,
    all_entities: Annotated[
        bool,
        typer.Option("--all-entities", help="Swap all entities of a text, not one."),
    ] = False,
    compatible: Annotated[
        bool,
        typer.Option(
            "--compatible", help="Swap in only entities of similar casing and length."
        ),
    ] = False,
    like: Annotated[
        int,
        typer.Option(
            help="Swap in one of this many entities nearest by vectors; 0 for any.",
            min=0,
        ),
    ] = 0,
    balance: Annotated[
        bool, typer.Option("--balance", help="Swap rare types more often.")
    ] = False,
    keep_original: Annotated[
        bool,
        typer.Option(
            "--keep-original/--only-new", help="Whether to write the input too."
        ),
    ] = True,
    min_score: Annotated[
        float, typer.Option(help="Lowest P(type) at which a swap is kept.")
    ] = 0.0,
    max_score: Annotated[
        float, typer.Option(help="Highest P(type) at which a swap is kept.")
    ] = 1.0,
    donors: Annotated[
        Path | None,
        typer.Option(
            help="Unlabelled .spacy in which the model finds more entities to swap in.",
            exists=True,
            dir_okay=False,
        ),
    ] = None,
    donor_score: Annotated[
        float | None,
        typer.Option(
            help="Lowest P(type) of entities from --donors; 0.9 if --model has scores."
        ),
    ] = None,
    lang: Annotated[
        str, typer.Option(help="Language of the tokenizer, if there is no --model.")
    ] = "en",
    bank: Annotated[
        Path | None,
        typer.Option(
            help="Also write the entities to this .json file.", dir_okay=False
        ),
    ] = None,
    html: Annotated[
        Path | None, typer.Option(help="HTML page of swaps to write.", dir_okay=False)
    ] = None,
    gpu_id: GpuId = -1,
) -> None:
    """Swap entities for others of their type.

    CFGen (EMNLP 2020). Only swaps that --model still finds are kept. You can train on
    the output as it is, or, with --only-new, give it to the augmenter
    spacy-causal.counterfactual.v1.
    """
    import spacy
    from numpy.random import default_rng
    from tqdm import tqdm

    from spacy_causal.augment.counterfactuals import SwapSettings, counterfactuals
    from spacy_causal.augment.discriminator import discriminate
    from spacy_causal.augment.likeness import with_vectors
    from spacy_causal.corpus.files import SUFFIX, empty_docbin, write_docbin
    from spacy_causal.experiments.swaps_page import SwapTally
    from spacy_causal.pipeline.loading import load_trained

    command = command_of(augment, locals())
    if output.suffix != SUFFIX:
        msg.fail(f"the output has to end in {SUFFIX}: {output}", exits=1)
    if source.is_file() and source.suffix != SUFFIX:
        msg.fail(f"the input has to end in {SUFFIX}: {source}", exits=1)
    if model is None and (donors or like or (min_score, max_score) != (0, 1)):
        options = "--donors, --like, --min-score and --max-score"
        msg.fail(f"{options} need a --model", exits=1)
    if donors is None and donor_score is not None:
        msg.fail("--donor-score goes with --donors, which is not given", exits=1)
    if html is not None:
        require_report()
    use_gpu(gpu_id)
    settings = SwapSettings(per_example, all_entities, balance, compatible, like)
    tally, docs = SwapTally(), empty_docbin()
    try:
        for path in (output, bank, html):
            keep_inputs(path, source, donors)
        nlp = spacy.blank(lang) if model is None else load_trained(model)
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
        for attempt in tqdm(attempts, unit=" swaps", disable=None):
            tally.add(attempt)
            if attempt.example is not None and attempt.verdict.kept:
                docs.add(attempt.example.reference)
        _show(tally)
        few = _why_few(tally, nlp.lang)
        if not tally.attempts["kept"]:
            raise ValueError(f"No swap was kept: nothing written. {few}".rstrip())
        if few:
            msg.warn(few)
        _write_beside(bank, entities, html, tally, source.name, command)
        write_docbin(output, docs)
    except (ValueError, OSError, ImportError) as error:
        msg.fail(str(error), exits=1)
    msg.good(f"Wrote {output} ({len(docs):,} documents)")


def _examples(path: Path, nlp: "Language") -> "Iterator[Example]":
    from spacy_causal.corpus.reader import create_corpus

    yield from create_corpus(path)(nlp)


def _entities(
    nlp: "Language", examples: "list[Example]", donors: Path | None, score: float | None
) -> "EntityBank":
    from spacy_causal.augment.bank import collect_entities, merge_banks
    from spacy_causal.augment.outside import find_entities
    from spacy_causal.corpus.files import read_spacy

    found = collect_entities(example.reference for example in examples)
    if donors is None:
        return found
    outside = find_entities(nlp, read_spacy(donors, nlp.vocab), min_score=score)
    return merge_banks(found, outside)


def _why_few(tally: "SwapTally", lang: str | None) -> str:
    """Why hardly a swap was kept, where it is not for the model; "" otherwise."""
    from spacy_causal.augment.counterfactuals import TRIES
    from spacy_causal.augment.verdicts import NOT_ALIGNED

    if not tally.attempts:
        return "No text has an entity."
    attempts = sum(n for reason, n in tally.attempts.items() if reason in tally.counts)
    broken = tally.attempts[NOT_ALIGNED.reason]
    # What does not align is tried so often: more texts do not than do.
    if broken <= TRIES * (attempts - broken):
        return ""
    return (
        f"The tokenizer of {lang!r} leaves few entities whole: choose another by "
        "--lang or --model."
    )


def _write_beside(
    bank: Path | None,
    entities: "EntityBank",
    html: Path | None,
    tally: "SwapTally",
    name: str,
    command: str,
) -> None:
    """The files that may be asked for beside the output."""
    from spacy_causal.augment.bank import write_bank
    from spacy_causal.experiments.page import write_page
    from spacy_causal.experiments.results import versions
    from spacy_causal.experiments.swaps_page import render_swaps

    if bank is not None:
        write_bank(bank, entities)
    if html is not None:
        made = {"command": command, **versions()}
        write_page(html, render_swaps(tally, name, made))


def _show(tally: "SwapTally") -> None:
    labels = sorted({label for types in tally.counts.values() for label in types})
    texts = sum(n for reason, n in tally.attempts.items() if reason in tally.counts)
    rows = [("generated", f"{texts:,}", *_mentions([*tally.counts.values()], labels))]
    for reason, n in tally.attempts.most_common():
        if reason in tally.counts:
            mentions = _mentions([tally.counts[reason]], labels)
            rows.append((reason, f"{n:,}", *mentions))
        else:
            # Mentions that could not be swapped made no text; their type is unknown.
            rows.append((reason, "", f"{n:,}", *("" for _ in labels)))
    header = ("swaps", "texts", "mentions", *labels)
    msg.table(
        rows, header=header, aligns=("l", *("r" for _ in header[1:])), divider=True
    )


def _mentions(counts: list[Counter[str]], labels: list[str]) -> list[str]:
    """How many in all, and of each type."""
    types = [sum(counter[label] for counter in counts) for label in labels]
    return [f"{n:,}" for n in (sum(types), *types)]
