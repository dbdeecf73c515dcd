"""Family 2: rows that are at hand, prefetched or loaded, and not used as such (DJQ2xx)."""
