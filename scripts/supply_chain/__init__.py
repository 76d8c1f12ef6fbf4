"""What Heed is made of, and what is known against it: the bill of materials, and the audit of known vulnerabilities."""
