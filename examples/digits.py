"""Write scikit-learn's 1797 digits as folders of pictures, a fifth of each class held out: ``python digits.py OUT``.

Then, for instance: ``saccade train lenet5 --data OUT --out runs/digits``.
"""

import sys
from pathlib import Path

import numpy as np
from PIL import Image
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

SHARE, SEED = 0.2, 0


def main() -> int:
    """Write the pictures, 8 × 8 pixels of 17 greys, ink white."""
    if len(sys.argv) != 2:
        print("usage: python digits.py OUT")  # noqa: T201
        return 2
    digits = load_digits()
    places = np.arange(len(digits.target))
    parts = train_test_split(places, test_size=SHARE, random_state=SEED, stratify=digits.target)
    for split, chosen in zip(("train", "val"), parts, strict=True):
        for place in chosen.tolist():
            folder = Path(sys.argv[1], split, str(digits.target[place]))
            folder.mkdir(parents=True, exist_ok=True)
            grey = (digits.images[place] * 255 / 16).round().astype(np.uint8)
            Image.fromarray(grey).save(folder / f"{place:04}.png")
    return 0


if __name__ == "__main__":
    sys.exit(main())
