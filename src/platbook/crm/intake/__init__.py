"""Lead intake: events of websites and other systems, processed into one lead per person."""
