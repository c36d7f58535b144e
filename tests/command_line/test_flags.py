"""Flags follow the declarations; a file says the same as flags; what is unknown is refused with the known."""

from dataclasses import dataclass
from typing import Literal

import pytest

from saccade.command_line.arguments.config_file import overridden, read_config
from saccade.command_line.arguments.flags import (
    ELSEWHERE,
    Parser,
    flags_of,
    of_dataclass,
    of_options,
    refuse_unknown,
    unite,
)
from saccade.core.errors import ConfigError, DataError, UsageError
from saccade.core.options.docstring import described_items
from saccade.core.options.options import options_in
from saccade.training.settings import TrainSettings


@dataclass(frozen=True)
class Settings:
    """Some settings.

    Attributes:
        save_every: Steps between
            two saves, 100 % sure.
        freeze: Parts.
        cache: Whether to keep.
    """

    save_every: int | None = None
    freeze: tuple[str, ...] = ()
    cache: bool | None = None
    epochs: int = 1
    steps: int | None = None


def network(classes, *, trunk: str = "a", side: Literal["left", "right"] = "left", pretrained: bool = False, **other):
    """A network.

    Args:
        classes: Names.
        trunk: Whose.

    Returns:
        trunk: not this.
    """


FLAGS = of_dataclass(Settings)


def parse(*words: str) -> dict:
    parser = Parser(prog="p")
    for flag in FLAGS.values():
        flag.add(parser)
    typed, left = parser.parse_known_args(words)
    refuse_unknown(parser, left, flags_of(parser))
    return vars(typed)


def test_fields_become_flags_with_their_words():
    assert FLAGS["save_every"].text == "--save-every"
    assert FLAGS["save_every"].help == "Steps between two saves, 100 % sure."
    parser = Parser(prog="p")
    FLAGS["save_every"].add(parser)
    assert "100 % sure" in parser.format_help()


def test_what_is_typed_is_converted_and_what_is_not_stays_out():
    assert parse() == {}
    assert parse("--save-every", "5", "--freeze", "trunk,box") == {"save_every": 5, "freeze": ("trunk", "box")}
    assert parse("--cache") == {"cache": True}
    assert parse("--no-cache") == {"cache": False}
    assert parse("--save-every", "none") == {"save_every": None}


@pytest.mark.parametrize("words", [["--save-evry", "5"], ["--save", "5"], ["--save_every=5"], ["stray"]])
def test_what_is_unknown_is_refused_with_the_known(words):
    with pytest.raises(UsageError) as caught:
        parse(*words)
    assert "--save-every" in caught.value.cure
    assert "--freeze" in caught.value.cure
    assert words[0].split("=")[0] in caught.value.what


def test_a_wrong_value_is_refused_in_words():
    with pytest.raises(UsageError, match=r"^--save-every: expected a whole number, found 'x'\n  see .* --help"):
        parse("--save-every", "x")


def test_parameters_become_flags():
    flags = of_options(options_in(network, without="classes"))
    assert list(flags) == ["trunk", "side", "pretrained"]
    assert flags["trunk"].help == "Whose."
    with pytest.raises(Exception, match="left, right"):
        flags["side"].value("up")
    united = unite([flags, {"side": FLAGS["cache"]}])
    assert united["side"].annotation is str
    assert united["pretrained"].annotation is bool


def test_sections_of_docstrings_end_where_the_next_begins():
    assert described_items(network.__doc__, "Args") == {"classes": "Names.", "trunk": "Whose."}
    assert described_items("One line.", "Args") == {}


def test_a_file_says_what_flags_say(tmp_path):
    file = tmp_path / "c.yaml"
    file.write_text("save-every: 5\nfreeze: [trunk]\ncache: no\ndata: scenes\n")
    assert read_config(file, FLAGS, ["data"]) == {
        "save_every": 5, "freeze": ("trunk",), "cache": False, "data": "scenes",
    }  # fmt: skip
    file.write_text("")
    assert read_config(file, FLAGS) == {}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("save_evry: 5", "save_every"),
        ("_target_: os.system", "freeze"),
        ("class_path: os.system", "freeze"),
        ("freeze: {_target_: os.system}", "a list of text"),
        ("save_every: many", "a whole number"),
        ("- a\n- b", "settings by name"),
    ],
)
def test_other_files_are_refused_with_file_and_key(tmp_path, text, said):
    file = tmp_path / "c.yaml"
    file.write_text(text)
    with pytest.raises(ConfigError, match=said) as caught:
        read_config(file, FLAGS)
    assert caught.value.path == str(file)
    assert caught.value.exit_code == 1


def test_no_code_is_run_by_a_file(tmp_path):
    file, canary = tmp_path / "c.yaml", tmp_path / "canary"
    file.write_text(f"freeze: !!python/object/apply:os.system ['touch {canary}']")
    with pytest.raises(DataError):
        read_config(file, FLAGS)
    assert not canary.exists()


def test_flags_override_the_file_and_one_length_replaces_another():
    assert overridden({"epochs": 3, "cache": True}, {"cache": False}) == {"epochs": 3, "cache": False}
    assert overridden({"epochs": 3, "cache": True}, {"steps": 9}) == {"cache": True, "steps": 9}


def test_words_of_other_programs_lead_to_ours():
    with pytest.raises(UsageError, match="did you mean --steps"):
        parse("--max-iter", "5")
    with pytest.raises(UsageError, match=r"expected what .* takes, found --imgsz") as refused:
        parse("--imgsz=640")
    assert "did you mean" not in str(refused.value)  # there is no --size here
    places = {"--out", "--config", "--threshold", "--scales", "--every", "--trunk", "--search"}
    assert set(ELSEWHERE.values()) <= {flag.text for flag in of_dataclass(TrainSettings).values()} | places
