"""Train with parts of one's own by the API, nothing installed: ``python examples/own_parts/train.py FOLDER RUN``."""

import sys
from pathlib import Path

from own_parts.callback import Diary
from own_parts.metric import Brier
from own_parts.reader import open_table
from own_parts.system import tiny

import saccade as sc


def main(folder: Path, out: Path) -> None:
    """Train on a table of pictures, measure, and predict one picture.

    Args:
        folder: The folder of ``labels.csv``.
        out: The run's folder.
    """
    train, val = open_table(folder, "train"), open_table(folder, "val")
    network = tiny(train.classes, focus=1.0)
    diary = Diary(out.with_suffix(".txt"))
    run = sc.train(network, train, out, val=val, metrics=[Brier()], callbacks=[diary], steps=6, workers=0)

    # A run of a system that was built by hand is loaded into a system that is built the same way.
    predictor = sc.load(run.path, system=tiny(train.classes, focus=1.0))
    scores = sc.evaluate(predictor, val, metrics=[Brier()])
    prediction = predictor([val[0].image])[0]
    sys.stdout.write(f"brier {scores['brier']:.3f}, first picture: {train.classes[prediction.get('label')]}\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
