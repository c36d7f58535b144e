"""The order in which errors are taken: torch's own stable one, whatever the values."""

import pytest
import torch

from saccade.losses.lovasz import falling_order, lovasz_softmax


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("few", [False, True], ids=["any values", "few values"])
def test_the_order_is_that_of_a_stable_sort(dtype: torch.dtype, few: bool) -> None:
    values = torch.randn(5, 1000, dtype=dtype, generator=torch.Generator().manual_seed(0))
    values = values.round() if few else values
    values[:, :4] = torch.tensor([0.0, -0.0, -float("inf"), float("inf")], dtype=dtype)
    values[0] = values[0].where(values[0] != 0, 0.0)  # a sort of bits takes -0 for less than 0
    order = falling_order(values)
    sorted_values = values.gather(1, order)
    assert torch.equal(sorted_values, values.sort(1, descending=True).values)
    assert torch.equal(order[0], values[0].argsort(descending=True, stable=True))
    assert torch.equal(order.sort(1).values, torch.arange(1000).expand(5, -1))


def test_slopes_are_those_of_a_plain_sort() -> None:
    torch.manual_seed(0)
    logits, target = torch.randn(2, 4, 9, 7, requires_grad=True), torch.randint(0, 4, (2, 9, 7))
    target[0, 0] = 255
    lovasz_softmax(logits, target).backward()
    known = target != 255
    again = logits.detach().clone().requires_grad_()
    cost = torch.zeros(())
    for label in range(4):
        right = (target[known] == label).float()
        errors = (right - again.softmax(1)[:, label][known]).abs()
        order = errors.argsort(descending=True)
        true = right[order].bool().tolist()
        union, left, falls, before = sum(true), sum(true), [], 0.0
        for one in true:
            left, union = left - one, union + (not one)
            falls.append(1 - left / union - before)
            before = 1 - left / union
        cost = cost + (errors[order] * torch.tensor(falls)).sum()
    (cost / 4).backward()
    torch.testing.assert_close(logits.grad, again.grad, rtol=1e-4, atol=1e-7)
