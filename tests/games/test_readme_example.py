"""The README's example of the games library runs as it stands."""

import re
from pathlib import Path
from textwrap import dedent

import pytest

README = Path(__file__).parents[2] / "README.md"


def example() -> str:
    """The indented block that reads a table."""
    blocks = re.findall(r"(?:^(?:    .*)?\n)+", README.read_text(encoding="utf-8"), flags=re.MULTILINE)
    found = [block for block in blocks if "read_table" in block]
    assert len(found) == 1
    return dedent(found[0])


def test_a_table_of_your_own():
    *code, last = example().strip().splitlines()
    names = {}
    exec("\n".join(code), names)  # noqa: S102 - our own README
    payoff, most_stable, epsilon = eval(last, names)
    assert names["game"].players == ("A", "B")
    assert payoff == pytest.approx([0.5, 0.5]) and most_stable == pytest.approx([0.5, 0.5])
    assert epsilon == pytest.approx(-0.5)
