"""Text in another encoding than UTF-8 is named, with the cure."""

import pytest

from saccade.core.errors import DataError
from saccade.safe_io.documents.json_file import load_json
from saccade.safe_io.documents.text_file import load_lines
from saccade.safe_io.documents.yaml_file import load_yaml

TEXT = '{"names": ["Bär", "cat"]}'


@pytest.mark.parametrize("load", [load_json, load_lines, load_yaml])
@pytest.mark.parametrize(
    ("encoding", "said"),
    [
        ("utf-16", "UTF-16"),
        ("utf-16-le", "UTF-16"),
        ("utf-16-be", "UTF-16"),
        ("utf-32", "UTF-32"),
        ("cp1252", "another"),
    ],
)
def test_other_encodings_are_named(tmp_path, load, encoding, said):
    (tmp_path / "a").write_bytes(TEXT.encode(encoding))
    with pytest.raises(DataError, match=said) as caught:
        load(tmp_path / "a")
    assert "UTF-8" in caught.value.expected
    assert "iconv" in str(caught.value.cure)


def test_a_mark_of_utf_8_is_no_fault(tmp_path):
    (tmp_path / "a").write_bytes(TEXT.encode("utf-8-sig"))
    assert load_json(tmp_path / "a") == load_yaml(tmp_path / "a")
