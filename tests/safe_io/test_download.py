"""What is taken from the web: as much as is allowed, from where the caller said, or an error that names the address."""

import io
import socket
from types import SimpleNamespace
from urllib.request import Request

import pytest

from saccade.core.errors import DataError
from saccade.safe_io import download as module
from saccade.safe_io.download import download, is_url
from web import serving


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch):
    for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)


def test_the_bytes_arrive_as_they_are():
    with serving({"/a": (200, {"Content-Length": "5"}, b"12345"), "/b": (200, {}, b"unsaid")}) as address:
        assert download(f"{address}/a", 5) == b"12345"
        assert download(f"{address}/b", 100) == b"unsaid"


@pytest.mark.parametrize(
    ("answer", "found"),
    [
        ((200, {"Content-Length": "101"}, b"x" * 101), "101"),
        ((200, {}, b"x" * 101), "101 and more"),
        ((200, {"Content-Length": "90"}, b"x" * 30), "30 of 90 bytes"),
        ((404, {}, b""), "404 Not Found"),
        ((500, {}, b""), "500 Internal Server Error"),
        ((302, {"Location": "file:///etc/passwd"}, b""), "file:///etc/passwd"),
        ((302, {"Location": "ftp://127.0.0.1/a"}, b""), "ftp://127.0.0.1/a"),
        ((302, {"Location": "/a"}, b""), "302"),
    ],
)
def test_what_is_not_whole_and_small_and_of_the_web_is_refused(answer, found):
    with serving({"/a": answer}) as address, pytest.raises(DataError) as caught:
        download(f"{address}/a", 100)
    assert found in caught.value.found
    assert caught.value.path == f"{address}/a"


def test_a_redirection_within_the_web_is_followed():
    with serving({"/a": (302, {"Location": "/b"}, b""), "/b": (200, {}, b"there")}) as address:
        assert download(f"{address}/a", 100) == b"there"


def test_https_is_not_left():
    with pytest.raises(DataError, match="a redirection to https"):
        module._Redirections().redirect_request(
            Request("https://a.example/x"), io.BytesIO(), 302, "", None, "http://a.example/x"
        )


def test_a_download_ends_in_time(monkeypatch):
    clock = iter([0.0, 1e9])
    monkeypatch.setattr(module, "time", SimpleNamespace(monotonic=lambda: next(clock)))
    with serving({"/a": (200, {}, b"x" * 10)}) as address, pytest.raises(DataError, match="in time"):
        download(f"{address}/a", 100)


def test_where_nothing_answers_the_cure_speaks_of_the_network():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    for address in (f"http://127.0.0.1:{port}/a.jpg", "http://no-such-host.invalid/a.jpg"):
        with pytest.raises(DataError, match="network") as caught:
            download(address, 100)
        assert caught.value.path == address


@pytest.mark.parametrize(
    ("text", "is_one"),
    [("http://a/b.jpg", True), ("HTTPS://a", True), ("a/http.jpg", False), ("file:///etc/passwd", False), ("", False)],
)
def test_an_address_is_known_by_its_beginning(text, is_one):
    assert is_url(text) is is_one
