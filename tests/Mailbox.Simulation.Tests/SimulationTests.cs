using System.Globalization;
using Xunit;

namespace Mailbox.Simulation;

/// <summary>Seeded histories of nodes, faults and clients, checked against the rules (spec M1 to M18, G1 to G9).</summary>
public sealed class SimulationTests
{
    // bench/simulate.sh asks for others.
    static readonly int s_first = Setting("MAILBOX_SIMULATION_FIRST", 1);
    static readonly int s_count = Setting("MAILBOX_SIMULATION_COUNT", 200);
    static readonly bool s_stops = Setting("MAILBOX_SIMULATION_STOP", 0) != 0;
    static readonly int s_lines = Setting("MAILBOX_SIMULATION_LINES", 60);

    [Theory, InlineData(0), InlineData(1), InlineData(2), InlineData(3)]
    public void A_history_breaks_no_rule(int quarter)
    {
        var broken = new List<string>();
        var story = "";
        for (var seed = s_first + quarter; seed < s_first + s_count; seed += 4)
        {
            var (trace, _, fault) = Simulation.Run(seed);
            if (fault is null) continue;
            if (broken.Count == 0) story = $"{fault}{Environment.NewLine}{string.Join(Environment.NewLine, trace.TakeLast(s_lines))}";
            broken.Add($"Seed {seed}: {(fault is BrokenRuleException ? fault.Message : $"{fault.GetType().Name}: {fault.Message}")}");
            // A search for the first seed needs no second.
            if (s_stops) break;
        }
        Assert.True(broken.Count == 0, string.Join(Environment.NewLine, broken.Append(story)));
    }

    [Theory, InlineData(1), InlineData(2), InlineData(3), InlineData(4)]
    public void The_same_seed_gives_the_same_history(int seed)
    {
        var (first, second) = (Simulation.Run(seed), Simulation.Run(seed));

        Assert.Equal(first.Trace, second.Trace);
        Assert.Equal(first.Fingerprint, second.Fingerprint);
    }

    static int Setting(string name, int otherwise) =>
        Environment.GetEnvironmentVariable(name) is { Length: > 0 } value ? int.Parse(value, CultureInfo.InvariantCulture) : otherwise;
}
