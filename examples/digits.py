"""Write scikit-learn's 1,797 digits as small pictures in folders: digits/train/0/12.png, ...

python examples/digits.py
"""

from pathlib import Path

import numpy as np
from PIL import Image
from sklearn.datasets import load_digits

HERE = Path(__file__).parent
pictures, labels = load_digits(return_X_y=True)
order = np.random.default_rng(1).permutation(len(labels))
test = set(order[: len(labels) // 4].tolist())  # a quarter is only answered, once, at the end
for number, (picture, label) in enumerate(zip(pictures, labels, strict=True)):
    folder = HERE / "digits" / ("test" if number in test else "train") / str(label)
    folder.mkdir(parents=True, exist_ok=True)
    pixels = np.round(picture.reshape(8, 8) * 255 / 16).astype(np.uint8)  # from 0 to 16
    Image.fromarray(pixels).save(folder / f"{number}.png")
