using Mailbox.Storage;

namespace Mailbox.Gateway;

/// <summary>
/// Keeps webhooks as the messages of a mailbox; the newest of each name counts. So they are as durable as messages, and every gateway of a
/// cluster has them. Safe from any thread.
/// </summary>
sealed class WebhookStore(IMailboxGrid grid)
{
    public const int MaxWebhooks = 100;
    const int MostMessages = 1000;
    const int MostWaitingLetters = 100_000;
    const int MostWaitingBytes = 64 << 20;

    static readonly MailboxOptionsChange s_own = new() { Idle = MessageDraft.MaxIdle, MaxMessages = MostMessages, Overflow = OverflowPolicy.Reject };
    // Events for a dead endpoint are bounded; the oldest are dropped and counted.
    static readonly MailboxOptionsChange s_waiting =
        new() { Idle = MessageDraft.MaxIdle, MaxMessages = MostWaitingLetters, MaxBytes = MostWaitingBytes, Overflow = OverflowPolicy.DropOldest };

    // Of the calls that were refused the newest are kept; their number is the sequence of the last.
    static readonly MailboxOptionsChange s_refused = new() { Idle = MessageDraft.MaxIdle, MaxMessages = 100, Overflow = OverflowPolicy.DropOldest };

    /// <summary>Reserved, because it holds secrets.</summary>
    public static MailboxName Mailbox { get; } = MailboxName.Parse("mailbox.webhooks");

    /// <summary>Changes whenever a webhook does; null where there never was one.</summary>
    public async ValueTask<Position?> VersionAsync(CancellationToken cancel = default) => (await grid.GetAsync(Mailbox, cancel).ConfigureAwait(false))?.Last;

    /// <summary>By name.</summary>
    public async ValueTask<SortedDictionary<string, Webhook>> ListAsync(CancellationToken cancel = default)
    {
        var newest = new SortedDictionary<string, Webhook>(StringComparer.Ordinal);
        foreach (var (name, webhook, _) in await ReadAsync(cancel).ConfigureAwait(false))
            if (webhook is null) newest.Remove(name);
            else newest[name] = webhook;
        return newest;
    }

    /// <summary>
    /// Once this has returned, every event is delivered to the webhook. A change that was stored in part is finished by repeating it.
    /// </summary>
    /// <param name="known">The webhook that it replaces; null where there is none.</param>
    /// <returns><see cref="Outcome.KeyReused"/> where that was changed meanwhile.</returns>
    public async ValueTask<Outcome> PutAsync(Webhook webhook, Webhook? known, CancellationToken cancel = default)
    {
        var outcome = await SubscribeAsync(webhook, cancel).ConfigureAwait(false);
        if (outcome != Outcome.Stored) return outcome;
        return await ReplaceAsync(webhook.Name, known, WebhookJson.ToStore(webhook), cancel).ConfigureAwait(false);
    }

    /// <summary>Stores the webhook again before its message expires. Its mailbox stays a member of its groups, and is kept by its consumer.</summary>
    /// <returns><see cref="Outcome.KeyReused"/> where it was changed or removed meanwhile.</returns>
    public ValueTask<Outcome> RenewAsync(Webhook webhook, CancellationToken cancel) => ReplaceAsync(webhook.Name, webhook, WebhookJson.ToStore(webhook), cancel);

    /// <summary>
    /// Removes a webhook. Removes its mailboxes also where it is not known, because an earlier removal or change may have broken off: a
    /// repeat finishes it.
    /// </summary>
    /// <returns><see cref="Outcome.NotFound"/> where nothing of it was there; <see cref="Outcome.KeyReused"/> where it was changed meanwhile.</returns>
    public async ValueTask<Outcome> RemoveAsync(string name, CancellationToken cancel = default)
    {
        // The webhook is removed first, so that no gateway joins the groups for it again.
        var outcome = (await ListAsync(cancel).ConfigureAwait(false)).GetValueOrDefault(name) is { } known
            ? await ReplaceAsync(name, known, WebhookJson.ToForget(name), cancel).ConfigureAwait(false)
            : Outcome.NotFound;
        foreach (var mailbox in new[] { Webhook.RefusedOf(name), Webhook.MailboxOf(name) })
        {
            if (outcome is not (Outcome.Stored or Outcome.NotFound)) return outcome;
            var removed = await grid.RemoveAsync(mailbox, cancel).ConfigureAwait(false);
            if (removed != Outcome.NotFound) outcome = removed;
        }
        return outcome;
    }

    /// <summary>Marks a webhook as ended, because its endpoint wants no further calls. It stays visible, and receives nothing.</summary>
    /// <exception cref="StoreException">
    /// It was changed meanwhile, so the waiting events are for the changed one; or the end cannot be stored.
    /// </exception>
    public async ValueTask EndAsync(Webhook webhook, DateTimeOffset at, CancellationToken cancel)
    {
        var outcome = await ReplaceAsync(webhook.Name, webhook, WebhookJson.ToStore(webhook with { Ended = at }), cancel).ConfigureAwait(false);
        if (outcome == Outcome.KeyReused) throw new StoreException("The webhook was changed while it was called.");
        if (outcome != Outcome.Stored) throw new StoreException("The end of a webhook cannot be stored now.");
        // Not cancelled: the stored end stops the consumer, and a mailbox that was left would go on to collect events.
        await grid.RemoveAsync(webhook.Mailbox, CancellationToken.None).ConfigureAwait(false);
    }

    /// <summary>
    /// Keeps a call that an endpoint refused for good. Its id is the idempotency key, because after a crash the call may be made and
    /// refused again.
    /// </summary>
    public async ValueTask SetAsideAsync(Webhook webhook, RefusedCall call, CancellationToken cancel)
    {
        await grid.SetOptionsAsync(webhook.Refused, s_refused, cancel).ConfigureAwait(false);
        var draft = new MessageDraft
        {
            ContentType = "application/json",
            Body = System.Text.Json.JsonSerializer.SerializeToUtf8Bytes(call, WebhookJsonContext.Default.RefusedCall),
            Durability = Durability.Disk,
            TimeToLive = MessageDraft.MaxTimeToLive,
            Idle = MessageDraft.MaxIdle,
            IdempotencyKey = call.Id,
        };
        // Reused: the same call, at another time.
        if ((await grid.DeliverAsync(webhook.Refused, draft, cancel).ConfigureAwait(false)).Outcome is not (Outcome.Stored or Outcome.KeyReused))
            throw new StoreException("A call that was refused cannot be stored now.");
    }

    public async ValueTask<WebhookState> StateAsync(Webhook webhook, CancellationToken cancel)
    {
        var waiting = (await grid.GetAsync(webhook.Mailbox, cancel).ConfigureAwait(false))?.Messages ?? 0;
        if (await grid.GetAsync(webhook.Refused, cancel).ConfigureAwait(false) is not { } refused) return new(waiting, 0, null);
        var newest = (await ReadMailboxAsync(webhook.Refused, cancel).ConfigureAwait(false)).LastOrDefault(static one => one.Message is not null).Message;
        return new(waiting, refused.Last.Sequence, newest is null ? null : System.Text.Json.JsonSerializer.Deserialize(newest.Body.Span, WebhookJsonContext.Default.RefusedCall));
    }

    /// <summary>Makes its mailbox a member of the groups it wants, and of no other.</summary>
    public async ValueTask<Outcome> SubscribeAsync(Webhook webhook, CancellationToken cancel)
    {
        var outcome = await grid.SetOptionsAsync(webhook.Mailbox, s_waiting, cancel).ConfigureAwait(false);
        if (outcome != Outcome.Stored) return outcome;
        var wanted = webhook.Groups.ToList();
        foreach (var group in new[] { Engine.MailboxEvents.Group, Engine.MailboxUplinks.Group })
        {
            MailboxName[] self = [webhook.Mailbox];
            var changed = await grid.ChangeMembersAsync(group, wanted.Contains(group) ? self : [], wanted.Contains(group) ? [] : self, cancel).ConfigureAwait(false);
            if (changed.Outcome is not (Outcome.Stored or Outcome.NotFound)) return changed.Outcome;
        }
        return Outcome.Stored;
    }

    /// <summary>
    /// Compares and sets. The idempotency key of a change is the position of the change before it: of two changes after the same one, the
    /// second is refused.
    /// </summary>
    /// <param name="known">The webhook that must be there now; null for none.</param>
    /// <returns><see cref="Outcome.KeyReused"/> where something was changed meanwhile.</returns>
    async ValueTask<Outcome> ReplaceAsync(string name, Webhook? known, byte[] body, CancellationToken cancel)
    {
        var outcome = await grid.SetOptionsAsync(Mailbox, s_own, cancel).ConfigureAwait(false);
        if (outcome != Outcome.Stored) return outcome;
        var last = await VersionAsync(cancel).ConfigureAwait(false);
        if ((await ListAsync(cancel).ConfigureAwait(false)).GetValueOrDefault(name)?.Version != known?.Version) return Outcome.KeyReused;
        var draft = new MessageDraft
        {
            ContentType = "application/json",
            Body = body,
            Durability = Durability.Disk,
            TimeToLive = MessageDraft.MaxTimeToLive,
            Idle = MessageDraft.MaxIdle,
            IdempotencyKey = $"after {last}",
        };
        var stored = await grid.DeliverAsync(Mailbox, draft, cancel).ConfigureAwait(false);
        if (stored.Outcome == Outcome.Stored) await ForgetOlderAsync(name, stored.Position, cancel).ConfigureAwait(false);
        return stored.Outcome;
    }

    /// <summary>Best effort: older ones expire by themselves.</summary>
    async ValueTask ForgetOlderAsync(string name, Position newest, CancellationToken cancel)
    {
        foreach (var (other, _, at) in await ReadAsync(cancel).ConfigureAwait(false))
            if (other == name && at.Sequence < newest.Sequence) await grid.DeleteMessageAsync(Mailbox, at, cancel).ConfigureAwait(false);
    }

    async ValueTask<List<(string Name, Webhook? Webhook, Position At)>> ReadAsync(CancellationToken cancel)
    {
        var found = new List<(string, Webhook?, Position)>();
        if (await grid.GetAsync(Mailbox, cancel).ConfigureAwait(false) is null) return found;
        foreach (var received in await ReadMailboxAsync(Mailbox, cancel).ConfigureAwait(false))
            if (received.Message is { } message && WebhookJson.FromStore(message, received.Position) is var (name, webhook)) found.Add((name, webhook, received.Position));
        return found;
    }

    async ValueTask<List<Received>> ReadMailboxAsync(MailboxName mailbox, CancellationToken cancel)
    {
        var request = new OpenRequest { From = StartFrom.Oldest, WindowMessages = MostMessages, WindowBytes = 1 << 30 };
        var opened = await grid.OpenAsync(mailbox, request, null, cancel).ConfigureAwait(false);
        if (opened.Reader is not { } reader) throw new StoreException("The webhooks cannot be read now.");
        var page = new List<Received>();
        try
        {
            while (reader.Drain(page) == ReadStatus.Cold) await reader.LoadAsync(cancel).ConfigureAwait(false);
            return page;
        }
        finally
        {
            reader.Close();
        }
    }
}

/// <summary>The state of a webhook's calls, by all gateways.</summary>
/// <param name="Waiting">Events that wait.</param>
/// <param name="Refused">Calls that were set aside since it was made.</param>
sealed record WebhookState(int Waiting, long Refused, RefusedCall? LastRefused);
