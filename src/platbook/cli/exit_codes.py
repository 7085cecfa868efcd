"""Exit codes of the program."""

from enum import IntEnum

from platbook.base.errors import CallerError, NeedsOperator, PlatbookError


class ExitCode(IntEnum):
    """How a command ended."""

    SUCCESS = 0
    FAILED = 1
    USAGE = 2
    PARTIAL = 3
    CANCELLED = 4
    OPERATOR = 5


EXIT_CODES_HELP = (
    "Exit codes: 0 success · 1 failed · 2 wrong usage or setting · 3 partial (records rejected, or a sweep refused) · "
    "4 cancelled · 5 an operator must act (login refused, misconfigured, too many failures)."
)


def exit_of_error(error: PlatbookError) -> ExitCode:
    """The exit code of a command that an error ended."""
    match error:
        case CallerError():
            return ExitCode.USAGE
        case NeedsOperator():
            return ExitCode.OPERATOR
        case _:
            return ExitCode.FAILED
