"""The proof that nothing was missed. Pure: pages and intervals in, intervals out."""
