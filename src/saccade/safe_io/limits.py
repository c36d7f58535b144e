"""How much is taken from a file that somebody else made, before it is refused."""

# A quarter of a GiB as RGB bytes, and the size from which Pillow itself speaks of a decompression bomb.
MAX_PIXELS = 89_478_485
# The longest side of a JPEG, and twice what any camera gives.
MAX_SIDE = 65_535
MAX_PICTURE_BYTES = 2**29
# As many as the largest picture has as RGB, for pictures of any number of channels.
MAX_VALUES = 3 * MAX_PIXELS
MAX_JSON_BYTES = 2**32
MAX_YAML_BYTES = 2**20
# An annotation of one picture; a thousand objects take a third of a megabyte.
MAX_XML_BYTES = 2**24
MAX_XML_ELEMENTS = 2**18
MAX_XML_DEPTH = 64
MAX_TEXT_BYTES = 2**28
MAX_MAT_BYTES = 2**28
MAX_MAT_DEPTH = 32
# Archives of data: files, bytes once unpacked, and how many times the archive's own size that may be.
MAX_ARCHIVE_MEMBERS = 2**22
MAX_ARCHIVE_BYTES = 2**39
MAX_ARCHIVE_RATIO = 200
# Below it the ratio does not count: a small archive of blank masks packs very well.
MIN_ARCHIVE_BYTES = 2**26
# A picture from the web: what a camera gives at most, in bytes, and seconds without a byte and in all.
MAX_DOWNLOAD_BYTES = 2**27
DOWNLOAD_PAUSE = 20.0
DOWNLOAD_SECONDS = 120.0
