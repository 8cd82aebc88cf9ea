"""What is wrong, or merely odd, with a corpus, by document."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from spacy.tokenizer import Tokenizer
from spacy.tokens import Doc, Span
from spacy.training.corpus import walk_corpus

from spacy_causal.corpus.build import create_builder
from spacy_causal.corpus.convert import Summary, read_docs
from spacy_causal.corpus.files import SUFFIX, read_spacy
from spacy_causal.corpus.labels import entities_of, tags_of
from spacy_causal.corpus.records import Options, Problem
from spacy_causal.corpus.tokenise import characters
from spacy_causal.targets.token_targets import get_targets

LAYERS = ("ENT_IOB", "TAG", "POS", "MORPH", "LEMMA", "DEP")
# Of rows of token targets, as `TokenTargets.count_rows` has them.
KINDS = ("one-hot", "soft", "unknown")
Place = tuple[Path, int]


@dataclass
class Diagnosis:
    """What a corpus holds and what is wrong with it.

    tags, pos (Counter[str]): Tokens by tag and by universal part of speech.
    texts (dict[str, Place]): Where each text first stands: a file and its line, or its
        document.
    problems (list[Problem]): What training would trip over or learn wrongly.
    oddities (list[Problem]): What may be meant: duplicates, split tokens.
    """

    counts: Counter[str] = field(default_factory=Counter)
    labels: Counter[str] = field(default_factory=Counter)
    tags: Counter[str] = field(default_factory=Counter)
    pos: Counter[str] = field(default_factory=Counter)
    texts: dict[str, Place] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    oddities: list[Problem] = field(default_factory=list)

    @property
    def layers(self) -> dict[str, Counter[str]]:
        """Entities, and tokens by tag and by part of speech where these differ."""
        found = {"entities": self.labels, "tags": self.tags, "pos": self.pos}
        if self.pos == self.tags:
            del found["pos"]
        return found


def examine_corpus(path: Path, options: Options) -> Diagnosis:
    """Examine a `.spacy` file, a corpus in any format that can be converted or, where
    no format is given, all `.spacy` files of a folder, as spaCy's reader searches it.

    Of a Doc with token targets, its entities are those that are certain in them.
    """
    files = _spacy_files(path) if options.format is None else []
    if path.suffix == SUFFIX or files:
        diagnosis = Diagnosis()
        for file in files or [path]:
            _examine_spacy(file, options, diagnosis)
        return diagnosis
    diagnosis, summary = Diagnosis(), Summary()
    for line, doc in read_docs(path, options, summary):
        _examine_doc(path, line, doc, doc.ents, diagnosis)
    diagnosis.problems = summary.problems + diagnosis.problems
    diagnosis.oddities = summary.doubts + summary.splits + diagnosis.oddities
    return diagnosis


def _spacy_files(folder: Path) -> list[Path]:
    if not folder.is_dir() or not any(folder.rglob(f"*{SUFFIX}")):
        return []
    return [Path(file) for file in walk_corpus(folder, SUFFIX)]


def shared_texts(train: Diagnosis, dev: Diagnosis) -> list[tuple[str, Place, Place]]:
    """Texts that stand in both corpora, and where."""
    return [
        (text, train.texts[text], place)
        for text, place in dev.texts.items()
        if text in train.texts
    ]


def labels_of_dev_alone(train: Diagnosis, dev: Diagnosis) -> dict[str, Counter[str]]:
    """What a corpus is annotated with and another, to train on, is not, by layer."""
    ours = {"entities": train.labels, "tags": train.tags, "pos": train.pos}
    return {
        layer: Counter({x: n for x, n in theirs.items() if x not in ours[layer]})
        for layer, theirs in dev.layers.items()
    }


def is_annotated(doc: Doc) -> bool:
    """Whether there is any annotation or token target to learn a Doc from."""
    carried = doc._.token_targets if doc.has_extension("token_targets") else None
    annotated = any(map(doc.has_annotation, LAYERS)) or doc.cats or doc.spans
    return bool(annotated or carried)


def _examine_spacy(path: Path, options: Options, diagnosis: Diagnosis) -> None:
    n_before = diagnosis.counts["documents"]
    try:
        builder = create_builder(options, None, Counter())
        for number, doc in enumerate(read_spacy(path, builder.vocab), start=1):
            ents, rows, reasons = _read_targets(doc)
            _examine_doc(path, number, doc, ents, diagnosis)
            diagnosis.counts.update(rows)
            reasons += _span_reasons(doc, ents)
            diagnosis.problems += [Problem(path, number, reason) for reason in reasons]
            tokenizer = None if options.by_character else builder.tokenizer
            diagnosis.oddities += [
                Problem(path, number, reason)
                for reason in _misaligned(doc, ents, tokenizer)
            ]
        if diagnosis.counts["documents"] == n_before:
            diagnosis.problems.append(Problem(path, 1, "there is no document in it"))
    except (ValueError, OSError) as error:
        diagnosis.problems.append(Problem(path, 1, str(error)))


def _read_targets(doc: Doc) -> tuple[Sequence[Span], Counter[str], list[str]]:
    """A Doc's entities, how many rows of token targets it has of each kind, and why
    they cannot be read."""
    ents: Sequence[Span] = doc.ents
    rows: Counter[str] = Counter()
    reasons = []
    for layer in doc._.token_targets or {}:
        try:
            targets = get_targets(doc, layer)
            if layer == "ner":
                ents = entities_of(doc)
        except (ValueError, TypeError, IndexError) as error:
            reasons.append(f"{layer!r} targets: {error}")
            continue
        if targets is not None:
            for kind, n in zip(KINDS, targets.count_rows(), strict=True):
                rows[f"{layer} targets, {kind}"] += n
    return ents, rows, reasons


def _examine_doc(
    path: Path, place: int, doc: Doc, ents: Sequence[Span], diagnosis: Diagnosis
) -> None:
    labels = [ent.label_ for ent in ents]
    diagnosis.counts.update(documents=1, tokens=len(doc), entities=len(labels))
    diagnosis.labels.update(labels)
    _count_tags(doc, diagnosis)
    if not doc.text.strip():
        diagnosis.problems.append(Problem(path, place, "the document is empty"))
        return
    text = f"{doc.text[:60]!r}"
    if not is_annotated(doc):
        reason = f"all annotation is missing: {text}"
        diagnosis.problems.append(Problem(path, place, reason))
    first = diagnosis.texts.setdefault(doc.text, (path, place))
    if first != (path, place):
        where = str(first[1]) if first[0] == path else f"{first[0]}:{first[1]}"
        reason = f"the same text is at {where}: {text}"
        diagnosis.oddities.append(Problem(path, place, reason))


def _count_tags(doc: Doc, diagnosis: Diagnosis) -> None:
    for counter, layer in ((diagnosis.tags, "tag"), (diagnosis.pos, "pos")):
        try:
            counter.update(filter(None, tags_of(doc, layer)))
        except (ValueError, TypeError, IndexError):
            # Targets that cannot be read: a problem that was named already.
            continue


def _span_reasons(doc: Doc, ents: Sequence[Span]) -> Iterator[str]:
    for span in ents:
        yield from _edge_reason(span)
    for key, group in doc.spans.items():
        seen = set()
        for span in group:
            yield from _edge_reason(span)
            if (span.start, span.end, span.label) in seen:
                yield f"the span {_name(span)} is twice in {key!r}"
            seen.add((span.start, span.end, span.label))


def _edge_reason(span: Span) -> Iterator[str]:
    if not len(span) or span[0].is_space or span[-1].is_space:
        yield f"the span {_name(span)} is empty or has white space at its edge"


def _misaligned(
    doc: Doc, ents: Sequence[Span], tokenizer: Tokenizer | None
) -> Iterator[str]:
    """Entities whose edges are inside the tokens that a pipeline would see."""
    if doc.has_unknown_spaces or not ents:
        return
    offsets = characters(doc.text)
    if tokenizer is not None:
        offsets = [(t.idx, t.idx + len(t)) for t in tokenizer(doc.text)]
    starts, ends = {start for start, _ in offsets}, {end for _, end in offsets}
    for ent in ents:
        if ent.start_char not in starts or ent.end_char not in ends:
            yield f"the span {_name(ent)} begins or ends inside a token"


def _name(span: Span) -> str:
    return f"{span.text[:60]!r} ({span.label_})"
