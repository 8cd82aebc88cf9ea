"""The README's examples do what they say."""

import re
from pathlib import Path

README = Path(__file__).parents[1] / "README.md"


def test_the_examples_run(capsys):
    first, second = re.findall(r"```python\n(.*?)```", README.read_text(), re.DOTALL)
    assert len(first.strip().splitlines()) <= 13
    namespace = {}
    for code in (first, second):
        exec(compile(code, str(README), "exec"), namespace)
    printed = capsys.readouterr().out
    assert "[('Acme Services', 'company'), ('Paris', 'location')]" in printed
    assert "Windows ('" in printed and "'none of these')" in printed
    assert "accepted=True" in printed
