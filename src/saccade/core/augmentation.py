"""What a recipe may do to a training picture: numbers alone; `data.augment.augment` does it."""

from dataclasses import dataclass
from typing import Literal

from saccade.core.errors import ConfigError


@dataclass(frozen=True)
class Augmentation:
    """Ranges from which one affine map, one elastic field and one colour change are drawn for each picture.

    Attributes:
        flip: Probability of a left-right flip; joints change places by the data set's pairs.
        flip_vertical: Probability of an upside-down flip.
        crop_area: Share of the picture's area that a random crop covers (Inception's crop), or None for no such crop.
        crop_aspect: Width over height of that crop, drawn log-uniformly.
        crop_draw: What of a crop is drawn uniformly: ``area``, its share of the picture's, or ``side``, its root,
            whose shapes are uniform among those that fit, relative to the picture's own (SSD).
        crop_keeps: What a random crop must keep: nothing, or the centre of at least one object.
        crop_class: Probability that a random crop is laid around a pixel of a class, each class of pixels that the
            picture shows as likely as the others, so that rare ones are seen (nnU-Net: a third of its patches).
        crop_overlap: Least overlaps (IoU) of that crop with some object, of which one is drawn for each picture: 0 asks
            for none, 1 leaves the picture whole; objects whose centre is cut away go (SSD's crop). None: no such rule.
        expand: Greatest sides, over the picture's, of a canvas of the mean colour on which every other picture is laid
            at a random place (SSD's expansion).
        scale: Factor of size, drawn log-uniformly.
        jitter: How `scale` and `rotate` are drawn: ``uniform``, or ``normal`` with half of their bound as the standard
            deviation, clipped at the bound, sizes by their logarithm (stacked hourglass: 2^N(0, .25) up to 2^±.5).
        zoom: Factor of the input's own size, drawn log-uniformly, for networks that take pictures of any size (input
            rules ``shorter`` and ``native``): training at several scales.
        rotate: Degrees to either side, drawn uniformly.
        rotate_chance: Probability that a picture is turned at all.
        translate: Share of the side to either side, drawn uniformly.
        shear: Degrees to either side, drawn uniformly.
        pad_crop: Pixels padded on every side before a random crop of the former size (CIFAR's recipe).
        elastic: (standard deviation of the displacements in pixels, distance of the control points in pixels).
        mosaic: Probability that four pictures share a canvas.
        mixup: Beta parameter of the blend of two pictures, or None.
        paste: Probability that about half of the objects of another picture are cut out by their masks and laid over
            this one (copy-paste); pictures without masks stay as they are.
        brightness: Greatest relative change.
        brightness_shift: Greatest shift of all values, on the scale 0..1 (SSD: 32 of 255).
        channels: Greatest relative change of each channel by itself.
        contrast: Greatest relative change.
        saturation: Greatest relative change.
        hue: Greatest change, in turns of the colour circle.
        hsv_saturation: Greatest factor of the saturation of HSV, or its inverse, one as likely as the other (Darknet).
        hsv_exposure: The same of HSV's value.
        colour: Probability of each of the changes of brightness, contrast, saturation and hue.
        lighting: Standard deviation of the change along the principal colours (AlexNet, section 4.1).
        blur: Greatest standard deviation of a Gaussian blur, in pixels.
        erase: Probability that a rectangle is painted over.
    """

    flip: float = 0.0
    flip_vertical: float = 0.0
    crop_area: tuple[float, float] | None = None
    crop_aspect: tuple[float, float] = (3 / 4, 4 / 3)
    crop_draw: Literal["area", "side"] = "area"
    crop_keeps: Literal["nothing", "object"] = "nothing"
    crop_class: float = 0.0
    crop_overlap: tuple[float, ...] | None = None
    expand: float = 1.0
    scale: tuple[float, float] = (1.0, 1.0)
    jitter: Literal["uniform", "normal"] = "uniform"
    zoom: tuple[float, float] = (1.0, 1.0)
    rotate: float = 0.0
    rotate_chance: float = 1.0
    translate: float = 0.0
    shear: float = 0.0
    pad_crop: int = 0
    elastic: tuple[float, float] | None = None
    mosaic: float = 0.0
    mixup: float | None = None
    paste: float = 0.0
    brightness: float = 0.0
    brightness_shift: float = 0.0
    channels: float = 0.0
    contrast: float = 0.0
    saturation: float = 0.0
    hue: float = 0.0
    hsv_saturation: float = 1.0
    hsv_exposure: float = 1.0
    colour: float = 1.0
    lighting: float = 0.0
    blur: float = 0.0
    erase: float = 0.0

    def __post_init__(self) -> None:
        for name in ("flip", "flip_vertical", "crop_class", "rotate_chance", "mosaic", "paste", "erase", "colour"):
            _expect(0 <= getattr(self, name) <= 1, f"a probability {name} from 0 to 1", getattr(self, name))
        for name in ("crop_area", "crop_aspect", "scale", "zoom"):
            low, high = getattr(self, name) or (1.0, 1.0)
            _expect(0 < low <= high, f"a positive range {name}, the smaller number first", (low, high))
        _expect(self.crop_area is None or self.crop_area[1] <= 1, "a share crop_area up to 1", self.crop_area)
        for name in ("rotate", "translate", "shear", "pad_crop"):
            _expect(getattr(self, name) >= 0, f"a number {name} from 0", getattr(self, name))
        for name in ("brightness", "brightness_shift", "channels", "contrast", "saturation", "hue"):
            _expect(getattr(self, name) >= 0, f"a number {name} from 0", getattr(self, name))
        for name in ("expand", "hsv_saturation", "hsv_exposure"):
            _expect(getattr(self, name) >= 1, f"a factor {name} from 1", getattr(self, name))
        _expect(self.translate <= 1, "a share translate up to 1", self.translate)
        _expect(self.shear < 90, "a slant shear below 90 degrees", self.shear)
        shift, distance = self.elastic or (0.0, 1.0)
        _expect(0 <= shift <= distance / 4, "shifts elastic up to a quarter of their points' distance", self.elastic)
        overlaps = self.crop_overlap
        fits = overlaps is None or (overlaps and all(0 <= least <= 1 for least in overlaps))
        _expect(bool(fits), "overlaps crop_overlap from 0 to 1, or None", overlaps)
        _expect(overlaps is None or self.crop_area is not None, "a crop_area for crop_overlap", self.crop_area)
        _expect(not self.crop_class or self.crop_area is not None, "a crop_area for crop_class", self.crop_area)
        _expect(self.blur >= 0 and self.lighting >= 0, "blur and lighting from 0", (self.blur, self.lighting))
        _expect(self.mixup is None or self.mixup > 0, "a positive parameter mixup, or None", self.mixup)

    @property
    def is_empty(self) -> bool:
        """Whether every picture stays as it is, so that features of frozen parts may be kept."""
        return self == Augmentation()


def _expect(holds: bool, expected: str, found: object) -> None:
    if not holds:
        raise ConfigError(expected, found, within="augmentation")
