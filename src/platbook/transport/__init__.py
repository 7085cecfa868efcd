"""The only HTTP client socket, and the two things all workers share about a source: its quota and its seats."""

from platbook.base.http_reply import HttpReply
from platbook.transport.budgets import Allowance
from platbook.transport.client import ProviderClient, Transport
from platbook.transport.downloads import AddressUsedUp, Download, Downloader, Known, Limits
from platbook.transport.meter import Meter
from platbook.transport.quota import NoQuota, Quota
from platbook.transport.seats import LEASE, Seat, seat
from platbook.transport.timing import Timing
from platbook.transport.urls import parse_address

__all__ = [
    "LEASE",
    "AddressUsedUp",
    "Allowance",
    "Download",
    "Downloader",
    "HttpReply",
    "Known",
    "Limits",
    "Meter",
    "NoQuota",
    "ProviderClient",
    "Quota",
    "Seat",
    "Timing",
    "Transport",
    "parse_address",
    "seat",
]
