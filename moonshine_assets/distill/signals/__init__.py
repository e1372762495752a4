"""What is measured of a message's text: form, language, tone, marks. Nothing is dropped for it.

In: texts. Out: columns of the table text_signals. Always: a text gives the same figures on every machine.
"""
