"""Structured logging: one event per line, as JSON or text; values with secret names are redacted."""

import logging
import sys
from collections.abc import MutableMapping

import structlog

_SECRET_NAMES = ("password", "secret", "token", "authorization", "credential", "cookie", "api_key")


def configure_log(level: str = "INFO", style: str = "auto") -> None:
    """Configure logging of this process to stderr; `style` is json, text or auto (text on a terminal)."""
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
    """Redact every value whose name contains one of the secret names."""
    for name in event:
        if any(secret in name.lower() for secret in _SECRET_NAMES):
            event[name] = "(hidden)"
    return event


def get_log(name: str) -> structlog.typing.FilteringBoundLogger:
    """Return a logger whose events carry `part=name`."""
    return structlog.get_logger(part=name)
