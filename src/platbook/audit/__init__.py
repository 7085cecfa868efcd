"""The audit log: one row per action, written in the same transaction."""

from platbook.audit.log import AuditEntry, AuditFilter, AuditSubject, find_entries, record

__all__ = ["AuditEntry", "AuditFilter", "AuditSubject", "find_entries", "record"]
