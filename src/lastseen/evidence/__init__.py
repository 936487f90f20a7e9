"""When people were seen, and for which time that knowledge is complete.

Coverage arithmetic and the completeness proofs are pure; the readers ask the portal for as little
as the answer needs and keep in the ledger what they prove. Nothing here decides about anybody.
"""
