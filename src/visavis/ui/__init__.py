"""The web pages at /ui, in Gradio. They ask the service as any client does, by its REST API."""
