"""Is a line that is called likely as often right as that says?"""
