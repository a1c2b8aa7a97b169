"""Which names may come next: where one begins, and what analysis says may stand there.

A lexer cuts text into tokens, a reader finds in them the sites where names begin, a scanner
joins the two for text that grows. A guard watches documents, asks an analyser about the sites
and judges what it says. No tensors, no protocol, no processes but in `monitors.analysis`.
"""
