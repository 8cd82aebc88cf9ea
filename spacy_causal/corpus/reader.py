"""spaCy's corpus reader, with the token targets that Docs carry kept."""

import warnings
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from pathlib import Path

from spacy.language import Language
from spacy.tokens import Doc, Span
from spacy.training import Corpus, Example
from spacy.vocab import Vocab

from spacy_causal.corpus.doctor import is_annotated
from spacy_causal.corpus.files import read_spacy
from spacy_causal.targets.token_targets import register_extension, slice_targets

ReadExamples = Callable[[Language], Iterable[Example]]
Augmenter = Callable[[Language, Example], Iterator[Example]]
NO_TARGETS = (
    "An augmenter gave a text other tokens, so its token targets are lost, and what is "
    "annotated in it is learnt instead: {!r}."
)


def create_corpus(
    path: Path | None,
    *,
    gold_preproc: bool = False,
    max_length: int = 0,
    limit: int = 0,
    augmenter: Augmenter | None = None,
) -> ReadExamples:
    """Read `.spacy` files as `spacy.Corpus.v1` does, with their token targets.

    path (Path | None): A file, or a folder that is searched for `.spacy` files.
    gold_preproc (bool): Use the reference's sentences and tokens for predictions.
    max_length (int): Cut Docs this long into sentences, whose targets go along; 0 for
        no limit.
    limit (int): Stop after this many Docs; 0 or below, as in spaCy, for no limit.
    augmenter (Callable | None): Makes examples of an example; those of as many tokens
        keep its token targets, also where the augmenter, as spaCy's own, drops them.
    Raises ValueError when the path is not set.
    """
    if path is None:
        raise ValueError("The corpus has no path: set paths.train and paths.dev.")
    register_extension()
    return _TargetCorpus(
        path,
        gold_preproc=gold_preproc,
        max_length=max_length,
        limit=limit,
        augmenter=None if augmenter is None else keep_targets(augmenter),
    )


def keep_targets(augmenter: Augmenter) -> Augmenter:
    """The augmenter, whose examples keep the token targets of the one that they are
    made of. Where an example has other tokens, a warning says once that they are lost.
    """
    warned = False

    def augment(nlp: Language, example: Example) -> Iterator[Example]:
        nonlocal warned
        source = example.reference
        for made in augmenter(nlp, example):
            new = made.reference
            if source._.token_targets and not new._.token_targets:
                if len(new) == len(source):
                    new._.token_targets = dict(source._.token_targets)
                elif not warned:
                    warned = True
                    warnings.warn(NO_TARGETS.format(new.text[:60]), stacklevel=2)
            yield made

    return augment


class NotAnnotated(UserWarning):
    """A document was read from which nothing is learnt."""


class _TargetCorpus(Corpus):
    """spaCy's reader; errors name the file, `limit` counts the Docs of all files, and
    Docs are cut by us, because `Span.as_doc` drops targets."""

    def read_docbin(self, vocab: Vocab, locs: Iterable[str | Path]) -> Iterator[Doc]:
        docs = (doc for loc in locs for doc in read_spacy(Path(loc), vocab) if len(doc))
        warned = False
        for doc in islice(docs, self.limit if self.limit > 0 else None):
            if not warned and not is_annotated(doc):
                warned = True
                said = _lost_targets(doc, self.path)
                warnings.warn(said, NotAnnotated, stacklevel=2)
            yield doc

    def make_examples(
        self, nlp: Language, reference_docs: Iterable[Doc]
    ) -> Iterator[Example]:
        warned = False
        for doc in reference_docs:
            for reference in [doc] if self._fits(doc) else _sentences(doc) or [doc]:
                if self._fits(reference):
                    yield self._make_example(nlp, reference, False)
                elif not warned:
                    warned = True
                    warnings.warn(_too_long(reference, self), stacklevel=2)

    def make_examples_gold_preproc(
        self, nlp: Language, reference_docs: Iterable[Doc]
    ) -> Iterator[Example]:
        for doc in reference_docs:
            for reference in _sentences(doc) or [doc]:
                yield self._make_example(nlp, reference, True)

    def _fits(self, doc: Doc) -> bool:
        return len(doc) > 0 and (not self.max_length or len(doc) < self.max_length)


def _sentences(doc: Doc) -> list[Doc]:
    if not doc.has_annotation("SENT_START"):
        return []
    return [cut_doc(sentence) for sentence in doc.sents]


def cut_doc(span: Span) -> Doc:
    """A Doc of a span alone, with the token targets of its tokens."""
    register_extension()
    doc = span.as_doc()
    carried = span.doc._.token_targets
    if carried:
        doc._.token_targets = slice_targets(carried, span.start, span.end)
    return doc


def _too_long(doc: Doc, corpus: Corpus) -> str:
    return (
        f"{corpus.path}: a text of {len(doc)} tokens is left out, because max_length "
        f"is {corpus.max_length} and no sentence boundary cuts it: {doc.text[:60]!r}."
    )


def _lost_targets(doc: Doc, path: Path) -> str:
    return (
        f"{path}: a document has neither annotation nor token targets, so nothing is "
        f"learnt from it: {doc.text[:60]!r}. If it should carry targets, they were "
        "lost: write them with DocBin(store_user_data=True)."
    )
