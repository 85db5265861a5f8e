"""Making models: converters of published weights, and what trains our own."""
