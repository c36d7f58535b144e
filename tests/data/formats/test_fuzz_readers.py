"""Ten thousand spoilt files: every reader answers with data or with an error of ours, soon, and in little memory.

The quick run tries a few, always the same; ``make test-all`` tries 10 000 new ones.
"""

import base64
import io
import json
import os
import sys
import warnings
from collections.abc import Callable, Generator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image
from test_bsds import put
from test_mat_pixels import sbd
from test_panoptic import written
from test_pose_readers import flic, mpii, person, release

from made import coco_content, save_picture, write_coco
from mutations import Change, of_bytes, of_json, of_words, of_xml, opened_mat
from saccade.core.errors import SaccadeError
from saccade.data.check import check_data
from saccade.data.open import READERS, open_data
from saccade.data.open import splits as splits_of
from saccade.ops import rle

SEARCH = os.environ.get("HYPOTHESIS_PROFILE") == "search"
MEGABYTES = 500


def coco(root: Path) -> str:
    content = coco_content()
    content["categories"][0] |= {"keypoints": ["nose", "left_ear"], "skeleton": [[1, 2]]}
    content["annotations"][1]["keypoints"] = [52, 33, 2, 55, 34, 1]
    content["annotations"][3]["segmentation"] = {
        "size": [40, 60],
        "counts": rle.compress([100, 30, 2270], (40, 60)).decode(),
    }
    write_coco(root, content)
    return "annotations/instances_train.json"


def voc(root: Path) -> str:
    box = "<bndbox><xmin>3</xmin><ymin>4</ymin><xmax>20</xmax><ymax>30</ymax></bndbox>"
    thing = f"<object><name>cat</name><difficult>1</difficult><truncated>0</truncated>{box}</object>"
    size = "<size><width>60</width><height>40</height><depth>3</depth></size>"
    (root / "Annotations").mkdir(parents=True)
    text = f"<annotation>\n<filename>a.png</filename>\n{size}\n{thing}\n{thing}\n</annotation>"
    (root / "Annotations/a.xml").write_text(text)
    save_picture(root / "JPEGImages/a.png")
    return "Annotations/a.xml"


def voc_objects(root: Path) -> str:
    voc(root)
    (root / "SegmentationObject").mkdir()
    pixels = np.zeros((40, 60), np.uint8)
    pixels[4:9, 4:9], pixels[9:12, 9:12] = 1, 2
    Image.fromarray(pixels).save(root / "SegmentationObject/a.png")
    return "SegmentationObject/a.png"


def yolo(root: Path) -> str:
    (root / "labels/train").mkdir(parents=True)
    (root / "data.yaml").write_text("train: images/train\nnames: [cat, dog]\n")
    (root / "labels/train/a.txt").write_text("0 .5 .5 .2 .2\n1 .1 .1 .5 .1 .5 .6\n0 .1 .2 .05 .05\n")
    save_picture(root / "images/train/a.png")
    return "labels/train/a.txt"


def yolo_joints(root: Path) -> str:
    yolo(root)
    (root / "labels/train/a.txt").write_text("0 .5 .5 .2 .2 .1 .1 2 .2 .3 1\n")
    text = "path: .\ntrain: images/train\nnc: 2\nnames:\n  0: cat\n  1: dog\nkpt_shape: [2, 3]\nflip_idx: [1, 0]\n"
    (root / "data.yaml").write_text(text)
    return "data.yaml"


def labelme(root: Path) -> str:
    save_picture(root / "a.png")
    shapes = [
        {"label": "cat", "points": [[1, 2], [30, 2], [30.5, 30]], "group_id": 1, "shape_type": "polygon"},
        {"label": "dog", "points": [[5, 5], [20, 20]], "group_id": None, "shape_type": "rectangle"},
        {"label": "dog", "points": [[5, 5], [20, 20]], "shape_type": "circle"},
    ]
    size = {"imagePath": "a.png", "imageData": None, "imageHeight": 40, "imageWidth": 60}
    (root / "a.json").write_text(json.dumps({"version": "5", "flags": {}, "shapes": shapes, **size}))
    return "a.json"


def masks(root: Path) -> str:
    save_picture(root / "images/a.png")
    (root / "masks").mkdir()
    (root / "classes.txt").write_text("sky\nroad\ncar\n")
    Image.fromarray(np.arange(2400, dtype=np.uint8).reshape(40, 60) % 3).save(root / "masks/a.png")
    return "masks/a.png"


def colours(root: Path) -> str:
    masks(root)
    (root / "classes.txt").write_text("sky 0 0 0\nroad 1 1 1\ncar 2 2 2\nvoid 9 9 9\n")
    return "classes.txt"


def csv(root: Path) -> str:
    save_picture(root / "a.png")
    save_picture(root / "b.png", seed=1)
    (root / "train.csv").write_text(
        'file,x1,y1,x2,y2,label\na.png,1,2,30,30,cat\nb.png,1,2.5,9,9,"dog, big"\na.png,0,0,9,9,cat\n'
    )
    return "train.csv"


def csv_states(root: Path) -> str:
    csv(root)
    (root / "train.csv").write_text("file,cat,dog\na.png,1,0\nb.png,,1\n")
    return "train.csv"


def folder(root: Path) -> str:
    save_picture(root / "train/cat/a.png")
    save_picture(root / "train/dog/b.jpg")
    return "train/dog/b.jpg"


def class_masks(root: Path) -> str:
    save_picture(root / "images/a.png")
    for name in ("lesion", "organ"):
        (root / "masks" / name).mkdir(parents=True)
        Image.fromarray(np.eye(40, 60, dtype=np.uint8) * 255).save(root / "masks" / name / "a.png")
    return "masks/organ/a.png"


def labelme_drawn(root: Path) -> str:
    save_picture(root / "a.png")
    file = io.BytesIO()
    Image.fromarray(np.eye(4, 5, dtype=np.uint8) * 255).save(file, format="PNG")
    code = base64.b64encode(file.getvalue()).decode()
    drawn = {"label": "cat", "shape_type": "mask", "points": [[3, 4], [7, 7]], "mask": code, "group_id": 1}
    said = {"imagePath": "a.png", "imageData": None, "imageHeight": 40, "imageWidth": 60}
    (root / "a.json").write_text(json.dumps({"shapes": [drawn], **said}))
    return "a.json"


def object_masks(root: Path) -> str:
    save_picture(root / "images/a.png")
    (root / "masks").mkdir()
    Image.fromarray(np.arange(2400, dtype=np.uint8).reshape(40, 60) // 50).save(root / "masks/a.png")
    return "masks/a.png"


def bsds(root: Path) -> str:
    return put(root).relative_to(root).as_posix()


def flic_mat(root: Path) -> str:
    flic(root)
    return "examples.mat"


def mpii_json(root: Path) -> str:
    return mpii(root, [person(), person()]).relative_to(root).as_posix()


def mpii_mat(root: Path) -> str:
    return release(root).relative_to(root).as_posix()


def sbd_mat(root: Path) -> str:
    sbd(root, ("a",))
    (root / "train.txt").write_text("a\n")
    return "cls/a.mat"


def panoptic(root: Path) -> str:
    written(root)
    return "annotations/panoptic_val2017.json"


Make = Callable[[Path], str]
ANY = st.one_of(of_bytes(), of_words())
# Format, what writes a sound set and names the file to spoil, and how.
CASES: dict[str, tuple[str, Make, st.SearchStrategy[Change]]] = {
    "coco": ("coco", coco, st.one_of(of_json(), of_json(), of_bytes())),
    "panoptic": ("panoptic", panoptic, st.one_of(of_json(), of_json(), of_bytes())),
    "voc": ("voc", voc, st.one_of(of_xml(), of_xml(), of_bytes())),
    "voc-objects": ("voc", voc_objects, of_bytes()),
    "yolo": ("yolo", yolo, ANY),
    "yolo-yaml": ("yolo", yolo_joints, ANY),
    "labelme": ("labelme", labelme, st.one_of(of_json(), of_json(), of_bytes())),
    "labelme-drawn": ("labelme", labelme_drawn, st.one_of(of_json(), of_json(), of_bytes())),
    "masks": ("masks", masks, of_bytes()),
    "class_masks": ("class_masks", class_masks, of_bytes()),
    "object_masks": ("object_masks", object_masks, of_bytes()),
    "colours": ("masks", colours, ANY),
    "csv": ("csv", csv, ANY),
    "csv-states": ("csv", csv_states, ANY),
    "folder": ("folder", folder, of_bytes()),
    "bsds": ("bsds", bsds, of_bytes()),
    "flic": ("flic", flic_mat, of_bytes()),
    "mpii": ("mpii", mpii_json, st.one_of(of_json(), of_json(), of_bytes())),
    "mpii-mat": ("mpii", mpii_mat, of_bytes()),
    "sbd": ("sbd", sbd_mat, of_bytes()),
}
EXAMPLES = 10_000 // len(CASES) + 1 if SEARCH else 12


@pytest.fixture
def little_memory() -> Generator[None]:
    """At most 500 MB beyond what is in use; more is a MemoryError, which no reader may raise."""
    if sys.platform != "linux":
        yield
        return
    import resource

    used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (used + MEGABYTES * 2**20, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))


def read_all(uri: str, split: str) -> None:
    """Opens the data as training would, and as a check would, which goes on after a defect; reads all that opens."""
    for report in (None, lambda _: None):
        try:
            names = splits_of(uri)
            data = open_data(
                uri, split if split in names or not names else names[0], **{"report": report} if report else {}
            )
        except SaccadeError:
            continue
        for index in range(min(len(data), 3)):
            for read in (data.id, data.truth, data.__getitem__, data.size, data.classes_of):  # pyright: ignore
                try:
                    read(index)
                except SaccadeError:
                    continue


# A hang ends by this limit.
@pytest.mark.timeout(1200 if SEARCH else 300)
@pytest.mark.parametrize("name", CASES)
def test_a_spoilt_file_is_refused_in_our_own_words(tmp_path: Path, little_memory: None, name: str) -> None:
    form, make, change = CASES[name]
    file = tmp_path / make(tmp_path)
    sound = opened_mat(file.read_bytes()) if file.suffix == ".mat" else file.read_bytes()
    file.write_bytes(sound)
    uri, split = f"{form}:{tmp_path}", "train"
    assert len(open_data(uri, (splits_of(uri) or [split])[0])) > 0

    @settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck), database=None)
    @given(st.lists(change, min_size=1, max_size=3))
    def spoil(changes: list[Change]) -> None:
        data = sound
        for one in changes:
            data = one(data)
        file.write_bytes(data)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            read_all(uri, split)
            if SEARCH:
                assert all(one.found and one.expected for one in check_data(uri, workers=0, quick=True).defects)

    spoil()


def test_every_reader_is_tried() -> None:
    # PASCAL-Context's files are read by the same functions as SBD's; a family's formats are parsed by another package.
    # "classes" reads as "folder" does, and what is refused by its name alone is never parsed. Maps of objects are
    # read by their name alone, and by functions of their own.
    others = {name for name, reader in READERS.items() if reader.by_name or reader.weight < 0} - {"object_masks"}
    assert {form for form, _, _ in CASES.values()} == set(READERS) - {"context"} - others
