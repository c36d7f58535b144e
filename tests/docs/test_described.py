"""The tables of the page on `score_of` are what the command prints."""

import re
import shlex

import pytest
from pages import ROOT

from saccade import cli

PAGE = (ROOT / "docs" / "describe.md").read_text(encoding="utf-8")
SHOWN = re.findall(r"```bash\nsaccade (describe [^\n]+)\n```\n\n```text\n(.*?)```", PAGE, re.DOTALL)


@pytest.mark.parametrize(("line", "table"), SHOWN, ids=[line for line, _ in SHOWN])
def test_the_page_shows_what_the_command_prints(line: str, table: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(shlex.split(line)) == 0
    assert capsys.readouterr().out.strip() == table.strip()


def test_the_page_shows_tables() -> None:
    assert len(SHOWN) >= 2
