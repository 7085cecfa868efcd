"""A database address that cannot be used is one sentence on standard error, without the password that is in it."""

import socket

import pytest

from platbook.base.errors import InvalidInput
from platbook.db.conninfo import EXPECTED, explain_outage, parse_conninfo
from platbook.db.embedded import EmbeddedPostgres
from tests.cli.program import Program

SECRET = "hunter2"
KEY = "11" * 32

MALFORMED = [
    f"u:{SECRET}@db.example.com/platbook",
    f"postgresql//u:{SECRET}@db.example.com/platbook",
    f"mysql://u:{SECRET}@db.example.com/platbook",
    f"postgresql+psycopg://u:{SECRET}@db.example.com/platbook",
    f"postgresql://u:{SECRET}@db.example.com:54x/platbook",
    f"postgresql://u:{SECRET}@db.example.com:99999/platbook",
    f"postgresql://u:{SECRET}@db.example.com:0/platbook",
    f"postgresql://u:{SECRET}",
    f"postgresql://u:{SECRET}@db.example.com/platbook?paswrod={SECRET}",
    f"postgresql://u:{SECRET}@db.example.com/platbook?connect_timeout={SECRET}",
    f"postgresql://u:{SECRET}%zz@db.example.com/platbook",
    f"postgresql://u:{SECRET}%@db.example.com/platbook",
    f"postgresql://u:{SECRET}@[::1/platbook",
    f"postgresql://u:x {SECRET}@db.example.com/platbook",
    f"postgresql://u:x@{SECRET}@db.example.com/platbook",
    f"postgresql://u:x/{SECRET}@db.example.com/platbook",
    f"postgresql://u:12/{SECRET}@db.example.com/platbook",
    f"postgresql://u:x?{SECRET}/y@db.example.com/plat@book",
    f"host=db.example.com password='{SECRET}",
    f"host=db.example.com pasword={SECRET}",
    f"host=db.example.com password={SECRET} port=x",
    f"{SECRET}",
    "   ",
]
READABLE = [
    ("postgresql://u:p@h:5432/d", "postgresql://u:p@h:5432/d"),
    (" postgres://u:p@h/d?sslmode=require\n", "postgres://u:p@h/d?sslmode=require"),
    ("postgresql://u:p%40%2F%25@[::1]/d", "postgresql://u:p%40%2F%25@[::1]/d"),
    ("postgresql://u:p[?#@h1,h2:5433/d", "postgresql://u:p[?#@h1,h2:5433/d"),
    ("postgresql:///d?host=/run/postgresql", "postgresql:///d?host=/run/postgresql"),
    ("host=h port=5432 user=u password='a b@c' dbname=d", "host=h port=5432 user=u password='a b@c' dbname=d"),
]


@pytest.mark.parametrize("setting", ["DATABASE_URL", "READ_DATABASE_URL"])
@pytest.mark.parametrize("text", MALFORMED)
def test_a_malformed_address_is_refused_by_its_setting_and_what_is_expected(setting: str, text: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        parse_conninfo(setting, text)
    assert str(caught.value).startswith(f"{setting}: ")
    assert EXPECTED in str(caught.value)
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("postgresql://u:pa ss@h/d", "has a space"),
        ("postgresql://u:pa%ss@h/d", "has a percent sign"),
        ("postgresql://u:missing%option@h/d", "has a percent sign"),
        ("postgresql://u:p@[percent/d", "has a square bracket"),
        ("postgresql://u:p@h/d?percent=1", "has a parameter that PostgreSQL does not know"),
        ("postgresql://u:p@h/d?sslmode", "has a parameter without a value"),
        ("postgresql://u:p@h/d?sslmode=a=b", "has a parameter with two values"),
        ("host=h password='spaces", "has a quote"),
        ("percent", "is neither a URL"),
    ],
)
def test_the_problem_that_is_named_is_the_one_there_is(text: str, problem: str) -> None:
    with pytest.raises(InvalidInput, match=f"DATABASE_URL: {problem}"):
        parse_conninfo("DATABASE_URL", text)


@pytest.mark.parametrize(("text", "conninfo"), READABLE)
def test_whatever_libpq_can_read_is_accepted(text: str, conninfo: str) -> None:
    assert parse_conninfo("DATABASE_URL", text) == conninfo


@pytest.mark.parametrize(
    ("command", "setting", "text"),
    [
        (["migrate"], "DATABASE_URL", MALFORMED[2]),
        (["up", "--port", "0"], "DATABASE_URL", MALFORMED[4]),
        (["status"], "DATABASE_URL", MALFORMED[10]),
        (["migrate"], "READ_DATABASE_URL", MALFORMED[0]),
        (["status"], "READ_DATABASE_URL", MALFORMED[8]),
    ],
)
def test_a_command_ends_with_one_sentence(program: Program, command: list[str], setting: str, text: str) -> None:
    program.environment |= {"PLATBOOK_SECRET_KEY": KEY, setting: text}
    done = program.run(*command)
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.startswith(f"platbook: {setting}: ")
    assert done.stderr.count("\n") == 1
    assert SECRET not in done.stderr


@pytest.mark.parametrize("command", [["migrate"], ["up", "--port", "0"], ["status"]])
def test_a_database_that_cannot_be_reached_is_named_without_the_password(program: Program, command: list[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    url = f"postgresql://u:{SECRET}@127.0.0.1:{port}/platbook"
    program.environment |= {"PLATBOOK_SECRET_KEY": KEY, "DATABASE_URL": url}
    done = program.run(*command)
    assert done.returncode == 5
    assert f"the database at 127.0.0.1 port {port} does not answer: " in done.stderr
    assert "Connection refused" in done.stderr
    assert done.stderr.count("\n") == 1
    assert SECRET not in done.stdout + done.stderr


def test_a_database_that_refuses_gives_its_reason(program: Program, postgres: EmbeddedPostgres) -> None:
    url = postgres.url("not_there").replace("@", f":{SECRET}@")
    program.environment |= {"PLATBOOK_SECRET_KEY": KEY, "DATABASE_URL": url}
    done = program.run("migrate")
    assert done.returncode == 5
    assert 'database "not_there" does not exist' in done.stderr
    assert "port 5432" in done.stderr
    assert SECRET not in done.stdout + done.stderr


def test_a_reason_that_quotes_the_password_is_shown_without_it() -> None:
    told = explain_outage("postgresql://u:hun%20ter@h/d", "no such role\nrejected: 'hun ter' and hun%20ter")
    assert told == "the database at h port 5432 does not answer: rejected: '(hidden)' and (hidden)"
