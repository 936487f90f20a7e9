"""What can be configured, how it is read and checked, and where the API key comes from."""
