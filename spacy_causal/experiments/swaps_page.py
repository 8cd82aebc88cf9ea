"""Entity swaps as a page: kept beside refused."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import cycle
from typing import Any, NamedTuple

from markupsafe import Markup
from spacy import displacy
from spacy.displacy.render import escape_html
from spacy.tokens import Doc

from spacy_causal.augment.counterfactuals import Attempt
from spacy_causal.augment.mentions import mentions_of
from spacy_causal.augment.provenance import swaps_of
from spacy_causal.experiments.page import LABEL_COLORS, page_environment

SHOWN = 40
KEPT = "kept"


@dataclass
class SwapTally:
    """What became of swaps: counts by verdict and type, and the first of each verdict.

    counts (dict[str, Counter[str]]): Mentions by verdict, then by type; a text whose
        mentions were all swapped counts for each of them.
    attempts (Counter[str]): Texts by verdict.
    """

    attempts: Counter[str] = field(default_factory=Counter)
    counts: dict[str, Counter[str]] = field(default_factory=dict)
    shown: dict[str, list[Attempt]] = field(default_factory=dict)

    def add(self, attempt: Attempt) -> None:
        """Count an attempt, and keep it to be shown while there is room."""
        reason = attempt.verdict.reason
        self.attempts[reason] += 1
        if attempt.example is not None:
            swapped = swaps_of(attempt.example.reference)
            types = self.counts.setdefault(reason, Counter())
            types.update(swap.label for swap in swapped)
            shown = self.shown.setdefault(reason, [])
            if len(shown) < SHOWN:
                shown.append(attempt)


class ShownSwap(NamedTuple):
    """One swap for the page.

    changes (list[tuple[str, str, str]]): Type, what stood there, and what stands now.
    """

    reason: str
    score: str
    changes: list[tuple[str, str, str]]
    before: Markup
    after: Markup


def render_swaps(tally: SwapTally, name: str, made: Mapping[str, str]) -> str:
    """Return the page; all text from the corpus is escaped.

    name (str): The corpus's.
    made (Mapping[str, str]): The command, versions and the like.
    """
    labels = sorted({label for types in tally.counts.values() for label in types})
    colors = dict(zip(labels, cycle(LABEL_COLORS), strict=False))
    refused = [reason for reason in sorted(tally.shown) if reason != KEPT]
    return (
        page_environment()
        .get_template("swaps.html.jinja")
        .render(
            name=name,
            made=made,
            attempts=tally.attempts.most_common(),
            labels=labels,
            counts=tally.counts,
            kept=_shown(tally.shown.get(KEPT, ()), colors),
            refused=_shown(_in_turn([tally.shown[r] for r in refused]), colors),
        )
    )


def _in_turn(lists: Sequence[list[Attempt]]) -> list[Attempt]:
    """One of each reason, then the next of each, as many as are shown."""
    rank = [(i, k) for k, attempts in enumerate(lists) for i in range(len(attempts))]
    return [lists[k][i] for i, k in sorted(rank)[:SHOWN]]


def _shown(attempts: Iterable[Attempt], colors: dict[str, str]) -> list[ShownSwap]:
    shown = []
    for source, example, verdict in attempts:
        if example is None:
            continue
        changes = [(s.label, s.text, s.donor) for s in swaps_of(example.reference)]
        score = "" if verdict.score is None else f"{verdict.score:.2f}"
        before = _render(source.reference, colors)
        after = _render(example.reference, colors)
        shown.append(ShownSwap(verdict.reason, score, changes, before, after))
    return shown


def _render(doc: Doc, colors: dict[str, str]) -> Markup:
    # displaCy escapes texts but not labels.
    spans = [(doc[start:end], label) for start, end, label in mentions_of(doc)]
    ents: list[dict[str, Any]] = [
        {"start": s.start_char, "end": s.end_char, "label": escape_html(label)}
        for s, label in spans
    ]
    options = {"colors": {escape_html(label): color for label, color in colors.items()}}
    manual = {"text": doc.text, "ents": ents}
    html = displacy.render(
        manual, style="ent", manual=True, jupyter=False, options=options
    )
    return Markup(html)
