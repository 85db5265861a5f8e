"""Reports from measured results: one document, written as Markdown, HTML, PDF and JSON."""
