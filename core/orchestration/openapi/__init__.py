"""OpenAPI 3.x documents compared: what breaks who relies on the old one."""
