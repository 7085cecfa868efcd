"""The event loop of long-running commands: uvloop where it is installed. Importing it would slow a short one."""

try:
    from uvloop import new_event_loop
except ImportError:  # not available on every platform
    from asyncio import new_event_loop

__all__ = ["new_event_loop"]
