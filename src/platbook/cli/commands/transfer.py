"""`platbook import` and `platbook export`: CRM data from other systems, and to files."""

import sys
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, cast

import orjson
import typer
from rich.markup import escape

from platbook.base.actor import COMMAND_LINE
from platbook.base.clock import SystemClock
from platbook.base.errors import InvalidInput, PlatbookError
from platbook.bootstrap.database import DatabaseContext
from platbook.cli.exit_codes import ExitCode
from platbook.cli.output.console import print_error, say
from platbook.cli.output.format import to_number
from platbook.cli.output.json_output import print_json
from platbook.cli.output.table import Column, print_table
from platbook.cli.process import run_on_database
from platbook.crm.stages.stages import find_stages
from platbook.crm.suppressions.permission import ConsentPolicy
from platbook.crm.suppressions.suppression import KEY_PURPOSE
from platbook.crm.transfer.consent_columns import read_file_consent
from platbook.crm.transfer.consent_preview import MailableCount, count_mailable
from platbook.crm.transfer.csv_import import FilePreview, ImportFiles, import_files, preview_files, read_people
from platbook.crm.transfer.dump import export_all
from platbook.crm.transfer.mapping import NO_PRESET, FileKind
from platbook.crm.transfer.report import ImportReport
from platbook.crm.transfer.report_files import ReportFiles
from platbook.crm.transfer.restore import RestoreReport, is_export, restore_all

_Json = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]


def import_(  # noqa: PLR0913 - one parameter for each option of the command
    context: typer.Context,
    folder: Annotated[Path | None, typer.Argument(metavar="[DIR]", help="A folder written by platbook export.")] = None,
    *,
    people: Annotated[Path | None, typer.Option(help="A CSV file of people.")] = None,
    notes: Annotated[Path | None, typer.Option(help="A CSV file of their notes, calls and e-mails.")] = None,
    tasks: Annotated[Path | None, typer.Option(help="A CSV file of their tasks.")] = None,
    tags: Annotated[Path | None, typer.Option(help="A CSV file of their tags, one per row.")] = None,
    system: Annotated[str, typer.Option(help="The name of the system that the ids are from.")] = "import",
    mapping: Annotated[Path | None, typer.Option(help="The column mapping, as JSON; see --preview.")] = None,
    preview: Annotated[bool, typer.Option("--preview", help="Show the column mapping; store nothing.")] = False,
    announce: Annotated[
        bool, typer.Option("--announce", help="Apply assignment rules and send events; without it, neither.")
    ] = False,
    refused: Annotated[
        Path | None, typer.Option(help="Write refused rows, conflicts and unread values to this CSV file.")
    ] = None,
    consent: Annotated[
        list[str] | None,
        typer.Option(metavar="CHANNEL=yes|no", help="What everybody of the file said; can be repeated."),
    ] = None,
    consent_source: Annotated[str | None, typer.Option(help="How they said so; with --consent.")] = None,
    consent_date: Annotated[str | None, typer.Option(help="When, as 2026-01-31; with --consent.")] = None,
    as_json: _Json = False,
) -> None:
    """Import people with their notes, tasks and tags, or a complete export. Repeating it changes nothing.

    Exit code 3 if rows were refused.
    """
    file_consent = read_file_consent(consent or [], consent_source, consent_date, SystemClock().now())
    files = ImportFiles(_paths(people, notes, tasks, tags), _read_mapping(mapping), file_consent)
    if folder is not None:
        if files.paths:
            raise InvalidInput("use either a folder or CSV files (--people, --notes, --tasks, --tags), not both")
        _restore(context, folder, as_json=as_json)
    elif preview:
        _show(*_preview(context, files), as_json=as_json)
    else:
        _import(context, files, system, refused, announce=announce, as_json=as_json)


def export(
    context: typer.Context,
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="An empty or new folder.")],
    *,
    as_json: _Json = False,
) -> None:
    """Write all CRM data into a folder: JSON Lines for platbook import, and CSV for people."""

    async def write(system: DatabaseContext) -> dict[str, int]:
        return await export_all(system.database, COMMAND_LINE, folder, system.clock.now())

    counts = run_on_database(context, write)
    if as_json:
        print_json({"rows": counts})
    else:
        print_table(
            [Column("file"), Column("rows", right=True)],
            [(f"{name}.jsonl", to_number(count)) for name, count in counts.items()],
            empty="",
        )


def _restore(context: typer.Context, folder: Path, *, as_json: bool) -> None:
    if not is_export(folder):
        raise InvalidInput(
            f"{folder} is not a folder written by platbook export; "
            "for CSV files use --people, --notes, --tasks or --tags"
        )

    async def bring_back(system: DatabaseContext) -> RestoreReport:
        return await restore_all(system.database, COMMAND_LINE, folder, system.clock.now())

    restored = run_on_database(context, bring_back)
    if as_json:
        print_json(restored)
        return
    for name, count in restored.rows.items():
        say(f"{name}: {to_number(count)} rows")
    for email, times in restored.unknown_users.items():
        say(f"There is no user {email} here; {to_number(times)} references to them were left empty.")


def _import(
    context: typer.Context, files: ImportFiles, name: str, refused: Path | None, *, announce: bool, as_json: bool
) -> None:
    async def import_into(system: DatabaseContext) -> tuple[ImportReport, ReportFiles]:
        now = system.clock.now()
        written = ReportFiles(system.settings.platbook_home / _FOLDER, name, now, refused)
        so_far = ImportReport()

        def write(part: ImportReport, total: ImportReport) -> None:
            nonlocal so_far
            so_far = total
            written.add(part, total)

        try:
            report = await import_files(
                system.database, COMMAND_LINE, files, now, system=name, announce=announce, on_batch=write
            )
        except BaseException as error:
            written.finish(so_far, f"failed: {error if isinstance(error, PlatbookError) else type(error).__name__}")
            if so_far.counts:
                print_error(f"stopped after {'; '.join(so_far.to_lines())}; the report is {written.report}")
            raise
        written.finish(report)
        return report, written

    report, written = run_on_database(context, import_into)
    if as_json:
        print_json(
            {
                "counts": report.counts,
                "refused": report.refused,
                "conflicts": report.conflicts,
                "unread": report.unread,
                "report": str(written.report),
            }
        )
    else:
        _print(report, None if refused else written.refused)
    raise typer.Exit(ExitCode.PARTIAL if report.refused else ExitCode.SUCCESS)


def _print(report: ImportReport, refused: Path | None) -> None:
    """The counts, and the first remarks where no file of them is asked for; all of them are in `refused`."""
    for line in report.to_lines():
        say(line)
    remarks = [(one.kind.value, str(one.line), "refused", one.reason) for one in report.refused]
    for outcome, several in (("conflict", report.conflicts), ("unread", report.unread)):
        remarks += [(one.kind.value, str(one.line), outcome, f"{one.field}: {one.reason}") for one in several]
        if several:
            say(f"{_OUTCOMES[outcome]}: {to_number(len(several))}")
    if not remarks or refused is None:
        return
    columns = [Column("file"), Column("line", right=True), Column("outcome"), Column("reason", wrap=True)]
    print_table(columns, remarks[:_SHOWN], empty="")
    if len(remarks) > _SHOWN:
        say(f"and {to_number(len(remarks) - _SHOWN)} more, all of them in {refused}")


_OUTCOMES: Mapping[str, str] = MappingProxyType(
    {
        "conflict": "values kept as they are here, as both sides changed them",
        "unread": "values left out, as they cannot be read",
    }
)

_FOLDER = "imports"
"""The folder of reports below the home."""

_SHOWN = 20


def _preview(context: typer.Context, files: ImportFiles) -> tuple[list[FilePreview], MailableCount | None]:
    """How the files would be read, and how many people could be mailed; None without a file of people."""

    async def read(system: DatabaseContext) -> tuple[list[FilePreview], MailableCount | None]:
        policy, key = ConsentPolicy(system.settings.platbook_alert_consent), system.box.derive(KEY_PURPOSE)
        async with system.database.read() as connection:
            previews = preview_files(files, await find_stages(connection))
            if FileKind.PEOPLE not in files.paths:
                return previews, None
            people = read_people(files)
            now = system.clock.now()
            return previews, await count_mailable(connection, people, files.consent, policy, key, now)

    return run_on_database(context, read)


def _show(previews: list[FilePreview], mailable: MailableCount | None, *, as_json: bool) -> None:
    """The mapping in the form that --mapping reads, the first rows by it, and how many people could be mailed."""
    shown = {one.kind.value: _to_document(one) for one in previews}
    if as_json:
        print_json(
            {
                "mapping": shown,
                "samples": {one.kind.value: one.samples for one in previews},
                "rows": {one.kind.value: one.rows for one in previews},
                "bad": {one.kind.value: one.bad for one in previews},
                "questions": [question for one in previews for question in one.questions],
                "consent": mailable,
            }
        )
        return
    for one in previews:
        _show_file(one)
    if mailable is not None:
        say(
            f"Of {to_number(mailable.with_email)} people with an e-mail address,"
            f" {to_number(mailable.mailable)} could be mailed (PLATBOOK_ALERT_CONSENT={mailable.policy})."
        )
    sys.stdout.write(orjson.dumps(shown, option=orjson.OPT_INDENT_2).decode() + "\n")


def _to_document(preview: FilePreview) -> dict[str, object]:
    """A mapping as --mapping reads it; stages without a meaning here are empty, to be filled in."""
    mapping = preview.mapping
    values: dict[str, Mapping[str, str]] = dict(mapping.values)
    if preview.unknown_stages:
        values["status"] = {**values.get("status", {}), **dict.fromkeys(preview.unknown_stages, "")}
    return {"preset": mapping.preset, "columns": dict(mapping.columns), "values": values, "dates": dict(mapping.dates)}


def _show_file(preview: FilePreview) -> None:
    name, samples = preview.kind.value, preview.samples
    for bad in preview.bad[:_SHOWN]:
        say(f"{name}, line {bad.line}: {escape(bad.reason)}")
    preset = f", read as a file of {preview.mapping.preset}" if preview.mapping.preset != NO_PRESET else ""
    say(f"{name}: {to_number(preview.rows)} rows can be read, {to_number(len(preview.bad))} cannot{preset}")
    print_table(
        [Column(name), Column("field"), Column("first row", wrap=True)],
        [
            (column, field, _sample(samples[0] if samples else {}, field))
            for column, field in preview.mapping.columns.items()
        ],
        empty="",
    )
    for column, form in preview.mapping.dates.items():
        say(f"Dates of {escape(column)}: {form}")
    if preview.unknown_stages:
        say(f"Stages without a translation: {escape(', '.join(preview.unknown_stages))}")
    for question in preview.questions:
        say(f"To be decided: {escape(question)}")


def _sample(row: Mapping[str, object], field: str) -> str:
    value = row.get(field.partition(".")[0])
    if isinstance(value, dict):
        value = cast("dict[str, object]", value).get(field.partition(".")[2])
    return ", ".join(map(str, cast("list[object]", value))) if isinstance(value, list) else str(value or "")


def _paths(people: Path | None, notes: Path | None, tasks: Path | None, tags: Path | None) -> dict[FileKind, Path]:
    paths = {FileKind.PEOPLE: people, FileKind.NOTES: notes, FileKind.TASKS: tasks, FileKind.TAGS: tags}
    return {kind: path for kind, path in paths.items() if path is not None}


def _read_mapping(path: Path | None) -> dict[str, object]:
    if path is None:
        return {}
    try:
        mapping: object = orjson.loads(path.read_bytes())
    except OSError as error:
        raise InvalidInput(f"{path} cannot be read ({(error.strerror or 'unknown').lower()})") from None
    except orjson.JSONDecodeError as error:
        raise InvalidInput(f"{path} is not JSON: {error.msg} in line {error.lineno}") from None
    if not isinstance(mapping, dict):
        raise InvalidInput(f"{path} must hold one JSON object")
    return cast("dict[str, object]", mapping)
