"""Issue trackers: deliveries in, one comment per issue out."""
