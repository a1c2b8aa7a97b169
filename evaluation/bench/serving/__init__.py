"""What it costs to be served: real processes, driven as an editor drives them."""
