"""set-values.py list|keys|labels -- the real client sets values; says on stderr how long it took."""
import json
import os
import sys
import time

import fiftyone as fo

dataset = fo.load_dataset("large")
kind = sys.argv[1]
if kind == "labels":
    path = "gt.detections.label"
    given = [[label + " too" for label in labels] for labels in dataset.values(path)]
else:
    path = "fresh"
    given = [i / 2 + 0.25 for i in range(len(dataset))]
    if kind == "keys":
        given = dict(zip(dataset.values("id"), given))
begun = time.perf_counter()
dataset.set_values(path, given, key_field="id" if kind == "keys" else None)
print("work %.4f" % (time.perf_counter() - begun), file=sys.stderr)
values = dataset.values(path)
print(len(values), json.dumps([values[0], values[-1]], separators=(",", ":")))
sys.stdout.flush()
sys.stderr.flush()
os._exit(0)
