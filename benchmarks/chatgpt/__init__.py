"""The parts of a made-up ChatGPT export: words, texts, conversation trees, messages and their metadata.

A seed goes in, the same nodes come out on every machine; nothing here is taken from anybody's export.
"""
