"""What must hold before step 0, said before any work is done."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence

from torch import nn

from saccade.core.augmentation import Augmentation
from saccade.core.errors import ConfigError, UsageError
from saccade.core.vocabulary import key_of
from saccade.data.check.glance import quick_check
from saccade.data.passed_over import joints_beside
from saccade.network.protocols.solvable import Solvable
from saccade.network.recipe import Stage
from saccade.network.system import System
from saccade.training.parallel.machine import world_size
from saccade.training.setup.checks.nothing_to_learn import check_to_learn
from saccade.training.setup.data import Data

# What a square around a person is known by, in words; so many pictures are looked at, spread over the data set.
WORDS = {
    "person": "centre and scale",
    "box": "the box",
    "joints": "the hull of the joints",
    "picture": "nothing: the whole picture is taken",
}
LOOKED_AT = 500
Normalisation = (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d)


def check_before_step_0(
    system: System, data: Data, stages: Sequence[Stage], batch: int, say: Callable[[str], None]
) -> None:
    """Check that the data can teach the system, and say what will hamper it.

    Args:
        system: What learns.
        data: What it learns from.
        stages: What stands still, and when.
        batch: Pictures a step.
        say: Takes a line for each thing that a person should know, but that is no error.

    Raises:
        ConfigError: No head finds the truth that it needs, the pictures show nothing or one class alone, or nothing is
            left to learn.
        UsageError: A part that shall stand still is unknown.
        DataError: A label is none of the classes.
    """
    for note in data.notes:
        say(f"note: {note}")
    check_stages(system, stages)
    _check_fields(system, data, say)
    _check_batch(system, len(data.train), batch, say)
    _look_at_boxes(system, data, say)
    _tell_squares(system, data, say)
    check_to_learn(system, data, say)
    if data.val is None:
        say("note: there is nothing to validate on (no split 'val'), so the last checkpoint is the best")
        say("note: --val 0.2 holds out a fifth of the training pictures, --fold 1/5 the first of five parts")


def tell_mirrored_joints(system: System, data: Data, augmentation: Augmentation, say: Callable[[str], None]) -> None:
    """Say so where pictures are mirrored, and nothing tells which joints then change places.

    Args:
        system: What learns.
        data: What it learns from.
        augmentation: What becomes of pictures.
        say: Takes the line.
    """
    joints, learns = data.train.joints, any(key_of(field) == "joints" for field in system.learns_from)
    if not learns or joints is None or joints.pairs or len(joints.names) < 2 or not augmentation.flip:
        return
    say(
        "note: pictures are mirrored, and no two joints change places then: names such as left_knee and right_knee, or "
        "flip_idx of YOLO, tell which do; --augment without flip mirrors none"
    )


def check_data(data: Data) -> None:
    """Check that there are pictures on both sides.

    Raises:
        ConfigError: A side is empty.
    """
    if len(data.train) == 0:
        raise ConfigError("pictures to train on", "none", path=data.title)
    if data.val is not None and len(data.val) == 0:
        raise ConfigError("pictures to validate on", "none", path=data.val_name)


def check_best(best: str, names: Sequence[str]) -> None:
    """Check that the score that shall choose the best checkpoint is among those that validation gives.

    Raises:
        UsageError: It is not; the message lists them.
    """
    if best.removeprefix("-") not in names:
        raise UsageError("a score of the validation", repr(best), within="best", cure=f"scores: {', '.join(names)}")


def check_stages(system: System, stages: Sequence[Stage]) -> None:
    """Check that every stage freezes parts that exist, solves heads that can be, and leaves something to learn.

    Raises:
        UsageError: A part is unknown; the message lists those that exist.
        ConfigError: Everything stands still, every head is silent, or a head cannot be solved here.
    """
    for number, stage in enumerate(stages, 1):
        system.freeze(stage.freeze, stage.unfreeze)
        heads = [head for name, head in system.each_head() if name not in stage.silent]
        learning = any(parameter.requires_grad for parameter in system.parameters())
        if not heads or not learning:
            what = "parts that learn" if heads else "heads whose loss counts"
            raise ConfigError(f"{what} in stage {number}", "none", cure="freeze or silence less")
        _check_solvable(system, stage)
    system.freeze(stages[0].freeze, stages[0].unfreeze)


def _check_solvable(system: System, stage: Stage) -> None:
    able = [name for name, head in system.each_head() if isinstance(head, Solvable)]
    unable = [name for name in stage.solve if name not in able]
    if unable:
        raise ConfigError(f"heads that can be solved ({', '.join(able) or 'none can'})", unable)
    if stage.solve and world_size() > 1:
        raise ConfigError(
            f"one process where heads are solved ({', '.join(stage.solve)})",
            world_size(),
            cure="train with --devices 1",
        )


def normalises(system: System) -> bool:
    """Whether a part that may learn normalises over the pictures of a batch."""
    return any(isinstance(module, Normalisation) for module in system.modules())


def _check_fields(system: System, data: Data, say: Callable[[str], None]) -> None:
    wanting = {name: sorted(head.learns_from - data.train.fields) for name, head in system.each_head()}
    able = [name for name, lacks in wanting.items() if not lacks]
    if not able:
        needed = ", ".join(sorted(system.learns_from))
        raise ConfigError(
            f"pictures annotated with {needed}",
            ", ".join(sorted(data.train.fields)) or "nothing",
            path=data.title,
            cure=joints_beside(system.learns_from, data.train, data.val) or _way_out(system, data.train.fields),
        )
    _check_named(system, data, {name: lacks for name, lacks in wanting.items() if lacks})
    for name, lacks in wanting.items():
        if lacks:
            say(f"note: head {name!r} learns nothing: no picture is annotated with {', '.join(lacks)}")


def _check_named(system: System, data: Data, wanting: Mapping[str, Sequence[str]]) -> None:
    """Refuse a head that was asked for by name, would learn, and has no truth.

    Raises:
        ConfigError: There is one.
    """
    named = (system.origin or {"options": {}})["options"].get("heads", ())
    for name, lacks in wanting.items():
        if name in named and not system.stands_still(f"heads.{name}"):
            raise ConfigError(
                f"pictures annotated with {', '.join(lacks)}, for the head {name!r}",
                f"none among {len(data.train)}: {', '.join(sorted(data.train.fields)) or 'nothing'}",
                path=data.title,
                cure=f"leave {name} out of --heads, join data that have it by a further --data, or --freeze {name}",
            )


def _way_out(system: System, fields: frozenset[str]) -> str:
    """What to do where no head finds what it learns from."""
    several = "semantic" in system.needs and "semantic_masks" in fields
    way = "say --labels several where the system has it: masks of classes may overlap; " if several else ""
    if "label" in system.needs and "labels" in fields:
        way += "say --loss sigmoid where the system has it: pictures may have several classes; "
    return f"{way}`saccade systems` lists what each system learns from"


def _check_batch(system: System, pictures: int, batch: int, say: Callable[[str], None]) -> None:
    training = any(isinstance(module, Normalisation) and module.training for module in system.train().modules())
    if training and min(batch, pictures) < 2:
        say("note: the system normalises over the pictures of a step, and there is but one: give --batch 2 or more")


def _look_at_boxes(system: System, data: Data, say: Callable[[str], None]) -> None:
    """Say what is odd about boxes, where some head learns from them."""
    if not any(field.startswith("instances.") for field in system.needs):
        return
    sides = {"the training data": data.train} | ({} if data.val is None else {"the validation data": data.val})
    for name, side in sides.items():
        for line in quick_check(side, name):
            say(line)


def _tell_squares(system: System, data: Data, say: Callable[[str], None]) -> None:
    """Say what tells where the person of a picture is, where the network sees that person alone."""
    crop = system.input.person
    if crop is None:
        return
    places = range(0, len(data.train), -(-len(data.train) // LOOKED_AT))
    told = Counter(crop.square((1, 1), data.train.truth(place)).told for place in places)
    shown = ", ".join(f"{WORDS[by]} ({count})" for by, count in told.most_common())
    say(f"note: squares around persons are known by {shown}, of {len(places)} samples looked at")
