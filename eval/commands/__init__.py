"""The commands `bugatlas eval` and `bugatlas calibrate`."""
