"""Where a pipeline turns words into vectors, and which of its pipes read words."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from spacy.language import Language
from thinc.api import Model

# Layers that read a Doc's words; outside an embedding we know, we cannot empty them.
READS_WORDS = ("extract_features", "static_vectors", "charembed")
ENTITIES = {"doc.ents", "token.ent_iob", "token.ent_type"}


class Sites(NamedTuple):
    """What there is to intervene on.

    layers (list[Model]): Embedding layers whose output can be emptied.
    substituted (tuple[str, ...]): Pipes that set entities and read words otherwise:
        for them an empty token has to be another word.
    """

    layers: list[Model]
    substituted: tuple[str, ...]


def find_sites(nlp: Language) -> Sites:
    """Look through the active pipes.

    Raises ValueError where none of them sets entities.
    """
    layers = [layer for _, pipe in nlp.pipeline for layer in _embeddings_of(pipe)]
    setters = [name for name in nlp.pipe_names if _sets_entities(nlp, name)]
    if not setters:
        found = ", ".join(nlp.pipe_names) or "no pipes"
        raise ValueError(f"The pipeline sets no entities (doc.ents): it has {found}.")
    substituted = [
        name for name in setters if not _reads_vectors(nlp, nlp.get_pipe(name))
    ]
    unique = {id(layer): layer for layer in layers}
    return Sites(list(unique.values()), tuple(substituted))


def embedding_layers(model: Model) -> list[Model]:
    """The outermost layers of a model that give vectors for words alone: what a
    tok2vec calls its embedding, static vectors, a Hugging Face transformer."""
    named = [node.get_ref("embed") for node in model.walk() if node.has_ref("embed")]
    candidates = [*named, *(node for node in model.walk() if _embeds(node))]
    within = {
        id(inner) for node in candidates for inner in node.walk() if inner is not node
    }
    unique = {id(node): node for node in candidates if id(node) not in within}
    return list(unique.values())


def is_transformer(node: Model) -> bool:
    """Whether a node is spacy-transformers' model of Docs."""
    return type(node).__name__ == "TransformerModel" and "get_spans" in node.attrs


def _embeds(node: Model) -> bool:
    if is_transformer(node) or node.name == "static_vectors":
        return True
    # `Model.copy`, and so `nlp.replace_listeners`, loses the reference to "embed".
    ends_flat = bool(node.layers) and node.layers[-1].name == "ragged2list"
    return ends_flat and any(inner.name in READS_WORDS for inner in node.walk())


def _embeddings_of(pipe: Any) -> list[Model]:
    model = getattr(pipe, "model", None)
    return embedding_layers(model) if isinstance(model, Model) else []


def _sets_entities(nlp: Language, name: str) -> bool:
    pipe: Any = nlp.get_pipe(name)
    assigns = set(nlp.get_pipe_meta(name).assigns)
    if assigns & ENTITIES or getattr(pipe, "annotate_ents", False):
        return True
    # A user's own pipe that declares nothing may read or write anything.
    module = getattr(pipe, "__module__", None) or type(pipe).__module__
    return not assigns and module.partition(".")[0] != "spacy"


def _reads_vectors(nlp: Language, pipe: Any) -> bool:
    model = getattr(pipe, "model", None)
    if not isinstance(model, Model):
        return False
    layers = embedding_layers(model)
    within = {id(node) for layer in layers for node in layer.walk()}
    if any(n.name in READS_WORDS and id(n) not in within for n in model.walk()):
        return False
    upstream = [list(found) for found in _upstream_of(nlp, model)]
    if not layers and not upstream:
        return False
    return all(
        found and all(_reads_vectors(nlp, p) for p in found) for found in upstream
    )


def _upstream_of(nlp: Language, model: Model) -> Iterator[Iterator[Any]]:
    """For each layer that another pipe feeds, those pipes."""
    for node in model.walk():
        if hasattr(node, "upstream_name"):
            yield (pipe for _, pipe in nlp.pipeline if _feeds(pipe, node))
        elif node.name == "doc_tensor":
            names = (n for n in nlp.pipe_names if _sets_tensor(nlp, n))
            yield (nlp.get_pipe(name) for name in names)


def _feeds(pipe: Any, listener: Model) -> bool:
    return any(other is listener for other in getattr(pipe, "listeners", ()))


def _sets_tensor(nlp: Language, name: str) -> bool:
    return "doc.tensor" in nlp.get_pipe_meta(name).assigns
