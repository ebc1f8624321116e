"""record_set.py CALLS OUT SOURCE -- what set_values() of the real client makes of a database, for test/fixtures/values

CALLS is a list of {dataset, path, values, options}; SOURCE the database as record.py wrote it. Each call begins with that database."""
import datetime
import json
import os
import sys

import bson
import fiftyone as fo
import fiftyone.core.odm as foo
import numpy as np
from bson import json_util

EPOCH = datetime.datetime(1970, 1, 1)
CANONICAL = json_util.CANONICAL_JSON_OPTIONS
db = foo.get_db_conn()


def meant(value):
    """What a call says, as a value of Python: an object with one key that begins with $ stands for what JSON does not have"""
    if isinstance(value, list):
        return [meant(item) for item in value]
    if not isinstance(value, dict):
        return value
    if len(value) == 1:
        ((key, content),) = value.items()
        if key == "$float":
            return float(content)
        if key == "$int":
            return int(content)
        if key == "$date":
            return EPOCH + datetime.timedelta(milliseconds=content)
        if key == "$day":
            return (EPOCH + datetime.timedelta(milliseconds=content)).date()
        if key == "$oid":
            return bson.ObjectId(content)
        if key == "$array":
            return np.array(content["data"], dtype=content["dtype"]).reshape(content["shape"])
        if key == "$label":
            content = dict(content)
            return getattr(fo, content.pop("_cls"))(**meant(content))
        if key == "$frames":
            return {number: meant(item) for number, item in content}
        if key == "$map":
            return {meant(key): meant(item) for key, item in content}
    return {key: meant(item) for key, item in value.items()}


def restore(source):
    for name, docs in source.items():
        db[name].delete_many({})
        if docs:
            db[name].insert_many(docs)


def dump(dataset):
    names = [dataset._sample_collection_name]
    if dataset._frame_collection_name:
        names.append(dataset._frame_collection_name)
    found = {name: list(db[name].find()) for name in names}
    found["datasets"] = list(db["datasets"].find({"_id": dataset._doc.id}))
    return json.loads(json_util.dumps(found, json_options=CANONICAL))


def main(calls, out, source):
    with open(calls) as file:
        calls = json.load(file)
    with open(source) as file:
        source = json_util.loads(file.read(), json_options=CANONICAL)
    restore(source)
    answers = []
    for call in calls:
        restore(source)
        dataset = fo.load_dataset(call["dataset"], reload=True)
        dataset.reload()
        before = dump(dataset)
        answer = dict(call)
        try:
            dataset.set_values(call["path"], meant(call["values"]), **call.get("options", {}))
        except Exception as error:
            answer["error"] = "%s: %s" % (type(error).__name__, error)
        after = dump(dataset)
        changed = {}
        for name, docs in after.items():
            old = {json.dumps(doc["_id"]): doc for doc in before[name]}
            changed[name] = [doc for doc in docs if doc != old.get(json.dumps(doc["_id"]))]
        for doc in changed["datasets"]:
            for key in list(doc):
                if key not in ("_id", "sample_fields", "frame_fields"):
                    del doc[key]
        answer["changed"] = changed
        answers.append(answer)
    with open(out, "w") as file:
        file.write("[\n%s\n]\n" % ",\n".join(json.dumps(answer, separators=(",", ":")) for answer in answers))


main(*sys.argv[1:])
sys.stdout.flush()
os._exit(0)
