"""The servers that are measured: ours, and the rig's peers. Each is started and stopped by its exact process ids."""
import os, resource, shutil, signal, socket, subprocess, tempfile, time, urllib.error, urllib.request

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(HERE)
SILO = os.path.join(ROOT, 'silo/bin/Release/net10.0/Mailbox.Silo.dll')
GATEWAY = os.path.join(ROOT, 'gateway/bin/Release/net10.0/Mailbox.GatewayHost.dll')
NGINX_MODULE = '/usr/lib/nginx/modules/ngx_nchan_module.so'
SPECS = os.path.join(HERE, 'specs')
OWN_SPECS = {'publish': ('one', 'one'), 'reopen': ('one', 'one'), 'poll': ('long-poll', 'fan'), 'exchange': ('exchange', 'fan'), 'websocket': ('websocket', 'fan')}


def free_port():
    with socket.socket() as s:
        s.bind(('127.0.0.1', 0))
        return s.getsockname()[1]


def wait_port(port, seconds=30):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            socket.create_connection(('127.0.0.1', port), 1).close()
            return
        except OSError:
            time.sleep(0.05)
    raise SystemExit(f'port {port} did not open')


def wait_ready(port, seconds=30):
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        try:
            urllib.request.urlopen(f'http://127.0.0.1:{port}/readyz').close()
            return
        except urllib.error.URLError:
            time.sleep(0.1)
    raise SystemExit(f'port {port} is not ready')


def is_gone(process, seconds):
    try:
        process.wait(seconds)
        return True
    except subprocess.TimeoutExpired:
        return False


class Ours:
    """One process, a silo with its journal and its gateway, on a free port and a data directory of its own."""
    can = {'all', 'stores', 'groups', 'polls', 'sockets'}

    def __init__(self, name, data_root, dll=SILO, env=None, args=()):
        self.name, self.data_root, self.dll, self.env, self.args = name, data_root, dll, env or {}, args
        self.process = None

    def start(self):
        self.port = free_port()
        self.data = tempfile.mkdtemp(prefix='mailbox-bench-', dir=self.data_root)
        self.log = open(os.path.join(self.data, 'log'), 'w')
        self.process = self.launch(self.dll, self.port, '--Mailbox:Data', os.path.join(self.data, 'store'), '--Mailbox:Demo', 'false', *self.args)
        time.sleep(0.5)

    def launch(self, dll, port, *args):
        command = ['dotnet', dll, '--urls', f'http://127.0.0.1:{port}', *args]
        process = subprocess.Popen(command, env={**os.environ, 'DOTNET_ENVIRONMENT': 'Production', 'Logging__LogLevel__Default': 'Warning', **self.env},
                                   stdout=self.log, stderr=self.log, start_new_session=True, preexec_fn=most_files)
        wait_port(port)
        return process

    @property
    def pids(self):
        return [self.process.pid]

    def specs(self, test):
        reading, writing = OWN_SPECS.get(test, ('fan', 'fan'))
        return [os.path.join(SPECS, reading + '.sub'), os.path.join(SPECS, writing + '.pub')]

    def stop(self):
        if self.process is None: return
        end(self.process)
        self.log.close()
        shutil.rmtree(self.data, ignore_errors=True)
        self.process = None


class Pair(Ours):
    """Two processes: a silo with the journal, and a gateway that the load goes to."""

    def __init__(self, name, data_root):
        super().__init__(name, data_root)
        self.gateway = None

    def start(self):
        silo_port = free_port()
        self.args = ['--Mailbox:Cluster:SiloPort', str(silo_port)]
        super().start()
        self.port = free_port()
        self.gateway = self.launch(GATEWAY, self.port, '--Mailbox:Cluster:Silo', f'127.0.0.1:{silo_port}')
        wait_ready(self.port)

    @property
    def pids(self):
        return [self.process.pid, self.gateway.pid]

    def stop(self):
        if self.gateway is not None: end(self.gateway)
        self.gateway = None
        super().stop()


def end(process):
    # No reader is left, so that the drain has nothing to wait for.
    process.send_signal(signal.SIGTERM)
    if is_gone(process, 10): return
    process.kill()
    process.wait()


def most_files():
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


class Peer:
    """A server of the rig."""

    def __init__(self, name, rig, folder, port, spec, can):
        self.name, self.rig, self.port, self.spec, self.can = name, rig, port, spec, {'all', *can}
        self.folder = os.path.join(rig, 'peers', folder)

    def start(self):
        self.stop()
        if subprocess.run([os.path.join(self.folder, 'start.sh')]).returncode: raise SystemExit(f'{self.name} does not start')
        time.sleep(0.5)

    @property
    def pids(self):
        with open(os.path.join(self.folder, 'run/pids')) as f: return [int(p) for p in f.read().split()]

    def specs(self, test):
        # A peer has one kind of long-poll: it stands beside both of ours.
        reading = '-lp.sub' if test in ('poll', 'exchange') else '-sse.sub'
        return [os.path.join(self.rig, 'specs', self.spec + end) for end in (reading, '.pub')]

    def stop(self):
        subprocess.run([os.path.join(self.folder, 'stop.sh')])


def peers(rig):
    """Those that can run here."""
    found = []
    if os.path.exists(NGINX_MODULE): found.append(Peer('nchan', rig, 'nchan', 8701, 'nchan', ['stores', 'polls']))
    if shutil.which('dotnet'): found.append(Peer('bare Kestrel', rig, 'kestrel-bare', 8705, 'kestrel', []))
    if shutil.which('gcc'): found.append(Peer('bare C', rig, 'c-bare', 8700, 'c', []))
    return found
