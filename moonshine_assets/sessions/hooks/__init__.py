"""What is installed into agents so that they call us before they compact, and when a session begins.

In: an agent's own settings file. Out: the file with our part in it, a manifest, the file as it was. Always: it is
written whole or not at all, a file that is not understood is refused, installing again changes nothing, and after
uninstalling the file is byte for byte what it was, or what its owner made of it meanwhile without our part.
"""
