"""Pictures of invented places: houses, rooms, buildings and land, drawn with plain shapes."""
