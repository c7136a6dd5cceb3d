"""Names of services, and which service calls which."""
