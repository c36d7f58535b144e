"""What a training is fed with: the plan that fits its data, the loader, the cache, and the balance of classes."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Literal, cast

import torch

from saccade.core.augmentation import Augmentation
from saccade.core.batch import Batch
from saccade.core.dataset import Dataset
from saccade.core.errors import UsageError
from saccade.core.input.input_spec import InputSpec
from saccade.core.sample import Framed
from saccade.data.augment.augment import Augment
from saccade.data.datasets.picture import size_of
from saccade.data.datasets.projection import ProjectedDataset, unread
from saccade.data.loading.loader import Loader, LoaderSettings
from saccade.losses.pixels import PixelLossKind
from saccade.network.recipe import Recipe
from saccade.network.system import System
from saccade.runtime.runs.run_folder import RunFolder
from saccade.training.feed.balance import (
    class_weights,
    count_labels,
    count_pixels,
    median_frequency,
    picture_weights,
    repeat_factors,
    take_pixel_losses,
    weigh_losses,
)
from saccade.training.feed.batch_source import BatchSource
from saccade.training.feed.feature_cache import FIXED_SIZE, FeatureCache
from saccade.training.feed.skip_list import SkipList
from saccade.training.parallel.fabric import Fabric
from saccade.training.parallel.machine import pick_workers
from saccade.training.settings import TrainSettings
from saccade.training.setup.batch_size import greatest_batch, usual_batch
from saccade.training.setup.checks.preflight import normalises
from saccade.training.setup.plan import Plan, resolve_recipe
from saccade.training.setup.resolved_run import ResolvedRun

# Pictures among which the largest is sought when the greatest batch is.
TRIED = 1000


@dataclass(frozen=True)
class Augmenting:
    """Prepares a picture of a data set for training: read, then changed at random."""

    augmentation: Augmentation
    spec: InputSpec

    def __call__(self, dataset: Dataset, index: int, generator: torch.Generator) -> Framed:
        """The picture at `index`, its frame and its truth."""
        return Augment(self.augmentation, self.spec, dataset)(dataset[index], generator)


@dataclass(frozen=True)
class InputPipeline:
    """What a training is fed with.

    Attributes:
        plan: What is done, step by step.
        batch_source: Where batches come from.
        reading: How the loader reads, for others that read beside it.
        resolved_run: The training.
        skips: Takes the pictures that turn out to be unreadable.
        say: Takes a line for the person who waits.
    """

    plan: Plan
    batch_source: BatchSource
    reading: LoaderSettings
    resolved_run: ResolvedRun
    skips: SkipList
    say: Callable[[str], None]

    @staticmethod
    def of(resolved_run: ResolvedRun, fabric: Fabric, say: Callable[[str], None], known: int = 0) -> "InputPipeline":
        """The supply of a job on one of the processes that train together.

        Args:
            resolved_run: The training.
            fabric: Device, precision and processes.
            say: Takes a line for the person who waits.
            known: Pictures of a batch, as found when the run began; 0 where it begins now.
        """
        settings, train = resolved_run.settings, resolved_run.data.train
        batch = min(settings.batch or known or _default_batch(resolved_run, fabric, say), max(len(train), 1))
        recipe = resolve_recipe(resolved_run.recipe, settings, batch, fabric.world_size)
        if batch < resolved_run.recipe.batch and settings.batch is None:
            say(f"batches of {batch} pictures, not the recipe's {resolved_run.recipe.batch}: {_why(recipe, settings)}")
        reading = LoaderSettings(
            batch=batch,
            seed=settings.seed,
            workers=pick_workers(settings.workers),
            timeout=settings.timeout,
            rank=fabric.global_rank,
            world=fabric.world_size,
            on_bad=cast(Literal["fail", "skip"], settings.on_bad),
        )
        spec, augmentation = resolved_run.system.input, recipe.augmentation
        prepare = None if augmentation.is_empty else Augmenting(augmentation, spec)
        weights = _shares(train, settings)
        skips = SkipList(RunFolder(resolved_run.out).skipped, say, fabric.is_global_zero)
        reading = replace(reading, left_out=len(skips.left_out("training")))
        shuffled = replace(reading, shuffle=True, drop_last=_leaves_one(resolved_run, batch, fabric.world_size))
        projected = ProjectedDataset(
            train, unread(resolved_run.system.uses, augmentation), {} if settings.keep else None
        )
        loader = Loader(projected, spec, shuffled, prepare, weights, skips.of("training"))
        plan = Plan(recipe, replace(settings, batch=batch), len(loader), fabric.world_size)
        in_order = Loader(train, spec, reading)
        cache = (
            # Rows of the cache are the pictures' places, so that none may be left out while it is filled.
            FeatureCache(
                resolved_run.out / "features", loader, Loader(projected, spec, replace(reading, on_bad="fail"))
            )
            if _may_keep(resolved_run, recipe, reading)
            else None
        )
        folder = None if settings.cache is False else resolved_run.out / "solving"
        source = BatchSource(loader, in_order, cache, folder)
        return InputPipeline(plan, source, reading, resolved_run, skips, say)

    def pixel_loss(self, system: System) -> None:
        """Let heads for pixels learn by other losses where the recipe or the user says so.

        Raises:
            UsageError: The user says so of a system that has no such head.
        """
        kinds = cast("Sequence[PixelLossKind]", self.plan.recipe.pixel_loss)
        if not kinds:
            return
        heads = take_pixel_losses(system, kinds)
        if not heads and self.resolved_run.settings.pixel_loss:
            raise UsageError("a system that tells the class of pixels", "none", cure="leave --pixel-loss out")
        if heads:
            self.say(f"{', '.join(heads)} learns by {' + '.join(kinds)}")

    def balance(self, system: System) -> None:
        """Weigh the losses by class where that is asked for.

        Raises:
            UsageError: The pictures have no classes of pixels, or no head's loss can be weighed as is asked.
        """
        chosen, train = self.resolved_run.settings.balance, self.resolved_run.data.train
        if chosen == "weights":
            heads = weigh_losses(system, class_weights(count_labels(train)))
        elif chosen in ("median", "median_all"):
            field = next((name for name in ("semantic_masks", "semantic") if name in system.needs), "semantic")
            if field not in train.fields:
                raise UsageError(
                    "classes of pixels to balance", f"{', '.join(sorted(train.fields))}", cure="--balance weights"
                )
            weights = median_frequency(count_pixels(train, field), whole=chosen == "median_all")
            heads = weigh_losses(system, weights, of="semantic")
        else:
            return
        if not heads:
            raise _nothing_to_weigh(system, chosen)
        self.say(f"classes are weighed in the loss of {', '.join(heads)}")


def _nothing_to_weigh(system: System, chosen: str) -> UsageError:
    """The error of a balance that no head's loss can take."""
    learns = ", ".join(sorted(system.learns_from))
    if chosen != "weights":
        return UsageError("a head that learns classes of pixels", f"heads that learn {learns}", within="balance")
    pixels = "median, which weighs classes of pixels, or " if any("semantic" in need for need in system.needs) else ""
    return UsageError(
        "a head that learns classes of whole pictures, and takes weights of them",
        f"heads that learn {learns}",
        within="balance",
        cure=f"--balance {pixels}repeat or sampler, which show pictures of rare classes more often",
    )


def _shares(train: Dataset, settings: TrainSettings) -> torch.Tensor | None:
    """How often each picture is shown, relative to the others; None for alike."""
    if settings.balance == "repeat":
        return repeat_factors(train, settings.rare)
    return picture_weights(train) if settings.balance == "sampler" else None


def _default_batch(resolved_run: ResolvedRun, fabric: Fabric, say: Callable[[str], None]) -> int:
    """The recipe's batch, or the greatest that fits where 0 is asked for."""
    if resolved_run.settings.batch is None:
        return usual_batch(resolved_run.recipe.batch, len(resolved_run.data.train), fabric.world_size)
    if fabric.world_size > 1:
        raise UsageError("a batch where several processes train together", "0", cure="give --batch")
    train, spec = resolved_run.data.train, resolved_run.system.input
    sizes = [spec.frame(size_of(train, index)).target for index in range(min(len(train), TRIED))]
    largest = train[max(range(len(sizes)), key=lambda index: sizes[index][0] * sizes[index][1])]

    def make(count: int) -> Batch:
        regions = None if largest.regions is None else [largest.regions] * count
        return resolved_run.system.batch([largest.image] * count, [largest.truth] * count, regions)

    found = greatest_batch(resolved_run.system, resolved_run.recipe, fabric, make, len(resolved_run.data.train))
    say(f"batches of {found} pictures fit into memory")
    return found


def _why(recipe: Recipe, settings: TrainSettings) -> str:
    """Why batches are smaller than a recipe's, and what follows for the learning rate."""
    rule = "by the linear rule" if recipe.optimiser == "sgd" else "by the square-root rule"
    rule = rule if settings.lr is None else "as was said"
    return f"there are few, and an epoch should have ten steps; the learning rate is {recipe.lr:.3g}, {rule}"


def _leaves_one(resolved_run: ResolvedRun, batch: int, world: int) -> bool:
    """Whether an epoch would end in a batch of one picture, over which nothing can be normalised."""
    mine = -(-len(resolved_run.data.train) // world)
    return normalises(resolved_run.system) and mine > batch > 1 and mine % batch == 1


def _may_keep(resolved_run: ResolvedRun, recipe: Recipe, reading: LoaderSettings) -> bool:
    """Whether features may be kept: each picture always becomes the same input, and nobody has switched it off."""
    possible = recipe.augmentation.is_empty and resolved_run.system.input.rule in FIXED_SIZE and reading.world == 1
    # Regions lie beside the pictures, which are not read again.
    possible = possible and resolved_run.system.search is None
    return resolved_run.settings.cache is not False and possible
