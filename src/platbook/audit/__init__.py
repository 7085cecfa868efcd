"""Who did what: one row for each act, written in the transaction of the act."""

from platbook.audit.log import Entries, Entry, EntryFilter, Subject, find_entries, write_entry

__all__ = ["Entries", "Entry", "EntryFilter", "Subject", "find_entries", "write_entry"]
