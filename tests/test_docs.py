"""The README and the pages on methods: commands that there are, figures that
`benchmarks/README.md` has; pages are short and linked."""

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
FIGURES = (ROOT / "benchmarks" / "README.md").read_text(encoding="utf8")
COMMANDS = typer.main.get_command(app).commands
# Figures that a page quotes: with a decimal point, maybe a sign and a spread.
FIGURE = re.compile(r"[+−]?\d+\.\d+(?: ± \d+\.\d+)?")


def prose(page):
    text = re.sub(r"```.*?```", "", page.read_text(encoding="utf8"), flags=re.DOTALL)
    return re.sub(r"`[^`]*`", "", text)


@pytest.fixture(params=PAGES, ids=[page.stem for page in PAGES])
def page(request):
    return request.param


@pytest.mark.parametrize("page", [README, *PAGES], ids=lambda page: page.stem)
def test_every_figure_is_in_the_benchmarks(page):
    said = FIGURE.findall(prose(page))
    assert said
    # Whole: 4.2 is no figure of 84.2 or 4.21.
    missing = [
        figure
        for figure in said
        if not re.search(rf"(?<![\d.]){re.escape(figure)}(?!\d)", FIGURES)
    ]
    assert not missing


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
    anchors = {
        re.sub(r"[^\w\- ]", "", line.lstrip("# ").lower()).replace(" ", "-")
        for line in FIGURES.splitlines()
        if line.startswith("## ")
    }
    for target, anchor in re.findall(r"\]\(([^)#]+)#?([^)]*)\)", text):
        assert (page.parent / target).resolve().is_file()
        assert not anchor or anchor in anchors


def test_the_readme_links_to_files_that_are_there():
    targets = re.findall(r"\]\(([^)#]+)#?[^)]*\)", prose(README))
    assert targets
    for target in targets:
        assert (ROOT / target).is_file()


def test_tutorial_and_reference_are_linked():
    readme = (ROOT / "README.md").read_text(encoding="utf8")
    for page in (TUTORIAL, REFERENCE):
        assert f"docs/{page.name}" in readme
    targets = re.findall(r"\]\(([^)#]+)#?[^)]*\)", prose(TUTORIAL))
    assert targets
    for target in targets:
        assert (TUTORIAL.parent / target).resolve().is_file()


def test_benchmarks_that_are_named_are_there(page):
    for script in re.findall(r"benchmarks/\w+\.py", page.read_text(encoding="utf8")):
        assert (ROOT / script).is_file()
