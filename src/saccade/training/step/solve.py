"""Heads whose weights are found at once, from all training pictures."""

import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

import torch

from saccade.core.annotation import Annotation
from saccade.network.maps import Maps
from saccade.network.recipe import Stage
from saccade.network.solvable import Solvable
from saccade.runtime.device import evaluating
from saccade.runtime.evaluate.loss_means import LossTally
from saccade.training.feed.batch_source import Feeder
from saccade.training.feed.feature_cache import fingerprint
from saccade.training.step.seeding import seed_step
from saccade.training.step.train_state import Session


def solve(session: Session, feeder: Feeder, stage: Stage) -> dict[str, float]:
    """Solve the heads that a stage names, one after the other, on the weights that are evaluated and saved.

    Args:
        session: What learns, in the stage already.
        feeder: Where the training pictures come from.
        stage: Names the heads.

    Returns:
        The losses of the solved heads on the training pictures, as a step has them, and ``solve/HEAD/…``, what each
        head told.
    """
    told: dict[str, float] = {}
    with session.judged(), evaluating(session.system), torch.no_grad():
        for name, head in session.system.each_head():
            if name in stage.solve and isinstance(head, Solvable):
                seed_step(session.seed, 0)
                folder = _folder(session, feeder, name)
                found = head.solve(lambda: _look(session, feeder), folder)
                _clear(folder)
                told |= {f"solve/{name}/{fact}": value for fact, value in found.items()}
        losses = _losses(session, feeder, stage.solve)
        solved = {n: v.clone() for n, v in session.system.state_dict().items() if _of(n, stage.solve)}
    session.take(solved)
    return {**losses, **told}


def _folder(session: Session, feeder: Feeder, head: str) -> Path | None:
    """Where a head keeps what it makes of the pictures: of these pictures and these weights; of others nothing stays.

    A head's own weights count too, since what is made of pictures may come from inside it.
    """
    if feeder.folder is None:
        return None
    pictures = feeder.in_order.dataset
    names = "\n".join(pictures.id(index) for index in range(len(pictures))).encode("utf-8", "surrogatepass")
    made_of = {"pictures": torch.frombuffer(bytearray(names), dtype=torch.uint8), **session.system.state_dict()}
    own = feeder.folder / head / fingerprint(made_of)
    for other in own.parent.glob("*"):
        if other != own:
            _clear(other)
    return own


def _clear(folder: Path | None) -> None:
    """Give the disk back: what was kept of the pictures is of no use once the weights are others."""
    if folder is not None:
        shutil.rmtree(folder, ignore_errors=True)


def _look(session: Session, feeder: Feeder) -> Iterator[tuple[Maps, Sequence[Annotation]]]:
    """One pass over the training pictures."""
    for batch in feeder.whole(session):
        moved = batch.to(session.fabric.device)
        with session.fabric.autocast():
            maps = session.system.maps(moved)
        yield maps, moved.truth or ()


def _losses(session: Session, feeder: Feeder, heads: Sequence[str]) -> dict[str, float]:
    """``loss`` and ``loss/HEAD/TERM`` of some heads, as means over the training pictures."""
    tally = LossTally(session.system)
    for maps, truth in _look(session, feeder):
        with session.fabric.autocast():
            tally.add(session.system.loss_of(maps, truth), truth)
    found = {name: value for name, value in tally.result().items() if value is not None and name.count("/") == 2}
    found = {name: value for name, value in found.items() if name.split("/")[1] in heads}
    return {"loss": sum(found.values()), **found}


def _of(parameter: str, heads: Sequence[str]) -> bool:
    return any(parameter.startswith(f"heads.{head}.") for head in heads)
