using System.Globalization;

namespace Mailbox.Load;

/// <summary>The command line: the subset of the rig's generator that <c>bench/load.py</c> uses, with the same meaning.</summary>
sealed record LoadOptions(string Mode, IReadOnlyDictionary<string, string> Values)
{
    public string Target => Values["target"];

    public string Label => Values.GetValueOrDefault("label", "run");

    public int Readers => Integer("n", 100);

    public int Messages => Integer("m", 10);

    /// <summary>Distinct mailboxes that are written to.</summary>
    public int Mailboxes => Integer("k", Mode == "reopen" ? Readers : 1);

    public int Senders => Integer("c", 1);

    /// <summary>Messages a second; 0 for as fast as answers come.</summary>
    public int Rate => Integer("r", 0);

    public int Size => Integer("s", 200);

    public TimeSpan Settle => TimeSpan.FromSeconds(Integer("settle", 1));

    public TimeSpan Hold => TimeSpan.FromSeconds(Integer("hold", 0));

    public TimeSpan Timeout => TimeSpan.FromSeconds(Integer("timeout", 60));

    public int[] Pids => [.. Values.GetValueOrDefault("pids", "").Split(',', StringSplitOptions.RemoveEmptyEntries).Select(Number)];

    public static LoadOptions Parse(string[] args)
    {
        var values = new Dictionary<string, string>();
        for (var i = 1; i < args.Length; i++)
            if (args[i] != "--json") values[args[i].TrimStart('-')] = args[++i];
        return new(args[0], values);
    }

    int Integer(string name, int otherwise) => Values.TryGetValue(name, out var text) ? Number(text) : otherwise;

    static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);
}
