"""The CRM at the command line: in from files, out as files, one person's data, events that wait, rules."""

import json
import time
from collections.abc import Generator
from pathlib import Path

import pytest

from tests.cli.program import Program, fresh_home

PEOPLE = (
    "id,first name,last name,email,stage\n1,Mira,Lane,mira@example.com,New\n2,Jo,Stone,jo@example.com,Odd\n"
    "3,a,b,,,,surplus\n"
)


@pytest.fixture
def office(database_url: str) -> Generator[Program]:
    with fresh_home() as home:
        program = Program(home, {"DATABASE_URL": database_url, "PLATBOOK_SECRET_KEY": "44" * 32})
        (home / "people.csv").write_text(PEOPLE)
        yield program


def test_people_come_in_and_everything_goes_out_and_comes_back(office: Program) -> None:
    preview = office.run("import", "--people", "people.csv", "--preview")
    assert preview.returncode == 0, preview.stderr
    mapping = json.loads(preview.stdout[preview.stdout.index("{") :])
    assert mapping["people"]["columns"]["stage"] == "status"
    assert mapping["people"]["values"] == {"status": {"Odd": ""}}
    assert "people, line 4: has 7 cells" in preview.stdout
    first = office.run("import", "--people", "people.csv", "--system", "old", "--refused", "refused.csv")
    assert first.returncode == 3
    assert first.stdout.splitlines() == [
        "people: 2 added, 0 changed, 0 unchanged, 1 refused",
        "values left out, as they cannot be read: 1",
    ]
    refused = (office.home / "refused.csv").read_text().splitlines()
    assert refused[0] == "file,line,reason,outcome"
    assert refused[1] == 'people,4,"has 7 cells, the header has 5 columns",refused'
    assert refused[2] == "people,3,status: Odd could not be read and was left out,unread"
    (report,) = (office.home / "imports").glob("*.json")
    assert json.loads(report.read_bytes())["state"] == "finished"
    mapping["people"]["values"] = {"status": {"Odd": "Nurture"}}
    (office.home / "mapping.json").write_text(json.dumps(mapping))
    again = office.run("import", "--people", "people.csv", "--system", "old", "--mapping", "mapping.json", "--json")
    assert (again.returncode, json.loads(again.stdout)["counts"]["people"]["changed"]) == (3, 1), again.stderr

    exported = office.run("export", "out", "--json")
    assert json.loads(exported.stdout)["rows"]["leads"] == 2
    lead = json.loads((office.home / "out/leads.jsonl").read_text().splitlines()[0])
    person = json.loads(office.run("lead", "export", lead["id"]).stdout)
    assert person["leads"][0]["emails"] == ["mira@example.com"]
    assert office.run("lead", "erase", lead["id"], "--yes").returncode == 0
    assert office.run("lead", "export", lead["id"]).returncode == 2
    back = office.run("import", "out")
    assert "leads: 1 rows" in back.stdout
    assert office.run("import", str(office.home)).returncode == 2
    assert office.run("import").returncode == 2


def test_an_import_that_is_killed_has_its_report_and_goes_on(office: Program) -> None:
    rows = "".join(f"{number},First{number},Last,p{number}@example.com,New\n" for number in range(6_000))
    (office.home / "people.csv").write_text(PEOPLE.partition("\n")[0] + "\nx,a,b,,,,surplus\n" + rows)
    command = ("import", "--people", "people.csv", "--system", "old")
    process = office.start(*command)
    counts: dict[str, int] = {}
    while not counts.get("added"):
        assert process.poll() is None
        time.sleep(0.02)
        for report in (office.home / "imports").glob("*.json"):
            counts = json.loads(report.read_bytes())["counts"].get("people", {})
    process.kill()
    process.communicate()
    (report,) = (office.home / "imports").glob("*.json")
    document = json.loads(report.read_bytes())
    assert document["state"] == "running"
    refused = Path(document["refusedFile"]).read_text().splitlines()
    assert refused[1:] == ['people,2,"has 7 cells, the header has 5 columns",refused']
    again = office.run(*command, "--json")
    after = json.loads(again.stdout)["counts"]["people"]
    assert again.returncode == 3
    assert after["unchanged"] >= document["counts"]["people"]["added"] > 0
    assert (after["added"] + after["unchanged"], after["changed"], after["refused"]) == (6_000, 0, 1)


def test_events_that_wait_and_rules(office: Program) -> None:
    assert office.run("lead", "events").stdout == "event\tsender's id\treason\n"
    assert office.run("lead", "replay", "01a20cc2-c827-7ea6-9dab-49ecc5a105db").returncode == 2
    add = ["user", "add", "ann@example.com", "--first-name", "A", "--last-name", "B", "--password-stdin", "--json"]
    user = json.loads(office.run(*add, stdin="correct horse battery").stdout)
    rule = {"name": "all", "method": "direct", "members": [{"userId": user["id"]}]}
    added = office.run("lead", "add-rule", "-", stdin=json.dumps(rule))
    assert added.returncode == 0, added.stderr
    (listed,) = json.loads(office.run("lead", "rules", "--json").stdout)["rules"]
    assert (listed["name"], listed["members"]) == ("all", [{"userId": user["id"], "weight": 1}])
    assert office.run("lead", "add-rule", "-", stdin='{"name": "x"}').returncode == 2
    assert office.run("lead", "remove-rule", listed["id"]).returncode == 0
    assert office.run("lead", "rules").stdout == "rule\tname\tmethod\tmembers\tstate\n"


def test_stages_are_added_and_ordered_and_imported_by_name(office: Program) -> None:
    assert (
        office.run("lead", "add-stage", "Past Client", "--kind", "won", "--key", "past").stdout == "Added stage past.\n"
    )
    assert office.run("lead", "change-stage", "Nurture", "--name", "Long term").returncode == 0
    assert office.run("lead", "change-stage", "Showing", "--retire").stdout == "Changed stage Showing.\n"
    stages = json.loads(office.run("lead", "stages", "--json").stdout)["stages"]
    assert [one["isRetired"] for one in stages].count(True) == 1
    keys = [one["key"] for one in stages]
    assert office.run("lead", "order-stages", *reversed(keys)).returncode == 0
    assert [one["key"] for one in json.loads(office.run("lead", "stages", "--json").stdout)["stages"]] == keys[::-1]
    (office.home / "people.csv").write_text("id,last name,stage\n1,Lane,past client\n2,Stone,long term\n3,Au,Showing\n")
    report = office.run("import", "--people", "people.csv", "--json")
    read = json.loads(report.stdout)
    assert read["counts"]["people"]["added"] == 3
    assert [(one["line"], one["field"]) for one in read["unread"]] == [(4, "status")]  # a retired stage takes no more
    office.run("export", "out")
    leads = [json.loads(line) for line in (office.home / "out/leads.jsonl").read_text().splitlines()]
    assert {(one["status"], one["stageKind"], one["score"]) for one in leads} == {
        ("past", "won", 100),
        ("Nurture", "open", 15),
        ("New", "open", 10),
    }
    assert "past" in (office.home / "out/stages.jsonl").read_text()
