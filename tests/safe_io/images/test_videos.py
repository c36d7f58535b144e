"""Videos: each frame once, upright, with its own time; what is cut short or no video at all is said."""

from pathlib import Path

import numpy as np
import pytest
import torch

from films import SIZE, film, frame, left_of
from saccade.core.errors import DataError, UsageError
from saccade.safe_io.images.videos import VideoFrame, is_video, open_video, upright


def read(path: Path, every: int = 1) -> list[VideoFrame]:
    with open_video(path) as video:
        return list(video.frames(every))


def left(shown: VideoFrame) -> int:
    """Where the white box begins."""
    return int((shown.image[0, 16] > 128).nonzero()[0])


@pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".avi"])
def test_every_frame_comes_once_in_order(tmp_path: Path, suffix: str) -> None:
    path = film(tmp_path / f"clip{suffix}", 20)
    with open_video(path) as video:
        frames = list(video.frames())
        assert (video.rate, video.count) == (25, 20)
    assert [f.place for f in frames] == list(range(20))
    assert [left(f) for f in frames] == [left_of(place) for place in range(20)]
    assert {tuple(f.image.shape) for f in frames} == {(3, *SIZE)}
    gaps = np.diff([f.time for f in frames])
    np.testing.assert_allclose(gaps, 0.04, atol=1e-6)


def test_every_so_many(tmp_path: Path) -> None:
    frames = read(film(tmp_path / "clip.mp4", 20), every=7)
    assert [f.place for f in frames] == [0, 7, 14]
    assert [left(f) for f in frames] == [left_of(0), left_of(7), left_of(14)]
    assert [round(f.time, 3) for f in frames] == [0, 0.28, 0.56]


def test_times_are_the_file_s_own(tmp_path: Path) -> None:
    times = [0.0, 0.05, 0.3, 0.31, 1.0]
    found = [f.time for f in read(film(tmp_path / "clip.mp4", 5, times=times))]
    np.testing.assert_allclose(found, times, atol=1e-3)


@pytest.mark.parametrize("size", [(47, 64), (48, 63), (35, 35)])
def test_odd_sizes(tmp_path: Path, size: tuple[int, int]) -> None:
    assert {tuple(f.image.shape) for f in read(film(tmp_path / "clip.mkv", 3, size=size))} == {(3, *size)}


@pytest.mark.parametrize("degrees", [0, 90, 180, -90])
@pytest.mark.parametrize("mirrored", [False, True])
def test_a_camera_s_rotation_is_applied(tmp_path: Path, degrees: int, mirrored: bool) -> None:
    (shown,) = read(film(tmp_path / "clip.mp4", 1, turn=(degrees, mirrored)))
    stored = frame(0)
    wanted = np.rot90(stored, degrees // 90)  # degrees run against the clock
    wanted = wanted[:, ::-1] if mirrored else wanted
    found = shown.image.permute(1, 2, 0).numpy()
    assert found.shape == wanted.shape
    assert np.abs(found.astype(int) - wanted.astype(int)).mean() < 6


def test_without_a_matrix_nothing_turns() -> None:
    pixels = torch.arange(24).view(1, 4, 6)
    assert upright(pixels, None) is pixels


@pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".avi"])
@pytest.mark.parametrize("share", [0.5, 0.8])
def test_a_file_that_is_cut_gives_its_whole_frames_and_says_so(tmp_path: Path, suffix: str, share: float) -> None:
    path = film(tmp_path / f"clip{suffix}", 40, size=(96, 128), noise=110)
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * share)])
    before, found = path.read_bytes(), list[int]()

    def take() -> None:
        with open_video(path) as video:
            for shown in video.frames():
                found.append(left(shown))

    with pytest.raises(DataError) as caught:
        take()
    assert 0 < len(found) < 40
    assert found == [left_of(place, (96, 128)) for place in range(len(found))]
    assert f"frame {len(found)}: expected a whole frame, found " in caught.value.what
    assert caught.value.path == str(path)
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"no video",
        b"#EXTM3U\n#EXTINF:10,\nfile:///etc/hostname\n#EXT-X-ENDLIST\n",
        b"ffconcat version 1.0\nfile clip.mp4\n",
        b"v=0\no=- 0 0 IN IP4 127.0.0.1\nm=video 9 RTP/AVP 96\n",
        bytes(4000),
    ],
)
def test_what_is_no_video_is_refused(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "a.mp4").write_bytes(data)
    with pytest.raises(DataError) as caught:
        read(tmp_path / "a.mp4")
    assert caught.value.path == str(tmp_path / "a.mp4")


def test_a_file_without_pictures_is_refused(tmp_path: Path) -> None:
    import av

    with av.open(str(tmp_path / "a.mkv"), "w") as container:
        sound = av.AudioFrame.from_ndarray(np.zeros((1, 4410), np.int16), format="s16", layout="mono")
        sound.rate = 44100
        stream = container.add_stream("pcm_s16le", rate=44100)
        container.mux(stream.encode(sound))
        container.mux(stream.encode(None))
    with pytest.raises(DataError, match="expected a video stream, found none"):
        read(tmp_path / "a.mkv")


def test_frames_too_large_are_refused_before_they_are_decoded(tmp_path: Path, monkeypatch) -> None:
    path = film(tmp_path / "clip.mp4", 2)
    monkeypatch.setattr("saccade.safe_io.images.videos.MAX_VALUES", 100)
    with pytest.raises(DataError, match="48x64"), open_video(path):
        pass


def test_what_to_install_is_said(tmp_path: Path, monkeypatch) -> None:
    path = film(tmp_path / "clip.mp4", 2)
    monkeypatch.setitem(__import__("sys").modules, "av", None)
    with pytest.raises(UsageError) as caught:
        read(path)
    assert caught.value.cure == "pip install av"


def test_videos_are_known_by_name_or_by_their_first_bytes(tmp_path: Path) -> None:
    path = film(tmp_path / "clip.mp4", 2)
    assert is_video(path)
    assert is_video(path.rename(tmp_path / "clip"))
    assert is_video(Path("absent.MOV"))
    (tmp_path / "text").write_text("text")
    (tmp_path / "heif").write_bytes(b"\0\0\0\x18ftypheic")
    assert [is_video(tmp_path / name) for name in ("text", "heif", "absent", "a.png")] == [False] * 4
