"""Rebuilds documents and search words from stored rows: under other display rules, or in another release's format.

It is resumable without a checkpoint: every row holds the version of its documents. Once all rows of a provider have
the current version, that is recorded (`listing_document_versions`), so that checking again costs nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from platbook.base.actor import Surface
from platbook.base.clock import Clock
from platbook.db import Database, Tsvector, WriteConnection, load_queries
from platbook.listings.display import decide
from platbook.listings.documents import DOCUMENT_VERSION, Documents, to_documents, to_row_fields
from platbook.listings.photos import MediaPlan, open_photos, set_open
from platbook.listings.rebuild.concerned import MARK_OUTDATED, WITHDRAW, to_concerned, to_renamed
from platbook.listings.search_columns import SearchColumns, to_open_words, to_search_columns
from platbook.listings.store import ShownColumns, find_photos, get_stored, to_shown_columns
from platbook.listings.terms import Term, add_terms, listing_terms
from platbook.providers.display_rules import ProviderRules
from platbook.providers.rule_versions import RuleChange, lock_rules

Q = load_queries(__package__ or "platbook.listings.rebuild")

_BATCH = 1000


@dataclass(frozen=True, slots=True)
class _StaleRow:
    id: UUID
    listing_key: str


async def withdraw_documents(connection: WriteConnection, provider_id: str, change: RuleChange) -> int:
    """Withdraw the public documents that a change of rules can concern, to be rebuilt; how many.

    Those that only staff see, and those whose rule shows the same as before, stay until they are rebuilt. The caller
    ensures that no run stores pages under the rules before.
    """
    await connection.run(Q.delete_version, {"provider_id": provider_id})
    withdrawn = await connection.run(WITHDRAW, to_concerned(provider_id, change, Surface.PUBLIC))
    await connection.run(MARK_OUTDATED, to_concerned(provider_id, change, Surface.INTERNAL))
    await connection.run(MARK_OUTDATED, to_renamed(provider_id, change))
    return withdrawn


async def rebuild_documents(database: Database, clock: Clock, provider_id: str, *, limit: int | None = None) -> int:
    """Rebuild a provider's documents that are withdrawn or of another format, at most `limit` of them; how many.

    One transaction per 1,000 rows, each under the rules that are current then. A row locked by a run is skipped: the
    run writes it.
    """
    rebuilt, after = 0, ""
    while limit is None or rebuilt < limit:
        size = _BATCH if limit is None else min(_BATCH, limit - rebuilt)
        params = {"provider_id": provider_id, "version": DOCUMENT_VERSION, "after": after, "limit": size}
        async with database.transaction() as connection:
            if await connection.value(bool, Q.is_version_current, params):
                break
            rules = await lock_rules(connection, provider_id)
            stale = await connection.all(_StaleRow, Q.find_stale, params)
            if not stale:
                await connection.run(Q.record_version, params)
                break
            await _rebuild(connection, provider_id, [row.id for row in stale], rules, clock.now())
        rebuilt += len(stale)
        after = max(row.listing_key for row in stale)
    return rebuilt


async def rebuild_listings(
    connection: WriteConnection, provider_id: str, ids: Sequence[UUID], rules: ProviderRules, now: datetime
) -> None:
    """Rebuild the documents of some listings in the caller's transaction, which locked `rules`.

    Erased ones stay without.
    """
    existing = await connection.column(UUID, Q.lock_existing, {"ids": list(ids)})
    if existing:
        await _rebuild(connection, provider_id, existing, rules, now)


async def _rebuild(
    connection: WriteConnection, provider_id: str, ids: Sequence[UUID], rules: ProviderRules, now: datetime
) -> None:
    stored = list((await get_stored(connection, ids)).values())
    photos = await find_photos(connection, ids)
    documents: list[Documents] = []
    shown: list[ShownColumns] = []
    columns: list[SearchColumns] = []
    open_words: list[Tsvector | None] = []
    plans: list[MediaPlan] = []
    terms: set[Term] = set()
    for one in stored:
        row = to_row_fields(one.id, provider_id, is_local=one.is_local, is_featured=one.is_featured)
        decision = decide(one.listing, rules, now)
        plan = open_photos(MediaPlan(one.id, photos.get(one.id, ())), decision.shows_media)
        documents.append(to_documents(one.listing, plan.photos, decision, row=row))
        shown.append(to_shown_columns(decision))
        search = to_search_columns(one.listing)
        columns.append(search)
        open_words.append(to_open_words(one.listing, search, decision.hidden_fields))
        plans.append(plan)
        terms |= listing_terms(one.listing)
    await add_terms(connection, terms)
    await set_open(connection, plans)
    await connection.run(
        Q.set_documents,
        {
            "ids": [one.id for one in stored],
            "shows_address": [one.shows_address for one in shown],
            "rule_ids": [one.rule_id for one in shown],
            "public_until": [one.public_until for one in shown],
            "hidden_fields": [",".join(one.hidden_fields or ()) for one in shown],
            "internal": [one.internal for one in documents],
            "public": [one.public for one in documents],
            "words": [str(one.words) for one in columns],
            "open_words": [None if one is None else str(one) for one in open_words],
            "address_keys": [one.address_key for one in columns],
            "street_keys": [one.street_key for one in columns],
            "version": DOCUMENT_VERSION,
        },
    )
