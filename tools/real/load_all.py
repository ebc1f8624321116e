"""load_all.py [--deep] [--skip NAME]... -- reads a whole database with the client that runs this.

Loads every dataset, iterates its samples (of groups: every slice) and frames, and prints a line per dataset.
--deep also opens saved views, and the records and results of evaluations and brain runs.
Exit code: 0 when all could be read, 1 otherwise. Leaves without the client's exit hook, which would delete datasets."""
import argparse
import logging
import os
import warnings

warnings.filterwarnings("ignore")
logging.disable(logging.CRITICAL)
import fiftyone as fo


def listed(dataset, method):
    """Names of views or runs; none for a release that does not have them."""
    return getattr(dataset, method)() if hasattr(dataset, method) else []


def read_samples(dataset):
    samples = frames = 0
    slices = list(dataset.group_slices) if dataset.media_type == "group" else [None]
    for group_slice in slices:
        if group_slice is not None:
            dataset.group_slice = group_slice
        for sample in dataset:
            sample.to_dict()
            samples += 1
            if getattr(sample, "media_type", None) == "video":
                for frame in sample.frames.values():
                    frame.to_dict()
                    frames += 1
    return "samples=%d frames=%d" % (samples, frames)


def read_views_and_runs(dataset):
    views, evaluations, brain_runs = (listed(dataset, m) for m in ("list_saved_views", "list_evaluations", "list_brain_runs"))
    for name in views:
        len(dataset.load_saved_view(name))
    for key in evaluations:
        dataset.get_evaluation_info(key)
        dataset.load_evaluation_results(key)
    for key in brain_runs:
        dataset.get_brain_info(key)
        dataset.load_brain_results(key)
    return " views=%d runs=%d" % (len(views), len(evaluations) + len(brain_runs))


def described(error):
    cause = error.__cause__ or error.__context__
    texts = ["%s: %s" % (type(e).__name__, str(e).strip().split("\n")[0][:200]) for e in (error, cause) if e is not None]
    return "  <- ".join(texts)


parser = argparse.ArgumentParser()
parser.add_argument("--deep", action="store_true")
parser.add_argument("--skip", action="append", default=[])
options = parser.parse_args()

names = [name for name in sorted(fo.list_datasets()) if name not in options.skip]
failed = 0
for name in names:
    try:
        dataset = fo.load_dataset(name)
        print("ok    %s  %s%s" % (name, read_samples(dataset), read_views_and_runs(dataset) if options.deep else ""))
    except Exception as error:
        failed += 1
        print("FAIL  %s  %s" % (name, described(error)))
print("%d datasets, %d failed" % (len(names), failed), flush=True)
os._exit(1 if failed else 0)
