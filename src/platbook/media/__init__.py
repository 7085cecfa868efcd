"""Photos: fetched within the rules, made small, stored for good."""
