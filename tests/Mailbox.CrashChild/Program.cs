// Commits the batches of a script to a journal, prints the number of each once it is answered, and waits to be killed.
using System.Globalization;
using Mailbox.CrashChild;
using Mailbox.Storage.Journal;

var options = new JournalOptions { Directory = args[0], SegmentBytes = 64 << 10, SnapshotBytes = 32 << 10, ReserveBytes = 0 };
using var store = JournalStore.Open(options, TimeProvider.System);
var load = new ScriptedLoad(store, int.Parse(args[1], CultureInfo.InvariantCulture));
await using var output = new StreamWriter(Console.OpenStandardOutput()) { AutoFlush = true };
while (true)
{
    load.PlayNext();
    await output.WriteLineAsync(load.Played.ToString(CultureInfo.InvariantCulture));
}
