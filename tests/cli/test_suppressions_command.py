"""`platbook suppressions`: added, listed, ended, exported, imported."""

import json
from collections.abc import Generator

import pytest

from tests.cli.program import Program, fresh_home


@pytest.fixture
def office(database_url: str) -> Generator[Program]:
    with fresh_home() as home:
        yield Program(home, {"DATABASE_URL": database_url, "PLATBOOK_SECRET_KEY": "44" * 32})


def test_a_list_is_kept_and_goes_out_and_comes_in(office: Program) -> None:
    add = ["suppressions", "add", "email", "Mira@example.com", "--reason", "asked", "--json"]
    added = json.loads(office.run(*add).stdout)
    assert (added["address"], added["source"]) == ("mira@example.com", "command line")
    assert office.run("suppressions", "add", "email", "nobody", "--reason", "x").returncode == 2
    assert "mira@example.com" in office.run("suppressions", "list").stdout
    assert office.run("suppressions", "export", "list.csv").stdout == "Wrote 1 suppressions.\n"
    assert office.run("suppressions", "export", "list.csv").returncode == 2
    ended = json.loads(office.run("suppressions", "end", added["id"], "--reason", "a new form", "--json").stdout)
    assert ended["endedReason"] == "a new form"

    again = office.run("suppressions", "import", "list.csv")
    assert again.stdout == "Added 1 suppressions; 0 stood already.\n", again.stderr
    (office.home / "more.csv").write_text("channel,address\nemail,mira@example.com\ncall,(512) 555-0143\n")
    assert office.run("suppressions", "import", "more.csv").stdout == "Added 1 suppressions; 1 stood already.\n"
    (office.home / "wrong.csv").write_text("channel,address\nemail,jo@example.com\ncall,12\n")
    wrong = office.run("suppressions", "import", "wrong.csv")
    assert (wrong.returncode, "wrong.csv, line 3" in wrong.stderr) == (2, True)
    (office.home / "wide.csv").write_text("channel,address\nemail,jo@example.com\nemail,al@example.com,x\n")
    assert "wide.csv, line 3: has 3 cells" in office.run("suppressions", "import", "wide.csv").stderr
    listed = json.loads(office.run("suppressions", "list", "--standing", "--json").stdout)
    assert {one["address"] for one in listed["suppressions"]} == {"mira@example.com", "+15125550143"}
