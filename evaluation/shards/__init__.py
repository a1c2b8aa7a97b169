"""Long runs over many cases: balanced wherever they are stopped, kept, and gone on with."""
