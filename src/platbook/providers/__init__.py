"""Configured connections, one per MLS: their settings, sealed credentials, scope, retention and display rules."""
