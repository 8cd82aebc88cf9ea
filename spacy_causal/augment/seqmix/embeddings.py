"""Vectors of words, from where a pipeline has them."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from spacy.language import Language
from spacy.pipeline import Tok2Vec
from spacy.tokens import Doc
from thinc.api import Model
from thinc.types import Floats2d

from spacy_causal.corpus.bare import bare_copy

BATCH = 64


def static_vectors(words: Sequence[str], nlp: Language) -> Floats2d:
    """The vocabulary's vectors, zeros for a word without one, shape (V, D)."""
    width = nlp.vocab.vectors.shape[1]
    if not width or not len(nlp.vocab.vectors):
        raise ValueError("The pipeline's vocabulary has no vectors.")
    rows = np.zeros((len(words), width), dtype=np.float32)
    for i, word in enumerate(words):
        lexeme = nlp.vocab[word]
        if lexeme.has_vector:
            vector: Any = lexeme.vector
            rows[i] = vector.get() if hasattr(vector, "get") else vector
    return rows


def find_transformer(nlp: Language, component: str | None) -> Any | None:
    """The model node of a pipeline that holds a Hugging Face transformer, the last."""
    found = None
    for name, pipe in nlp.pipeline:
        model = getattr(pipe, "model", None)
        if component not in (None, name) or not isinstance(model, Model):
            continue
        for node in model.walk():
            held = getattr(node, "transformer", None)
            if held is not None and hasattr(held, "get_input_embeddings"):
                found = node
    return found


def special_tokens(transformer: Any | None) -> set[str]:
    """What a transformer's tokenizer marks texts with: "[CLS]", "[PAD]", ..."""
    return (
        set() if transformer is None else set(transformer.tokenizer.all_special_tokens)
    )


def input_vectors(
    words: Sequence[str], transformer: Any | None, component: str | None
) -> Floats2d:
    """The mean of the input embeddings of a word's pieces, as within a text, shape
    (V, D)."""
    if transformer is None:
        raise ValueError(
            f"No transformer in {component or 'the pipeline'}: its input embeddings "
            "are what the source 'input' reads."
        )
    embedding = transformer.transformer.get_input_embeddings().weight
    table = embedding.detach().float().cpu().numpy()
    tokenizer = transformer.tokenizer
    spelled = [f" {word}" for word in words] if _reads_spaces(tokenizer) else words
    pieces = tokenizer(list(spelled), add_special_tokens=False)["input_ids"]
    rows = np.zeros((len(words), table.shape[1]), dtype=np.float32)
    for i, ids in enumerate(pieces):
        known = [piece for piece in ids if piece != tokenizer.unk_token_id]
        if known:
            rows[i] = table[known].mean(axis=0)
    return rows


def _reads_spaces(tokenizer: Any) -> bool:
    """Whether a word behind a space is cut into other pieces (byte-level BPE)."""
    return tokenizer.tokenize(" a") != tokenizer.tokenize("a")


def contextual_vectors(
    words: Sequence[str], docs: Sequence[Doc], nlp: Language, component: str | None
) -> Floats2d:
    """What an encoder says of a word, the mean over its occurrences, shape (V, D).

    Raises ValueError where the pipeline has no encoder, or it says only zeros.
    """
    index = {word: i for i, word in enumerate(words)}
    sums, counts = np.zeros((0, 0)), np.zeros(len(words))
    for doc, vectors in encoded(docs, nlp, component):
        if not sums.size:
            sums = np.zeros((len(words), vectors.shape[1]))
        at = np.array([index.get(token.text, -1) for token in doc], dtype=int)
        np.add.at(sums, at[at >= 0], vectors[at >= 0])
        np.add.at(counts, at[at >= 0], 1)
    if not sums.any():
        raise ValueError("The encoder gives only zeros for these texts: is it trained?")
    return (sums / np.maximum(counts, 1)[:, None]).astype(np.float32)


def encoded(
    docs: Sequence[Doc], nlp: Language, component: str | None
) -> Iterator[tuple[Doc, Floats2d]]:
    """Docs with their vectors, by length; what an encoder listens to is run before."""
    name, encoder = _encoder(nlp, component)
    pipes = nlp.pipeline[: nlp.pipe_names.index(name) + (encoder is None)]
    order = sorted(
        (i for i in range(len(docs)) if len(docs[i])), key=lambda i: len(docs[i])
    )
    for start in range(0, len(order), BATCH):
        batch = [docs[i] for i in order[start : start + BATCH]]
        read = [bare_copy(doc, nlp.vocab) for doc in batch]
        for _, pipe in pipes:
            run: Any = pipe
            read = [*run.pipe(read)] if hasattr(run, "pipe") else [run(d) for d in read]
        found = [d.tensor for d in read] if encoder is None else encoder.predict(read)
        if not isinstance(found, list):
            # A transition-based parser's "tok2vec" ends in one flat array.
            ends = np.cumsum([len(doc) for doc in read])
            found = np.split(found, ends[:-1].tolist())
        for doc, vectors in zip(batch, found, strict=True):
            yield doc, vectors.get() if hasattr(vectors, "get") else vectors


def _encoder(nlp: Language, component: str | None) -> tuple[str, Model | None]:
    """The last component with an encoder, and the encoder; None where the component is
    one (`tok2vec`) and leaves its vectors in `doc.tensor`."""
    if component is not None and component not in nlp.pipe_names:
        raise ValueError(f"No {component!r} among {', '.join(nlp.pipe_names)}.")
    for name, pipe in reversed(nlp.pipeline):
        model = getattr(pipe, "model", None)
        if component not in (None, name) or not isinstance(model, Model):
            continue
        if model.has_ref("tok2vec"):
            return name, model.get_ref("tok2vec")
        if isinstance(pipe, Tok2Vec):
            return name, None
    raise ValueError(
        f"No encoder in {component or 'the pipeline'}: components with a tok2vec "
        "have one."
    )
