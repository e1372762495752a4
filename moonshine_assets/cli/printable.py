"""Text that is shown on a terminal."""


def printable(text: str) -> str:
    """Text that cannot steer the terminal: names and contents come from other people's files."""
    return "".join(character if character.isprintable() else "�" for character in text)
