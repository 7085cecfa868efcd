"""HTTP access to sources and services, with the rate limits and session slots of a source that all workers share."""

from platbook.base.http_reply import HttpReply
from platbook.transport.cache_validators import CacheValidators
from platbook.transport.client import ProviderClient, Transport
from platbook.transport.downloads import Download, Downloader, DownloadLimits, DownloadTooLarge, UrlAlreadyUsed
from platbook.transport.gcra import DownloadRateLimits
from platbook.transport.instrumentation import TimeSource, TrafficCounter
from platbook.transport.rate_limit import RetryAfterLimiter, SourceRateLimiter
from platbook.transport.session_slots import LEASE, SessionSlot, session_slot
from platbook.transport.source_hosts import SourceHosts
from platbook.transport.transfer import TransferLimits
from platbook.transport.urls import parse_url

__all__ = [
    "LEASE",
    "CacheValidators",
    "Download",
    "DownloadLimits",
    "DownloadRateLimits",
    "DownloadTooLarge",
    "Downloader",
    "HttpReply",
    "ProviderClient",
    "RetryAfterLimiter",
    "SessionSlot",
    "SourceHosts",
    "SourceRateLimiter",
    "TimeSource",
    "TrafficCounter",
    "TransferLimits",
    "Transport",
    "UrlAlreadyUsed",
    "parse_url",
    "session_slot",
]
