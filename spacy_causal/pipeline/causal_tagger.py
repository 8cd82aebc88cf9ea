"""`causal_tagger`: tags or parts of speech from a deconfounded token labeller."""

from collections.abc import Callable, Iterable
from typing import Any, Literal

from spacy.language import Language
from spacy.parts_of_speech import IDS as UPOS
from spacy.tokens import Doc
from spacy.training import Example
from thinc.api import Config, Model

from spacy_causal.pipeline.token_labeller import TokenLabeller
from spacy_causal.scorers.tokens import score_token_tags
from spacy_causal.tags.decode import decode
from spacy_causal.targets.token_targets import get_targets
from spacy_causal.types import ChooseConfounders, TokenScores

default_config = """
[causal_tagger]
attribute = "tag"
overwrite = false
temperature = 1.0

[causal_tagger.model]
@architectures = "spacy-causal.DeconfoundedTagger.v1"
attention_width = 64
adjustment = "approximate"
scale = false

[causal_tagger.model.tok2vec]
@architectures = "spacy.HashEmbedCNN.v2"
pretrained_vectors = null
width = 96
depth = 4
embed_size = 2000
window_size = 1
maxout_pieces = 3
subword_features = true

[causal_tagger.confounders]
@misc = "spacy-causal.frequent_confounders.v1"

[causal_tagger.scorer]
@scorers = "spacy-causal.token_tag_scorer.v1"
attr = null
"""
DEFAULTS = Config().from_str(default_config)["causal_tagger"]


@Language.factory(
    "causal_tagger",
    assigns=["token.tag", "token.pos"],
    default_config=DEFAULTS,
    default_score_weights={"tagger_acc": 1.0},
)
def make_causal_tagger(
    nlp: Language,
    name: str,
    model: Model[list[Doc], TokenScores],
    attribute: Literal["tag", "pos"],
    overwrite: bool,
    temperature: float,
    confounders: ChooseConfounders,
    scorer: Callable[..., dict[str, Any]] | None,
) -> "CausalTagger":
    """Construct a `causal_tagger` component.

    model (Model[list[Doc], TokenScores]): Scores tokens.
    attribute (str): What to set and to learn: "tag" (`token.tag_`) or "pos". Two of
        them in a pipeline score as the later one: for both give "tag_acc" and "pos_acc"
        weights in `[training.score_weights]`, and "tagger_acc" none.
    overwrite (bool): Whether to replace values that a token has already.
    temperature (float): What logits are divided by before others read them.
    confounders (ChooseConfounders): Picks the confounders from the initial data.
    scorer (Callable | None): For `nlp.evaluate`.
    """
    return CausalTagger(
        nlp.vocab,
        model,
        name,
        attribute=attribute,
        overwrite=overwrite,
        temperature=temperature,
        choose=confounders,
        scorer=scorer,
    )


class CausalTagger(TokenLabeller):
    """Sets `token.tag_` or `token.pos_` to each token's best label."""

    def __init__(
        self,
        vocab: Any,
        model: Model[list[Doc], TokenScores],
        name: str = "causal_tagger",
        *,
        attribute: Literal["tag", "pos"] = "tag",
        overwrite: bool = False,
        temperature: float = 1.0,
        choose: ChooseConfounders,
        scorer: Callable[..., dict[str, Any]] | None = None,
    ):
        super().__init__(
            vocab,
            model,
            name,
            layer=attribute,
            scheme="token",
            choose=choose,
            scorer=scorer,
            temperature=temperature,
        )
        self.overwrite = overwrite

    def score(self, examples: Iterable[Example], **kwargs: Any) -> dict[str, Any]:
        """The scorer's figures for the attribute that this component sets, whose
        accuracy is also called "tagger_acc": a name that score weights can have
        beforehand."""
        own = {"attr": self.layer} if self.scorer is score_token_tags else {}
        scores = super().score(examples, **{**own, **kwargs})
        accuracy = f"{self.layer}_acc"
        also = {"tagger_acc": scores[accuracy]} if accuracy in scores else {}
        return {**scores, **also}

    def add_label(self, label: str) -> int:
        """Add a label, also after training. RETURNS (int): 0 if it was there.

        Raises ValueError for a part of speech that is not a universal one.
        """
        if self.layer == "pos" and label not in UPOS:
            raise ValueError(f"{label!r} is not a universal part of speech.")
        return super().add_label(label)

    def set_annotations(self, docs: Iterable[Doc], scores: TokenScores) -> None:
        """Write `token.tag_` or `token.pos_`."""
        if not self.labels:
            return
        logits = self.model.ops.to_numpy(scores.logits)
        tags = iter(decode(logits, scores.lengths, self.tag_set).tolist())
        hashes = [self.vocab.strings[label] for label in self.labels]
        docs = list(docs)
        self._know_labels(docs)
        for doc in docs:
            for token in doc:
                value = hashes[next(tags)]
                if self.overwrite or not getattr(token, self.layer):
                    setattr(token, self.layer, value)

    def _labels_of(self, examples: Iterable[Example]) -> list[str]:
        found: set[str] = set()
        for example in examples:
            found.update(getattr(token, f"{self.layer}_") for token in example.y)
            targets = get_targets(example.reference, self.layer)
            found.update(() if targets is None else targets.labels)
        return sorted(found - {""})
