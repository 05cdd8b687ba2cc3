"""One folder a lesson: experiment, quiz, claims, and whatever else it alone has."""
