"""Structured logging: one event per line, as JSON or text; values with secret names are redacted."""

import logging
import sys
from collections.abc import MutableMapping

import structlog

_SECRET_NAMES = ("password", "secret", "token", "authorization", "credential", "cookie", "api_key")


def configure_log(level: str = "INFO", style: str = "auto") -> None:
    """Configure logging of this process to stderr; `style` is json, text or auto (text on a terminal).

    Lines of libraries have the same form, from level `warning` on.
    """
    as_json = style == "json" or (style == "auto" and not sys.stderr.isatty())
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        hide_secrets,
        structlog.processors.format_exc_info,
    ]
    foreign: list[structlog.typing.Processor] = [_add_logger_name, *shared]
    renderer: structlog.typing.Processor = (
        structlog.processors.JSONRenderer() if as_json else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    threshold = logging.getLevelNamesMapping()[level.upper()]
    structlog.configure(
        processors=[*shared, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(threshold),
        logger_factory=structlog.PrintLoggerFactory(file=sys.stderr),
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setLevel(max(logging.WARNING, threshold))  # loggers of libraries may have levels of their own
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
            foreign_pre_chain=foreign,
        )
    )
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)


def _add_logger_name(_logger: object, _method: str, event: MutableMapping[str, object]) -> MutableMapping[str, object]:
    """Let a library's line carry its logger's name as `part`."""
    record = event.get("_record")
    if isinstance(record, logging.LogRecord):
        event["part"] = record.name
    return event


def hide_secrets(_logger: object, _method: str, event: MutableMapping[str, object]) -> MutableMapping[str, object]:
    """Redact every value whose name contains one of the secret names."""
    for name in event:
        if any(secret in name.lower() for secret in _SECRET_NAMES):
            event[name] = "(hidden)"
    return event


def get_log(name: str) -> structlog.typing.FilteringBoundLogger:
    """Return a logger whose events carry `part=name`."""
    return structlog.get_logger(part=name)
