import json
import re
import socket
import subprocess
from typing import cast

import httpx2 as httpx
import pytest

from tests.cli.program import PATIENCE, Program, Served, start_serving

ANSI = "\x1b"


def test_once_ends_after_the_sync_and_may_be_repeated(program: Program) -> None:
    first = program.run("demo", "--once", "--listings", "50")
    assert first.returncode == 0, first.stderr
    assert "50 listings synced: 50 added" in first.stdout
    again = program.run("demo", "--once", "--listings", "50")
    assert again.returncode == 0, again.stderr
    assert "50 listings synced" in again.stdout
    assert "50 added" not in again.stdout
    assert ANSI not in first.stdout + first.stderr + again.stdout + again.stderr


def test_what_it_prints_to_try_works_word_for_word(served: Served) -> None:
    script = "".join(served.lines).split("Try it:\n", 1)[1].split(" Read the API", 1)[0]
    done = subprocess.run(["/bin/bash", "-euc", script], capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert done.returncode == 0, done.stderr
    answers = [json.loads(line) for line in re.split(r"(?<=\})(?=\{)", done.stdout.replace("\n", ""))]
    assert [answer["success"] for answer in answers] == [True, True, True]
    assert answers[2]["data"]["pagination"]["total"] == 50


@pytest.mark.parametrize("title", ["Sync again", "Watch", "Its runs"])
def test_the_commands_it_prints_are_as_they_must_be_typed(served: Served, title: str) -> None:
    found = re.search(rf" {title} +(\S.*)\n", "".join(served.lines))
    assert found
    assert "platbook --demo " in found[1]
    done = served.program.run_typed(found[1])
    assert done.returncode == 0, done.stderr


def test_a_client_of_its_own_goes_the_same_way(served: Served) -> None:
    with httpx.Client(base_url=f"{served.url}/api/v1", timeout=PATIENCE) as client:
        login = client.post("/auth/login", json={"email": "admin@example.com", "password": "password"})
        data = login.json()["data"]
        assert data["token"] == data["accessToken"]
        client.headers["Authorization"] = f"Bearer {data['token']}"
        asked = client.post("/admin/mls/sync", json={"providerId": "sample_rets_provider", "syncType": "full"})
        assert asked.status_code in {202, 409}, asked.text
        assert client.get("/admin/mls/status").json()["success"] is True
        found = client.get("/properties").json()["data"]
        assert found["pagination"]["total"] == 50
        assert len(found["properties"]) == 20


def test_why_a_listing_is_shown_or_not_is_told_by_its_key_and_by_its_id(served: Served) -> None:
    with httpx.Client(base_url=f"{served.url}/api/v1", timeout=PATIENCE) as client:
        login = client.post("/auth/login", json={"email": "admin@example.com", "password": "password"})
        client.headers["Authorization"] = f"Bearer {login.json()['data']['token']}"
        listings = client.get("/properties", params={"limit": 100}).json()["data"]["properties"]
        told = {one["id"]: client.get(f"/properties/{one['id']}/explain").json()["data"] for one in listings}
    key = next(one["listingKey"] for one in listings if told[one["id"]]["shown"])
    hidden = next(listing_id for listing_id, answer in told.items() if not answer["shown"])
    explain = ("--demo", "listing", "explain")

    by_key = served.program.run(*explain, "sample_rets_provider", key)
    assert by_key.returncode == 0, by_key.stderr
    assert by_key.stdout.startswith("Shown to the public: the source ")
    facts = [line.split("\t") for line in by_key.stdout.splitlines()[1:]]
    assert {"rule", "address", "valuation", "comments"} <= {name for name, _ in facts}
    assert any(value.startswith("not shown: it is confidential") and "PrivateRemarks" in value for _, value in facts)
    by_id = served.program.run(*explain, hidden, "--json")
    assert (by_id.returncode, json.loads(by_id.stdout)) == (1, told[hidden])
    refused = served.program.run(*explain, "nobody")
    assert (refused.returncode, refused.stdout) == (2, "")
    assert "name a listing by its id" in refused.stderr


def test_the_sample_mls_is_a_rets_server_that_the_provider_talks_to(served: Served) -> None:
    found = re.search(r"RETS at (http://127\.0\.0\.1:\d+/rets/login)", "".join(served.lines))
    assert found
    login_url = found[1]
    headers = {"RETS-Version": "RETS/1.7.2", "User-Agent": "Somebody/1.0"}
    assert httpx.get(login_url, headers=headers).status_code == 401
    login = httpx.get(login_url, headers=headers, auth=httpx.DigestAuth("demo", "demo"))
    assert 'ReplyCode="0"' in login.text
    seen = httpx.get(f"{login_url.removesuffix('/rets/login')}/_control/statistics").json()
    assert seen["requests"]["search"] >= 3
    shown = json.loads(served.program.run("--demo", "status", "--json").stdout)["providers"]
    assert [provider["providerType"] for provider in shown] == ["RETS"]


def test_a_taken_port_is_said_before_anything_else(program: Program) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = program.run("demo", "--port", str(port))
    assert done.returncode == 2
    assert done.stdout == ""
    assert f"port {port}" in done.stderr
    assert "Traceback" not in done.stderr
    assert list(program.home.iterdir()) == []


@pytest.mark.parametrize("command", ["up", "serve"])
def test_no_other_server_starts_on_the_demos_password(served: Served, command: str) -> None:
    done = served.program.run("--demo", command, "--port", "0")
    assert done.returncode == 5
    assert "demo's password" in done.stderr


def test_a_second_demo_of_one_home_names_the_first_one_s_process_and_changes_nothing(served: Served) -> None:
    done = served.program.run("demo", "--port", "0", "--listings", "20")
    assert done.returncode == 5
    assert f"process {served.process.pid} runs platbook up or demo in " in done.stderr
    shown = json.loads(served.program.run("--demo", "provider", "show", "sample_rets_provider", "--json").stdout)
    found = re.search(r"RETS at (http://127\.0\.0\.1:\d+/rets/login)", "".join(served.lines))
    assert found
    assert shown["settings"]["loginUrl"] == found[1]


def test_ctrl_c_ends_it_cleanly(program: Program) -> None:
    served = start_serving(program, "demo", "--port", "0", "--listings", "20")
    assert httpx.get(f"{served.url}/health/live", timeout=PATIENCE).status_code == 200
    assert served.interrupt() == 0
    assert "Traceback" not in "".join(served.lines)
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"{served.url}/health/live", timeout=PATIENCE)


def test_status_reads_a_running_demo(served: Served) -> None:
    done = served.program.run("--demo", "status", "--json")
    assert done.returncode == 0, done.stderr
    (provider,) = cast("list[dict[str, object]]", json.loads(done.stdout)["providers"])
    assert provider["providerId"] == "sample_rets_provider"
    assert provider["listings"] == {"active": 50, "total": 50, "isEstimate": False}
