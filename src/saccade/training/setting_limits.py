"""What values the settings of a training take."""

from collections.abc import Mapping
from types import NoneType
from typing import Any, cast, get_args, get_origin

from saccade.core.errors import UsageError
from saccade.training.setup.unfreeze import parse

CHOICES: dict[str, tuple[str, ...]] = {
    "recipe": ("auto", "paper", "small"),
    "optimiser": ("sgd", "adam", "adamw", "rmsprop", "adagrad", "adadelta"),
    "schedule": ("constant", "step", "cosine", "poly", "plateau"),
    "precision": ("auto", "32", "bf16"),
    "balance": ("none", "natural", "weights", "sampler", "repeat", "median", "median_all"),
    "on_bad": ("fail", "skip"),
    "pixel_loss": ("cross_entropy", "focal", "dice", "lovasz"),
}
LEAST: dict[str, float] = {
    "epochs": 1, "steps": 1, "minutes": 0.001, "size": 1, "batch": 0, "accumulate": 1, "lr": 0, "momentum": 0,
    "trunk_lr_factor": 0, "weight_decay": 0, "warmup": 0, "clip": 0, "ema": 0, "patience": 1, "seed": 0, "workers": 0,
    "threads": 1, "devices": 1, "rare": 0,
    "save_every": 1, "timeout": 1,
}  # fmt: skip
MOST: dict[str, float] = {
    "momentum": 0.9999,
    "warmup": 1,
    "ema": 1,
    "rare": 1,
    "lr": 1e9,
    "trunk_lr_factor": 1e9,
    "seed": 2**62,
}
LENGTHS = ("epochs", "steps", "minutes")
WORDS: dict[Any, str] = {
    int: "a whole number", float: "a number", str: "text", bool: "true or false", tuple: "a list of names",
    Mapping: "new names by old ones",
}  # fmt: skip


def check(values: Mapping[str, Any], kinds: Mapping[str, Any]) -> None:
    """Refuse what no training can do.

    Args:
        values: Settings by name.
        kinds: The declared type of each.

    Raises:
        UsageError: A value is outside what its field takes, or two fields contradict each other.
    """
    given = {name: value for name, value in values.items() if value is not None}
    for name, value in given.items():
        _check_kind(name, value, kinds[name])
        for one in _each(value):
            if name in CHOICES and one not in CHOICES[name]:
                raise UsageError(f"one of {', '.join(CHOICES[name])}", repr(one), within=name)
        if name in LEAST and not value >= LEAST[name]:
            raise UsageError(f"a number of at least {LEAST[name]}", value, within=name)
        if name in MOST and not value <= MOST[name]:
            raise UsageError(f"a number of at most {MOST[name]}", value, within=name)
    both = sorted({name for _, name in parse(given["unfreeze"])} & set(given["freeze"]))
    if both:
        raise UsageError("freeze or unfreeze of a part", f"both of {', '.join(both)}")
    lengths = [name for name in LENGTHS if name in given]
    if len(lengths) > 1:
        raise UsageError(f"one of {', '.join(LENGTHS)}", " and ".join(lengths))
    if given["devices"] > 1 and given.get("batch") == 0:
        raise UsageError(
            "a batch where several devices train together",
            "0 (the greatest that fits)",
            cure="find it with --devices 1, then give it as --batch",
        )


def _each(value: Any) -> tuple[Any, ...]:
    """The values of a list of names, or the one value."""
    return cast("tuple[Any, ...]", value) if isinstance(value, tuple) else (value,)


def _check_kind(name: str, value: Any, kind: Any) -> None:
    """Refuse a value of another type; a whole number is a number too, but true and false are neither."""
    if get_origin(kind) is tuple:
        wanted, fits = tuple, isinstance(value, tuple) and all(isinstance(item, str) for item in value)
    else:
        wanted = next((part for part in get_args(kind) if part is not NoneType), kind)
        wanted = get_origin(wanted) or wanted
        fits = isinstance(value, int | float if wanted is float else wanted)
        fits = fits and (wanted is bool or not isinstance(value, bool))
    if isinstance(value, Mapping):
        fits = fits and all(isinstance(part, str) for part in (*value, *value.values()))
    if not fits:
        raise UsageError(WORDS[wanted], repr(value), within=name)
