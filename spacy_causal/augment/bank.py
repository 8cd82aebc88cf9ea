"""The surface forms of entities by type: what is swapped in comes from here."""

import os
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

import srsly
from numpy.random import Generator
from spacy.tokens import Doc

from spacy_causal.augment.mentions import Mention, mentions_of
from spacy_causal.augment.shape import Shape, is_plural, shape_of

VERSION = 1


class Donor(NamedTuple):
    """A surface form, in the tokens that it was annotated in.

    spaces (tuple[bool, ...]): Whether a space follows each word; the last one's is
        that of the mention it replaces.
    seen (int): How often.
    plural (bool): Grammatical number.
    """

    words: tuple[str, ...]
    spaces: tuple[bool, ...]
    seen: int = 1
    plural: bool = False

    @property
    def text(self) -> str:
        """As it reads."""
        return joined(self.words, self.spaces)

    @property
    def shape(self) -> Shape:
        """What must be alike in a mention that it may replace."""
        return shape_of(self.words, self.plural)


def joined(words: Iterable[str], spaces: Iterable[bool]) -> str:
    """Words as text, without what follows the last one."""
    pairs = zip(words, spaces, strict=True)
    return "".join(word + " " * space for word, space in pairs).rstrip(" ")


def donor_of(doc: Doc, mention: Mention) -> Donor:
    """A mention as a donor."""
    span = doc[mention.start : mention.end]
    spaces = [bool(token.whitespace_) for token in span]
    words = tuple(token.text for token in span)
    return Donor(words, (*spaces[:-1], False), 1, is_plural(span))


class _Forms(NamedTuple):
    donors: list[Donor]
    position: dict[str, int]


@dataclass(frozen=True)
class EntityBank:
    """Donors by type, the more frequent first, equally frequent ones by their text;
    no text twice under a type."""

    donors: Mapping[str, tuple[Donor, ...]]

    def count(self, label: str) -> int:
        """How many mentions of a type were seen."""
        return sum(donor.seen for donor in self.donors.get(label, ()))

    def others(self, label: str, form: Donor, *, compatible: bool = False) -> int:
        """How many donors could stand for a form of a type.

        compatible (bool): Only those of its shape.
        """
        forms = self._forms(label, form, compatible)
        return len(forms.donors) - (form.text in forms.position)

    def draw(
        self, label: str, form: Donor, rng: Generator, *, compatible: bool = False
    ) -> Donor | None:
        """Another form of the type, each as probable; None where there is none."""
        forms = self._forms(label, form, compatible)
        own = forms.position.get(form.text)
        n_others = len(forms.donors) - (own is not None)
        if not n_others:
            return None
        drawn = int(rng.integers(n_others))
        return forms.donors[drawn + (own is not None and drawn >= own)]

    def _forms(self, label: str, form: Donor, compatible: bool) -> _Forms:
        key = label, form.shape if compatible else None
        return self._index.get(key) or _Forms([], {})

    @cached_property
    def _index(self) -> dict[tuple[str, Shape | None], _Forms]:
        index: dict[tuple[str, Shape | None], _Forms] = {}
        for label, donors in self.donors.items():
            for donor in donors:
                for shape in (None, donor.shape):
                    forms = index.setdefault((label, shape), _Forms([], {}))
                    forms.position[donor.text] = len(forms.donors)
                    forms.donors.append(donor)
        return index


def collect_entities(docs: Iterable[Doc]) -> EntityBank:
    """The entities of annotated Docs."""
    return bank_of(
        (m.label, donor_of(doc, m)) for doc in docs for m in mentions_of(doc)
    )


def bank_of(donors: Iterable[tuple[str, Donor]]) -> EntityBank:
    """A bank of (type, donor) pairs. Of several tokenisations of a text the first that
    was seen stays."""
    counts: Counter[tuple[str, str]] = Counter()
    first: dict[tuple[str, str], Donor] = {}
    for label, donor in donors:
        counts[label, donor.text] += donor.seen
        first.setdefault((label, donor.text), donor)
    by_type: dict[str, list[Donor]] = {label: [] for label, _ in sorted(counts)}
    for label, text in sorted(counts, key=lambda key: (-counts[key], key)):
        donor = first[label, text]._replace(seen=counts[label, text])
        by_type[label].append(donor)
    return EntityBank({label: tuple(found) for label, found in by_type.items()})


def merge_banks(*banks: EntityBank) -> EntityBank:
    """All donors of several banks, their counts added."""
    return bank_of(
        (label, donor)
        for bank in banks
        for label, donors in bank.donors.items()
        for donor in donors
    )


def write_bank(path: Path, bank: EntityBank) -> None:
    """Write a bank as JSON, whole or not at all."""
    entities = {
        label: [list(d) for d in donors] for label, donors in bank.donors.items()
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        srsly.write_json(part, {"version": VERSION, "entities": entities})
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def read_bank(path: Path) -> EntityBank:
    """Read what `write_bank` wrote.

    Raises ValueError for a file that is none.
    """
    try:
        value = srsly.read_json(path)
        if value["version"] != VERSION:
            raise ValueError(f"version {value['version']}")
        return bank_of(
            (label, Donor(tuple(words), tuple(spaces), int(seen), bool(plural)))
            for label, donors in value["entities"].items()
            for words, spaces, seen, plural in donors
        )
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(f"{path}: no bank of entities: {error}"[:300]) from error
