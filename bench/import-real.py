"""What importDataset does in import-ours.mjs."""
import sys

import fiftyone as fo

dataset = fo.Dataset.from_dir(sys.argv[1], fo.types.FiftyOneDataset, name="imported", persistent=True, progress=False)
print(len(dataset))
