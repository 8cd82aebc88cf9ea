"""Tables of how far annotators agree, as several commands print them."""

from collections.abc import Sequence
from typing import Any

from wasabi import msg

HEADER = ("annotators", "questions", "same", "F1 exact", "F1 overlap", "kappa")
EXPLAINED = (
    "F1 of spans is over all pairs of annotators, exact or with any overlap. Kappa is "
    "Cohen's of two and Fleiss' of more: of labels chosen, or of the labels of tokens "
    "where whole sentences were annotated."
)


def show_agreement(tasks: Sequence[dict[str, Any]]) -> None:
    """Print a row for each two annotators, and one of all; nothing of only one."""
    from spacy_causal.server.agreement import agreements, view_of

    views = sorted({view_of(task) for task in tasks})
    tables = [agreements([x for x in tasks if view_of(x) == view]) for view in views]
    for found in tables:
        rows = [
            (
                "all" if len(row.annotators) > 2 else _names(row.annotators),
                f"{row.questions:,}",
                percent(row.same),
                percent(row.exact),
                percent(row.tolerant),
                "-" if row.kappa is None else f"{row.kappa:.2f}",
            )
            for row in found
        ]
        if rows:
            msg.table(rows, header=HEADER, aligns=("l", *"r" * 5), divider=True)
    if any(tables):
        msg.text(EXPLAINED)


def percent(value: float | None) -> str:
    """A share as people read it; "-" where there is none."""
    return "-" if value is None else f"{100 * value:.1f} %"


def _names(annotators: Sequence[str]) -> str:
    return ", ".join(name or "(no name)" for name in annotators)
