"""What `warmline doctor` looks at. Every check gives findings and changes nothing."""
