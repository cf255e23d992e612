#!/usr/bin/env python3
"""Measures deliveries of a .NET backend to a silo with a journal and to a cluster with PostgreSQL, and what else a cluster costs. See README.md.

  bench/grid.py [--seconds 10] [--only journal,postgres]
"""
import argparse, http.client, json, os, statistics, subprocess, sys, tempfile, time
import load, servers

LOAD = os.path.join(servers.HERE, 'Mailbox.GridLoad/bin/Release/net10.0/Mailbox.GridLoad.dll')
CLUSTER = os.path.join(servers.ROOT, 'cluster.sh')
IDLE, JOINED = 20_000, 10_000
# deliveries in a call, calls at once
SHAPES = [(1, 1), (1, 64), (1, 500), (100, 8), (200, 32)]


def deliver(ports, pids, *args):
    cpu = load.cpu_seconds(pids)
    out = subprocess.run(['dotnet', LOAD, '--ports', ports, *map(str, args)], stdout=subprocess.PIPE, text=True, check=True).stdout
    result = json.loads(out.strip().splitlines()[-1])
    return {**result, 'server_cpu_s': load.cpu_seconds(pids) - cpu}


def shapes(name, ports, pids, seconds):
    for batch, callers in SHAPES:
        r = deliver(ports, pids, '--batch', batch, '--callers', callers, '--seconds', seconds)
        print(f"{name}: {callers} callers of {batch}: {r['stored_per_s']:,.0f}/s, client {r['client_cpu_us']:.1f} us each, failed {r['failed']}", flush=True)


def pss(pids):
    total = 0
    for pid in pids:
        with open(f'/proc/{pid}/smaps_rollup') as f: total += next(int(line.split()[1]) for line in f if line.startswith('Pss:'))
    return total * 1024


def idle(name, port, pids):
    """Memory of mailboxes that were asked for, hold nothing and are held by nobody; before the heap has seen a load that it gives back later."""
    client = http.client.HTTPConnection('127.0.0.1', port, timeout=60)
    def touch(first, last):
        for i in range(first, last):
            client.request('PUT', f'/mailboxes/idle-{i}', '{"idle":86400}', {'Content-Type': 'application/json'})
            client.getresponse().read()
    touch(0, 2000)
    time.sleep(2)
    before = pss(pids)
    touch(2000, 2000 + IDLE)
    time.sleep(2)
    print(f'{name}: an idle mailbox {(pss(pids) - before) / IDLE:,.0f} bytes', flush=True)


def join(name, port):
    client, times = http.client.HTTPConnection('127.0.0.1', port, timeout=60), []
    for turn in range(4):
        body = json.dumps({'add': [f'j{turn}-{i}' for i in range(JOINED)]})
        start = time.perf_counter()
        client.request('POST', f'/groups/join{turn}/members', body, {'Content-Type': 'application/json'})
        answer = client.getresponse()
        answer.read()
        if answer.status >= 300: raise SystemExit(f'join: {answer.status}')
        times.append((time.perf_counter() - start) * 1e3)
    print(f'{name}: {JOINED:,} join in one call: {statistics.median(times):.0f} ms (first {times[0]:.0f})', flush=True)


def journal(seconds):
    port = servers.free_port()
    server = servers.Ours('silo', None, servers.SILO, args=['--Mailbox:Cluster:ClientPort', str(port)])
    server.start()
    try:
        idle('journal', server.port, server.pids)
        shapes('journal', str(port), server.pids, seconds)
        join('journal', server.port)
    finally: server.stop()


def postgres(seconds):
    with tempfile.TemporaryDirectory(prefix='mailbox-grid-') as data:
        os.chmod(data, 0o755)
        environment = {**os.environ, 'MAILBOX_CLUSTER_DATA': data, 'MAILBOX_CLUSTER_PORT': '9080', 'MAILBOX_CLUSTER_BASE': '9100'}
        subprocess.run([CLUSTER, 'up'], env=environment, stdout=subprocess.DEVNULL, check=True)
        try:
            silos = [int(open(os.path.join(data, f'silo-{i}.pid')).read().split()[0]) for i in (1, 2, 3)]
            idle('postgres', 9080, silos)
            shapes('postgres', '9131,9132,9133', silos, seconds)
            join('postgres', 9080)
        finally: subprocess.run([CLUSTER, 'down', '--clean'], env=environment, stdout=subprocess.DEVNULL)


def main():
    a = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    a.add_argument('--seconds', type=int, default=10)
    a.add_argument('--only', default='journal,postgres')
    a = a.parse_args()
    for project in ('silo', 'gateway', 'bench/Mailbox.GridLoad'): load.build(project)
    if 'journal' in a.only: journal(a.seconds)
    if 'postgres' in a.only: postgres(a.seconds)


if __name__ == '__main__': main()
