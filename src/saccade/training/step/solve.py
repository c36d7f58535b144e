"""Heads whose weights are found at once, from all training pictures."""

import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

import torch

from saccade.core.annotation import Annotation
from saccade.network.maps import Maps
from saccade.network.protocols.solvable import Solvable
from saccade.network.recipe import Stage
from saccade.runtime.device import evaluating
from saccade.runtime.evaluate.loss_means import LossMeans
from saccade.training.feed.batch_source import BatchSource
from saccade.training.feed.feature_cache import fingerprint
from saccade.training.step.seeding import seed_step
from saccade.training.step.train_state import TrainState


def solve(train_state: TrainState, batch_source: BatchSource, stage: Stage) -> dict[str, float]:
    """Solve the heads that a stage names, one after the other, on the weights that are evaluated and saved.

    Args:
        train_state: What learns, in the stage already.
        batch_source: Where the training pictures come from.
        stage: Names the heads.

    Returns:
        The losses of the solved heads on the training pictures, as a step has them, and ``solve/HEAD/…``, what each
        head told.
    """
    told: dict[str, float] = {}
    with train_state.averaged_weights(), evaluating(train_state.system), torch.no_grad():
        for name, head in train_state.system.each_head():
            if name in stage.solve and isinstance(head, Solvable):
                seed_step(train_state.seed, 0)
                folder = _folder(train_state, batch_source, name)
                found = head.solve(lambda: _feature_pass(train_state, batch_source), folder)
                _clear(folder)
                told |= {f"solve/{name}/{fact}": value for fact, value in found.items()}
        losses = _losses(train_state, batch_source, stage.solve)
        solved = {n: v.clone() for n, v in train_state.system.state_dict().items() if _of(n, stage.solve)}
    train_state.take(solved)
    return {**losses, **told}


def _folder(train_state: TrainState, batch_source: BatchSource, head: str) -> Path | None:
    """Where a head keeps what it makes of the pictures: of these pictures and these weights; of others nothing stays.

    A head's own weights count too, since what is made of pictures may come from inside it.
    """
    if batch_source.folder is None:
        return None
    pictures = batch_source.in_order.dataset
    names = "\n".join(pictures.id(index) for index in range(len(pictures))).encode("utf-8", "surrogatepass")
    made_of = {"pictures": torch.frombuffer(bytearray(names), dtype=torch.uint8), **train_state.system.state_dict()}
    own = batch_source.folder / head / fingerprint(made_of)
    for other in own.parent.glob("*"):
        if other != own:
            _clear(other)
    return own


def _clear(folder: Path | None) -> None:
    """Give the disk back: what was kept of the pictures is of no use once the weights are others."""
    if folder is not None:
        shutil.rmtree(folder, ignore_errors=True)


def _feature_pass(train_state: TrainState, batch_source: BatchSource) -> Iterator[tuple[Maps, Sequence[Annotation]]]:
    """One pass over the training pictures."""
    for batch in batch_source.whole(train_state):
        moved = batch.to(train_state.fabric.device)
        with train_state.fabric.autocast():
            maps = train_state.system.maps(moved)
        yield maps, train_state.system.recipe.learnt(moved.truth or ())


def _losses(train_state: TrainState, batch_source: BatchSource, heads: Sequence[str]) -> dict[str, float]:
    """``loss`` and ``loss/HEAD/TERM`` of some heads, as means over the training pictures."""
    tally = LossMeans(train_state.system)
    for maps, truth in _feature_pass(train_state, batch_source):
        with train_state.fabric.autocast():
            tally.add(train_state.system.loss_of(maps, truth), truth)
    found = {name: value for name, value in tally.result().items() if value is not None and name.count("/") == 2}
    found = {name: value for name, value in found.items() if name.split("/")[1] in heads}
    return {"loss": sum(found.values()), **found}


def _of(parameter: str, heads: Sequence[str]) -> bool:
    return any(parameter.startswith(f"heads.{head}.") for head in heads)
