"""What the API, pages and the command line share: services, use cases, outcomes of errors.

Nothing here knows a web or terminal framework.
"""
