"""The README and the pages on methods: commands that there are, figures that a page of
`benchmarks/findings` has; pages are short and linked."""

import re
from pathlib import Path

import pytest
import spacy
import typer
from thinc.api import Config

from spacy_causal.cli.app import app

ROOT = Path(__file__).parents[1]
TUTORIAL, REFERENCE = (ROOT / "docs" / f"{x}.md" for x in ("tutorial", "reference"))
README = ROOT / "README.md"
PAGES = sorted({*(ROOT / "docs").glob("*.md")} - {TUTORIAL, REFERENCE})
BENCHMARKS = ROOT / "benchmarks" / "README.md"
FINDINGS = sorted((ROOT / "benchmarks" / "findings").glob("*.md"))
FIGURES = "".join(page.read_text(encoding="utf8") for page in FINDINGS)
COMMANDS = typer.main.get_command(app).commands
# Figures that a page quotes: with a decimal point, maybe a sign and a spread.
FIGURE = re.compile(r"[+−]?\d+\.\d+(?: ± \d+\.\d+)?")
# Thousands, and shares without a decimal point.
WHOLE = re.compile(r"(?<![\d.,])(?:\d+(?:,\d+)+|\d+(?= %))")


def prose(page):
    text = re.sub(r"```.*?```", "", page.read_text(encoding="utf8"), flags=re.DOTALL)
    return re.sub(r"`[^`]*`", "", text)


@pytest.fixture(params=PAGES, ids=[page.stem for page in PAGES])
def page(request):
    return request.param


@pytest.mark.parametrize(
    "page", [README, BENCHMARKS, *PAGES], ids=lambda page: page.parent.name + page.stem
)
def test_every_figure_is_in_the_benchmarks(page):
    said = FIGURE.findall(prose(page))
    assert said
    # Whole: 4.2 is no figure of 84.2 or 4.21.
    assert not [figure for figure in said if not stands(figure, FIGURES)]


def stands(figure, text):
    return re.search(rf"(?<![\d.]){re.escape(figure)}(?!\d)", text)


@pytest.mark.parametrize("page", [README, *PAGES, TUTORIAL], ids=lambda page: page.stem)
def test_every_command_and_option_exists(page):
    text = page.read_text(encoding="utf8").replace("\\\n", "")
    called = re.findall(r"python -m spacy causal ([\w-]+)([^`\n#]*)", text)
    assert called
    for name, rest in called:
        known = {option for p in COMMANDS[name].params for option in p.opts}
        assert set(re.findall(r"(?<!\S)--?[a-z][\w-]*", rest)) <= known


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("page", [README, *PAGES], ids=lambda page: page.stem)
def test_what_a_config_is_given_lacks_nothing(page):
    pytest.importorskip("spacy_transformers")
    text = page.read_text(encoding="utf8")
    for block in re.findall(r"```ini\n(.*?)```", text, re.DOTALL):
        parts = [name.split(".") for name in re.findall(r"(?m)^\[(.+)\]$", block)]
        named = {".".join(part[:i]) for part in parts for i in range(1, len(part))}
        above = sorted(named - {".".join(part) for part in parts})
        config = Config().from_str("".join(f"[{x}]\n" for x in above) + block)
        for name, settings in config.get("components", {}).items():
            spacy.blank("en").add_pipe(name, config=settings)
        assert spacy.registry.resolve({"corpora": config.get("corpora", {})})


def test_is_short_and_linked(page):
    text = page.read_text(encoding="utf8")
    assert len(text.splitlines()) < 80
    assert f"docs/{page.name}" in (ROOT / "README.md").read_text(encoding="utf8")


@pytest.mark.parametrize(
    "page",
    [README, TUTORIAL, *PAGES, BENCHMARKS, *FINDINGS],
    ids=lambda page: page.parent.name + page.stem,
)
def test_links_lead_somewhere(page):
    links = re.findall(r"\]\(([^)#]+)#?([^)]*)\)", prose(page))
    assert links
    for target, anchor in links:
        there = (page.parent / target).resolve()
        assert there.is_file()
        assert not anchor or anchor in anchors(there)


def anchors(page):
    return {
        re.sub(r"[^\w\- ]", "", line.lstrip("# ").lower()).replace(" ", "-")
        for line in page.read_text(encoding="utf8").splitlines()
        if line.startswith("#")
    }


def test_the_overview_quotes_the_page_that_it_links_to():
    text, wrong = "", []
    for line in BENCHMARKS.read_text(encoding="utf8").splitlines():
        if link := re.search(r"\((findings/\w+\.md)\)", line):
            text = (BENCHMARKS.parent / link[1]).read_text(encoding="utf8")
        if line.startswith("|") and text:
            said = FIGURE.findall(line) + re.findall(
                r"(?<![\d.,])(?:[\d,]+,\d+|\d+(?= %))", line
            )
            wrong += [(line, figure) for figure in said if not stands(figure, text)]
    assert text and not wrong


def test_every_page_of_findings_is_linked():
    index = BENCHMARKS.read_text(encoding="utf8")
    assert [page for page in FINDINGS if f"(findings/{page.name})" not in index] == []


def test_tutorial_and_reference_are_linked():
    readme = (ROOT / "README.md").read_text(encoding="utf8")
    for page in (TUTORIAL, REFERENCE):
        assert f"docs/{page.name}" in readme


def test_benchmarks_that_are_named_are_there(page):
    for script in re.findall(r"benchmarks/\w+\.py", page.read_text(encoding="utf8")):
        assert (ROOT / script).is_file()
