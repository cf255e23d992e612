#!/usr/bin/env python3
"""What forwarding a request costs beside nginx: CPU of the proxy for each request, 200 B and 1 MB, 64 connections.

    dotnet build silo -c Release && bench/forward.py [--seconds 5]

Starts an application, the gateway and (where it is installed) nginx with proxy_pass and kept connections, each with one
worker's worth of load after the other. The load and the application are threads of other processes and do not count.
Then what a part of a multiplexed answer costs the gateway: 1,000 parts of 200 bytes, each for a mailbox of its own; and what it keeps
after an answer of a million.
"""
import argparse, asyncio, http.client, os, shutil, signal, subprocess, sys, tempfile, time, urllib.request

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
HOST = os.path.join(ROOT, "silo/bin/Release/net10.0/Mailbox.Silo.dll")
CONNECTIONS = 64
APPLICATION, GATEWAY, NGINX = 19831, 19832, 19833
SIZES = {"/small": 200, "/big": 1_000_000}
PARTS, WARM_ANSWERS, ANSWERS = 1000, 100, 200
MANY = 1000  # times as many parts in one answer, for so few mailboxes that what they keep stays the same
FEW_MAILBOXES = 50


def letters(mailboxes):
    return b"".join(b"--b\r\nMailbox: m%d\r\n\r\n%s\r\n" % (i % mailboxes, b"x" * 200) for i in range(PARTS))


def multiplexed(parts):
    return b"HTTP/1.1 200 OK\r\nContent-Type: application/x-multiplex; boundary=b\r\nContent-Length: %d\r\n\r\n" % (len(parts) + 7) + parts + b"--b--\r\n"


NGINX_CONF = """
daemon off; worker_processes 1; pid {dir}/pid; error_log {dir}/error.log;
events {{ worker_connections 512; }}
http {{
  access_log off; client_body_temp_path {dir}; proxy_temp_path {dir}; fastcgi_temp_path {dir}; uwsgi_temp_path {dir}; scgi_temp_path {dir};
  upstream app {{ server 127.0.0.1:{app}; keepalive 64; }}
  server {{
    listen 127.0.0.1:{port};
    keepalive_requests 1000000;
    location / {{ proxy_pass http://app; proxy_http_version 1.1; proxy_set_header Connection ""; proxy_set_header Host $http_host;
      proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for; }}
  }}
}}
"""


class Application(asyncio.Protocol):
    ANSWERS = {path: b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: %d\r\n\r\n" % size + b"x" * size for path, size in SIZES.items()}
    ANSWERS |= {"/letters": multiplexed(letters(PARTS)), "/few": multiplexed(letters(FEW_MAILBOXES)), "/many": multiplexed(letters(FEW_MAILBOXES) * MANY)}

    def connection_made(self, transport):
        self.transport, self.seen = transport, b""

    def data_received(self, data):
        self.seen += data
        while (end := self.seen.find(b"\r\n\r\n")) >= 0:
            path = self.seen.split(b" ", 2)[1].decode()
            self.seen = self.seen[end + 4:]
            self.transport.write(self.ANSWERS.get(path, b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"))


class Asker(asyncio.Protocol):
    """One connection that asks again when it has its answer."""

    def __init__(self, request, count):
        self.request, self.count = request, count

    def connection_made(self, transport):
        self.transport, self.left = transport, -1
        transport.write(self.request)

    def data_received(self, data):
        if self.left < 0:
            head, data = data.split(b"\r\n\r\n", 1)
            self.left = next(int(line[15:]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:"))
        self.left -= len(data)
        if self.left > 0:
            return
        self.left = -1
        self.count[0] += 1
        self.transport.write(self.request)


async def serve():
    server = await asyncio.get_running_loop().create_server(Application, "127.0.0.1", APPLICATION)
    await server.serve_forever()


async def load(port, path, cookie, warm, seconds, pid):
    count = [0]
    request = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: {cookie}\r\nAccept: */*\r\n\r\n".encode()
    loop = asyncio.get_running_loop()
    transports = [(await loop.create_connection(lambda: Asker(request, count), "127.0.0.1", port))[0] for _ in range(CONNECTIONS)]
    await asyncio.sleep(warm)
    before, start, begun = count[0], cpu(pid), time.monotonic()
    await asyncio.sleep(seconds)
    answers, used, took = count[0] - before, cpu(pid) - start, time.monotonic() - begun
    for transport in transports:
        transport.abort()
    return answers / took, used / answers * 1e6


def cpu(pid):
    """Seconds of the process and its children."""
    pids = [pid] + [int(p) for p in subprocess.run(["pgrep", "-P", str(pid)], capture_output=True, text=True).stdout.split()]
    ticks = 0
    for one in pids:
        with open(f"/proc/{one}/stat") as stat:
            fields = stat.read().rsplit(")", 1)[1].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def wait_for(port):
    for _ in range(200):
        try:
            return urllib.request.urlopen(f"http://127.0.0.1:{port}/small", timeout=1).headers.get("Set-Cookie", "a=b").split(";")[0]
        except OSError:
            time.sleep(0.1)
    sys.exit(f"Nothing answers on port {port}.")


def measure(name, process, port, warm, seconds):
    cookie = wait_for(port)
    costs = {}
    for path, size in SIZES.items():
        rate, costs[path] = asyncio.run(load(port, path, cookie, warm, seconds, process.pid))
        print(f"{name:8} {size:9,} B  {rate:9,.0f} requests/s  {costs[path]:9,.1f} µs CPU/request", flush=True)
    return costs


def ask(client, path):
    client.request("GET", path, headers={"Cookie": "mailbox=none"})
    answer = client.getresponse()
    if answer.read() or answer.status != 204:
        sys.exit(f"A multiplexed answer was {answer.status}.")


def measure_letters(process):
    client = http.client.HTTPConnection("127.0.0.1", GATEWAY, timeout=120)
    for _ in range(WARM_ANSWERS):
        ask(client, "/letters")
    start, begun, parts = cpu(process.pid), time.monotonic(), ANSWERS * PARTS
    for _ in range(ANSWERS):
        ask(client, "/letters")
    print(f"letters  {PARTS:9,} parts  {parts / (time.monotonic() - begun):9,.0f} parts/s  {(cpu(process.pid) - start) / parts * 1e6:5.1f} µs CPU/part", flush=True)
    for path, times in (("/few", 1), ("/many", MANY)):
        for _ in range(WARM_ANSWERS if times == 1 else 1):
            ask(client, path)
        print(f"letters  {PARTS * times:9,} parts  {resident(process.pid):5,.0f} MB resident after it", flush=True)


def resident(pid):
    with open(f"/proc/{pid}/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmRSS")) / 1000


def main():
    arguments = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    arguments.add_argument("--seconds", type=float, default=5)
    arguments.add_argument("--warm", type=float, default=10, help="before each measurement: until what runs often is compiled for that")
    arguments.add_argument("--application", action="store_true", help=argparse.SUPPRESS)
    options = arguments.parse_args()
    if options.application:
        return asyncio.run(serve())
    directory, processes = tempfile.mkdtemp(), []
    try:
        processes.append(subprocess.Popen([sys.executable, __file__, "--application"]))
        wait_for(APPLICATION)
        gateway = subprocess.Popen(
            ["dotnet", HOST, "--urls", f"http://127.0.0.1:{GATEWAY}", "--Mailbox:Data", directory + "/data", "--Mailbox:Backend", f"http://127.0.0.1:{APPLICATION}"],
            stdout=subprocess.DEVNULL)
        processes.append(gateway)
        own = measure("gateway", gateway, GATEWAY, options.warm, options.seconds)
        measure_letters(gateway)
        if not shutil.which("nginx"):
            return print("nginx is not installed: nothing to compare with.")
        with open(directory + "/nginx.conf", "w") as conf:
            conf.write(NGINX_CONF.format(dir=directory, app=APPLICATION, port=NGINX))
        nginx = subprocess.Popen(["nginx", "-p", directory, "-c", directory + "/nginx.conf"], stderr=subprocess.DEVNULL)
        processes.append(nginx)
        other = measure("nginx", nginx, NGINX, options.warm, options.seconds)
        for path, size in SIZES.items():
            print(f"ratio    {size:9,} B  {own[path] / other[path]:9.2f}")
    finally:
        for process in processes:
            process.send_signal(signal.SIGTERM)
        for process in processes:
            process.wait(30)
        shutil.rmtree(directory)


if __name__ == "__main__":
    main()
