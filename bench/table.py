"""Turns the results of load.py into a table: medians, and the ratio to nchan of the same run."""
import os, platform, statistics, subprocess

QUIET = 25  # percent of one core that others may use
BASE = 'nchan'
# test: its title, and for each row (what, field, digits after the point, factor).
ROWS = {
    'hold': ('10,000 held SSE connections', [
        ('memory of each, bytes (PSS)', 'pss_bytes_per_conn', 0, 1), ('CPU to connect one, us', 'connect_cpu_us_per_conn', 0, 1),
        ('idle CPU, % of a core', 'idle_cpu_pct', 2, 1)]),
    'fan1000': ('1,000 readers, 200 messages at once', [
        ('CPU a delivery, us', 'cpu_us_per_delivery', 2, 1), ('deliveries/s', 'deliveries_per_s', 0, 1), ('p99, ms', 'e2e_p99_us', 1, 1e-3)]),
    'paced1000': ('1,000 readers, 10 messages/s', [
        ('CPU a delivery, us', 'cpu_us_per_delivery', 2, 1), ('p50, ms', 'e2e_p50_us', 1, 1e-3), ('p99, ms', 'e2e_p99_us', 1, 1e-3)]),
    **{test: (f'1,000 readers by {what}, 10 messages/s', [
        ('CPU a delivery, us', 'cpu_us_per_delivery', 2, 1), ('p50, ms', 'e2e_p50_us', 1, 1e-3), ('p99, ms', 'e2e_p99_us', 1, 1e-3)])
       for test, what in {'poll1000': 'long-poll', 'exchange1000': 'ping-pong (beside long-poll)', 'websocket1000': 'WebSocket'}.items()},
    'fan10000': ('10,000 readers, 20 messages', [
        ('CPU a delivery, us', 'cpu_us_per_delivery', 2, 1), ('deliveries/s', 'deliveries_per_s', 0, 1),
        ('p50, ms', 'e2e_p50_us', 1, 1e-3), ('p99, ms', 'e2e_p99_us', 1, 1e-3)]),
    'lone': ('1 reader, 25 messages/s', [('p50, ms', 'e2e_p50_us', 2, 1e-3), ('p99, ms', 'e2e_p99_us', 2, 1e-3)]),
    'publish': ('100,000 messages of 200 bytes to 10,000 mailboxes, nobody reads, 16 senders', [
        ('CPU a message, us', 'pub_cpu_us_per_msg', 1, 1), ('accepted/s', 'accepted_per_s', 0, 1),
        ('answered p50, ms', 'pub_p50_us', 2, 1e-3), ('answered p99, ms', 'pub_p99_us', 2, 1e-3),
        ('memory of each waiting, bytes (PSS)', 'pub_pss_bytes_per_msg', 0, 1)]),
    'reopen': ('A reader comes back to 100 waiting messages, 500 times', [
        ('CPU a message, us', 'cpu_us_per_delivery', 2, 1), ('first byte p50, ms', 'ttfb_p50_us', 2, 1e-3), ('last message p50, ms', 'ttlast_p50_us', 2, 1e-3),
        ('last message p99, ms', 'ttlast_p99_us', 2, 1e-3)]),
    'send10k': ('One send to 10,000 mailboxes, nobody connected', [
        ('stored for all p50, ms', 'send_p50_ms', 1, 1), ('CPU a mailbox, us', 'cpu_us_per_entry', 2, 1)]),
    'send100k': ('One send to 100,000 mailboxes, nobody connected', [
        ('stored for all p50, ms', 'send_p50_ms', 1, 1), ('CPU a mailbox, us', 'cpu_us_per_entry', 2, 1)]),
    'multiplex': ('Multiplexed bodies of 1,000 parts of 200 bytes, one after the other', [
        ('CPU a part, us', 'cpu_us_per_part', 2, 1), ('parts/s', 'parts_per_s', 0, 1)]),
}


def brief(test, result):
    fields = {what: round(result[field] * factor, digits) for what, field, digits, factor in ROWS[test][1] if field in result}
    faults = {k: result[k] for k in ('missing', 'duplicates', 'failed', 'pub_non2xx', 'timed_out', 'first_bad') if result.get(k)}
    return {**fields, **faults, 'others %': result['other_cpu_pct']}


def markdown(results, names):
    lines = [machine(), '', *noise(results), *faults(results), '']
    lines += ['| | ' + ' | '.join(names) + ' |', '|---' + '|---:' * len(names) + '|']
    for test, (title, rows) in ROWS.items():
        if not any(r['test'] == test for r in results): continue
        lines.append(f'| **{title}** |' + ' |' * len(names))
        lines += [row(results, names, test, *what) for what in rows]
    return '\n'.join(lines) + '\n'


def row(results, names, test, what, field, digits, factor):
    values = {n: median(results, n, test, field) for n in names}
    return f'| {what} | ' + ' | '.join(cell(values, n, digits, factor) for n in names) + ' |'


def median(results, name, test, field):
    found = [r[field] for r in results if r['server'] == name and r['test'] == test and field in r]
    return statistics.median(found) if found else None


def cell(values, name, digits, factor):
    if values[name] is None: return '–'
    text = f'{values[name] * factor:,.{digits}f}'
    return f'{text} ({values[name] / values[BASE]:.2f})' if name != BASE and values.get(BASE) else text


def machine():
    with open('/proc/cpuinfo') as f: model = next((line.split(':')[1].strip() for line in f if line.startswith('model name')), platform.machine())
    dotnet = subprocess.run(['dotnet', '--version'], stdout=subprocess.PIPE, text=True).stdout.strip()
    return f'{os.cpu_count()} cores of {model}, Linux {platform.release().split("-")[0]}, .NET SDK {dotnet}. Medians; in brackets the ratio to {BASE} in the same run.'


def noise(results):
    loud = [r for r in results if r['other_cpu_pct'] > QUIET]
    if not loud: return ['The machine was quiet.']
    worst = max(r['other_cpu_pct'] for r in loud)
    return [f'The machine was not quiet: in {len(loud)} of {len(results)} measurements others used more than {QUIET} % of a core, at worst {worst:.0f} %.']


def faults(results):
    bad = [f"{r['server']} {r['test']}: {r.get('missing', 0)} missing, {r.get('duplicates', 0)} twice, {r.get('failed', 0)} failed, {r.get('pub_non2xx', 0)} refused"
           + (', timed out' if r.get('timed_out') else '')
           for r in results if any(r.get(k) for k in ('missing', 'duplicates', 'failed', 'pub_non2xx', 'timed_out'))]
    return ['Faults: ' + '; '.join(bad) + '.'] if bad else ['No message was lost or doubled, no request failed.'] if results else []
