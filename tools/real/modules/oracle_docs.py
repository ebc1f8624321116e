"""The custom embedded documents to which the dataset `all-fields` of the recorded databases refers, by this module's name."""
import fiftyone as fo
import fiftyone.core.fields as fof
import fiftyone.core.odm as foo

try:
    class CameraInfo(getattr(fo, "EmbeddedDocument", None) or foo.EmbeddedDocument):
        camera_id = fof.StringField(required=True)
        quality = fof.FloatField()
        description = fof.StringField()
except Exception:  # a release that cannot declare such documents
    CameraInfo = None

try:
    class LabelInfo(getattr(fo, "DynamicEmbeddedDocument", None) or foo.DynamicEmbeddedDocument):
        labeler = fof.StringField()
except Exception:
    LabelInfo = None
