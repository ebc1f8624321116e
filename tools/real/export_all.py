"""usage: export_all.py FOLDER: exports every persistent dataset of the database, without media, to FOLDER/<slug>."""
import os
import sys

import fiftyone as fo

folder = sys.argv[1]
for name in fo.list_datasets():
    dataset = fo.load_dataset(name)
    if not dataset.persistent:
        continue
    to = os.path.join(folder, getattr(dataset, "slug", None) or name)
    dataset.export(export_dir=to, dataset_type=fo.types.FiftyOneDataset, export_media=False, progress=False)
    print("exported", name, flush=True)
os._exit(0)
