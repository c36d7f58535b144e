"""The packaged weights, served as the hubs of torchvision and timm serve theirs, fetched by the code for those."""

import hashlib
import os
import subprocess
import sys
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import ClassVar

import pytest
import timm
import torch
from safetensors.torch import save

from saccade.trunks.networks.efficientnet_lite import WEIGHTS
from saccade.trunks.packaged import read, where
from saccade.trunks.pretrained import fetch
from served import served

TIMM = "/timm/tf_efficientnet_lite0.in1k/resolve/main/model.safetensors"
FETCH = """
import torch
from saccade.trunks import trunk
ours, theirs = (trunk(name, pretrained=True).eval() for name in ("efficientnet_lite0", "tf_efficientnet_lite0"))
images = torch.randn(1, 3, 64, 64)
with torch.no_grad():
    torch.testing.assert_close(ours(images)["stage7"], theirs(images)["stride32"])
"""


class Hub(BaseHTTPRequestHandler):
    """Files by path, with what the hubs say of them."""

    files: ClassVar[dict[str, bytes]] = {}

    def do_HEAD(self) -> None:
        self._answer(send=False)

    def do_GET(self) -> None:
        self._answer(send=True)

    def _answer(self, send: bool) -> None:
        content = self.files.get(self.path)
        self.send_response(404 if content is None else 200)
        content = content or b""
        self.send_header("Content-Length", str(len(content)))
        self.send_header("ETag", f'"{hashlib.sha256(content).hexdigest()}"')
        self.send_header("X-Repo-Commit", "0" * 40)
        self.end_headers()
        if send:
            self.wfile.write(content)

    def log_message(self, *args: object) -> None:
        """Stay silent."""


@pytest.fixture
def server() -> Iterator[str]:
    names = timm.create_model("tf_efficientnet_lite0").state_dict()
    in_timm_s = dict(zip(names, (tensor.contiguous() for tensor in read(WEIGHTS).values()), strict=True))
    file = where(WEIGHTS)
    Hub.files = {f"/{file.name}": file.read_bytes(), TIMM: save(in_timm_s)}
    with served(Hub) as address:
        yield address


def test_by_address_as_torchvision_s(server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The name of the file holds the start of its hash, as those of torchvision's do, and is held against it."""
    monkeypatch.setattr(torch.hub, "_hub_dir", str(tmp_path))
    fetched, packaged = fetch(f"{server}/{where(WEIGHTS).name}"), read(WEIGHTS)
    assert list(fetched) == list(packaged)
    assert all(torch.equal(fetched[name], packaged[name]) for name in packaged)


def test_from_the_hub_that_timm_asks(server: str, tmp_path: Path) -> None:
    """In a process of its own, since the hub's address is read once."""
    place = {"HF_ENDPOINT": server, "HF_HOME": str(tmp_path), "HF_HUB_DISABLE_XET": "1"}
    environment = {name: value for name, value in os.environ.items() if name != "HF_HUB_OFFLINE"}
    done = subprocess.run(
        [sys.executable, "-c", FETCH], env=environment | place, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert list(tmp_path.rglob("model.safetensors"))
