"""Records made into Docs."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import spacy
from spacy.tokenizer import Tokenizer
from spacy.tokens import Doc, Span
from spacy.vocab import Vocab

from spacy_causal.corpus.lines import flaw
from spacy_causal.corpus.records import (
    CharSpan,
    Options,
    Problem,
    TextRecord,
    TokenRecord,
)
from spacy_causal.corpus.spans import (
    keep_longest,
    overlap_flaws,
    span_flaw,
    trim_span,
)
from spacy_causal.corpus.tokenise import (
    characters,
    fill_gaps,
    split_at,
    words_and_spaces,
)
from spacy_causal.tags.detect import SpelledScheme, TagError, read_spans


@dataclass(frozen=True)
class Builder:
    """What records are made into Docs with, and what was mended on the way.

    counts (Counter[str]): What was mended, in words.
    splits (list[Problem]): Spans that do not begin and end at token edges.
    """

    vocab: Vocab
    tokenizer: Tokenizer
    options: Options
    scheme: SpelledScheme | None
    counts: Counter[str] = field(default_factory=Counter)
    splits: list[Problem] = field(default_factory=list)


def create_builder(
    options: Options, scheme: SpelledScheme | None, counts: Counter[str]
) -> Builder:
    """Take the tokenizer of a blank pipeline.

    Raises ValueError for a language that spaCy does not have.
    """
    try:
        nlp = spacy.blank(options.lang)
    except ImportError as error:
        raise ValueError(f"no language {options.lang!r}: {error}"[:200]) from error
    return Builder(nlp.vocab, nlp.tokenizer, options, scheme, counts)


def build_doc(record: TokenRecord | TextRecord, builder: Builder) -> Doc:
    """Make a Doc whose entities are missing where the record does not annotate them.

    Raises ValueError, and TagError where one token is to blame.
    """
    if isinstance(record, TextRecord):
        return _doc_of_text(record, builder)
    return _doc_of_tokens(record, builder)


def line_of(record: TokenRecord | TextRecord, error: ValueError) -> int:
    """The line to blame: that of one token, where the token has a line."""
    if isinstance(record, TokenRecord) and isinstance(error, TagError):
        return record.lines[error.position] if record.lines else record.line
    return record.line


def _doc_of_tokens(record: TokenRecord, builder: Builder) -> Doc:
    doc = Doc(
        builder.vocab,
        words=list(record.words),
        spaces=None if record.spaces is None else list(record.spaces),
        tags=None if record.tags is None else list(record.tags),
        pos=None if record.pos is None else list(record.pos),
    )
    if record.entities is not None and builder.scheme is not None:
        spans = read_spans(record.entities, builder.scheme)
        missing = [i for i, tag in enumerate(record.entities) if tag == "-"]
        _set_entities(doc, spans, missing)
    return doc


def _doc_of_text(record: TextRecord, builder: Builder) -> Doc:
    text = record.text
    reason = "it is empty" if not text.strip() else flaw(text, allowed="\t\n\r")
    if reason:
        raise ValueError(f"no text: {reason}")
    spans = _mend_spans(text, list(record.spans or ()), builder)
    offsets = _tokenise(record, builder)
    edges = {edge for start, end, _ in spans for edge in (start, end)}
    split = fill_gaps(text, split_at(offsets, edges))
    _note_splits(record, spans, offsets, builder)
    words, spaces = words_and_spaces(text, split)
    doc = Doc(builder.vocab, words=words, spaces=spaces)
    if record.spans is not None:
        starts = {start: i for i, (start, _) in enumerate(split)}
        ends = {end: i for i, (_, end) in enumerate(split, start=1)}
        found = [(starts[s], ends[e], label) for s, e, label in spans]
        _set_entities(doc, found, default="missing" if record.partial else "outside")
    return doc


def _mend_spans(text: str, spans: list[CharSpan], builder: Builder) -> list[CharSpan]:
    if builder.options.trim:
        trimmed = [trim_span(text, span) for span in spans]
        changed = sum(a != b for a, b in zip(spans, trimmed, strict=True))
        builder.counts["spans trimmed"] += changed
        spans = trimmed
    reasons = [reason for span in spans if (reason := span_flaw(text, span))]
    if not reasons and builder.options.overlaps == "refuse":
        reasons = list(overlap_flaws(text, spans))
    if reasons:
        raise ValueError("; ".join(reasons))
    kept = keep_longest(spans)
    builder.counts["overlapping spans left out"] += len(spans) - len(kept)
    return kept


def _tokenise(record: TextRecord, builder: Builder) -> Sequence[tuple[int, int]]:
    if builder.options.by_character:
        return characters(record.text)
    if record.tokens is not None:
        return record.tokens
    doc = builder.tokenizer(record.text)
    return [(token.idx, token.idx + len(token)) for token in doc]


def _note_splits(
    record: TextRecord,
    spans: Sequence[CharSpan],
    offsets: Sequence[tuple[int, int]],
    builder: Builder,
) -> None:
    starts, ends = {start for start, _ in offsets}, {end for _, end in offsets}
    cut = set()
    for start, end, label in spans:
        if start in starts and end in ends:
            continue
        surface = record.text[start:end]
        reason = f"the span {surface[:60]!r} ({label}) begins or ends inside a token"
        builder.splits.append(Problem(record.path, record.line, reason))
        cut |= {t for t in offsets if t[0] < start < t[1] or t[0] < end < t[1]}
    builder.counts["tokens split at span edges"] += len(cut)


def _set_entities(
    doc: Doc,
    spans: Sequence[tuple[int, int, str]],
    missing: Sequence[int] = (),
    *,
    default: str = "outside",
) -> None:
    doc.set_ents(
        [Span(doc, start, end, label=label) for start, end, label in spans],
        missing=[doc[i : i + 1] for i in missing],
        default=default,
    )
