// Commits the batches of a script to a journal, or delivers at the level of the third argument; prints the number of each once it is
// answered, and waits to be killed.
using System.Globalization;
using Mailbox;
using Mailbox.CrashChild;
using Mailbox.Storage.Journal;

var options = new JournalOptions { Directory = args[0], SegmentBytes = 64 << 10, SnapshotBytes = 32 << 10, ReserveBytes = 0 };
using var store = JournalStore.Open(options, TimeProvider.System);
await using var output = new StreamWriter(Console.OpenStandardOutput()) { AutoFlush = true };
if (args.Length > 2) await Deliveries.RunAsync(store, Enum.Parse<Durability>(args[2]), output);
var load = new ScriptedLoad(store, int.Parse(args[1], CultureInfo.InvariantCulture));
while (true)
{
    load.PlayNext();
    await output.WriteLineAsync(load.Played.ToString(CultureInfo.InvariantCulture));
}
