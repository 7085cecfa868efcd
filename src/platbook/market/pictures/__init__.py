"""Pictures of fictitious properties: houses, rooms, buildings and land, drawn with plain shapes."""
