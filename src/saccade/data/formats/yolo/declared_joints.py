"""What the YAML file of data in YOLO's format says of joints: how many, what they are called, which are pairs."""

from collections.abc import Sequence

from saccade.core.dataset import Joints
from saccade.core.joint_names import COCO_NAMES, mirrored_pairs
from saccade.data.formats.common.joint_lists import check_names, sigmas_in
from saccade.data.formats.common.json_node import JsonNode, shown

# The constants of similarity; Ultralytics' own code knows none but COCO's.
SIGMAS = "oks_sigmas"


def usual_names(count: int) -> tuple[str, ...]:
    """What joints are called where nobody names them: as COCO's where there are 17, else by their numbers."""
    return COCO_NAMES if count == len(COCO_NAMES) else tuple(f"joint_{place}" for place in range(count))


def joints_of(document: JsonNode) -> tuple[Joints | None, int]:
    """The joints, or None, and how many numbers a label has for each.

    ``kpt_shape`` says how many there are, ``kpt_names`` what they are called (a list, or one for each class by its
    number), ``flip_idx`` which are pairs, ``oks_sigmas`` the constants of object keypoint similarity, one a joint.

    Raises:
        DataError: One of these is malformed.
    """
    shape = document.optional("kpt_shape")
    if shape is None:
        return None, 3
    count, numbers = (int(number) for number in shape.numbers(2))
    if not 0 < count <= 1000 or numbers not in (2, 3):
        raise shape.wrong("[K, 2] or [K, 3]", shape.value)
    names = _names(document, count)
    sigmas = document.optional(SIGMAS)
    own = () if sigmas is None else sigmas_in(sigmas, count)
    return Joints(names, _pairs(document, names), sigmas=own), numbers


def _names(document: JsonNode, count: int) -> tuple[str, ...]:
    """The names that all classes share; the usual ones where none are given."""
    node = document.optional("kpt_names")
    if node is None:
        return usual_names(count)
    by_class = isinstance(node.value, dict)
    lists = [JsonNode(value, node.path, node, key) for key, value in node.value.items()] if by_class else [node]
    if not lists:
        return usual_names(count)
    for one in lists:
        _check(one, count)
        if one.value != lists[0].value:
            cure = "give the joints of all classes the same names, or take kpt_names out"
            raise one.wrong(f"the same names as {lists[0].pointer} has", shown(one.value), cure)
    return tuple(lists[0].value)


def _check(node: JsonNode, count: int) -> None:
    """Whether a value is a list of so many names, each once.

    Raises:
        DataError: It is not.
    """
    if not isinstance(node.value, list) or len(node.value) != count:
        raise node.wrong(f"names of {count} joints, as kpt_shape has", shown(node.value))
    check_names([node.get(place) for place in range(count)])


def _pairs(document: JsonNode, names: Sequence[str]) -> tuple[tuple[int, int], ...]:
    flips = document.optional("flip_idx")
    if flips is None:
        return mirrored_pairs(names)
    order = [int(place) for place in flips.numbers(len(names))]
    if any(place not in range(len(names)) or order[place] != here for here, place in enumerate(order)):
        raise flips.wrong("for each joint the other of its pair, or itself", flips.value)
    return tuple((here, place) for here, place in enumerate(order) if here < place)
