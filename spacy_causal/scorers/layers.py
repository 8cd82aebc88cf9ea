"""Micro F1 of a layer of annotation, entities or tags, on Docs of the same tokens."""

from collections.abc import Sequence

from spacy.tokens import Doc

from spacy_causal.scorers.tokens import prf


def f1_of(
    predicted: Sequence[Doc], gold: Sequence[Doc], layer: str, only: Sequence[str] = ()
) -> float:
    """Micro F1 of entities, or of tags; predictions on missing annotation are left out.

    layer (str): "ner", "tag" or "pos".
    only (Sequence[str]): The classes that count, all where there are none.
    RETURNS (float): In [0, 1], to four digits.
    """
    n_right = n_said = n_gold = 0
    for said, true in zip(predicted, gold, strict=True):
        known = _known(true, layer)
        facts = [
            {
                (start, end, name)
                for start, end, name in _facts(doc, layer)
                if all(known[start:end]) and (not only or name in only)
            }
            for doc in (said, true)
        ]
        n_right += len(facts[0] & facts[1])
        n_said += len(facts[0])
        n_gold += len(facts[1])
    return round(prf(n_right, n_said, n_gold)["f"] or 0.0, 4)


def _known(doc: Doc, layer: str) -> list[bool]:
    if layer == "ner":
        return [token.ent_iob != 0 for token in doc]
    return [bool(getattr(token, f"{layer}_")) for token in doc]


def _facts(doc: Doc, layer: str) -> set[tuple[int, int, str]]:
    if layer == "ner":
        return {(ent.start, ent.end, ent.label_) for ent in doc.ents}
    tags = [getattr(token, f"{layer}_") for token in doc]
    return {(i, i + 1, tag) for i, tag in enumerate(tags) if tag}
