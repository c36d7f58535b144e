"""Local response normalisation in every precision.

Paper: Krizhevsky, Sutskever, Hinton 2012, ImageNet classification with deep convolutional networks, section 3.3.
"""

import torch.nn.functional as F
from torch import Tensor, nn


class ResponseNorm(nn.LocalResponseNorm):
    """PyTorch's layer, computed in float32: on processors it has no arithmetic for bfloat16.

    As there, alpha is divided by the number of neighbouring channels, where the paper takes the sum over them.
    """

    def forward(self, input: Tensor) -> Tensor:
        """(B, C, h, w) to the same shape and precision."""
        found = F.local_response_norm(input.float(), self.size, self.alpha, self.beta, self.k)
        return found.to(input.dtype)
