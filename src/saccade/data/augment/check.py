"""What a user says of augmentation, beside the network and the pictures that it is meant for."""

from saccade.core.dataset import Dataset
from saccade.core.errors import ConfigError
from saccade.core.input.input_spec import InputSpec
from saccade.data.augment.choice import PLAIN, AugmentOptions
from saccade.data.augment.geometry import ANY_SIZE


def check_augmentation(choice: AugmentOptions, spec: InputSpec, data: Dataset) -> None:
    """Refuse fields that a user names but that would change nothing.

    Args:
        choice: What the user says.
        spec: How pictures get into the network.
        data: The pictures.

    Raises:
        ConfigError: `zoom` is named for an input of one size, or `paste` for data without masks.
    """
    if choice.named.get("zoom", PLAIN.zoom) != PLAIN.zoom and spec.rule not in ANY_SIZE:
        raise ConfigError(
            "an input of any size for augment zoom",
            f"the rule {spec.rule!r} to {spec.size}",
            cure="scale=0.8:1.25 changes the size of what is shown inside an input of one size",
        )
    if choice.named.get("paste") and not {"instances.masks", "instances.boxes"} <= data.fields:
        raise ConfigError(
            "objects with masks and boxes for augment paste",
            ", ".join(sorted(data.fields)),
            cure="leave paste out, or annotate masks: objects are cut out by them",
        )
