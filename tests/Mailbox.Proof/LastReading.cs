using Mailbox.Proof.Checking;
using Mailbox.Proof.Load;
using Mailbox.Proof.Reading;

namespace Mailbox.Proof;

/// <summary>What is asked when nothing is delivered any more: where each mailbox ends, what it still has, who the members are.</summary>
sealed class LastReading(Population population, HttpBackend backend, Uri address, RunClock clock, Findings findings)
{
    static readonly TimeSpan s_patience = TimeSpan.FromSeconds(60);

    /// <summary>Every reader gets to the end of its mailbox.</summary>
    public async Task AwaitAsync(Audience audience, CancellationToken cancel)
    {
        foreach (var log in audience.Logs)
        {
            if (await clock.UntilAsync(() => IsAtEndAsync(log, cancel), s_patience, cancel)) continue;
            findings.Add($"{log.Reader}: is at {log.Position}, and does not get to the end of its mailbox");
        }
    }

    public async Task<IReadOnlyList<Log>> ReadAsync(CancellationToken cancel)
    {
        var logs = new List<Log>();
        foreach (var mailbox in population.All) logs.Add(await ReadAsync(mailbox, cancel));
        return logs;
    }

    public async Task<Roll> CallAsync(CancellationToken cancel)
    {
        var begun = clock.Now;
        var members = new Dictionary<string, IReadOnlySet<string>>();
        foreach (var group in population.Groups) members.Add(group, await MembersAsync(group, cancel));
        return new(members, begun, clock.Now);
    }

    async Task<bool> IsAtEndAsync(Log log, CancellationToken cancel)
    {
        var state = await backend.GetAsync($"/mailboxes/{log.Mailbox}/state", cancel);
        return !state.TryGetProperty("last", out var last) || last.GetString() == log.Position?.ToString();
    }

    async Task<Log> ReadAsync(string mailbox, CancellationToken cancel)
    {
        var log = new Log("the last read of " + mailbox, mailbox) { IsFromOldest = true };
        var reader = new Reader(log, new LongPoll(), address, clock, findings);
        for (var (seen, more) = (0, true); more; seen = log.Sightings.Count + log.Gaps.Count)
        {
            var from = log.Position is { } position ? $"after={position}" : "from=oldest";
            LongPoll.Take(reader, await backend.GetAsync($"/mailboxes/{mailbox}?wait=0&limit=1000&{from}", cancel));
            more = log.Sightings.Count + log.Gaps.Count > seen;
        }
        return log;
    }

    async Task<IReadOnlySet<string>> MembersAsync(string group, CancellationToken cancel)
    {
        var answer = await backend.GetAsync($"/groups/{group}?limit=1000", cancel);
        if (!answer.TryGetProperty("members", out var members)) return new HashSet<string>();
        return members.EnumerateArray().Select(member => member.GetString()!).ToHashSet();
    }
}
