"""`stats`: what was answered, how fast, and how well, by mode."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from wasabi import msg

from spacy_causal.cli.agreement import percent, show_agreement
from spacy_causal.cli.options import Db
from spacy_causal.store import DEFAULT_URL

if TYPE_CHECKING:
    from spacy_causal.server.stats import ModeStats


def stats(
    dataset: Annotated[str, typer.Argument(help="Dataset that keeps the answers.")],
    *,
    db: Db = DEFAULT_URL,
    gold: Annotated[
        Path | None,
        typer.Option(help="Annotated .spacy of these texts, to tell right from wrong."),
    ] = None,
) -> None:
    """Show how fast and how well people answered.

    Per mode, with the figures of the CITISL paper's study for modes like its own; where
    there are several annotators, also how far they agree.
    """
    from spacy_causal.server.export import read_dataset
    from spacy_causal.server.stats import mode_stats, paper_beside, truths_of_gold
    from spacy_causal.server.texts import layer_of

    try:
        tasks, config = read_dataset(dataset, db)
        truths = None if gold is None else truths_of_gold(gold, layer_of(config))
    except (ValueError, OSError) as error:
        msg.fail(str(error), exits=1)
    if not tasks:
        msg.warn(f"{dataset!r} has no answers yet", exits=0)
    counts = ("annotators", "sentences", "answers", "skipped", "none of these")
    means = ("s / sentence", "s / answer", "answers right", "sentences right")
    found = mode_stats(tasks, truths)
    rows = [
        (
            row.mode,
            f"{row.annotators:,}",
            f"{row.sentences:,}",
            f"{row.answers:,}",
            f"{row.skipped:,}",
            "-" if row.none is None else f"{row.none:,}",
            _number(row.seconds_a_sentence),
            _number(row.seconds_an_answer),
            percent(row.answers_right),
            percent(row.sentences_right),
        )
        for row in found
    ]
    msg.table(
        rows, header=("mode", *counts, *means), aligns=("l", *"r" * 9), divider=True
    )
    answered = any(row.answers for row in found)
    if gold is not None and answered and not any(_is_judged(row) for row in found):
        msg.warn(
            f"{gold} says nothing of what was answered, so none is right or wrong: it "
            "needs the same texts, also in their spaces, annotated there"
        )
    beside = paper_beside(row.mode for row in found)
    if beside:
        msg.text("CITISL, section 6.2 (5 users, Few-NERD, 66 labels):")
    for mode, seconds, right in beside:
        msg.text(f"  {mode}: {_number(seconds)} s / sentence, {right} sentences right")
    show_agreement(tasks)


def _is_judged(row: "ModeStats") -> bool:
    return row.answers_right is not None or row.sentences_right is not None


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.1f}"
