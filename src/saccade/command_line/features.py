"""``saccade features``: what a network makes of pictures, as numbers for other programs and as a page to look at."""

import sys
from collections.abc import Sequence
from pathlib import Path

from saccade.command_line.arguments.flags import Parser, flags_of, refuse_unknown
from saccade.command_line.arguments.run_flags import add_search, add_use
from saccade.core.errors import UsageError


def run(arguments: Sequence[str]) -> int:
    """Make features as the arguments say."""
    parser = Parser(prog="saccade features", description="Numbers of one map of a run's network, for every picture.")
    add_use(parser)
    parser.add_argument("--data", help="a folder or URI; by default what the run was validated on")
    parser.add_argument("--split", help="which part of it; val by default")
    parser.add_argument("--out", metavar="FILE", help="a .safetensors or .npz file of ids, labels and features")
    parser.add_argument("--html", metavar="FILE", help="a page: scatters by PCA and t-SNE, and nearest pictures")
    parser.add_argument("--layer", metavar="NAME", help="a map; by default the one that the first head reads")
    parser.add_argument(
        "--pool", choices=("average", "max", "none"), default="average", help="what becomes of a map's positions"
    )
    parser.add_argument("--workers", type=int, default=0, metavar="N", help="processes that read pictures")
    add_search(parser)
    typed, left = parser.parse_known_args(arguments)
    refuse_unknown(parser, left, flags_of(parser))
    if typed.out is None and typed.html is None:
        raise UsageError("somewhere to write to", "none", cure="give --out FILE, --html FILE, or both")
    from saccade.runtime.inspect.feature_page import feature_view, write_feature_page
    from saccade.runtime.inspect.features import features
    from saccade.runtime.runs.data_of_run import data_of_run
    from saccade.runtime.runs.load import load

    use = {"device": typed.device, "precision": typed.precision, "search": typed.search}
    predictor = load(typed.run, which=typed.checkpoint, **use)
    dataset = data_of_run(Path(typed.run), typed.data, typed.split)
    options = {"layer": typed.layer, "pool": typed.pool, "batch": typed.batch, "workers": typed.workers}
    table = features(predictor, dataset, typed.out, **options)
    sys.stdout.write(f"{len(table.ids)} pictures, {table.features.shape[1]} numbers each, of {table.layer}\n")
    if typed.out is not None:
        sys.stdout.write(f"features: {typed.out}\n")
    if typed.html is not None:
        write_feature_page(Path(typed.html), feature_view(table, dataset), typed.run, len(table.ids))
        sys.stdout.write(f"page:     {typed.html}\n")
    return 0
