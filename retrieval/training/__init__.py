"""Teaching a ranker what helps: samples, rewards, rounds. The only part of the room with torch."""
