"""Token vectors of a frozen encoder, computed once a corpus."""

import hashlib
from pathlib import Path

import numpy as np
import spacy
from encoders import minilm
from spacy.tokens import Doc
from spacy.util import minibatch
from thinc.util import to_numpy
from tqdm import tqdm

from spacy_causal.augment.seqmix.embeddings import find_transformer, input_vectors

FOLDER = Path(__file__).parent / "features"


def add_features(docs: list[Doc], folder: Path = FOLDER) -> list[Doc]:
    """Give each Doc MiniLM's vectors (n_tokens, 384) of the pretrained weights as its
    `tensor`; what was computed before is read from the folder."""
    text = "\n".join("\t".join(token.text for token in doc) for doc in docs)
    path = folder / f"{hashlib.sha256(text.encode()).hexdigest()[:16]}.npy"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        partial = path.with_suffix(".part.npy")
        np.save(partial, np.concatenate(encode(docs)).astype("float16"))
        partial.rename(path)
    rows = np.load(path, mmap_mode="r")
    start = 0
    for doc in docs:
        doc.tensor = np.asarray(rows[start : start + len(doc)], dtype="float32")
        start += len(doc)
    return docs


def encode(docs: list[Doc]) -> list[np.ndarray]:
    """MiniLM's vectors of the tokens, wordpieces averaged."""
    nlp = spacy.blank("en")
    nlp.add_pipe("transformer", config={"model": minilm()})
    nlp.initialize()
    model = nlp.get_pipe("transformer").model
    order = sorted(range(len(docs)), key=lambda i: len(docs[i]))
    found: list = [None] * len(docs)
    for batch in tqdm(list(minibatch(order, 64)), desc="encode"):
        data = model.predict([docs[i] for i in batch])
        for i, doc_data in zip(batch, data.doc_data, strict=True):
            found[i] = pooled(doc_data, len(docs[i]))
    return found


def lend_vectors(docs: list[Doc]) -> None:
    """Give the vocabulary of Docs MiniLM's input embeddings of their words."""
    nlp, vocab = spacy.blank("en"), docs[0].vocab
    nlp.add_pipe("transformer", config={"model": minilm()})
    nlp.initialize()
    words = sorted({token.text for doc in docs for token in doc})
    rows = input_vectors(words, find_transformer(nlp, None), None)
    vocab.reset_vectors(width=rows.shape[1])
    for word, row in zip(words, rows, strict=True):
        vocab.set_vector(word, row)


def pooled(doc_data, n_tokens: int) -> np.ndarray:
    """The mean of each token's wordpieces; zeros for a token that has none."""
    # What a GPU gave stays on it until it is asked for.
    vectors = to_numpy(doc_data.model_output.last_hidden_state)
    vectors = vectors.reshape(-1, vectors.shape[-1])
    lengths = to_numpy(doc_data.align.lengths)
    pieces = to_numpy(doc_data.align.data).reshape(-1)
    token = np.repeat(np.arange(n_tokens), lengths)
    sums = np.zeros((n_tokens, vectors.shape[1]), dtype="float32")
    np.add.at(sums, token, vectors[pieces])
    return sums / np.maximum(lengths, 1)[:, None]
