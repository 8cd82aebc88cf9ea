"""Writes docs/reference.md from docstrings: python docs/make_reference.py

Sources are parsed, not imported, so no model library is needed.
"""

import ast
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
REFERENCE = ROOT / "docs" / "reference.md"
# Behind commands and pages: for those `--help` is the reference.
APPLICATION = ("cli", "server", "store", "experiments")
GROUPS = {
    "spacy_factories": "Components: `nlp.add_pipe(NAME)`",
    "spacy_architectures": "Architectures: `@architectures`",
    "spacy_readers": "Corpus readers: `@readers`",
    "spacy_augmenters": "Augmenters: `@augmenters`",
    "spacy_scorers": "Scorers: `@scorers`",
    "spacy_misc": "Confounders, screens, strategies: `@misc`",
    "spacy_callbacks": "Callbacks: `@callbacks`",
}
INTRODUCTION = """\
# Reference

Made by `python docs/make_reference.py` from the docstrings. What a config names comes
first, then what Python imports, package by package. Commands explain themselves:
`python -m spacy causal --help`, and `python -m spacy causal COMMAND --help`.
"""
WIDTH = 88
ITEM = re.compile(r"(?:[\w*]+(?:, [\w*]+)*(?: \(.+\))?|RETURNS|YIELDS):\s|Raises ")
Definition = ast.FunctionDef | ast.ClassDef


def render() -> str:
    """The whole page."""
    entries = tomllib.loads((ROOT / "pyproject.toml").read_text("utf8"))
    points = entries["project"]["entry-points"]
    registered = {target for group in GROUPS for target in points[group].values()}
    parts = [INTRODUCTION, "\n".join(_contents(points)) + "\n"]
    for group, title in GROUPS.items():
        parts.append(f"## {title}\n")
        for name, target in points[group].items():
            module, _, function = target.partition(":")
            (found,) = (x for x in _defined(_path(module)) if x.name == function)
            parts.append(f"### `{name}`\n")
            parts.append(f"`{module}.{function}`\n")
            parts.append(_entry(found))
    for package in _packages():
        parts.append(f"## `{package}`\n")
        parts += _package(package, registered)
    return "\n".join(parts)


def _contents(points: dict[str, dict[str, str]]) -> Iterator[str]:
    for group, title in GROUPS.items():
        names = ", ".join(f"[{x}](#{_anchor(x)})" for x in points[group])
        yield f"- {title}: {names}"
    names = ", ".join(f"[{x}](#{_anchor(x)})" for x in _packages())
    yield f"- Packages: {names}"


def _anchor(heading: str) -> str:
    return re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-")


def _path(module: str) -> Path:
    path = ROOT.joinpath(*module.split("."))
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


def _modules() -> list[str]:
    paths = sorted((ROOT / "spacy_causal").rglob("*.py"))
    parts = (path.relative_to(ROOT).with_suffix("").parts for path in paths)
    return [
        ".".join(x) for x in parts if x[1] not in APPLICATION and x[-1] != "__init__"
    ]


def _packages() -> list[str]:
    """Packages with modules of their own."""
    return sorted({module.rpartition(".")[0] for module in _modules()})


def _package(package: str, registered: set[str]) -> Iterator[str]:
    for module in _modules():
        if module.rpartition(".")[0] != package:
            continue
        shown = [x for x in _defined(_path(module)) if not x.name.startswith("_")]
        shown = [x for x in shown if f"{module}:{x.name}" not in registered]
        shown = [x for x in shown if ast.get_docstring(x)]
        if shown:
            yield f"### `{module}`\n"
            yield _markdown(ast.get_docstring(ast.parse(_source(module))))
            for definition in shown:
                yield f"#### `{definition.name}`\n"
                yield _entry(definition)


def _source(module: str) -> str:
    return _path(module).read_text("utf8")


def _defined(path: Path) -> list[Definition]:
    body = ast.parse(path.read_text("utf8")).body
    return [x for x in body if isinstance(x, Definition)]


def _entry(definition: Definition) -> str:
    """Signature and docstring, and those of a class's public methods."""
    parts = [f"```python\n{_signature(definition)}\n```\n"]
    parts.append(_markdown(ast.get_docstring(definition)))
    if isinstance(definition, ast.ClassDef):
        for method in definition.body:
            if isinstance(method, ast.FunctionDef) and _is_shown(method):
                said = _markdown(ast.get_docstring(method))
                parts.append(f"```python\n{_signature(method)}\n```\n\n{said}")
    return "\n".join(part for part in parts if part)


def _is_shown(method: ast.FunctionDef) -> bool:
    named = not method.name.startswith("_") or method.name in ("__call__", "__iter__")
    return named and ast.get_docstring(method) is not None


def _signature(definition: Definition) -> str:
    if isinstance(definition, ast.FunctionDef):
        kinds = [_code(x) for x in definition.decorator_list]
        own = [f"@{x}\n" for x in kinds if x in ("property", "classmethod")]
        returned = definition.returns
        result = f" -> {_type(returned)}" if returned else ""
        head = f"{''.join(own)}def {definition.name}"
        return _call(head, _parameters(definition), result)
    fields = [_code(x) for x in definition.body if isinstance(x, ast.AnnAssign)]
    for method in definition.body:
        if isinstance(method, ast.FunctionDef) and method.name == "__init__":
            fields = _parameters(method)
    return _call(f"class {definition.name}", fields, "")


def _call(head: str, given: list[str], result: str) -> str:
    line = f"{head}({', '.join(given)}){result}"
    if max(map(len, line.splitlines())) <= WIDTH:
        return line
    body = "".join(f"    {x},\n" for x in given)
    return f"{head}(\n{body}){result}"


def _parameters(function: ast.FunctionDef) -> list[str]:
    """Each parameter as it is written, without `self` and `cls`."""
    said = function.args
    plain = [*said.posonlyargs, *said.args]
    without: list[ast.expr | None] = [None] * (len(plain) - len(said.defaults))
    given = [
        _parameter(*x) for x in zip(plain, [*without, *said.defaults], strict=True)
    ]
    if said.posonlyargs:
        given.insert(len(said.posonlyargs), "/")
    if plain and plain[0].arg in ("self", "cls"):
        given = given[1:]
    if said.vararg or said.kwonlyargs:
        given.append(f"*{_code(said.vararg) if said.vararg else ''}")
    keywords = zip(said.kwonlyargs, said.kw_defaults, strict=True)
    given += [_parameter(*x) for x in keywords]
    return given + ([f"**{_code(said.kwarg)}"] if said.kwarg else [])


def _parameter(parameter: ast.arg, default: ast.expr | None) -> str:
    name = _code(parameter)
    if default is None:
        return name
    equals = " = " if parameter.annotation else "="
    return f"{name}{equals}{_code(default)}"


def _code(node: ast.AST) -> str:
    """As we write it: strings in double quotes, types without."""
    if isinstance(node, ast.arg) and node.annotation:
        return f"{node.arg}: {_type(node.annotation)}"
    return ast.unparse(node).replace("'", '"')


def _type(node: ast.expr) -> str:
    quoted = isinstance(node, ast.Constant) and isinstance(node.value, str)
    return ast.unparse(node).strip("'") if quoted else _code(node)


def _markdown(docstring: str | None) -> str:
    """A docstring, its parameters as a list."""
    lines: list[str] = []
    in_list = raises = False
    for line in (docstring or "").splitlines():
        if ITEM.match(line):
            lines += [] if in_list or not lines or not lines[-1] else [""]
            lines.append(f"- {line}")
            in_list, raises = True, line.startswith("Raises ")
        elif in_list and (line.startswith(" ") or (raises and line)):
            lines.append(f"  {line.strip()}")
        else:
            lines += [""] if in_list and line else []
            lines.append(line)
            in_list = False
    return _escape("\n".join(lines)) + "\n" if lines else ""


def _escape(text: str) -> str:
    """Stars and brackets are no markup in a docstring, outside backticks."""
    parts = re.split(r"(`[^`]*`)", text)
    plain = (re.sub(r"([*<\[])", r"\\\1", part) for part in parts[::2])
    return "".join(
        x for pair in zip(plain, [*parts[1::2], ""], strict=True) for x in pair
    )


if __name__ == "__main__":
    REFERENCE.write_text(render(), encoding="utf8")
