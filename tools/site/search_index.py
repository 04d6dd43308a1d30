"""What the search of the site looks through: search_index.js.

An entry for each page, and for each of its parts that can be linked to:
[title, page's title, address, text].
"""

import html.parser
import json
import re

HEADINGS = ('h1', 'h2', 'h3', 'h4')


class Reader(html.parser.HTMLParser):
    """Takes a page apart: self.entries has [title, address, text] of each part."""

    def __init__(self, page):
        super().__init__()
        self.page = page
        self.title = ''
        self.entries = [['', page, '']]
        self._heading = None  # The element that the title of a part is in.
        self._anchor = None   # The last anchor: of the next part.
        self._depth = 0       # In <main>, and not in its navigation.

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        if tag == 'main':
            self._depth = 1
        if tag == 'a' and attributes.get('id'):
            self._anchor = attributes['id']
        if attributes.get('class') == 'title':
            self._heading = tag
        elif tag in HEADINGS and self._anchor:
            self.entries.append(['', self.page + '#' + self._anchor, ''])
            self._anchor = None
            self._heading = tag

    def handle_endtag(self, tag):
        if tag == self._heading:
            self._heading = None
        if tag == 'main':
            self._depth = 0

    def handle_data(self, data):
        if self._depth:
            self.entries[-1][0 if self._heading else 2] += data


def plain(text):
    return re.sub(r'\s+', ' ', text.replace('◆', '')).strip()


def entries_of(page):
    reader = Reader(page.name)
    reader.feed(page.read_text())
    title = plain(reader.entries[0][0])
    if page.name.startswith('source_'):
        return [[title, title, page.name, '']]  # A source file is found by its name.
    return [[plain(part), title, address, plain(text)]
            for part, address, text in reader.entries]


def write(site):
    entries = [entry for page in sorted(site.glob('*.html'))
               for entry in entries_of(page)]
    (site / 'search_index.js').write_text(
        'const searchIndex = %s;\n' % json.dumps(entries, separators=(',', ':')))
