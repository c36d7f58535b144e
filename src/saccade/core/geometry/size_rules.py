"""The rules by which a picture's size becomes the network's; whole pixels, as torchvision rounds them."""

from saccade.core.errors import ConfigError

Size = tuple[int, int]


def target_size(
    rule: str, source: Size, size: Size | None, shorter: int | None, longest: int | None
) -> tuple[Size, Size]:
    """Size (H, W) after resizing, and after cropping the centre or padding around it.

    Args:
        rule: A rule of `InputSpec`.
        source: (H, W) of the picture.
        size: (H, W) asked for by ``stretch``, ``letterbox``, ``crop`` and ``pad``.
        shorter: Length of the shorter side asked for by ``crop``, ``shorter`` and ``pad``, which is within `size`.
        longest: Bound of the longer side, for ``shorter``.

    Raises:
        ConfigError: The rule lacks a number that it needs.
    """
    if rule == "native":
        return source, source
    if rule == "shorter" and shorter:
        resized = _shorter_side(source, shorter, longest)
        return resized, resized
    if rule == "stretch" and size:
        return size, size
    if rule == "pad" and size and shorter and shorter <= min(size):
        return (shorter, shorter), size
    if rule == "letterbox" and size:
        scale = min(size[0] / source[0], size[1] / source[1])
        resized = (max(round(source[0] * scale), 1), max(round(source[1] * scale), 1))
        return resized, resized
    if rule == "crop" and size and shorter:
        scale = max(shorter / min(source), size[0] / source[0], size[1] / source[1])
        resized = (max(int(source[0] * scale + 1e-6), size[0]), max(int(source[1] * scale + 1e-6), size[1]))
        return resized, size
    raise ConfigError(
        f"a size for the input rule {rule!r}",
        f"size={size}, shorter={shorter}",
        cure="give stretch, letterbox, crop and pad a size, and crop, shorter and pad a shorter side",
    )


def _shorter_side(source: Size, shorter: int, longest: int | None) -> Size:
    scale = shorter / min(source)
    if longest is not None:
        # torchvision's detectors floor what floating point gives, and their weights expect no other side.
        scale = min(scale, longest / max(source))
        return max(int(source[0] * scale), 1), max(int(source[1] * scale), 1)
    # A hair is added before the floor because 800 / 480 * 480 is 799.99… in floating point.
    return max(int(source[0] * scale + 1e-6), 1), max(int(source[1] * scale + 1e-6), 1)
