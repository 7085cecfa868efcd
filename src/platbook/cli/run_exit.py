"""The exit code of a command that followed a run."""

from platbook.cli.exit_codes import ExitCode
from platbook.sync.runs.run import RunStatus


def exit_of_run(status: str, *, needs_operator: bool) -> ExitCode:
    """The exit code for a run that ended; a failure that needs an operator has its own."""
    match status:
        case RunStatus.SUCCESS:
            return ExitCode.SUCCESS
        case RunStatus.PARTIAL:
            return ExitCode.PARTIAL
        case RunStatus.CANCELLED:
            return ExitCode.CANCELLED
        case _:
            return ExitCode.OPERATOR if needs_operator else ExitCode.FAILED
