using System.Collections.Concurrent;
using Mailbox.Proof.Deeds;

namespace Mailbox.Proof.Load;

/// <summary>Everything that backends do, at its pace, until it is ended; then what is under way is still answered.</summary>
sealed class Traffic(Population population, Backends backends, History history, RunClock clock, int seed)
{
    /// <summary>More is not begun by a backend for a mailbox or a group while so much of it is unanswered: whoever can answer has work.</summary>
    const int MostUnderWay = 12;

    static readonly TimeSpan s_delivery = TimeSpan.FromMilliseconds(7);
    static readonly TimeSpan s_send = TimeSpan.FromMilliseconds(90);
    static readonly TimeSpan s_change = TimeSpan.FromMilliseconds(400);
    static readonly TimeSpan s_removal = TimeSpan.FromSeconds(3);

    readonly Memberships _memberships = new(population, backends.All, history, clock);
    readonly ConcurrentDictionary<(string Target, IBackend Backend), SemaphoreSlim> _bounds = new();
    readonly HashSet<Task> _underWay = [];
    int _number;

    /// <summary>Answered deliveries, sends and changes must all be there before anything is broken.</summary>
    public Task BeginMembershipsAsync(CancellationToken cancel) => _memberships.BeginAsync(new(seed), cancel);

    /// <param name="end">Ends what is begun; <paramref name="giveUp"/> also what is under way.</param>
    public async Task RunAsync(CancellationToken end, CancellationToken giveUp)
    {
        await Task.WhenAll(
            EveryAsync(s_delivery, new(seed + 1), random => DeliverAsync(random, giveUp), end),
            EveryAsync(s_send, new(seed + 2), random => SendAsync(random, giveUp), end),
            EveryAsync(s_change, new(seed + 3), random => _memberships.ChangeAsync(random, giveUp), end),
            EveryAsync(s_removal, new(seed + 4), random => RemoveAsync(random, giveUp), end));
        await Task.WhenAll(Unanswered());
    }

    async Task EveryAsync(TimeSpan pace, Random random, Func<Random, Task> begin, CancellationToken end)
    {
        using var timer = new PeriodicTimer(pace, clock.Time);
        try
        {
            while (await timer.WaitForNextTickAsync(end))
                Remember(begin(random));
        }
        catch (OperationCanceledException)
        {
        }
    }

    Task DeliverAsync(Random random, CancellationToken giveUp)
    {
        var delivery = new Delivery(NewId("d"), random.Of(population.All));
        var backend = random.Of(backends.All);
        return BoundAsync((delivery.Mailbox, backend), () =>
        {
            history.Deliveries.Enqueue(delivery);
            return backend.DeliverAsync(delivery, giveUp);
        });
    }

    Task SendAsync(Random random, CancellationToken giveUp)
    {
        string[] except = random.Next(2) == 0 ? [] : [random.Of(population.All), random.Of(population.All)];
        var send = new GroupSend(NewId("g"), random.Of(population.Groups), except);
        var backend = random.Of(backends.All);
        return BoundAsync((send.Group, backend), () =>
        {
            history.Sends.Enqueue(send);
            return backend.SendAsync(send, giveUp);
        });
    }

    Task RemoveAsync(Random random, CancellationToken giveUp)
    {
        var removal = new Removal(random.Of(population.Removed));
        history.Removals.Enqueue(removal);
        return backends.Http.RemoveAsync(removal, giveUp);
    }

    async Task BoundAsync((string, IBackend) target, Func<Task> deed)
    {
        var underWay = _bounds.GetOrAdd(target, _ => new(MostUnderWay));
        if (!await underWay.WaitAsync(0)) return;
        try
        {
            await deed();
        }
        finally
        {
            underWay.Release();
        }
    }

    string NewId(string kind) => $"{kind}{Interlocked.Increment(ref _number)}";

    /// <summary>With those that failed: their faults are told at the end.</summary>
    Task[] Unanswered()
    {
        lock (_underWay)
        {
            _underWay.RemoveWhere(deed => deed.IsCompletedSuccessfully);
            return [.. _underWay];
        }
    }

    void Remember(Task deed)
    {
        lock (_underWay) _underWay.Add(deed);
    }
}
