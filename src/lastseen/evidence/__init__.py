"""When people were seen, and for which time that knowledge is complete.

Coverage arithmetic and the completeness proofs are pure; the readers ask the portal for as little
as the answer needs and keep in the ledger what they prove. Nothing here decides about anybody.
"""

from lastseen.evidence.recheck import EvidenceRecheck, recheck_evidence
from lastseen.evidence.silence_finder import SilenceLimit

__all__ = ["EvidenceRecheck", "SilenceLimit", "recheck_evidence"]
