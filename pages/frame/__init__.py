"""The frame around every lesson: what is given, shown, turned, linked and said."""
