"""What the corpora that generate have in common: order, cache, keys."""

from collections.abc import Callable, Iterable, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any, Literal, get_args

import srsly
from numpy.random import default_rng
from spacy.attrs import ORTH, SPACY
from spacy.language import Language
from spacy.tokens import Doc, DocBin
from spacy.training import Example
from spacy.util import get_package_path, is_package
from spacy.vocab import Vocab

from spacy_causal import __version__
from spacy_causal.augment.alignment import cut_like
from spacy_causal.augment.provenance import source_id
from spacy_causal.corpus.files import SUFFIX, empty_docbin, read_spacy, write_docbin

ReadExamples = Callable[[Language], Iterable[Example]]
Order = Literal["mixed", "augmented_first"]


def check_order(order: Order) -> None:
    """Raise ValueError for an unknown order."""
    if order not in get_args(Order):
        raise ValueError(
            f"Unknown order {order!r}: one of {', '.join(get_args(Order))}."
        )


def with_generated(
    nlp: Language,
    examples: Sequence[Example],
    made: Iterable[Doc],
    parent_of: Callable[[Doc], str],
    *,
    order: Order,
    seed: int,
) -> list[Example]:
    """Examples, and generated ones that are cut into tokens as their parents are.

    made (Iterable[Doc]): New reference Docs.
    parent_of (Callable[[Doc], str]): The `source_id` of the text it was made of.
    """
    cuts = {source_id(e.reference): cut_like(nlp, e) for e in examples}
    new = [Example(cuts[parent_of(doc)](doc).predicted, doc) for doc in made]
    if order == "augmented_first":
        return [*new, *examples]
    both = [*examples, *new]
    shuffled = default_rng(seed).permutation(len(both)).tolist()
    return [both[i] for i in shuffled]


def stored(
    cache: Path | None, key: str, vocab: Vocab, generate: Callable[[], DocBin]
) -> DocBin:
    """What a folder has under a key, or now gets; without a folder what is made."""
    if cache is None:
        return generate()
    path = cache / f"{key}{SUFFIX}"
    if not path.exists():
        write_docbin(path, generate())
    docs = empty_docbin()
    for doc in read_spacy(path, vocab):
        docs.add(doc)
    return docs


def cache_key(**depends: Any) -> str:
    """A hash of all that generated Docs depend on, and of the package's version."""
    written = srsly.json_dumps({"version": __version__, **depends}, sort_keys=True)
    return sha256(written.encode()).hexdigest()[:20]


def digest_of(docs: Iterable[Doc]) -> str:
    """A hash of Docs with all their annotation."""
    digest = sha256()
    for doc in docs:
        digest.update(doc.to_array(list(Doc._get_array_attrs())).tobytes())
        digest.update(doc.spans.to_bytes())
        digest.update(srsly.msgpack_dumps(sorted(doc.cats.items())))
        if doc.user_data:
            data = sorted(doc.user_data.items(), key=lambda item: repr(item[0]))
            try:
                digest.update(srsly.msgpack_dumps(data))
            except TypeError as error:
                raise ValueError(
                    f"The user data of a Doc cannot be stored: {error}. Document: "
                    f"{doc.text[:60]!r}"
                ) from error
    return digest.hexdigest()


def digest_of_examples(examples: Iterable[Example]) -> str:
    """A hash of references with all their annotation, and of the predicted tokens."""
    examples = list(examples)
    digest = sha256(digest_of(example.reference for example in examples).encode())
    for example in examples:
        digest.update(example.predicted.to_array([ORTH, SPACY]).tobytes())
    return digest.hexdigest()


def digest_of_model(model: str) -> str:
    """A hash of a pipeline's files, by its folder or package."""
    folder = Path(get_package_path(model)) if is_package(model) else Path(model)
    digest = sha256()
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        digest.update(str(path.relative_to(folder)).encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()
