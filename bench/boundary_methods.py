"""Who draws borders in the study of boundaries: networks, and what refines the scores of one of them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

TRUNK = "vgg11_bn"
# Where each system takes its pictures' size from: the longer side, the shorter one, or the pictures as they are.
Side = Literal["longer", "shorter"] | None


@dataclass(frozen=True)
class Learner:
    """A network of the study.

    Attributes:
        system: Its name.
        side: The side whose pixels its option `size` counts.
        options: Its options besides trunk and width.
    """

    system: str
    side: Side
    options: Mapping[str, Any] = field(default_factory=dict[str, Any])


@dataclass(frozen=True)
class Method:
    """A row of the table.

    Attributes:
        name: Its name.
        kind: Where its borders come from.
        learner: The network that learns for it.
        refine: What refines the scores of the network, or None.
        sought: Whether the parameters of that are sought on training pictures; else they are the defaults.
    """

    name: str
    kind: str
    learner: str
    refine: str | None = None
    sought: bool = False


LEARNERS = {
    one.system: one
    for one in (
        Learner("fcn32s", "longer", {"padding": 0, "grouped": True}),
        Learner("fcn8s", "longer", {"padding": 0, "grouped": True}),
        Learner("unet", None),
        Learner("segnet", "shorter"),
        Learner("deeplab1", "longer"),
        Learner("dt_edgenet", "longer"),
        Learner("superpixels", "shorter"),
    )
}
METHODS = (
    Method("fcn32s", "interpolation", "fcn32s"),
    Method("deeplab1", "interpolation", "deeplab1"),
    Method("fcn8s", "skips", "fcn8s"),
    Method("unet", "skips", "unet"),
    Method("segnet", "unpooling", "segnet"),
    Method("deeplab1, CRF", "colours", "deeplab1", "crf"),
    Method("deeplab1, CRF sought", "colours", "deeplab1", "crf", sought=True),
    Method("deeplab1, domain", "colours", "deeplab1", "domain"),
    Method("dt_edgenet", "learnt edges", "dt_edgenet"),
    Method("superpixels", "regions", "superpixels"),
)
