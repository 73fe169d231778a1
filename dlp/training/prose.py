"""Prints the paragraphs of the files given as rows without names."""

import json
import sys

for file in sys.argv[1:]:
    with open(file, encoding="utf-8") as text:
        for paragraph in text.read().split("\n\n"):
            print(json.dumps({"text": paragraph, "spans": []}, ensure_ascii=False))
