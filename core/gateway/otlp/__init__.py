"""OTLP over HTTP: decoders and routes."""
