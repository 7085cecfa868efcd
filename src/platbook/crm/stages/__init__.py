"""Stages of the sales pipeline, as admins name, order and retire them."""
