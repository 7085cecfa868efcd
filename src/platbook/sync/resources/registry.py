"""Which resources the engine replicates, in the order in which a run does them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from platbook.connectors.contract import Resource
from platbook.providers.sessions import Source
from platbook.sync.resources.property import PropertyErasure, open_property_store
from platbook.sync.resources.store import ResourceErasure, ResourceStore

AnyStore = ResourceStore[Any]
"""The loop hands a store only records that the same store has normalised."""


@dataclass(frozen=True, slots=True)
class RegisteredResource:
    """How a resource's store is opened for a run of a provider, and how its removed records are erased."""

    open_store: Callable[[Source], AnyStore]
    erasure: ResourceErasure


ResourceRegistry = Mapping[Resource, RegisteredResource]

RESOURCES: ResourceRegistry = MappingProxyType(
    {Resource.PROPERTY: RegisteredResource(open_property_store, PropertyErasure())}
)
