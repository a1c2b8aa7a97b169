"""Live key/value caches: one per document, corrected in place after every edit."""
