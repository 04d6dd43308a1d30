"""Chromium without a window, by its DevTools protocol over a pipe.

    with Browser() as browser:
        page = browser.open('file:///tmp/index.html')
        width = browser.evaluate('document.documentElement.scrollWidth')

A script's error, a console message of that level, and a request that fails or leaves this
machine are complaints: browser.complaints.
"""

import json
import os
import subprocess
import tempfile

PHONE = 360


class Browser:

    def __init__(self):
        self.complaints = []
        self._last_id = 0
        self._events = []
        # The browser's own children may outlive it by a moment, and write there.
        self._profile = tempfile.TemporaryDirectory(
            dir=os.environ.get('TEST_TMPDIR'), ignore_cleanup_errors=True)
        self._start()
        self._attach()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.call('Browser.close', session=False)
        self._process.wait()
        os.close(self._to)
        self._from.close()
        self._profile.cleanup()

    def open(self, address):
        """Returns when the page and all that it needs have been loaded."""
        self._events.clear()
        answer = self.call('Page.navigate', url=address)
        if 'errorText' in answer:
            raise RuntimeError('%s: %s' % (address, answer['errorText']))
        self._wait_for('Page.loadEventFired')

    def evaluate(self, expression):
        """The value of a JavaScript expression, awaited if it is a promise."""
        answer = self.call('Runtime.evaluate', expression=expression,
                           returnByValue=True, awaitPromise=True, userGesture=True)
        if 'exceptionDetails' in answer:
            raise RuntimeError('%s: %s' % (expression, answer['exceptionDetails']))
        return answer['result'].get('value')

    def set_width(self, width, height=800):
        self.call('Emulation.setDeviceMetricsOverride', width=width, height=height,
                  deviceScaleFactor=1, mobile=width <= PHONE)

    def set_dark(self, is_dark):
        self.call('Emulation.setEmulatedMedia', features=[{
            'name': 'prefers-color-scheme', 'value': 'dark' if is_dark else 'light'}])

    def call(self, method, session=True, **parameters):
        """A command of the protocol; returns its result."""
        self._last_id += 1
        message = {'id': self._last_id, 'method': method, 'params': parameters}
        if session:
            message['sessionId'] = self._session
        os.write(self._to, json.dumps(message).encode() + b'\0')
        while True:
            answer = self._receive()
            if answer.get('id') != self._last_id:
                continue
            if 'error' in answer:
                raise RuntimeError('%s: %s' % (method, answer['error']))
            return answer['result']

    def _start(self):
        from_us, self._to = os.pipe()
        back, from_browser = os.pipe()
        self._from = os.fdopen(back, 'rb')
        # Its own sandbox does not work inside of Bazel's, nor for root. It reads
        # commands from descriptor 3 and answers on 4.
        self._process = subprocess.Popen(
            ['bash', '-c', 'exec 3<&%d 4>&%d; exec "$@"' % (from_us, from_browser),
             'bash', 'chromium-headless-shell', '--no-sandbox', '--disable-gpu',
             '--disable-dev-shm-usage', '--remote-debugging-pipe', '--no-first-run',
             '--disable-background-networking', '--user-data-dir=' + self._profile.name],
            pass_fds=[from_us, from_browser], stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            env={**os.environ, 'HOME': self._profile.name})
        os.close(from_us)
        os.close(from_browser)
        self._unread = b''

    def _attach(self):
        target = self.call('Target.createTarget', session=False, url='about:blank')
        self._session = self.call('Target.attachToTarget', session=False, flatten=True,
                                  targetId=target['targetId'])['sessionId']
        for domain in ('Page', 'Runtime', 'Log', 'Network'):
            self.call(domain + '.enable')

    def _wait_for(self, event):
        while event not in self._events:
            self._receive()

    def _receive(self):
        while b'\0' not in self._unread:
            more = os.read(self._from.fileno(), 1 << 20)
            if not more:
                raise RuntimeError('the browser has ended')
            self._unread += more
        message, _, self._unread = self._unread.partition(b'\0')
        message = json.loads(message)
        if 'method' in message:
            self._events.append(message['method'])
            self._note(message['method'], message['params'])
        return message

    def _note(self, event, parameters):
        if event == 'Runtime.exceptionThrown':
            details = parameters['exceptionDetails']
            self.complaints.append('%s %s' % (
                details['text'], details.get('exception', {}).get('description', '')))
        elif event == 'Runtime.consoleAPICalled' and (
                parameters['type'] in ('error', 'warning', 'assert')):
            self.complaints.append('console: %s' % parameters['args'])
        elif event == 'Log.entryAdded' and (
                parameters['entry']['level'] in ('error', 'warning')):
            entry = parameters['entry']
            self.complaints.append('%s %s' % (entry['text'], entry.get('url', '')))
        elif event == 'Network.requestWillBeSent':
            url = parameters['request']['url']
            if not url.startswith(('file:', 'data:', 'blob:', 'http://127.0.0.1:')):
                self.complaints.append('asks another host: ' + url)
