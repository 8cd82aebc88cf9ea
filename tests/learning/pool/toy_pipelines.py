"""A small pipeline of every kind that a view reads."""

import spacy
from spacy.tokens import Doc, Span
from spacy.training import Example

TEXTS = {
    "a": "Anna Smith works for Acme Services in Paris .",
    "empty": "",
    "b": "Nobody spoke .",
    "c": "Paris",
    "d": "Anna Smith works for Acme Services in Paris .",
}
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
INTERVENING = {
    "@architectures": "spacy-causal.InterveningEncoder.v1",
    "rate": 0.5,
    "encoder": CNN,
}
LISTENER = {"@architectures": "spacy.Tok2VecListener.v1", "width": 32}
HEAD = "spacy-causal.DeconfoundedTagger.v1"
BILSTM = {"@architectures": "spacy-causal.BiLSTMTagger.v1", "hidden_width": 8}
SEQ2SEQ = {
    "@architectures": "spacy-causal.BiLSTMEncoderDecoder.v1",
    "hidden_width": 8,
    "decoder_width": 8,
}
EXACT = {"@architectures": HEAD, "adjustment": "exact"}
CASES = {
    "ner": ("causal_ner", {}, INTERVENING, False),
    "ner-exact": ("causal_ner", EXACT, INTERVENING, False),
    "ner-shared": ("causal_ner", {}, LISTENER, True),
    "bilstm-shared": ("causal_ner", BILSTM, LISTENER, True),
    "seq2seq": ("causal_ner", SEQ2SEQ, CNN, False),
    "causal_tagger": ("causal_tagger", {}, INTERVENING, False),
    "tagger": ("tagger", {}, CNN, False),
    "tagger-shared": ("tagger", {}, LISTENER, True),
}


def toy_examples():
    vocab, examples = spacy.blank("en").vocab, []
    for text in TEXTS.values():
        words = text.split()
        doc = Doc(vocab, words=words)
        doc.set_ents(
            [Span(doc, i, i + 1, "NAME") for i, w in enumerate(words) if w in "Paris"],
            default="outside",
        )
        for token in doc:
            token.tag_ = "X" if token.text.istitle() else "y"
        examples.append(Example(Doc(vocab, words=words), doc))
    return examples


def build(case, seed=0, labels=()):
    """Trained a little; labels that are named come before those of the examples."""
    examples = toy_examples()
    factory, model, encoder, shared = CASES[case]
    spacy.util.fix_random_seed(seed)
    nlp = spacy.blank("en")
    if shared:
        nlp.add_pipe("tok2vec", config={"model": CNN})
    nlp.add_pipe(factory, "it", config={"model": {**model, "tok2vec": encoder}})
    for label in labels:
        nlp.get_pipe("it").add_label(label)
    optimizer = nlp.initialize(lambda: examples)
    for _ in range(3):
        nlp.update([Example(nlp.make_doc(e.text), e.y) for e in examples],
                   sgd=optimizer)  # fmt: skip
    return nlp
