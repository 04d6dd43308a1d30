"""The site's pages, from the tree: each document, and each file that one links to.

A document is written for a code host: its links are relative paths, and its headings
have the anchors that GitHub gives them. Doxygen has other names for both, and a link to
a source file leads to a page with that file's text.
"""

import html
import pathlib
import re

LINK = re.compile(r'`[^`\n]*`|(!?)\[((?:`[^`]*`|[^\]`])*)\]\(([^)\s]+)\)')
FENCED = re.compile(r'(^```.*?^```$)', re.S | re.M)
HEADING = re.compile(r'^(#+) (.*)$', re.M)
QUOTE_OR_CODE = re.compile(r'`[^`\n]*`|"')
ORIGIN = re.compile(r'^<!-- (\S+/\S+) -->$', re.M)
PICTURES = ('.svg', '.png')
# What Doxygen calls the language of a file.
LANGUAGES = {'.cc': 'cpp', '.h': 'cpp', '.py': 'py'}


def slug(heading):
    """The anchor that GitHub gives a heading."""
    text = re.sub(r'[^\w\- ]', '', heading.replace('`', '').lower())
    return text.strip().replace(' ', '-')


def with_plain_quotes(text):
    """Doxygen leaves what is between two quotation marks as it is, code included."""
    def quote(match):
        return '&quot;' if match[0] == '"' else match[0]

    return '\n'.join(
        line if line.startswith(('    ', '#')) else QUOTE_OR_CODE.sub(quote, line)
        for line in text.split('\n'))


def title_of(text):
    """The page's first heading. "1. Title" would be a list for Doxygen."""
    return re.sub(r'^(\d+)\. ', r'\1.&nbsp;', re.search(r'^# (.*)$', text, re.M)[1])


def page_of(path):
    """The name of a document's page: docs/walkthrough/README.md is walkthrough."""
    if path == 'README.md':
        return 'index'
    if path == 'docs/index.md':
        return 'documents'
    name = re.sub(r'^docs/|(/README)?\.md$', '', path).lower()
    return re.sub(r'\W', '_', name)


def source_page_of(path):
    return 'source_' + re.sub(r'\W', '_', path)


def header_page_of(path):
    """As Doxygen names the page of a header."""
    name = pathlib.PurePath(path).name
    return name.replace('_', '__').replace('.', '_8') + '.html'


def is_public_header(path):
    return path.startswith('include/creche/') and '/internal/' not in path


class Pages:
    """Markdown for Doxygen: page name -> text, and what is linked to besides."""

    def __init__(self, root):
        self.root = pathlib.Path(root).resolve()
        self.texts = {}
        self.titles = {}  # Of the documents.
        self.pictures = set()
        self._sources = set()

    def add_document(self, path):
        page = page_of(path)
        original = (self.root / path).read_text()
        self.titles[path] = title_of(original)
        pieces = FENCED.split(original)
        # The even ones are text, the odd ones code.
        pieces[::2] = [self._rewrite(text, path, page) for text in pieces[::2]]
        text = ''.join(pieces)
        contents = '[TOC]\n' if text.count('\n## ') > 2 else ''
        label = 'mainpage' if page == 'index' else page
        self.texts[page] = re.sub(
            r'^# .*$', '# %s {#%s}\n%s' % (self.titles[path], label, contents),
            text, count=1, flags=re.M)

    def add_sources(self):
        """A page for each source file, or folder, that has been linked to."""
        for path in sorted(self._sources):
            source = self.root / path
            if source.is_dir():
                text = '\n'.join(sorted(
                    entry.name for entry in source.iterdir()
                    if not entry.name.startswith(('.', '__', 'bazel-'))))
            else:
                text = source.read_text()
            language = LANGUAGES.get(source.suffix, 'text')
            page = source_page_of(path)
            self.texts[page] = '# %s {#%s}\n\n```%s\n%s\n```\n' % (
                path, page, language, text.rstrip('\n'))

    def address(self, link, document):
        """Where a link of a document leads in the site."""
        if re.match(r'[a-z]+:', link):
            return link
        name, _, anchor = link.partition('#')
        target = (self.root / document).parent / name if name else (
            self.root / document)
        path = target.resolve().relative_to(self.root).as_posix()
        if not path.endswith('.md'):
            return self._file_address(path)
        page = page_of(path)
        return page + '.html' + ('#%s-%s' % (page, anchor) if anchor else '')

    def _file_address(self, path):
        if path.endswith(PICTURES):
            self.pictures.add(path)
            return pathlib.PurePath(path).name
        if is_public_header(path):
            return header_page_of(path)
        self._sources.add(path)
        return source_page_of(path) + '.html'

    def _rewrite(self, text, path, page):
        def link(match):
            if match[3] is None:
                return match[0]  # Code.
            address = html.escape(self.address(match[3], path))
            if match[1]:
                return '<img src="%s" alt="%s"/>' % (address, html.escape(match[2]))
            return '<a href="%s">%s</a>' % (address, match[2])

        def heading(match):
            if match[1] == '#':
                return match[0]  # The page's title.
            return '%s {#%s-%s}' % (match[0], page, slug(match[2]))

        def origin(match):
            return '<div class="origin"><a href="%s">%s</a></div>\n' % (
                self._file_address(match[1]), match[1])

        text = with_plain_quotes(text)
        return LINK.sub(link, HEADING.sub(heading, ORIGIN.sub(origin, text)))
