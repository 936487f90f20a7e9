"""What Lastseen does: review, apply, undo, run, explain, doctor. Each reads as its sentence."""
