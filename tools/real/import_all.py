"""usage: import_all.py FOLDER: imports every FiftyOneDataset below FOLDER under the name of its folder."""
import os
import sys

import fiftyone as fo

folder = sys.argv[1]
failed = 0
for name in sorted(os.listdir(folder)):
    try:
        dataset = fo.Dataset.from_dir(
            dataset_dir=os.path.join(folder, name),
            dataset_type=fo.types.FiftyOneDataset,
            name=name,
            persistent=True,
            progress=False,
        )
        print("imported", name, len(dataset), flush=True)
    except Exception as error:
        failed += 1
        print("FAILED", name, type(error).__name__, str(error)[:300], flush=True)
os._exit(1 if failed else 0)
