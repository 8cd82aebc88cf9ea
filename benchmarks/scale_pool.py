"""A pool of any size for the scale benchmark: real sentences with words changed."""

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from numpy.random import Generator
from spacy.tokens import Doc

SHARE = 0.2


class Piece(NamedTuple):
    """A word or an entity, and what stands in its place as well as it does.

    kind (str): The type of an entity, the part of speech of a word.
    """

    text: str
    kind: str
    is_entity: bool


@dataclass(frozen=True)
class Facts:
    """What a pool file holds.

    distinct (int): Different texts. digest (str): Of the file's bytes.
    """

    bytes: int
    distinct: int
    digest: str


def pieces_of(doc: Doc) -> list[Piece]:
    """A sentence's entities and its other words, in their order."""
    found, at = [], 0
    for ent in doc.ents:
        found += [Piece(t.text, t.tag_, False) for t in doc[at : ent.start]]
        found.append(Piece(" ".join(t.text for t in ent), ent.label_, True))
        at = ent.end
    return found + [Piece(t.text, t.tag_, False) for t in doc[at:]]


def make_sentences(
    docs: Sequence[Doc], n: int, rng: Generator, share: float = SHARE
) -> Iterator[str]:
    """Yield n sentences: one of the Docs each, drawn, with every entity changed for one
    of its type and other words for one of their part of speech, both as frequent as in
    the Docs. Fewer sentences with the same seed are the first of more.

    share (float): Of the other words, how many are changed.
    """
    sentences = [pieces_of(doc) for doc in docs]
    others: dict[tuple[str, bool], list[str]] = {}
    for text, *kind in (piece for sentence in sentences for piece in sentence):
        others.setdefault((kind[0], kind[1]), []).append(text)
    for _ in range(n):
        sentence = sentences[int(rng.random() * len(sentences))]
        words = []
        drawn = rng.random((len(sentence), 2)).tolist()
        for (text, kind, is_entity), (change, which) in zip(
            sentence, drawn, strict=True
        ):
            if is_entity or change < share:
                alike = others[kind, is_entity]
                text = alike[int(which * len(alike))]
            words.append(text)
        yield " ".join(words)


def write_pool(path: Path, texts: Iterable[str]) -> None:
    """Write texts as they come, a JSON object a line; the file appears when it is
    complete."""
    part = path.with_name(f".{path.name}.part")
    with part.open("w", encoding="utf8") as file:
        for number, text in enumerate(texts):
            line = json.dumps({"id": number, "text": text}, ensure_ascii=False)
            file.write(f"{line}\n")
    part.replace(path)


def facts_of(path: Path) -> Facts:
    """Read a pool file once, line by line."""
    digest, size, texts = hashlib.sha256(), 0, set()
    with path.open("rb") as file:
        for line in file:
            digest.update(line)
            size += len(line)
            text = json.loads(line)["text"].encode("utf8")
            texts.add(hashlib.blake2b(text, digest_size=8).digest())
    return Facts(size, len(texts), digest.hexdigest()[:16])
