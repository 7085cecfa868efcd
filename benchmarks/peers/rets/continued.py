"""rets-continued: log in, search, take every row as the dict it gives, log out."""

import sys

from measure import Measure
from rets import Session

login, check = sys.argv[1], sys.argv[3] == "check"
measure = Measure()
session = Session(login, "demo", "demo", version="RETS/1.7.2", http_auth="digest", user_agent="continued/2.0")
session.login()
measure.logged_in()
rows = 0
for row in session.search("Property", "RES", dmql_query="(Field000=0+)"):
    rows += 1
    if check:
        measure.check(row.values())
session.logout()
measure.tell(rows)
