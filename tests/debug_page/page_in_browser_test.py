"""The debug page of examples/proxy in a real browser: it shows the tree and the
histograms, nothing is wrong in its script, and it fits on a phone. Leaves pictures in the
test's undeclared outputs: of a desk, and of a phone at night.
"""

import base64
import os
import pathlib
import subprocess
import time
import unittest

from support import browser

PROXY = 'examples/proxy'
BACKEND = 'epoll' if os.environ.get('CRECHE_BACKEND') == 'epoll' else 'io_uring'
TEXTS = ('tasks', BACKEND, 'nursery', 'debug page', 'AcceptOne', 'proxy.cc:',
         'cancel scope, shielded', 'half up to')


class PageInBrowserTest(unittest.TestCase):

    def setUp(self):
        self.proxy = subprocess.Popen(
            [PROXY, '--debug-page=0', '0'], stdout=subprocess.PIPE, text=True)
        self.addCleanup(self.proxy.stdout.close)
        self.addCleanup(self.proxy.wait)
        self.addCleanup(self.proxy.kill)
        self.browser = browser.Browser()
        self.addCleanup(self.browser.close)
        self.browser.open(self.address_of_page())

    def address_of_page(self):
        for line in self.proxy.stdout:
            if line.startswith('debug page: '):
                return line.split()[-1]
        self.fail('the proxy has no debug page')

    def wait_for_text(self, text):
        deadline = time.monotonic() + 30
        while text not in self.browser.evaluate('document.body.innerText'):
            self.assertLess(time.monotonic(), deadline, 'does not say: ' + text)
            time.sleep(0.05)

    def take_picture(self, name):
        directory = os.environ.get('TEST_UNDECLARED_OUTPUTS_DIR')
        if directory:
            png = self.browser.call('Page.captureScreenshot')['data']
            (pathlib.Path(directory) / name).write_bytes(base64.b64decode(png))

    def test_shows_the_run(self):
        for text in TEXTS:
            self.wait_for_text(text)
        trouble = 'document.getElementById("trouble").textContent'
        self.assertEqual('', self.browser.evaluate(trouble))
        self.browser.set_width(1000)
        self.take_picture('debug_page.png')
        self.browser.set_width(browser.PHONE)
        self.browser.set_dark(True)
        self.take_picture('debug_page_on_a_phone.png')
        self.assertLessEqual(
            self.browser.evaluate('document.documentElement.scrollWidth'), browser.PHONE)
        self.assertEqual([], self.browser.complaints)


if __name__ == '__main__':
    unittest.main()
