"""A page of headed sections with tables and figures, for an experiment's results."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from markupsafe import Markup

from spacy_causal.experiments.page import page_environment


class Table(NamedTuple):
    """Cells as text, the first of a row its name.

    groups (list[tuple[str, int]]): Headings over several columns: name and width; the
        first column's is left out. None at all where there is nothing to say.
    """

    caption: str
    header: list[str]
    rows: list[list[str]]
    groups: Sequence[tuple[str, int]] = ()


class Figure(NamedTuple):
    """An `<svg>` element and what it shows."""

    svg: str
    caption: str

    @property
    def markup(self) -> Markup:
        """The chart as it is; our own code drew it."""
        return Markup(self.svg)


@dataclass(kw_only=True)
class Section:
    """A heading, then sentences, figures, tables, remarks."""

    title: str
    text: list[str] = field(default_factory=list)
    figures: list[Figure] = field(default_factory=list)
    tables: list[Table] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)


def how_made(made: Mapping[str, str]) -> Section:
    """The section that ends a page: the command, versions and the like."""
    table = Table("Made by", ["", ""], [[name, said] for name, said in made.items()])
    return Section(title="How it was made", tables=[table])


def render_sections(
    title: str, question: str, answers: Sequence[str], sections: Sequence[Section]
) -> str:
    """Return the page; all text is escaped.

    question (str): What the experiment asks.
    answers (Sequence[str]): What came out, in a box above everything else.
    """
    template = page_environment().get_template("sections.html.jinja")
    return template.render(
        title=title, question=question, answers=answers, sections=sections
    )
