"""A training picture, changed at random: one map drawn, the pixels moved once, every field with them, then colour."""

from dataclasses import dataclass, replace

import torch
from torch import Generator

from saccade.core.augmentation import Augmentation
from saccade.core.dataset import Dataset
from saccade.core.errors import ConfigError, UsageError
from saccade.core.geometry import warp
from saccade.core.geometry.affine import is_upright, translation
from saccade.core.input.channels import fit_channels
from saccade.core.input.input_spec import InputSpec
from saccade.core.sample import Framed, Sample
from saccade.data.augment.colour import change_colour
from saccade.data.augment.geometry import refit, sample_frame
from saccade.data.augment.mixing import mixup, mosaic, quarters, regions_of_all
from saccade.data.augment.paste import can_paste, paste
from saccade.data.augment.rng import RandomDraws
from saccade.data.augment.visibility import keep_visible, visible_boxes

CROSS = (0.3, 0.7)
# What lays several pictures together, or chooses a part of the picture, has no meaning for the square of one person.
OF_WHOLE_PICTURES = ("crop_area", "expand", "mosaic", "mixup", "paste")


@dataclass(frozen=True)
class Augment:
    """Changes pictures at random, by numbers of the generator that is passed and no others.

    Attributes:
        augmentation: What may happen.
        spec: How pictures get into the network.
        dataset: Gives the pairs of joints, the classes, and the other pictures of mosaic and mixup.
    """

    augmentation: Augmentation
    spec: InputSpec
    dataset: Dataset | None = None

    def __post_init__(self) -> None:
        if self.dataset is None and (
            self.augmentation.mosaic or self.augmentation.paste or self.augmentation.mixup is not None
        ):
            raise UsageError(
                "a data set to take other pictures from for mosaic, mixup and paste",
                "none",
                cure="pass dataset=, or set mosaic=0, mixup=None and paste=0",
            )
        if self.spec.person is not None:
            _check_person(self.augmentation)

    def __call__(self, sample: Sample, generator: Generator) -> Framed:
        """One sample, changed at random and moved into the frame that the network takes.

        Args:
            sample: A picture with its truth, in its own pixels.
            generator: Source of all chance; `rng.generator_for` gives one for each (seed, epoch, index).

        Returns:
            The picture with its frame and truth. Where the augmentation is nothing, the very picture and truth
            that `InputSpec.batch` would take. Else rows that left the picture are gone.
        """
        if self.augmentation.is_empty:
            return self.spec.framed(sample)
        rng = RandomDraws(generator)
        drawn = self._mosaic(sample, rng) if rng.happens(self.augmentation.mosaic) else self._one(sample, rng)
        if rng.happens(self.augmentation.paste):
            drawn = self._paste(drawn, rng)
        if self.augmentation.mixup is not None:
            drawn = self._mixup(drawn, self.augmentation.mixup, rng)
        return drawn._replace(image=change_colour(drawn.image, self.augmentation, rng, self.spec.mean))

    def _one(self, sample: Sample, rng: RandomDraws, target: tuple[int, int] | None = None) -> Framed:
        """One picture by its own random map, made to cover `target` where that is given."""
        image = fit_channels(sample.image, self.spec.channels)
        source = (image.shape[-2], image.shape[-1])
        frame = replace(sample_frame(self.augmentation, self.spec, source, sample.truth, rng), pairs=self._pairs())
        frame = frame if target is None else refit(frame, target)
        fill = self.spec.surroundings if image.is_floating_point() else [255 * v for v in self.spec.surroundings]
        how = (self.spec.interpolation, self.spec.antialias, fill)
        moved = warp.image(image, frame.matrix, frame.target, *how, displacement=frame.displacement)
        moved_truth, centred = frame.apply(sample.truth), self.augmentation.crop_overlap is not None
        tilted = frame.displacement is not None or not is_upright(frame.matrix)
        regions = None if sample.regions is None else visible_boxes(frame.boxes(sample.regions), frame.target)
        return Framed(moved, frame, keep_visible(moved_truth, frame.target, tilted, centred), regions)

    def _mosaic(self, sample: Sample, rng: RandomDraws) -> Framed:
        """Four pictures around a random cross, the sample at the upper left."""
        height, width = self.spec.frame((sample.image.shape[-2], sample.image.shape[-1])).target
        x, y = (min(max(round(rng.uniform(*CROSS) * side), 1), side - 1) for side in (width, height))
        places = quarters((x, y), (height, width))
        samples = [sample, *(self._another(rng) for _ in places[1:])]
        parts = [self._one(s, rng, (y2 - y1, x2 - x1)) for s, (x1, y1, x2, y2) in zip(samples, places, strict=True)]
        images, truths = [part.image for part in parts], [part.truth for part in parts]
        image, truth = mosaic(images, truths, places, (height, width), self._classes())
        regions = regions_of_all([part.regions for part in parts], places)
        return Framed(image, parts[0].frame.then(translation(0, 0), (height, width)), truth, regions)

    def _mixup(self, first: Framed, parameter: float, rng: RandomDraws) -> Framed:
        share = rng.beta(parameter)
        second = self._one(self._another(rng), rng, (first.image.shape[-2], first.image.shape[-1]))
        images, truths = (first.image, second.image), (first.truth, second.truth)
        image, truth = mixup(images, truths, max(share, 1 - share), self._classes())
        return Framed(image, first.frame, truth, regions_of_all([first.regions, second.regions]))

    def _paste(self, first: Framed, rng: RandomDraws) -> Framed:
        """Each object of another picture is laid over the first with a chance of one in two."""
        second = self._one(self._another(rng), rng, (first.image.shape[-2], first.image.shape[-1]))
        if not can_paste(first.truth, second.truth):
            return first
        chosen = torch.tensor([rng.happens(0.5) for _ in range(len(second.truth.instances or ()))])
        image, truth = paste((first.image, second.image), (first.truth, second.truth), chosen)
        return first._replace(image=image, truth=truth)

    def _another(self, rng: RandomDraws) -> Sample:
        if self.dataset is None or not len(self.dataset):
            raise UsageError("a data set with pictures for mosaic and mixup", "none")
        return self.dataset[rng.whole(0, len(self.dataset) - 1)]

    def _pairs(self) -> tuple[tuple[int, int], ...]:
        joints = None if self.dataset is None else self.dataset.joints
        return () if joints is None else joints.pairs

    def _classes(self) -> int:
        return 0 if self.dataset is None else len(self.dataset.classes)


def _check_person(augmentation: Augmentation) -> None:
    """Refuse what shows another part of the picture than the person's square, or several pictures at once."""
    nothing = Augmentation()
    idle = [name for name in OF_WHOLE_PICTURES if getattr(augmentation, name) != getattr(nothing, name)]
    if idle:
        raise ConfigError(
            "changes of one person's square",
            ", ".join(idle),
            within="augmentation",
            cure="scale, rotate, translate, flip and all changes of colour are; leave the others at "
            + ", ".join(f"{name}={getattr(nothing, name)}".lower() for name in idle),
        )
