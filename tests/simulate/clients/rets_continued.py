"""rets-continued run against a RETS server, with its results as JSON. Run as a script with the library on the path."""

import hashlib
import json
import sys

from rets import Session

url, user, password, scheme = sys.argv[1:]
with Session(url, user, password, version="RETS/1.7.2", http_auth=scheme, user_agent="rets-continued/2.0") as session:
    system = session.get_system_metadata()
    resources = session.get_resource_metadata()
    classes = session.get_class_metadata("Property")
    fields = session.get_table_metadata("Property", "Residential")
    lookup = session.get_lookup_values("Property", "View")
    objects = session.get_object_metadata("Property")
    rows = list(session.search("Property", "Residential", dmql_query="(ListingKey=0+)"))
    key = rows[0]["ListingKey"]
    photos = list(session.get_object("Property", "Photo", key))
    preferred = session.get_preferred_object("Property", "Photo", key)
    addresses = [one["location"] for one in session.get_object("Property", "Photo", key, location=1)]
sys.stdout.write(
    json.dumps(
        {
            "system": system["system_id"],
            "resources": [one["ResourceID"] for one in resources],
            "classes": [one["ClassName"] for one in classes],
            "fields": [one["SystemName"] for one in fields],
            "lookup": [one["LongValue"] for one in lookup],
            "objects": [one["ObjectType"] for one in objects],
            "rows": rows,
            "key": key,
            "photos": [hashlib.sha256(one["content"]).hexdigest() for one in [preferred, *photos]],
            "addresses": addresses,
        }
    )
)
