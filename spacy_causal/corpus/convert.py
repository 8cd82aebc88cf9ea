"""Any known format to Docs, and to a `.spacy` file when all is well."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from spacy.tokens import Doc

from spacy_causal.corpus.build import build_doc, create_builder, line_of
from spacy_causal.corpus.columns import UPOS
from spacy_causal.corpus.detect import FORMATS, detect_format
from spacy_causal.corpus.files import SUFFIX, empty_docbin, write_docbin
from spacy_causal.corpus.labels import is_labelled
from spacy_causal.corpus.records import Options, Problem, ReadFormat, TokenRecord
from spacy_causal.tags.detect import SpelledScheme, detect_scheme

# Entity types without marks look like parts of speech where most tokens bear one.
OUTSIDE_AS_TAG = (
    "the column taken for parts of speech has the tag 'O': if it holds entities, "
    "convert with --entity-column and its number, from 0; if not, with --tag-column"
)
HEADINGS = {"word", "words", "token", "tokens", "form", "text"}
HEADING = (
    "reads as a heading and was taken for a token, whose label is {label!r}: if it is "
    "a heading, take it out"
)
# Of the tokens so few have another tag, where a column holds universal ones.
SLIPS = 0.02
SLIPPED = (
    "all tags but {labels} are universal parts of speech: the column is not read as "
    "these because of {n} of {total} tokens"
)


@dataclass
class Summary:
    """What was read.

    format (str): The one that was read, "" when none could be told.
    scheme (SpelledScheme | None): Of the entity tags; None for other annotation.
    counts (Counter[str]): Documents, tokens, entities, and what was mended or skipped.
    labels (Counter[str]): Entities by label.
    tags (Counter[str]): Tokens by tag.
    pos (Counter[str]): Tokens by universal part of speech.
    problems (list[Problem]): Why records were not read.
    splits (list[Problem]): Spans for which a token had to be split.
    doubts (list[Problem]): What may have been read as something that it is not.
    written (bool): Whether there is a `.spacy` file of it.
    """

    format: str = ""
    scheme: SpelledScheme | None = None
    counts: Counter[str] = field(default_factory=Counter)
    labels: Counter[str] = field(default_factory=Counter)
    tags: Counter[str] = field(default_factory=Counter)
    pos: Counter[str] = field(default_factory=Counter)
    problems: list[Problem] = field(default_factory=list)
    splits: list[Problem] = field(default_factory=list)
    doubts: list[Problem] = field(default_factory=list)
    written: bool = False


def convert_corpus(
    source: Path, output: Path, options: Options, *, skip_bad: bool = False
) -> Summary:
    """Convert a file or folder; if there are problems, write it only with `skip_bad`.

    Raises ValueError for an output that spaCy would not read as a corpus.
    """
    if output.suffix != SUFFIX:
        raise ValueError(f"the output has to end in {SUFFIX}: {output}")
    summary, docs = Summary(), empty_docbin()
    for _, doc in read_docs(source, options, summary):
        docs.add(doc)
    if len(docs) and (skip_bad or not summary.problems):
        write_docbin(output, docs)
        summary.written = True
    return summary


def read_docs(
    source: Path, options: Options, summary: Summary
) -> Iterator[tuple[int, Doc]]:
    """Yield each record's line and Doc; everything else goes into the summary."""
    try:
        summary.format = detect_format(source, options)
        read = FORMATS[summary.format]
        summary.scheme = _detect_scheme(source, options, summary, read)
        builder = create_builder(options, summary.scheme, summary.counts)
    except (ValueError, OSError) as error:
        summary.problems.append(Problem(source, 1, str(error)))
        return
    summary.splits = builder.splits
    first = None
    for record in read(source, options, summary.counts):
        if isinstance(record, Problem):
            summary.problems.append(record)
            continue
        first = first or record
        try:
            doc = build_doc(record, builder)
        except ValueError as error:
            line = line_of(record, error)
            summary.problems.append(Problem(record.path, line, str(error)))
            continue
        _count(doc, summary)
        yield record.line, doc
    if not summary.counts["documents"] and not summary.problems:
        summary.problems.append(Problem(source, 1, "there is nothing in it to convert"))
    if summary.format == "conll" and isinstance(first, TokenRecord):
        summary.doubts += _doubts(source, first, summary, options)


def _detect_scheme(
    source: Path, options: Options, summary: Summary, read: ReadFormat
) -> SpelledScheme | None:
    """Read all tags before anything is made of them: the scheme shows in them all."""
    seen = False

    def tags() -> Iterator[list[str]]:
        nonlocal seen
        for record in read(source, options, Counter()):
            if isinstance(record, TokenRecord) and record.entities is not None:
                seen = True
                yield list(record.entities)

    detected = detect_scheme(tags())
    summary.counts["entities with an odd first tag"] += detected.odd_starts
    return detected.scheme if seen else None


def _doubts(
    source: Path, first: TokenRecord, summary: Summary, options: Options
) -> Iterator[Problem]:
    """What columns may hold instead; `first` is the first sentence."""
    tags = summary.tags
    if tags["O"] and options.tag_column is None:
        yield Problem(source, 1, OUTSIDE_AS_TAG)
    label = (first.tags or first.entities or [""])[0]
    once = tags[label] + summary.labels[label] == 1
    if once and first.words[0].casefold() in HEADINGS:
        yield Problem(source, first.line, HEADING.format(label=label))
        return
    others = {tag: n for tag, n in tags.items() if tag not in UPOS | {"O"}}
    n, total = sum(others.values()), tags.total()
    if 0 < n <= SLIPS * total:
        labels = ", ".join(map(repr, sorted(others)))
        yield Problem(source, 1, SLIPPED.format(labels=labels, n=n, total=total))


def _count(doc: Doc, summary: Summary) -> None:
    labels = [ent.label_ for ent in doc.ents]
    summary.counts["documents"] += 1
    summary.counts["tokens"] += len(doc)
    summary.counts["entities"] += len(labels)
    summary.labels.update(labels)
    summary.tags.update(token.tag_ for token in doc if token.tag)
    summary.pos.update(token.pos_ for token in doc if token.pos)
    if not is_labelled(doc):
        summary.counts["documents without annotation"] += 1
