"""The components with all their schemes and heads, small enough to train."""

from spacy.language import Language
from spacy.tokens import Doc
from spacy.training import Example

HEADS = {
    "linear": {"@architectures": "spacy-causal.LinearTagger.v1"},
    "approximate": {
        "@architectures": "spacy-causal.DeconfoundedTagger.v1",
        "adjustment": "approximate",
    },
    "exact": {
        "@architectures": "spacy-causal.DeconfoundedTagger.v1",
        "adjustment": "exact",
    },
    "mixing": {"@architectures": "spacy-causal.HiddenMix.v1"},
}
PIPES = {
    "ner-io": ("causal_ner", {"scheme": "io"}),
    "ner-bio": ("causal_ner", {"scheme": "bio"}),
    "ner-biluo": ("causal_ner", {"scheme": "biluo"}),
    "tag": ("causal_tagger", {}),
    "pos": ("causal_tagger", {"attribute": "pos"}),
}
CASES = [(pipe, head) for pipe in PIPES for head in HEADS]
CNN = {
    "@architectures": "spacy.HashEmbedCNN.v2",
    "pretrained_vectors": None,
    "width": 32,
    "depth": 2,
    "embed_size": 500,
    "window_size": 1,
    "maxout_pieces": 2,
    "subword_features": True,
}


def build(nlp: Language, pipe: str, head: str = "approximate") -> Language:
    factory, config = PIPES[pipe]
    model = HEADS[head] | {"tok2vec": CNN}
    if head == "mixing":
        model = HEADS[head] | {"labeller": HEADS["linear"] | {"tok2vec": CNN}}
    nlp.add_pipe(factory, name="labeller", config=config | {"model": model})
    return nlp


def train(nlp: Language, examples: list[Example], steps: int = 60) -> Language:
    optimizer = nlp.initialize(lambda: examples)
    for _ in range(steps):
        losses = nlp.update(examples, sgd=optimizer)
    assert losses["labeller"] < 0.5
    return nlp


def said(doc: Doc) -> list[tuple]:
    """What a Doc is annotated with, token by token."""
    return [(t.ent_iob_, t.ent_type_, t.tag_, t.pos_) for t in doc]
