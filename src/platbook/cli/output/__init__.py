"""What commands print: tables and JSON, values in words, and progress."""
