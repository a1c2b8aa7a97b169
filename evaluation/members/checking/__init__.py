"""Type checkers that no monitor uses: do offered names exist, and does the file get worse?"""
