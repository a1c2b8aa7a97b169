"""What searching a large repository costs, in the process that an editor starts."""
