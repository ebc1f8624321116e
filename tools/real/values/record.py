"""record.py OUT DUMP... -- what the real client answers to values() on recorded databases, for test/fixtures/values

Run by run.sh against an empty database. DUMP is a source.dump.json of test/fixtures/exports; besides them there is a small
database of its own, `table`, which is recorded together with its documents."""
import base64
import datetime
import json
import os
import sys

import bson
import fiftyone as fo
import fiftyone.core.odm as foo
import numpy as np
import pytz
from bson import json_util
from fiftyone import ViewField as F

EPOCH = datetime.datetime(1970, 1, 1)
db = foo.get_db_conn()


def milliseconds(value):
    if value.tzinfo:
        value = value.astimezone(pytz.utc).replace(tzinfo=None)
    return (value - EPOCH) // datetime.timedelta(milliseconds=1)


def told(value):
    """A value as JSON: everything but text, booleans, null, lists and usual numbers is an object with one key"""
    if value is None or isinstance(value, (bool, str)):
        return value
    if isinstance(value, (int, np.integer)):
        return int(value) if abs(int(value)) < 2**53 else {"$int": str(value)}
    if isinstance(value, (float, np.floating)):
        value = float(value)
        if value != value or value in (float("inf"), float("-inf")):
            return {"$number": str(value)}
        return {"$number": "-0"} if value == 0 and str(value)[0] == "-" else value
    if isinstance(value, datetime.datetime):
        return {"$date": milliseconds(value)}
    if isinstance(value, datetime.date):
        return {"$day": milliseconds(datetime.datetime(value.year, value.month, value.day))}
    if isinstance(value, bson.ObjectId):
        return {"$oid": str(value)}
    if isinstance(value, bytes):
        return {"$bytes": base64.b64encode(value).decode()}
    if isinstance(value, np.ndarray):
        if value.dtype.kind in "iub":
            data = [str(int(x)) for x in value.ravel()]
        else:
            data = [told(float(x)) for x in value.ravel()]
        return {"$array": {"dtype": value.dtype.str, "shape": list(value.shape), "data": data}}
    if isinstance(value, (list, tuple)):
        return [told(item) for item in value]
    if isinstance(value, dict):
        return {"$dict": [[key, told(item)] for key, item in value.items()]}
    if hasattr(value, "to_mongo"):
        return {"$doc": [[key, told(item)] for key, item in value.to_mongo(use_db_field=True).items()]}
    if hasattr(value, "to_dict"):
        return {"$doc": [[key, told(item)] for key, item in value.to_dict().items()]}
    return {"$other": repr(type(value))}


OPTIONS = [{}, {"unwind": True}, {"unwind": -1}, {"missing_value": "?"}, {"_raw": True}]


def asked(collection, path, options):
    answer = {"path": path, "options": options}
    try:
        answer["result"] = told(collection.values(path, **options))
    except Exception as error:
        answer["error"] = "%s: %s" % (type(error).__name__, error)
    return answer


def paths_of(dataset):
    paths = list(dataset.get_field_schema(flat=True, include_private=True))
    paths += ["frames." + path for path in (dataset.get_frame_field_schema(flat=True, include_private=True) or {})]
    more = []
    for path in paths:
        more += [path, path + "[]"]
        head, _, tail = path.rpartition(".")
        if tail == "id":
            more.append(head + "._id" if head else "_id")
        if head and path.startswith("frames."):
            more.append("frames[]." + path[7:])
        for name in ("detections", "polylines", "classifications", "keypoints"):
            if "." + name + "." in path:
                more.append(path.replace("." + name + ".", "." + name + "[]."))
    return list(dict.fromkeys(more))


def answers(dataset, extra=()):
    found = []
    for path in paths_of(dataset) + ["nope", "frames.nope", "frames", "_rand", "media_type"] + list(extra):
        for options in OPTIONS:
            found.append(asked(dataset, path, options))
    return found


def table():
    """The database of the tables in the specification"""
    dataset = fo.Dataset("table", persistent=True)
    samples = [fo.Sample(filepath="/a/%d.jpg" % i) for i in range(4)]
    first = samples[0]
    label = fo.Detection(label="a", bounding_box=[0, 0, 1, 1], confidence=0.5, foo="bar", tags=["x", "y"])
    label2 = fo.Detection(label="b", bounding_box=[0, 0, 1, 0.5])
    first["gt"] = fo.Detections(detections=[label, label2])
    samples[1]["gt"] = fo.Detections(detections=[])
    first["cl"] = fo.Classification(label="c", logits=np.array([1.5, 2.5]))
    first["li"] = [1, 2, 3]
    samples[1]["li"] = []
    first["ls"] = ["x", "\u00fc\U0001f600"]
    first["dct"] = {"a": {"b": 1, "l": [{"x": 1}, {"y": 2}, {"x": None}]}, "10": 1, "2": [1, 2]}
    first["f"] = 1.5
    samples[1]["f"] = float("nan")
    samples[2]["f"] = float("inf")
    samples[3]["f"] = -0.0
    first["i"] = 7
    samples[1]["i"] = 2**53 + 1
    samples[2]["i"] = -(2**62)
    first["d"] = datetime.date(1969, 12, 31)
    first["dt"] = datetime.datetime(1, 1, 1, 0, 0, 0, 1000)
    samples[1]["dt"] = datetime.datetime(9999, 12, 31, 23, 59, 59, 999000)
    first["b"] = False
    dtypes = ["<f8", "<f4", "<f2", "|b1", "|i1", "|u1", "<i2", "<u2", "<i4", "<u4", "<i8", "<u8", ">f4", ">i2"]
    for i, dtype in enumerate(dtypes):
        name = "v%d" % i
        first[name] = np.array([0, 1, 2, 3]).astype(dtype)
        samples[1][name] = np.array([]).astype(dtype)
    first["arr"] = np.arange(6).reshape(2, 3).astype("<f4")
    samples[1]["arr"] = np.asfortranarray(np.arange(6).reshape(2, 3))
    samples[2]["arr"] = np.zeros((0, 3))
    first["arr3"] = np.arange(8).reshape(2, 2, 2)
    first["geo"] = fo.GeoLocation(point=[1.0, 2.0])
    first["poly"] = fo.Polylines(polylines=[fo.Polyline(label="p", points=[[[0, 0], [0.5, 1]], [[1, 1]]], closed=True)])
    first["kp"] = fo.Keypoints(keypoints=[fo.Keypoint(label="k", points=[[0.1, 0.2], [float("nan"), float("nan")]])])
    first["seg"] = fo.Segmentation(mask=np.array([[0, 1], [2, 3]], dtype=np.uint8))
    first["emb"] = fo.DynamicEmbeddedDocument(x=1, y=[1, 2], z=fo.Classification(label="deep"))
    first["le"] = [fo.DynamicEmbeddedDocument(x=1), fo.DynamicEmbeddedDocument(x=None), fo.DynamicEmbeddedDocument(q=[1])]
    dataset.add_sample_field("oid", fo.ObjectIdField)
    dataset.add_sample_field("loid", fo.ListField, subfield=fo.ObjectIdField)
    dataset.add_sample_field("ld", fo.ListField, subfield=fo.DateField)
    dataset.add_sample_field("ldt", fo.ListField, subfield=fo.DateTimeField)
    dataset.add_sample_field("lv", fo.ListField, subfield=fo.VectorField)
    dataset.add_sample_field("ll", fo.ListField, subfield=fo.ListField)
    dataset.add_sample_field("lli", fo.ListField, subfield=fo.ListField(subfield=fo.IntField))
    first["oid"] = "0123456789abcdef01234567"
    first["loid"] = ["0123456789abcdef01234567"]
    first["ld"] = [datetime.date(2024, 2, 29)]
    first["ldt"] = [datetime.datetime(2024, 2, 29, 1, 2, 3)]
    first["lv"] = [np.array([1.0, 2.0])]
    first["ll"] = [[1, 2], [], [3]]
    first["lli"] = [[1, 2], [], [3]]
    first["tags"] = ["t1", "t2"]
    dataset.add_samples(samples)
    dataset.set_values("nul", [None, 1, None, None])
    collection = db[dataset._sample_collection_name]
    collection.update_one({"filepath": "/a/3.jpg"}, {"$set": {"gt": None, "li": None, "dct": None}})
    collection.update_one({"filepath": "/a/0.jpg"}, {"$set": {"gt.detections.0.when": EPOCH, "gt.detections.0.raw": b"123", "gt.detections.1.many": [1, [2]]}})
    collection.update_one({"filepath": "/a/0.jpg"}, {"$set": {"cl.when": EPOCH, "cl.ref": bson.ObjectId("0" * 24), "cl.sub": {"a": [1, {"b": 2}]}}})

    video = fo.Dataset("video-table", persistent=True)
    samples = [fo.Sample(filepath="/v/%d.mp4" % i) for i in range(3)]
    samples[0].frames[3] = fo.Frame(x=3)
    samples[0].frames[1] = fo.Frame(x=1, d=fo.Detections(detections=[fo.Detection(label="l1", bounding_box=[0, 0, 1, 1])]), li=[1, 2])
    samples[2].frames[2] = fo.Frame(x=None, d=fo.Detections(detections=[]), v=np.array([1.0]))
    video.add_samples(samples)
    return [dataset, video]


def dump(names):
    return {name: [doc for doc in db[name].find()] for name in names}


def restored(path):
    with open(path) as file:
        collections = json_util.loads(file.read(), json_options=json_util.CANONICAL_JSON_OPTIONS)
    for name, collection in collections.items():
        if name == "config":
            continue
        for doc in collection["docs"]:
            db[name].replace_one({"_id": doc["_id"]}, doc, upsert=True)
    return [doc["name"] for doc in collections["datasets"]["docs"] if doc["sample_collection_name"].startswith("samples.")]


def main(out, dumps):
    os.makedirs(out, exist_ok=True)
    made = table()
    names = [name for name in db.list_collection_names() if name.startswith(("samples.", "frames.", "datasets"))]
    source = json.loads(json_util.dumps(dump(names), json_options=json_util.CANONICAL_JSON_OPTIONS))
    extra = [
        "gt.detections.nope", "gt.detections.foo", "gt.detections.when", "gt.detections.raw", "gt.detections.many", "cl.nope",
        "cl.when", "cl.ref", "cl.sub", "cl.sub.a", "cl.sub.a.b", "dct.a", "dct.a.b", "dct.a.l", "dct.a.l.x", "dct.10", "dct.2",
        "dct.2[]", "oid", "_oid", "_loid", "_dataset_id", "gt.detections.tags[]", "gt.detections[].tags[]", "gt.detections[].tags",
        "le.x", "le[].x", "le.q", "le[].q[]", "le.nope", "gt.detections", "gt.detections[]", "gt", "ll[][]", "lli[][]", "emb.nope.a",
        "poly.polylines[].points[]", "filepath.x", "i.x", "", "gt.", ".gt", "gt..label", "frames.d.detections[].label",
        "frames[].d.detections[].label", "frames.d[].detections.label", "frames.id", "frames._id", "frames._sample_id", "gt[].detections",
    ]
    files = {}
    databases = [(source, [(dataset.name, answers(dataset, extra)) for dataset in made])]
    for path in dumps:
        for name in restored(path):
            archive = os.path.basename(os.path.dirname(path))
            databases.append((archive, [(name, answers(fo.load_dataset(name)))]))
    for source, recorded in databases:
        for name, found in recorded:
            file = name if isinstance(source, dict) else source
            files.setdefault(file, []).append((name, found))
    with open(os.path.join(out, "table.source.json"), "w") as file:
        json.dump(databases[0][0], file, separators=(",", ":"))
    for file, recorded in files.items():
        with open(os.path.join(out, file + ".json"), "w") as target:
            target.write("[\n")
            for i, (name, found) in enumerate(recorded):
                for j, answer in enumerate(found):
                    target.write("%s%s" % (",\n" if i or j else "", json.dumps({"dataset": name, **answer}, separators=(",", ":"))))
            target.write("\n]\n")


main(sys.argv[1], sys.argv[2:])
sys.stdout.flush()
os._exit(0)
