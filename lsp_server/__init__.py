"""The language server protocol, in and out. The only room that knows pygls and lsprotocol."""
