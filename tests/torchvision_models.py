"""torchvision's networks with values, and pictures as our networks take them."""

import torch
import torchvision.models as tv
from torch import Tensor, nn

from saccade.core.batch import Batch
from saccade.core.frame import Frame


def model_of(name: str, **options: object) -> nn.Module:
    """One of torchvision's networks with weights and statistics that are no identity, from a fixed seed.

    Large networks are quick to fill this way.
    """
    with torch.device("meta"):
        module = tv.get_model(name, weights=None, **options)
    draw = torch.Generator().manual_seed(5)
    module = module.to_empty(device="cpu")
    for key, tensor in module.state_dict().items():
        if tensor.is_floating_point():
            fan_in = tensor[0].numel() if tensor.dim() > 1 else 1
            noise = torch.randn(min(tensor.numel(), 9973), generator=draw)
            values = noise.repeat(-(-tensor.numel() // len(noise)))[: tensor.numel()].view_as(tensor)
            tensor.copy_(values.abs() + 0.5 if "running_var" in key else values * (2 / fan_in) ** 0.5)
    return module.eval()


def as_batch(images: Tensor) -> Batch:
    """Pictures (B, C, H, W) that are ready."""
    size = (images.shape[2], images.shape[3])
    return Batch(images, torch.tensor([size] * len(images)), (Frame.identity(size),) * len(images))
