"""Structured logs: one event per line, JSON for machines, text for people; no value under a secret name is shown."""

import logging
import sys
from collections.abc import MutableMapping

import structlog

_SECRET_WORDS = ("password", "secret", "token", "authorization", "credential", "cookie", "api_key")


def configure_log(level: str = "INFO", style: str = "auto") -> None:
    """Set up logging for this process; `style` is json, text or auto (text on a terminal). Logs go to stderr."""
    as_json = style == "json" or (style == "auto" and not sys.stderr.isatty())
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        hide_secrets,
        structlog.processors.format_exc_info,
    ]
    renderer: structlog.typing.Processor = (
        structlog.processors.JSONRenderer() if as_json else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    threshold = logging.getLevelNamesMapping()[level.upper()]
    structlog.configure(
        processors=[*shared, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(threshold),
        logger_factory=structlog.PrintLoggerFactory(file=sys.stderr),
    )
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr, force=True)


def hide_secrets(_logger: object, _method: str, event: MutableMapping[str, object]) -> MutableMapping[str, object]:
    """Replace every value whose name speaks of a secret."""
    for name in event:
        if any(word in name.lower() for word in _SECRET_WORDS):
            event[name] = "(hidden)"
    return event


def get_log(name: str) -> structlog.typing.FilteringBoundLogger:
    """Get a logger that names its part of Platbook."""
    return structlog.get_logger(part=name)
