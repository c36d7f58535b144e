"""CRF-RNN: FCN-8s, whose scores steps of mean field better within the network, so that the CRF's weights learn too.

Paper: Zheng, Jayasumana, Romera-Paredes, Vineet, Su, Du, Huang, Torr 2015, Conditional random fields as recurrent
neural networks, arXiv 1502.03240; first weights and widths as in the authors' released network.
"""

from dataclasses import dataclass, replace
from functools import partial

from saccade.core.errors import UsageError
from saccade.core.options.options import OptionGroup
from saccade.heads.pixels.recurrent_crf_head import RecurrentCrfHead
from saccade.layers.recurrent.mean_field import KernelWidths, MeanField
from saccade.network.card import Card, system
from saccade.network.system import System
from saccade.systems.segment.fcn import PAPER, FcnOptions, system_of_strides
from saccade.trunks.options import TrunkOptions

STRIDES = (32, 16, 8)
NOTE = (
    "Zheng 2015, as released: begins as FCN-8s, then all learns at a rate of 1e-13, momentum .99, one picture a step, "
    "the compatibility at 1000 times that; 11 685 pictures. Mean IoU on a reduced VOC 2012 val (346 pictures): FCN-8s "
    "61.3, with a CRF after it 63.7, end to end 69.6; with COCO's 66 099 pictures 68.3, 69.5, 72.9. VOC 2012 test "
    "72.0, with COCO 74.7. Ten steps in use .2 better than five; ten in training .7 worse."
)
RELEASED = replace(PAPER, lr=1e-13, lr_factors=(("pixels.field.compatibility", 1000.0),), note=NOTE)


@dataclass(frozen=True)
class MeanFieldOptions(OptionGroup):
    """The steps of mean field and their kernels, whose widths do not learn.

    Attributes:
        iterations: Steps behind what is told.
        iterations_training: Steps behind what the loss reads.
        theta_alpha: Standard deviation in pixels of places, where colours count too.
        theta_beta: Standard deviation in grey values of these colours.
        theta_gamma: Standard deviation in pixels of places, where they count alone.
    """

    iterations: int = 10
    iterations_training: int = 5
    theta_alpha: float = 160.0
    theta_beta: float = 3.0
    theta_gamma: float = 3.0


@system(
    Card(
        task="segment",
        year=2015,
        paper="Zheng et al.: Conditional random fields as recurrent neural networks, arXiv 1502.03240",
        needs=("semantic",),
        size=500,
        classes=21,
    )
)
def crf_rnn(
    classes: tuple[str, ...],
    *,
    trunk: TrunkOptions = TrunkOptions("vgg16"),
    fcn: FcnOptions = FcnOptions(offers=("padding", "upsample", "grouped", "loss")),
    crf: MeanFieldOptions = MeanFieldOptions(),
    size: int = 500,
    at_once: bool = False,
) -> System:
    """FCN-8s and steps of mean field, which share their weights; the loss reads the beliefs after fewer steps.

    Args:
        classes: Names of the classes.
        trunk: A trunk with maps of strides 8, 16 and 32.
        fcn: How scores are made and learnt.
        crf: The steps.
        size: Length of the longer side in pixels.
        at_once: Whether all scores learn from the start, features of stride 16 times .01 and of stride 8 times .0001.
            Else begin with ``--init`` a run of ``fcn8s``, as the paper does.

    Raises:
        UsageError: The trunk lacks a map of a stride, there is no step, or a width is not above 0.
        ConfigError: The padding is too narrow.
    """
    for name, value in (("iterations", crf.iterations), ("iterations_training", crf.iterations_training)):
        if value < 1:
            raise UsageError(f"{name} from 1", value)
    for name in ("theta_alpha", "theta_beta", "theta_gamma"):
        if not getattr(crf, name) > 0:
            raise UsageError(f"{name} above 0", getattr(crf, name))
    field = MeanField(len(classes), KernelWidths(crf.theta_alpha, crf.theta_beta, crf.theta_gamma))
    head = partial(
        RecurrentCrfHead, field=field, iterations=crf.iterations, iterations_training=crf.iterations_training
    )
    made = system_of_strides(classes, trunk, fcn, size, STRIDES, RELEASED, at_once=at_once, head=head)
    if fcn.loss == "mean":
        made.recipe = replace(made.recipe, note="Ours, as for FCN. --loss sum is as released. " + NOTE)
    return made
