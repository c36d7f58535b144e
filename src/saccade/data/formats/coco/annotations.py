"""The annotations of a COCO document, one by one: what they say, or all that is wrong with them."""

from collections.abc import Hashable, Mapping, Sequence, Set
from dataclasses import dataclass, field
from typing import Any

from saccade.core.errors import DataError
from saccade.core.nearest import nearest
from saccade.data.formats.coco.annotation_row import read_row, row_faults
from saccade.data.formats.common.defect_report import telling
from saccade.data.formats.common.json_node import JsonNode
from saccade.data.formats.common.object_rows import Row

Size = tuple[int, int]


@dataclass
class Reading:
    """Reads annotations.

    Attributes:
        places: The place of each picture by its identifier.
        labels: The class of each category by its identifier.
        sizes: (H, W) of each picture.
        absent: (H, W), where it is known, of the listed pictures that are left out. Their annotations are looked at,
            and go with them: what is wrong with the picture has been told.
        unlabelled: Listed categories that are left out.
        joints: How many joints an object has, or 0.
    """

    places: Mapping[Hashable, int]
    labels: Mapping[Hashable, int]
    sizes: Sequence[Size]
    absent: Mapping[Hashable, Size | None]
    unlabelled: Set[Hashable]
    joints: int
    _seen: dict[Hashable, int] = field(default_factory=dict[Hashable, int])

    def read(self, node: JsonNode) -> tuple[int, Row] | None:
        """The picture's place and the row; None where the picture or the class is left out.

        Raises:
            DataError: Something is wrong.
        """
        identifier = node.get("id").identifier()
        node = node.named(identifier)
        place = self._seen.setdefault(identifier, int(node.key))
        if place != node.key:
            other = f"/annotations/{place}"
            raise node.get("id").wrong("an id of its own", f"{identifier!r}, which {other} has too")
        picture, size = self._picture(node)
        label = self._label(node)
        if size is None:
            return None
        row = read_row(node, size, label, self.joints)
        return None if picture < 0 or label < 0 else (picture, row)

    def faults(self, node: JsonNode) -> list[DataError]:
        """All that is wrong with an annotation, in the order in which it would be read."""
        found: list[DataError] = []
        with telling(found.append):
            identifier = node.get("id").identifier()
            node = node.named(identifier)
            if self._seen.get(identifier, node.key) != node.key:
                other = f"/annotations/{self._seen[identifier]}"
                found.append(node.get("id").wrong("an id of its own", f"{identifier!r}, which {other} has too"))
        if not isinstance(node.value, dict):
            return found
        size: Size | None = None
        with telling(found.append):
            size = self._picture(node)[1]
        with telling(found.append):
            self._label(node)
        return found + row_faults(node, size, self.joints)

    def _picture(self, node: JsonNode) -> tuple[int, Size | None]:
        """The place of its picture, -1 for one that is left out, and (H, W) where it is known."""
        picture = node.get("image_id")
        if picture.identifier() in self.absent:
            return -1, self.absent[picture.value]
        place = declared(picture, self.places, "images")
        return place, self.sizes[place]

    def _label(self, node: JsonNode) -> int:
        """Its class, -1 where its category is left out."""
        category = node.get("category_id")
        if category.identifier() in self.unlabelled:
            return -1
        return declared(category, self.labels, "categories")


def declared(node: JsonNode, known: Mapping[Any, int], where: str) -> int:
    """The place of an identifier that another part of the document has declared.

    Raises:
        DataError: None has.
    """
    if node.identifier() in known:
        return known[node.value]
    near: Any = None
    if type(node.value) is int:
        near = min((key for key in known if type(key) is int), key=lambda key: abs(key - node.value), default=None)
    elif isinstance(node.value, str):
        near = nearest(node.value, [k for k in known if isinstance(k, str)])
    kinds = [key for key in known if str(key) == str(node.value)]
    cure = None if near is None else f"the nearest known is {near!r}"
    if kinds:
        cure = f"write it as {kinds[0]!r}, as /{where} does"
    raise node.wrong(f"an id of /{where}", repr(node.value), cure)
