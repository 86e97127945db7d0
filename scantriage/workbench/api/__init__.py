"""The REST API for other programs: bearer tokens with scopes, problem+json, OpenAPI."""
