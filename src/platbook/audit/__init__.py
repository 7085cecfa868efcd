"""Who did what: one row for each act, written in the transaction of the act."""

from platbook.audit.log import AuditEntries, AuditEntry, AuditFilter, AuditSubject, find_entries, record

__all__ = ["AuditEntries", "AuditEntry", "AuditFilter", "AuditSubject", "find_entries", "record"]
