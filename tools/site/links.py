"""Whether the links of the site's pages lead somewhere in it."""

import re
import urllib.parse

LINK = re.compile(r'<(?:a|img|link|script) [^>]*?(?:href|src)="([^"]*)"')
ANCHOR = re.compile(r' (?:id|name)="([^"]*)"')


def problem_with(link, page, anchors):
    """Why a link of a page leads nowhere, or None."""
    url = urllib.parse.urlsplit(link)
    if url.scheme in ('http', 'https', 'data'):
        return None  # Somebody else's page: not ours to check.
    name = urllib.parse.unquote(url.path) or page.name
    if url.scheme or not (page.parent / name).is_file():
        return 'leads nowhere'
    if url.fragment and url.fragment not in anchors.get(name, ()):
        return 'names no anchor there'
    return None


def problems(folder):
    """A line for each broken link of the pages in the folder."""
    texts = {page: page.read_text() for page in sorted(folder.glob('*.html'))}
    anchors = {page.name: set(ANCHOR.findall(text)) for page, text in texts.items()}
    out = []
    for page, text in texts.items():
        for link in sorted(set(LINK.findall(text))):
            problem = problem_with(link.replace('&amp;', '&'), page, anchors)
            if problem:
                out.append('%s: %s %s' % (page.name, link, problem))
    return out
