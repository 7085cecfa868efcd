"""rets-python run against a RETS server, with its results as JSON. Run as a script with the library on the path."""

import hashlib
import json
import sys

from rets.client import RetsClient

url, user, password, scheme = sys.argv[1:]
client = RetsClient(url, user, password, auth_type=scheme, user_agent="rets-python/0.4", user_agent_password="agent")
system = client.http.get_system_metadata()
resource = client.get_resource("Property")
rets_class = resource.get_class("Residential")
rows: list[dict[str, object]] = []
while True:
    page = rets_class.search("(ListingKey=0+)", limit=100, offset=len(rows) + 1, parse=False)
    rows += [dict(row.data) for row in page.data]
    if not page.max_rows:
        break
typed = rets_class.search("(ListingKey=0+)", limit=1).data[0]
key = str(rows[0]["ListingKey"])
photos = resource.get_object_type("Photo").get({key: "*"})
single = resource.get_object_type("Photo").get({key: [1]})
addresses = resource.get_object_type("Photo").get({key: "*"}, location=True)
lookup = client.http.get_metadata("lookup_type", resource="Property", class_="View")
sys.stdout.write(
    json.dumps(
        {
            "system": system.system_id,
            "resources": [one.name for one in client.resources],
            "classes": [one.name for one in resource.classes],
            "fields": [one["SystemName"] for one in rets_class.table],
            "lookup": [one["LongValue"] for one in lookup[0].data],
            "objects": [one.name for one in resource.object_types],
            "rows": rows,
            "typed": {name: type(value).__name__ for name, value in typed.data.items()},
            "key": key,
            "photos": [hashlib.sha256(one.data).hexdigest() for one in [*single, *photos]],
            "addresses": [one.url for one in addresses],
        }
    )
)
client.http.logout()
