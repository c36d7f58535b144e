"""How much is taken from a file that somebody else made, before it is refused."""

# A quarter of a GiB as RGB bytes, and the size from which Pillow itself speaks of a decompression bomb.
MAX_PIXELS = 89_478_485
# The longest side of a JPEG, and twice what any camera gives.
MAX_SIDE = 65_535
MAX_PICTURE_BYTES = 2**29
MAX_JSON_BYTES = 2**32
MAX_YAML_BYTES = 2**20
