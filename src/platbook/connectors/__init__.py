"""One adapter per way of talking to an MLS. `contract` is the only module a third-party connector imports."""
