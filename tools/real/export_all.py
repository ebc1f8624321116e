"""usage: export_all.py FOLDER: exports every persistent dataset of the database, without media, to FOLDER/dataset-000, dataset-001, …, in the order of their names."""
import os
import sys

import fiftyone as fo

folder = sys.argv[1]
names = [name for name in fo.list_datasets() if fo.load_dataset(name).persistent]
for n, name in enumerate(names):
    dataset = fo.load_dataset(name)
    to = os.path.join(folder, "dataset-%03d" % n)
    dataset.export(export_dir=to, dataset_type=fo.types.FiftyOneDataset, export_media=False, progress=False)
    print("exported", name, flush=True)
os._exit(0)
