// Delivers, sends and acknowledges on an engine whose log is in a directory, from several workers at once, and tells of everything before it
// asks and when it is answered, until it is killed. Arguments: the directory, the level, the seed.
using System.Globalization;
using Mailbox;
using Mailbox.CrashChild;

await using var engine = await Load.StartAsync(args[0]);
using var output = TextWriter.Synchronized(new StreamWriter(Console.OpenStandardOutput()) { AutoFlush = true });
await new Load(engine, Enum.Parse<Durability>(args[1]), output).RunAsync(int.Parse(args[2], CultureInfo.InvariantCulture));
