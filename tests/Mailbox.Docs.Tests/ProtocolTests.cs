using System.Diagnostics.Metrics;
using System.Text.RegularExpressions;
using Mailbox.Engine;
using Mailbox.Storage;
using Xunit;

namespace Mailbox.Docs.Tests;

/// <summary>The tables of the protocol name what the program has.</summary>
public sealed partial class ProtocolTests
{
    static readonly string s_page = Readme.Read("docs/protocol.md");

    [Fact]
    public async Task Every_metric_that_is_answered_is_documented_with_its_type()
    {
        var server = new ReadmeServer();
        await server.StartAsync();
        var metrics = MetricType().Matches(await server.GetAsync("metrics"));
        await server.StopAsync();

        Assert.NotEmpty(metrics);
        Assert.All(metrics, metric => Assert.Matches($@"\n\| `{metric.Groups[1]}(\{{\w+\}})?` \| {metric.Groups[2]} \|", s_page));
    }

    [Fact]
    public async Task Every_instrument_of_the_engine_is_documented()
    {
        var names = new List<string>();
        using var listener = new MeterListener();
        listener.InstrumentPublished = (instrument, _) =>
        {
            if (instrument.Meter.Name == "Mailbox.Orleans") names.Add(instrument.Name);
        };
        await using var engine = new MailboxEngine(new MemoryStore { Keeps = Durability.Disk }, new(), TimeProvider.System);
        listener.Start();

        Assert.NotEmpty(names);
        Assert.All(names, name => Assert.Matches($@"\n\| `{name.Replace('.', '_')}(_total)?` \|", s_page));
    }

    [Fact]
    public void Every_problem_is_documented_with_its_status()
    {
        var problems = ProblemName().Matches(Readme.Read("src/Mailbox.Gateway/Http/ProblemKinds.cs"));

        Assert.NotEmpty(problems);
        Assert.All(problems, problem => Assert.Matches($@"\n\| `{problem.Groups[1]}` \| {problem.Groups[2]}(, retry)? \|", s_page));
    }

    [GeneratedRegex(@"# TYPE (\S+) (\S+)\n")]
    private static partial Regex MetricType();

    [GeneratedRegex(@"new\(""([a-z-]+)"", (\d+),")]
    private static partial Regex ProblemName();
}
