// Markdown tables of what was measured.
const Names = {
  poll: 'polling, every 5 s', 'slow-and-fast': 'slow and fast (long-poll)', fleet: 'expanding fleet', 'ping-pong': 'ping-pong',
  sse: 'event stream', websocket: 'WebSocket',
};

export function show(results) {
  const alone = results.find(({ strategy }) => strategy === 'nobody').cells;
  const shown = results.filter(({ strategy }) => strategy !== 'nobody');
  const rates = Object.keys(alone).map(Number).sort((a, b) => a - b);
  return [
    ...rates.map(rate => rateTable(rate, shown, alone[rate])),
    wordsTable(shown),
    memoryTable(shown),
  ].join('\n\n');
}

function rateTable(rate, shown, alone) {
  const rows = shown.map(({ strategy, cells: { [rate]: cell } }) => [
    Names[strategy], ...traffic(cell), time(percentile(cell.latencies, 50)), time(percentile(cell.latencies, 99)), micro(cell.cpu / cell.messages),
  ]);
  rows.push(['nobody reads', '', '', '', '', micro(alone.cpu / alone.messages)]);
  const head = ['', 'requests a letter', 'bytes a letter', 'latency, median', 'p99', 'server CPU a letter'];
  return `${rate} letters a second to each reader:\n\n${table(head, rows)}`;
}

function wordsTable(shown) {
  const rows = shown.map(({ strategy, words }) => [
    Names[strategy], ...traffic(words), time(percentile(words.latencies, 50)), time(percentile(words.latencies, 99)), micro(words.cpu / words.messages),
  ]);
  return table(['', 'requests a word', 'bytes a word', 'until the client knows, median', 'p99', 'server CPU a word'], rows);
}

function memoryTable(shown) {
  return table(['', 'server memory a reader'], shown.map(({ strategy, memory }) => [Names[strategy], `${(memory / 1024).toFixed(1)} KB`]));
}

function traffic({ requests, bytes, messages }) {
  return [(requests / messages).toFixed(2), Math.round(bytes / messages).toLocaleString('en')];
}

function percentile(values, percent) {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * percent / 100))];
}

function time(milliseconds) {
  return milliseconds >= 1000 ? `${(milliseconds / 1000).toFixed(1)} s` : `${milliseconds.toFixed(milliseconds < 10 ? 1 : 0)} ms`;
}

function micro(seconds) {
  return `${Math.round(seconds * 1e6)} µs`;
}

function table(head, rows) {
  const line = cells => `| ${cells.join(' | ')} |`;
  return [line(head), `|${head.map((_, at) => at ? '---:' : '---').join('|')}|`, ...rows.map(line)].join('\n');
}
