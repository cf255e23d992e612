// Usage: Mailbox.Proof [--topology single|journal|cluster] [--faults N] [--only KIND] [--out FILE] [--keep] SEED...
// Prints the script of each run and a table; the exit code is 1 when a promise was broken.
using System.Runtime.InteropServices;
using Mailbox.Proof;
using Mailbox.Proof.Nodes;

var options = ProofOptions.Parse(args);
using var end = new CancellationTokenSource();
// What it started ends with it.
using var terminated = PosixSignalRegistration.Create(PosixSignal.SIGTERM, context => End(context, end));
using var interrupted = PosixSignalRegistration.Create(PosixSignal.SIGINT, context => End(context, end));
var reports = new List<Report>();
foreach (var seed in options.Seeds)
{
    Console.WriteLine($"== {options.Topology}, seed {seed}");
    reports.Add(await new ProofRun(Topologies.Of(options.Topology), seed, options.Faults, Console.Out) { Only = options.Only, Keeps = options.Keeps }.RunAsync(end.Token));
}
var page = string.Join('\n', Markdown.Of(options.Topology, reports)) + '\n';
Console.Write('\n' + page);
if (options.Output is { } file) await File.WriteAllTextAsync(file, page);
return reports.Exists(report => report.Findings.Count > 0) ? 1 : 0;

static void End(PosixSignalContext context, CancellationTokenSource end)
{
    context.Cancel = true;
    end.Cancel();
}
