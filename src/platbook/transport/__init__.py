"""The only HTTP client socket, and the two things all workers share about a source: its quota and its seats."""

from platbook.base.http_reply import HttpReply
from platbook.transport.budgets import Allowance
from platbook.transport.client import ProviderClient, Transport
from platbook.transport.downloads import CacheValidators, Download, Downloader, DownloadLimits, UrlAlreadyUsed
from platbook.transport.meter import Meter
from platbook.transport.quota import NoQuota, Quota
from platbook.transport.seats import LEASE, Seat, seat
from platbook.transport.timing import Timing
from platbook.transport.urls import parse_url

__all__ = [
    "LEASE",
    "Allowance",
    "CacheValidators",
    "Download",
    "DownloadLimits",
    "Downloader",
    "HttpReply",
    "Meter",
    "NoQuota",
    "ProviderClient",
    "Quota",
    "Seat",
    "Timing",
    "Transport",
    "UrlAlreadyUsed",
    "parse_url",
    "seat",
]
