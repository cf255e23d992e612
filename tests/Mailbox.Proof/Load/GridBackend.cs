using System.Globalization;
using Mailbox.Proof.Deeds;

namespace Mailbox.Proof.Load;

/// <summary>
/// A backend in .NET, by a process that is a client of the cluster. It asks again by itself: of two deliveries or sends one has no key, and
/// is asked for once here, so that its key is the client's. Thread-safe.
/// </summary>
sealed class GridBackend(GridProcess process, RunClock clock, Findings findings) : IBackend
{
    const string None = "-";

    readonly Asking _asking = new(clock, findings);
    int _number;

    public async Task DeliverAsync(Delivery delivery, CancellationToken giveUp)
    {
        var answer = await KeyedAsync(delivery, key => $"deliver {delivery.Mailbox} {key} {Letter.Body(delivery.Id)}", delivery.Id, giveUp);
        if (answer is not null) delivery.Position = Position.Parse(answer);
    }

    public async Task SendAsync(GroupSend send, CancellationToken giveUp)
    {
        var except = send.Except.Count == 0 ? None : string.Join(',', send.Except);
        var answer = await KeyedAsync(send, key => $"send {send.Group} {key} {except} {Letter.Body(send.Id)}", send.Id, giveUp);
        if (answer is not null) send.Stored = int.Parse(answer, CultureInfo.InvariantCulture);
    }

    /// <summary>Those who join first, then those who leave.</summary>
    public async Task ChangeAsync(string group, IReadOnlyList<Membership> changes, CancellationToken giveUp)
    {
        foreach (var same in changes.GroupBy(change => change.Joins).OrderByDescending(same => same.Key))
        {
            var deed = same.First();
            var order = $"{(same.Key ? "join" : "leave")} {group} {string.Join(',', same.Select(change => change.Mailbox))}";
            await AskAsync(deed, () => process.AskAsync(order, giveUp), giveUp);
            foreach (var other in same.Skip(1)) other.Share(deed);
        }
    }

    Task<string?> KeyedAsync(Deed deed, Func<string, string> order, string id, CancellationToken giveUp)
    {
        var isKeyed = Interlocked.Increment(ref _number) % 2 == 0;
        var text = order(isKeyed ? id : None);
        return AskAsync(deed, async () => Once(await process.AskAsync(text, giveUp), isKeyed), giveUp);
    }

    Task<string?> AskAsync(Deed deed, Func<Task<Attempt>> attempt, CancellationToken giveUp)
    {
        deed.IsByGridClient = true;
        return _asking.AskAsync(deed, attempt, giveUp);
    }

    /// <summary>What has no key of ours cannot be asked for again, and must be answered.</summary>
    static Attempt Once(Attempt attempt, bool isKeyed) =>
        isKeyed || attempt.End == AttemptEnd.Answered ? attempt : attempt with { End = AttemptEnd.Refused };
}
