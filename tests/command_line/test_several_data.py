"""Data of a training by flags and by a file: one, several, or what is no name."""

from pathlib import Path

import pytest

from saccade import cli
from saccade.command_line.train import one_or_several
from saccade.core.errors import UsageError


def test_one_name_is_itself_and_several_are_a_list() -> None:
    assert one_or_several("scenes:count=3,size=32") == "scenes:count=3,size=32"
    assert one_or_several(["a,b"]) == "a,b"
    assert one_or_several(["a", "coco:b"]) == ["a", "coco:b"]


@pytest.mark.parametrize("found", [3, ["a", 3], {"a": "b"}, True])
def test_what_is_no_name_is_refused(found: object) -> None:
    with pytest.raises(UsageError, match="by name, or a list"):
        one_or_several(found)


def test_a_file_names_several_and_a_class_is_looked_for_in_all(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for folder, name in (("a", "ant"), ("b", "bee")):
        (tmp_path / folder / name).mkdir(parents=True)
        (tmp_path / folder / name / "1.png").touch()
    (tmp_path / "c.yaml").write_text(f"data: [{tmp_path}/a, {tmp_path}/b]\nrename: {{cat: pet}}\n")
    assert cli.main(["train", "lenet5", "--config", str(tmp_path / "c.yaml"), "--out", str(tmp_path / "run")]) == 1
    assert "ant, bee" in capsys.readouterr().err
    assert not (tmp_path / "run").exists()
