"""Family 3: writes that race, lose updates or take one query a row (DJQ3xx)."""
