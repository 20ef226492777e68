"""Calls of other tools: read, named as the knowledge base names things, laid over our own."""
