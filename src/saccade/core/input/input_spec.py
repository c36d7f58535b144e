"""How a picture gets into a network: the one owner of size, interpolation, normalising and padding.

Training, prediction, the service, exported models and weights brought from elsewhere all read it, so that no two of
them can disagree. Pictures are normalised first and padded after, with zeros: padding before normalising moved 17 of 50
boxes of a torchvision detector, and resizing in uint8 moved 45.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields, replace
from typing import Any, Literal, get_args

import torch
from torch import Tensor

from saccade.core.annotation import Annotation
from saccade.core.batch import Batch
from saccade.core.errors import ConfigError, UsageError
from saccade.core.frame import Frame
from saccade.core.geometry import warp
from saccade.core.geometry.affine import scaling, translation
from saccade.core.input.channels import IMAGENET_MEAN, IMAGENET_STD, as_float, fit_channels, statistics
from saccade.core.input.fit import Padding, pad, target_size
from saccade.core.input.person_crop import PersonCrop
from saccade.core.sample import Framed, Sample

Rule = Literal["native", "stretch", "letterbox", "crop", "shorter", "pad", "person"]
Interpolation = Literal["bilinear", "bicubic", "nearest"]

# From here on a picture counts as large: 11 megapixels in three channels, 134 MB as floats.
MANY_VALUES = 2**25


@dataclass(frozen=True)
class InputSpec:
    """How a picture gets in.

    Attributes:
        rule: What happens to the size. ``native``: nothing. ``stretch``: to `size`, whatever the shape.
            ``letterbox``: as large as fits into `size`, padded to it. ``crop``: the shorter side to `shorter`, then the
            central `size`. ``shorter``: the shorter side to `shorter`, the longer at most `longest`. ``pad``: to a
            square of `shorter`, whatever the shape, in the middle of a black `size` (LeNet-5's digits of 28 pixels in
            32). ``person``: the square around the picture's person fills the shorter side of `size`, what lies beyond
            the picture is filled with the mean (networks of one person's pose).
        size: (H, W) that ``stretch``, ``letterbox``, ``crop``, ``pad`` and ``person`` end in.
        shorter: Length of the shorter side, in pixels.
        longest: Greatest length of the longer side, in pixels.
        interpolation: ``bilinear``, ``bicubic`` or ``nearest``.
        antialias: Whether shrinking averages all the pixels it covers.
        rounds: Whether pictures of bytes are rounded to bytes once they are resized, as torchvision's presets for
            classifiers do. Elsewhere rounding only loses.
        multiple: Batches are padded to a multiple of it.
        remainder: Pixels that the padded sides have beyond a multiple, for networks whose unpadded layers want them so
            (U-Net: 572 = 35 · 16 + 12).
        margin: Pixels of context around a picture on every side, for networks that answer for the middle of what they
            see; they belong to its frame, so that predictions find back.
        padding: What stands in the margin, and in what is padded. ``zeros``: nothing, after normalising.
            ``mirror``: the picture, mirrored at its edges as often as it takes (U-Net's overlap-tile).
        mean: Mean of each channel on the scale 0..1.
        std: Standard deviation of each channel on the scale 0..1.
        person: Where the person of a picture stands, for the rule ``person``; None for all others.
    """

    rule: Rule = "native"
    size: tuple[int, int] | None = None
    shorter: int | None = None
    longest: int | None = None
    interpolation: Interpolation = "bilinear"
    antialias: bool = True
    rounds: bool = False
    multiple: int = 1
    remainder: int = 0
    margin: int = 0
    padding: Padding = "zeros"
    mean: tuple[float, ...] = IMAGENET_MEAN
    std: tuple[float, ...] = IMAGENET_STD
    person: PersonCrop | None = None

    def __post_init__(self) -> None:
        target_size(self.rule, (64, 64), self.size, self.shorter, self.longest)
        if not self.mean or len(self.mean) != len(self.std) or min(self.std) <= 0:
            raise ConfigError("a mean and a positive standard deviation a channel", f"{self.mean} and {self.std}")
        if self.multiple < 1 or self.interpolation not in get_args(Interpolation):
            raise ConfigError(
                f"a multiple from 1 and one of {get_args(Interpolation)}", f"{self.multiple} and {self.interpolation!r}"
            )
        if not 0 <= self.remainder < self.multiple or self.margin < 0 or self.padding not in get_args(Padding):
            raise ConfigError(
                (f"a remainder below the multiple {self.multiple}, a margin from 0 and one of {get_args(Padding)}"),
                f"{self.remainder}, {self.margin} and {self.padding!r}",
            )
        if (self.person is None) == (self.rule == "person"):
            raise ConfigError("person=PersonCrop(…) for the rule 'person' and no other", f"{self.rule}, {self.person}")

    @staticmethod
    def stretch(size: int, channels: int = 3, **other: Any) -> "InputSpec":
        """Squares of `size` pixels, normalised by `statistics`."""
        mean, std = statistics(channels)
        return InputSpec("stretch", (size, size), mean=mean, std=std, **other)

    @staticmethod
    def centre_crop(size: int, shorter: int, channels: int = 3, **other: Any) -> "InputSpec":
        """The shorter side to `shorter`, then the central square of `size` pixels (AlexNet, section 2)."""
        mean, std = statistics(channels)
        return InputSpec("crop", (size, size), shorter=shorter, mean=mean, std=std, **other)

    @staticmethod
    def of_person(size: int, channels: int = 3, crop: PersonCrop | None = None, **other: Any) -> "InputSpec":
        """Squares of `size` pixels around a picture's person, normalised by `statistics`."""
        mean, std = statistics(channels)
        return InputSpec("person", (size, size), person=crop or PersonCrop(), mean=mean, std=std, **other)

    @property
    def channels(self) -> int:
        """Channels that the network takes."""
        return len(self.mean)

    @property
    def surroundings(self) -> tuple[float, ...]:
        """What stands beside a picture that was moved, a value a channel on the scale 0..1: the mean, or ``pad``'s."""
        return (0.0,) * self.channels if self.rule == "pad" else self.mean

    def resized(self, side: int) -> "InputSpec":
        """The same way in, for another side of the input in pixels; shorter and longer sides follow in proportion."""
        before = self.size[0] if self.size else self.shorter
        scale = side / before if before else 1.0
        return replace(
            self,
            size=(round(self.size[0] * scale), round(self.size[1] * scale)) if self.size else None,
            shorter=round(self.shorter * scale) if self.shorter else None,
            longest=round(self.longest * scale) if self.longest else None,
        )

    def frame(self, source: tuple[int, int], truth: Annotation | None = None) -> Frame:
        """Where the pixels of a picture of size `source` (H, W) go.

        Args:
            source: Height and width.
            truth: What is known of the picture, in its pixels: the rule ``person`` finds the person by it. All others
                do without.
        """
        if self.person is not None and self.size is not None:
            return self.person.frame(source, self.size, truth)
        resized, target = target_size(self.rule, source, self.size, self.shorter, self.longest)
        frame = Frame(scaling(resized[1] / source[1], resized[0] / source[0]), source, resized)
        # Halves go to the even side, as in torchvision's crop, whose weights expect no other pixel.
        top, left = round((resized[0] - target[0]) / 2), round((resized[1] - target[1]) / 2)
        return frame.then(translation(-left, -top), target) if target != resized else frame

    def padded(self, size: tuple[int, int]) -> tuple[int, int]:
        """Size (H, W) to which a batch is padded, margins included, whose largest picture, resized, is of `size`."""
        floor = self.size if self.rule == "letterbox" and self.size else (1, 1)
        wanted = (max(side, least) + 2 * self.margin for side, least in zip(size, floor, strict=True))
        height, width = (
            -(-max(side - self.remainder, 0) // self.multiple) * self.multiple + self.remainder for side in wanted
        )
        return height, width

    def resize(self, image: Tensor, frame: Frame | None = None) -> tuple[Tensor, Frame]:
        """A picture (C, h, w), uint8 or float 0..1, as float32 0..1 in its frame, before normalising and padding.

        Args:
            image: The picture.
            frame: Where its pixels go; by default where `frame` sends those of a picture of its size.

        Raises:
            UsageError: The picture is not a (C, h, w) tensor with at least one pixel.
            ConfigError: Its number of channels is not the network's.
        """
        if image.ndim != 3 or not image.numel():
            raise UsageError("a picture (C, h, w)", f"a tensor of shape {tuple(image.shape)}")
        frame = frame or self.frame((image.shape[-2], image.shape[-1]))
        picture = fit_channels(image, self.channels)
        how = (frame.matrix, frame.target, self.interpolation, self.antialias)
        # One by one the channels of a large picture take a third of the memory.
        whole, beside = picture.numel() <= MANY_VALUES, self.surroundings
        planes = [(picture, beside)] if whole else zip(picture.split(1), ((value,) for value in beside), strict=True)
        resized = torch.cat([warp.image(as_float(plane), *how, fill) for plane, fill in planes])
        if self.rounds and image.dtype == torch.uint8:
            resized = resized.mul(255).round().clamp(0, 255) / 255
        return resized, frame

    def _frame_of(self, image: Tensor, truth: Annotation | None) -> Frame | None:
        """The frame of a picture of which something is known; None where its size alone says it."""
        if self.person is None or truth is None or image.ndim != 3:
            return None
        return self.frame((image.shape[-2], image.shape[-1]), truth)

    def normalise(self, image: Tensor) -> Tensor:
        """A picture (C, h, w) on the scale 0..1, less the mean, over the standard deviation."""
        mean, std = (image.new_tensor(values).view(-1, 1, 1) for values in (self.mean, self.std))
        return (image - mean) / std

    def denormalise(self, images: Tensor) -> Tensor:
        """Normalised pictures (…, C, H, W) on the scale 0..255, as filters that look at colours want them."""
        mean, std = (images.new_tensor(values).view(-1, 1, 1) for values in (self.mean, self.std))
        return (images * std + mean) * 255

    def assemble(
        self,
        images: Sequence[Tensor],
        frames: Sequence[Frame],
        truth: Sequence[Annotation] | None = None,
        ids: Sequence[str] = (),
        regions: Sequence[Tensor | None] = (),
    ) -> Batch:
        """A batch of pictures that are in their frames already: normalised, then padded.

        Args:
            images: (C, h, w) each, uint8 or float 0..1.
            frames: Where each came from.
            truth: What each shows, in its frame's target pixels.
            ids: Their names.
            regions: (r, 4) boxes that a search proposed for each, in its frame's target pixels. Where some picture has
                None, the batch has none.
        """
        sizes = torch.tensor([image.shape[-2:] for image in images], dtype=torch.int64)
        size = self.padded((int(sizes[:, 0].max()), int(sizes[:, 1].max())))
        pictures = torch.stack(
            [pad(self.normalise(as_float(image)), self.margin, size, self.padding) for image in images]
        )
        found, shown = _complete(regions, len(images)), None if truth is None else tuple(truth)
        if self.margin:
            steps = [self.bordered(Frame.identity(frame.target)) for frame in frames]
            shown = None if shown is None else tuple(step.apply(t) for step, t in zip(steps, shown, strict=True))
            found = None if found is None else tuple(boxes + self.margin for boxes in found)
        placed = tuple(map(self.bordered, frames))
        return Batch(pictures, sizes + 2 * self.margin, placed, shown, tuple(ids), regions=found)

    def bordered(self, frame: Frame) -> Frame:
        """The frame followed by the step into the margin."""
        if not self.margin:
            return frame
        height, width = (side + 2 * self.margin for side in frame.target)
        return frame.then(translation(self.margin, self.margin), (height, width))

    def framed(self, sample: Sample) -> Framed:
        """A sample in its frame, without any change but that of size."""
        image, frame = self.resize(sample.image, self._frame_of(sample.image, sample.truth))
        regions = None if sample.regions is None else frame.boxes(sample.regions)
        return Framed(image, frame, frame.apply(sample.truth), regions)

    def batch(
        self,
        images: Sequence[Tensor],
        truth: Sequence[Annotation] | None = None,
        regions: Sequence[Tensor] | None = None,
    ) -> Batch:
        """A batch of pictures as they were read.

        Args:
            images: (C, h, w) each, uint8 or float 0..1.
            truth: What each shows, in its own pixels.
            regions: (r, 4) boxes that a search proposed for each, in its own pixels.

        Raises:
            UsageError: There is no picture.
        """
        if not images:
            raise UsageError("at least one picture", "none")
        told = [None] * len(images) if truth is None else truth
        pairs = zip(images, told, strict=True)
        resized, frames = zip(*(self.resize(image, self._frame_of(image, one)) for image, one in pairs), strict=True)
        moved = None if truth is None else [f.apply(t) for f, t in zip(frames, truth, strict=True)]
        proposed = [f.boxes(boxes) for f, boxes in zip(frames, regions or (), strict=regions is not None)]
        return self.assemble(resized, frames, moved, regions=proposed)

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for YAML and JSON."""
        return asdict(self)

    @staticmethod
    def from_dict(values: dict[str, Any]) -> "InputSpec":
        """The spec that `as_dict` wrote.

        Raises:
            ConfigError: A key is unknown, or the values do not fit together.
        """
        known = [field.name for field in fields(InputSpec)]
        unknown = sorted(set(values) - set(known))
        if unknown:
            raise ConfigError("keys of an input spec", unknown, cure=f"known keys: {known}")
        tuples: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in values.items()}
        if tuples.get("person") is not None:
            tuples["person"] = PersonCrop.from_dict(tuples["person"])
        return InputSpec(**tuples)


def _complete(regions: Sequence[Tensor | None], count: int) -> tuple[Tensor, ...] | None:
    """The regions of `count` pictures; None where some picture has none."""
    known = tuple(boxes for boxes in regions if boxes is not None)
    return known if len(known) == count else None
