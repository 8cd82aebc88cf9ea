"""The reference: made anew it is the same, and it has what the package registers."""

import re
import runpy
import tomllib
from importlib import import_module
from pathlib import Path

ROOT = Path(__file__).parents[1]
SCRIPT = ROOT / "docs" / "make_reference.py"
REFERENCE = (ROOT / "docs" / "reference.md").read_text(encoding="utf8")
ENTRIES = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf8"))


def sections():
    """What stands below each heading, up to the next."""
    pieces = re.split(r"^#+ (.*)\n", REFERENCE, flags=re.MULTILINE)
    return list(zip(pieces[1::2], pieces[2::2], strict=True))


def test_it_is_what_the_script_gives_now():
    made = runpy.run_path(str(SCRIPT))["render"]()
    assert made == REFERENCE, "run python docs/make_reference.py"


def test_it_has_each_registered_name_with_its_docstring():
    groups = ENTRIES["project"]["entry-points"]
    said = dict(sections())
    for group in groups.keys() - {"spacy_cli"}:
        for name, target in groups[group].items():
            module, _, function = target.partition(":")
            about = said[f"`{name}`"]
            assert f"`{module}.{function}`" in about
            assert f"def {function}(" in about
            first = getattr(import_module(module), function).__doc__.split("\n")[0]
            unmarked = about.replace("\\", "")
            assert first.strip() in unmarked


def test_it_shows_signatures_as_they_are_written():
    said = dict(sections())
    assert (
        "tok2vec: Encoder,\n    attention_width: int = 64"
        in (said["`spacy-causal.DeconfoundedTagger.v1`"])
    )
    assert (
        "def create_corpus(\n    path: Path | None,\n    *,"
        in (said["`spacy-causal.Corpus.v1`"])
    )
    assert 'class Budget(size: int, unit: BudgetUnit = "sentences")' in said["`Budget`"]
    assert "@classmethod\ndef parse(text: str) -> Budget" in said["`Budget`"]
    assert "def answer(self" not in REFERENCE and "(self" not in REFERENCE


def test_an_error_and_its_reasons_are_one_item():
    markdown = runpy.run_path(str(SCRIPT))["_markdown"]
    made = markdown("Read.\n\nRaises ValueError for one\nor another.\n\nThen more.")
    assert made == "Read.\n\n- Raises ValueError for one\n  or another.\n\nThen more.\n"


def test_every_entry_says_something():
    for heading, text in sections():
        without_code = re.sub(r"```.*?```", "", text, flags=re.DOTALL)
        assert (
            without_code.strip()
            or heading.startswith("`spacy_causal")
            or ("`@" in heading or "NAME" in heading)
        ), heading


def test_its_links_lead_somewhere():
    anchors = [
        re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-")
        for heading, _ in sections()
    ]
    targets = re.findall(r"\]\(#([^)]+)\)", REFERENCE)
    assert len(targets) > 30
    for target in targets:
        assert anchors.count(target) == 1, target
