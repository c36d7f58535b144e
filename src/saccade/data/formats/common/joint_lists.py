"""Lists in documents that tell of joints, one entry a joint, checked."""

from collections.abc import Sequence

from saccade.data.formats.common.json_node import JsonNode, shown


def check_names(nodes: Sequence[JsonNode]) -> None:
    """Whether joints have names, each its own: what a joint is follows from its name.

    Raises:
        DataError: One has none, or that of a joint before it.
    """
    seen: dict[str, JsonNode] = {}
    for node in nodes:
        first = seen.setdefault(node.text(), node)
        if first is not node:
            found = f"{node.value!r}, which {first.pointer} has too"
            raise node.wrong("a name of its own for each joint", found, "call one of them otherwise")


def sigmas_in(node: JsonNode, count: int) -> tuple[float, ...]:
    """Constants of object keypoint similarity, one for each of `count` joints.

    Raises:
        DataError: The value is no list of so many numbers above 0.
    """
    if not isinstance(node.value, list) or len(node.value) != count:
        raise node.wrong(f"a list of {count} numbers above 0, one a joint", shown(node.value))
    for place, value in enumerate(node.numbers(count)):
        if value <= 0:
            raise node.get(place).wrong("a number above 0", shown(value))
    return tuple(map(float, node.value))
