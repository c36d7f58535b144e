"""Archives: what is sound is unpacked once, what is crafted is refused with the member's name and leaves nothing."""

import io
import stat
import tarfile
import zipfile
from pathlib import Path

import pytest
from PIL import Image

from saccade.core.errors import DataError
from saccade.data.open import open_data
from saccade.safe_io import archives
from saccade.safe_io.archives import cache_folder, is_archive, unpacked


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SACCADE_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache" / "archives"


def zipped(path: Path, **members: bytes | str) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return path


def tarred(path: Path, *members: tuple[tarfile.TarInfo, bytes]) -> Path:
    with tarfile.open(path, "w:gz" if path.name.endswith("gz") else "w") as archive:
        for info, data in members:
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return path


def left_over(cache: Path) -> list[Path]:
    return list(cache.iterdir()) if cache.is_dir() else []


def test_data_in_an_archive(tmp_path: Path, cache: Path) -> None:
    for place, name in enumerate(("ant/1.png", "bee/2.png")):
        (tmp_path / "photos" / name).parent.mkdir(parents=True)
        Image.new("RGB", (60, 40), (place, 2, 3)).save(tmp_path / "photos" / name)
    pictures = sorted((tmp_path / "photos").rglob("*.png"))
    names = {f"photos/{file.relative_to(tmp_path / 'photos')}": file.read_bytes() for file in pictures}
    file = zipped(tmp_path / "photos.zip", **names, **{"__MACOSX/photos/ant/._1.png": b"x", "photos/bee/._2.png": b"x"})
    before = (file.read_bytes(), file.stat().st_mtime_ns)
    for source in (file, str(file), f"folder:{file}"):
        data = open_data(source)
        assert (data.classes, [data.id(i) for i in range(2)]) == (("ant", "bee"), ["ant/1.png", "bee/2.png"])
        assert data[1].image.shape == (3, 40, 60)
    assert len(left_over(cache)) == 1
    assert (file.read_bytes(), file.stat().st_mtime_ns) == before
    packed = tarred(tmp_path / "photos.tar.gz", *[(tarfile.TarInfo(name), data) for name, data in names.items()])
    assert len(open_data(packed)) == 2


def test_an_archive_without_a_folder_of_its_own(tmp_path: Path) -> None:
    folder = unpacked(zipped(tmp_path / "a.zip", **{"x.txt": "1", "b/y.txt": "2"}))
    assert sorted(file.name for file in folder.rglob("*.txt")) == ["x.txt", "y.txt"]
    assert folder.parent == cache_folder() / "archives"


def test_another_content_is_another_folder(tmp_path: Path, cache: Path) -> None:
    first = unpacked(zipped(tmp_path / "a.zip", **{"d/x.txt": "one"}))
    second = unpacked(zipped(tmp_path / "a.zip", **{"d/x.txt": "three"}))
    assert ((first / "x.txt").read_text(), (second / "x.txt").read_text()) == ("one", "three")
    assert len(left_over(cache)) == 2


@pytest.mark.parametrize("name", ["../x", "a/../../x", "/etc/x", "C:\\x", "..\\x", "\\\\host\\x"])
@pytest.mark.parametrize("kind", ["zip", "tar"])
def test_names_that_lead_out(kind: str, name: str, tmp_path: Path, cache: Path) -> None:
    sound = {"good.txt": b"1"}
    if kind == "zip":
        file = zipped(tmp_path / "a.zip", **sound, **{name: b"2"})
    else:
        file = tarred(tmp_path / "a.tar", *[(tarfile.TarInfo(n), d) for n, d in {**sound, name: b"2"}.items()])
    with pytest.raises(DataError, match="member") as caught:
        unpacked(file)
    assert repr(name)[1:-1] in caught.value.what
    assert left_over(cache) == []
    assert not (tmp_path / "x").exists()


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE])
def test_links_and_devices_in_a_tar(kind: bytes, tmp_path: Path, cache: Path) -> None:
    info = tarfile.TarInfo("evil")
    info.type, info.linkname = kind, "/etc/passwd"
    with pytest.raises(DataError, match="member 'evil': expected a file, found a link or a device"):
        unpacked(tarred(tmp_path / "a.tar", (tarfile.TarInfo("good"), b"1"), (info, b"")))
    assert left_over(cache) == []


def test_a_link_in_a_zip(tmp_path: Path, cache: Path) -> None:
    info = zipfile.ZipInfo("evil")
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr(info, "/etc/passwd")
    with pytest.raises(DataError, match="'evil'"):
        unpacked(tmp_path / "a.zip")
    assert left_over(cache) == []


@pytest.mark.parametrize("suffix", ["zip", "tar.gz"])
def test_bombs(suffix: str, tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, "MIN_ARCHIVE_BYTES", 2**12)
    data = bytes(2**22)
    file = tmp_path / f"a.{suffix}"
    if suffix == "zip":
        zipped(file, **{"bomb": data})
    else:
        tarred(file, (tarfile.TarInfo("bomb"), data))
    with pytest.raises(DataError, match=r"member 'bomb': expected at most \d+ bytes once unpacked, found more"):
        unpacked(file)
    assert left_over(cache) == []


def test_too_many_members(tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, "MAX_ARCHIVE_MEMBERS", 3)
    with pytest.raises(DataError, match="member 'm3': expected at most 3 members, found more"):
        unpacked(zipped(tmp_path / "a.zip", **{f"m{k}": b"" for k in range(5)}))
    assert left_over(cache) == []


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_name_given_twice_and_a_file_that_is_a_folder(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("same", "1")
        archive.writestr("same", "2")
    with pytest.raises(DataError, match="twice"):
        unpacked(tmp_path / "a.zip")
    with pytest.raises(DataError, match="of their own names"):
        unpacked(zipped(tmp_path / "b.zip", **{"same": "1", "same/x": "2"}))


@pytest.mark.parametrize("cut", [10, 200])
@pytest.mark.parametrize("name", ["a.zip", "a.tar.gz", "a.tar"])
def test_broken_archives(name: str, cut: int, tmp_path: Path, cache: Path) -> None:
    file = tmp_path / name
    data = bytes(range(256)) * 40
    if name.endswith("zip"):
        zipped(file, **{"x": data})
    else:
        tarred(file, (tarfile.TarInfo("x"), data))
    file.write_bytes(file.read_bytes()[:cut])
    with pytest.raises(DataError, match="whole archive"):
        unpacked(file)
    assert left_over(cache) == []


def test_what_is_an_archive(tmp_path: Path) -> None:
    (tmp_path / "folder.zip").mkdir()
    (tmp_path / "a.TGZ").touch()
    assert is_archive(tmp_path / "a.TGZ")
    assert not is_archive(tmp_path / "folder.zip")
    assert not is_archive(tmp_path / "b.zip")
