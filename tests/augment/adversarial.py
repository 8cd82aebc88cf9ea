"""Text that tokenizers stumble over, with every kind of annotation on it."""

import numpy as np
from spacy.tokens import Doc, Span, Token
from spacy.vocab import Vocab

WORDS = (
    *("U.K.", "U.S", "Inc.", "Mr.", "e.g.", "a.m.", ".", "...", ",", '"', "“", "”"),
    *("'s", "n't", "'", "(", ")", "[", "-", "--", "–", "/", "x-ray", "New", "York"),
    *("http://a.b/c?d=e", "a@b.co", "www.x.org", "😀", "👩‍💻", "🇬🇧", "c'mon", "10km"),
    *("$", "5", "%", "#1", "@me", "北京", "大学", "São", "l'été", "AT&T", "C++", ":)"),
    *("Yahoo!", "the", "reports", "O'Neil", "can", "not", "\n", "1.5", "10:30", "i.e."),
)
LABELS = ("PER", "ORG", "LOC")

for name in ("flag", "notes"):
    if not Token.has_extension(name):
        Token.set_extension(name, default=None)
        Span.set_extension(name, default=None)
        Doc.set_extension(name, default=None)


def random_doc(vocab: Vocab, rng: np.random.Generator) -> Doc:
    """Words glued at random, entities, missing labels, span groups and extensions."""
    n = int(rng.integers(1, 14))
    words = [WORDS[i] for i in rng.integers(0, len(WORDS), n)]
    spaces = None if rng.random() < 0.15 else (rng.random(n) < 0.5).tolist()
    starts = rng.choice([1, -1, -1, 0], size=n).tolist()
    doc = Doc(vocab, words=words, spaces=spaces, sent_starts=[1, *starts[1:]])
    annotate_entities(doc, rng)
    for token in doc:
        if rng.random() < 0.8:
            token.tag_, token.pos_ = f"T{token.i % 4}", "NOUN"
            token.lemma_ = token.text.lower()
            token.set_morph("Number=Sing")
        if rng.random() < 0.3:
            token._.flag = f"{token.i}:{token.text}"
    nested = [random_span(doc, rng, i) for i in range(int(rng.integers(0, 5)))]
    for span in nested:
        span._.notes = span.text
    doc.spans["nested"] = nested
    doc.spans["nested"].attrs["by"] = "us"
    doc.spans["none"] = []
    doc._.notes = {"whole": 1}
    doc.user_data["own key"] = "kept"
    doc.cats = {"news": 1.0}
    return doc


def annotate_entities(doc: Doc, rng: np.random.Generator) -> None:
    """Entities of one to three tokens; some of the other tokens are missing."""
    spans, missing, i = [], [], 0
    while i < len(doc):
        end = min(len(doc), i + int(rng.integers(1, 4)))
        if rng.random() < 0.4:
            label = LABELS[rng.integers(len(LABELS))]
            spans.append(Span(doc, i, end, label, kb_id=f"Q{i}", span_id=f"e{i}"))
        elif rng.random() < 0.3:
            missing.append(doc[i:end])
        i = end
    doc.set_ents(spans, missing=missing, default="outside")


def random_span(doc: Doc, rng: np.random.Generator, number: int) -> Span:
    """A span that may hold, cut or lie within an entity."""
    start = int(rng.integers(0, len(doc)))
    end = int(rng.integers(start + 1, len(doc) + 1))
    return Span(doc, start, end, f"G{number}", kb_id=f"K{number}", span_id=f"s{number}")
