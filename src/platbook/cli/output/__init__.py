"""Output of commands: tables, JSON, formatted values, progress."""
