using Mailbox.Proof.Checking;
using Mailbox.Proof.Deeds;
using Mailbox.Proof.Faults;
using Mailbox.Proof.Load;
using Mailbox.Proof.Network;
using Mailbox.Proof.Nodes;
using Mailbox.Proof.Reading;

namespace Mailbox.Proof;

/// <summary>One run: a grid is started, used, broken again and again, and then everything that was answered is looked for.</summary>
sealed class ProofRun(Func<Workshop, Topology> build, int seed, int faults, TextWriter output)
{
    /// <summary>Only kinds with this in their name, or with one of several that <c>|</c> separates.</summary>
    public string Only { get; init; } = "";

    /// <summary>The logs also of a run without breaches.</summary>
    public bool Keeps { get; init; }

    static readonly TimeSpan s_patience = TimeSpan.FromSeconds(60);
    static readonly TimeSpan s_calm = TimeSpan.FromSeconds(2);

    readonly RunClock _clock = new(TimeProvider.System);
    readonly Findings _findings = new();
    readonly Population _population = new();
    readonly History _history = new();
    readonly List<Strike> _strikes = [];

    public async Task<Report> RunAsync(CancellationToken cancel = default)
    {
        var workshop = Workshop.Open(_clock, _findings);
        var report = await RunAsync(workshop, cancel);
        if (report.Findings.Count == 0 && !Keeps) Directory.Delete(workshop.Directory, recursive: true);
        else await KeepAsync(workshop, report);
        return report;
    }

    async Task KeepAsync(Workshop workshop, Report report)
    {
        await File.WriteAllLinesAsync(Path.Combine(workshop.Directory, "breaches.txt"), report.Findings);
        await output.WriteLineAsync($"The logs are kept in {workshop.Directory}");
    }

    async Task<Report> RunAsync(Workshop workshop, CancellationToken cancel)
    {
        await using var topology = build(workshop);
        await topology.StartAsync(cancel);
        await using var balancer = new Balancer(topology.Gateways, _clock);
        using var readiness = new Readiness(topology.Hosts, _clock);
        var grid = new Grid(topology, balancer, readiness);
        if (!await _clock.UntilAsync(() => grid.IsReadyAsync(cancel), s_patience, cancel))
            throw new TimeoutException($"The grid did not start: see {workshop.Directory}");
        using var backends = new Backends(grid, workshop);
        return await UseAsync(grid, backends, cancel);
    }

    async Task<Report> UseAsync(Grid grid, Backends backends, CancellationToken cancel)
    {
        using var end = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        var audience = new Audience(_population, grid.Balancer.Address, _clock, _findings);
        var reading = audience.RunAsync(end.Token);

        await LoadAsync(backends, grid, audience, cancel);

        var last = new LastReading(_population, backends.Http, grid.Balancer.Address, _clock, _findings);
        await last.AwaitAsync(audience, cancel);
        await end.CancelAsync();
        await reading;
        var evidence = new Evidence(_population, _history, audience.Logs, await last.ReadAsync(cancel), await last.CallAsync(cancel));
        return new(seed, _clock.Now, evidence, audience, _strikes, [.. _findings.Lines, .. Verdict.Of(evidence)]);
    }

    async Task LoadAsync(Backends backends, Grid grid, Audience audience, CancellationToken cancel)
    {
        using var end = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        using var giveUp = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        var traffic = new Traffic(_population, backends, _history, _clock, seed);
        await traffic.BeginMembershipsAsync(cancel);
        var running = traffic.RunAsync(end.Token, giveUp.Token);
        await RecoverAsync(grid, audience, cancel);
        await _clock.PaceAsync(s_calm, cancel);

        var random = new Random(seed);
        var kinds = grid.Faults().Where(fault => Only.Split('|').Any(part => fault.Kind.Contains(part, StringComparison.Ordinal)));
        foreach (var fault in FaultScript.Of([.. kinds], faults, random))
            if (!await StrikeAsync(fault, random, grid, audience, cancel)) break;

        await end.CancelAsync();
        giveUp.CancelAfter(s_patience);
        await running;
    }

    /// <returns>Whether the grid recovered: of one that did not, more cannot be learnt.</returns>
    async Task<bool> StrikeAsync(IFault fault, Random random, Grid grid, Audience audience, CancellationToken cancel)
    {
        var begun = _clock.Now;
        await output.WriteLineAsync($"{begun.TotalSeconds,7:0.0} s  {fault.Kind}");
        var detail = await fault.StrikeAsync(random, cancel);
        var isWell = await RecoverAsync(grid, audience, cancel);
        var strike = new Strike(fault.Kind, detail, begun, _clock.Now);
        _strikes.Add(strike);
        await output.WriteLineAsync($"{strike.Ended.TotalSeconds,7:0.0} s    {strike.Detail}; longest gap of a reader {Service.During(audience, strike).Longest.TotalSeconds:0.0} s");
        await _clock.PaceAsync(s_calm, cancel);
        return isWell;
    }

    /// <summary>Every process is ready, and every reader has a message that came after that.</summary>
    async Task<bool> RecoverAsync(Grid grid, Audience audience, CancellationToken cancel)
    {
        var healed = _clock.Now;
        var isReady = await _clock.UntilAsync(() => grid.IsReadyAsync(cancel), s_patience, cancel);
        if (!isReady) await TellAsync($"not every process was ready {s_patience.TotalSeconds} s after {healed.TotalSeconds:0.0} s");
        var since = _clock.Now;
        var haveSeen = await _clock.UntilAsync(() => audience.HaveSeenSince(since), s_patience, cancel);
        if (!haveSeen) await TellAsync(Deaf(audience, since));
        return isReady && haveSeen;
    }

    Task TellAsync(string finding)
    {
        _findings.Add(finding);
        return output.WriteLineAsync("           " + finding);
    }

    static string Deaf(Audience audience, TimeSpan since) =>
        $"{s_patience.TotalSeconds} s after {since.TotalSeconds:0.0} s these had no message: {string.Join(", ", audience.Lasting.Where(log => log.LastSeen <= since).Select(log => log.Reader))}";
}
