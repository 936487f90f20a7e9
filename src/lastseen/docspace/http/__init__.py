"""Requests to the portal: transport, retries, and the limits they stay within."""
