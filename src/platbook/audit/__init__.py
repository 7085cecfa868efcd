"""Who did what: one row for each act, written in the transaction of the act."""

from platbook.audit.log import AuditEntry, AuditFilter, AuditSubject, find_entries, record

__all__ = ["AuditEntry", "AuditFilter", "AuditSubject", "find_entries", "record"]
