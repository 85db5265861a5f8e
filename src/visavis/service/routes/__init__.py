"""The REST API `/v1`: one router a noun."""
