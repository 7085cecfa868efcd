"""Settings for vendors' servers, as data: those to start from where a `preset` is named.

A provider's own settings override its preset. A board may have set its server up otherwise: only
its metadata is certain (`platbook provider discover`).
"""

from collections.abc import Mapping
from types import MappingProxyType

PRESETS: Mapping[str, Mapping[str, object]] = MappingProxyType(
    {
        # CoreLogic Matrix: key and times have Matrix's names; Photo is a thumbnail of 128 pixels.
        "matrix": {
            "keyField": "Matrix_Unique_ID",
            "modifiedField": "MatrixModifiedDT",
            "photosCountField": "PhotoCount",
            "photosModifiedField": "PhotoModificationTimestamp",
            "photoType": "LargePhoto",
            "metadataFormat": "STANDARD-XML",
        },
        # FBS Flexmls: the query * asks for everything, photos are served from a CDN.
        "flexmls": {
            "keyField": "LIST_1",
            "modifiedField": "LIST_87",
            "photosCountField": "LIST_133",
            "photosModifiedField": "LIST_134",
            "photoType": "HiRes",
            "photoLocation": True,
        },
        # ICE (Black Knight) Paragon: Basic over TLS, photos as URLs only.
        "paragon": {
            "auth": "basic",
            "keyField": "L_ListingID",
            "modifiedField": "L_UpdateDate",
            "photosCountField": "L_PictureCount",
            "photosModifiedField": "L_Last_Photo_updt",
            "photoLocation": True,
        },
        # Rapattoni: one session, rows without limit for up to four columns, so keys first and then records by key.
        "rapattoni": {
            "auth": "digest",
            "keyField": "ListingRid",
            "modifiedField": "LastModifiedDateTime",
            "photosCountField": "PictureCount",
            "photosModifiedField": "PictureModifiedDateTime",
            "paging": "key",
            "slotWaitSeconds": 300,
        },
        # Interealty and early Matrix: Offset is not supported, results are capped.
        "interealty": {
            "keyField": "Matrix_Unique_ID",
            "modifiedField": "MatrixModifiedDT",
            "paging": "time",
            "userAgentForm": "interealty",
            "metadataFormat": "STANDARD-XML",
        },
        # CREA DDF: XML of its own, photos as bytes, one record in a request.
        "crea": {
            "keyField": "@id",
            "modifiedField": "@lastupdated",
            "classes": ["Property"],
            "format": "STANDARD-XML",
            "modifiedQueryField": "LastUpdated",
            "keyQueryField": "ID",
            "photosPerRequest": 1,
            "accept": "image/jpeg, */*;q=0.5",
            "photoType": "LargePhoto",
        },
    }
)
