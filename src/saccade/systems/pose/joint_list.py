"""Which joints a system is built for, as users say it: by name beside the classes, or by number."""

from saccade.core.errors import ConfigError
from saccade.core.joint_names import COCO_NAMES
from saccade.core.vocabulary import Vocabularies


def joint_list(classes: tuple[str, ...] | Vocabularies, joints: int | None) -> tuple[str, ...]:
    """Names of the joints.

    Args:
        classes: Names of the classes, which may bring names of joints as ``joints``.
        joints: Their number, where nobody names them; None: COCO's 17.

    Raises:
        ConfigError: There is no joint, or the number is another than that of the names.
    """
    named = classes.get("joints") if isinstance(classes, Vocabularies) else None
    if named:
        if joints not in (None, len(named)):
            raise ConfigError(f"{len(named)} joints, as they are named", joints, cure="leave joints away")
        return named
    if joints is not None and joints < 1:
        raise ConfigError("one joint or more", joints, within="joints")
    if joints in (None, len(COCO_NAMES)):
        return COCO_NAMES
    return tuple(f"joint {place}" for place in range(1, joints + 1))
