"""Mixed sequences as a page: parents, λ, tokens with their soft labels, perplexity."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import cycle
from typing import Any, NamedTuple

from spacy.tokens import Doc

from spacy_causal.augment.provenance import source_id
from spacy_causal.augment.seqmix.generate import MixCounts, Mixed
from spacy_causal.augment.seqmix.provenance import get_mix
from spacy_causal.experiments.page import LABEL_COLORS, page_environment

SHOWN = 40
KEPT = "kept"
OUTSIDE = "O"


@dataclass
class MixTally:
    """The first mixes of each verdict, and how many there were.

    reasons (Counter[str]): Mixes by verdict.
    """

    reasons: Counter[str] = field(default_factory=Counter)
    shown: dict[str, list[Mixed]] = field(default_factory=dict)

    def add(self, mixed: Mixed) -> None:
        """Count a mix, and keep it to be shown while there is room."""
        self.reasons[mixed.verdict.reason] += 1
        shown = self.shown.setdefault(mixed.verdict.reason, [])
        if len(shown) < SHOWN:
            shown.append(mixed)


class ShownText(NamedTuple):
    """A text around a window."""

    name: str
    share: str
    before: str
    window: str
    after: str


class ShownToken(NamedTuple):
    """A mixed token: what stood there, what stands there now, and (name, share, colour)
    of each label."""

    first: str
    second: str
    now: str
    labels: list[tuple[str, str, str]]


class ShownMix(NamedTuple):
    """One mix for the page."""

    reason: str
    perplexity: str
    weight: str
    texts: list[ShownText]
    tokens: list[ShownToken]


def render_mixes(
    tally: MixTally,
    counts: MixCounts,
    docs: Sequence[Doc],
    name: str,
    made: Mapping[str, str],
) -> str:
    """Return the page; all text from the corpus is escaped.

    docs (Sequence[Doc]): The parents.
    name (str): The corpus's.
    made (Mapping[str, str]): The command, versions and the like.
    """
    parents = {source_id(doc): doc for doc in docs}
    mixes = [mixed for shown in tally.shown.values() for mixed in shown]
    colors = _colors(mixes)
    refused = [reason for reason in sorted(tally.shown) if reason != KEPT]
    return (
        page_environment()
        .get_template("seqmix.html.jinja")
        .render(
            name=name,
            made=made,
            counts=counts,
            reasons=tally.reasons.most_common(),
            kept=[_show(m, parents, colors) for m in tally.shown.get(KEPT, ())],
            refused=[
                _show(m, parents, colors)
                for m in [m for r in refused for m in tally.shown[r]][:SHOWN]
            ],
        )
    )


def _colors(mixes: Sequence[Mixed]) -> dict[str, str]:
    types = {
        _type_of(label)
        for mixed in mixes
        for labels in _mix_of(mixed.doc)["labels"]
        for label in labels
    }
    found = dict(zip(sorted(types - {OUTSIDE}), cycle(LABEL_COLORS), strict=False))
    return found | {OUTSIDE: "transparent"}


def _type_of(label: str) -> str:
    return label[2:] if label[1:2] == "-" else label


def _mix_of(doc: Doc) -> dict[str, Any]:
    return get_mix(doc) or {}


def _show(
    mixed: Mixed, parents: Mapping[str, Doc], colors: Mapping[str, str]
) -> ShownMix:
    mix, score = _mix_of(mixed.doc), mixed.verdict.score
    (start, end), _ = mix["windows"]
    texts = [_text("now", "", mixed.doc, start, end)]
    shares = mix["weight"], 1 - mix["weight"]
    for i, share in enumerate(shares):
        parent = parents.get(mix["parents"][i])
        if parent is not None:
            window = mix["windows"][i]
            texts.append(_text(f"parent {i + 1}", f"{share:.2f}", parent, *window))
    tokens = [
        ShownToken(first, second, now, _labels(labels, colors))
        for first, second, now, labels in zip(
            *mix["replaced"], mix["tokens"], mix["labels"], strict=True
        )
    ]
    return ShownMix(
        mixed.verdict.reason,
        "" if score is None else f"{score:,.0f}",
        f"{mix['weight']:.2f}",
        texts,
        tokens,
    )


def _labels(
    labels: Mapping[str, float], colors: Mapping[str, str]
) -> list[tuple[str, str, str]]:
    ordered = sorted(labels.items(), key=lambda pair: (-pair[1], pair[0]))
    return [(name, f"{share:.2f}", colors[_type_of(name)]) for name, share in ordered]


def _text(name: str, share: str, doc: Doc, start: int, end: int) -> ShownText:
    window = doc[start:end]
    return ShownText(
        name,
        share,
        doc.text[: window.start_char],
        window.text,
        doc.text[window.end_char :],
    )
