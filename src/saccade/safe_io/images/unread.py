"""Files that look like pictures and are not read: told by their suffix, or by their first bytes."""

from pathlib import Path

from saccade.safe_io.files import kind_of
from saccade.safe_io.images.pictures import SUFFIXES

_RAW = (
    *(".3fr", ".arw", ".cr2", ".cr3", ".crw", ".dcr", ".dng", ".erf", ".fff", ".iiq", ".kdc", ".mef", ".mos", ".mrw"),
    *(".nef", ".nrw", ".orf", ".pef", ".raf", ".raw", ".rw2", ".rwl", ".sr2", ".srf", ".srw", ".x3f"),
)
_KINDS = {
    **dict.fromkeys((".heic", ".heif", ".heics", ".hif"), "HEIC"),
    **dict.fromkeys((".avif", ".avifs"), "AVIF"),
    **dict.fromkeys(_RAW, "camera raw"),
    **dict.fromkeys((".psd", ".psb"), "Photoshop"),
    **dict.fromkeys((".jp2", ".j2k", ".jpf", ".jpx", ".jpm", ".jpc", ".j2c"), "JPEG 2000"),
    **dict.fromkeys((".jxl",), "JPEG XL"),
    **dict.fromkeys((".jxr", ".wdp", ".hdp"), "JPEG XR"),
    **dict.fromkeys((".svg", ".svgz"), "SVG"),
    **dict.fromkeys((".eps",), "EPS"),
    **dict.fromkeys((".tga", ".icb", ".vda"), "Targa"),
    **dict.fromkeys((".ico", ".cur", ".icns"), "icon"),
    **dict.fromkeys((".exr",), "OpenEXR"),
    **dict.fromkeys((".hdr",), "Radiance"),
    **dict.fromkeys((".pfm", ".pam"), "PFM or PAM"),
    **dict.fromkeys((".dds",), "DDS"),
    **dict.fromkeys((".dcm", ".dicom"), "DICOM"),
    **dict.fromkeys((".nii",), "NIfTI"),
    **dict.fromkeys((".fits", ".fit", ".fts"), "FITS"),
    **dict.fromkeys((".xcf",), "GIMP"),
    **dict.fromkeys(
        (".pcx", ".sgi", ".ras", ".xbm", ".xpm", ".wbmp", ".bpg", ".flif", ".qoi"), "an old or rare format"
    ),
}
# What `kind_of` may say of a picture whose name tells nothing.
_PICTURES = frozenset(("JPEG", "PNG", "GIF", "BMP", "TIFF", "WebP", "HEIC", "AVIF", "Photoshop"))
# Names of files that nobody takes for a picture's: they are not looked into.
_OTHERS = frozenset(
    (
        *(".txt", ".xml", ".json", ".jsonl", ".csv", ".tsv", ".yaml", ".yml", ".md", ".rst", ".html", ".css", ".js"),
        *(".py", ".ipynb", ".sh", ".bat", ".m", ".mat", ".npz", ".h5", ".hdf5", ".pkl", ".pt", ".pth", ".onnx", ".db"),
        *(".zip", ".tar", ".gz", ".tgz", ".7z", ".rar", ".pdf", ".doc", ".docx", ".xls", ".xlsx", ".log", ".ini"),
        *(".mp4", ".avi", ".mov", ".mkv", ".webm", ".wav", ".mp3", ".safetensors", ".names", ".data", ".cfg", ".cache"),
    )
)


def kind_of_unread(file: Path, *, look_inside: bool = True) -> str | None:
    """What an unread file is that looks like a picture, such as ``HEIC``; None of pictures that are read, and others.

    Args:
        file: The file.
        look_inside: Whether the first bytes are looked at where the name tells nothing, such as ``photo`` and
            ``photo.jpg_large``.
    """
    suffix = file.suffix.lower()
    if suffix in SUFFIXES or suffix in _OTHERS:
        return None
    if suffix in _KINDS:
        return _KINDS[suffix]
    return _by_bytes(file) if look_inside else None


def _by_bytes(file: Path) -> str | None:
    try:
        if not file.is_file():
            return None
        with file.open("rb") as opened:
            kind = kind_of(opened.read(512))
    except OSError:
        return None
    if kind not in _PICTURES:
        return None
    return f"{kind} without a picture's suffix"
