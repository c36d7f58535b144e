"""DeconvNet: its mirror, unpooling beside upsampling, objects and proposals that are cut out and put together."""

from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor, nn

import saccade as sc
from saccade.core.annotation import Annotation, Instances
from saccade.core.errors import UsageError
from saccade.core.masks import Masks
from saccade.heads.pixels.proposal_head import ProposalPixelHead, ProposalRules
from saccade.network.maps import IMAGE, Maps
from saccade.network.regions import Regions
from saccade.network.system import System
from saccade.ops.regions.crop import CropRules, crop_labels, crop_regions, paste_maximum
from saccade.training.setup.resolved_run import prepare
from saccade.training.setup.weights.init_weights import take_weights

SMALL: dict[str, Any] = {"trunk": "vgg11_bn", "width": 1 / 16, "size": 32}
CLASSES = ("background", "cat", "dog")


def small(**options: Any) -> System:
    torch.manual_seed(1)
    return sc.build("deconvnet", CLASSES, **{**SMALL, **options})


def count(module: nn.Module | None, kind: type[nn.Module]) -> int:
    layers = [] if module is None else [layer for layer in module.modules() if isinstance(layer, kind)]
    return sum(p.numel() for layer in layers for p in layer.parameters(recurse=False))


def test_nine_tenths_of_the_encoder_were_fully_connected() -> None:
    with torch.device("meta"):
        trunk = sc.build("deconvnet", 21).trunk
    deep = sum(count(trunk.get_submodule(name), nn.Conv2d) for name in ("fc6", "fc7"))
    assert deep == 119_545_856
    assert deep / count(trunk, nn.Conv2d) == pytest.approx(0.89, abs=0.005)


def test_every_layer_is_normalised_and_nothing_is_dropped() -> None:
    system = small()
    kinds = nn.Conv2d | nn.ConvTranspose2d
    layers = [layer for layer in system.modules() if isinstance(layer, kinds)]
    assert sum(isinstance(layer, nn.BatchNorm2d) for layer in system.modules()) == len(layers) - 1  # the scores
    assert not any(isinstance(layer, nn.Dropout) for layer in system.modules())


def test_the_decoder_mirrors_the_encoder() -> None:
    with torch.device("meta"):
        system = sc.build("deconvnet", 21)
    down = [m for m in system.trunk.modules() if isinstance(m, nn.Conv2d)]
    up = [m for m in system.neck.modules() if isinstance(m, nn.ConvTranspose2d)]
    mirror = [(m.out_channels, m.in_channels) for m in reversed(down)]
    # fc7 has no mirror, and the first layer keeps its channels.
    assert sorted((m.in_channels, m.out_channels) for m in up) == sorted([*mirror[1:-1], (64, 64)])


def test_without_switches_maps_grow_by_transposed_convolutions() -> None:
    with_places, plain = small(), small(unpool="none")
    assert any(name.endswith("_places") for name in with_places.trunk.levels)
    assert not any(name.endswith("_places") for name in plain.trunk.levels)
    strides = [m.stride for m in plain.neck.modules() if isinstance(m, nn.ConvTranspose2d)]
    assert strides.count((2, 2)) == 5
    assert not any(m.stride == (2, 2) for m in with_places.neck.modules() if isinstance(m, nn.ConvTranspose2d))
    batch = plain.eval().batch([torch.rand(3, 40, 50)])
    assert plain.forward(batch)["pixels"].logits.shape == (1, 3, 32, 32)


def test_weights_of_whole_pictures_fit_regions(tmp_path: Path) -> None:
    whole = small()
    save_file(whole.state_dict(), tmp_path / "whole.safetensors")
    for sees in ("objects", "proposals"):
        regionwise = small(sees=sees, search="windows")
        assert take_weights(regionwise, tmp_path / "whole.safetensors", trust_pickle=False) == []
        assert all(torch.equal(v, regionwise.state_dict()[k]) for k, v in whole.state_dict().items())


def test_a_proposal_of_the_whole_picture_says_what_the_whole_picture_says() -> None:
    """As far as scores above 0 go."""
    whole, regionwise = small().eval(), small(sees="proposals", search="windows").eval()
    nn.init.normal_(whole.heads["pixels"].body.weight)
    regionwise.load_state_dict(whole.state_dict())
    picture = torch.rand(3, 32, 32)
    wanted = whole.forward(whole.batch([picture]))["pixels"].logits.clamp(min=0)
    found = regionwise.forward(regionwise.batch([picture], regions=[torch.tensor([[0.0, 0.0, 32.0, 32.0]])]))
    torch.testing.assert_close(found["pixels"].logits, wanted, atol=2e-3, rtol=1e-4)


class Says(nn.Module):
    """In place of a network: each square's own pixels are the scores."""

    def forward(self, squares: Tensor) -> Tensor:
        return squares


def head(**rules: Any) -> ProposalPixelHead:
    made = ProposalRules(8, **{"learns": "objects", "least": 2.0} | rules)
    return ProposalPixelHead(Says(), nn.Identity(), 3, made)


def maps_of(picture: Tensor, boxes: list[list[float]]) -> Maps:
    size = torch.tensor([picture.shape[1:]])
    return Maps({IMAGE: picture[None]}, size, Regions.of([torch.tensor(boxes).view(-1, 4)]))


def test_where_regions_overlap_the_greater_score_stays_and_elsewhere_is_background() -> None:
    picture = torch.zeros(3, 16, 16)
    picture[1, :8, :8], picture[2, 8:, 8:] = 5.0, 7.0
    said = head().scores(maps_of(picture, [[0, 0, 8, 8], [8, 8, 16, 16], [0, 0, 16, 16], [0, 0, 1, 1]]))[0]
    assert said[1, 2, 2] == 5
    assert said[2, 12, 12] == 7
    alone = head().scores(maps_of(picture, [[0, 0, 8, 8]]))[0]
    assert alone[1, 2, 2] == 5
    assert int(alone[:, 12, 12].argmax()) == 0
    assert int(head(background=2).scores(maps_of(picture * 0, [[0, 0, 8, 8]]))[0, :, 12, 12].argmax()) == 2


def test_the_first_proposals_that_are_large_enough_are_looked_at() -> None:
    small_head = head(number=2, least=4.0)
    maps = maps_of(torch.zeros(3, 16, 16), [[0, 0, 3, 16], [0, 0, 5, 5], [1, 1, 9, 9], [2, 2, 16, 16]])
    (found,) = small_head._looked_at(maps)
    assert found.tolist() == [[0, 0, 5, 5], [1, 1, 9, 9]]
    (found,) = small_head._looked_at(maps_of(torch.zeros(3, 16, 16), [[0, 0, 3, 3]]))
    assert found.tolist() == [[0, 0, 16, 16]]


def truth() -> Annotation:
    """A cat, in its window a corner of a dog, and pixels of nobody's."""
    masks = torch.zeros(2, 16, 16, dtype=torch.bool)
    masks[0, 4:12, 4:12], masks[1, 10:16, 10:16] = True, True
    masks[0, 10:12, 10:12] = False
    semantic = masks[0].long() + 2 * masks[1].long()
    semantic[4, :] = 255
    return Annotation(semantic=semantic, instances=Instances(masks=Masks.from_dense(masks)))


def test_of_an_object_that_is_learnt_all_else_is_background() -> None:
    one = head(samples=9, shown=1.0)
    boxes, labels = one._sampled(truth(), torch.zeros(0, 4), maps_of(torch.zeros(3, 16, 16), []), 0)
    order = boxes[:, 0].argsort().tolist()
    # Boxes of 8 and of 6 pixels, grown by a fifth.
    torch.testing.assert_close(boxes[order], torch.tensor([[3.2, 3.2, 12.8, 12.8], [9.4, 9.4, 16.6, 16.6]]))
    cat, dog = (labels[row] for row in order)
    assert cat.unique().tolist() == [0, 1, 255]
    assert dog.unique().tolist() == [0, 2, 255]
    assert bool((cat[4] == 255).all())
    assert cat[11, 11] == 0


def test_of_proposals_those_are_learnt_that_overlap_an_object_with_all_that_they_show() -> None:
    one = head(samples=9, learns="proposals", shown=1.0)
    near, far = [4.0, 4.0, 12.0, 13.0], [0.0, 0.0, 5.0, 5.0]
    maps = maps_of(torch.zeros(3, 16, 16), [])
    boxes, labels = one._sampled(truth(), torch.tensor([far, near]), maps, 0)
    assert boxes.tolist() == [near]
    assert labels[0].unique().tolist() == [0, 1, 2, 255]
    # Where none does, the objects themselves are taken.
    assert len(one._sampled(truth(), torch.tensor([far]), maps, 0)[0]) == 2


def test_a_picture_without_objects_is_learnt_whole() -> None:
    nothing = Annotation(semantic=torch.zeros(16, 16, dtype=torch.int64))
    boxes, labels = head()._sampled(nothing, torch.zeros(0, 4), maps_of(torch.zeros(3, 16, 16), []), 0)
    assert boxes.tolist() == [[0, 0, 16, 16]]
    assert torch.equal(labels[0], nothing.semantic)


def test_random_windows_stay_in_their_boxes_and_keep_their_share() -> None:
    boxes = torch.tensor([[0.0, 0.0, 100.0, 50.0]]).repeat(200, 1)
    windows = head()._shaken(boxes)
    assert bool(((windows[:, :2] >= 0) & (windows[:, 2:] <= boxes[:, 2:] + 1e-4)).all())
    torch.testing.assert_close((windows[:, 2:] - windows[:, :2]) / boxes[:, 2:], torch.full((200, 2), 0.896))
    assert float(windows[:, 0].max()) > 9
    assert float(windows[:, 0].min()) < 1


def test_labels_are_cut_out_where_pixels_are() -> None:
    labels = torch.arange(256).view(16, 16) % 7
    regions, rules = torch.tensor([[2.0, 3.0, 10.0, 11.0], [-4.0, 0.0, 4.0, 8.0]]), CropRules(8, 0, "warp")
    squares = torch.stack([crop_labels(labels, one[None], rules, 255)[0] for one in regions])
    assert torch.equal(squares[0], labels[3:11, 2:10])
    assert torch.equal(squares[1, :, 4:], labels[:8, :4])
    assert bool((squares[1, :, :4] == 255).all())
    pixels = crop_regions((labels + 1)[None].float(), (16, 16), regions, rules)[:, 0]
    torch.testing.assert_close(pixels, (squares + 1).float().masked_fill(squares == 255, 0))


def test_what_was_cut_out_is_put_back() -> None:
    picture, regions, rules = torch.rand(2, 16, 16), torch.tensor([[2.0, 3.0, 10.0, 11.0]]), CropRules(8, 0, "warp")
    canvas = paste_maximum(torch.zeros(2, 16, 16), crop_regions(picture, (16, 16), regions, rules), regions, rules)
    torch.testing.assert_close(canvas[:, 3:11, 2:10], picture[:, 3:11, 2:10])
    assert canvas.count_nonzero() == 2 * 64


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"trunk": "resnet18"}, "pools of 2 x 2 alone, then fully connected"),
        ({"trunk": "segnet_basic"}, "then fully connected"),
        ({"size": 40}, "multiple of 32"),
        ({"size": 0}, "multiple of 32"),
        ({"proposals": 0}, "proposals"),
        ({"samples": 0}, "samples"),
        ({"sees": "objects", "search": "nowhere"}, "search"),
    ],
)
def test_what_does_not_fit_is_refused(options: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        small(**options)


@pytest.mark.slow
def test_stages_are_trained_one_after_the_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SACCADE_CACHE", str(tmp_path / "cache"))
    settings: dict[str, Any] = {"steps": 1, "batch": 2, "workers": 0, "threads": 1, "val": "scenes:count=1,size=64"}
    options = {**SMALL, "search": "windows", "proposals": 3, "samples": 2}
    data = "scenes:count=4,size=64"
    sc.train("deconvnet", data, tmp_path / "one", sees="objects", **settings, **options)
    sc.train("deconvnet", data, tmp_path / "two", sees="proposals", init=tmp_path / "one", **settings, **options)
    sc.train("deconvnet", data, tmp_path / "whole", **settings, **SMALL)
    with pytest.raises(UsageError, match="needs none"):
        sc.load(tmp_path / "whole", search="windows")
    found = sc.load(tmp_path / "two", search="windows")(sc.open_data("scenes:count=1,size=70")[0].image)
    assert found.semantic is not None
    assert found.semantic.shape == (70, 70)


@pytest.mark.parametrize(("sees", "searched"), [("objects", False), ("proposals", True)])
def test_only_who_learns_from_proposals_has_pictures_searched_to_learn_from(
    sees: str, searched: bool, tmp_path
) -> None:
    options = {**SMALL, "search": "windows", "sees": sees, "steps": 1}
    run = prepare("deconvnet", "scenes:count=2,size=64", tmp_path, "scenes:count=1,size=64", options)
    learnt, measured = run.data.train[0].regions, run.data.val[0].regions
    assert (len(learnt) > 0) == searched
    assert len(measured) > 0


def test_missing_truth_reaches_every_parameter_by_way_of_the_regions() -> None:
    system = small(sees="objects", search="windows")
    batch = system.batch([torch.rand(3, 40, 40)] * 2, [Annotation(), Annotation()])
    (loss,) = system.loss(batch).values()
    loss.backward()
    assert loss.item() == 0
    assert all(p.grad is not None and not p.grad.any() for p in system.parameters())
