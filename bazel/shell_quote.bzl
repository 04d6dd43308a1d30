"""shell_quote: a string as one word of a shell command."""

def shell_quote(text):
    return "'" + text.replace("'", "'\\''") + "'"
