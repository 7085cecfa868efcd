"""A journey through the API by the client that openapi-python-client generated, on the path as `platbook_client`."""

import json
import sys

from platbook_client import AuthenticatedClient, Client
from platbook_client.api.auth import login
from platbook_client.api.properties import create_property, get_property, list_properties, search_properties_by_body
from platbook_client.models import (
    CreatePropertyBody,
    CreatePropertyBodyAddress,
    LoginRequest,
    SearchPropertiesByBodyBody,
)
from platbook_client.models.create_property_body_standard_status_type_0 import CreatePropertyBodyStandardStatusType0

url, email, password = sys.argv[1:]
anonymous = Client(base_url=url, raise_on_unexpected_status=True)
token = login.sync(client=anonymous, body=LoginRequest(email=email, password=password)).data.access_token
client = AuthenticatedClient(base_url=url, token=token, raise_on_unexpected_status=True)

keys, cursor = [], None
while True:
    page = {"cursor": cursor} if cursor else {}
    listed = list_properties.sync(client=client, limit=20, **page).data
    keys += [one.listing_key for one in listed.properties]
    cursor = listed.pagination.next_cursor
    if not cursor:
        break
body = CreatePropertyBody(
    standard_status=CreatePropertyBodyStandardStatusType0.ACTIVE,
    property_type="Residential",
    list_price=489000,
    address=CreatePropertyBodyAddress(street_number="12", street_name="Elm", city="Austin", state="TX"),
)
created = create_property.sync(client=client, body=body).data
read = get_property.sync(property_id=created.id, client=client).data
found = search_properties_by_body.sync(
    client=client, body=SearchPropertiesByBodyBody(city=["Austin"], provider_id=["local"])
).data
sys.stdout.write(
    json.dumps(
        {
            "keys": keys,
            "city": read.address.city,
            "price": read.list_price,
            "status": read.standard_status,
            "found": [str(one.id) for one in found.properties],
            "created": str(created.id),
        }
    )
)
