"""`platbook provider`: its commands, imported one by one as they run."""

from platbook.cli.lazy import LazyCommand, create_group

_IN = "platbook.cli.commands"

PROVIDER_COMMANDS = (
    LazyCommand(
        "add",
        f"{_IN}.providers:add",
        "Add a provider. Its credentials are read from the file, never from the command line, and stored encrypted.",
    ),
    LazyCommand("list", f"{_IN}.provider_reports:list_providers", "List providers."),
    LazyCommand(
        "show",
        f"{_IN}.provider_reports:show_provider",
        "Show one provider's configuration; of credentials, only which are set.",
    ),
    LazyCommand(
        "change",
        f"{_IN}.providers:change",
        "Change a provider's configuration: replace it by a file, or set single values. Credentials that are set stay.",
    ),
    LazyCommand(
        "rules",
        f"{_IN}.provider_rules:rules",
        "Show a provider's display rules: what of its listings may be shown. With --set, replace them all.",
    ),
    LazyCommand(
        "test",
        f"{_IN}.providers:run_connection_test",
        "Test a provider's connection step by step; nothing is stored. Exit code 1 if a step fails.",
    ),
    LazyCommand(
        "discover",
        f"{_IN}.providers:discover",
        "Read a source's metadata and propose settings and a field mapping. Only --accept changes anything.",
    ),
    LazyCommand("enable", f"{_IN}.providers:enable", "Let the scheduler sync a provider; it is due at once."),
    LazyCommand(
        "disable",
        f"{_IN}.providers:disable",
        "Keep the scheduler from syncing a provider; it can still be synced by hand.",
    ),
    LazyCommand("interval", f"{_IN}.providers:interval", "Change how often the scheduler syncs a provider."),
    LazyCommand(
        "remove",
        f"{_IN}.providers:remove",
        "Archive a provider: not scheduled, its listings hidden, nothing erased. With --purge, everything is erased.",
    ),
    LazyCommand("restore", f"{_IN}.providers:restore", "Restore an archived provider with its configuration."),
)
"""Every command of the group, in the order of its help."""

group = create_group("Connections to MLSs.", PROVIDER_COMMANDS)
