"""The README's example does what it says."""

import re
from pathlib import Path

README = Path(__file__).parents[1] / "README.md"


def test_the_example_runs(capsys):
    (code,) = re.findall(r"```python\n(.*?)```", README.read_text(), re.DOTALL)
    assert len(code.strip().splitlines()) <= 13
    exec(compile(code, str(README), "exec"), {})
    printed = capsys.readouterr().out
    assert "[('Acme Services', 'company'), ('Paris', 'location')]" in printed
