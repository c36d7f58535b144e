"""Weights from elsewhere, over a connection that holds, breaks, or is not there."""

import hashlib
import io
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest
import torch
import torchvision.models as tv

from saccade import cli
from saccade.core.errors import ConfigError, UsageError
from saccade.systems.build import build
from saccade.trunks import trunk
from saccade.trunks.pretrained import cache_path, fetch
from served import served


def weights_file() -> bytes:
    buffer = io.BytesIO()
    torch.save({"weight": torch.arange(5000.0)}, buffer)
    return buffer.getvalue()


WEIGHTS = weights_file()
NAME = f"tiny-{hashlib.sha256(WEIGHTS).hexdigest()[:8]}.pth"


class Handler(BaseHTTPRequestHandler):
    """Sends the weights; below /cut/ the connection closes half-way."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(len(WEIGHTS)))
        self.end_headers()
        self.wfile.write(WEIGHTS[: len(WEIGHTS) // 2] if self.path.startswith("/cut/") else WEIGHTS)

    def log_message(self, *args: object) -> None:
        """Stay silent."""


@pytest.fixture
def server() -> Iterator[str]:
    with served(Handler) as address:
        yield address


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(torch.hub, "_hub_dir", str(tmp_path))
    return tmp_path / "checkpoints"


def test_weights_are_downloaded_once(server: str, cache: Path) -> None:
    state = fetch(f"{server}/whole/{NAME}")
    assert state["weight"].tolist() == list(range(5000))
    assert cache_path(f"{server}/whole/{NAME}") == cache / NAME
    assert fetch(f"http://127.0.0.1:9/{NAME}").keys() == state.keys()


def test_a_connection_that_closes_half_way_leaves_nothing_behind(server: str, cache: Path) -> None:
    url = f"{server}/cut/{NAME}"
    with pytest.raises(ConfigError) as error:
        fetch(url)
    assert url in str(error.value)
    assert str(cache / NAME) in str(error.value)
    assert "pretrained=False" in str(error.value)
    assert list(cache.iterdir()) == []


@pytest.mark.parametrize(
    ("name", "trunk"), [("retinanet", "resnet18"), ("faster_rcnn", "resnet18"), ("ssd300", "vgg16")]
)
def test_a_detector_whose_weights_are_cut_off_is_not_trained(
    name: str, trunk: str, server: str, cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys
) -> None:
    url, run = f"{server}/cut/{NAME}", tmp_path / "run"
    weights = {"resnet18": tv.ResNet18_Weights.IMAGENET1K_V1, "vgg16": tv.VGG16_Weights.IMAGENET1K_V1}[trunk]
    monkeypatch.setattr(type(weights), "url", url, raising=False)
    words = ["train", name, "--trunk", trunk, "--pretrained", "--data", "scenes:count=2,size=32", "--out", str(run)]
    assert cli.main(words) == 1
    told = capsys.readouterr().err
    assert url in told
    assert str(cache / NAME) in told
    assert f"put it at {cache / NAME}" in told
    assert list(cache.iterdir()) == []
    assert not run.exists()


def test_no_network_names_address_cache_and_cure(monkeypatch: pytest.MonkeyPatch, cache: Path) -> None:
    url = "http://127.0.0.1:9/resnet18-00000000.pth"
    monkeypatch.setattr(type(tv.ResNet18_Weights.IMAGENET1K_V1), "url", url, raising=False)
    with pytest.raises(ConfigError) as error:
        trunk("resnet18", pretrained=True)
    assert url in str(error.value)
    assert str(cache / "resnet18-00000000.pth") in str(error.value)
    assert error.value.cure is not None
    assert "TORCH_HOME" in error.value.cure


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_pretrained_weights_reach_the_trunk(channels: int, cache: Path) -> None:
    """The cache holds torchvision's file, here one of random weights under the name and hash of the true one."""
    cache.mkdir()
    theirs = tv.alexnet()
    torch.save(theirs.state_dict(), cache / Path(tv.AlexNet_Weights.IMAGENET1K_V1.url).name)
    ours = trunk("alexnet", variant="torchvision", pretrained=True, channels=channels, fc=False)
    expected = list(theirs.features.parameters())
    found = list(ours.parameters())
    torch.testing.assert_close(found[1:], expected[1:])
    assert found[0].shape[1] == channels
    if channels == 3:
        torch.testing.assert_close(found[0], expected[0])


@pytest.mark.parametrize("name", ["resnet18", "alexnet"])
def test_a_grey_network_answers_as_the_rgb_one_on_repeated_grey(name: str, cache: Path) -> None:
    """First filters are summed: exactly the same where the three channels are normalised alike."""
    cache.mkdir()
    torch.manual_seed(0)
    url = tv.get_model_weights(name)["IMAGENET1K_V1"].url
    torch.save(tv.get_model(name).state_dict(), cache / Path(url).name)
    options = {"size": 96, "pretrained": True, **({"variant": "torchvision"} if name == "alexnet" else {})}
    torch.manual_seed(1)
    grey = build(name, 3, channels=1, mean=(0.45,), std=(0.22,), **options).eval()
    torch.manual_seed(1)
    colour = build(name, 3, mean=(0.45,) * 3, std=(0.22,) * 3, **options).eval()
    assert next(grey.parameters()).shape[1] == 1
    picture = torch.randint(0, 256, (1, 120, 110)).byte()
    one, three = grey.batch([picture]), colour.batch([picture.expand(3, -1, -1)])
    with torch.no_grad():
        maps = grey.trunk(one.images)
        # In 64 bits: in 32 the sums of three channels are rounded otherwise from processor to processor.
        exact = (net.trunk.double()(batch.images.double()) for net, batch in ((grey, one), (colour, three)))
        torch.testing.assert_close(*exact, rtol=1e-5, atol=1e-5)
        grey.float()
        colour.float()
        inverse = grey.trunk(grey.batch([255 - picture]).images)
    scores = grey.predict(one)[0].label_scores
    torch.testing.assert_close(scores, colour.predict(three)[0].label_scores, rtol=1e-5, atol=1e-5)
    first = next(iter(maps))
    assert not torch.allclose(maps[first], inverse[first], atol=0.1)


def test_weights_of_another_width_do_not_exist() -> None:
    with pytest.raises(ConfigError, match=r"width=0\.5"):
        trunk("vgg11", pretrained=True, width=0.5)


def test_the_paper_s_alexnet_has_no_weights() -> None:
    with pytest.raises(UsageError, match="torchvision"):
        trunk("alexnet", pretrained=True)
