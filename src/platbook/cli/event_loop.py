"""The event loop for work that lasts: uvloop, where there is one. A short command is over before it would pay."""

try:
    from uvloop import new_event_loop
except ImportError:  # it is not for every platform
    from asyncio import new_event_loop

__all__ = ["new_event_loop"]
