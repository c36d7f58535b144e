"""Joints that lie beside the annotations which were read: what to type for them, where a training asks for joints."""

from collections.abc import Iterable

from saccade.core.dataset import Dataset
from saccade.core.vocabulary import key_of
from saccade.data.left_out import picture_files

_OF_JOINTS = "person_keypoints_"


def joints_beside(needs: Iterable[str], train: Dataset, val: Dataset | None = None) -> str:
    """What to type for joints that are in files which were passed over; nothing where none are, or none are needed.

    COCO's own folder has two files of each split: one of the objects, which is read, and one of persons with joints.

    Args:
        needs: Dotted fields that are learnt from.
        train: The data that were read.
        val: Those that are measured on.
    """
    if "joints" not in {key_of(need) for need in needs} or train.joints is not None:
        return ""
    sides = {"--data": train, **({} if val is None else {"--val": val})}
    files = {flag: file for flag, side in sides.items() for one in picture_files(side) for file in one.passed_over}
    found = {flag: file for flag, file in files.items() if file.name.startswith(_OF_JOINTS)}
    if not found:
        return ""
    names = " and ".join(dict.fromkeys(file.name for file in found.values()))
    typed = " ".join(f"{flag} coco:{file}" for flag, file in found.items())
    return f"joints are in {names}, beside the file that was read: {typed}"
