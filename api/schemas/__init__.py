"""The wire shapes, in and out; what goes out always validates against the OpenAI types."""
