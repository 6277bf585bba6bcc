"""The proxies that are compared, each with one worker, a JSON log and an injected credential."""

import os
import pathlib
import shutil

HERE = pathlib.Path(__file__).resolve().parent

KEY = "sk_test_abcdefghijklmnopqrstuvwxyz"
API_KEY = "bench-key-0123456789abcdef"

ORIGIN_PORT, SINK_PORT, SECURE_PORT = 9000, 9010, 9443


class Peer:
    """A proxy: its configuration's name, how it is started, and how a path is asked for."""

    def __init__(self, name, port, configuration, command):
        self.name = name
        self.port = port
        self.configuration = configuration
        self.command = command

    @property
    def is_installed(self):
        return shutil.which(self.command[0]) is not None

    def started_by(self, directory):
        file = str(directory / self.configuration)
        return [file if part == "FILE" else part for part in self.command]

    # The others look at paths only: /tls/… goes to the origin over TLS, /up to the sink, /gz/… is
    # compressed.

    def url(self, path):
        return f"http://127.0.0.1:{self.port}{path}"

    @property
    def fields(self):
        """Header fields that a request needs, as name and value."""
        return []


class Penstock(Peer):
    """Names its accounts in the path, and wants a key."""

    ROUTES = {"/tls/": "/proxy/secure/", "/gz/": "/proxy/plain/", "/up": "/proxy/sink/up"}

    def url(self, path):
        for prefix, route in self.ROUTES.items():
            if path.startswith(prefix):
                return super().url(route + path[len(prefix):])
        return super().url("/proxy/plain" + path)

    @property
    def fields(self):
        return [("x-api-key", API_KEY)]


def all_peers(penstock):
    """Every peer, installed or not. `penstock`: the binary."""
    envoy = os.environ.get("ENVOY", "envoy")
    return [
        Peer("nginx", 9101, "nginx.conf", ["nginx", "-c", "FILE"]),
        Peer("haproxy", 9102, "haproxy.cfg", ["haproxy", "-f", "FILE"]),
        Peer("envoy", 9103, "envoy.yaml",
             [envoy, "-c", "FILE", "--concurrency", "1", "-l", "error"]),
        Peer("caddy", 9104, "Caddyfile",
             ["caddy", "run", "--config", "FILE", "--adapter", "caddyfile"]),
        Penstock("penstock", 9105, "penstock.yaml", [penstock, "serve", "--config", "FILE"]),
    ]


def write_configurations(directory):
    """Fills in the templates of peers/."""
    values = {"@DIR@": str(directory), "@KEY@": KEY, "@API_KEY@": API_KEY, "@KILOBYTE@": "x" * 1000}
    for template in (HERE / "peers").iterdir():
        text = template.read_text()
        for name, value in values.items():
            text = text.replace(name, value)
        (directory / template.name).write_text(text)
