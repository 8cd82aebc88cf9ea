"""`causal_ner`: named entities from a deconfounded token labeller."""

from collections.abc import Callable, Iterable, Sequence
from itertools import accumulate
from typing import Any

import numpy as np
from spacy.language import Language
from spacy.tokens import Doc, Span, SpanGroup
from spacy.training import Example
from thinc.api import Config, Model
from thinc.types import Floats2d, Ints1d

from spacy_causal.display.mentions import mention_probabilities
from spacy_causal.pipeline.token_labeller import TokenLabeller
from spacy_causal.tags.decode import decode, spans_of_tags
from spacy_causal.tags.scheme import Scheme
from spacy_causal.targets.token_targets import get_targets
from spacy_causal.types import ChooseConfounders, TokenScores

default_config = """
[causal_ner]
scheme = "biluo"
overwrite = false
spans_key = null
temperature = 1.0

[causal_ner.model]
@architectures = "spacy-causal.DeconfoundedTagger.v1"
attention_width = 64
adjustment = "approximate"
scale = false

[causal_ner.model.tok2vec]
@architectures = "spacy-causal.InterveningEncoder.v1"
rate = 0.05
other_rate = 0.05
substitute = "confounder"

[causal_ner.model.tok2vec.encoder]
@architectures = "spacy.HashEmbedCNN.v2"
pretrained_vectors = null
width = 96
depth = 4
embed_size = 2000
window_size = 1
maxout_pieces = 3
subword_features = true

[causal_ner.confounders]
@misc = "spacy-causal.associated_confounders.v1"

[causal_ner.scorer]
@scorers = "spacy-causal.ner_scorer.v1"
"""
DEFAULTS = Config().from_str(default_config)["causal_ner"]


@Language.factory(
    "causal_ner",
    assigns=["doc.ents", "doc.spans", "token.ent_iob", "token.ent_type"],
    default_config=DEFAULTS,
    default_score_weights={
        "ents_f": 1.0,
        "ents_p": 0.0,
        "ents_r": 0.0,
        "ents_per_type": None,
    },
)
def make_causal_ner(
    nlp: Language,
    name: str,
    model: Model[list[Doc], TokenScores],
    scheme: Scheme,
    overwrite: bool,
    spans_key: str | None,
    temperature: float,
    confounders: ChooseConfounders,
    scorer: Callable[..., dict[str, Any]] | None,
) -> "CausalNER":
    """Construct a `causal_ner` component.

    model (Model[list[Doc], TokenScores]): Scores tokens.
    scheme (str): "io", "bio" or "biluo".
    overwrite (bool): Whether to replace entities that a Doc has already, say from an
        `entity_ruler`; otherwise only entities that do not touch them are added.
    spans_key (str | None): Where in `doc.spans` all that it finds is written too, with
        probabilities in `attrs["scores"]`; nowhere by default.
    temperature (float): What logits are divided by before others read them.
    confounders (ChooseConfounders): Picks the confounders from the initial data.
    scorer (Callable | None): For `nlp.evaluate`.
    """
    return CausalNER(
        nlp.vocab,
        model,
        name,
        scheme=scheme,
        overwrite=overwrite,
        spans_key=spans_key,
        temperature=temperature,
        choose=confounders,
        scorer=scorer,
    )


class CausalNER(TokenLabeller):
    """Sets `doc.ents` from the best tag sequence that the scheme allows."""

    def __init__(
        self,
        vocab: Any,
        model: Model[list[Doc], TokenScores],
        name: str = "causal_ner",
        *,
        scheme: Scheme = "biluo",
        overwrite: bool = False,
        spans_key: str | None = None,
        temperature: float = 1.0,
        choose: ChooseConfounders,
        scorer: Callable[..., dict[str, Any]] | None = None,
    ):
        if scheme == "token":
            raise ValueError("causal_ner needs a scheme of spans: io, bio or biluo.")
        super().__init__(
            vocab,
            model,
            name,
            layer="ner",
            scheme=scheme,
            choose=choose,
            scorer=scorer,
            temperature=temperature,
        )
        self.overwrite, self.spans_key = overwrite, spans_key

    def set_annotations(self, docs: Iterable[Doc], scores: TokenScores) -> None:
        """Write `doc.ents`, and `doc.spans` where asked; no entity begins or ends on
        white space."""
        tag_set = self.tag_set
        logits = self.model.ops.to_numpy(scores.logits)
        tags = decode(logits, scores.lengths, tag_set)
        found = spans_of_tags(tags, scores.lengths, tag_set)
        labels = [self.vocab.strings[label] for label in tag_set.labels]
        ents_of: list[list[Span]] = []
        docs = list(docs)
        self._know_labels(docs)
        for doc, spans in zip(docs, found, strict=True):
            ents = [
                Span(doc, start, end, label=labels[label])
                for start, end, label in trim_spans(doc, spans)
            ]
            if doc.has_annotation("ENT_IOB") and not self.overwrite:
                _add_ents(doc, ents)
            else:
                doc.set_ents(ents, default="outside")
            ents_of.append(ents)
        if self.spans_key is not None:
            logits = self.model.ops.to_numpy(self.calibrated(scores).logits)
            _set_spans(docs, ents_of, self.spans_key, logits, tags)

    def _labels_of(self, examples: Iterable[Example]) -> list[str]:
        found: set[str] = set()
        for example in examples:
            found.update(ent.label_ for ent in example.reference.ents)
            targets = get_targets(example.reference, "ner")
            tags = () if targets is None else targets.labels
            found.update(tag.partition("-")[2] for tag in tags)
        return sorted(found - {""})


def _set_spans(
    docs: Sequence[Doc],
    ents_of: Sequence[list[Span]],
    key: str,
    logits: Floats2d,
    tags: Ints1d,
) -> None:
    """Write `doc.spans[key]` as `spancat` does: scores in the order of the spans."""
    offsets = accumulate((len(doc) for doc in docs), initial=0)
    places = [
        (offset + ent.start, offset + ent.end)
        for offset, ents in zip(offsets, ents_of, strict=False)
        for ent in ents
    ]
    scores = iter(mention_probabilities(logits, tags, places))
    for doc, ents in zip(docs, ents_of, strict=True):
        own = np.array([next(scores) for _ in ents], dtype=np.float32)
        doc.spans[key] = SpanGroup(doc, name=key, spans=ents, attrs={"scores": own})


def _add_ents(doc: Doc, ents: list[Span]) -> None:
    """Add the entities that touch none, and no blocked token, that is there."""
    blocked = [doc[t.i : t.i + 1] for t in doc if t.ent_iob == 3 and not t.ent_type]
    taken = {token.i for span in (*doc.ents, *blocked) for token in span}
    free = [ent for ent in ents if taken.isdisjoint(range(ent.start, ent.end))]
    doc.set_ents([*doc.ents, *free], blocked=blocked, default="outside")


def trim_spans(
    doc: Doc, spans: Iterable[tuple[int, int, int]]
) -> list[tuple[int, int, int]]:
    """Spans (start, end, label) without the white space at their ends; none of
    nothing else."""
    trimmed = []
    for start, end, label in spans:
        while start < end and doc[start].is_space:
            start += 1
        while end > start and doc[end - 1].is_space:
            end -= 1
        if start < end:
            trimmed.append((start, end, label))
    return trimmed
