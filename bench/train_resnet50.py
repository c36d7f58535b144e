"""Training ResNet-50 on one batch in memory: our step beside the loop of torchvision's tutorials, in fp32."""

from collections.abc import Callable
from dataclasses import asdict, dataclass

from bench.pairs import Lane, Row, race, speed_up
from bench.side import Call

CLASSES = 1000
AIM = 2.5


@dataclass(frozen=True)
class Size:
    """Side of the pictures, pictures of a batch, steps of a round, rounds."""

    side: int = 224
    batch: int = 16
    steps: int = 2
    rounds: int = 7


QUICK = Size(side=32, batch=2, steps=1, rounds=2)


def measure(quick: bool) -> list[Row]:
    """Pictures a second of both."""
    size = QUICK if quick else Size()
    options = {name: value for name, value in asdict(size).items() if name != "rounds"}
    sides = {
        "ours": Call("bench.train_resnet50:ours", options, "saccade"),
        "plain": Call("bench.train_resnet50:plain", options, "torch"),
    }
    laps = race(sides, size.rounds)
    question = f"training ResNet-50, {size.side} px, batch {size.batch}"
    ours, plain = Lane.of("saccade", laps["ours"]), Lane.of("torchvision fp32 loop", laps["plain"])
    return [speed_up(question, ours, plain, unit="img/s", amount=size.batch * size.steps, aim=AIM)]


def ours(side: int, batch: int, steps: int) -> Callable[[], None]:
    """Steps of a session as training makes them: precision and memory format chosen by the machine."""
    from bench.our_training import Steps

    training = Steps.of("resnet50", CLASSES, side)
    prepared = training.noise(batch, side)

    def run_worker() -> None:
        for _ in range(steps):
            training.take(prepared)

    return run_worker


def plain(side: int, batch: int, steps: int) -> Callable[[], None]:
    """The loop that a tutorial shows, in fp32 and the default memory format."""
    import torch
    import torch.nn.functional as F
    from torchvision.models import resnet50

    torch.manual_seed(0)
    model = resnet50(num_classes=CLASSES).train()
    optimiser = torch.optim.SGD(model.parameters(), lr=1e-3, momentum=0.9, weight_decay=1e-4)
    images, labels = torch.randn(batch, 3, side, side), torch.arange(batch)

    def run_worker() -> None:
        for _ in range(steps):
            optimiser.zero_grad()
            loss = F.cross_entropy(model(images), labels)
            loss.backward()
            optimiser.step()
            loss.item()

    return run_worker
