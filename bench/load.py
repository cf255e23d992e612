#!/usr/bin/env python3
"""Measures the server under load, beside the peers of the benchmark rig where that is at hand. See README.md.

  bench/load.py                          everything, 3 repetitions
  bench/load.py --reps 1 --tests fan10000,publish --servers ours,nchan
  bench/load.py --also "workstation,DOTNET_gcServer=0" --tests hold      the same build with another environment beside it
  bench/load.py --also "before,dll=/elsewhere/Mailbox.Silo.dll"    another build beside it
"""
import argparse, http.client, json, os, shutil, statistics, subprocess, sys, tempfile, time
import servers, table

TICK = os.sysconf('SC_CLK_TCK')
WARM_MEMBERS, GROUP_SENDS, CHUNK = 200, 15, 10_000
PARTS, WARM_BODIES, BODIES = 1000, 150, 200


def say(*words): print(time.strftime('%H:%M:%S'), *words, file=sys.stderr, flush=True)


def cpu_seconds(pids):
    total = 0
    for pid in pids:
        try:
            with open(f'/proc/{pid}/stat') as f: fields = f.read().rsplit(')', 1)[1].split()
            total += int(fields[11]) + int(fields[12])
        except OSError: pass
    return total / TICK


def machine_cpu_seconds():
    with open('/proc/stat') as f: v = [int(x) / TICK for x in f.readline().split()[1:9]]
    return sum(v[:3]) + v[5] + v[6]


class Load:
    """The load generator: the rig's, or ours where that is missing. Both take the same arguments and print the same line of JSON."""

    def __init__(self, command, work, uses_specs):
        self.command, self.work, self.uses_specs, self.run_number = command, work, uses_specs, int(time.time()) % 100_000 * 100

    def spec(self, path):
        target = os.path.join(self.work, os.path.basename(path))
        with open(path) as f, open(target, 'w') as g: g.write(f.read().replace('RUN', f'r{self.run_number}'))
        return '@' + target

    def run(self, server, test, mode, *args):
        self.run_number += 1
        command = [*self.command, mode, '--target', f'127.0.0.1:{server.port}', '--pids', ','.join(map(str, server.pids)), '--json', *map(str, args)]
        if self.uses_specs:
            sub, pub = server.specs(test)
            if mode != 'publish': command += ['--sub', self.spec(sub)]
            if mode != 'hold': command += ['--pub', self.spec(pub)]
        else: command += ['--label', f'r{self.run_number}']
        with Watched(server) as watched: out = subprocess.run(command, stdout=subprocess.PIPE, text=True).stdout
        return {**json.loads(out.strip().splitlines()[-1]), **watched.others}


class Watched:
    """What neither the server nor the load generator used meanwhile, in percent of one core."""

    def __init__(self, server): self.server = server

    def now(self):
        mine = os.times()
        return machine_cpu_seconds() - cpu_seconds(self.server.pids) - mine.children_user - mine.children_system - mine.user - mine.system

    def __enter__(self):
        self.before, self.start = self.now(), time.monotonic()
        return self

    def __exit__(self, *_):
        self.others = {'other_cpu_pct': round(max(0, self.now() - self.before) / (time.monotonic() - self.start) * 100, 1)}


def warm(load, server):
    load.run(server, 'fan', 'fanout', '-n', 200, '-m', 200, '--settle', 1, '--timeout', 60)
    load.run(server, 'publish', 'publish', '-m', 3000, '-k', 50, '-c', 8)
    time.sleep(1)


def group_send(members):
    """One message to a group of mailboxes that nobody holds: the time until it is stored for all and answered."""
    def run(load, server):
        load.run_number += 1
        group, client = f'g{load.run_number}', http.client.HTTPConnection('127.0.0.1', server.port, timeout=120)
        def post(path, body, content_type):
            client.request('POST', path, body, {'Content-Type': content_type})
            response = client.getresponse()
            answer = response.read()
            if response.status >= 300: raise SystemExit(f'{path}: {response.status} {answer[:200]}')
        for first in range(0, members, CHUNK):
            names = [f'{group}-{i}' for i in range(first, min(first + CHUNK, members))]
            post(f'/groups/{group}/members', json.dumps({'add': names}), 'application/json')
        times = []
        with Watched(server) as watched:
            cpu = cpu_seconds(server.pids)
            for _ in range(GROUP_SENDS):
                start = time.perf_counter()
                post(f'/groups/{group}', 'x' * 200, 'text/plain')
                times.append((time.perf_counter() - start) * 1e3)
            cpu = cpu_seconds(server.pids) - cpu
        return {'send_p50_ms': statistics.median(times), 'send_max_ms': max(times), 'cpu_us_per_entry': cpu * 1e6 / GROUP_SENDS / members, **watched.others}
    return run


def multiplexed(load, server):
    """Bodies of 1,000 parts of 200 bytes, each for a mailbox of its own: one backend that answers thousands."""
    load.run_number += 1
    parts = ''.join(f'--b\r\nMailbox: r{load.run_number}-{i}\r\nContent-Type: text/plain\r\n\r\n{"x" * 200}\r\n' for i in range(PARTS))
    body, client = (parts + '--b--\r\n').encode(), http.client.HTTPConnection('127.0.0.1', server.port, timeout=120)
    def post(times):
        for _ in range(times):
            client.request('POST', '/deliver', body, {'Content-Type': 'application/x-multiplex; boundary=b'})
            response = client.getresponse()
            answer = response.read()
            if response.status != 200 or answer.count(b'"position"') != PARTS: raise SystemExit(f'/deliver: {response.status} {answer[:200]}')
    post(WARM_BODIES)
    with Watched(server) as watched:
        cpu, start = cpu_seconds(server.pids), time.perf_counter()
        post(BODIES)
        cpu, took = cpu_seconds(server.pids) - cpu, time.perf_counter() - start
    return {'cpu_us_per_part': cpu * 1e6 / BODIES / PARTS, 'parts_per_s': BODIES * PARTS / took, **watched.others}


FANOUT = ('-s', 200, '--timeout', 120)


def paced(test, *args):
    """A thousand readers by one transport, ten messages a second. The first run warms what the transport alone runs through."""
    def run(load, server):
        load.run(server, test, 'fanout', '-n', 1000, '-m', 100, '-r', 20, '--settle', 1, *FANOUT, *args)
        return load.run(server, test, 'fanout', '-n', 1000, '-m', 150, '-r', 10, '--settle', 2, *FANOUT, *args)
    return run


# name: what runs, and what a server must be able to. The rig's generator alone has other transports than streams.
TESTS = {
    'hold':      (lambda l, s: l.run(s, 'fan', 'hold', '-n', 10000, '-k', 1, '--settle', 5, '--hold', 5, '--connect-rate', 4000), 'all'),
    'fan1000':   (lambda l, s: l.run(s, 'fan', 'fanout', '-n', 1000, '-m', 200, '--settle', 2, *FANOUT), 'all'),
    'paced1000': (lambda l, s: l.run(s, 'fan', 'fanout', '-n', 1000, '-m', 150, '-r', 10, '--settle', 2, *FANOUT), 'all'),
    'poll1000':  (paced('poll', '--longpoll'), 'polls'),
    'exchange1000': (paced('exchange', '--longpoll'), 'polls'),
    'websocket1000': (paced('websocket'), 'sockets'),
    'fan10000':  (lambda l, s: l.run(s, 'fan', 'fanout', '-n', 10000, '-m', 20, '--settle', 3, '--connect-rate', 4000, *FANOUT), 'all'),
    'lone':      (lambda l, s: l.run(s, 'fan', 'fanout', '-n', 1, '-m', 200, '-r', 25, '--settle', 1, *FANOUT), 'all'),
    'publish':   (lambda l, s: l.run(s, 'publish', 'publish', '-m', 100000, '-k', 10000, '-s', 200, '-c', 16, '--timeout', 180), 'all'),
    'reopen':    (lambda l, s: l.run(s, 'reopen', 'reopen', '-n', 500, '-m', 100, '-s', 200, '-c', 16, '--drain', 1, '--settle', 1, '--timeout', 120), 'stores'),
    'send10k':   (group_send(10_000), 'groups'),
    'send100k':  (group_send(100_000), 'groups'),
    'multiplex': (multiplexed, 'groups'),
}


def can(load, server, test):
    needs = TESTS[test][1]
    return needs in server.can and (load.uses_specs or needs not in ('polls', 'sockets'))


def measure(load, server, tests, results, rep):
    up = False
    try:
        for test in filter(lambda t: can(load, server, t), tests):
            # A process of its own where memory counts: a heap that has grown before hides what the test adds.
            if not up or test in ('hold', 'publish'):
                server.stop()
                server.start()
                if test == 'hold': load.run(server, 'fan', 'fanout', '-n', WARM_MEMBERS, '-m', 5, '--settle', 1)
                else: warm(load, server)
                up = test != 'hold'
            result = TESTS[test][0](load, server)
            results.append({'server': server.name, 'test': test, 'rep': rep, **result})
            say(rep, server.name, test, table.brief(test, result))
    finally: server.stop()


def find_rig(where, work):
    """A copy that can be written to, with its generator compiled, or None."""
    if not os.path.exists(os.path.join(where, 'loadgen.c')) or not shutil.which('gcc'): return None
    rig = os.path.join(work, 'rig')
    shutil.copytree(where, rig)
    subprocess.run(['chmod', '-R', 'u+w', rig], check=True)
    subprocess.run(['gcc', '-O2', '-pthread', '-o', 'loadgen', 'loadgen.c'], cwd=rig, check=True)
    return rig


def build(project):
    if subprocess.run(['dotnet', 'build', os.path.join(servers.ROOT, project), '-c', 'Release', '-v', 'quiet', '--nologo'], stdout=sys.stderr).returncode:
        raise SystemExit(f'{project} does not build')


def variant(text, data):
    name, *rest = text.split(',')
    env = dict(part.split('=', 1) for part in rest)
    args = [f'--{key}={env.pop(key)}' for key in list(env) if ':' in key]
    return servers.Ours(name, data, env.pop('dll', servers.SILO), env, args)


def arguments():
    a = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    a.add_argument('--reps', type=int, default=3)
    a.add_argument('--tests', default=','.join(TESTS))
    a.add_argument('--servers', help='of: ours, nchan, bare Kestrel, bare C; default: all that can run')
    a.add_argument('--cluster', action='store_true', help='beside it a silo and a gateway as two processes')
    a.add_argument('--also', action='append', default=[], help='NAME[,dll=PATH][,VARIABLE=VALUE][,Mailbox:Option=VALUE]: ours, differently')
    a.add_argument('--rig', default=os.path.join(servers.ROOT, '../shared/rig'))
    a.add_argument('--data', help='parent of the data directory; on the disk that is to be measured')
    a.add_argument('--out', help='the table goes here; default: standard output')
    a.add_argument('--no-build', action='store_true')
    return a.parse_args()


def main():
    a = arguments()
    if not a.no_build:
        for project in ['silo', *(['gateway'] if a.cluster else [])]: build(project)
    with tempfile.TemporaryDirectory(prefix='mailbox-load-') as work:
        rig = find_rig(a.rig, work)
        if rig: load = Load([os.path.join(rig, 'loadgen')], work, True)
        else:
            say('The rig is not there: our own load generator, for our server alone.')
            build('bench/Mailbox.Load')
            load = Load(['dotnet', os.path.join(servers.HERE, 'Mailbox.Load/bin/Release/net10.0/Mailbox.Load.dll')], work, False)
        every = [servers.Ours('ours', a.data), *[variant(text, a.data) for text in a.also], *(servers.peers(rig) if rig else [])]
        if a.cluster: every.insert(1, servers.Pair('silo + gateway', a.data))
        chosen = [s for s in every if not a.servers or s.name in a.servers.split(',') or s.name in [t.split(',')[0] for t in a.also]]
        results, tests = [], a.tests.split(',')
        try:
            for rep in range(1, a.reps + 1):
                for server in chosen: measure(load, server, tests, results, rep)
        finally:
            text = table.markdown(results, [s.name for s in chosen])
            if a.out: open(a.out, 'w').write(text)
            else: print(text)


if __name__ == '__main__': main()
