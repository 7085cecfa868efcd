"""Import and export of the CRM: CSV files of other systems, whole backups, one person's data."""
