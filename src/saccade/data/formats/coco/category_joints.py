"""What the categories of a COCO document say of joints: names, bones, and the constants of their similarity."""

from collections.abc import Sequence

from saccade.core.dataset import Joints
from saccade.core.joint_names import joints
from saccade.data.formats.common.joint_lists import check_names, sigmas_in
from saccade.data.formats.common.json_node import JsonNode


def shared_joints(categories: Sequence[JsonNode]) -> Joints | None:
    """The joints that all categories with joints share; None where none has any.

    ``keypoints`` names them, ``skeleton`` are the bones, by places from 1, and ``sigmas`` the constants of object
    keypoint similarity, one a joint, where the data's maker has measured how far annotators stray.

    Raises:
        DataError: A list is malformed, two joints are called alike, or two categories say different things.
    """
    listed = [(node, node.items("keypoints")) for node in categories if node.optional("keypoints")]
    found = [(node, names) for node, names in listed if names]  # An empty list says that there are none.
    if not found:
        return None
    first, names = found[0]
    for other, its in found[1:]:
        if [node.value for node in its] != [node.value for node in names]:
            cure = "take keypoints out of one of them and of its annotations, or keep a file for each"
            raise other.get("keypoints").wrong(f"the same keypoints as {first.pointer} has", "others", cure)
    check_names(names)
    jointed = [node for node, _ in found]
    return joints([name.text() for name in names], _bones(first, len(names)), _sigmas(jointed, len(names)))


def _bones(category: JsonNode, count: int) -> list[tuple[int, int]]:
    bones: list[tuple[int, int]] = []
    for bone in category.items("skeleton") if category.optional("skeleton") else []:
        start, end = (int(place) - 1 for place in bone.numbers(2))
        if not (0 <= start < count and 0 <= end < count):
            raise bone.wrong(f"two places from 1 to {count}", bone.value)
        bones.append((start, end))
    return bones


def _sigmas(categories: Sequence[JsonNode], count: int) -> tuple[float, ...]:
    """The constants that all categories which tell some share; none where none does."""
    told = [node for category in categories if (node := category.optional("sigmas")) is not None]
    found = [sigmas_in(node, count) for node in told]
    for node, its in zip(told, found, strict=True):
        if its != found[0]:
            raise node.wrong(f"the same sigmas as {told[0].pointer} has", "others")
    return found[0] if found else ()
