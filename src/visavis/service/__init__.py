"""The REST service: recognition over HTTP, for programs in any language and for browsers."""
