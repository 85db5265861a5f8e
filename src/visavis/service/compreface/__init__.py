"""The REST API of CompreFace, `/api/v1`, over the same services as `/v1`: its clients call on."""
