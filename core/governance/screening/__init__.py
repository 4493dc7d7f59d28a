"""Secrets out, prompt injections and dangerous characters marked."""
