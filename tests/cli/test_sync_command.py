import json

import pytest

from tests.cli.program import Program, Served

MOCK = {
    "providerId": "board",
    "providerName": "A board",
    "providerType": "MOCK",
    "settings": {"listings": 30, "at": "2026-03-01T00:00:00Z"},
    "credentials": {"username": "me", "password": "a-secret-of-mine"},
    "enabled": False,
}


def sync(served: Served, *args: str) -> tuple[int, dict[str, object]]:
    done = served.program.run("--demo", "sync", *args, "--json")
    return done.returncode, json.loads(done.stdout)


def test_a_provider_from_standard_input_is_added_tried_synced_and_removed(served: Served) -> None:
    program = served.program
    added = program.run("--demo", "provider", "add", "-", "--json", stdin=json.dumps(MOCK))
    assert added.returncode == 0, added.stderr
    assert json.loads(added.stdout)["credentials"] == {"password": "set", "username": "set"}
    changed = program.run("--demo", "provider", "change", "board", "--set", "intervalHours=6")
    said, _, command = changed.stdout.partition(": ")
    assert said == "Changed board. Test it", changed.stderr
    assert command.endswith("platbook --demo provider test board\n")
    assert program.run_typed(command).returncode == 0

    code, run = sync(served, "board", "--full", "--dry-run")
    assert (code, run["status"], run["dryRun"], run["added"]) == (0, "success", True, 30)
    shown = json.loads(program.run("--demo", "status", "board", "--json").stdout)
    assert shown["listings"]["total"] == 0

    code, run = sync(served, "board", "--full")
    assert (code, run["added"], run["unchanged"]) == (0, 30, 0)
    code, run = sync(served, "board", "--full")
    assert (code, run["added"], run["unchanged"]) == (0, 0, 30)

    history = program.run("--demo", "history", "board")
    assert len(history.stdout.splitlines()) == 1 + 3
    removed = program.run("--demo", "provider", "remove", "board", "--purge", "--yes")
    assert removed.returncode == 0, removed.stderr
    assert program.run("--demo", "status", "board").returncode == 2
    everything = added.stdout + added.stderr + history.stdout + removed.stdout
    assert "a-secret-of-mine" not in everything
    assert "\x1b" not in everything


def test_what_only_a_sweep_found_is_shown(served: Served) -> None:
    program = served.program
    for name in ("swept", "swept-too"):
        assert (
            program.run("--demo", "provider", "add", "-", stdin=json.dumps(MOCK | {"providerId": name})).returncode == 0
        )
    code, run = sync(served, "swept", "--sweep")
    assert (code, run["added"], run["foundBySweep"]) == (0, 30, 30)
    plain = program.run("--demo", "sync", "swept-too", "--sweep").stdout
    assert ["found", "by", "sweep", "30"] in [line.split() for line in plain.splitlines()]


@pytest.mark.parametrize(
    ("fault", "code"),
    [("login_refused", 5), ("http_500", 1), ("bad_record", 3)],
)
def test_the_exit_code_says_how_a_run_ended(served: Served, fault: str, code: int) -> None:
    name = f"faulty-{fault}"
    wanted = MOCK | {"providerId": name, "settings": {"listings": 5, "faults": [{"kind": fault}]}}
    assert served.program.run("--demo", "provider", "add", "-", stdin=json.dumps(wanted)).returncode == 0
    assert sync(served, name, "--full")[0] == code


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (("sync", "nowhere"), "there is no provider nowhere"),
        (("status", "nowhere"), "there is no provider nowhere"),
        (("sync", "sample_rets_provider", "--full", "--sweep"), "choose one"),
        (("errors", "--retry", "all"), "needs a provider"),
        (("provider", "add", "no-such-file.json"), "cannot be read"),
    ],
)
def test_what_cannot_be_is_one_sentence_and_exit_code_two(served: Served, args: tuple[str, ...], words: str) -> None:
    done = served.program.run("--demo", *args)
    assert done.returncode == 2
    assert done.stdout == ""
    (line,) = done.stderr.splitlines()
    assert words in line


def test_a_configuration_that_is_not_one_names_the_field(served: Served) -> None:
    done = served.program.run("--demo", "provider", "add", "-", stdin=json.dumps(MOCK | {"intervalHours": 1000}))
    assert done.returncode == 2
    assert "intervalHours" in done.stderr


def test_a_setting_that_cannot_be_used_is_named_without_its_value(program: Program) -> None:
    program.environment["PLATBOOK_PORT"] = "a-word-for-a-port"
    done = program.run("status")
    assert done.returncode == 2
    assert "PLATBOOK_PORT" in done.stderr
    assert "a-word-for-a-port" not in done.stderr


def test_a_database_that_does_not_answer_is_said_in_words(program: Program) -> None:
    program.environment |= {
        "DATABASE_URL": "postgresql://u:hidden-word@127.0.0.1:1/x",
        "PLATBOOK_SECRET_KEY": "ab" * 32,
    }
    done = program.run("status")
    assert done.returncode == 5
    assert "the database at 127.0.0.1 port 1 does not answer" in done.stderr
    assert "hidden-word" not in done.stderr
    assert "Traceback" not in done.stderr
