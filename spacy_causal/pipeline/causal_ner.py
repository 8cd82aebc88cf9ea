"""`causal_ner`: named entities from a deconfounded token labeller."""

from collections.abc import Callable, Iterable
from typing import Any

from spacy.language import Language
from spacy.tokens import Doc, Span
from spacy.training import Example
from thinc.api import Config, Model

from spacy_causal.pipeline.token_labeller import TokenLabeller
from spacy_causal.tags.decode import decode, spans_of_tags
from spacy_causal.tags.scheme import Scheme
from spacy_causal.types import ChooseConfounders, TokenScores

default_config = """
[causal_ner]
scheme = "biluo"
overwrite = true

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
    assigns=["doc.ents", "token.ent_iob", "token.ent_type"],
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
    confounders: ChooseConfounders,
    scorer: Callable[..., dict[str, Any]] | None,
) -> "CausalNER":
    """Construct a `causal_ner` component.

    model (Model[list[Doc], TokenScores]): Scores tokens.
    scheme (str): "io", "bio" or "biluo".
    overwrite (bool): Whether to replace entities that a Doc has already; otherwise
        only entities that do not touch them are added.
    confounders (ChooseConfounders): Picks the confounders from the initial data.
    scorer (Callable | None): For `nlp.evaluate`.
    """
    return CausalNER(
        nlp.vocab,
        model,
        name,
        scheme=scheme,
        overwrite=overwrite,
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
        overwrite: bool = True,
        choose: ChooseConfounders,
        scorer: Callable[..., dict[str, Any]] | None = None,
    ):
        if scheme == "token":
            raise ValueError("causal_ner spells spans: one of io, bio, biluo.")
        super().__init__(
            vocab,
            model,
            name,
            layer="ner",
            scheme=scheme,
            choose=choose,
            scorer=scorer,
        )
        self.overwrite = overwrite

    def set_annotations(self, docs: Iterable[Doc], scores: TokenScores) -> None:
        """Write `doc.ents`; no entity begins or ends on white space."""
        tag_set = self.tag_set
        logits = self.model.ops.to_numpy(scores.logits)
        tags = decode(logits, scores.lengths, tag_set)
        found = spans_of_tags(tags, scores.lengths, tag_set)
        labels = [self.vocab.strings[label] for label in tag_set.labels]
        for doc, spans in zip(docs, found, strict=True):
            ents = [
                Span(doc, start, end, label=labels[label])
                for start, end, label in _trim(doc, spans)
            ]
            if self.overwrite:
                doc.set_ents(ents, default="outside")
            else:
                _add_ents(doc, ents)

    def _labels_of(self, examples: Iterable[Example]) -> list[str]:
        found: set[str] = set()
        for example in examples:
            found.update(ent.label_ for ent in example.reference.ents)
            carried = example.reference._.token_targets or {}
            tags = carried.get("ner", {}).get("labels", ())
            found.update(tag.partition("-")[2] for tag in tags)
        return sorted(found - {""})


def _add_ents(doc: Doc, ents: list[Span]) -> None:
    """Add the entities that touch none, and no blocked token, that is there."""
    blocked = [doc[t.i : t.i + 1] for t in doc if t.ent_iob == 3 and not t.ent_type]
    taken = {token.i for span in (*doc.ents, *blocked) for token in span}
    free = [ent for ent in ents if taken.isdisjoint(range(ent.start, ent.end))]
    doc.set_ents([*doc.ents, *free], blocked=blocked, default="outside")


def _trim(doc: Doc, spans: list[tuple[int, int, int]]) -> list[tuple[int, int, int]]:
    trimmed = []
    for start, end, label in spans:
        while start < end and doc[start].is_space:
            start += 1
        while end > start and doc[end - 1].is_space:
            end -= 1
        if start < end:
            trimmed.append((start, end, label))
    return trimmed
