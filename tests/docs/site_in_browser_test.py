"""Makes the site, which fails if a link leads nowhere, and opens its pages in Chromium, as
a phone shows them, by day and by night: nothing is wider than the screen or too pale to
read, and nothing is wrong in a script. Then search, copying and the choice of colors are
tried.

With CRECHE_ALL_PAGES=1 it opens all pages, and not a part of those that are alike.
CRECHE_PICTURES=DIRECTORY leaves pictures of some pages there.
"""

import base64
import os
import pathlib
import re
import subprocess
import tempfile
import unittest

from support import browser

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
LOOK = (pathlib.Path(__file__).parent / 'look_at_page.js').read_text()
ALIKE = re.compile(r'source_|class|struct|namespace|dir_|.*_8h')
PICTURED = ('index', 'quick_start', 'cancellation', 'documents', 'production',
            'classcreche_1_1Semaphore', 'classcreche_1_1SocketStream', 'namespacecreche',
            'reference', 'annotated', 'walkthrough_06_sleeping',
            'serve__tcp_8h', 'source_examples_reach_cc')


class SiteInBrowserTest(unittest.TestCase):

    @classmethod
    def setUpClass(cls):
        cls._directory = tempfile.TemporaryDirectory(dir=os.environ.get('TEST_TMPDIR'))
        cls.addClassCleanup(cls._directory.cleanup)
        subprocess.run([ROOT / 'tools/site/make_site', cls._directory.name], check=True)
        cls.site = pathlib.Path(cls._directory.name) / 'html'
        cls.browser = browser.Browser()
        cls.addClassCleanup(cls.browser.close)

    def setUp(self):
        self.browser.complaints.clear()
        self.browser.set_width(browser.PHONE)
        self.browser.set_dark(False)

    def open(self, page):
        self.browser.open((self.site / page).as_uri())

    def look(self, page):
        """What is wrong with a page, by day and by night."""
        self.open(page)
        day = self.browser.evaluate(LOOK)
        self.browser.set_dark(True)
        night = self.browser.evaluate(LOOK)
        self.browser.set_dark(False)
        self.assertNotEqual(day['background'], night['background'])
        problems = day['problems'] + ['by night ' + text for text in night['problems']]
        problems += self.browser.complaints
        self.browser.complaints.clear()
        return ['%s %s' % (page, problem) for problem in problems]

    def pages(self):
        """The guide; of sources and the reference, whose pages are alike, a part."""
        names = sorted(page.name for page in self.site.glob('*.html'))
        if 'CRECHE_ALL_PAGES' in os.environ:
            return names
        alike = [name for name in names if ALIKE.match(name)]
        return [name for name in names if name not in alike] + alike[::20]

    def test_pages(self):
        pages = self.pages()
        self.assertGreater(len(pages), 60)
        problems = [problem for page in pages for problem in self.look(page)]
        self.assertEqual([], problems, '\n'.join(problems))

    def test_internals_are_not_listed(self):
        self.assertNotIn('internal', (self.site / 'annotated.html').read_text())

    def test_search_finds_text_of_the_guide_and_names(self):
        self.open('index.html')
        for query, expected in (('hedged requests', 'recipes.html'),
                                ('withnursery', 'namespacecreche.html'),
                                ('creche::Semaphore', 'classcreche_1_1Semaphore.html')):
            found = self.browser.evaluate('''(async () => {
              const input = document.getElementById('query');
              input.value = %r;
              await input.oninput();
              return [...document.querySelectorAll('#found a')].map((link) => link.href);
            })()''' % query)
            self.assertIn(expected, found[0].rpartition('/')[2])

    def test_copies_code(self):
        self.open('quick_start.html')
        self.browser.call('Browser.grantPermissions', session=False, permissions=[
            'clipboardReadWrite', 'clipboardSanitizedWrite'])
        copied = self.browser.evaluate('''(async () => {
          const fragment = [...document.querySelectorAll('.fragment')].find(
              (fragment) => fragment.textContent.includes('local_repository'));
          await fragment.parentElement.querySelector('.copy').onclick();
          return await navigator.clipboard.readText();
        })()''')
        self.assertIn('load("@creche//:deps.bzl", "creche_system_deps")\n', copied)

    def test_chosen_colors_stay(self):
        background = 'getComputedStyle(document.body).backgroundColor'
        self.open('index.html')
        light = self.browser.evaluate(background)
        self.browser.evaluate('document.getElementById("theme").click()')
        dark = self.browser.evaluate(background)
        self.assertNotEqual(light, dark)
        self.open('faq.html')
        self.assertEqual(dark, self.browser.evaluate(background))
        self.browser.evaluate('document.getElementById("theme").click()')
        self.assertEqual(light, self.browser.evaluate(background))
        self.browser.evaluate('localStorage.clear()')

    @unittest.skipUnless('CRECHE_PICTURES' in os.environ, 'nobody wants pictures')
    def test_pictures(self):
        directory = pathlib.Path(os.environ['CRECHE_PICTURES'])
        directory.mkdir(parents=True, exist_ok=True)
        for page in PICTURED:
            for width, is_dark in ((browser.PHONE, False), (1280, False), (1280, True)):
                self.browser.set_width(width, 900)
                self.browser.set_dark(is_dark)
                self.open(page + '.html')
                png = self.browser.call('Page.captureScreenshot')['data']
                name = '%s_%d%s.png' % (page, width, '_dark' if is_dark else '')
                (directory / name).write_bytes(base64.b64decode(png))


if __name__ == '__main__':
    unittest.main()
