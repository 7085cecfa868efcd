"""Requests that may be sent again (header `Idempotency-Key`): each is done once, and its answer repeated for a day."""
