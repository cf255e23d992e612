using Mailbox.Proof.Deeds;

namespace Mailbox.Proof.Load;

/// <summary>Everything that backends do, at its pace, until it is ended; then what is under way is still answered.</summary>
sealed class Traffic(Population population, Backend backend, History history, RunClock clock, int seed)
{
    /// <summary>More is not begun while so much is unanswered.</summary>
    const int MostUnderWay = 200;

    static readonly TimeSpan s_delivery = TimeSpan.FromMilliseconds(7);
    static readonly TimeSpan s_send = TimeSpan.FromMilliseconds(90);
    static readonly TimeSpan s_change = TimeSpan.FromMilliseconds(400);
    static readonly TimeSpan s_removal = TimeSpan.FromSeconds(3);

    readonly Memberships _memberships = new(population, backend, history, clock);
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
                if (Unanswered().Length < MostUnderWay) Remember(begin(random));
        }
        catch (OperationCanceledException)
        {
        }
    }

    async Task DeliverAsync(Random random, CancellationToken giveUp)
    {
        var delivery = new Delivery(NewId("d"), Pick(random, population.All));
        history.Deliveries.Enqueue(delivery);
        var answer = await backend.AskAsync(delivery, () => Post($"/mailboxes/{delivery.Mailbox}", delivery.Id), giveUp);
        if (answer is { } told) delivery.Position = Position.Parse(told.GetProperty("position").GetString()!);
    }

    async Task SendAsync(Random random, CancellationToken giveUp)
    {
        string[] except = random.Next(2) == 0 ? [] : [Pick(random, population.All), Pick(random, population.All)];
        var send = new GroupSend(NewId("g"), Pick(random, population.Groups), except);
        history.Sends.Enqueue(send);
        var query = string.Join('&', except.Select(name => "except=" + name));
        var answer = await backend.AskAsync(send, () => Post($"/groups/{send.Group}?{query}", send.Id), giveUp);
        if (answer is { } told) send.Stored = told.GetProperty("stored").GetInt32();
    }

    async Task RemoveAsync(Random random, CancellationToken giveUp)
    {
        var removal = new Removal(Pick(random, population.Removed));
        history.Removals.Enqueue(removal);
        await backend.AskAsync(removal, () => new(HttpMethod.Delete, $"/mailboxes/{removal.Mailbox}"), giveUp);
    }

    static HttpRequestMessage Post(string path, string id) => new(HttpMethod.Post, path)
    {
        Content = new StringContent(Letter.Body(id)),
        Headers = { { "Idempotency-Key", id } },
    };

    string NewId(string kind) => $"{kind}{Interlocked.Increment(ref _number)}";

    static string Pick(Random random, IReadOnlyList<string> names) => names[random.Next(names.Count)];

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
