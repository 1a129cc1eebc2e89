"""Debian's Chromium without a window, driven by the Chrome DevTools Protocol over a pair of pipes.

No port is opened: the browser reads commands from its file descriptor 3 and answers on 4, JSON
messages that end in a zero byte.
"""

import base64
import io
import json
import os
import select
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

import numpy as np
from PIL import Image

PROGRAM = shutil.which("chromium")
FLAGS = ["--headless=new", "--disable-gpu", "--disable-quic", "--no-first-run",
         "--disable-background-networking", "--disable-component-update", "--disable-sync",
         "--disable-default-apps", "--disable-extensions", "--hide-scrollbars", "--mute-audio",
         "--no-proxy-server", "--disable-breakpad", "--host-resolver-rules=MAP * ~NOTFOUND",
         "--remote-debugging-pipe"]
KEYS = {"ArrowLeft": 37, "ArrowUp": 38, "ArrowRight": 39, "ArrowDown": 40, "Enter": 13,
        "Escape": 27, "Tab": 9, " ": 32, "Home": 36, "End": 35}
SHIFT = 8


class BrowserError(Exception):
    """The browser ended, did not answer, or refused a command."""


class Browser:
    """One browser process with an empty profile; close() ends it and everything it started."""

    def __init__(self, timeout=30):
        self.timeout = timeout
        self._profile = tempfile.TemporaryDirectory(prefix="gmmseg-chromium-")
        self._buffer = b""
        self._last = 0
        self._pages = {}
        to_browser, self._write = os.pipe()
        self._read, from_browser = os.pipe()
        self._process = self._start(to_browser, from_browser)
        os.close(to_browser)
        os.close(from_browser)

    def _start(self, commands, answers):
        # Both ends move above 4 first, so that neither is overwritten by the other's copy.
        script = f"exec 10<&{commands} 11>&{answers} 3<&10 4>&11 10<&- 11>&-; exec \"$@\""
        words = ["bash", "-c", script, "bash", PROGRAM, *FLAGS,
                 f"--user-data-dir={self._profile.name}"]
        if os.geteuid() == 0:
            words.append("--no-sandbox")
        return subprocess.Popen([*words, "about:blank"], pass_fds=[commands, answers],
                                env={**os.environ, "HOME": self._profile.name},
                                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                stderr=subprocess.DEVNULL, start_new_session=True)

    def close(self):
        """Ends the browser; nothing it started outlives it."""
        try:
            os.killpg(self._process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self._process.wait(10)
        os.close(self._write)
        os.close(self._read)
        self._profile.cleanup()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def page(self, width=1280, height=900):
        """A new page of the given size."""
        target = self.command("Target.createTarget", {"url": "about:blank"})["targetId"]
        attached = self.command("Target.attachToTarget", {"targetId": target, "flatten": True})
        session = attached["sessionId"]
        self._pages[session] = page = Page(self, target, session)
        page.begin(width, height)
        return page

    def forget(self, session):
        self._pages.pop(session, None)

    def command(self, method, parameters=None, session=None):
        """Sends a command and waits for its answer; events that come before it are passed on."""
        self._last += 1
        number = self._last
        message = {"id": number, "method": method, "params": parameters or {}}
        if session:
            message["sessionId"] = session
        os.write(self._write, json.dumps(message).encode() + b"\0")
        deadline = time.monotonic() + self.timeout
        while True:
            answer = self._receive(deadline, method)
            if answer.get("id") == number:
                if "error" in answer:
                    raise BrowserError(f"{method}: {answer['error']['message']}")
                return answer["result"]

    def pump(self, seconds):
        """Passes on the events that arrive until the time is over or one has arrived."""
        if select.select([self._read], [], [], seconds)[0]:
            self._receive(time.monotonic() + self.timeout, "an event")

    def _receive(self, deadline, waiting_for):
        """The next message, which is passed on if it is an event."""
        while b"\0" not in self._buffer:
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([self._read], [], [], left)[0]:
                raise BrowserError(f"no answer within {self.timeout} s: {waiting_for}")
            part = os.read(self._read, 1 << 20)
            if not part:
                raise BrowserError(f"chromium ended: {waiting_for}")
            self._buffer += part
        text, self._buffer = self._buffer.split(b"\0", 1)
        message = json.loads(text)
        page = self._pages.get(message.get("sessionId"))
        if page and "method" in message:
            page.on_event(message["method"], message["params"])
        return message


class Page:
    """One page. `complaints` collects console errors, uncaught exceptions and failed loads."""

    def __init__(self, browser, target, session):
        self._browser, self._target, self._session = browser, target, session
        self._loads = set()    # of documents, by the browser's ids
        self._opened = 0
        self._urls = {}
        self.complaints = []

    # ---- protocol ----------------------------------------------------------------------------

    def begin(self, width, height):
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.send(f"{domain}.enable")
        self.send("Page.setLifecycleEventsEnabled", enabled=True)
        self.resize(width, height)

    def send(self, method, **parameters):
        return self._browser.command(method, parameters, self._session)

    def on_event(self, method, event):
        if method == "Page.lifecycleEvent" and event["name"] == "load":
            self._loads.add(event["loaderId"])
        elif method == "Runtime.exceptionThrown":
            details = event["exceptionDetails"]
            self.complaints.append(details.get("exception", {}).get("description", details["text"]))
        elif method == "Runtime.consoleAPICalled" and event["type"] in ("error", "assert"):
            self.complaints.append(" ".join(str(part.get("value")) for part in event["args"]))
        elif method == "Log.entryAdded" and event["entry"]["level"] == "error":
            self.complaints.append(f"{event['entry']['text']} {event['entry'].get('url', '')}")
        elif method == "Network.requestWillBeSent":
            self._urls[event["requestId"]] = event["request"]["url"]
        elif method == "Network.loadingFailed" and not event.get("canceled"):
            self.complaints.append(f"{event['errorText']} {self._urls.get(event['requestId'], '')}")

    def requests(self):
        """The addresses of everything that was loaded."""
        return list(self._urls.values())

    # ---- what a reader does ------------------------------------------------------------------

    def open(self, path, fragment=""):
        """Opens a file and waits until the report has drawn itself."""
        self._urls, self.complaints = {}, []
        self._opened += 1  # a new query makes a new document, also where the fragment alone differs
        url = f"{Path(path).resolve().as_uri()}?{self._opened}{fragment}"
        document = self.send("Page.navigate", url=url)["loaderId"]
        self._wait(lambda: document in self._loads, f"{path} did not load")
        self.evaluate("gmmsegReport.ready")

    def _wait(self, done, failure):
        deadline = time.monotonic() + self._browser.timeout
        while not done():
            if time.monotonic() > deadline:
                raise BrowserError(failure)
            self._browser.pump(0.1)

    def evaluate(self, script):
        """The value of a JavaScript expression; a promise is awaited."""
        answer = self.send("Runtime.evaluate", expression=script, awaitPromise=True,
                           returnByValue=True, userGesture=True)
        if "exceptionDetails" in answer:
            details = answer["exceptionDetails"]
            raise BrowserError(details.get("exception", {}).get("description", details["text"]))
        return answer["result"].get("value")

    def wait_for(self, script):
        """Waits until the expression is true."""
        self._wait(lambda: self.evaluate(f"Boolean({script})"), f"never true: {script}")

    def box(self, selector):
        """Left, top, width and height of an element that is scrolled into view."""
        return self.evaluate(f"""(async element => {{
          const drawn = () => new Promise(done => requestAnimationFrame(() => setTimeout(done)));
          element.scrollIntoView({{block: 'center', behavior: 'instant'}});
          await drawn();  // rows that were out of sight get their real height
          element.scrollIntoView({{block: 'center', behavior: 'instant'}});
          await drawn();
          const box = element.getBoundingClientRect();
          return [box.left, box.top, box.width, box.height];
        }})(document.querySelector({json.dumps(selector)}))""")

    def _mouse(self, kind, x, y, **more):
        self.send("Input.dispatchMouseEvent", type=kind, x=x, y=y, **more)

    def move(self, x, y):
        self._mouse("mouseMoved", x, y)

    def click(self, selector):
        """Clicks the middle of an element."""
        left, top, width, height = self.box(selector)
        self.drag((left + width / 2, top + height / 2), (left + width / 2, top + height / 2))

    def drag(self, start, end):
        """Presses the button at one point and lets it go at another."""
        self.move(*start)
        self._mouse("mousePressed", *start, button="left", buttons=1, clickCount=1)
        if start != end:
            for part in (0.5, 1):
                self._mouse("mouseMoved", *(a + part * (b - a) for a, b in zip(start, end)),
                            button="left", buttons=1)
        self._mouse("mouseReleased", *end, button="left", clickCount=1)

    def key(self, name, shift=False):
        """Presses and lets go of a key."""
        key = {"key": name, "code": "Space" if name == " " else name,
               "windowsVirtualKeyCode": KEYS[name], "modifiers": SHIFT if shift else 0}
        if name in ("Enter", " "):
            key["text"] = "\r" if name == "Enter" else " "
        self.send("Input.dispatchKeyEvent", type="keyDown", **key)
        self.send("Input.dispatchKeyEvent", type="keyUp", **key)

    def type(self, text):
        """Types into what has the focus."""
        self.send("Input.insertText", text=text)

    # ---- how it is shown ---------------------------------------------------------------------

    def resize(self, width, height, scale=1):
        self.send("Emulation.setDeviceMetricsOverride", width=width, height=height,
                  deviceScaleFactor=scale, mobile=False)

    def media(self, scheme="light", kind="screen", forced="none"):
        """'light' or 'dark', on 'screen' or in 'print'; 'active': in the reader's own colours."""
        self.send("Emulation.setEmulatedMedia", media=kind,
                  features=[{"name": "prefers-color-scheme", "value": scheme},
                            {"name": "forced-colors", "value": forced}])

    def screenshot(self, clip=None, whole=False):
        """What is on the screen, height x width x 3; a clip is left, top, width and height."""
        options = {"format": "png", "captureBeyondViewport": whole}
        if whole:
            size = self.send("Page.getLayoutMetrics")["cssContentSize"]
            clip = (0, 0, size["width"], size["height"])
        if clip:
            options["clip"] = dict(zip(("x", "y", "width", "height"), clip), scale=1)
        png = base64.b64decode(self.send("Page.captureScreenshot", **options)["data"])
        with Image.open(io.BytesIO(png)) as image:
            return np.asarray(image.convert("RGB"))

    def picture_of(self, selector):
        """A screenshot of one element that fits on the screen."""
        left, top, width, height = self.box(selector)
        x, y = self.evaluate("[scrollX, scrollY]")
        return self.screenshot((left + x, top + y, width, height))

    def close(self):
        self._browser.command("Target.closeTarget", {"targetId": self._target})
        self._browser.forget(self._session)
