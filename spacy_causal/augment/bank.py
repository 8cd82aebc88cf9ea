"""The surface forms of entities by type: what is swapped in comes from here."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

import numpy as np
import srsly
from numpy.random import Generator
from spacy.tokens import Doc
from thinc.types import Floats2d

from spacy_causal.augment.mentions import Mention, mentions_of
from spacy_causal.augment.shape import Shape, is_plural, shape_of
from spacy_causal.files import write_whole

VERSION = 1


@dataclass(frozen=True)
class Donor:
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

    @cached_property
    def text(self) -> str:
        """As it reads."""
        return joined(self.words, self.spaces)

    @cached_property
    def spaced(self) -> "Donor":
        """As it reads where nobody knows which spaces there are."""
        return replace(self, spaces=(True,) * len(self.words))

    @cached_property
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


_NO_FORMS = _Forms([], {})


class Others(NamedTuple):
    """Donors of a type, without the one that is replaced.

    own (int | None): Its position among them, None where it is not one of them.
    """

    donors: list[Donor]
    own: int | None

    @property
    def number(self) -> int:
        """How many there are."""
        return len(self.donors) - (self.own is not None)

    def draw(self, rng: Generator) -> Donor:
        """One of them, each as probable."""
        drawn = int(rng.random() * self.number)
        return self.donors[drawn + (self.own is not None and drawn >= self.own)]


@dataclass(frozen=True)
class EntityBank:
    """Donors by type, the more frequent first, equally frequent ones by their text;
    no text twice under a type.

    vectors (Mapping[str, Floats2d] | None): Theirs by type, of length 1, shape (n, D),
        see `with_vectors`. No file keeps them.
    """

    donors: Mapping[str, tuple[Donor, ...]]
    vectors: Mapping[str, Floats2d] | None = field(default=None, compare=False)

    def count(self, label: str) -> int:
        """How many mentions of a type were seen."""
        return sum(donor.seen for donor in self.donors.get(label, ()))

    def others(
        self, label: str, text: str, shape: Shape | None = None, *, like: int = 0
    ) -> "Others":
        """The donors that may replace a mention: all of its type but the mention
        itself.

        shape (Shape | None): Only those of this shape.
        like (int): Only this many of them, those with the vectors nearest to the
            mention's; no donors for a mention that is not in the bank. 0 for all.
        Raises ValueError for `like` above 0 if the bank has no vectors.
        """
        forms = self._index.get((label, shape), _NO_FORMS)
        others = Others(forms.donors, forms.position.get(text))
        if not like:
            return others
        key = label, text, shape, like
        if key not in self._near:
            self._near[key] = self._nearest(label, text, others, like)
        return self._near[key]

    def _nearest(self, label: str, text: str, others: "Others", like: int) -> "Others":
        if self.vectors is None:
            raise ValueError("Similar donors need a bank with vectors: `with_vectors`.")
        position = self._index.get((label, None), _NO_FORMS).position
        if text not in position:
            return Others([], None)
        rows = self.vectors[label]
        other = [d for i, d in enumerate(others.donors) if i != others.own]
        cosines = rows[[position[d.text] for d in other]] @ rows[position[text]]
        nearest = np.argsort(-cosines, kind="stable")[:like].tolist()
        return Others([other[i] for i in sorted(nearest)], None)

    @cached_property
    def _near(self) -> dict[tuple[str, str, Shape | None, int], Others]:
        """What was found once: the same names are mentioned again and again."""
        return {}

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
        donor = replace(first[label, text], seen=counts[label, text])
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
        label: [[d.words, d.spaces, d.seen, d.plural] for d in donors]
        for label, donors in bank.donors.items()
    }
    said = {"version": VERSION, "entities": entities}
    write_whole(path, srsly.json_dumps(said, indent=2))


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
        raise ValueError(f"{path} is not a bank of entities: {error}"[:300]) from error
