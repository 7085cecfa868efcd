"""S3 servers of real programs on loopback, and buckets on them that say what everybody may read."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast

import boto3

from platbook.base.clock import SystemClock
from platbook.base.ids import new_id
from platbook.base.settings import Settings
from platbook.storage import Storage, open_storage

REGION = "us-east-1"
SECRET = "a secret of forty characters, about so"


@dataclass(frozen=True)
class S3Server:
    """A server's URL and a login of it. `strict`: it refuses anonymous and wrongly signed requests."""

    url: str
    key_id: str = "platbook"
    secret: str = SECRET
    strict: bool = False

    def make_bucket(self, name: str) -> "TestBucket":
        """A new bucket with the policy the documents ask for: everybody may read `public/`, and nothing else."""
        client = cast("Callable[..., Any]", boto3.client)("s3", **self.login())
        client.create_bucket(Bucket=name)
        client.put_bucket_policy(Bucket=name, Policy=json.dumps(to_policy(name)))
        return TestBucket(self, name)

    def make_distribution(self) -> str:
        """A CloudFront distribution, where the server has CloudFront."""
        origin = {"Id": "o", "DomainName": "photos.s3.amazonaws.com", "S3OriginConfig": {"OriginAccessIdentity": ""}}
        behaviour = {"TargetOriginId": "o", "ViewerProtocolPolicy": "allow-all", "MinTTL": 0}
        behaviour |= {"ForwardedValues": {"QueryString": False, "Cookies": {"Forward": "none"}}}
        config = {"CallerReference": str(new_id()), "Comment": "", "Enabled": True, "DefaultCacheBehavior": behaviour}
        config |= {"Origins": {"Quantity": 1, "Items": [origin]}}
        return self._cloudfront().create_distribution(DistributionConfig=config)["Distribution"]["Id"]

    def list_invalidated(self, distribution: str) -> list[list[str]]:
        """The paths of every invalidation of a distribution."""
        client = self._cloudfront()
        made = client.list_invalidations(DistributionId=distribution)["InvalidationList"].get("Items", [])
        details = (client.get_invalidation(DistributionId=distribution, Id=one["Id"]) for one in made)
        return [one["Invalidation"]["InvalidationBatch"]["Paths"]["Items"] for one in details]

    def _cloudfront(self) -> Any:  # noqa: ANN401 - the library makes its classes as it goes
        return cast("Callable[..., Any]", boto3.client)("cloudfront", **self.login())

    def login(self) -> dict[str, str]:
        """How the test's own client logs in."""
        return {
            "endpoint_url": self.url,
            "region_name": REGION,
            "aws_access_key_id": self.key_id,
            "aws_secret_access_key": self.secret,
        }


@dataclass(frozen=True)
class TestBucket:
    """A bucket on a server."""

    __test__ = False

    server: S3Server
    name: str

    def etags(self) -> list[str]:
        """What the server calls the content of each object."""
        client = cast("Callable[..., Any]", boto3.client)("s3", **self.server.login())
        return [one["ETag"].strip('"') for one in client.list_objects_v2(Bucket=self.name).get("Contents", [])]

    def settings(self, **other: object) -> Settings:
        """Settings that lead to the bucket."""
        values: dict[str, object] = {
            "aws_s3_enabled": True,
            "aws_s3_bucket": self.name,
            "aws_s3_region": REGION,
            "aws_s3_endpoint_url": self.server.url,
            "aws_s3_access_key_id": self.server.key_id,
            "aws_s3_secret_access_key": self.server.secret,
        }
        return Settings.model_validate({**values, **other})

    def open(self, **other: object) -> Storage:
        """A storage on the bucket."""
        return open_storage(self.settings(**other), b"k" * 32, SystemClock())


def to_policy(bucket: str) -> dict[str, object]:
    """The policy of docs/deployment.md."""
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "everybody-reads-public",
                "Effect": "Allow",
                "Principal": "*",
                "Action": ["s3:GetObject"],
                "Resource": [f"arn:aws:s3:::{bucket}/public/*"],
            }
        ],
    }
