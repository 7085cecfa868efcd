"""Tasks: to-dos with assignee, due date and reminder."""
