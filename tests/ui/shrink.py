#!/usr/bin/env python3
"""shrink.py FOLDER: each PNG in it with at most 64 colours, desktop pictures at 1000 px."""
import glob
import os
import sys

from PIL import Image

for path in glob.glob(os.path.join(sys.argv[1], "*.png")):
    image = Image.open(path).convert("RGB")
    if image.width > 1000:
        image = image.resize((1000, image.height * 1000 // image.width), Image.LANCZOS)
    image.quantize(64, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE).save(path, optimize=True)
