using System.Globalization;

namespace Mailbox.Proof;

/// <summary>What the command line asks for.</summary>
sealed record ProofOptions(string Topology, int Faults, string Only, string? Output, IReadOnlyList<int> Seeds)
{
    /// <summary>The logs of every run are kept, not only of one with breaches.</summary>
    public bool Keeps { get; init; }

    public static ProofOptions Parse(string[] arguments)
    {
        var options = new ProofOptions("single", 10, "", null, []);
        for (var i = 0; i < arguments.Length; i++)
        {
            options = arguments[i] switch
            {
                "--topology" => options with { Topology = arguments[++i] },
                "--faults" => options with { Faults = Number(arguments[++i]) },
                "--only" => options with { Only = arguments[++i] },
                "--out" => options with { Output = arguments[++i] },
                "--keep" => options with { Keeps = true },
                var seed => options with { Seeds = [.. options.Seeds, Number(seed)] },
            };
        }
        return options.Seeds.Count > 0 ? options : options with { Seeds = [Random.Shared.Next(1_000_000)] };
    }

    static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);
}
